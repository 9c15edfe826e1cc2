"""Reports as web pages, as sites publish and browsers save them."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable
from dataclasses import replace

from infra.demo.grids import Grid, GridCell
from tests.corpus.layouts_chromium import with_comparison
from tests.corpus.markup import Web, body_html, page_html, table_html
from tests.corpus.registry import Made, Order, layout
from tests.corpus.sheet import Sheet, Table, Words, part_of

FORMS = ("2021", "2021", "2019", "2019/2021", "2021/2019")
_NAVIGATION = """
<div id="top"><ul class="nav"><li><a href="/">首页</a></li><li><a href="/zwgk/">政务公开</a></li>
<li><a href="/zwgk/nb/">政府信息公开年报</a></li><li><a href="/hd/">互动交流</a></li></ul></div>
<script type="text/javascript">
var rows = "<table><tr><td>规章</td><td>99</td><td>98</td><td>97</td></tr></table>";
if (rows.length < 3 && 1 > 0) { document.write(rows + "一、本年新收政府信息公开申请数量 88 88"); }
</script>
<style>.cont td { color: #333 } /* <td>7</td> */</style>
<noscript><iframe src="about:blank"></iframe></noscript>
"""
_METADATA = """
<table class="xxgk"><tr><td>索引号：</td><td>{index}</td><td>主题分类：</td><td>政务公开 / 年度报告</td></tr>
<tr><td>发布机构：</td><td>{agency}</td><td>公开日期：</td><td>{date}</td></tr>
<tr><td>标题：</td><td colspan="3">{title}</td></tr></table>
<div class="tool">来源：{agency} 浏览次数：<span id="hits">{hits}</span> 字体：【大 中 小】 分享：</div>
"""
_FOOT = """
<div class="prev">上一篇：<a href="1.html">{agency}{before}年政府信息公开工作年度报告</a></div>
<div class="foot">主办：{agency} 网站标识码：{number} 备案号：0000000000号</div>
<script>(function(){{var n = 12; for (var i = 0; i < n; i++) {{}} }})();</script>
"""


@layout("html", suffix="html", forms=FORMS)
def html_plain(order: Order) -> Made:
    """A clean page in UTF-8 with spans."""
    return page_html(order.sheet.story(), Web()).encode()


@layout("html", suffix="html", forms=FORMS)
def html_word_export(order: Order) -> Made:
    """Word's export: paragraphs, spans and fonts in every cell, labels cut over spans, ``<o:p>`` in empty cells."""
    rng = order.rng
    web = Web(
        inner=_word_cell(rng),
        head_rows=False,
        meta='<meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Word 15">',
        before="<!--[if gte mso 9]><xml><o:shapedefaults v:ext='edit' spidmax='1026'/><td>5</td></xml><![endif]-->",
    )
    return page_html(order.sheet.story(), web).encode()


def _word_cell(rng: random.Random) -> Callable[[GridCell], str]:
    def inner(cell: GridCell) -> str:
        if not cell.text:
            return rng.choice(("<p class=MsoNormal align=center><o:p>\xa0</o:p></p>", "<p><o:p> </o:p></p>", "&nbsp;"))
        pieces = _pieces(cell.text, rng) if not cell.path else [cell.text]
        spans = "".join(
            f"<span lang=EN-US style='font-size:10.5pt;font-family:仿宋_GB2312'><font face=\"仿宋\">{html.escape(p)}</font></span>"
            for p in pieces
        )
        folded = spans.replace("><font", ">\n  <font", 1) if rng.random() < 0.5 else spans
        return (
            f"<p class=MsoNormal align=center style='text-align:center'>{folded}<span lang=EN-US><o:p></o:p></span></p>"
        )

    return inner


def _pieces(text: str, rng: random.Random) -> list[str]:
    """A text cut at up to three places."""
    cuts = sorted(rng.sample(range(1, len(text)), min(len(text) - 1, rng.randint(0, 3)))) if len(text) > 1 else []
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@layout("html", suffix="html")
def html_gb18030(order: Order) -> Made:
    """An old site's encoding, named by meta in one of its spellings, or not at all."""
    name = order.rng.choice(("gb2312", "GBK", "gb18030", ""))
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={name}">' if name else ""
    return page_html(order.sheet.story(), Web(meta=meta)).encode("gb18030")


@layout("html", suffix="html")
def html_wrong_charset(order: Order) -> Made:
    """UTF-8 with a mark, with no meta, or with a meta that names another encoding than the header did."""
    rng = order.rng
    meta = rng.choice(("", '<meta charset="gb2312">', '<meta charset="UTF8">'))
    mark = "\ufeff" if rng.random() < 0.5 else ""
    return (mark + page_html(order.sheet.story(), Web(meta=meta))).encode()


@layout("html", suffix="html", forms=FORMS)
def html_saved_page(order: Order) -> Made:
    """A saved page: navigation, scripts with tables in strings, a metadata table before the report, a foot."""
    return _site_page(order, lambda body: f'<div class="cont" id="zoom">{body}</div>')


@layout("html", suffix="html")
def html_layout_tables(order: Order) -> Made:
    """The whole page inside tables that lay it out."""
    side = '<td valign="top"><ul><li>机构概况</li><li>公开指南</li><li>公开年报 2024 2023 2022</li></ul></td>'
    return _site_page(
        order,
        lambda body: f'<table width="1000"><tr>{side}<td><table><tr><td>{body}</td></tr></table></td></tr></table>',
    )


def _site_page(order: Order, around: Callable[[str], str]) -> bytes:
    report, rng = order.sheet.report, order.rng
    words = {
        "agency": report.agency,
        "title": report.title,
        "date": f"{report.year + 1}-01-{rng.randint(10, 28)}",
        "index": f"0000{rng.randint(1000, 9999)}/{report.year + 1}-000{rng.randint(10, 99)}",
        "hits": rng.randint(1, 900),
        "before": report.year - 1,
        "number": rng.randint(10**9, 10**10 - 1),
    }
    body = body_html(order.sheet.story(), Web(head_rows=False))
    page = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{report.title}_{report.agency}门户网站</title></head>'
        f"<body>{_NAVIGATION}{_METADATA.format(**words)}{around(body)}{_FOOT.format(**words)}</body></html>"
    )
    return page.encode()


