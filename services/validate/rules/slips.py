"""Slips of the pen that are none of the figures': lost numbers, doubled words, lost characters, words of the form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from services.core.finding import Severity
from services.validate.registry import Discrepancy, rule
from services.validate.rules.example import TALLYING, Example, with_prose
from services.validate.rules.passages import Passage, bare
from services.validate.rules.sheet import Sheet
from services.validate.rules.wording import listed

_END: Final = r"(?=[，。；、,;]|其中|$)"
_LOST_NUMBER: Final = re.compile(
    rf"(?:(?:主动公开(?:各类|各项)?(?:政府|政务)?(?:信息)?|发布(?:各类|各项)?(?:政府|政务)信息)_*[条篇]"
    rf"|(?:(?<!公)共计?|累计|总计|合计)_*[条篇件份次]){_END}"
)
"""A unit with a verb or a sum in front and no number between: 主动公开信息条, 共计件. 主动公开件 and 申请件 are words."""

_NEVER_TWICE: Final = (
    "信息|及时|全面|准确|规范|加强|推进|推动|落实|完善|提高|提升|强化|优化|严格|认真|积极|切实|深入|不断|扎实|持续|充分"
    "|按照|根据|通过|针对|以及|同时|其中|进行|开展|我局|我镇|我乡|我县|我委|我办|我们|群众|公众|情况|问题|内容|渠道|流程|机制|有关|相关"
)
"""Words that no sentence has twice in a row. 政府政府信息, 工作工作人员 and their like are two words side by side."""
_DOUBLED: Final = re.compile(
    rf"(?P<word>{_NEVER_TWICE})(?P=word)(?![员化网处科股办港台流量学库通号性图率度会]|系统|技术|中心|产业|行动|工程)"
)
_DOUBLED_LONG: Final = re.compile(r"(?P<word>[\u4e00-\u9fff]{3,8})(?<!政府|小组|公室|员会)(?P=word)")
"""Three characters and more: 进一步进一步, 政府信息公开政府信息公开."""
_ADJECTIVE: Final = "及时|全面|准确|规范|有效|完整|深入|充分|便捷|具体|明确|详细|丰富"
_ROUND: Final = re.compile(rf"(?P<word>{_ADJECTIVE})(?:、?(?:{_ADJECTIVE})){{1,3}}?、?(?P=word)(?=[，。；,;]|的|$)")
"""The same adjective again after another: 及时全面及时."""
_LOST_FIRST: Final = re.compile(r"(?P<before>^|.)(?P<lost>府信息公开|府信息管理)")
_LOST_AT_START: Final = re.compile(
    r"(?:^|[，。；：])(?P<lost>动公开(?:政府)?信息|务公开(?:工作|领导小组)|息公开(?:工作|平台|指南))"
)
_OF_GOVERNMENT: Final = "政市区县州省官首乡镇国学洞天王都"
"""What may stand before 府: 政府, and short names such as 市府、区府."""
_MARK: Final = re.compile(r"^(?:[（(]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[）)、.．])+")
_TOO_MANY: Final = 4
"""More doubled words than this come from the reading (type set twice for weight), not from the pen."""


def _lost_numbers(passage: Passage) -> Iterator[tuple[str, str]]:
    for found in _LOST_NUMBER.finditer(passage.text):
        yield f"“{passage.quote(*found.span())}”似缺少数量", found[0].replace("_", "")


def _doubled(passage: Passage) -> Iterator[tuple[str, str]]:
    mark = _MARK.match(passage.text)
    head = mark.end() if mark else 0
    for pattern in (_DOUBLED, _DOUBLED_LONG, _ROUND):
        for found in pattern.finditer(passage.text):
            # a heading run into its paragraph: （一）主动公开主动公开信息100条
            run_in = pattern is not _ROUND and (found.start() == head or passage.text[found.start() - 1] in "）).、")
            if not run_in and len(set(found["word"])) > 1:
                yield f"“{passage.quote(*found.span())}”中“{found['word']}”似重复", found[0]


def _lost_characters(passage: Passage) -> Iterator[tuple[str, str]]:
    for pattern in (_LOST_FIRST, _LOST_AT_START):
        for found in pattern.finditer(passage.text):
            start, before = found.start("lost"), passage.text[: found.start("lost")][-1:]
            unsure = passage.continued if start == 0 else pattern is _LOST_FIRST and not _plain_before(before)
            if not unsure:
                yield f"“{passage.quote(*found.span('lost'))}”似缺少字", found["lost"]


def _plain_before(char: str) -> bool:
    """Whether 府 after this character has lost its 政: after digits and dashes a page may have come between."""
    return char in "，。；：、（" or ("\u4e00" <= char <= "\u9fff" and char not in _OF_GOVERNMENT)


@rule(
    "D11",
    severity=Severity.INFO,
    title="正文没有缺数、重复、缺字",
    explanation="正文中“主动公开信息条”（缺数量）、“信息信息”“及时全面及时”（重复）、“府信息公开平台”（缺首字）一类的笔误，逐处列出，仅供审核人参考。",
    basis="《政府信息公开工作年度报告格式》（{form}）；各地关于年度报告“数据精确、文字严谨”的审核要求",
    example=Example(report=with_prose("problems", "主动公开信息不够及时全面及时，下一步将丰富图文解读。")),
)
def rule_d11(sheet: Sheet) -> Iterator[Discrepancy]:
    """A unit without its number, a word twice in a row, a word without its first character; once for each wording."""
    wants = {"缺少数量": "补填数量", "似重复": "删去重复", "缺少字": "补全文字"}
    doubled = [(passage, *slip) for passage in sheet.passages for slip in _doubled(passage)]
    slips = [] if len(doubled) > _TOO_MANY else doubled
    slips += [(p, *slip) for p in sheet.passages for slip in (*_lost_numbers(p), *_lost_characters(p))]
    told: set[str] = set()
    for passage, words, wrong in slips:
        if wrong not in told and len(told) < 8:
            told.add(wrong)
            want = next(text for end, text in wants.items() if words.endswith(end))
            yield Discrepancy((), f"{passage.place}：{words}。", "请核对文字。", expected=want, actual=wrong)


_INSTRUCTION: Final = re.compile(
    r"[该此]部分(?:内容)?以(?:表格|文字)(?:描述)?(?:的)?形式(?:报告|填报|填写|描述)"
    r"|(?:^|[（(【\[])填[写表报]说明(?=[:：）)】\]]|$)"
)
_UNFILLED: Final = re.compile(
    r"(?<![A-Za-z0-9×*])(?:20)?(?:[XxＸ]{2,4}|×{2,4})"
    r"(?=年|月|日|件|条|次|期|个|份|万元|元|人次|场|篇|省|市|县|区|乡|镇|街道|局|委员会|厅|单位|机关|部门|人民政府|办公室|网站)"
    r"|(?:电话|传真|邮编|地址|邮箱|联系人)[:：为]?(?:[XxＸ]{2,}|×{2,})"
)
_QUOTED: Final = re.compile(r"[“《〈‘「『\"][^”》〉’」』\"]{0,60}[”》〉’」』\"]")
_CASE: Final = re.compile(r"法院|检察院|[行民刑]初|行终|行复|案号|当事人|申请人[XxＸ×]|编号|型号")


def _left_in(passage: Passage) -> Iterator[str]:
    for found in _INSTRUCTION.finditer(passage.text):
        yield found[0].lstrip("（(【[")
    quoted = [span.span() for span in _QUOTED.finditer(passage.text)]
    for found in _UNFILLED.finditer(passage.text):
        around = passage.text[max(0, found.start() - 12) : found.end() + 12]
        inside = any(start < found.start() < end for start, end in quoted)
        if not inside and not _CASE.search(around):
            yield passage.quote(found.start(), found.end() + 1, around=6)


@rule(
    "B5",
    severity=Severity.WARNING,
    title="没有留下格式中的说明和待填处",
    explanation="格式中的说明文字（如“该部分以表格形式报告”“填写说明”）应当删去，“XX”“××”等待填处应当填好。"
    "书名号、引号中的名称，以及案号等隐去的文字不查。",
    basis="《政府信息公开工作年度报告格式》（{form}）",
    example=Example(report=with_prose("overview", f"{TALLYING.sections[0].text}全年举办培训XX次。")),
)
def rule_b5(sheet: Sheet) -> Iterator[Discrepancy]:
    """Instructions and placeholders of the form in titles and prose, all in one finding."""
    titles = [Passage("标题", "", bare(section.title)) for section in sheet.report.sections]
    if sheet.reading is not None and sheet.reading.title:
        titles.append(Passage("标题", "", bare(sheet.reading.title)))
    found = list(dict.fromkeys(f"{p.place}“{words}”" for p in (*titles, *sheet.passages) for words in _left_in(p)))
    if found:
        yield Discrepancy(
            (),
            f"有 {len(found)} 处像是格式中的说明或待填的内容：{listed(found, '处')}。",
            "说明文字请删去，待填处请填好。",
            expected="删去说明，填好内容",
            actual=listed(found, "处"),
        )
