"""Prose of another year: years that a report should not speak of, and text taken over from last year."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from services.core.finding import Severity
from services.core.report import Report
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import TALLYING, Example, a_year_before, with_prose
from services.validate.rules.passages import OPENING, Passage, bare, passages, sentences
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import listed

_YEAR: Final = r"(?P<year>20\d\d)年"
_LEAD: Final = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十\d]{1,3}[）)、.．])*(?:[一二三四五六]是)?(?:在|回顾|总结|纵观)?"
    rf"{_YEAR}(?:度|全年|来)?(?=[，,]|我[局镇乡县市区街委办院处单]|本[机局镇乡单年县委办街]|全[局镇乡县市区年街]|政府信息公开|政务公开|共|累计|主动公开)"
)
"""A sentence that says of a year what was done in it."""
_AS_OF: Final = re.compile(rf"截[至止到]{_YEAR}(?:12月31日|12月底|底|年底|末|年末)")
_REPORT_ON: Final = re.compile(rf"{_YEAR}度?政府信息公开(?:工作)?年度报告")
_BACKGROUND: Final = re.compile(
    r"比|较|同期|上年|上一年|去年|前年|以来|至今|年起|月起|日起|印发|出台|制定|成立|组建|修订|施行|实施|改革|挂牌|揭牌|划转|启用|上线"
    r"|建成|开通|荣获|获评|获得|被评|授予|验收|巡视|巡察|审计|整改|历年|连续|延续|沿用|遗留|结转|收到的申请|(?:[-—~～]|(?<!截)至)20\d\d年|规划|指出|反馈"
)
"""What is told of earlier years for comparison or as history."""
_OUR_WORK: Final = re.compile(r"信息公开|政务公开|主动公开|公开工作|受理|收到|办结|答复|公开")
_NAMED: Final = re.compile(
    r"《[^》]{0,80}》|“[^”]{0,60}”|〈[^〉]{0,80}〉|（[^）]{0,60}）|\([^)]{0,60}\)|[〔\[【][^〕\]】]{0,10}[〕\]】]"
)
"""Names of documents, quotations and asides carry years of their own."""
_PLAN: Final = (
    r"年度?[，,]?(?:我[局镇乡县市区街办委院处们]|本[局镇乡县机单街])?[关位]?将(?:从|继续|进一步|着力|重点|不断)"
)
"""What comes after the year of a plan; 将 alone may as well be the preposition (将政务公开列入考核)."""
_OLDEST: Final = 5
"""A copied text is a few years old; older years are history."""


def _strange(passage: Passage, year: int) -> Iterator[tuple[int, str]]:
    """(year, words) of each sentence that speaks of an earlier year as if it were the reported one."""
    text = _NAMED.sub("", passage.text)
    if f"{year}年" in text:
        return  # both years in one paragraph: a comparison
    for _, sentence in sentences(text):
        patterns = (_LEAD.match(sentence), _AS_OF.search(sentence))
        found = next((match for match in patterns if match and _OUR_WORK.search(sentence)), None)
        if found is None and passage.key == OPENING:
            found = _REPORT_ON.search(sentence)
        if found and year - _OLDEST <= int(found["year"]) < year and not _BACKGROUND.search(sentence):
            yield int(found["year"]), f"{sentence[:24]}{'…' if len(sentence) > 24 else ''}"


@rule(
    "Y3",
    severity=Severity.WARNING,
    milder=(Severity.INFO,),
    title="正文说的是报告年度",
    explanation="标题、正文应当说报告年度的情况，可能沿用了往年文字的句子和小标题会被列出；与上年比较、下一年打算、文件名称和文号中的年份、"
    "成立机构或印发文件等往事不查。第五部分的打算写的还是报告年度（“2024年将继续……”）的，仅供审核人参考。同一部分另有报告年度的，仅供审核人参考。标题、统计期限、报告日期的年度由 D2 至 D4 核对。",
    basis="《政府信息公开条例》第四十九条（每年公布上一年度报告）",
    example=Example(report=with_prose("overview", TALLYING.sections[0].text.replace("2024年，本局", "2023年，本局"))),
)
def rule_y3(sheet: Sheet) -> Iterator[Discrepancy]:
    """Headings and sentences about an earlier year as the reported one; one finding for all."""
    if len(sheet.years) != 1 or sheet.reading is None or sheet.title_year not in {None, sheet.year}:
        return  # which year is meant is rule D3's question
    (year,) = sheet.years
    sure: list[tuple[int, str]] = []
    unsure: list[tuple[int, str]] = []
    for section in sheet.report.sections:
        years = [int(text) for text in re.findall(r"20\d\d(?=年)", bare(section.title))]
        if years and max(years) < year:
            sure.append((max(years), f"标题“{bare(section.title)[:40]}”"))
    for key in dict.fromkeys(passage.key for passage in sheet.passages):
        own = [passage for passage in sheet.passages if passage.key == key]
        speaks = any(f"{year}年" in passage.text for passage in own)
        told = [(old, f"{p.place}“{words}”") for p in own for old, words in _strange(p, year)]
        (unsure if speaks else sure).extend(told)
    if found := [*sure, *unsure]:
        olds = "、".join(str(old) for old in sorted({old for old, _ in found}))
        yield Discrepancy(
            (),
            f"报告年度是 {year} 年，这些文字说的是 {olds} 年：{listed([words for _, words in found], '处')}。",
            "请核对是否沿用了往年的文字；所说确是往年情况的，不必修改。",
            expected=f"{year} 年的情况",
            actual=listed([words for _, words in found], "处"),
            severity=None if sure else Severity.INFO,
        )
    for passage in sheet.passages:
        if passage.key == "problems" and (plan := re.search(f"{year}{_PLAN}", _NAMED.sub("", passage.text))):
            yield Discrepancy(
                (),
                f"{passage.place}：打算写作“{plan[0]}”，{year} 年是报告年度。",
                f"请核对是否应为 {year + 1} 年。",
                expected=f"{year + 1} 年的打算",
                actual=plan[0],
                severity=Severity.INFO,
            )
            return


_SHINGLE: Final = 10
"""Characters that must agree in a row; shorter runs are the words of the trade."""
_LEAST: Final = 300
"""Characters below which two honest reports on a quiet year may be alike."""
_MOST_REPEATED: Final = 0.5
_COMPARED: Final = {"overview": "第一部分", "problems": "第五部分"}
_SET_PHRASE: Final = re.compile(
    r"统计期限|编制|根据《|按照《|依据《|电话|邮编|部分组成|习近平|二十大|二十届|中华人民共和国"
)
"""Sentences that every report has alike: what it rests on, its parts, its contact, the guiding thought."""
_KEPT: Final = re.compile(r"[\u4e00-\u9fffA-Za-z]|\d+")


def _own_words(report: Report, key: str) -> str:
    """The section's sentences without the set ones, without punctuation, every number as one 0."""
    own = (s for p in passages(report) if p.key == key for _, s in sentences(p.text) if not _SET_PHRASE.search(s))
    return "".join("0" if found[0].isdigit() else found[0] for found in _KEPT.finditer("".join(own)))


