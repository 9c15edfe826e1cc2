"""Word documents: merged cells, vertical text, nested and floating tables, list numbers, tracked changes, text boxes."""

from __future__ import annotations

import random
from dataclasses import replace

from infra.demo.grids import GridCell
from tests.corpus.docx import Runs, Word, document, number_of, run, table_xml, without_number
from tests.corpus.layouts_html import FORMS, cut_below
from tests.corpus.registry import Made, Order, layout
from tests.corpus.sheet import Sheet, Table

_FLOATING = (
    '<w:tblpPr w:leftFromText="180" w:rightFromText="180" w:vertAnchor="text" w:horzAnchor="margin" w:tblpY="100"/>'
)
_MARK = 'w:id="{n}" w:author="office" w:date="2025-01-10T09:00:00Z"'


_NARROW = frozenset({"结果维持", "结果纠正", "其他结果", "尚未审结"})


def narrow(cell: GridCell) -> bool:
    """The tall head at the left of table 3 and the heads of table 4's columns."""
    return not cell.path and cell.columns == 1 and (cell.rows > 10 or cell.text.replace(" ", "") in _NARROW)


@layout("office", suffix="docx", forms=FORMS)
def docx_plain(order: Order) -> Made:
    """Merged cells, repeated head rows, page numbers in the foot."""
    return document([order.sheet.story()], Word())


@layout("office", suffix="docx")
def docx_vertical_text(order: Order) -> Made:
    """Vertical text direction in narrow heads."""
    return document([order.sheet.story()], Word(upright=narrow))


@layout("office", suffix="docx")
def docx_nested_tables(order: Order) -> Made:
    """Every table inside the cell of another."""

    def around(xml: str, _table: Table) -> str:
        cell = f'<w:tc><w:tcPr><w:tcW w:w="9000" w:type="dxa"/></w:tcPr><w:p/>{xml}<w:p/></w:tc>'
        return f'<w:tbl><w:tblPr><w:tblW w:w="9000" w:type="dxa"/></w:tblPr><w:tblGrid><w:gridCol w:w="9000"/></w:tblGrid><w:tr>{cell}</w:tr></w:tbl>'

    return document([order.sheet.story()], Word(around=around))


@layout("office", suffix="docx")
def docx_floating_tables(order: Order) -> Made:
    """Tables that float beside the text."""
    return document([order.sheet.story()], Word(properties=_FLOATING))


@layout("office", suffix="docx")
def docx_list_numbers(order: Order) -> Made:
    """The numbers of rows and groups come from lists and stand nowhere in the text."""
    return document([order.sheet.story()], list_numbered(order.sheet))


def list_numbered(sheet: Sheet) -> Word:
    """A document whose item numbers are counted by Word: a new list for each group of rows."""
    lists: list[str] = []
    numbers: dict[tuple[int, int], str] = {}
    texts: dict[tuple[int, int], str] = {}
    grid = sheet.grid("table3")
    for cell in sorted(grid.cells, key=lambda c: (c.row, c.column)):
        mark, rest = without_number(cell.text)
        if cell.path or cell.row < grid.head or not mark.strip()[:2].strip("（(. ．、）)").isdigit():
            continue
        if mark.strip().strip("（(. ．、）)") == "1" or not lists:
            lists.append(f"decimal|{mark.replace(mark.strip(' .（()）．、'), '%1')}|{mark.strip(' .（()）．、')}")
        numbers[cell.row, cell.column] = number_of(len(lists) - 1)
        texts[cell.row, cell.column] = rest

    def runs(cell: GridCell) -> str:
        at = (cell.row, cell.column)
        listed = at in numbers and not cell.path and cell.columns == 1 and len(cell.text) > 1 and cell.align == "left"
        return run(texts[at] if listed else cell.text)

    def numbered(cell: GridCell) -> str:
        at = (cell.row, cell.column)
        return numbers.get(at, "") if cell.align == "left" and not cell.path else ""

    return Word(runs=runs, numbers=numbered, lists=tuple(lists))


@layout("office", suffix="docx")
def docx_tracked_changes(order: Order) -> Made:
    """Figures and words changed under revision: what was inserted is printed, what was deleted is not."""
    return document([order.sheet.story()], Word(runs=_revised(order.rng)))


def _revised(rng: random.Random) -> Runs:
    count = iter(range(1, 100_000))

    def runs(cell: GridCell) -> str:
        if rng.random() < 0.6 or not cell.text:
            return run(cell.text)
        old = str(rng.randint(0, 999)) if cell.path else "旧" + cell.text[:2]
        gone = (
            f'<w:del {_MARK.format(n=next(count))}><w:r><w:delText xml:space="preserve">{old}</w:delText></w:r></w:del>'
        )
        at = rng.randint(0, len(cell.text) - 1)
        new = f"<w:ins {_MARK.format(n=next(count))}>{run(cell.text[at:])}</w:ins>"
        parts = [run(cell.text[:at]), gone, new]
        if rng.random() < 0.3:
            parts = [gone, run(cell.text[:at]), new]
        return "".join(parts)

    return runs


