"""From neutral items to the reports of a document: the one public door of recognition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from services.core.form import form
from services.core.form.labels import squeeze
from services.core.report import (
    DOUBTFUL,
    PROVED,
    READ,
    Cell,
    Figure,
    Format,
    Kind,
    Layout,
    Reading,
    Report,
    Table2,
    Table3,
    Table4,
)
from services.ingest.recognise.confidence import ODD_SUMS, ODD_YEAR, assess, in_question, misplaced, sums_are_odd
from services.ingest.recognise.figures import parse_figure
from services.ingest.recognise.opening import (
    Ending,
    Title,
    find_contact,
    find_ending,
    find_opening,
    find_period,
    find_title,
)
from services.ingest.recognise.placed import Placed, TableFound
from services.ingest.recognise.primitives import Content, Item, Line, SecondOpinion
from services.ingest.recognise.sections import find_sections, plain, section_key
from services.ingest.recognise.split import split_reports, split_tables
from services.ingest.recognise.table2 import read_table2
from services.ingest.recognise.table3 import read_table3
from services.ingest.recognise.table4 import read_table4

_TABLE_NAMES = {
    2: "表二（主动公开政府信息情况）",
    3: "表三（收到和处理政府信息公开申请情况）",
    4: "表四（行政复议、行政诉讼情况）",
}
_CELLS = TypeAdapter(dict[str, Cell])
_TYPED = frozenset({Format.DOCX, Format.HTML, Format.CSV})
"""Formats that hold characters and not glyphs: an odd number in them was typed so, no font map can be wrong."""
_FEWEST_ROWS = 5
"""With fewer rows than this the table 3 of a report counts as not read at all."""


@dataclass(slots=True)
class _Draft:
    """What is gathered for one report on the way."""

    found: dict[int, TableFound | None]
    cells: dict[str, Cell] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)


def recognise(content: Content, second_opinion: SecondOpinion | None = None) -> list[Report]:
    """The reports in `content`, usually one; each has whatever could be found and says what it does not vouch for.

    `second_opinion` is asked only for figures in a broken identity or of doubtful text.
    """
    return [_report(items, content, second_opinion) for items in split_reports(content.items)]


def _report(items: Sequence[Item], content: Content, second_opinion: SecondOpinion | None) -> Report:
    rows = split_tables(items).rows
    draft = _Draft({2: read_table2(rows[2]), 3: read_table3(rows[3]), 4: read_table4(rows[4])})
    title = find_title(items)
    distrusted = content.format not in _TYPED and _distrust(draft, title, content.distrust)
    lost = any(table is None or table.missing for table in draft.found.values())
    for number, table in draft.found.items():
        if table is not None:
            _doubt_pictures(table, content)
            _doubt_mute(table, content)
            if lost:
                _doubt_empty(table)
            _rate(draft, number, table, second_opinion)
    ending = find_ending(items, title)
    sections = find_sections(items[: ending.first] if ending.first else items)
    reading = _reading(draft, items, title, ending)
    if distrusted or content.recognised or content.pictures:
        reading = reading.model_copy(update={"prose_doubt": True})
    tables = [table for table in draft.found.values() if table is not None]
    status, reason = _status(draft)
    return Report(
        agency=_agency(title, ending),
        year=title.year if title and title.year else (int(reading.period[0][:4]) if reading.period else None),
        date=ending.date,
        layout=Layout(**{f"table{n}": t.layout for n, t in draft.found.items() if t is not None}),
        status=status,
        reason=reason,
        table2=_table2(draft.found[2]),
        table3=_table3(draft.found[3]),
        table4=_table4(draft.found[4]),
        uncertain=_uncertain(draft),
        cells=draft.cells,
        sections=sections,
        reading=reading if tables or title else None,
    )


def _distrust(draft: _Draft, title: Title | None, why: str) -> bool:
    """Whether wrong item numbers, an impossible year in the title or hardly any sum that holds cast doubt on every digit."""
    found = [table for table in draft.found.values() if table is not None]
    why = why or next((table.distrust for table in found if table.distrust), "")
    if not why and title is not None and title.odd_year:
        why = ODD_YEAR
    table3 = draft.found[3]
    if not why and table3 is not None and sums_are_odd(table3, 3):
        why = ODD_SUMS
    for table in found if why else ():
        table.doubt_all(why)
    return bool(why)


def _doubt_pictures(table: TableFound, content: Content) -> None:
    for placed in table.figures.values():
        if placed.entry.place.page in content.pictures and not placed.doubt:
            placed.doubt = "这一页主要是图片，其中隐藏的文字未必与图片一致"


def _doubt_mute(table: TableFound, content: Content) -> None:
    for placed in table.figures.values():
        if placed.printed.kind is Kind.BLANK and placed.entry.place.page in content.mute:
            placed.doubt = placed.doubt or "这一格读作空白，而这一页有文字没有读出来"


def _doubt_empty(table: TableFound) -> None:
    """Where other figures of the document got lost, an empty cell may have lost its own, and be it a zero."""
    for placed in table.figures.values():
        if placed.printed.kind is Kind.BLANK:
            placed.doubt = placed.doubt or "这一格是空的，而文件里还有别的内容没有读出来"


def _rate(draft: _Draft, number: int, table: TableFound, second_opinion: SecondOpinion | None) -> None:
    held, broken = assess(table, number)
    asked = in_question(table, broken)
    if second_opinion is not None and asked:
        _read_again(table, asked, second_opinion)
    for path in misplaced(table) if number == 3 else ():
        table.figures[path].doubt = table.figures[path].doubt or "行名与数字不在同一行，且相关列的数字对不上"
        table.figures[path].text_doubt = False
    cells: dict[str, dict[str, Any]] = {}
    for path, placed in table.figures.items():
        proved = path in held and placed.exact
        if placed.doubt and proved and placed.text_doubt and placed.printed.value:
            placed.doubt = ""  # digits with blanks between them, and every sum agrees
        if placed.weak and not proved:
            placed.doubt = placed.doubt or placed.weak
        confidence = DOUBTFUL if placed.doubt else PROVED if proved else READ
        if placed.doubt:
            draft.why[path] = placed.doubt
        if placed.printed.note:
            table.notes[path] = "；".join(filter(None, (placed.printed.note, table.notes.get(path))))
        place = placed.entry.place
        cells[path] = {
            "page": place.page,
            "bbox": place.bbox,
            "line": place.line,
            "column": place.column,
            "text": placed.entry.text[:500],
            "kind": placed.printed.kind,
            "confidence": confidence,
        }
    draft.cells |= _CELLS.validate_python(cells)


def _read_again(table: TableFound, paths: set[str], second_opinion: SecondOpinion) -> None:
    """Compare with the other engine: agreement settles a doubt about the text, difference raises one."""
    readings = second_opinion([table.figures[path].entry.place for path in sorted(paths)])
    for path in sorted(paths):
        placed = table.figures[path]
        again = readings.get(placed.entry.place)
        if again is not None and _same(placed, again):
            words = not any(char.isnumeric() for char in placed.entry.text)
            if placed.text_doubt and placed.printed.value is None and words:
                placed.doubt = ""  # words alone, in both readings: that is what is printed
        elif not placed.doubt:
            placed.doubt = "两种读法得到的数字不同" if again is not None else "相关数字对不上，且无法用另一种读法核对"


def _same(placed: Placed, again: str) -> bool:
    if squeeze(placed.entry.text) == squeeze(again):
        return True
    other = parse_figure(again, "signed")
    return other.kind is placed.printed.kind and other.value is not None and other.value == placed.printed.value


def _agency(title: Title | None, ending: Ending) -> str | None:
    name = (title.agency if title else "") or ending.signature or ""
    return name[:200] or None


def _reading(draft: _Draft, items: Sequence[Item], title: Title | None, ending: Ending) -> Reading:
    prose = [plain(item.text) for item in items if isinstance(item, Line)]
    opening = "".join(prose[:80])
    merged = [table for table in draft.found.values() if table is not None]
    return Reading(
        title=title.text[:500] if title else None,
        period=find_period(opening) or find_period("".join(prose)),
        date_text=ending.date_text[:200] if ending.date_text else None,
        signature=ending.signature[:200] if ending.signature else None,
        opening=find_opening(items, title),
        contact=find_contact("\n".join(prose)),
        labels={path: text for table in merged for path, text in table.labels.items()},
        row_widths={path: width for table in merged for path, width in table.widths.items()},
        notes={path: note for table in merged for path, note in table.notes.items()},
        blank_rows=[path for table in merged for path in table.blank_rows],
        uncertain_why=draft.why | {path: why for table in merged for path, why in table.missing.items()},
    )


def _uncertain(draft: _Draft) -> list[str]:
    """Doubtful and missing cells, in the form's order."""
    uncertain: list[str] = []
    for number, name in ((2, "table2"), (3, "table3"), (4, "table4")):
        table = draft.found[number]
        if table is not None:
            paths = form(table.layout).paths(name)  # type: ignore[arg-type]  # the three literals above
            uncertain += [p for p in paths if p in draft.why or p not in table.figures]
    return uncertain


