"""The register's CSV: faults are told by line, and with any fault nothing is written."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import Agency
from services.platform.db.repositories.registry import COLUMNS, Imported, contacts_for, import_csv
from tests.unit.platform.ground import Ground

HEAD = ",".join(COLUMNS)
GOOD = (
    f"{HEAD}\n*,,,reviewer,审核,r@county.test\na1,甲局,县直,agency,王敏,w@a1.test\na1,甲局,县直,agency,李四,l@a1.test\n"
)


def take(text: str) -> Imported:
    with unit_of_work() as session:
        return import_csv(session, text)


def names() -> dict[str, str]:
    with reading() as session:
        return {row.code: row.name for row in session.scalars(select(Agency))}


def emails(code: str) -> list[str]:
    with reading() as session:
        return [contact.email for contact in contacts_for(session, code)]


def test_a_register_is_taken_and_says_who_is_told_about_whom(ground: Ground) -> None:
    assert take(GOOD) == Imported(2, 3, ())
    assert names() == {"*": "全部单位", "a1": "甲局"}
    assert sorted(emails("a1")) == ["l@a1.test", "r@county.test", "w@a1.test"]
    assert emails("a2") == ["r@county.test"]


@pytest.mark.parametrize(
    "change", [lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n"), lambda t: t.replace("\n", "\n\n")]
)
def test_marks_and_line_ends_of_office_programs_do_not_matter(ground: Ground, change) -> None:
    assert take(change(GOOD)) == Imported(2, 3, ())


def test_a_second_import_replaces_contacts_renames_and_leaves_others_alone(ground: Ground) -> None:
    take(GOOD)
    take(f"{HEAD}\na1,新甲局,县直,agency,赵六,z@a1.test\n")
    assert names() == {"*": "全部单位", "a1": "新甲局"}
    assert emails("a1") == ["r@county.test", "z@a1.test"]


def test_a_line_given_twice_is_one_contact(ground: Ground) -> None:
    line = "a1,甲局,县直,agency,王敏,w@a1.test\n"
    assert take(f"{HEAD}\n{line}{line}") == Imported(1, 1, ())


def test_a_body_may_have_no_contact(ground: Ground) -> None:
    assert take(f"{HEAD}\na1,甲局,县直,,,\n") == Imported(1, 0, ())


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("a b,甲局,,agency,王,w@a1.test", "单位代码"),
        (",甲局,,agency,王,w@a1.test", "单位代码"),
        ("../x,甲局,,agency,王,w@a1.test", "单位代码"),
        ("a" * 65 + ",甲局,,agency,王,w@a1.test", "单位代码"),
        ("done,甲局,,agency,王,w@a1.test", "单位代码"),
        ("failed,甲局,,agency,王,w@a1.test", "单位代码"),
        ("a2,,,agency,王,w@a1.test", "单位名称"),
        ("a2,甲局,,agency,王,w.a1.test", "邮箱"),
        ("a2,甲局,,agency,王,w@a1 test", "邮箱"),
        ("a2,甲局,,agency,王,a@b@c", "邮箱"),
        ("a2,甲局,,boss,王,w@a1.test", "contact_role"),
        ("*,,,agency,王,w@a1.test", "主管部门"),
        ("a2," + "长" * 201 + ",,agency,王,w@a1.test", "最长"),
        ("a2,甲局,,agency," + "长" * 101 + ",w@a1.test", "最长"),
        ("a2", "单位名称"),
    ],
)
def test_a_faulty_line_is_told_by_its_number_and_nothing_is_written(ground: Ground, line: str, word: str) -> None:
    done = take(f"{HEAD}\na1,甲局,县直,agency,王敏,w@a1.test\n\n{line}\n")
    (fault,) = done.faults
    assert fault.line == 4
    assert word in fault.cause
    assert (done.agencies, done.contacts) == (0, 0)
    assert names() == {}


def test_all_faults_are_told_at_once(ground: Ground) -> None:
    assert [fault.line for fault in take(f"{HEAD}\nx y,,,,,\nok,甲,,,,\n,,,,,\n").faults] == [2, 4]


@pytest.mark.parametrize(
    "text", ["", "code,name\n", HEAD.replace("level", "Level") + "\n", "\x00", f"{HEAD}\n" + "x" * 200_000]
)
def test_what_is_no_register_is_refused_and_not_a_defect(ground: Ground, text: str) -> None:
    assert take(text).faults
    assert names() == {}
