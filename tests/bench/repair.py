"""How often the wrong cells are named, and what that costs: reports that tally, spoilt in one to three cells.

Reports are invented with a heavy tail as bodies are spread in the country; half of the changes are any figure, half the
slips of a keyboard.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from statistics import median, quantiles

from infra.demo.authored import consistent
from services.core.finding import Finding, Severity
from services.core.report import Layout, Report, Table3
from services.validate.judge import Context, judge
from services.validate.repair import offers
from services.validate.rules.example import TALLYING, with_figures
from services.validate.rules.sheet import Sheet

SEED = 20240131
TRIALS = 2000


@dataclass
class Score:
    """What became of the trials with the same number of wrong cells. Times in milliseconds."""

    wrong_cells: int
    trials: int = 0
    silent: int = 0
    alone: int = 0
    named: int = 0
    misled: int = 0
    repair_ms: list[float] = field(default_factory=list)
    judge_ms: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """In how many trials every wrong cell was named with its right figure, or stood among the equally good ones."""
        return self.named / self.trials

    def __str__(self) -> str:
        repair, judging = (f"{median(times):.1f} / {_p95(times):.1f} ms" for times in (self.repair_ms, self.judge_ms))
        return (
            f"{self.wrong_cells} wrong: named {self.share:.2%} (as the only way {self.alone / self.trials:.2%}), "
            f"another cell called the likeliest {self.misled / self.trials:.2%}, no error {self.silent} of {self.trials}; repair {repair}, judging whole {judging} (median / p95)"
        )


def tallying(rng: random.Random) -> Report:
    """A report of a body of any size in which everything tallies, in either layout."""
    layout = rng.choice(("2021", "2021", "2019"))
    year = 2024 if layout == "2021" else 2020
    authored = consistent(rng.randrange(10**6), "示例县农业农村局", year, layout=layout)
    tables = authored.tables()
    assert TALLYING.reading is not None
    reading = {
        "title": authored.title,
        "period": (f"{year}-01-01", f"{year}-12-31"),
        "date_text": f"{year + 1}年1月20日",
    }
    return TALLYING.model_copy(
        update={
            "year": year,
            "date": f"{year + 1}-01-20",
            "reading": TALLYING.reading.model_copy(update=reading),
            "layout": Layout(table2=layout, table3=layout, table4="2021"),
            "table2": tables["table2"],
            "table3": Table3(rows=tables["table3"]["rows"]),
            "table4": tables["table4"],
        }
    )


def spoilt(report: Report, wrong_cells: int, rng: random.Random) -> dict[str, int]:
    """As many cells of tables 3 and 4 with another figure than the report's."""
    paths = [path for path in report.figures() if path.startswith(("table3.", "table4."))]
    changed: dict[str, int] = {}
    while len(changed) < wrong_cells:
        path = rng.choice([path for path in paths if path not in changed])
        right = report.figure(path)
        assert isinstance(right, int)
        wrong = rng.randint(0, max(30, 2 * right)) if rng.random() < 0.5 else slip(report, path, right, rng)
        if wrong != right:
            changed[path] = wrong
    return changed


def slip(report: Report, path: str, right: int, rng: random.Random) -> int:
    """The figure after a slip: a digit dropped, doubled or exchanged, a zero more, one off, or another cell's figure."""
    digits = str(right)
    at = rng.randrange(len(digits))
    row = path.rsplit(".", 1)[0]
    other = rng.choice([value for name, value in report.figures().items() if name.startswith(row)])
    assert isinstance(other, int)
    kinds = (
        int(digits[:at] + digits[at + 1 :] or "0"),
        int(digits[: at + 1] + digits[at:]),
        int(digits[:at] + digits[at : at + 2][::-1] + digits[at + 2 :]),
        right * 10,
        right + rng.choice((-1, 1)) if right else 1,
        other,
    )
    return rng.choice(kinds)


def trial(wrong_cells: int, trials: int = TRIALS, seed: int = SEED) -> Score:
    """The score of so many spoilt reports; the same seed gives the same reports."""
    rng = random.Random(f"{seed}|{wrong_cells}")
    score = Score(wrong_cells)
    for _ in range(trials):
        report = tallying(rng)
        changed = spoilt(report, wrong_cells, rng)
        _score(score, report, with_figures(report, changed), changed)
    return score


def _score(score: Score, right: Report, wrong: Report, changed: dict[str, int]) -> None:
    context = Context("example", None, wrong.year)
    sheet = Sheet(wrong, context)
    assert sheet.balances
    started = time.perf_counter()
    offers(sheet)
    score.repair_ms.append((time.perf_counter() - started) * 1000)
    started = time.perf_counter()
    found = [finding for finding in judge(wrong, context).findings if finding.severity is Severity.ERROR]
    score.judge_ms.append((time.perf_counter() - started) * 1000)
    score.trials += 1
    score.silent += not found
    truth = {(path, right.figure(path)) for path in changed}
    offered = {(repair.cell, repair.to) for finding in found for repair in finding.repair}
    score.named += truth <= offered
    only = {(repair.cell, repair.to) for finding in found if _one_way(finding) for repair in finding.repair}
    score.alone += truth == offered and all(map(_one_way, found))
    score.misled += not only <= truth


def _one_way(finding: Finding) -> bool:
    return len(finding.repair) == 1 or len({repair.option for repair in finding.repair} - {None}) == 1


def judging_alone(trials: int = 200, seed: int = SEED) -> list[float]:
    """Milliseconds that judging a report takes in which everything tallies, so that nothing needs a repair."""
    rng = random.Random(seed)
    times = []
    for report in [tallying(rng) for _ in range(trials)]:
        started = time.perf_counter()
        judged = judge(report, Context("example", None, report.year))
        times.append((time.perf_counter() - started) * 1000)
        assert not [finding for finding in judged.findings if finding.severity is Severity.ERROR]
    return times


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def run() -> None:
    """Print the figures for one to five wrong cells and for judging without a repair."""
    for wrong_cells in (1, 2, 3, 4, 5):
        print(trial(wrong_cells, TRIALS if wrong_cells <= 3 else 500))
    times = judging_alone()
    print(f"judging without repair: {median(times):.1f} / {_p95(times):.1f} ms (median / p95)")