@layout("html", suffix="html")
def html_loose_tags(order: Order) -> Made:
    """Upper-case tags, cells and rows not closed, attributes without quotes, entities for characters."""
    rng = order.rng

    def inner(cell: GridCell) -> str:
        text = "".join(f"&#{ord(c)};" if rng.random() < 0.15 else html.escape(c) for c in cell.text) or "&nbsp;"
        return rng.choice(("&nbsp;{}&nbsp;", "{}", "<BR>{}", "<CENTER>{}</CENTER>", "{}&#8203;", "<b>{}</b>")).format(
            text
        )

    page = page_html(order.sheet.story(), Web(inner=inner))
    page = re.sub(r"</(?:td|tr|tbody|thead|p)>", "", page)
    page = re.sub(r'(rowspan|colspan)="(\d+)"', r"\1=\2", page)
    page = re.sub(r"<(/?)(table|td|tr|p)\b", lambda m: f"<{m[1]}{m[2].upper()}", page)
    return page.encode()


@layout("html", suffix="html")
def html_odd_spans(order: Order) -> Made:
    """Row spans that reach beyond the table's end, columns that no cell begins in, hidden rows."""
    rng = order.rng

    def table(piece: Table) -> str:
        cells = []
        for cell in piece.grid.cells:
            beyond = cell.row + cell.rows == piece.grid.height and cell.rows > 1
            cells.append(replace(cell, rows=cell.rows + 40) if beyond else cell)
        made = table_html(replace(piece.grid, cells=tuple(cells)), web)
        if rng.random() < 0.5:
            made = made.replace("</tbody>", '<tr style="display:none"><td></td></tr></tbody>')
        return made.replace("<colgroup>", "<caption></caption><colgroup>")

    web = Web(table=table, head_rows=rng.random() < 0.5)
    return page_html(order.sheet.story(), web).encode()


@layout("html", suffix="html")
def html_tables_in_pieces(order: Order) -> Made:
    """Table 3 as two tables, cut where the source had its page, the second without a head, the group head repeated."""

    def table(piece: Table) -> str:
        if piece.key != "table3":
            return table_html(piece.grid, web)
        upper, lower = cut_below(piece.grid, order.rng.randint(5, piece.grid.height - 3))
        return table_html(upper, web) + "<p>&nbsp;</p>" + table_html(lower, web)

    web = Web(head_rows=False, table=table)
    return page_html(order.sheet.story(), web).encode()


def cut_below(grid: Grid, row: int) -> tuple[Grid, Grid]:
    """The table above ``row`` and from it on; a cell that spans the cut stands in both, its words in the first."""
    upper, lower = [], []
    for cell in grid.cells:
        if cell.row < row:
            upper.append(replace(cell, rows=min(cell.rows, row - cell.row)))
        if cell.row + cell.rows > row:
            begins = max(cell.row, row)
            text = cell.text if cell.row >= row else ""
            lower.append(replace(cell, row=begins - row, rows=cell.row + cell.rows - begins, text=text))
    return Grid(grid.widths, row, grid.head, tuple(upper)), Grid(grid.widths, grid.height - row, 0, tuple(lower))


@layout("html", suffix="html")
def html_split_disputes(order: Order) -> Made:
    """Table 4 as two tables; every row of table 2's blocks in a table of its own block."""

    def table(piece: Table) -> str:
        if piece.key != "table4":
            return table_html(piece.grid, web)
        return table_html(part_of(piece.grid, 0, 5), web) + table_html(part_of(piece.grid, 5, 15), web)

    web = Web(table=table)
    return page_html(order.sheet.story(), web).encode()


@layout("html", suffix="html")
def html_year_comparison(order: Order) -> Made:
    """A small table in the prose compares years in words close to the form's; it is no table of the form."""
    return page_html(order.sheet.story(), Web(words=with_comparison(order))).encode()


@layout("two_in_one", suffix="html", reports=2)
def html_two_reports(order: Order) -> Made:
    """Two reports on one page."""
    return page_html([piece for sheet in order.sheets for piece in sheet.story()], Web()).encode()


def lines_of_cells(sheet: Sheet, between: str) -> list[str]:
    """Paragraphs of a page that has no tables: the cells of a row on one line, or each on its own."""
    lines: list[str] = []
    for piece in sheet.story():
        if isinstance(piece, Words):
            lines.append(piece.text)
            continue
        for row in range(piece.grid.height):
            texts = [c.text for c in sorted(piece.grid.cells, key=lambda c: c.column) if c.row == row]
            lines.append(between.join(texts))
    return lines
