"""The tree of bodies of each year: import and export as CSV, and where a body stands.

Bodies are reorganised between years, so each year has a tree of its own. A year without one has the latest earlier one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final, cast

from sqlalchemy import Table, bindparam, delete, func, literal, select
from sqlalchemy.orm import Session

from services.core.bodies import LEVEL_WORDS, Level
from services.platform.db.dialect import insert_many, lock_name
from services.platform.db.models import Agency, Membership
from services.platform.db.repositories.registry import BODY_CODE, ImportFault

COLUMNS: Final = ("body_code", "body_name", "level", "parent_code")

_LONGEST_NAME = 200
_DEEPEST = 12
"""More steps than any administration has from its lowest body to its highest."""
_LEVELS = frozenset(level.value for level in Level)
_LEVELS_TOLD = "、".join(f"{level.value}（{words}）" for level, words in LEVEL_WORDS.items())


@dataclass(frozen=True, slots=True)
class Member:
    """One body in the tree of a year. `parent` is None at the top; `level` is a `Level` value or empty."""

    code: str
    name: str
    level: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class TreeImported:
    """What an import did. With any fault nothing at all is written. `unregistered`: bodies that the register lacks."""

    bodies: int
    faults: tuple[ImportFault, ...] = ()
    unregistered: tuple[str, ...] = ()


def import_tree(session: Session, year: int, text: str) -> TreeImported:
    """Make a CSV file (columns: see COLUMNS; one line a body) the whole tree of `year`, instead of what it was."""
    reader = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        members, faults = _parse(reader)
    except csv.Error as error:
        return TreeImported(0, (ImportFault(reader.line_num + 1, f"不是有效的 CSV（{error}）"),))
    if faults:
        return TreeImported(0, tuple(sorted(faults, key=lambda fault: fault.line)))
    lock_name(session, f"tree/{year}")
    session.execute(delete(Membership).where(Membership.year == year))
    rows = [(year, member.code, member.parent, member.level, member.name) for member in members]
    names = ("year", "body_code", "parent_code", "level", "name")
    insert_many(session.connection(), cast("Table", Membership.__table__), names, rows)
    known = set(session.scalars(select(Agency.code)))
    return TreeImported(len(members), unregistered=tuple(m.code for m in members if m.code not in known))


def export_tree(session: Session, year: int) -> tuple[int, str] | None:
    """The tree in force for `year` as CSV, each body after the one above it, and whose year's it is. None: no tree."""
    of = session.scalar(select(func.max(Membership.year)).where(Membership.year <= year))
    if of is None:
        return None
    rows = session.scalars(select(Membership).where(Membership.year == of).order_by(Membership.body_code)).all()
    below: dict[str | None, list[Membership]] = {}
    for row in rows:
        below.setdefault(row.parent_code, []).append(row)
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    waiting = below.get(None, [])[::-1]
    while waiting:
        row = waiting.pop()
        writer.writerow((row.body_code, row.name, row.level, row.parent_code or ""))
        waiting += below.get(row.body_code, [])[::-1]
    return of, out.getvalue()


def _parse(reader: csv.DictReader[str]) -> tuple[list[Member], list[ImportFault]]:
    if tuple(reader.fieldnames or ()) != COLUMNS:
        return [], [ImportFault(1, f"表头应为：{','.join(COLUMNS)}")]
    members: list[Member] = []
    lines: dict[str, int] = {}
    faults: list[ImportFault] = []
    for raw in reader:
        code, name, level, parent = ((raw.get(column) or "").strip() for column in COLUMNS)
        cause = _fault(code, name, level, parent)
        if not cause and code in lines:
            cause = f"单位代码“{code}”与第 {lines[code]} 行重复"
        if code not in lines:  # also of a faulty line: whatever stands below it is not unknown
            lines[code] = reader.line_num
        if cause:
            faults.append(ImportFault(reader.line_num, cause))
        else:
            members.append(Member(code, name, level, parent or None))
    if not (members or faults):
        return [], [ImportFault(reader.line_num + 1, "文件中没有单位")]
    return members, [*faults, *_misplaced(members, lines)]


def _fault(code: str, name: str, level: str, parent: str) -> str | None:
    if not BODY_CODE.fullmatch(code):
        return f"单位代码“{code}”只能含字母、数字、点、横线和下划线，最长 64 位"
    if not name:
        return "缺少单位名称"
    if len(name) > _LONGEST_NAME:
        return f"body_name 最长 {_LONGEST_NAME} 字"
    if level and level not in _LEVELS:
        return f"level“{level}”应为下列之一，或留空：{_LEVELS_TOLD}"
    if parent == code:
        return f"上级单位不能是它自己（{code}）"
    return None


def _misplaced(members: Sequence[Member], lines: Mapping[str, int]) -> Iterator[ImportFault]:
    """Bodies under one that is not in the file, and circles, each circle told once."""
    above = {member.code: member.parent for member in members}
    for member in members:
        if member.parent is not None and member.parent not in lines:
            yield ImportFault(lines[member.code], f"上级单位“{member.parent}”不在文件中")
    settled: set[str] = set()
    for member in members:
        way: list[str] = []
        code: str | None = member.code
        while code is not None and code not in settled and code not in way:
            way.append(code)
            code = above.get(code)
        if code in way:
            circle = [*way[way.index(code) :], code]
            yield ImportFault(lines[circle[0]], f"上级关系成了一个圈：{' → '.join(circle)}")
        settled.update(way)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a body stands in the tree in force for a year: itself first, then whatever is above it, nearest first.

    `of_year`: the year that the tree was imported for.
    """

    of_year: int
    line: tuple[Member, ...]

    @property
    def body(self) -> Member:
        return self.line[0]

    @property
    def regions(self) -> tuple[str, ...]:
        """The codes of the body and of all above it, nearest first."""
        return tuple(member.code for member in self.line)


# built once: it runs for every report
_MEMBER = cast("Table", Membership.__table__)
_IN_FORCE = select(func.max(_MEMBER.c.year)).where(_MEMBER.c.year <= bindparam("of_year")).scalar_subquery()
_SELF = (
    select(
        _MEMBER.c.year,
        _MEMBER.c.body_code,
        _MEMBER.c.name,
        _MEMBER.c.level,
        _MEMBER.c.parent_code,
        literal(0).label("step"),
    )
    .where(_MEMBER.c.year == _IN_FORCE, _MEMBER.c.body_code == bindparam("body"))
    .cte("above", recursive=True)
)
_UP = _MEMBER.alias("upper")
_ABOVE = _SELF.union_all(
    select(_UP.c.year, _UP.c.body_code, _UP.c.name, _UP.c.level, _UP.c.parent_code, _SELF.c.step + 1).where(
        _UP.c.year == _SELF.c.year, _UP.c.body_code == _SELF.c.parent_code, _SELF.c.step < _DEEPEST
    )
)
_STANDING = select(_ABOVE).order_by(_ABOVE.c.step)


def standing(session: Session, body: str, year: int) -> Standing | None:
    """Where `body` stands in `year`; None when the tree in force does not have it, or there is none yet."""
    rows = session.connection().execute(_STANDING, {"of_year": year, "body": body}).all()
    if not rows:
        return None
    return Standing(rows[0].year, tuple(Member(r.body_code, r.name, r.level, r.parent_code) for r in rows))
