"""Reports in the national fixed-layout format: text and lines as programs place them, and files that mean harm."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from functools import partial

import pytest

from infra.demo.authored import consistent
from services.core.errors import RejectedError
from services.core.report import Document, Format, Report
from services.ingest.readers import read_document
from services.ingest.readers.ofd_package import Package
from services.ingest.readers.ofd_page import read_page
from services.ingest.recognise.pages import page_items
from services.ingest.recognise.primitives import Line
from services.ingest.recognise.unruled import Carried, loose_items
from tests.unit.ingest.drawn_reports import silent_errors, tables
from tests.unit.ingest.ofd_reports import MM, SPACE, Dialect, box_of, compose, layer, package, page, write, zipped

AGENCY = "临溪县石桥镇人民政府"
AUTHORED = consistent(4, AGENCY, 2024)
PAGE = "0 0 210 297"


def read(data: bytes, **bounds: int) -> Document:
    return read_document(data, filename="x", **bounds)


def only_report(data: bytes) -> Report:
    document = read(data)
    assert document.format is Format.OFD
    (report,) = document.reports
    return report


def code(data: bytes) -> str:
    with pytest.raises(RejectedError) as caught:
        read(data)
    return caught.value.reason.code


def text(words: str, *, x: float = 20, y: float = 30, attributes: str = "", inner: str = "") -> str:
    return (
        f'<ofd:TextObject ID="9" Font="3" Size="4" Boundary="{x} {y} 100 5" {attributes}>{inner}'
        f'<ofd:TextCode X="0" Y="4" DeltaX="g {max(len(words) - 1, 1)} 4">{words}</ofd:TextCode></ofd:TextObject>'
    )


def read_whole(data: bytes) -> Report:
    report = only_report(data)
    assert (report.status, report.reason) == ("ok", None)
    assert tables(report) == AUTHORED.tables()
    assert (report.agency, report.year) == (AGENCY, 2024)
    assert len(report.sections) == 6
    return report


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("layout", ["2019", "2021"])
def test_a_written_report_reads_back_exactly_and_each_box_holds_its_figure(seed: int, layout: str) -> None:
    authored = consistent(seed, AGENCY, 2024, layout=layout)
    report = only_report(write(authored))
    assert (report.status, tables(report)) == ("ok", authored.tables())
    printed = compose(authored).printed
    for path, cell in report.cells.items():
        assert cell.page == 1
        assert cell.bbox is not None
        x0, top, x1, bottom = cell.bbox
        inside = [words for words, x, y in printed if x0 <= x <= x1 and top <= y <= bottom]
        assert inside == [cell.text], path


DIALECTS = {
    "page coordinates behind a matrix": Dialect(text="matrix"),
    "an object for each character": Dialect(text="glyphs"),
    "no distances": Dialect(text="natural"),
    "repeated distances": Dialect(text="runs"),
    "rectangles": Dialect(rules="rectangles"),
    "filled hairlines": Dialect(rules="thin"),
    "dashes": Dialect(rules="dashed"),
    "a page that begins elsewhere": Dialect(origin=(30, -20)),
    "default namespace": Dialect(prefix=""),
    "absolute locations": Dialect(absolute=True),
    "page blocks": Dialect(block=True),
    "one size for all pages": Dialect(size_in_common=True),
}


@pytest.mark.parametrize("kind", DIALECTS)
def test_no_way_of_placing_text_and_lines_costs_a_figure(kind: str) -> None:
    read_whole(write(AUTHORED, DIALECTS[kind]))


def test_lines_in_a_template_rule_the_text_of_the_page() -> None:
    canvas = compose(AUTHORED)
    content = page(
        layer(*canvas.texts), box=box_of(canvas), templates='<ofd:Template TemplateID="7" ZOrder="Background"/>'
    )
    template = page(layer(*canvas.rules))
    read_whole(
        package(
            [content],
            common='<ofd:TemplatePage ID="7" BaseLoc="Tpls/Tpl_0/Content.xml"/>',
            parts={"Doc_0/Tpls/Tpl_0/Content.xml": template},
        )
    )


def test_a_composite_unit_is_drawn_where_it_is_used() -> None:
    canvas = compose(AUTHORED)
    scaled = '<ofd:CompositeObject ID="5" ResourceID="80" Boundary="0 0 900 900" CTM="0.5 0 0 0.5 0 0"/>'
    unit = f'<ofd:CompositeGraphicUnit ID="80"><ofd:Content>{"".join([*canvas.rules, *canvas.texts])}</ofd:Content>'
    resources = (
        f"<ofd:Res {SPACE}><ofd:CompositeGraphicUnits>{unit}</ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
    )
    report = read_whole(
        package(
            [page(layer(scaled), box=box_of(canvas))],
            common="<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>",
            parts={"Doc_0/PublicRes.xml": f"{resources}</ofd:Res>"},
        )
    )
    full = only_report(write(AUTHORED)).cells["table3.new.total"].bbox
    half = report.cells["table3.new.total"].bbox
    assert full is not None
    assert half is not None
    assert half == pytest.approx([value / 2 for value in full], abs=0.1)


def test_a_report_over_several_pages_is_one_report_with_the_page_of_each_figure() -> None:
    first = compose(AUTHORED, Dialect(parts=("proactive", "requests")))
    rest = compose(AUTHORED, Dialect(parts=("disputes",)))
    # of the second page only what stands below the heading of table 4
    heading, cut = (next(n for n, one in enumerate(half.texts) if "四、政府信息" in one) for half in (rest, first))
    pages = [
        page(layer(*first.rules, *first.texts[:cut]), box=box_of(first)),
        page(layer(*rest.rules, *rest.texts[heading:]), box=box_of(rest)),
    ]
    report = read_whole(package(pages))
    assert {cell.page for path, cell in report.cells.items() if path.startswith("table4")} == {2}
    assert {cell.page for path, cell in report.cells.items() if not path.startswith("table4")} == {1}


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_page_drawn_sideways_is_read_upright_with_boxes_as_seen(quarter: int) -> None:
    canvas = compose(AUTHORED)
    wide, high = canvas.wide * MM, canvas.high * MM
    turn = {
        1: f"0 1 -1 0 {high} 0",
        2: f"-1 0 0 -1 {wide} {high}",
        3: f"0 -1 1 0 0 {wide}",
    }[quarter]
    box = f"0 0 {high} {wide}" if quarter % 2 else box_of(canvas)
    unit = f'<ofd:CompositeGraphicUnit ID="80"><ofd:Content>{"".join([*canvas.rules, *canvas.texts])}</ofd:Content>'
    resources = (
        f"<ofd:Res {SPACE}><ofd:CompositeGraphicUnits>{unit}</ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
    )
    report = read_whole(
        package(
            [page(layer(f'<ofd:CompositeObject ResourceID="80" Boundary="0 0 9 9" CTM="{turn}"/>'), box=box)],
            common="<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>",
            parts={"Doc_0/PublicRes.xml": f"{resources}</ofd:Res>"},
        )
    )
    high_points, wide_points = canvas.high, canvas.wide
    move = {
        1: lambda x, y: (high_points - y, x),
        2: lambda x, y: (wide_points - x, high_points - y),
        3: lambda x, y: (y, wide_points - x),
    }[quarter]
    for path, cell in report.cells.items():
        assert cell.bbox is not None
        x0, top, x1, bottom = cell.bbox
        at = [(words, *move(x, y)) for words, x, y in canvas.printed]
        assert [words for words, x, y in at if x0 <= x <= x1 and top <= y <= bottom] == [cell.text], path


STAMPS = {
    "a slanted watermark": text("内部12345资料678", x=60, y=200, attributes='CTM="0.7 0.7 -0.7 0.7 0 0"'),
    "a pale watermark": text("9999", x=100, y=230, attributes='Alpha="60"'),
    "a pale colour": text("9999", x=100, y=230, inner='<ofd:FillColor Value="200 200 200" Alpha="40"/>'),
    "hidden text": text("77777777", x=100, y=230, attributes='Visible="false"'),
    "a filled background": '<ofd:PathObject Boundary="20 100 150 200" Stroke="false" Fill="true"><ofd:AbbreviatedData>'
    "M 0 0 L 150 0 L 150 200 L 0 200 C</ofd:AbbreviatedData></ofd:PathObject>",
    "a drawn seal": '<ofd:PathObject Boundary="90 200 40 40"><ofd:AbbreviatedData>M 20 0 A 20 20 0 1 1 20 40 '
    "A 20 20 0 1 1 20 0 B 1 2 3 4 5 6 Q 7 8 9 9 C</ofd:AbbreviatedData></ofd:PathObject>",
    "a star with level edges": '<ofd:PathObject Boundary="118 190 20 20" Fill="true"><ofd:AbbreviatedData>M 10 0 L 12 5 '
    "L 19 5.1 L 12 9 L 14 16 L 14.1 20 L 10 12 L 3 20 L 6 9 L 0 5 C</ofd:AbbreviatedData></ofd:PathObject>",
    "red words over figures": text("信息公开88专用章", x=100, y=210, inner='<ofd:FillColor Value="230 20 20"/>'),
    "pale words over figures": text("99政府99信息99", x=100, y=230, inner='<ofd:FillColor Value="#D0 #D0 #D0"/>'),
    "lines that are not drawn": '<ofd:PathObject Boundary="20 150 150 90" Stroke="false"><ofd:AbbreviatedData>'
    "M 3 0 L 3 90 M 7 0 L 7 90</ofd:AbbreviatedData></ofd:PathObject>",
    "a small picture": '<ofd:ImageObject Boundary="90 200 40 40" ResourceID="5"/>',
}


@pytest.mark.parametrize("kind", STAMPS)
def test_stamps_watermarks_and_ornaments_leave_the_figures_alone(kind: str) -> None:
    read_whole(write(AUTHORED, Dialect(extra=STAMPS[kind])))


def test_annotations_and_signatures_are_not_part_of_the_page() -> None:
    data = write(AUTHORED)
    parts = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    stamp = (
        f"<ofd:PageAnnot {SPACE}><ofd:Annot><ofd:Appearance>{text('99999', x=100, y=230)}</ofd:Appearance></ofd:Annot>"
    )
    read_whole(zipped({**parts, "Doc_0/Annots/Page_0/Annotation.xml": f"{stamp}</ofd:PageAnnot>"}))


def test_text_drawn_twice_to_look_bold_is_read_once() -> None:
    canvas = compose(AUTHORED)
    again = [one.replace('Boundary="', 'Boundary="0') for one in canvas.texts]
    content = layer(*canvas.rules, *canvas.texts, *again)
    read_whole(package([page(content, box=box_of(canvas))]))


def test_several_characters_in_one_glyph_keep_the_rest_in_place() -> None:
    joined = (
        '<ofd:TextObject ID="9" Font="3" Size="4" Boundary="20 3 100 5"><ofd:CGTransform CodePosition="0" CodeCount="2" '
        'GlyphCount="1"><ofd:Glyphs>77</ofd:Glyphs></ofd:CGTransform><ofd:TextCode X="0" Y="4" DeltaX="8 4">备注：</ofd:TextCode>'
        "</ofd:TextObject>"
    )
    words = [cell for cell in read_lines(joined) if "备注" in cell]
    assert words == ["备注："]


def read_lines(*objects: str) -> list[str]:
    opened = Package(package([page(layer(*objects), box=PAGE)]))
    ink = read_page(opened.page(0), 1, lambda name: opened.unit(0, name)).ink
    items, _ = page_items(ink, 1, partial(loose_items, carried=Carried()))
    return [item.text for item in items if isinstance(item, Line)]


def test_text_that_reads_downwards_is_a_column() -> None:
    down = (
        '<ofd:TextObject ID="9" Font="3" Size="4" ReadDirection="90" Boundary="20 30 5 100"><ofd:TextCode X="0" Y="4">'
        "办理结果</ofd:TextCode></ofd:TextObject>"
    )
    assert read_lines(down) == ["办", "理", "结", "果"]


def test_a_report_whose_pages_are_pictures_waits_for_people_or_the_lane_that_reads_pictures() -> None:
    picture = '<ofd:ImageObject Boundary="0 0 210 297" CTM="210 0 0 297 0 0" ResourceID="5"/>'
    document = read(package([page(layer(picture), box=PAGE)] * 2))
    assert document.needs == "ocr"
    (report,) = document.reports
    assert report.status == "review"
    assert report.reason is not None
    assert "图片" in report.reason


def test_figures_over_a_picture_of_the_page_are_doubted() -> None:
    canvas = compose(AUTHORED)
    picture = f'<ofd:ImageObject Boundary="{box_of(canvas)}" ResourceID="5"/>'
    report = only_report(write(AUTHORED, Dialect(extra=picture)))
    assert (report.status, report.uncertain) == ("review", AUTHORED.paths())
    assert silent_errors(report, AUTHORED) == []


def test_characters_that_are_no_language_are_refused_as_a_bad_text_layer() -> None:
    canvas = compose(AUTHORED)
    garbled = "".join(canvas.texts).translate({n: n + 0x1500 for n in range(0x4E00, 0x8A00)})
    data = package([page(layer(*canvas.rules, garbled), box=box_of(canvas))])
    assert code(data) == "bad_text_layer"


# files that mean harm, or are not what they say


def bomb(size: int) -> bytes:
    """A deflate stream of blanks, `size` bytes when inflated, without ever holding them."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b" " * 2**20
    return b"".join(squeeze.compress(block) for _ in range(size // 2**20)) + squeeze.flush()


def claiming(name: str, stream: bytes, size: int) -> bytes:
    """A zip file with one part whose raw deflate stream and claimed size are given."""
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(stream), size, len(name), 0) + name.encode()
    central = (
        struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(stream), size, len(name), 0, 0, 0, 0, 0, 0)
        + name.encode()
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local) + len(stream), 0)
    return local + stream + central + end


