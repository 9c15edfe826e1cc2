"""The same reports as other programs hand them on: plain text out of a PDF, and tab-separated Markdown."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

from infra.demo.authored import AuthoredReport
from infra.demo.grids import Grid, corner_note, group_heading, printed_text, table2_grid, table3_grid, table4_grid
from infra.demo.press import wrap
from services.core.form import Form, Row

PROSE_EM: Final = 26
"""Characters in a line of prose of the plain text."""
LABEL_EM: Final = {"": 20, "results": 14}
"""Characters in a line of a row label outside the groups of table 3; inside a group there are nine."""
PAGE_LINES: Final = 29
"""Lines on a page of the plain text."""

REPEATS: Final = (2, 2, 1, 2, 2, 1, 2)
"""How often a converter that splits spanned cells repeats each of the seven figures of table 3: twelve in all."""


def render_text(report: AuthoredReport) -> str:
    """A plain text dump of a PDF, as text extraction without layout gives it.

    A blank line stands between all lines, lines are cut in mid-sentence, table heads fall into scraps of one or two
    characters, and the seven figures of a row follow below a label of several lines. A line that begins with a blank is
    the first of a page. Blank cells leave no trace.
    """
    tables = {"proactive": _text_table2, "requests": _text_table3, "disputes": _text_table4}
    lines = [report.agency, report.title.removeprefix(report.agency), *_folded(report.opening)]
    for section in report.form.sections:
        lines.append(section.heading)
        lines += tables[section.key](report) if section.key in tables else _folded(report.prose[section.key])
    lines += [report.signature, report.date_text]
    text = ""
    for index, line in enumerate(lines):
        if line:
            text += ("\n " if text else " ") + line if index % PAGE_LINES == 0 else f"\n\n{line}"
    return text.replace("\x0b", "\n") + "\n\n\n"


def _folded(prose: str) -> list[str]:
    return [line for paragraph in prose.splitlines() for line in wrap(paragraph, PROSE_EM, 1, indent=2)]


def _text_table2(report: AuthoredReport) -> list[str]:
    return [" ".join(cell for cell in row if cell) for row in _rows(table2_grid(report))]


def _text_table3(report: AuthoredReport) -> list[str]:
    shape = report.form
    lines = [*wrap(corner_note(shape), 17, 1), "申请人情况"]
    for group, columns in groupby(shape.table3_columns, key=lambda column: column.group):
        scraps = [scrap for column in columns for scrap in _scraps(column.label)]
        if group:
            # the total stands at the height of the spanning head, hence before the first column below it
            lines += [group, shape.table3_columns[-1].label + scraps[0], *scraps[1:]]
        elif lines[-1] == "申请人情况":
            lines += scraps
    seen = {""}
    for row in shape.table3_rows:
        if row.group and "results" not in seen:
            lines += ["三、" if char == "、" else char for char in group_heading(shape, "results")[1:]]
        if row.group not in seen | {"results"}:
            group_head = shape.table3_group[row.group]
            lines += [group_head.mark, *_scraps(group_head.label)]
        seen |= {row.group, "results"} if row.group else set()
        lines += _text_row(report, row)
    return lines


def _text_row(report: AuthoredReport, row: Row) -> list[str]:
    label = wrap(f"{row.mark}{row.label}", LABEL_EM.get(row.group, 9.4), 1)
    figures = " ".join(text for text in map(printed_text, report.table3[row.key]) if text)
    if len(label) == 1:
        return [f"{label[0]} {figures}".rstrip()]
    if len(label) == 2:  # the figures follow at once: a vertical tab stands for the single line end
        return [label[0], f"{label[1]}\x0b{figures}" if figures else label[1]]
    return [*label, figures]


def _text_table4(report: AuthoredReport) -> list[str]:
    rows = _rows(table4_grid(report))
    lines = [" ".join(cell for cell in rows[0] if cell)]
    blocks = report.form.table4_blocks
    heads = [char for column in report.form.table4_columns for char in column.label]
    for grouped, members in groupby(blocks, key=lambda block: bool(block.group)):
        names = [block.label for block in members]
        lines += [" ".join(names)] if grouped else []
        lines += heads * len(names)
    return [*lines, " ".join(cell for cell in rows[3] if cell)]


def _scraps(label: str) -> list[str]:
    return [label[at : at + 2] for at in range(0, len(label), 2)]


def _rows(grid: Grid) -> list[list[str]]:
    """The texts of a grid on its raster; a spanning cell stands in its first field, the others are empty."""
    rows = [[""] * len(grid.widths) for _ in range(grid.height)]
    for cell in grid.cells:
        rows[cell.row][cell.column] = cell.text
    return rows


def render_markdown(report: AuthoredReport, *, repeated: bool = True) -> str:
    """A converter's Markdown with tables as tab-separated lines, damaged as converters do.

    Headings sink deeper for no reason; table 2 falls into two pieces of different width; in table 3 the note stands
    below the head, the rows of （五）不予处理 from the third on are shifted left, the label of the last of them is broken
    by the page, and after the page, if ``repeated``, each row holds twelve figures because spanned cells are repeated.
    """
    depth = {"overview": 2, "proactive": 2, "requests": 3}
    parts = [f"# {_airy(report.agency)} {report.year} 年政府信息公开 工作年度报告", _airy(report.opening)]
    for section in report.form.sections:
        parts.append(f"{'#' * depth.get(section.key, 4)} {section.heading}")
        if section.key == "requests":
            parts += _markdown_table3(report, repeated=repeated)
        elif section.key == "proactive":
            parts += _markdown_table2(report)
        elif section.key == "disputes":
            parts.append(_tabbed(_rows(table4_grid(report))))
        else:
            parts += [_bold(line) for line in report.prose[section.key].splitlines()]
    return "\n\n".join([*parts, report.signature, _airy(report.date_text)]) + "\n"


def _markdown_table2(report: AuthoredReport) -> list[str]:
    """Broken before the third block, as by a page; the second piece has lost the columns that stay empty in it."""
    rows = _rows(table2_grid(report))
    titles = [index for index, row in enumerate(rows) if row[0].startswith("第二十条")]
    cut = titles[2]
    used = 1 + max(index for row in rows[cut:] for index, text in enumerate(row) if text)
    return [_tabbed(rows[:cut]), _tabbed([row[:used] for row in rows[cut:]])]


def _markdown_table3(report: AuthoredReport, *, repeated: bool) -> list[str]:
    shape = report.form
    rows = _rows(table3_grid(report))
    corner = [corner_note(shape), *[""] * 9]
    head = [["", "", *row[3:], *[""] * 3][:10] for row in rows[: table3_grid(report).head]]
    before, after = [*head, corner], []
    rejects = [row.key for row in shape.table3_rows if row.group == "reject"]
    shifted, broken = set(rejects[2:]), rejects[-1]
    past = False
    for row, fields in zip(shape.table3_rows, rows[3:], strict=True):
        labels, figures = [text.replace(".", ". ", 1) for text in fields[:3]], fields[3:]
        if past:
            wide = [text for text, times in zip(figures, REPEATS, strict=True) for _ in range(times if repeated else 1)]
            after.append([*(text.replace("（六）", "(六) ").replace("（七）", "(七) ") for text in labels), *wide])
        elif row.key in shifted:
            upper, lower = _cut(labels[2]) if row.key == broken else (labels[2], "")
            before.append([upper, "", *figures, ""])
            if lower:
                past = True
                after.append(["", "", lower, *[""] * (sum(REPEATS) if repeated else len(figures))])
        else:
            before.append(_ten_fields(shape, row, labels, figures))
    return [_tabbed(before), _tabbed(after)]


def _ten_fields(shape: Form, row: Row, labels: list[str], figures: list[str]) -> list[str]:
    """A row before the page: ten fields, the figures directly behind the label, the rest empty."""
    kept = labels if row.group in shape.table3_group and row.group != "results" else labels[:2]
    fields = [*kept, *figures]
    return [*fields, *[""] * (10 - len(fields))]


def _cut(label: str) -> tuple[str, str]:
    at = len(label) // 2 + 1
    return label[:at], label[at:]


def _tabbed(rows: list[list[str]]) -> str:
    return "\n".join("\t".join(row) for row in rows)


def _airy(text: str) -> str:
    """Blanks between figures and Chinese characters, as converters put them."""
    return re.sub(r"(?<=[一-鿿])(?=\d)|(?<=\d)(?=[一-鿿])", " ", text)


def _bold(line: str) -> str:
    """A paragraph with its sub-heading in bold, the brackets half-width from the second on."""
    match = re.match(r"（([一二三四五六])）(.+?。)", line)
    if not match:
        return line
    mark = f"（{match[1]}）" if match[1] == "一" else f"({match[1]}) "
    return f"**{mark}{match[2]}**{line[match.end() :]}"
