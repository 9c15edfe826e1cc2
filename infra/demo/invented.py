"""Invented figures that tally, and prose that agrees with them.

Every figure of a year is drawn from (seed, agency, size, that year), and what one year hands to the next (cases carried
over, documents in force) is drawn from the year it belongs to. So reports of one body on successive years agree with
one another without knowing one another.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, get_args

from services.core.form import Form, Table2Row

Size = Literal["township", "department", "county", "prefecture"]
SIZES: Final[tuple[Size, ...]] = get_args(Size)

Table2 = dict[str, int | Decimal | tuple[int | Decimal, ...]]
Table3 = dict[str, tuple[int, ...]]
Table4 = dict[str, dict[str, int]]

FIRST_YEAR: Final = 2019
"""Rules in force are counted up from this year, the first of the present form."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """How large a body's figures run. ``idle`` is the chance that nobody applied in a year."""

    idle: float
    applications: int
    decisions: int
    documents: int
    disputes: int
    makes_regulations: bool


_SCALES: Final[dict[Size, _Scale]] = {
    "township": _Scale(0.75, 4, 40, 1, 0, False),
    "department": _Scale(0.45, 40, 900, 3, 2, False),
    "county": _Scale(0.0, 500, 20_000, 12, 12, False),
    "prefecture": _Scale(0.0, 4_000, 600_000, 40, 120, True),
}
_APPLICANTS: Final = {
    "natural": 0.80,
    "commercial": 0.12,
    "research": 0.005,
    "social": 0.01,
    "legal": 0.035,
    "other": 0.03,
}
_RARE_RESULTS: Final = 0.2
"""Largest weight of a result other than the usual three against ``granted``; most rows of a real table stay zero."""


@dataclass(frozen=True, slots=True)
class _Body:
    """One body's own stream of chance."""

    seed: int
    agency: str
    size: Size

    def chance(self, year: int, topic: str) -> random.Random:
        return random.Random(f"{self.seed}|{self.agency}|{self.size}|{year}|{topic}")  # noqa: S311 - samples, no secret

    @property
    def scale(self) -> _Scale:
        return _SCALES[self.size]


def draw_size(seed: int, agency: str) -> Size:
    """A size as bodies are spread in the country: mostly townships and county departments."""
    chance = random.Random(f"{seed}|{agency}|size")  # noqa: S311 - samples, no secret
    return chance.choices(SIZES, weights=(40, 50, 8, 2))[0]


def figures(seed: int, agency: str, year: int, size: Size, shape: Form) -> tuple[Table2, Table3, Table4]:
    """Tables 2, 3 and 4 of one body and year in which every identity of the form holds.

    Row sums, column sums, balance and the totals of table 4 hold, and so do, between successive years of the same seed,
    body and size, the cases carried over and the documents in force.
    """
    body = _Body(seed, agency, size)
    table3 = _table3(body, year, shape)
    applied = table3["new"][-1] + table3["carried_in"][-1] > 0
    return _table2(body, year, shape), table3, _table4(body, year, shape, applied=applied)


def _table2(body: _Body, year: int, shape: Form) -> Table2:
    table: Table2 = {}
    for row in shape.table2_rows:
        values = tuple(_table2_figure(body, year, row, column) for column in row.columns)
        table[row.key] = values[0] if row.scalar else values
    return table


def _table2_figure(body: _Body, year: int, row: Table2Row, column: str) -> int | Decimal:
    if column in {"amount", "procurement_amount"}:
        return _money(body, year, row.key)
    if column in {"decisions", "procurement_items"}:
        return _decisions(body, year, row.key)
    if column in {"last_year_items", "change"}:
        before = _items(body, year - 1, row.key)
        return before if column == "last_year_items" else _items(body, year, row.key) - before
    return _rules(body, year, row.key, column)


def _rules(body: _Body, year: int, row: str, column: str) -> int:
    if row == "regulations" and not body.scale.makes_regulations:
        return 0
    made, repealed = _documents(body, year, row)
    if column in {"made", "made_new", "published_new"}:
        return made
    if column == "repealed":
        return repealed
    # in force, or public in all: what there was before the first year, and every year's balance since
    start = body.chance(0, row).randint(body.scale.documents, 6 * body.scale.documents)
    return start + sum(m - r for m, r in (_documents(body, each, row) for each in range(FIRST_YEAR, year + 1)))


def _documents(body: _Body, year: int, row: str) -> tuple[int, int]:
    """Documents made and repealed in a year; never more repealed than made, so that those in force do not run out."""
    chance = body.chance(year, row)
    made = chance.randint(0, body.scale.documents)
    return made, chance.randint(0, made)


def _decisions(body: _Body, year: int, row: str) -> int:
    usual = body.chance(0, row)
    if usual.random() < 0.4:
        return 0
    level = _heavy(usual, body.scale.decisions)
    return round(level * body.chance(year, row).uniform(0.8, 1.25))


def _items(body: _Body, year: int, row: str) -> int:
    return body.chance(0, row).randint(0, 20) + body.chance(year, f"{row} items").randint(0, 5)


