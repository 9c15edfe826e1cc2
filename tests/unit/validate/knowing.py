"""What the judge knows from outside the document, on either database."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.bodies import Level
from services.core.contracts import EXTRACT
from services.core.lifecycle import SubmissionState
from services.core.limits import LAW, Limits
from services.core.report import Report
from services.platform.db.engine import unit_of_work
from services.platform.db.models import Agency
from services.platform.db.repositories import submissions
from services.platform.settings import settings
from services.platform.stage_task import run
from services.validate import tasks
from services.validate.judge import judge
from services.validate.rules.example import TALLYING, a_year_before
from services.validate.rules.sheet import Context
from tests.unit.platform.ground import Ground
from tests.unit.validate.kept import grow, hand_in, keep_reading, read

COUNTY = (
    ("x", None, "county", "某县人民政府"),
    ("a1", "x", "department", "某县甲局"),
    ("a2", "x", "", "某县乙局"),
)


def on(year: int, licences: int = 320) -> Report:
    table2 = {**(TALLYING.table2 or {}), "licences": licences}
    return TALLYING.model_copy(update={"year": year, "table2": table2})


def licences(report: Report | None) -> Any:
    return report and report.figure("table2.licences")


class Knowing:
    """Run on SQLite and on PostgreSQL."""

    @pytest.fixture(autouse=True)
    def told(self, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> list[Context]:
        """The contexts that the judge was given, in order."""
        ground.register("a1", "a2", "x")
        given: list[Context] = []

        def listen(report: Report, context: Context) -> Report:
            given.append(context)
            return judge(report, context)

        monkeypatch.setattr(tasks, "judge", listen)
        return given

    def test_a_first_report_knows_its_body_and_nothing_else(self, ground: Ground, told: list[Context]) -> None:
        hand_in(ground, "a1", TALLYING)
        (known,) = told
        assert (known.body_code, known.body_name, known.expected_year) == ("a1", "a1局", 2024)
        assert (known.last_year, known.earlier, known.parts) == (None, None, ())
        assert known.level is Level.DEPARTMENT

    def test_last_years_report_is_the_one_that_counts_now_as_it_was_read(
        self, ground: Ground, told: list[Context]
    ) -> None:
        hand_in(ground, "a1", on(2023, 1), year_hint=2023)
        hand_in(ground, "a1", a_year_before(), year_hint=2023)
        hand_in(ground, "a1", on(2022, 3), year_hint=2022)
        hand_in(ground, "a2", on(2023, 4), year_hint=2023)
        hand_in(ground, "a1", TALLYING)
        assert told[-1].last_year == a_year_before()
        assert told[-1].earlier is None

    def test_without_a_year_in_the_document_the_senders_counts_for_both(
        self, ground: Ground, told: list[Context]
    ) -> None:
        hand_in(ground, "a1", TALLYING.model_copy(update={"year": None}), year_hint=2023)
        hand_in(ground, "a1", TALLYING.model_copy(update={"year": None}))
        assert told[-1].last_year is not None
        assert told[-1].last_year.year == 2023
        hand_in(ground, "a1", TALLYING.model_copy(update={"year": None}), year_hint=None)
        assert told[-1].last_year is None

    def test_the_version_before_is_that_of_the_hand_in_before(self, ground: Ground, told: list[Context]) -> None:
        hand_in(ground, "a1", on(2024, 1))
        hand_in(ground, "a1", on(2024, 2))
        third = hand_in(ground, "a1", on(2024, 3))
        assert licences(told[-1].earlier) == 2
        with unit_of_work() as session:
            submissions.replay(session, third, actor="operator")
        ground.step(EXTRACT, third, SubmissionState.EXTRACTED)
        keep_reading(third, on(2024, 3))
        run(tasks.Judge(), third, hand_on=lambda _follow: None)
        assert licences(told[-1].earlier) == 2, "the same document read anew is no other version"

    def test_which_of_two_reports_on_one_year_is_meant_nobody_can_say(
        self, ground: Ground, told: list[Context]
    ) -> None:
        hand_in(ground, "a1", on(2023, 1), on(2023, 2), year_hint=2023)
        hand_in(ground, "a1", TALLYING)
        assert told[-1].last_year is None

    def test_level_and_name_come_from_the_tree_of_the_year(self, ground: Ground, told: list[Context]) -> None:
        grow(2024, *COUNTY)
        hand_in(ground, "x", TALLYING)
        assert (told[-1].body_name, told[-1].level) == ("某县人民政府", Level.COUNTY)
        hand_in(ground, "a2", TALLYING)
        assert (told[-1].body_name, told[-1].level) == ("某县乙局", Level.DEPARTMENT)

    def test_a_tree_taken_over_from_an_earlier_year_gives_the_level_but_no_name(
        self, ground: Ground, told: list[Context]
    ) -> None:
        grow(2022, *COUNTY)
        hand_in(ground, "x", TALLYING)
        assert (told[-1].body_name, told[-1].level) == ("x局", Level.COUNTY)

    def test_without_a_tree_the_registers_level_counts(self, ground: Ground, told: list[Context]) -> None:
        with unit_of_work() as session:
            session.get_one(Agency, "x").level = "county"
        hand_in(ground, "x", TALLYING)
        assert told[-1].level is Level.COUNTY

    def test_an_area_knows_its_parts_and_which_of_them_are_in(self, ground: Ground, told: list[Context]) -> None:
        grow(2024, *COUNTY)
        hand_in(ground, "a1", on(2024, 7))
        hand_in(ground, "a2", on(2023, 8), year_hint=2023)
        assert told[0].parts == ()
        hand_in(ground, "x", TALLYING)
        assert [(part.code, part.name, licences(part.report)) for part in told[-1].parts] == [
            ("a1", "某县甲局", 7),
            ("a2", "某县乙局", None),
        ]

    def test_a_department_has_no_parts_whatever_stands_below_it(self, ground: Ground, told: list[Context]) -> None:
        grow(2024, *COUNTY, ("sub", "a1", "institution", "某县甲局中心"))
        hand_in(ground, "a1", TALLYING)
        assert told[-1].parts == ()

    def test_two_years_in_one_document_each_have_a_context_of_their_own(
        self, ground: Ground, told: list[Context]
    ) -> None:
        hand_in(ground, "a1", on(2022, 22), year_hint=2022)
        row = read(ground, "a1", on(2023, 23), on(2024, 24))
        assert run(tasks.Judge(), row, hand_on=lambda _follow: None)
        assert [licences(known.last_year) for known in told[-2:]] == [22, None]

    def test_limits_are_those_of_the_nearest_region_in_the_tree(
        self, ground: Ground, told: list[Context], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = ground.folder / "limits.toml"
        file.write_text('[[limits]]\nregion = "x"\nyears = [2024]\ndeadline = "01-20"\n', encoding="utf-8")
        monkeypatch.setenv("GOUJI_LIMITS_FILE", str(file))
        settings.cache_clear()
        hand_in(ground, "a1", TALLYING)
        grow(2024, *COUNTY)
        hand_in(ground, "a1", TALLYING)
        hand_in(ground, "a1", last_year_of(TALLYING), year_hint=2023)
        assert [known.limits for known in told] == [LAW, Limits(deadline=(1, 20)), LAW]


def last_year_of(report: Report) -> Report:
    return report.model_copy(update={"year": 2023})
