"""Numbers that lists print in front of paragraphs, counted as word processors count."""

from __future__ import annotations

import pytest

from services.ingest.readers.docx.numerals import numeral
from tests.unit.ingest.test_docx_text import lines, rows, small_table
from tests.unit.ingest.written_documents import level, numbering, paragraph, styles


@pytest.mark.parametrize(
    ("number_format", "printed"),
    [
        ("decimal", ["1", "2", "10", "11", "20", "21", "99"]),
        ("decimalZero", ["01", "02", "10", "11", "20", "21", "99"]),
        ("chineseCounting", ["一", "二", "十", "十一", "二十", "二十一", "九十九"]),
        ("chineseCountingThousand", ["一", "二", "十", "十一", "二十", "二十一", "九十九"]),
        ("japaneseCounting", ["一", "二", "十", "十一", "二十", "二十一", "九十九"]),
        ("ideographDigital", ["一", "二", "一〇", "一一", "二〇", "二一", "九九"]),
        ("chineseLegalSimplified", ["壹", "贰", "壹拾", "壹拾壹", "贰拾", "贰拾壹", "玖拾玖"]),
        ("decimalFullWidth", ["１", "２", "１０", "１１", "２０", "２１", "９９"]),
        ("decimalEnclosedCircle", ["①", "②", "⑩", "⑪", "⑳", "㉑", "99"]),
        ("decimalEnclosedCircleChinese", ["①", "②", "⑩", "⑪", "⑳", "㉑", "99"]),
        ("decimalEnclosedFullstop", ["⒈", "⒉", "⒑", "⒒", "⒛", "21", "99"]),
        ("decimalEnclosedParen", ["⑴", "⑵", "⑽", "⑾", "⒇", "21", "99"]),
        ("ideographEnclosedCircle", ["㊀", "㊁", "㊉", "11", "20", "21", "99"]),
        ("ideographTraditional", ["甲", "乙", "癸", "11", "20", "21", "99"]),
        ("ideographZodiac", ["子", "丑", "酉", "戌", "20", "21", "99"]),
        ("lowerRoman", ["i", "ii", "x", "xi", "xx", "xxi", "xcix"]),
        ("upperRoman", ["I", "II", "X", "XI", "XX", "XXI", "XCIX"]),
        ("lowerLetter", ["a", "b", "j", "k", "t", "u", "uuuu"]),
        ("upperLetter", ["A", "B", "J", "K", "T", "U", "UUUU"]),
        ("numberInDash", ["- 1 -", "- 2 -", "- 10 -", "- 11 -", "- 20 -", "- 21 -", "- 99 -"]),
        ("bullet", [""] * 7),
        ("none", [""] * 7),
        ("hebrew1", ["1", "2", "10", "11", "20", "21", "99"]),
    ],
)
def test_formats(number_format: str, printed: list[str]) -> None:
    assert [numeral(count, number_format) for count in (1, 2, 10, 11, 20, 21, 99)] == printed


def test_large_numbers() -> None:
    counts = (100, 101, 110, 111, 1005, 2010, 9999)
    assert [numeral(count, "chineseCounting") for count in counts] == [
        "一百", "一百零一", "一百一十", "一百一十一", "一千零五", "二千零一十", "九千九百九十九",
    ]  # fmt: skip
    assert [numeral(count, "chineseCounting") for count in (0, 10_000, -3)] == ["0", "10000", "-3"]


TIGHT = '<w:suff w:val="nothing"/>'
OUTLINE = (
    level(0, "chineseCounting", "%1、", TIGHT)
    + level(1, "chineseCounting", "（%2）", TIGHT)
    + level(2, "decimal", "%3.", TIGHT)
    + level(3, "decimal", "%1.%2.%3.%4", TIGHT + "<w:isLgl/>")
)


def numbered(depth: int | None, list_id: int = 1, text: str = "x", more: str = "") -> str:
    place = "" if depth is None else f'<w:ilvl w:val="{depth}"/>'
    return paragraph(text, f'{more}<w:numPr>{place}<w:numId w:val="{list_id}"/></w:numPr>')


def labels(depths: list[int], part: bytes) -> list[str]:
    return [text.removesuffix("x") for text in lines("".join(map(numbered, depths)), numbering=part)]


def test_deeper_levels_start_anew_below_each_number() -> None:
    assert labels([0, 1, 2, 2, 1, 2, 0, 1, 2], numbering(OUTLINE)) == [
        "一、", "（一）", "1.", "2.", "（二）", "1.", "二、", "（一）", "1.",
    ]  # fmt: skip


def test_legal_numbering_is_all_arabic_and_levels_above_count_as_begun() -> None:
    assert labels([0, 3, 3], numbering(OUTLINE)) == ["一、", "1.1.1.1", "1.1.1.2"]


def test_a_level_may_start_later_and_go_on_over_the_levels_above() -> None:
    on = level(0, "decimal", "%1.", TIGHT) + level(1, "decimal", "%2)", TIGHT + '<w:lvlRestart w:val="0"/>', start=5)
    assert labels([0, 1, 1, 0, 1], numbering(on)) == ["1.", "5)", "6)", "2.", "7)"]
    third = level(0, "decimal", "%1", TIGHT) + level(1, "decimal", "%2", TIGHT)
    third += level(2, "decimal", "%3", TIGHT + '<w:lvlRestart w:val="1"/>')
    assert labels([0, 1, 2, 1, 2, 0, 1, 2], numbering(third)) == ["1", "1", "1", "2", "2", "2", "1", "1"]