def _table2(table: TableFound | None) -> Table2 | None:
    if table is None:
        return None
    result: Table2 = {}
    for row in form(table.layout).table2_rows:
        path = f"table2.{row.key}"
        if row.scalar:
            result[row.key] = _value(table, path)
        else:
            result[row.key] = [_value(table, f"{path}.{index}") for index in range(len(row.columns))]
    return result


def _table3(table: TableFound | None) -> Table3 | None:
    if table is None:
        return None
    shape = form(table.layout)
    rows: dict[str, list[Figure] | None] = {}
    for key in shape.row_keys:
        paths = [f"table3.{key}.{column}" for column in shape.column_keys]
        rows[key] = [_value(table, path) for path in paths] if paths[0] in table.figures else None
    return Table3(rows=rows)


def _table4(table: TableFound | None) -> Table4 | None:
    if table is None or not table.figures:
        return None
    shape = form("2021")
    return {
        block.key: {c.key: _value(table, f"table4.{block.key}.{c.key}") for c in shape.table4_columns}
        for block in shape.table4_blocks
    }


def _value(table: TableFound, path: str) -> Figure:
    placed = table.figures.get(path)
    return placed.printed.value if placed else None


def _status(draft: _Draft) -> tuple[str, str | None]:
    """Status and reason. Failed: table 3, the heart of the form, could not be read, or no table at all."""
    absent = [_TABLE_NAMES[n] for n, table in draft.found.items() if table is None or not table.figures]
    table3 = draft.found[3]
    rows = len({path.rsplit(".", 1)[0] for path in table3.figures}) if table3 else 0
    if rows < _FEWEST_ROWS:
        return (
            "failed",
            f"没有读出{'、'.join(absent) or _TABLE_NAMES[3]}的数字，请人工核对；表格若是图片，请改报由文字处理软件直接导出的文件。",
        )
    missing = [why for table in draft.found.values() if table is not None for why in table.missing.values()]
    if not (absent or missing or draft.why):
        return "ok", None
    parts = [f"没有读出{'、'.join(absent)}" if absent else ""]
    if missing:
        parts.append(f"有{len(missing)}行没有读全（{missing[0]}）")
    if draft.why:
        first = next(iter(draft.why.values()))
        parts.append(f"有{len(draft.why)}个数字没有把握（{first}）")
    return "review", "；".join(filter(None, parts)) + "，请对照原文核对。"


def is_annual_report(content: Content, reports: Sequence[Report]) -> bool:
    """Whether the document is an annual report of this form at all: a table of it, its title, or three of its sections."""
    if any(report.table2 or report.table3 or report.table4 for report in reports):
        return True
    lines = [item for item in content.items if isinstance(item, Line)]
    keys = {key for line in lines if (key := section_key(line.text))}
    return len(keys) >= 3 or find_title(content.items) is not None
