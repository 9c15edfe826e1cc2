"""The number formats of lists (ST_NumberFormat) that Chinese documents use; others are printed in Arabic digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_HAN: Final = "〇一二三四五六七八九"
_FORMAL: Final = "零壹贰叁肆伍陆柒捌玖"
_FULL_WIDTH: Final = str.maketrans("0123456789", "０１２３４５６７８９")
_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_CIRCLED: Final = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳㉑㉒㉓㉔㉕㉖㉗㉘㉙㉚㉛㉜㉝㉞㉟㊱㊲㊳㊴㊵㊶㊷㊸㊹㊺㊻㊼㊽㊾㊿"
_LARGEST: Final = 9_999


def numeral(count: int, number_format: str) -> str:
    """`count` as a list prints it in this format, e.g. 12 in ``chineseCounting`` is 十二. Bullets and none: empty."""
    if number_format in ("bullet", "none"):
        return ""
    write = _FORMATS.get(number_format)
    return write(count) if write is not None and 0 < count <= _LARGEST else str(count)


def _counted(count: int, digits: str = _HAN, units: str = "十百千", *, short_ten: bool = True) -> str:
    """十, 十一, 一百零五: written with units, zeros inside only once."""
    zero = "零"
    text, gap = "", False
    for place in range(len(str(count)) - 1, -1, -1):
        digit = count // 10**place % 10
        if not digit:
            gap = bool(text)
            continue
        text += (zero if gap else "") + digits[digit] + (units[place - 1] if place else "")
        gap = False
    return text[1:] if short_ten and 10 <= count < 20 else text


def _digits(count: int) -> str:
    return "".join(_HAN[int(digit)] for digit in str(count))


def _roman(count: int) -> str:
    text = ""
    for step, letters in _ROMAN:
        times, count = divmod(count, step)
        text += letters * times
    return text


def _letters(count: int) -> str:
    """Letters, doubled and tripled after z: 27 is aa."""
    return chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 20)


def _from(signs: str) -> Callable[[int], str]:
    return lambda count: signs[count - 1] if count <= len(signs) else str(count)


_FORMATS: Final[dict[str, Callable[[int], str]]] = {
    "decimalZero": lambda count: f"{count:02}",
    "decimalFullWidth": lambda count: str(count).translate(_FULL_WIDTH),
    "decimalFullWidth2": lambda count: str(count).translate(_FULL_WIDTH),
    "decimalEnclosedCircle": _from(_CIRCLED),
    "decimalEnclosedCircleChinese": _from(_CIRCLED),
    "decimalEnclosedFullstop": _from("".join(map(chr, range(0x2488, 0x249C)))),
    "decimalEnclosedParen": _from("".join(map(chr, range(0x2474, 0x2488)))),
    "numberInDash": lambda count: f"- {count} -",
    **dict.fromkeys(
        ("chineseCounting", "chineseCountingThousand", "taiwaneseCounting", "taiwaneseCountingThousand",
         "japaneseCounting", "koreanCounting"),
        _counted,
    ),
    **dict.fromkeys(("ideographDigital", "taiwaneseDigital", "japaneseDigitalTenThousand"), _digits),
    "chineseLegalSimplified": lambda count: _counted(count, _FORMAL, "拾佰仟", short_ten=False),
    "ideographTraditional": _from("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _from("子丑寅卯辰巳午未申酉戌亥"),
    "ideographEnclosedCircle": _from("㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉"),
    "lowerRoman": _roman,
    "upperRoman": lambda count: _roman(count).upper(),
    "lowerLetter": _letters,
    "upperLetter": lambda count: _letters(count).upper(),
}  # fmt: skip
