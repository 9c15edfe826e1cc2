"""Writes Word documents part by part, in the ways that word processors write them and in the ways people bend them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from xml.sax.saxutils import escape

from infra.demo.authored import AuthoredReport
from infra.demo.grids import Grid, GridCell, table2_grid, table3_grid, table4_grid

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_NAMESPACES = {
    "w": W,
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "v": "urn:schemas-microsoft-com:vml",
    "wpsCustomData": "http://www.wps.cn/officeDocument/2013/wpsCustomData",
}
NAMESPACES = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in _NAMESPACES.items())
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TWIPS = 400
"""Twentieths of a point for one unit of a grid's width."""

CellWriter = Callable[[GridCell], str]
"""The content of a cell (``w:p`` and ``w:tbl`` elements), for one cell of a grid."""


def run(text: str, properties: str = "") -> str:
    """A run with direct formatting as word processors repeat it."""
    look = f'<w:rPr><w:rFonts w:ascii="仿宋" w:eastAsia="仿宋"/>{properties}<w:sz w:val="21"/></w:rPr>'
    return f'<w:r>{look}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(content: str, properties: str = "") -> str:
    """A paragraph of `content`, which is text or, when it begins with ``<``, markup."""
    inner = content if content.startswith("<") else run(content) if content else ""
    about = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f'<w:p w:rsidR="00A77B3E" w:rsidRDefault="00A77B3E">{about}{inner}</w:p>'


def plain_cell(cell: GridCell) -> str:
    """One paragraph with the cell's text."""
    return paragraph(cell.text)


def table(grid: Grid, write: CellWriter = plain_cell, *, properties: str = "", rows: slice = slice(None)) -> str:
    """A grid as ``w:tbl``: spans across by gridSpan, spans down by vMerge, upright text in high narrow cells."""
    at = {(cell.row + down, cell.column): cell for cell in grid.cells for down in range(cell.rows)}
    lines = []
    for row in range(grid.height)[rows]:
        cells = "".join(
            _cell(grid, cell, row, rows.start or 0, write)
            for (where, _), cell in sorted(at.items(), key=_place)
            if where == row
        )
        lines.append(f"<w:tr>{cells}</w:tr>")
    columns = "".join(f'<w:gridCol w:w="{round(width * TWIPS)}"/>' for width in grid.widths)
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr><w:tblGrid>{columns}</w:tblGrid>{''.join(lines)}</w:tbl>"


def _place(item: tuple[tuple[int, int], GridCell]) -> tuple[int, int]:
    return item[0]


def _cell(grid: Grid, cell: GridCell, row: int, first: int, write: CellWriter) -> str:
    width = round(sum(grid.widths[cell.column : cell.column + cell.columns]) * TWIPS)
    about = f'<w:tcW w:w="{width}" w:type="dxa"/>'
    if cell.columns > 1:
        about += f'<w:gridSpan w:val="{cell.columns}"/>'
    top = row in (cell.row, first)
    if cell.rows > 1:
        about += '<w:vMerge w:val="restart"/>' if top else "<w:vMerge/>"
    if cell.rows > 6:
        about += '<w:textDirection w:val="tbRlV"/>'
    return f"<w:tc><w:tcPr>{about}</w:tcPr>{write(cell) if top else paragraph('')}</w:tc>"


def body(report: AuthoredReport, tables: Mapping[str, str] | None = None, *, numbered: bool = False) -> str:
    """The whole report as body content; `tables` replaces those of some sections.

    ``numbered``: section headings carry no number of their own, list 1 gives it.
    """
    shown = {"proactive": table(table2_grid(report)), "requests": table(table3_grid(report))}
    shown |= {"disputes": table(table4_grid(report)), **(tables or {})}
    parts = [paragraph(report.title), *map(paragraph, report.opening.split("\n"))]
    for section in report.form.sections:
        if numbered:
            words = section.heading.partition("、")[2]
            parts.append(paragraph(words, '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'))
        else:
            parts.append(paragraph(section.heading))
        if section.key in shown:
            parts.append(shown[section.key])
        else:
            parts += map(paragraph, report.prose[section.key].split("\n"))
    parts += [paragraph(report.signature), paragraph(report.date_text)]
    return "".join(parts)


def document(content: str) -> bytes:
    """The main part around body content."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    section = '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'
    return f"{head}<w:document {NAMESPACES}><w:body>{content}{section}</w:body></w:document>".encode()


def numbering(*abstract: str, lists: Sequence[str] = ()) -> bytes:
    """A numbering part: one list for each abstract list, numbered from 1, then `lists`."""
    own = [f'<w:num w:numId="{n + 1}"><w:abstractNumId w:val="{n}"/></w:num>' for n in range(len(abstract))]
    kinds = [f'<w:abstractNum w:abstractNumId="{n}">{levels}</w:abstractNum>' for n, levels in enumerate(abstract)]
    return f"<w:numbering {NAMESPACES}>{''.join([*kinds, *own, *lists])}</w:numbering>".encode()


def level(depth: int, number_format: str, text: str, more: str = "", *, start: int = 1) -> str:
    """One level of an abstract list."""
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{number_format}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def styles(*definitions: str) -> bytes:
    """A styles part."""
    return f"<w:styles {NAMESPACES}>{''.join(definitions)}</w:styles>".encode()


def package(parts: Mapping[str, bytes], *, main: str = "word/document.xml", main_type: str = _MAIN_TYPE) -> bytes:
    """A zip package of these parts with content types and relations."""
    folder, _, file = main.rpartition("/")
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{kind}.xml"/>'
        for n, kind in enumerate(("styles", "numbering"))
        if f"{folder}/{kind}.xml" in parts
    )
    everything = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            f'<Override PartName="/{main}" ContentType="{main_type}"/></Types>'
        ).encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{_RELATIONS}">'
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="{main}"/></Relationships>'
        ).encode(),
        f"{folder}/_rels/{file}.rels": f'<Relationships xmlns="{_RELATIONS}">{related}</Relationships>'.encode(),
        **parts,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in everything.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(content: str, **parts: bytes) -> bytes:
    """A package around body content; `parts` are those of the folder ``word`` by name without suffix."""
    return package({"word/document.xml": document(content), **{f"word/{k}.xml": v for k, v in parts.items()}})