def _money(body: _Body, year: int, row: str) -> int | Decimal:
    usual = body.chance(0, row)
    if usual.random() < 0.5:
        return 0
    level = _heavy(usual, body.scale.decisions // 20)
    places = usual.choice((0, 1, 2, 4))
    amount = Decimal(str(round(level * body.chance(year, row).uniform(0.8, 1.25), places)))
    return int(amount) if amount == amount.to_integral_value() else amount


def _table3(body: _Body, year: int, shape: Form) -> Table3:
    columns = shape.column_keys[:-1]
    new = [_new(body, year, column) for column in columns]
    carried_in = [_carried_out(body, year - 1, column) for column in columns]
    carried_out = [_carried_out(body, year, column) for column in columns]
    done = [n + i - o for n, i, o in zip(new, carried_in, carried_out, strict=True)]
    rows: dict[str, tuple[int, ...]] = dict.fromkeys(shape.result_keys, ())
    chance = body.chance(year, "results")
    weights = {key: _RARE_RESULTS * chance.random() ** 8 for key in shape.result_keys}
    weights |= {"granted": 1.0, "partial": 0.2, "unable_no_info": 0.5}
    for count in done:
        share = _shared(chance, count, list(weights.values()))
        for key, part in zip(weights, share, strict=True):
            rows[key] += (part,)
    table = {
        "new": tuple(new),
        "carried_in": tuple(carried_in),
        **rows,
        "total": tuple(done),
        "carried_out": tuple(carried_out),
    }
    return {key: (*table[key], sum(table[key])) for key in shape.row_keys}


def _new(body: _Body, year: int, column: str) -> int:
    chance = body.chance(year, "new")
    if chance.random() < body.scale.idle:
        return 0
    received = _heavy(chance, body.scale.applications)
    return round(received * _APPLICANTS[column] * body.chance(year, f"new {column}").uniform(0.5, 1.5))


def _carried_out(body: _Body, year: int, column: str) -> int:
    return body.chance(year, f"carried {column}").randint(0, _new(body, year, column) // 6)


def _table4(body: _Body, year: int, shape: Form, *, applied: bool) -> Table4:
    table: Table4 = {}
    for block in shape.table4_blocks:
        chance = body.chance(year, block.key)
        # since 2024 review comes before court (行政复议法 Art. 23), so nobody sues directly
        quiet = not applied or (block.key == "direct" and year >= 2024)
        cases = 0 if quiet else chance.randint(0, body.scale.disputes)
        parts = _shared(chance, cases, [6, 2, 2, 1])
        keys = [column.key for column in shape.table4_columns]
        table[block.key] = dict(zip(keys, (*parts, cases), strict=True))
    return table


def _heavy(chance: random.Random, scale: int) -> int:
    """A figure of this order with a heavy tail: half are small, a few several times as large."""
    return min(10 * scale, round(scale * 0.25 * chance.paretovariate(1.2))) if scale else 0


def _shared(chance: random.Random, count: int, weights: list[float]) -> list[int]:
    """``count`` dealt out by weight; the parts are whole and add up to it."""
    parts = [0] * len(weights)
    for index in chance.choices(range(len(weights)), weights=weights, k=count):
        parts[index] += 1
    return parts


def prose(agency: str, year: int, size: Size, table3: Table3, table4: Table4) -> dict[str, str]:
    """Opening and sections 1, 5 and 6, stating only what the tables state too. Keys are fields of an authored report."""
    new, carried_in = table3["new"][-1], table3["carried_in"][-1]
    done, carried_out = table3["total"][-1], table3["carried_out"][-1]
    received = f"本年度新收政府信息公开申请{new}件" if new else "本年度未收到政府信息公开申请"
    before = f"，上年结转{carried_in}件" if carried_in else ""
    finished = f"；办结{done}件" if done else ""
    after = f"，结转下年度{carried_out}件" if carried_out else ""
    review = table4["review"]["total"]
    courts = table4["direct"]["total"] + table4["after_review"]["total"]
    disputes = (
        f"本年度发生政府信息公开行政复议{review}件、行政诉讼{courts}件。"
        if review or courts
        else "本年度未发生政府信息公开行政复议、行政诉讼。"
    )
    area = (
        "对所属单位开展了政务公开工作考核和社会评议，未发生责任追究情形。" if size in {"county", "prefecture"} else ""
    )
    notice = "国办公开办函〔2021〕30号" if year >= 2021 else "国办公开办函〔2019〕60号"
    return {
        "opening": (
            "根据《中华人民共和国政府信息公开条例》和《国务院办公厅政府信息与政务公开办公室关于印发〈中华人民共和国政府信息"
            f"公开工作年度报告格式〉的通知》（{notice}）要求，编制{agency}{year}年政府信息公开工作年度报告。"
            f"本报告所列数据的统计期限自{year}年1月1日起至{year}年12月31日止。如对本报告有疑问，请与{agency}办公室联系"
            "（地址：建设路1号，电话：0000-0000000，电子邮箱：office@example.test）。"
        ),
        "overview": (
            "（一）主动公开。围绕群众关心的事项，及时公开机构职能、办事指南、财政预决算等信息，重要政策同步发布解读材料。\n"
            f"（二）依申请公开。{received}{before}{finished}{after}。{disputes}\n"
            "（三）政府信息管理。落实信息发布审核制度，定期清理规范性文件，及时更新失效信息。\n"
            "（四）政府信息公开平台建设。依托政府门户网站公开专栏发布信息，做好栏目日常维护。\n"
            f"（五）监督保障。明确专人负责信息公开工作，组织业务培训，接受社会监督。{area}"
        ),
        "problems": (
            "存在的主要问题：一是部分信息更新还不够及时；二是政策解读形式较为单一。\n"
            "改进情况：一是完善信息更新提醒机制，明确各环节办理时限；二是综合运用图文、问答等方式开展解读，方便群众理解。"
        ),
        "other_matters": "本年度未收取政府信息公开信息处理费，无其他需要报告的事项。",
    }
