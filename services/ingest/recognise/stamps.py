"""Watermarks and seals by the colour of their characters: what is pale or red on a page whose text is neither.

Nothing is left out for its colour alone. A coloured character goes when it is printed over other text or stands in one
cell with text of the page's own colour; alone in a cell it stays, and a figure that stays so is not vouched for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, each from 0 to 255."""

Glyph = tuple[str, float, float, float, float]

ALONE = "这个数字的颜色与别的文字不同，可能是印章或水印"
MIXED = "同一格里的数字颜色不一，可能有印章或水印"

_PALE = 150
"""Lightness (0-255) above which text on white is a watermark when other text is much darker."""
_DARKER = 60
_FAINT = 170
"""Opacity below which text is a watermark."""
_RED, _RED_LEAD = 110, 70
_OVER = 0.12
"""Share of the smaller box that two characters must share for one to be printed over the other."""
_MANY = 6
"""So many cells in one colour of their own are no stamp."""
_MOST_NEAR, _FURTHEST = 60, 200.0
"""Characters looked at in one square, and points of a huge character that are looked at: bounds for hostile pages."""
_CELL = 32.0
"""Points of the squares by which characters near one another are looked up."""


def odd_colours(colours: Iterable[Colour]) -> frozenset[Colour]:
    """The colours of a page that watermarks and seals have, when its main text has another."""
    counted = Counter(colours)
    if len(counted) < 2:
        return frozenset()
    main = counted.most_common(1)[0][0]
    return frozenset(colour for colour in counted if colour != main and _sticks_out(colour, main))


def _sticks_out(colour: Colour, main: Colour) -> bool:
    light, usual = _lightness(colour), _lightness(main)
    pale = light >= _PALE and light - usual >= _DARKER
    faint = colour[3] < _FAINT <= main[3]
    return pale or faint or (is_red(colour) and not is_red(main))


def _lightness(colour: Colour) -> float:
    red, green, blue, opacity = colour
    share = opacity / 255
    return (0.3 * red + 0.59 * green + 0.11 * blue) * share + 255 * (1 - share)


def is_red(colour: Colour) -> bool:
    """Whether it is the red of seals."""
    red, green, blue, _ = colour
    return red >= _RED and red - max(green, blue) >= _RED_LEAD


def printed_over(glyphs: Sequence[Glyph], colours: Mapping[Glyph, Colour], odd: frozenset[Colour]) -> set[Glyph]:
    """The characters of odd colour in runs of which one at least lies over a character of another colour.

    A run is what follows one another in `glyphs` in one odd colour.
    """
    near: dict[tuple[int, int], list[Glyph]] = {}
    for glyph in glyphs:
        if colours[glyph] not in odd:
            for square in _squares(glyph):
                here = near.setdefault(square, [])
                if len(here) < _MOST_NEAR:
                    here.append(glyph)
    gone: set[Glyph] = set()
    for _, run in groupby(glyphs, key=colours.__getitem__):
        members = list(run)
        if colours[members[0]] in odd and any(
            _over(one, other) for one in members for square in _squares(one) for other in near.get(square, ())
        ):
            gone.update(members)
    return gone


def usual(
    cells: Iterable[Sequence[Glyph]], colours: Mapping[Glyph, Colour], odd: frozenset[Colour]
) -> frozenset[Colour]:
    """Those of the odd colours in which many cells print all they hold: figures in colour, or heads."""
    alone = Counter(
        colours[cell[0]]
        for cell in cells
        if cell and len({colours[glyph] for glyph in cell}) == 1 and colours[cell[0]] in odd
    )
    return frozenset(colour for colour, number in alone.items() if number >= _MANY)


def _squares(glyph: Glyph) -> Iterable[tuple[int, int]]:
    _, x0, top, x1, bottom = glyph
    right, low = min(x1, x0 + _FURTHEST), min(bottom, top + _FURTHEST)
    for across in range(int(x0 // _CELL), int(right // _CELL) + 1):
        for down in range(int(top // _CELL), int(low // _CELL) + 1):
            yield across, down


def _over(one: Glyph, other: Glyph) -> bool:
    wide = min(one[3], other[3]) - max(one[1], other[1])
    high = min(one[4], other[4]) - max(one[2], other[2])
    if wide <= 0 or high <= 0:
        return False
    smaller = min((g[3] - g[1]) * (g[4] - g[2]) for g in (one, other))
    return wide * high > _OVER * smaller


def settle(glyphs: list[Glyph], colours: Mapping[Glyph, Colour], odd: frozenset[Colour]) -> tuple[list[Glyph], str]:
    """The characters of one cell without stamps, and why its figure is not certain (else empty)."""
    if not colours:
        return glyphs, ""
    own = [glyph for glyph in glyphs if colours[glyph] not in odd]
    if not own:
        return glyphs, ALONE if glyphs else ""
    digits = [colours[glyph] for glyph in own if glyph[0].isdigit()]
    mixed = any(one != two for one, two in pairwise(digits))
    return own, MIXED if mixed else ""