@pytest.mark.parametrize("size", [2**32 - 1, 2**20, 50])
def test_a_part_that_inflates_without_end_is_not_inflated(size: int) -> None:
    data = claiming("OFD.xml", bomb(64 * 2**20), size)
    started = time.process_time()
    assert code(data) in ("too_complex", "damaged")
    assert time.process_time() - started < 1


def test_a_part_of_repeated_text_larger_than_any_page_is_too_complex() -> None:
    assert code(package([page(layer(" " * 40 * 2**20), box=PAGE)])) == "too_complex"


def test_entities_are_not_expanded_and_outer_files_not_read() -> None:
    entities = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    outer = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for declared in (entities, outer):
        head = (
            f'<?xml version="1.0"?>{declared}<ofd:OFD {SPACE}><ofd:DocBody><ofd:DocRoot>&a;</ofd:DocRoot></ofd:DocBody>'
        )
        for encoding in ("utf-8", "utf-16"):
            assert code(zipped({"OFD.xml": f"{head}</ofd:OFD>".encode(encoding)})) == "damaged"


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/etc/passwd", "C:\\Windows\\win.ini", "..\\..\\a.xml"])
def test_locations_never_leave_the_file(name: str) -> None:
    root = f"<ofd:OFD {SPACE}><ofd:DocBody><ofd:DocRoot>{name}</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    assert code(zipped({"OFD.xml": root})) == "damaged"


