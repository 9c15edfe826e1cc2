"""Prose written from a report's own tables, in many wordings: nothing is found; one wrong figure in it: that is found."""

from random import Random

import pytest

from services.core.finding import Severity
from services.core.report import Report
from services.validate.judge import Context, judge
from tests.unit.validate.made import context_of, tallying
from tests.unit.validate.written import Told, Writer, with_text

TRIALS = 700
SECTIONS = ("overview", "requests", "disputes", "other_matters")


def found_in_prose(report: Report, context: Context) -> set[str]:
    found = judge(report, context).findings
    return {finding.rule for finding in found if finding.rule.startswith("N") or finding.rule == "Y6"}


def drawn(seed: int) -> tuple[Random, Report, Writer]:
    random = Random(f"prose {seed}")
    report = tallying(random, "2021", random.choice((1, 9, 400, 10**6)), random.choice((0.0, 0.6, 0.95)))
    return random, report, Writer(report, random)


@pytest.mark.parametrize("part", range(7))
def test_prose_that_says_what_the_tables_say_is_left_alone(part: int):
    for seed in range(part, TRIALS, 7):
        random, report, writer = drawn(seed)
        told = random.sample(writer.told(), random.randint(1, 9))
        text = writer.prose([one.say(writer.number(one.figure)) for one in told])
        whole = with_text(report, text, random.choice(SECTIONS))
        assert found_in_prose(whole, context_of(report)) == set(), f"seed {seed}: {text}"


def planted(random: Random, told: Told) -> int:
    """A figure that is wrong by itself and no other way of counting, as far as chance goes."""
    return told.figure + 10 * random.randint(10**7, 10**8) + random.randint(1, 9)


@pytest.mark.parametrize("part", range(7))
def test_a_wrong_figure_in_prose_is_found_by_the_rule_that_watches_over_it(part: int):
    for seed in range(part, TRIALS, 7):
        random, report, writer = drawn(seed)
        told = random.choice([one for one in writer.told() if one.rules])
        text = f"{writer.prose([])}\n{told.say(writer.number(planted(random, told)))}。"
        found = found_in_prose(with_text(report, text), context_of(report))
        assert found & told.rules, f"seed {seed}: {text}"


@pytest.mark.parametrize("part", range(7))
def test_nothing_that_a_body_has_to_mend_is_said_of_figures_one_apart_in_the_table(part: int):
    """The prose is right and one cell of the table is not: what prose rules then say is about that cell."""
    for seed in range(part, TRIALS // 2, 7):
        random, report, writer = drawn(seed)
        told = random.choice([one for one in writer.told() if one.rules & {"N1", "N3", "N9"}])
        text = writer.prose([told.say(writer.number(told.figure))])
        path = "table3.granted.natural"
        rows = dict(report.table3.rows) if report.table3 else {}
        rows["granted"] = [(rows["granted"] or [])[0] + 1, *(rows["granted"] or [])[1:]]  # type: ignore[operator]
        spoilt = with_text(report.model_copy(update={"table3": type(report.table3)(rows=rows)}), text)  # type: ignore[misc]
        found = [f for f in judge(spoilt, context_of(report)).findings if f.rule.startswith("N")]
        assert not [f for f in found if f.severity is not Severity.INFO], f"seed {seed}: {path}: {text}"
