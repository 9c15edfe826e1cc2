"""Draws an authored report as a ruled PDF in the ways that programs draw tables, and in the ways that spoil them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from infra.demo.authored import AuthoredReport
from infra.demo.grids import Grid, GridCell, table2_grid, table3_grid, table4_grid
from infra.demo.press import FONT, PAGE_WIDTH, wrap
from services.core.report import Report
from services.ingest.readers import read_document

TALL = 1500.0
AGENCY = "临溪县石桥镇人民政府"


@dataclass
class Drawing:
    """How a report is drawn. ``texts``: cell path → other text than the report's."""

    lines: str = "strokes"  # strokes | rectangles | thin | dashed | none | horizontal
    rotate: int = 0
    sideways: bool = False
    form: bool = False
    open_sides: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    over: Callable[[Canvas], None] | None = None
    after_cell: Callable[[Canvas, GridCell, float, float], None] | None = None
    without: frozenset[str] = frozenset()
    spell: Callable[[str], str] = str  # what the text layer says for what is printed
    encrypt: StandardEncryption | None = None
    sections: tuple[str, ...] = ("proactive", "requests", "disputes")
    room: Mapping[str, float] = field(default_factory=dict)  # section without table → points left free for a picture
    words: Mapping[str, str] = field(default_factory=dict)  # words of a head or label → other words
    rows: Mapping[str, str] = field(default_factory=dict)  # label → label of the row whose place it takes


def draw(report: AuthoredReport, how: Drawing) -> bytes:
    """One tall page with everything on it."""
    out = io.BytesIO()
    wide, tall = (TALL, PAGE_WIDTH) if how.sideways else (PAGE_WIDTH, TALL)
    canvas = Canvas(out, pagesize=(wide, tall), invariant=1, encrypt=how.encrypt)
    if how.sideways:
        canvas.translate(wide, 0)
        canvas.rotate(90)
    if how.rotate:
        canvas.setPageRotation(how.rotate)
    y = TALL - 60
    if how.form:
        canvas.beginForm("whole", 0, 0, PAGE_WIDTH, TALL)
    y = line(canvas, how.spell(report.title), y)
    y = line(canvas, how.spell("一、总体情况"), y)
    y = line(canvas, how.spell("本机关认真做好政府信息公开工作，主动公开各类政府信息。"), y)
    grids = {"proactive": table2_grid, "requests": table3_grid, "disputes": table4_grid}
    for section in report.form.sections[1:4]:
        y = line(canvas, how.spell(section.heading), y)
        if section.key in how.sections:
            y = table(canvas, reworded(grids[section.key](report), how), y, how)
        elif section.key in how.room:
            y -= how.room[section.key] + 16
    y = line(canvas, how.spell("五、存在的主要问题及改进情况"), y)
    y = line(canvas, how.spell("公开的内容还不够全面，下一步加以改进。"), y)
    y = line(canvas, how.spell("六、其他需要报告的事项"), y)
    line(canvas, how.spell("本年度没有收取信息处理费。"), y)
    if how.over:
        how.over(canvas)
    if how.form:
        canvas.endForm()
        canvas.doForm("whole")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def reworded(grid: Grid, how: Drawing) -> Grid:
    """The grid with other words in heads and labels, and rows at other places."""
    at = {cell.text: cell.row for cell in grid.cells if not cell.path}
    moved = {at[label]: at[place] for label, place in how.rows.items() if label in at}
    cells = tuple(
        replace(
            cell,
            text=how.words.get(cell.text, cell.text) if not cell.path else cell.text,
            row=moved.get(cell.row, cell.row) if cell.rows == 1 else cell.row,
        )
        for cell in grid.cells
    )
    return replace(grid, cells=cells)


def line(canvas: Canvas, text: str, y: float) -> float:
    canvas.setFont(FONT, 12)
    canvas.drawString(60, y - 12, text)
    return y - 24


def table(canvas: Canvas, grid: Grid, y: float, how: Drawing) -> float:
    unit = (PAGE_WIDTH - 120) / sum(grid.widths)
    xs = [60.0]
    for width in grid.widths:
        xs.append(xs[-1] + width * unit)
    wrapped = {
        id(c): wrap(how.texts.get(c.path, c.text), xs[c.column + c.columns] - xs[c.column] - 4, 8) for c in grid.cells
    }
    heights = [14.0] * grid.height
    for cell in sorted(grid.cells, key=lambda c: c.rows):
        needed = 10 * len(wrapped[id(cell)]) + 4
        missing = needed - sum(heights[cell.row : cell.row + cell.rows])
        if missing > 0:
            heights[cell.row + cell.rows - 1] += missing
    ys = [y]
    for height in heights:
        ys.append(ys[-1] - height)
    for cell in grid.cells:
        if cell.path in how.without and cell.path:
            continue
        box = (xs[cell.column], ys[cell.row + cell.rows], xs[cell.column + cell.columns], ys[cell.row])
        edge = (how.open_sides and cell.column == 0, how.open_sides and cell.column + cell.columns == len(grid.widths))
        rule(canvas, how.lines, box, edge)
        middle = (box[1] + box[3]) / 2 + 5 * len(wrapped[id(cell)])
        canvas.setFont(FONT, 8)
        for number, text in enumerate(wrapped[id(cell)]):
            canvas.drawCentredString((box[0] + box[2]) / 2, middle - 8 - 10 * number, how.spell(text))
        if how.after_cell:
            how.after_cell(canvas, cell, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return ys[-1] - 16


def rule(canvas: Canvas, kind: str, box: tuple[float, float, float, float], edge: tuple[bool, bool]) -> None:
    x0, y0, x1, y1 = box
    if kind == "none":
        return
    if kind == "rectangles":
        canvas.rect(x0, y0, x1 - x0, y1 - y0)
        return
    canvas.setDash(*((2.0, 2.5) if kind == "dashed" else ()))
    sides = [(x0, y0, x1, y0), (x0, y1, x1, y1)]
    if kind != "horizontal":
        sides += [] if edge[0] else [(x0, y0, x0, y1)]
        sides += [] if edge[1] else [(x1, y0, x1, y1)]
    for a, b, c, d in sides:
        if kind == "thin":
            canvas.rect(min(a, c) - 0.25, min(b, d) - 0.25, abs(c - a) + 0.5, abs(d - b) + 0.5, stroke=0, fill=1)
        else:
            canvas.line(a, b, c, d)
    canvas.setDash()


def read(data: bytes) -> Report:
    (report,) = read_document(data, filename="drawn.pdf").reports
    return report


def tables(report: Report) -> dict[str, object]:
    return {
        "table2": report.table2,
        "table3": {"rows": report.table3.rows} if report.table3 else None,
        "table4": report.table4,
    }


def silent_errors(read_back: Report, authored: AuthoredReport) -> list[str]:
    """Cells that are vouched for and do not say what is printed; a figure taken for a blank is such a cell too."""
    unsure = set(read_back.uncertain)
    wrong = []
    for path in authored.paths():
        printed = authored.figure(path)
        cell = read_back.cells.get(path)
        if cell is not None and path not in unsure:
            value = None if isinstance(printed, str) else printed
            if read_back.figure(path) != value:
                wrong.append(path)
    return wrong
