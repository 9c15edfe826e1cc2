"""Reports saved from spreadsheets as separated values, with the line and column of each figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.demo.authored import AuthoredReport, consistent
from infra.demo.grids import Grid, GridCell, table2_grid, table3_grid, table4_grid
from infra.demo.render import render_markdown, render_text
from services.core.errors import RejectedError
from services.core.report import Format, Report
from services.ingest.readers import read_document
from services.ingest.readers.csv_fields import SEPARATORS, records, separator_of
from tests.unit.ingest.drawn_reports import silent_errors, tables

AGENCY = "临溪县石桥镇人民政府"
AUTHORED = consistent(4, AGENCY, 2024)
GRIDS = {"proactive": table2_grid, "requests": table3_grid, "disputes": table4_grid}

Show = Callable[[GridCell], str]


def plain(cell: GridCell) -> str:
    return cell.text


def grouped(cell: GridCell) -> str:
    """Thousands separators, as spreadsheets show large figures."""
    if not cell.path or not cell.text.replace(".", "").isdigit():
        return cell.text
    return f"{Decimal(cell.text):,}"


def broken(cell: GridCell) -> str:
    """Labels over several lines of their cell, as column heads are wrapped by hand."""
    return cell.text if cell.path or len(cell.text) < 4 else f"{cell.text[:3]}\n{cell.text[3:]}"


def raster(grid: Grid, show: Show = plain) -> list[list[str]]:
    """The rows of a grid as a spreadsheet saves them: a merged range has its text in its first field."""
    rows = [[""] * len(grid.widths) for _ in range(grid.height)]
    for cell in grid.cells:
        rows[cell.row][cell.column] = show(cell)
    return rows


def sheet(report: AuthoredReport, show: Show = plain, *, prose: bool = True) -> list[list[str]]:
    """The rows of the whole report, or of its title and tables alone, all equally long."""
    rows = [[report.title]]
    rows += [[line] for line in report.opening.splitlines() if prose]
    for section in report.form.sections:
        if section.key in GRIDS:
            rows += [[section.heading], *raster(GRIDS[section.key](report), show)]
        elif prose:
            rows += [[section.heading], *([line] for line in report.prose[section.key].splitlines())]
    rows += [[report.signature], [report.date_text]] if prose else []
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows]


def saved(rows: list[list[str]], separator: str = ",", ending: str = "\r\n", *, quote_all: bool = False) -> str:
    out = io.StringIO()
    writer = (
        csv.writer(out, delimiter=separator, lineterminator=ending, quoting=csv.QUOTE_ALL)
        if quote_all
        else csv.writer(out, delimiter=separator, lineterminator=ending)
    )
    writer.writerows(rows)
    return out.getvalue()


def only_report(text: str | bytes) -> Report:
    document = read_document(text.encode() if isinstance(text, str) else text, filename="x")
    assert document.format is Format.CSV
    (report,) = document.reports
    return report


def read_whole(text: str | bytes, authored: AuthoredReport = AUTHORED) -> Report:
    report = only_report(text)
    assert (report.status, report.reason) == ("ok", None)
    assert tables(report) == authored.tables()
    assert (report.agency, report.year) == (authored.agency, authored.year)
    return report


def at(text: str, report: Report, path: str) -> str:
    cell = report.cells[path]
    assert cell.line is not None
    assert cell.column is not None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[cell.line - 1][cell.column - 1 :][: len(cell.text)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("layout", ["2019", "2021"])
def test_a_saved_report_reads_back_exactly_and_each_place_holds_its_figure(seed: int, layout: str) -> None:
    authored = consistent(seed, AGENCY, 2024, layout=layout)
    text = saved(sheet(authored))
    report = read_whole(text, authored)
    assert [section.key for section in report.sections] == [section.key for section in authored.form.sections]
    for section in report.sections:
        assert section.text == authored.prose.get(section.key, ""), section.key
    assert report.reading is not None
    assert (report.reading.signature, report.reading.date_text) == (authored.signature, authored.date_text)
    for path, cell in report.cells.items():
        assert at(text, report, path) == cell.text, path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_of_all_kinds(separator: str, ending: str) -> None:
    text = saved(sheet(AUTHORED, broken), separator, ending, quote_all=True)
    report = read_whole(text)
    for path, cell in report.cells.items():
        assert at(text, report, path) == cell.text, path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_encodings_that_spreadsheets_save_in(encoding: str) -> None:
    read_whole(saved(sheet(AUTHORED)).encode(encoding))


def test_the_three_tables_with_a_title_alone_are_a_report() -> None:
    read_whole(saved(sheet(AUTHORED, prose=False)))
    bare = sheet(AUTHORED, prose=False)
    read_whole(saved([row for row in bare if not row[0].startswith(("二、主动", "三、收到", "四、政府"))]))


@pytest.mark.parametrize("seed", range(4))
def test_thousands_separators_stand_inside_quotes(seed: int) -> None:
    authored = consistent(seed, "云岭市人民政府办公室", 2024, "prefecture")
    text = saved(sheet(authored, grouped))
    assert '"1,' in text or '"2,' in text or any(f'"{n},' in text for n in range(10, 999))
    report = read_whole(text, authored)
    for path, cell in report.cells.items():
        assert at(text, report, path) == cell.text, path


def test_labels_over_several_lines_of_their_field() -> None:
    text = saved(sheet(AUTHORED, broken))
    report = read_whole(text)
    for path, cell in report.cells.items():
        assert at(text, report, path) == cell.text, path


@pytest.mark.parametrize("empty", [1, 2])
def test_labels_in_a_later_field(empty: int) -> None:
    read_whole(saved([[""] * empty + row for row in sheet(AUTHORED)]))


def test_all_labels_in_the_first_field() -> None:
    def shifted(row: list[str]) -> list[str]:
        labels = [text for text in row[:3] if text]
        return labels[-1:] + row[3:] if len(row) > 9 else row

    rows = [[AUTHORED.title], *raster(table2_grid(AUTHORED)), *map(shifted, raster(table3_grid(AUTHORED)))]
    read_whole(saved([*rows, *raster(table4_grid(AUTHORED))]))


def test_rows_without_the_empty_fields_at_their_ends() -> None:
    def short(row: list[str]) -> list[str]:
        return row[: max((n + 1 for n, text in enumerate(row) if text), default=1)]

    read_whole(saved([short(row) for row in sheet(AUTHORED)]))


def test_blanks_and_tabs_around_figures_and_empty_records_between_tables() -> None:
    text = saved(sheet(AUTHORED, lambda cell: f"\t{cell.text} " if cell.path else f" {cell.text}"))
    read_whole(text.replace("\r\n三、收到", "\r\n,,,,\r\n\r\n三、收到"))


def test_a_blank_cell_is_blank_and_a_row_left_blank_is_known() -> None:
    blank = {f"table3.granted.{column}": None for column in AUTHORED.form.column_keys}
    authored = AUTHORED.with_printed(blank | {"table2.coercion": "/"})
    report = only_report(saved(sheet(authored)))
    assert tables(report) == authored.tables()
    assert report.reading is not None
    assert report.reading.blank_rows == ["table3.granted"]
    assert silent_errors(report, authored) == []


def test_a_report_in_which_no_figure_is_filled_in_is_all_blank() -> None:
    authored = AUTHORED.with_printed(dict.fromkeys(AUTHORED.paths()))
    report = only_report(saved(sheet(authored), quote_all=True))
    assert tables(report) == authored.tables()
    assert report.reading is not None
    assert len(report.reading.blank_rows) == 6 + 25 + 3


def test_a_row_of_which_only_the_label_is_saved_is_blank() -> None:
    rows = [f"table3.granted.{column}" for column in AUTHORED.form.column_keys]
    authored = AUTHORED.with_printed(dict.fromkeys([*rows, *(f"table2.regulations.{n}" for n in range(3))]))
    short = [row[: max(n + 1 for n, text in enumerate(row) if text)] for row in sheet(authored)]
    report = only_report(saved(short))
    assert tables(report) == authored.tables()
    assert report.reading is not None
    assert report.reading.blank_rows == ["table2.regulations", "table3.granted"]


def test_a_sheet_saved_with_tabs_has_equally_many_in_every_line() -> None:
    read_whole(saved(sheet(AUTHORED), "\t"))


def test_quotes_that_close_nothing_are_characters() -> None:
    authored = replace(AUTHORED, problems='一是"公开"不够；二是5"的屏幕，"不好。')
    rows = sheet(authored)
    text = "\n".join(",".join(row) for row in rows)
    report = only_report(text)
    assert tables(report) == AUTHORED.tables()
    assert report.status == "ok"


def test_a_thousands_separator_without_quotes_is_never_two_figures_unmarked() -> None:
    authored = AUTHORED.with_printed({"table2.licences": 1234, "table3.new.natural": 1234, "table3.new.total": 1234})
    text = "\n".join(",".join(row) for row in sheet(authored, grouped))
    report = only_report(text)
    assert silent_errors(report, authored) == []


@pytest.mark.parametrize("render", [render_text, render_markdown])
def test_dumps_are_left_to_their_own_reader(render: Callable[[AuthoredReport], str]) -> None:
    for seed in range(4):
        document = read_document(render(consistent(seed, AGENCY, 2024)).encode(), filename="x")
        assert document.format in (Format.TEXT, Format.MARKDOWN)


def test_commas_in_other_texts_do_not_make_a_table() -> None:
    with pytest.raises(RejectedError) as caught:
        read_document("日期,天气,气温\n周一,晴,3\n周二,阴,4\n".encode() * 30, filename="x.csv")
    assert caught.value.reason.code == "not_annual_report"


@pytest.mark.parametrize(
    "text",
    [
        saved(sheet(AUTHORED)) + "\n,规章,1,1" * 60_000,
        saved(sheet(AUTHORED)) + "," * 5000,
        saved(sheet(AUTHORED)) + '"' * 400_001 + "," * 2000,
    ],
    ids=["records", "fields", "quotes"],
)
def test_more_than_any_report_holds_is_too_complex(text: str) -> None:
    with pytest.raises(RejectedError) as caught:
        read_document(text.encode(), filename="x")
    assert caught.value.reason.code == "too_complex"


TEXT = saved(sheet(AUTHORED), ending="\n")
SPOTS = [index for index, char in enumerate(TEXT) if char in ",\n"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SPOTS), st.sampled_from(["", ",,", "\n", '"', ',"']))
def test_a_damaged_separator_never_gives_a_wrong_figure_unmarked(at: int, instead: str) -> None:
    try:
        reports = read_document((TEXT[:at] + instead + TEXT[at + 1 :]).encode(), filename="x").reports
    except RejectedError:
        return
    assert all(silent_errors(report, AUTHORED) == [] for report in reports)


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet='",;|\t\n 01一规章其他总计行政许可', max_size=200))
def test_whether_a_text_is_separated_values_can_always_be_told(text: str) -> None:
    assert separator_of(text) in ("", *SEPARATORS)
    for separator in SEPARATORS:
        for fields in records(text, separator):
            for field in fields:
                raw = text[field.offset :][: len(field.text)]
                assert raw == field.text or '""' in text[field.offset :]


def test_a_line_of_thousands_of_fields_is_no_sheet() -> None:
    assert separator_of("规章" + "\t0" * 5000 + "\n") == ""
