"""The words that tell what a sentence is about: its topic, whose figures it gives, and of which year."""

from __future__ import annotations

import re
from typing import Final

APPLICATION: Final = (
    r"(?:(?:政府|政务)?信息(?:依申请)?公开(?:的)?(?:依)?申请(?:公开)?|(?:政府|政务)?(?:信息)?依申请公开(?:的)?(?:政府|政务)?(?:信息)?(?:的)?(?:申请)?"
    r"|(?:政府|政务)信息(?:的)?(?:依)?申请(?:公开)?|依申请信息(?:公开)?|申请公开(?:政府|政务)?信息|公开(?:政府|政务)?信息(?:的)?申请|公开申请)"
)
ABOUT_APPLICATIONS: Final = re.compile(APPLICATION)
OTHER_BUSINESS: Final = re.compile(
    r"建议|提案|12345|12328|热线|信箱|留言|问政|来信|来电|来访|咨询|(?<!信访举报)投诉(?!类申请)|举报(?!投诉类)|信访(?!举报)|许可|审批|备案"
    r"|工单|诉求|意见|网民|网友|舆情|主动公开|公文|稿件|简报|解读|培训|会议|政务服务|不动产|查档|公众号|微信|微博|抖音|案卷评查|执法|办事"
    r"|好差评|回复选登|政务邮件|议案|采购|合同|仲裁|赔偿"
)
DISPUTE: Final = re.compile(r"复议|诉讼|起诉|应诉")
TOPICS: Final = re.compile(
    f"(?P<applications>{APPLICATION})|(?P<disputes>{DISPUTE.pattern})|(?P<other>{OTHER_BUSINESS.pattern})"
)
"""The words that begin a topic; the last of them counts."""
DISCLOSURE: Final = re.compile(r"信息公开|政务公开|依申请公开|公开政府信息|申请公开")

AREA: Final = re.compile(
    r"全(?:自治区|街道|[省市县区州旗盟镇乡])|各级|各部门|各单位|各职能部门|各镇|各街道|各乡镇|各县|两级|我[省市县区州旗盟](?!政府|人民|[^\W\d_]{0,4}局)|辖区"
)
OWN: Final = re.compile(
    r"(?<![非属向])[我本](?:局|委|办|厅|中心|队|院|站|所|馆|会|机关|单位|部门|镇|乡|街道|办事处|行|处)(?!不掌握|负责|不负责|公开|职责|制作)"
    r"|本级|局机关|代表[^,]{0,10}政府|(?:省|市|县|区|州|旗|盟|行署)(?:人民)?(?:政)?府办公?[室厅]?"
)
NARROW: Final = re.compile(
    r"代表[^,]{0,10}政府|本级|机关本身|局机关|委机关|[局委厅办镇乡]属|下属|所属|直属|分局|各[科股处]室"
)
_ACTS: Final = r"(?:全年|本年度?|共|累计|依法|已|及时|均|都|尚未|没有|未)*+(?:发生|产生|被|新收到?|新受理|收到|受理|接收|接到|答复|办结|办理)"
_BODY: Final = re.compile(
    rf"([\u4e00-\u9fff]{{1,14}}?(?:局|委|办|镇|乡|街道|办事处|中心|厅|政府|大队|支队|学校|医院|集团)){_ACTS}"
)

_YEAR: Final = re.compile(
    r"(?<![\d较比与至到])(?<!结转)(20\d\d)年(?!度?(?:结转|转结|转入|遗留|同期|相比|继续)|\d{1,2}月|以来|修订|工作要点)|(今年|本年)"
)
OTHER_YEARS: Final = re.compile(r"上年度?|去年|前年|上一年度?|往年|历年|近[两三四五]年|日均|月均|平均")
PART_OF_YEAR: Final = re.compile(r"以来|[两三四五六七八九十\d]年来|累计|\d{1,2}月份?(?!\d{1,2}日)|季度|上半年|下半年")
WHOLE_YEAR: Final = re.compile(r"全年|20\d\d年(?!\d{1,2}月)度?|今年|本年")
CHANGE: Final = re.compile(r"增加|减少|增长|下降|上升|降低|多收|少收|同比|环比|较上|比上|较去|比去|较20|比20|净增")


def body_named(head: str) -> str | None:
    """The body that receives or answers, where the words in front of a figure name one: ``市公安局收到``."""
    found = _BODY.search(head)
    return found[1] if found else None


def year_before(text: str) -> int | str | None:
    """The last year named in `text`: a number, ``this`` for 今年 and 本年, None where none is."""
    years = _YEAR.findall(text)
    if not years:
        return None
    number, _ = years[-1]
    return int(number) if number else "this"


def last_end(pattern: re.Pattern[str], text: str) -> int:
    """Where the last match of `pattern` in `text` ends, -1 where there is none."""
    end = -1
    for found in pattern.finditer(text):
        end = found.end()
    return end
