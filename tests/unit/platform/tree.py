"""What the tree of bodies promises on either database."""

from __future__ import annotations

import pytest

from services.platform.db.engine import reading, unit_of_work
from services.platform.db.repositories.tree import COLUMNS, TreeImported, export_tree, import_tree, standing
from tests.unit.platform.ground import Ground

HEAD = ",".join(COLUMNS)
YEAR_2023 = f"""{HEAD}
4312,怀化市人民政府,city,
431200,鹤城区人民政府,county,4312
nong,鹤城区农业局,department,431200
lin,鹤城区林业局,department,431200
"""
YEAR_2025 = f"""{HEAD}
4312,怀化市人民政府,city,
431200,鹤城区人民政府,county,4312
nonglin,鹤城区农业和林业局,,431200
"""


def take(text: str, year: int = 2023) -> TreeImported:
    with unit_of_work() as session:
        return import_tree(session, year, text)


def exported(year: int) -> tuple[int, str] | None:
    with reading() as session:
        return export_tree(session, year)


def regions(body: str, year: int) -> tuple[int, tuple[str, ...]] | None:
    with reading() as session:
        found = standing(session, body, year)
    return None if found is None else (found.of_year, found.regions)


@pytest.mark.usefixtures("ground")
class TreeOfBodies:
    """Run on SQLite and on PostgreSQL."""

    def test_a_tree_is_taken_and_says_where_each_body_stands(self, ground: Ground) -> None:
        ground.register("nong", "lin")
        assert take(YEAR_2023) == TreeImported(4, unregistered=("4312", "431200"))
        assert regions("nong", 2023) == (2023, ("nong", "431200", "4312"))
        assert regions("4312", 2023) == (2023, ("4312",))
        assert regions("nobody", 2023) is None

    def test_a_year_without_a_tree_has_the_latest_earlier_one(self) -> None:
        take(YEAR_2023)
        take(YEAR_2025, 2025)
        assert regions("nong", 2022) is None
        assert regions("nong", 2024) == (2023, ("nong", "431200", "4312"))
        assert regions("nong", 2025) is None, "merged in that year"
        assert regions("nonglin", 2030) == (2025, ("nonglin", "431200", "4312"))

    def test_what_is_exported_is_what_was_imported_with_each_body_after_the_one_above_it(self) -> None:
        lines = YEAR_2023.splitlines()
        take("\n".join([lines[0], *reversed(lines[1:])]))
        of, text = exported(2024) or (0, "")
        assert of == 2023
        places = {line.split(",")[0]: number for number, line in enumerate(text.splitlines()[1:])}
        assert places["4312"] < places["431200"] < min(places["nong"], places["lin"])
        assert sorted(text.splitlines()) == sorted(lines)
        assert take(text).bodies == 4
        assert exported(2023) == (2023, text)
        assert exported(2022) is None

    def test_a_second_import_is_the_whole_tree_of_its_year_and_leaves_other_years_alone(self) -> None:
        take(YEAR_2023)
        take(YEAR_2025, 2024)
        take(f"{HEAD}\nx,某县人民政府,county,\n", 2024)
        assert regions("4312", 2024) is None
        assert regions("x", 2024) == (2024, ("x",))
        assert regions("nong", 2023) is not None

    @pytest.mark.parametrize(
        ("line", "word"),
        [
            ("a b,甲局,,", "单位代码"),
            (",甲局,,", "单位代码"),
            ("*,甲局,,", "单位代码"),
            ("a2,,,", "单位名称"),
            ("a2", "单位名称"),
            ("a2,甲局,县直,", "level“县直”"),
            ("a2,甲局,,a2", "它自己"),
            ("a2,甲局,,gone", "上级单位“gone”不在文件中"),
            ("nong,甲局,,431200", "与第 4 行重复"),
            ("a2," + "长" * 201 + ",,", "最长"),
        ],
    )
    def test_a_faulty_line_is_told_by_its_number_and_nothing_is_written(self, line: str, word: str) -> None:
        done = take(f"{YEAR_2023}{line}\n")
        (fault,) = done.faults
        assert fault.line == 6
        assert word in fault.cause
        assert done.bodies == 0
        assert exported(2023) is None

    def test_a_circle_is_told_once_with_all_who_are_in_it(self) -> None:
        take(YEAR_2023)
        done = take(f"{HEAD}\nbelow,丁,,a\na,甲,,c\nb,乙,,a\nc,丙,,b\n")
        (fault,) = done.faults
        assert (fault.line, fault.cause) == (3, "上级关系成了一个圈：a → c → b → a")
        assert regions("nong", 2023) is not None, "the tree before is still there"

    def test_whatever_stands_below_a_faulty_line_is_not_called_unknown_as_well(self) -> None:
        assert [fault.line for fault in take(f"{HEAD}\na,,county,\nb,乙局,,a\n").faults] == [2]

    @pytest.mark.parametrize("text", ["", "code,name\n", f"{HEAD}\n", "\x00", f"{HEAD}\n" + "x" * 200_000])
    def test_what_is_no_tree_is_refused_and_not_a_defect(self, text: str) -> None:
        assert take(text).faults
