"""Invents the reports of a document: body, year, size, figures, styles and wording, all from one stream of chance."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from infra.demo.authored import AuthoredReport, consistent
from infra.demo.invented import SIZES, Size
from services.core.form import form
from tests.corpus.figure_styles import drawn, plain, with_slip
from tests.corpus.registry import Layout, Order
from tests.corpus.sheet import Sheet
from tests.corpus.wordings import Wording, title_lines

_COUNTIES: Final = ("临溪县", "青石县", "云泽区", "河阳市", "安岭县", "东屏区", "白沙县", "宁川市", "北塘区", "柳湖县")
_TOWNS: Final = ("石桥", "花园", "三河", "新集", "柳林", "南庄", "白马", "青山", "黄泥", "大王庄")
_BUREAUS: Final = (
    "自然资源局",
    "住房和城乡建设局",
    "卫生健康委员会",
    "教育局",
    "人力资源和社会保障局",
    "农业农村局",
    "财政局",
    "审计局",
    "城市管理局",
    "市场监督管理局",
)
_PAIRS: Final = (
    ("deny_law", "deny_safety"),
    ("deny_internal", "deny_process"),
    ("unable_create", "unable_unclear"),
    ("reject_repeat", "reject_publication"),
)


def order(layout: Layout, seed: int, number: int) -> Order:
    """What document ``number`` of a layout prints; the same seed gives the same document whatever else is made."""
    rng = random.Random(f"{seed}|{layout.name}|{number}")
    year = rng.choice((2021, 2022, 2023, 2024))
    shapes = rng.choice(layout.forms)
    if shapes == "2019":
        year = rng.choice((2019, 2020))
    body, size = _body(rng)
    sheets = []
    for turn in range(layout.reports):
        sheets.append(_sheet(layout, shapes, (body, year + turn, size), rng))
        if rng.random() < 0.5:
            body, size = _body(rng)
    return Order(tuple(sheets), rng)


def _body(rng: random.Random) -> tuple[str, Size]:
    county = rng.choice(_COUNTIES)
    size: Size = rng.choices(SIZES, weights=(34, 30, 20, 16))[0]
    if size == "township":
        return f"{county if rng.random() < 0.7 else ''}{rng.choice(_TOWNS)}{rng.choice(('镇', '乡'))}人民政府", size
    if size == "department":
        return f"{county}{rng.choice(_BUREAUS)}", size
    return f"{county}人民政府" + ("办公室" if rng.random() < 0.2 else ""), size


def _sheet(layout: Layout, shapes: str, author: tuple[str, int, Size], rng: random.Random) -> Sheet:
    agency, year, size = author
    first, _, second = shapes.partition("/")
    seed = rng.randrange(1_000_000)
    report = consistent(seed, agency, year, size, layout=second or first)
    proactive = report if not second else consistent(seed, agency, year, size, layout=first)
    if rng.random() < 0.15:
        report = with_slip(report, rng)
        proactive = proactive if second else report
    cells = drawn(plain(report, ("table3", "table4")), layout.styles, rng)
    above = drawn(plain(proactive, ("table2",)), layout.styles, rng)
    wording = Wording(form(report.layout), year, rng) if layout.worded else None
    sheet = Sheet(
        report=_talkative(report, rng),
        proactive=proactive,
        texts={**above.texts, **cells.texts},
        truth={**above.truth, **cells.truth},
        title=title_lines(agency, year, rng),
        exchanged=(rng.choice(_PAIRS),) if layout.worded and rng.random() < 0.12 else (),
    )
    if wording is None:
        return replace(sheet, head=above.head)
    # a head that a figure's unit has changed keeps that change
    return replace(sheet, head={**wording.head, **above.head}, body=wording.body, headings=wording.headings)


def _talkative(report: AuthoredReport, rng: random.Random) -> AuthoredReport:
    """More prose, as long as real reports, full of figures that are no figures of the tables."""
    lines = [
        f"全年主动公开政府信息{rng.randint(20, 3000)}条，其中门户网站{rng.randint(10, 900)}条，微信公众号{rng.randint(5, 400)}条。",
        f"办理人大代表建议{rng.randint(1, 40)}件、政协委员提案{rng.randint(1, 40)}件，答复率100%。",
        f"开展业务培训{rng.randint(1, 9)}次，参训{rng.randint(10, 300)}人次；更新目录{rng.randint(1, 30)}项。",
        "坚持以公开为常态、不公开为例外，加强重点领域信息公开，回应社会关切，主动接受群众监督。",
        f"“12345”政务服务便民热线受理诉求{rng.randint(10, 5000)}件，按期办结率{rng.randint(95, 99)}.{rng.randint(0, 9)}%。",
    ]
    rng.shuffle(lines)
    extra = "".join(lines[: rng.randint(0, 5)])
    return replace(report, overview=report.overview.replace("\n（三）", f"{extra}\n（三）", 1))