def test_what_stands_between_number_and_text() -> None:
    for more, text in (("", "1. x"), ('<w:suff w:val="space"/>', "1. x"), (TIGHT, "1.x")):
        assert lines(numbered(0), numbering=numbering(level(0, "decimal", "%1.", more))) == [text]
    assert lines(numbered(0), numbering=numbering(level(0, "chineseCounting", "（%1）"))) == ["（一）x"]


def test_lists_of_one_kind_count_on_and_a_start_override_begins_anew() -> None:
    again = '<w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
    anew = (
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/>'
        "</w:lvlOverride></w:num>"
    )
    other = (
        '<w:num w:numId="4"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        f"{level(0, 'decimalEnclosedCircle', '%1', TIGHT)}</w:lvlOverride></w:num>"
    )
    content = "".join(numbered(0, list_id) for list_id in (1, 2, 3, 3, 1, 4))
    part = numbering(level(0, "decimal", "%1.", TIGHT), lists=(again, anew, other))
    assert lines(content, numbering=part) == ["1.x", "2.x", "1.x", "2.x", "3.x", "④x"]


def test_numbers_come_from_styles() -> None:
    look = styles(
        '<w:style w:type="paragraph" w:styleId="H1"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>',
        '<w:style w:type="paragraph" w:styleId="H2"><w:basedOn w:val="H1"/><w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr></w:style>',
        '<w:style w:type="paragraph" w:styleId="H3"><w:basedOn w:val="H2"/></w:style>',
        '<w:style w:type="paragraph" w:styleId="L3"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>',
    )
    heads = OUTLINE.replace('<w:lvl w:ilvl="2">', '<w:lvl w:ilvl="2"><w:pStyle w:val="L3"/>')

    def styled(name: str, more: str = "") -> str:
        return paragraph("x", f'<w:pStyle w:val="{name}"/>{more}')

    content = styled("H1") + styled("H2") + styled("H3") + styled("L3") + styled("H1")
    assert lines(content, styles=look, numbering=numbering(heads)) == ["一、x", "（一）x", "（二）x", "1.x", "二、x"]
    none = styled("H1", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>')
    assert lines(none + styled("H1"), styles=look, numbering=numbering(heads)) == ["x", "一、x"]


def test_a_list_style_leads_to_the_list_behind_it() -> None:
    look = styles(
        '<w:style w:type="numbering" w:styleId="S"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
    )
    linked = numbering('<w:numStyleLink w:val="S"/>', f'<w:styleLink w:val="S"/>{OUTLINE}')
    assert lines(numbered(0) + numbered(1), styles=look, numbering=linked) == ["一、x", "（一）x"]
    assert lines(numbered(0), numbering=linked) == ["一、x"]
    circle = numbering('<w:numStyleLink w:val="S"/>', '<w:numStyleLink w:val="S"/>')
    assert lines(numbered(0), styles=look, numbering=circle) == ["x"]


def test_paragraphs_that_do_not_show_are_not_counted() -> None:
    gone = numbered(0, text="", more="<w:rPr><w:del/></w:rPr>")
    in_row = "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>" + numbered(0) + "</w:tc></w:tr></w:tbl>"
    assert lines(numbered(0) + gone + in_row + numbered(0), numbering=numbering(OUTLINE)) == ["一、x", "二、x"]


def test_an_empty_numbered_paragraph_prints_its_number() -> None:
    serial = numbering(level(0, "decimal", "%1", TIGHT))
    content = small_table(numbered(0, text=""), paragraph("a")) + small_table(numbered(0, text=""), paragraph("b"))
    assert rows(content, numbering=serial) == [["1", "a"], ["2", "b"]]


@pytest.mark.parametrize(
    "list_part",
    [
        numbering(level(0, "bullet", "\uf0b7")),
        numbering(level(0, "decimal", "")),
        numbering(level(0, "decimal", "%1.", "<w:rPr><w:vanish/></w:rPr>")),
        numbering(level(3, "decimal", "%1.")),
        numbering(),
        numbering(lists=['<w:num w:numId="1"><w:abstractNumId w:val="77"/></w:num>', "<w:num/>"]),
    ],
    ids=["bullet", "no text", "hidden", "other level", "no list", "no abstract list"],
)
def test_lists_without_a_number_print_none(list_part: bytes) -> None:
    assert lines(numbered(0), numbering=list_part) == ["x"]


def test_formats_of_newer_programs_fall_back_on_the_plain_one() -> None:
    custom = (
        '<w:lvl w:ilvl="0"><w:start w:val="3"/><mc:AlternateContent><mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001, 002"/></mc:Choice><mc:Fallback><w:numFmt w:val="chineseCounting"/>'
        '</mc:Fallback></mc:AlternateContent><w:suff w:val="nothing"/><w:lvlText w:val="%1、"/></w:lvl>'
    )
    assert lines(numbered(0), numbering=numbering(custom)) == ["三、x"]


def test_former_numbering_of_a_tracked_change_does_not_count() -> None:
    before = "<w:pPrChange><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr></w:pPrChange>"
    assert lines(paragraph("x", before), numbering=numbering(OUTLINE)) == ["x"]