def repeated(text: str, before: str) -> int:
    """How many characters of `text` stand in runs of ten or more that `before` has too."""
    known = {before[start : start + _SHINGLE] for start in range(len(before) - _SHINGLE + 1)}
    count = end = 0
    for start in range(len(text) - _SHINGLE + 1):
        if text[start : start + _SHINGLE] in known:
            count += start + _SHINGLE - max(end, start)
            end = start + _SHINGLE
    return count


_COPIED: Final = "".join(
    f"（{mark}）{head}。{body}"
    for mark, head, body in (
        ("一", "主动公开", "围绕惠农补贴、农产品质量安全、高标准农田建设等群众关心的事项，及时公布实施方案、补贴名单和检查结果，并在村务公开栏张贴。"),
        ("二", "依申请公开", "畅通当面、信函、网络等申请渠道，逐件登记、研究、答复，疑难申请邀请法律顾问参与，答复文书统一样式，没有逾期答复的情形。"),
        ("三", "政府信息管理", "落实先审查后公开制度，明确股室、分管领导和办公室三级审核，对历史信息逐条核对，失效的及时标注，涉及个人隐私的作遮挡处理。"),
        ("四", "政府信息公开平台建设", "依托县政府门户网站农业农村专栏发布信息，调整栏目设置，增加检索和订阅入口，方便农户按乡镇和作物查找。"),
        ("五", "监督保障", "把公开工作列入股室年度任务，组织两期业务培训，设立意见箱，接受群众监督，每季度开展一次自查。"),
    )
)  # fmt: skip


@rule(
    "Y4",
    severity=Severity.WARNING,
    title="第一、五部分不沿用上年文字",
    explanation="第一部分和第五部分与上年报告重复的文字超过一半的予以提示。按连续十个字以上相同计算，不计数字和标点，不计编制依据、统计期限、"
    "联系方式等固定说法；文字较少（不足 300 字）的不查。",
    basis="《政府信息公开条例》第五十条；各地关于年度报告“内容雷同”的审核要求",
    example=Example(
        report=with_prose("overview", _COPIED), known={"last_year": a_year_before(**with_prose("overview", _COPIED))}
    ),
)
def rule_y4(sheet: Sheet) -> Iterator[Discrepancy]:
    """More than half of the characters of sections 1 and 5 stand in last year's in the same order."""
    before = sheet.last_year
    if before is None or sheet.reading is None or before.reading is None:
        return
    lengths: dict[str, int] = {}
    same: dict[str, int] = {}
    for key in _COMPARED:
        text = _own_words(sheet.report, key)
        lengths[key], same[key] = len(text), repeated(text, _own_words(before.report, key))
    length, count = sum(lengths.values()), sum(same.values())
    if length < _LEAST or count <= _MOST_REPEATED * length:
        return
    shares = [f"{_COMPARED[key]} {100 * same[key] // lengths[key]}%" for key in _COMPARED if lengths[key]]
    yield Discrepancy(
        (),
        f"第一、五部分约 {100 * count // length}% 的文字与上年报告相同（{'，'.join(shares)}）。",
        "请写明本年度的做法、问题和改进措施；确无变化的，说明即可。",
        expected="不超过 50%",
        actual=f"{100 * count // length}%",
    )