@layout("office", suffix="docx")
def docx_deleted_rows(order: Order) -> Made:
    """Whole rows deleted and inserted again under revision; the deleted ones hold other figures."""
    rng = order.rng
    word = Word()

    def around(xml: str, _table: Table) -> str:
        rows = xml.split("<w:tr>")
        for index in sorted(rng.sample(range(4, len(rows)), min(3, len(rows) - 4)), reverse=True):
            old = rows[index].replace("<w:t ", "<w:delText ").replace("</w:t>", "</w:delText>")
            old = old.replace("<w:r>", f"<w:del {_MARK.format(n=index)}><w:r>").replace("</w:r>", "</w:r></w:del>")
            old = old.split("</w:tr>")[0].replace(">0<", ">5<") + "</w:tr>"
            if "vMerge" not in old:
                rows.insert(index, f"<w:trPr><w:del {_MARK.format(n=900 + index)}/></w:trPr>{old}")
        return "<w:tr>".join(rows)

    return document([order.sheet.story()], replace(word, around=around))


@layout("office", suffix="docx")
def docx_split_runs(order: Order) -> Made:
    """Text cut into many runs, among fields, bookmarks, hidden words, tabs, content controls and proofing marks."""
    return document([order.sheet.story()], Word(runs=_scattered(order.rng)))


def _letters(text: str) -> str:
    return "".join(run(char) for char in text)


def _with_hidden(text: str) -> str:
    return run("888", extra="<w:vanish/>") + run(text)


def _field(text: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> =SUM(LEFT) \\# 0 '
        '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'{run(text)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def _control(text: str) -> str:
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{run(text)}</w:sdtContent></w:sdt>"


def _proofed(text: str) -> str:
    return f'<w:proofErr w:type="gramStart"/>{run(text[:1])}<w:proofErr w:type="gramEnd"/>{run(text[1:])}'


def _linked(text: str) -> str:
    return f'<w:hyperlink w:anchor="a">{run(text)}</w:hyperlink>'


def _tagged(text: str) -> str:
    return f'<w:smartTag w:uri="u" w:element="e">{run(text)}</w:smartTag>'


_WAYS = (_letters, _with_hidden, _field, _control, _proofed, _linked, _tagged)
_EMPTY = ("", "<w:r><w:t/></w:r>", '<w:bookmarkStart w:id="0" w:name="a"/><w:bookmarkEnd w:id="0"/>')


def _scattered(rng: random.Random) -> Runs:
    return lambda cell: rng.choice(_WAYS)(cell.text) if cell.text else rng.choice(_EMPTY)


@layout("office", suffix="docx")
def docx_text_boxes(order: Order) -> Made:
    """Table 3 or 4 inside a text box, stored twice: for new programs and for old ones."""
    boxed = order.rng.choice(("table3", "table4"))

    def around(xml: str, table: Table) -> str:
        if table.key != boxed:
            return xml
        inside = f"<w:txbxContent>{xml}<w:p/></w:txbxContent>"
        new = (
            '<mc:Choice Requires="wps"><w:drawing><wp:inline><wp:extent cx="5400000" cy="7200000"/><wp:docPr id="1" name="box"/>'
            '<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp>'
            f"<wps:cNvSpPr/><wps:spPr/><wps:txbx>{inside}</wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData></a:graphic>"
            "</wp:inline></w:drawing></mc:Choice>"
        )
        old = f"<mc:Fallback><w:pict><v:shape><v:textbox>{inside}</v:textbox></v:shape></w:pict></mc:Fallback>"
        return f"<w:p><w:r><mc:AlternateContent>{new}{old}</mc:AlternateContent></w:r></w:p>"

    return document([order.sheet.story()], Word(around=around))


@layout("office", suffix="docx")
def docx_cut_table(order: Order) -> Made:
    """Table 3 cut by hand into two tables at a page break."""

    def table(piece: Table) -> str:
        if piece.key != "table3":
            return table_xml(piece.grid, word)
        upper, lower = cut_below(piece.grid, order.rng.randint(6, piece.grid.height - 3))
        return f'{table_xml(upper, word)}<w:p><w:r><w:br w:type="page"/></w:r></w:p>{table_xml(lower, word)}'

    word = Word(table=table)
    return document([order.sheet.story()], word)


@layout("two_in_one", suffix="docx", reports=2)
def docx_two_reports(order: Order) -> Made:
    """Two reports in one Word file."""
    return document([sheet.story() for sheet in order.sheets], Word())
