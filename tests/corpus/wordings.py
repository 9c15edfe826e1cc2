"""The wordings in which real reports print the labels, heads and headings of the form (all variants seen in the field)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

from services.core.form import Form

ARABIC_MARKS: Final = ("{n}.", "{n}. ", "{n}、", "（{n}）", "({n})", "{n}．", "{c}")
LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "deny_law": ("其他法律、行政法规禁止公开", "其他法律行政止公开"),
    "deny_safety": ('危及"三安全一稳定"', "危及 “三安全一稳定”", "危及“三安全一稳定” "),
    "partial": (
        "部分公开（区分处理的,只计这一情形,不计其他情形）",
        "部分公开(区分处理的，只计这一情形，不计其他情形)",
    ),
    "other_no_correction": ("逾期不补正", "申请人无正当理由逾期不补正,行政机关不再处理其政府信息公开申请"),
    "other_no_fee": ("逾期不缴费", "申请人逾期未按收费通知要求缴纳费用，行政机关不再处理其政府信息公开申请"),
    "carried_out": ("结转下一年度继续办理",),
    "other_all": ("其他",),
}
"""Row key → other wordings of its label, without the mark in front."""
SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "overview": ("一、{year}年政务公开总体情况", "一、 总体情况"),
    "proactive": ("二、行政机关主动公开政府信息情况", "二、 主动公开政府信息情况"),
    "requests": ("三、收到和处理政府信息公开的申请情况", "三、收到和处理政府信息公开申请情况统计表"),
    "disputes": (
        "四、因政府信息公开工作被申请行政复议、提起行政诉讼情况",
        "四、政府信息公开行政复议行政诉讼情况",
        "四、政府信息公开行政复议及行政诉讼情况",
    ),
    "problems": (
        "五、政府信息公开工作存在的主要问题及改进情况",
        "五、存在的主要问题及整改措施",
        "五、存在问题及改进情况",
    ),
    "other_matters": ("六、其他报告事项", "六、需要报告的其他事项"),
}
_BLOCK: Final = ("{b}", "第二十条 第（{i}）项", "第二十条第({i})项")


class Wording:
    """Words of one document: heads, row labels, section headings. Drawn so that about a third print the form exactly."""

    def __init__(self, shape: Form, year: int, rng: random.Random) -> None:
        self.head: dict[str, str] = {}
        self.body: dict[str, str] = {}
        self.headings: dict[str, str] = {}
        if rng.random() < 0.35:
            return
        self._rows(shape, rng)
        self._groups(shape, rng)
        self._heads(shape, rng)
        for key, variants in SECTIONS.items():
            if rng.random() < 0.4:
                self.headings[key] = rng.choice(variants).format(year=year)

    def _rows(self, shape: Form, rng: random.Random) -> None:
        mark = rng.choice(ARABIC_MARKS)
        half = rng.random() < 0.3
        airy = rng.random() < 0.15
        for row in shape.table3_rows:
            label = rng.choice(LABELS[row.key]) if row.key in LABELS and rng.random() < 0.4 else row.label
            front = (
                mark.format(n=row.mark[0], c=chr(ord("①") + int(row.mark[0]) - 1))
                if row.mark[:1].isdigit()
                else row.mark
            )
            text = f"{front}{label}"
            if half:
                text = text.replace("（", "(").replace("）", ")")
            self.body[f"{row.mark}{row.label}"] = apart(text, rng) if airy and not row.mark[:1].isdigit() else text

    def _groups(self, shape: Form, rng: random.Random) -> None:
        half, airy = rng.random() < 0.3, rng.random() < 0.2
        damaged = rng.choice([*shape.table3_group]) if rng.random() < 0.1 else ""
        for group in shape.table3_groups:
            standard = f"{group.mark}{'' if group.mark.endswith('）') else '、'}{group.label}"
            text = standard
            if group.key == "other" and rng.random() < 0.25:
                text = f"{group.mark}其他"
            if half:
                text = text.replace("（", "(").replace("）", ")")
            if group.key == damaged:
                text = text.lstrip("（(")
            self.body[standard] = apart(text, rng) if airy else text

    def _heads(self, shape: Form, rng: random.Random) -> None:
        airy = rng.random() < 0.3
        heads = [column.label for column in (*shape.table3_columns, *shape.table4_columns)]
        heads += ["法人或其他组织", "申请人情况", "行政复议", "行政诉讼", "未经复议直接起诉", "复议后起诉"]
        for text in heads:
            self.head[text] = apart(text, rng) if airy and rng.random() < 0.7 else text
        if rng.random() < 0.15:
            self.head["总计"] = "合计"
        if rng.random() < 0.2:
            self.head["现行有效件数"] = "现行有效件"
        if rng.random() < 0.5:
            self.body["行政规范性文件"] = "规范性文件"
        block = rng.choice(_BLOCK)
        for title in {row.block for row in shape.table2_rows}:
            self.body[title] = block.format(b=title, i=title.split("（")[1][0])


def apart(text: str, rng: random.Random) -> str:
    """Blanks between some of the characters, as typists space words out."""
    return "".join(char + (" " if rng.random() < 0.5 else "") for char in text).strip()


def title_lines(agency: str, year: int, rng: random.Random) -> tuple[str, ...]:
    """The title in one or two lines, sometimes with blanks around the year."""
    number = rng.choice((f"{year}年", f"{year}年", f"{year} 年", f" {year} 年 ", f"{year}年度"))
    rest = f"{number}政府信息公开工作年度报告"
    return (agency, rest.strip()) if rng.random() < 0.5 else (f"{agency}{rest}",)
