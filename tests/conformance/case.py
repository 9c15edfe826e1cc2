"""A case of the conformance suite: a report that differs a little from a base, and the findings it must give."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from services.core.bodies import Level
from services.core.form import form
from services.core.limits import Limits
from services.core.report import Cell, Kind, Layout, Reading, Report, SectionFound, Table3
from services.validate.judge import Context
from services.validate.rules.sheet import Part

ROOT = Path(__file__).parent
_BLANKS = {"": Kind.BLANK, "-": Kind.DASH, "—": Kind.DASH, "/": Kind.DASH, "无": Kind.DASH}
_PARTS_OF_A_CASE = {
    "name", "seen", "base", "document", "figures", "layout", "report", "reading", "sections", "without_sections",
    "without_rows", "without_tables", "table2", "uncertain", "known", "limits", "last_year", "earlier", "parts", "findings", "shows", "told",
}  # fmt: skip


class CaseError(ValueError):
    """A case file that does not say what it means; the text names file, case and what to mend."""


@dataclass(frozen=True)
class Case:
    """``table``: the case as written in its file. ``expected``: the findings that must come, all of them and no others."""

    file: Path
    table: Mapping[str, Any]
    expected: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.file.stem}: {self.table['name']}"

    @property
    def rule(self) -> str:
        """The rule that the file is about."""
        return self.file.stem

    @property
    def trips(self) -> bool:
        return any(finding["rule"] == self.rule for finding in self.expected)


def cases() -> list[Case]:
    """All cases of the folder, in the order of their files. Raises CaseError."""
    return [case for file in sorted((ROOT / "cases").glob("*.toml")) for case in _cases_in(file)]


def _cases_in(file: Path) -> Iterator[Case]:
    names: set[str] = set()
    for table in tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal).get("case", []):
        name = table.get("name")
        if not name or name in names:
            raise CaseError(f"{file.name}: a case needs a name of its own, found {name!r}")
        names.add(name)
        if unknown := table.keys() - _PARTS_OF_A_CASE:
            raise CaseError(f"{file.name}: {name}: unknown: {', '.join(sorted(unknown))}")
        if "findings" not in table:
            raise CaseError(f"{file.name}: {name}: say what is found; findings = [] where nothing is")
        yield Case(file, table, table["findings"])


@cache
def _base(name: str) -> dict[str, Any]:
    path = ROOT / "bases" / f"{name}.toml"
    if not path.exists():
        raise CaseError(f"there is no base {name}")
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def built(case: Case) -> tuple[Report, Context]:
    """The report of a case and what is known about it from outside. Raises CaseError."""
    base = _base(case.table.get("base", "department"))
    known = {**base["known"], **case.table.get("known", {})}
    year = int(case.table.get("report", {}).get("year", base["year"]))
    level = known.pop("level", None)
    context = Context(
        **{key: _day(value) for key, value in known.items()},
        level=Level(level) if level else None,
        limits=_limits(case.table.get("limits", {})),
        last_year=_other(case, "last_year", base, year - 1),
        earlier=_other(case, "earlier", base, year),
        parts=tuple(_part(part, year) for part in case.table.get("parts", [])),
    )
    return _report(case, base, case.table), context


def _limits(table: Mapping[str, Any]) -> Limits:
    given: dict[str, Any] = {
        key: (value[0], value[1]) if isinstance(value, list) else value for key, value in table.items()
    }
    return Limits(**given)


def _day(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) and value[:2] == "20" and len(value) == 10 else value


def _other(case: Case, which: str, base: Mapping[str, Any], year: int) -> Report | None:
    """The same body's report on the year before, or an earlier version: the base with its own departures."""
    if which not in case.table:
        return None
    moved = {**base, "year": year, "date": f"{year + 1}-01-20"}
    title = f"{base['agency']}{year}年政府信息公开工作年度报告"
    period = [f"{year}-01-01", f"{year}-12-31"]
    moved["reading"] = {**base["reading"], "title": title, "period": period, "date_text": f"{year + 1}年1月20日"}
    before = base["year_before"] if which == "last_year" else {}
    own = case.table[which]
    joined = {part: {**before.get(part, {}), **own.get(part, {})} for part in ("figures", "sections")}
    if "table2" in own:  # given whole, perhaps in another layout
        joined["figures"] = {path: value for path, value in joined["figures"].items() if not path.startswith("table2")}
    return _report(case, moved, {**own, **joined})


