"""Rendered reports: the text layer holds what was authored, in the form's layout, byte for byte the same each time."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from itertools import pairwise

import pdfplumber
import pypdfium2
import pytest

from infra.demo.authored import AuthoredReport, consistent, with_error
from infra.demo.dumps import REPEATS
from infra.demo.grids import printed_text, table2_grid, table3_grid, table4_grid
from infra.demo.press import wrap
from infra.demo.render import render_markdown, render_pdf, render_small, render_text, truncated
from services.core.form.labels import squeeze

LAYOUTS = ("2019", "2021")


def sample(layout: str = "2021", seed: int = 5) -> AuthoredReport:
    return consistent(seed, "临溪县住房和城乡建设局", 2024, "county", layout=layout)


def pdfium_text(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def pdfplumber_text(pdf: bytes) -> str:
    pages = []
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            pages.append("".join(char["text"] for char in page.chars))
            page.close()
    return "\n".join(pages)


def pages_of(pdf: bytes) -> int:
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def ruled_rows(pdf: bytes) -> list[list[str]]:
    """Every row of every ruled table on all pages, cells squeezed, spanned places left out."""
    rows = []
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            for table in page.extract_tables():
                rows += [[squeeze(cell) for cell in row if cell is not None] for row in table]
            page.close()
    return rows


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("engine", [pdfium_text, pdfplumber_text])
@pytest.mark.parametrize("compact", [False, True])
def test_the_text_layer_holds_title_headings_and_prose(layout, engine, compact):
    report = sample(layout)
    text = squeeze(engine(render_pdf(report, compact=compact)))
    headings = [section.heading for section in report.form.sections]
    for wanted in (report.title, *headings, report.signature, report.date_text):
        assert squeeze(wanted) in text
    without_folios = text
    for page in range(1, 8):
        without_folios = without_folios.replace(f"—{page}—", "")
    for paragraph in (report.opening, *report.overview.splitlines(), *report.problems.splitlines()):
        assert squeeze(paragraph) in without_folios


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("compact", [False, True])
def test_every_row_of_table_3_stands_in_the_ruled_table_with_its_label_and_figures(layout, compact):
    report = sample(layout)
    rows = ruled_rows(render_pdf(report, compact=compact))
    for row in report.form.table3_rows:
        figures = [printed_text(printed) for printed in report.table3[row.key]]
        assert [squeeze(f"{row.mark}{row.label}"), *figures] in [cells[-8:] for cells in rows]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tables_2_and_4_stand_in_ruled_tables_with_their_labels_and_figures(layout):
    report = sample(layout)
    rows = ruled_rows(render_pdf(report))
    for grid in (table2_grid(report), table4_grid(report)):
        for index in range(grid.height):
            printed = [squeeze(cell.text) for cell in grid.cells if cell.row == index]
            assert printed in rows


def test_the_head_of_table_3_spans_as_in_the_form():
    spans = {squeeze(cell.text): (cell.rows, cell.columns) for cell in table3_grid(sample()).cells if not cell.path}
    assert spans["申请人情况"] == (1, 7)
    assert spans["法人或其他组织"] == (1, 5)
    assert spans["三、本年度办理结果"] == (22, 1)
    groups = ("（三）不予公开", "（四）无法提供", "（五）不予处理", "（六）其他处理")
    assert [spans[squeeze(group)] for group in groups] == [(8, 1), (3, 1), (5, 1), (3, 1)]
    assert spans["自然人"] == spans["总计"] == (2, 1)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("table", [table2_grid, table3_grid, table4_grid])
def test_the_cells_of_a_table_cover_its_raster_once(layout, table):
    grid = table(sample(layout))
    covered = sorted(
        (cell.row + down, cell.column + right)
        for cell in grid.cells
        for down in range(cell.rows)
        for right in range(cell.columns)
    )
    assert covered == [(row, column) for row in range(grid.height) for column in range(len(grid.widths))]


def test_every_figure_of_the_form_has_its_cell():
    report = sample()
    grids = (table2_grid(report), table3_grid(report), table4_grid(report))
    assert [cell.path for grid in grids for cell in grid.cells if cell.path] == report.paths()


def test_a_table_goes_on_over_the_page():
    with pypdfium2.PdfDocument(render_pdf(sample())) as document:
        pages = [squeeze(page.get_textpage().get_text_range()) for page in document]
    first, last = (
        next(i for i, text in enumerate(pages) if label in text) for label in ("本年新收政府", "结转下年度继续")
    )
    assert first < last


def test_a_row_may_break_over_the_page_and_loses_no_text():
    broken = 0
    for length in range(1, 24):  # longer and longer prose moves the page break over every row
        report = replace(sample(), overview="公开工作。\n" * length)
        whole, split = render_pdf(report), render_pdf(report, break_rows=True)
        broken += whole != split
        if pages_of(whole) == pages_of(split):
            assert sorted(pdfplumber_text(whole)) == sorted(pdfplumber_text(split))
    assert broken > 3


def test_pages_are_numbered():
    pdf = render_pdf(sample())
    text = squeeze(pdfium_text(pdf))
    assert all(f"—{page}—" in text for page in range(1, pages_of(pdf) + 1))


def test_nothing_is_printed_outside_the_page():
    with pdfplumber.open(io.BytesIO(render_pdf(sample()))) as document:
        for page in document.pages:
            for char in page.chars:
                assert 40 < char["x0"] < char["x1"] < page.width - 40
                assert 40 < char["top"] < char["bottom"] < page.height - 20
            page.close()


@pytest.mark.parametrize("compact", [False, True])
def test_equal_reports_give_equal_bytes(compact):
    assert render_pdf(sample(), compact=compact) == render_pdf(sample(), compact=compact)
    assert render_pdf(sample(), compact=compact) != render_pdf(sample(seed=6), compact=compact)


def test_locking_with_a_password_is_deterministic_too():
    assert render_pdf(sample(), password="0000") == render_pdf(sample(), password="0000")


def test_the_small_version_has_at_most_three_pages_and_is_quick():
    reports = [consistent(seed, "临溪县住房和城乡建设局", 2024, "prefecture") for seed in range(20)]
    started = time.process_time()
    rendered = [render_small(report) for report in reports]
    assert (time.process_time() - started) / len(reports) < 0.06
    assert max(map(pages_of, rendered)) <= 3


def test_a_locked_file_opens_with_its_password_only():
    locked = render_pdf(sample(), password="0000")
    with pytest.raises(pypdfium2.PdfiumError, match="password"):
        pypdfium2.PdfDocument(locked)
    with pypdfium2.PdfDocument(locked, password="0000") as document:
        assert len(document) > 1


@pytest.mark.parametrize("kept", [0.1, 0.3, 0.7, 0.95])
def test_a_truncated_file_does_not_open(kept):
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(truncated(render_pdf(sample()), kept))


def test_a_blank_cell_prints_nothing_and_a_mark_prints_itself():
    report = with_error(sample(), {"table3.new.natural": None, "table3.new.other": "/"})
    row = next(cells for cells in ruled_rows(render_pdf(report)) if cells[0].startswith("一、本年新收"))
    assert row[1] == ""
    assert row[6] == "/"


def test_a_figure_is_never_cut_by_a_line_end_and_no_line_begins_with_a_closing_mark():
    lines = wrap("共收到申请1234567件，（其中网络申请98765件）。" * 9, 90, 10)
    assert "".join(lines) == "共收到申请1234567件，（其中网络申请98765件）。" * 9
    for before, after in pairwise(lines):
        assert not (before[-1].isdigit() and after[0].isdigit())
        assert after[0] not in "，。）"
        assert before[-1] != "（"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_text_dump_holds_every_label_and_figure_of_table_3_in_order(layout):
    report = sample(layout)
    text = squeeze(render_text(report))
    at = text.index("申请人情况")
    for row in report.form.table3_rows:
        wanted = squeeze(row.mark + row.label) + "".join(str(figure) for figure in report.table3[row.key])
        at = text.index(wanted, at)


def test_the_text_dump_looks_like_text_out_of_a_pdf():
    lines = render_text(sample()).splitlines()
    assert lines[1] == ""
    assert "总计商业" in lines
    assert sum(line.startswith(" ") for line in lines) > 3
    assert lines.count("果") == 3 * 3 + 1  # the heads of table 4 and 三、本年度办理结果 fall into characters


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_markdown_dump_keeps_seven_figures_a_row_unless_spans_are_repeated(layout):
    report = sample(layout)
    fields = [line.split("\t") for line in render_markdown(report, repeated=False).splitlines() if "\t" in line]
    filled = [[field for field in row if field] for row in fields]
    for row in report.form.table3_rows:
        figures = [str(figure) for figure in report.table3[row.key]]
        assert any(cells[-7:] == figures for cells in filled), row.key


def test_the_markdown_dump_shifts_breaks_and_repeats():
    report = sample()
    text = render_markdown(report)
    rows = [line.split("\t") for line in text.splitlines() if "\t" in line]
    assert any(row[0].startswith("4. 无正当理由") for row in rows)
    assert any(row[0] == "5. 要求行政机关确认" for row in rows)
    assert any(row[2] == "或重新出具已获取信息" and not any(row[3:]) for row in rows if len(row) > 2)
    total = next(row for row in rows if "(七) 总计" in row)
    assert len(total) == 3 + sum(REPEATS)
    assert text.count("####") == 3
