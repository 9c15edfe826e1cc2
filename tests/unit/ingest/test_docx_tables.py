"""Tables of Word documents as rows of cells: spans, gaps, places, rows and cells that changes have taken away."""

from __future__ import annotations

import pytest

from infra.demo.grids import GridCell, table3_grid
from services.ingest.recognise.primitives import Entry, TableRow
from tests.unit.ingest.drawn_reports import tables
from tests.unit.ingest.test_docx_reports import AUTHORED, assert_exact, only_report
from tests.unit.ingest.test_docx_text import items, lines, rows
from tests.unit.ingest.written_documents import body, docx, paragraph, table


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def whole(*lines: str, widths: tuple[int, ...] = (), properties: str = "") -> str:
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"


def cells(content: str) -> list[list[Entry]]:
    return [item.cells for item in items(content) if isinstance(item, TableRow)]


SPAN = '<w:gridSpan w:val="{}"/>'.format
DOWN, ON = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"


def sides(content: str) -> list[list[tuple[str, float | None, float | None]]]:
    return [[(entry.text, entry.left, entry.right) for entry in line] for line in cells(content)]


def test_columns_lie_where_the_grid_says() -> None:
    content = whole(row(cell("a", SPAN(2)), cell("b")), row(cell("c"), cell("d"), cell("e")), widths=(400, 600, 1000))
    assert sides(content) == [
        [("a", 0, 50), ("b", 50, 100)],
        [("c", 0, 20), ("d", 20, 50), ("e", 50, 100)],
    ]


@pytest.mark.parametrize("widths", [(), (0, 0, 0), (400, 600)])
def test_without_a_sound_grid_columns_are_equally_wide(widths: tuple[int, ...]) -> None:
    content = whole(row(cell("a", SPAN(2)), cell("b")), row(cell("c"), cell("d"), cell("e")), widths=widths)
    assert sides(content) == [
        [("a", 0, 100), ("b", 100, 150)],
        [("c", 0, 50), ("d", 50, 100), ("e", 100, 150)],
    ]


def test_a_cell_over_rows_is_the_same_in_each() -> None:
    content = whole(
        row(cell("a", DOWN), cell("b")), row(cell("", ON), cell("c")), row(cell("", '<w:vMerge w:val="continue"/>'), cell("d"))
    )  # fmt: skip
    first, second, third = cells(content)
    assert first[0] is second[0] is third[0]
    assert [line[1].text for line in (first, second, third)] == ["b", "c", "d"]
    assert (first[0].place.line, first[0].place.column, third[1].place.line, third[1].place.column) == (1, 1, 3, 2)


def test_a_lower_part_with_nothing_above_is_a_cell_of_its_own() -> None:
    assert rows(whole(row(cell("1", ON), cell("2", ON)))) == [["1", "2"]]
    assert rows(whole(row(cell("1"), cell("2")), row(cell("3", ON + SPAN(2)), cell("4")))) == [["1", "2"], ["3", "4"]]


def test_text_in_the_part_that_does_not_show_is_doubted() -> None:
    first, _ = cells(whole(row(cell("5", DOWN), cell("b")), row(cell("7", ON), cell("c"))))
    assert first[0].text == "5"
    assert "未显示" in first[0].doubt


def test_free_columns_before_and_after_a_row() -> None:
    content = whole(
        row(cell("a"), cell("b"), cell("c")),
        row(cell("d"), properties='<w:gridBefore w:val="1"/><w:gridAfter w:val="1"/>'),
        widths=(400, 600, 1000),
    )
    assert sides(content)[1] == [("d", 20, 50)]


def test_old_merges_across() -> None:
    content = whole(
        row(cell("a", '<w:hMerge w:val="restart"/>'), cell("", '<w:hMerge w:val="continue"/>'), cell("b")),
        row(cell("c"), cell("d"), cell("e")),
    )
    assert sides(content)[0] == [("a", 0, 100), ("b", 100, 150)]


def test_rows_that_only_state_widths_are_placed_by_them() -> None:
    def wide(text: str, width: int) -> str:
        return cell(text, f'<w:tcW w:w="{width}" w:type="dxa"/>')

    content = whole(row(wide("a", 1000), wide("b", 1000)), row(wide("c", 400), wide("d", 600), wide("e", 1010)))
    assert sides(content)[0] == [("a", 0, 50), ("b", 50, 100)]
    assert [entry[0] for entry in sides(content)[1]] == ["c", "d", "e"]
    assert sides(content)[1][1][1:] == (20, 50)