def test_a_part_with_a_name_that_climbs_is_only_a_name() -> None:
    with zipfile.ZipFile(io.BytesIO(write(AUTHORED))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    read_whole(zipped({**parts, "../../../tmp/evil.xml": b"x", "/etc/cron.d/evil": b"x"}))


def test_more_pages_than_allowed_are_refused_before_any_is_opened() -> None:
    data = package([page(layer(), box=PAGE)], listed=100_000)
    started = time.process_time()
    assert code(data) == "too_many_pages"
    assert time.process_time() - started < 5
    with pytest.raises(RejectedError) as caught:
        read(package([page(layer(), box=PAGE)] * 3), max_pages=2)
    assert caught.value.reason.code == "too_many_pages"


@pytest.mark.parametrize(
    "box", ["0 0 1e12 1e12", "0 0 1000000000000 297", "0 0 0 0", "0 0 -5 297", "1e9 0 210 297", "0 0 1e99 1"]
)
def test_a_page_of_absurd_size_is_damaged(box: str) -> None:
    assert code(package([page(layer(text("规章")), box=box)])) == "damaged"


def test_glyphs_and_lines_far_off_the_page_cost_nothing() -> None:
    far = text("远" * 40, x=999_999) + (
        '<ofd:PathObject Boundary="0 0 9 9"><ofd:AbbreviatedData>M 0 0 L 9999999 0 L 9999999 9999999 C</ofd:AbbreviatedData>'
        "</ofd:PathObject>"
    )
    read_whole(write(AUTHORED, Dialect(extra=far)))


def test_units_that_draw_themselves_and_templates_of_templates_end() -> None:
    inner = "".join('<ofd:CompositeObject ResourceID="80" Boundary="0 0 9 9"/>' for _ in range(3))
    resources = (
        f'<ofd:Res {SPACE}><ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="80"><ofd:Content>{inner}</ofd:Content>'
        "</ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits></ofd:Res>"
    )
    itself = '<ofd:Template TemplateID="7"/>'
    assert (
        code(
            package(
                [page(layer(inner), box=PAGE, templates=itself)],
                common='<ofd:TemplatePage ID="7" BaseLoc="Pages/Page_0/Content.xml"/><ofd:PublicRes>R.xml</ofd:PublicRes>',
                parts={"Doc_0/R.xml": resources},
            )
        )
        == "too_complex"
    )


def test_blocks_nested_without_end_are_too_complex() -> None:
    depth = 60_000
    nested = "<ofd:PageBlock>" * depth + "</ofd:PageBlock>" * depth
    assert code(package([page(layer(nested), box=PAGE)])) == "too_complex"


@pytest.mark.parametrize(
    "objects",
    [
        text("一" * 70_000),
        '<ofd:PathObject Boundary="0 0 1 1"/>' * 61_000,
        f'<ofd:PathObject Boundary="0 0 9 9"><ofd:AbbreviatedData>{"L 1 1 " * 60_000}</ofd:AbbreviatedData></ofd:PathObject>',
    ],
    ids=["glyphs", "objects", "a path"],
)
def test_a_page_with_more_on_it_than_any_report_is_too_complex(objects: str) -> None:
    assert code(package([page(layer(objects), box=PAGE)])) == "too_complex"


@pytest.mark.parametrize("deltas", ["g 999999999 1", "g -5 1", "g", "g 3", "x y z", "", "1e400 2", "g 1e9 1e9"])
def test_distances_that_make_no_sense_cost_at_most_the_file(deltas: str) -> None:
    odd = f'<ofd:TextObject Size="4" Boundary="1 1 9 9"><ofd:TextCode X="0" Y="4" DeltaX="{deltas}">年度报告</ofd:TextCode>'
    assert code(package([page(layer(f"{odd}</ofd:TextObject>"), box=PAGE)])) in ("no_text", "damaged")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"OFD.xml": ""}, "damaged"),
        ({"OFD.xml": "<OFD/>"}, "damaged"),
        ({"OFD.xml": "<OFD><DocBody>"}, "damaged"),
        ({"OFD.xml": "<OFD><DocBody><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>"}, "damaged"),
        (
            {
                "OFD.xml": "<OFD><DocBody><DocRoot>D.xml</DocRoot></DocBody></OFD>",
                "D.xml": "<Document><Pages><Page BaseLoc='P.xml'/></Pages></Document>",
            },
            "damaged",
        ),
        (
            {
                "OFD.xml": "<OFD><DocBody><DocRoot>D.xml</DocRoot></DocBody></OFD>",
                "D.xml": "<Document><Pages/></Document>",
            },
            "damaged",
        ),
        (
            {
                "OFD.xml": "<OFD><DocBody><DocRoot>D.xml</DocRoot></DocBody></OFD>",
                "D.xml": "<Document><Pages><Page BaseLoc='P.xml'/></Pages></Document>",
                "P.xml": "<Page/>",
            },
            "no_text",
        ),
        ({"OFD.xml": "<OFD><DocBody><DocRoot>D.xml</DocRoot></DocBody></OFD>", "Encryptions.xml": "x"}, "encrypted"),
    ],
)
def test_a_file_with_parts_missing_says_so(files: dict[str, str], expected: str) -> None:
    assert code(zipped(files)) == expected


def test_a_report_about_something_else_is_no_annual_report() -> None:
    words = "关于召开全县道路交通安全工作会议的通知，请各单位按时参加并做好准备工作，不得无故缺席。"
    assert code(package([page(layer(text(words)), box=PAGE)])) == "not_annual_report"