def _part(table: Mapping[str, Any], year: int) -> Part:
    if table.get("missing"):
        return Part(table["name"], table["name"], None)
    base = {**_base(table.get("base", "township")), "agency": table["name"], "year": year}
    return Part(table["name"], table["name"], _report(None, base, table))


def _report(case: Case | None, base: Mapping[str, Any], departures: Mapping[str, Any]) -> Report:
    layout = {"table2": "2021", "table3": "2021", "table4": "2021", **departures.get("layout", {})}
    written = _Tables(base, layout, departures)
    try:
        for path, value in departures.get("figures", {}).items():
            for one in _cells(path, layout):
                written.put(one, value)
    except (KeyError, IndexError, ValueError) as error:
        raise CaseError(f"{case.id if case else ''}: no such cell: {error}") from error
    texts = {**base["sections"], **departures.get("sections", {})}
    texts["overview"] = texts["overview"].replace("{told}", departures.get("told", base["told"]))
    gone = departures.get("without_sections", [])
    missing = departures.get("without_tables", [])
    fields: dict[str, Any] = {"agency": base["agency"], "year": base["year"], "date": base["date"], "status": "ok"}
    fields |= departures.get("report", {})
    reading = {**base["reading"], **departures.get("reading", {})}
    uncertain = list(departures.get("uncertain", []))
    if uncertain:
        fields["status"] = "review"
    return Report(
        **{key: None if value == "" else value for key, value in fields.items()},
        layout=Layout(**{key: value for key, value in layout.items() if key not in missing}),
        table2=None if "table2" in missing else written.table2,
        table3=None if "table3" in missing else Table3(rows=written.rows),
        table4=None if "table4" in missing else written.table4,
        uncertain=uncertain,
        cells=written.cells,
        sections=[
            SectionFound(key=section.key, title=section.heading, page=1, text=texts[section.key])
            for section in form("2021").sections
            if section.key not in gone
        ],
        reading=Reading(**{key: None if value == "" else value for key, value in reading.items()}),
    )


def _cells(path: str, layout: Mapping[str, str]) -> list[str]:
    """The cells that `path` means: one, or with ``*`` at its end all of a row or table."""
    if not path.endswith("*"):
        return [path]
    table: Any = path[:6]
    found = [one for one in form(layout[table]).paths(table) if one.startswith(path[:-1])]
    if not found:
        raise KeyError(path)
    return found


class _Tables:
    """The three tables of a base, into which single figures are put. ``""``, ``-`` and other words are no figures."""

    def __init__(self, base: Mapping[str, Any], layout: Mapping[str, str], departures: Mapping[str, Any]) -> None:
        given = departures.get("table2", base["table2"])
        self.table2: dict[str, Any] = {key: [*row] if isinstance(row, list) else row for key, row in given.items()}
        shape = form(layout["table3"])
        self.rows: dict[str, Any] = {key: [*base["table3"].get(key, [0] * 7)] for key in shape.row_keys}
        if layout["table3"] == "2019" and "other_all" not in base["table3"]:
            three = [base["table3"].get(f"other_{key}", [0] * 7) for key in ("no_correction", "no_fee", "other")]
            self.rows["other_all"] = [sum(figures) for figures in zip(*three, strict=True)]
        self.rows |= dict.fromkeys(departures.get("without_rows", []))
        self.table4: dict[str, Any] = {key: {**block} for key, block in base["table4"].items()}
        self.cells: dict[str, Cell] = {}

    def put(self, path: str, value: Any) -> None:
        figure = value
        if isinstance(value, str):
            figure = None
            self.cells[path] = Cell(text=value, kind=_BLANKS.get(value, Kind.TEXT), confidence=0.99, page=1)
        table, row, *rest = path.split(".")
        if table == "table2":
            if rest:
                self.table2[row][int(rest[0])] = figure
            else:
                if row not in self.table2:
                    raise KeyError(path)
                self.table2[row] = figure
        elif table == "table3":
            self.rows[row][form("2021").column_keys.index(rest[0])] = figure
        elif table == "table4" and rest[0] in self.table4[row]:
            self.table4[row][rest[0]] = figure
        else:
            raise KeyError(path)