def test_ragged_rows_without_widths_have_no_places() -> None:
    content = whole(row(cell("a"), cell("b")), row(cell("c"), cell("d"), cell("e")))
    assert {entry.left for line in cells(content) for entry in line} == {None}


def test_strict_widths_carry_a_unit() -> None:
    grid = '<w:gridCol w:w="1in"/><w:gridCol w:w="20pt"/>'
    content = f"<w:tbl><w:tblGrid>{grid}</w:tblGrid>{row(cell('a'), cell('b'))}</w:tbl>"
    assert sides(content) == [[("a", 0, 72), ("b", 72, 92)]]


def test_a_table_from_right_to_left_is_read_as_it_is_seen() -> None:
    content = whole(row(cell("a"), cell("b")), widths=(400, 600), properties="<w:bidiVisual/>")
    assert sides(content) == [[("b", 0, 30), ("a", 30, 50)]]


def test_rows_and_cells_that_changes_take_away_are_gone() -> None:
    deleted = row(cell("x"), cell("y"), properties='<w:del w:id="1"/>')
    hidden = row(cell("x"), cell("y"), properties="<w:hidden/>")
    inserted = row(cell("c"), cell("d"), properties='<w:ins w:id="2"/>')
    assert rows(whole(row(cell("a"), cell("b")), deleted, hidden, inserted)) == [["a", "b"], ["c", "d"]]
    less = row(cell("a"), cell("x", '<w:cellDel w:id="1"/>'), cell("b", '<w:cellIns w:id="2"/>'))
    assert rows(whole(less)) == [["a", "b"]]
    merged = whole(row(cell("a"), cell("b")), row(cell("", '<w:cellMerge w:vMerge="cont"/>'), cell("c")))
    assert rows(merged) == [["a", "b"], ["a", "c"]]


def test_rows_and_cells_in_controls_are_rows_and_cells() -> None:
    def control(content: str) -> str:
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"

    assert rows(whole(control(row(cell("a"), control(cell("b")))), f"<w:customXml>{row(cell('c'), cell('d'))}</w:customXml>")) == [
        ["a", "b"],
        ["c", "d"],
    ]  # fmt: skip


def test_a_table_of_one_column_is_prose() -> None:
    assert lines(whole(row(cell("甲")), row(cell("乙")))) == ["甲", "乙"]


def test_a_table_in_a_cell_beside_others_is_a_table_of_its_own() -> None:
    inner = whole(row(cell("1"), cell("2")), row(cell("3"), cell("4")))
    outer = whole(row(cell("a"), f"<w:tc><w:tcPr/>{inner}{paragraph('')}</w:tc>"), row(cell("b"), cell("c")))
    assert rows(outer) == [["a"], ["1", "2"], ["3", "4"], ["b", "c"]]
    assert len({item.grid for item in items(outer) if isinstance(item, TableRow)}) == 2


def test_rows_exchanged_or_missing_in_the_markup_are_read_by_their_label() -> None:
    grid = table3_grid(AUTHORED)
    upper, first, second, lower = (
        table(grid, rows=part) for part in (slice(0, 3), slice(3, 4), slice(4, 5), slice(5, None))
    )
    report = only_report(docx(body(AUTHORED, {"requests": upper + second + first + lower})))
    assert tables(report) == AUTHORED.tables()


def test_columns_in_another_order_are_read_by_their_heading() -> None:
    def swapped(one: GridCell) -> str:
        return paragraph(one.text)

    grid = table3_grid(AUTHORED)
    order = {4: 5, 5: 4}
    moved = type(grid)(
        grid.widths, grid.height, grid.head,
        tuple(
            type(c)(c.row, order.get(c.column, c.column), c.text, c.rows, c.columns, c.align, c.path)
            if c.columns == 1 and c.row >= 2 else c
            for c in grid.cells
        ),
    )  # fmt: skip
    assert_exact(only_report(docx(body(AUTHORED, {"requests": table(moved, swapped)}))), AUTHORED)
