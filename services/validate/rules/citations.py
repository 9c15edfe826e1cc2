"""Numbers of the notices that reports cite, as far as a wrong number is known to be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.core.finding import Severity
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import Example, with_prose
from services.validate.rules.sheet import Sheet

_LEFT, _RIGHT = r"[〔﹝\[［(（【〈<{]?", r"[〕﹞\]］)）】〉>}]?"
_REACH: Final = 80
"""How far around a number the words stand that tell which document is meant."""


@dataclass(frozen=True, slots=True)
class _Notice:
    """A notice whose number is often copied wrongly. `about`: words near the number that leave no doubt it is meant.

    Another document may rightly bear the same year and number under another prefix, so without these words nothing is said.
    """

    right: str
    written: re.Pattern[str]
    about: re.Pattern[str]


def _notice(right: str, year: int, number: int, about: str) -> _Notice:
    written = re.compile(rf"(?P<prefix>国办[发函公开办字]{{0,6}}){_LEFT}{year}{_RIGHT}(?:年)?第?{number}号")
    return _Notice(right, written, re.compile(about))


_NOTICES: Final = (
    _notice("国办公开办函〔2021〕30号", 2021, 30, "年度报告|年报"),
    _notice("国办函〔2020〕109号", 2020, 109, "处理费|信息公开"),
)
_OLD_FORM: Final = re.compile(rf"国办公开办函{_LEFT}2019{_RIGHT}第?60号")
_NEW_FORM: Final = re.compile(rf"国办[发函公开办字]{{0,6}}{_LEFT}2021{_RIGHT}第?30号")


@rule(
    "D10",
    severity=Severity.INFO,
    title="引用的文号正确",
    explanation="年度报告格式的文号是国办公开办函〔2021〕30号，政府信息公开信息处理费管理办法的文号是国办函〔2020〕109号，常被误写为国办发。"
    "2021 年度起的报告只引用国办公开办函〔2019〕60号（旧格式）的，也予提示。仅供审核人参考。",
    basis="《政府信息公开工作年度报告格式》（国办公开办函〔2021〕30号）；《政府信息公开信息处理费管理办法》（国办函〔2020〕109号）",
    example=Example(
        report=with_prose(
            "other_matters",
            "按照《政府信息公开信息处理费管理办法》（国办发〔2020〕109号），本年度未收取信息处理费，无其他需要报告的事项。",
        )
    ),
)
def rule_d10(sheet: Sheet) -> Iterator[Discrepancy]:
    """Known wrong numbers of the two notices, once each; the format of 2019 cited for 2021 or later."""
    wrong: dict[str, tuple[str, str]] = {}
    for passage in sheet.passages:
        for notice in _NOTICES:
            for found in notice.written.finditer(passage.text):
                around = passage.text[max(0, found.start() - _REACH) : found.end() + _REACH]
                if found["prefix"] != notice.right.partition("〔")[0] and notice.about.search(around):
                    wrong.setdefault(found[0], (passage.place, notice.right))
    for written, (place, right) in wrong.items():
        yield Discrepancy(
            (),
            f"{place}：文号写作“{written}”，该文件的文号为“{right}”。",
            "请核对文号。",
            expected=right,
            actual=written,
        )
    if sheet.year is None or sheet.year < 2021 or any(_NEW_FORM.search(passage.text) for passage in sheet.passages):
        return
    for passage in sheet.passages:
        if old := _OLD_FORM.search(passage.text):
            yield Discrepancy(
                (),
                f"{passage.place}：引用了“{old[0]}”，{sheet.year} 年度报告适用的格式是“国办公开办函〔2021〕30号”。",
                "请核对引用的文件。",
                expected="国办公开办函〔2021〕30号",
                actual=old[0],
            )
            return
