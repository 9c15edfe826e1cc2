"""Writes a report as a Word document (ECMA-376), with the things that Word puts into one."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

from infra.demo.grids import Grid, GridCell
from tests.corpus.sheet import Piece, Table, Words

Runs = Callable[[GridCell], str]
"""The inside of a cell's paragraph."""

_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMESPACES: Final = (
    f'xmlns:w="{_W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"'
)
_TYPES: Final = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>
<Override PartName="/word/numbering.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml"/>
<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>
</Types>"""
_ROOT: Final = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>
</Relationships>"""
_PARTS: Final = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>
<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering" Target="numbering.xml"/>
<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/>
</Relationships>"""
_STYLES: Final = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="WenQuanYi Micro Hei"
w:eastAsia="WenQuanYi Micro Hei" w:hAnsi="WenQuanYi Micro Hei"/><w:sz w:val="24"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:pPr><w:jc
w:val="center"/></w:pPr><w:rPr><w:sz w:val="40"/></w:rPr></w:style></w:styles>"""
_FOOTER: Final = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:ftr xmlns:w="{_W}"><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:t>— </w:t></w:r><w:fldSimple w:instr=" PAGE ">
<w:r><w:t>1</w:t></w:r></w:fldSimple><w:r><w:t> —</w:t></w:r></w:p></w:ftr>"""
_WIDE: Final = 8900
"""Width of a table in twentieths of a point."""


def run(text: str, size: int = 18, extra: str = "") -> str:
    """A run of text; ``size`` in half points."""
    if not text:
        return ""
    return f'<w:r><w:rPr>{extra}<w:sz w:val="{size}"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def plain_runs(cell: GridCell) -> str:
    """The whole text in one run."""
    return run(cell.text)


@dataclass(frozen=True)
class Word:
    """How a document is written.

    ``runs``: what stands in a cell's paragraph. ``numbers``: a cell → list number properties, or "". ``upright``: cells
    with vertical text, whose rows are made high enough. ``around``: what is put around a finished table. ``properties``: further table properties.
    ``table``: the markup of a whole table, when it is not `table_xml`'s. ``lists``: the abstract lists of the document.
    ``edge``: kind of the tables' borders, as Word names them.
    """

    runs: Runs = plain_runs
    numbers: Callable[[GridCell], str] = field(default=lambda _cell: "")
    upright: Callable[[GridCell], bool] = field(default=lambda _cell: False)
    around: Callable[[str, Table], str] = field(default=lambda xml, _table: xml)
    properties: str = ""
    table: Callable[[Table], str] | None = None
    lists: tuple[str, ...] = ()
    edge: str = "single"


def document(stories: Sequence[Sequence[Piece]], word: Word) -> bytes:
    """The bytes of a .docx with these reports, each on a new page."""
    body: list[str] = []
    for number, story in enumerate(stories):
        if number:
            body.append('<w:p><w:r><w:br w:type="page"/></w:r></w:p>')
        body += [paragraph(piece) if isinstance(piece, Words) else _whole_table(piece, word) for piece in story]
    closing = (
        '<w:sectPr><w:footerReference w:type="default" r:id="rId3"/><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1500" w:header="700" w:footer="700" w:gutter="0"/></w:sectPr>'
    )
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:document {_NAMESPACES}><w:body>{"".join(body)}{closing}</w:body></w:document>'
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _ROOT,
        "word/document.xml": xml,
        "word/_rels/document.xml.rels": _PARTS,
        "word/styles.xml": _STYLES,
        "word/footer1.xml": _FOOTER,
        "word/numbering.xml": _numbering(word.lists),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 20, 8, 0, 0)), text)
    return out.getvalue()


def paragraph(piece: Words) -> str:
    """A paragraph outside the tables."""
    style = '<w:pStyle w:val="Title"/>' if piece.kind == "title" else ""
    side = '<w:jc w:val="right"/>' if piece.kind == "closing" else ""
    size = {"title": 40, "heading": 30}.get(piece.kind, 28)
    return f"<w:p><w:pPr>{style}{side}</w:pPr>{run(piece.text, size)}</w:p>"


def _whole_table(piece: Table, word: Word) -> str:
    made = word.table(piece) if word.table else table_xml(piece.grid, word)
    # two tables without a paragraph between would become one
    return word.around(made, piece) + "<w:p/>"


def table_xml(grid: Grid, word: Word) -> str:
    """A table with merged cells."""
    unit = _WIDE / sum(grid.widths)
    edges = "".join(f'<w:{side} w:val="{word.edge}" w:sz="4" w:space="0" w:color="000000"/>' for side in _SIDES)
    columns = "".join(f'<w:gridCol w:w="{round(width * unit)}"/>' for width in grid.widths)
    rows = "".join(_row(grid, row, word) for row in range(grid.height))
    return (
        f'<w:tbl><w:tblPr>{word.properties}<w:tblW w:w="{_WIDE}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl>'
    )


_SIDES: Final = ("top", "left", "bottom", "right", "insideH", "insideV")


def _row(grid: Grid, row: int, word: Word) -> str:
    cells = sorted((c for c in grid.cells if c.row <= row < c.row + c.rows), key=lambda c: c.column)
    head = "<w:tblHeader/>" if row < grid.head else ""
    tall = max((len(cell.text) for cell in cells if word.upright(cell) and cell.rows < 4), default=0)
    height = f'<w:trHeight w:val="{tall * 260}" w:hRule="atLeast"/>' if tall else ""
    own = f"<w:trPr>{height}{head}</w:trPr>" if height or head else ""
    return f"<w:tr>{own}{''.join(_cell(grid, cell, row, word) for cell in cells)}</w:tr>"


def _cell(grid: Grid, cell: GridCell, row: int, word: Word) -> str:
    width = round(sum(grid.widths[cell.column : cell.column + cell.columns]) * _WIDE / sum(grid.widths))
    first = row == cell.row
    merge = ("" if cell.rows == 1 else '<w:vMerge w:val="restart"/>') if first else "<w:vMerge/>"
    span = f'<w:gridSpan w:val="{cell.columns}"/>' if cell.columns > 1 else ""
    turned = '<w:textDirection w:val="tbRlV"/>' if word.upright(cell) else ""
    side = "left" if cell.align == "left" else "center"
    inside = word.runs(cell) if first else ""
    number = word.numbers(cell) if first else ""
    properties = f'<w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}{turned}<w:vAlign w:val="center"/>'
    return f'<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:pPr>{number}<w:jc w:val="{side}"/></w:pPr>{inside}</w:p></w:tc>'


def without_number(label: str) -> tuple[str, str]:
    """The list mark in front of a label and the rest: ``1.``, ``（三）``, ``四、``; an empty mark when there is none."""
    match = re.match(r"(?:[（(]?[一二三四五六七]?[）)]|[一二三四]、|[（(]?\d{1,2}[）)．.、]?\s?\.?\s?)", label)
    return (match[0], label[match.end() :]) if match and match[0] else ("", label)


def _numbering(lists: Sequence[str]) -> str:
    """Each list is ``format|text|start``: decimal or chineseCounting, the level's text, the first number."""
    abstract, numbers = [], []
    for index, one in enumerate(lists):
        kind, text, start = one.split("|")
        abstract.append(
            f'<w:abstractNum w:abstractNumId="{index}"><w:multiLevelType w:val="singleLevel"/><w:lvl w:ilvl="0">'
            f'<w:start w:val="{start}"/><w:numFmt w:val="{kind}"/><w:suff w:val="nothing"/><w:lvlText w:val="{escape(text)}"/>'
            f'<w:lvlJc w:val="left"/></w:lvl></w:abstractNum>'
        )
        numbers.append(f'<w:num w:numId="{index + 1}"><w:abstractNumId w:val="{index}"/></w:num>')
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:numbering xmlns:w="{_W}">'
        f"{''.join(abstract)}{''.join(numbers)}</w:numbering>"
    )


def number_of(list_index: int) -> str:
    """The paragraph property that takes the next number of a list (index in ``Word.lists``)."""
    return f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{list_index + 1}"/></w:numPr>'
