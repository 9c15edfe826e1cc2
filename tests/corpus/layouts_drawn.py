"""Ruled PDFs drawn with reportlab: every way to rule, to place text and to break a table."""

from __future__ import annotations

from infra.demo.press import FONT
from tests.corpus.drawing import EMBEDDED, Ink, draw
from tests.corpus.registry import Made, Order, layout
from tests.corpus.ruling import Rules

FORMS = ("2021", "2021", "2021", "2019", "2019/2021", "2021/2019")


@layout("ruled", forms=FORMS)
def drawn_rectangles(order: Order) -> Made:
    """A rectangle a cell, all form layouts, running head and page numbers."""
    rng = order.rng
    running = order.sheet.report.title if rng.random() < 0.5 else ""
    folio = rng.choice(("— {n} —", "- {n} -", "{n}", "第 {n} 页"))
    ink = Ink(font=FONT, cell=rng.choice((8, 9, 10.5)), running=running, folio=folio, slack=rng.randint(0, 300))
    return draw([order.sheet.story()], ink)


@layout("ruled", needs=("font",))
def drawn_strokes_out_of_order(order: Order) -> Made:
    """Every edge a stroke of its own, cells stored in no order, every character placed by itself."""
    ink = Ink(font=EMBEDDED, rules=Rules("strokes", 0.25), shuffled=order.rng, letters=True, repeat_head=True)
    return draw([order.sheet.story()], ink)


@layout("ruled", needs=("font",))
def drawn_filled_rules(order: Order) -> Made:
    """Thin filled boxes as rules, as Word writes them; figures at the right."""
    ink = Ink(font=EMBEDDED, rules=Rules("filled", 0.48), align="right", slack=order.rng.randint(0, 300))
    return draw([order.sheet.story()], ink)


@layout("ruled")
def drawn_double_rules(order: Order) -> Made:
    """Double rules around every cell."""
    return draw([order.sheet.story()], Ink(font=FONT, rules=Rules("double", 0.3), cell=9))


@layout("ruled", needs=("font",))
def drawn_broken_rows(order: Order) -> Made:
    """Rows cut in two by the page, large type, narrow labels, no repeated head."""
    rng = order.rng
    ink = Ink(font=EMBEDDED, cell=rng.choice((11, 12)), break_rows=True, slack=rng.randint(0, 400))
    return draw([order.sheet.story()], ink)


@layout("ruled")
def drawn_open_page_ends(order: Order) -> Made:
    """The last row above a page break has no rule below it; long joined rules."""
    rng = order.rng
    rules = Rules(rng.choice(("long", "strokes", "filled")), 0.5)
    ink = Ink(font=FONT, cell=rng.choice((9, 10.5)), rules=rules, open_end=True, slack=rng.randint(0, 400))
    return draw([order.sheet.story()], ink)


@layout("ruled", needs=("font",))
def drawn_dashed_rules(order: Order) -> Made:
    """Dotted, dashed and hairline rules, black or grey."""
    rng = order.rng
    dash = rng.choice(((1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (0.5, 1.5)))
    rules = Rules("long", rng.choice((0.1, 0.5, 1.0)), dash, rng.choice((0.0, 0.5)))
    return draw([order.sheet.story()], Ink(font=EMBEDDED, rules=rules, slack=rng.randint(0, 200)))


@layout("ruled", needs=("font",))
def drawn_narrow_upright_heads(order: Order) -> Made:
    """Heads and the group at the left one character a line; the table in small type."""
    ink = Ink(font=EMBEDDED, cell=8, upright_heads=True, slack=order.rng.randint(0, 250))
    return draw([order.sheet.story()], ink)


@layout("ruled")
def drawn_landscape(order: Order) -> Made:
    """Tables 3 and 4 on landscape pages between upright ones."""
    wide = order.rng.choice((frozenset({"table3"}), frozenset({"table3", "table4"})))
    return draw([order.sheet.story()], Ink(font=FONT, wide=wide, cell=10))


@layout("ruled", needs=("font",))
def drawn_form_objects(order: Order) -> Made:
    """Every page inside a Form XObject."""
    return draw([order.sheet.story()], Ink(font=EMBEDDED, form=True, rules=Rules("strokes")))


@layout("ruled")
def drawn_encrypted(order: Order) -> Made:
    """Encrypted with an owner's password; it opens without one."""
    return draw([order.sheet.story()], Ink(font=FONT, encrypted=True))


@layout("two_in_one", reports=2)
def drawn_two_reports(order: Order) -> Made:
    """Two reports in one file, of two bodies or of two years."""
    ink = Ink(font=FONT, repeat_head=order.rng.random() < 0.5)
    return draw([sheet.story() for sheet in order.sheets], ink)


@layout("two_in_one", needs=("font",), reports=3)
def drawn_three_reports(order: Order) -> Made:
    """Three reports in one file, small type."""
    return draw([sheet.story() for sheet in order.sheets], Ink(font=EMBEDDED, cell=8, body=10.5, margin=50))


@layout("rotated")
def rotated_pages(order: Order) -> Made:
    """/Rotate with the content stored the other way, so that the page is shown upright."""
    degrees = order.rng.choice((90, 180, 270))
    return draw([order.sheet.story()], Ink(font=FONT, turn="stored", degrees=degrees))


@layout("rotated")
def content_drawn_sideways(order: Order) -> Made:
    """The content itself lies on its side or head, with no /Rotate."""
    degrees = order.rng.choice((90, 180, 270))
    ink = Ink(font=FONT, turn="drawn", degrees=degrees, rules=Rules(order.rng.choice(("rectangles", "filled"))))
    return draw([order.sheet.story()], ink)


@layout("rotated", needs=("font",))
def rotated_wide_tables(order: Order) -> Made:
    """Landscape tables on pages that are turned by /Rotate, as scanners and drivers store them."""
    degrees = order.rng.choice((90, 270))
    ink = Ink(font=EMBEDDED, turn="stored", degrees=degrees, wide=frozenset({"table3", "table4"}), cell=10)
    return draw([order.sheet.story()], ink)


@layout("unruled")
def drawn_without_rules(order: Order) -> Made:
    """No rules at all."""
    rng = order.rng
    ink = Ink(font=FONT, rules=Rules("none"), cell=rng.choice((8, 9, 10)), align=rng.choice(("centre", "right")))
    return draw([order.sheet.story()], ink)


@layout("unruled", needs=("font",))
def drawn_horizontal_rules(order: Order) -> Made:
    """Rules between the rows only."""
    return draw([order.sheet.story()], Ink(font=EMBEDDED, rules=Rules("horizontal", 0.4)))


@layout("unruled")
def drawn_three_lines(order: Order) -> Made:
    """A rule above, below the head and at the end, as in scholarly prints."""
    return draw([order.sheet.story()], Ink(font=FONT, rules=Rules("three_lines", 0.8)))
