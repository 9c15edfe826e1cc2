"""Prose that says what the tables say, in the many ways in which bodies write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from services.core.report import Report, SectionFound
from services.validate.rules.prose_weighing import RESULT_ROWS

_UNITS = ("件", "件", "件", "条", "份", "宗", "起", "例", "次", "项")
_APPLIED = (
    "政府信息公开申请",
    "信息公开申请",
    "依申请公开",
    "依申请公开政府信息申请",
    "政府信息依申请公开",
    "政府信息公开的申请",
)
_RESULTS = {
    "granted": ("予以公开", "同意公开", "予以公开的", "予以公开答复"),
    "partial": ("部分公开", "部分公开的", "予以部分公开"),
    "denied": ("不予公开", "不予公开的"),
    "unable": ("无法提供", "无法提供的"),
    "rejected": ("不予处理", "不予处理的"),
    "other_results": ("其他处理", "作其他处理"),
}
_FILLERS = (
    "围绕群众关心的事项，及时公开机构职能、办事指南、财政预决算等信息，全年主动公开政府信息1286条。",
    "办理人大代表建议12件、政协提案9件，全部按时办结。",
    "受理12345热线工单2301件，办结率100%。",
    "答复网民留言312条，回应关切45次。",
    "全年公开信息890条，其中政策文件300条、财政预决算202条、招考信息200条。",
    "报送规范性文件备案34件，清理规范性文件120件。",
    "贯彻落实国办公开办函〔2021〕30号和国务院令第711号要求，召开第12次会议研究部署。",
    "组织业务培训3次，参加人员一百二十人次，开展检查4次。",
    "较上年增加解读材料12件，政务新媒体发布信息163条。",
    "2022年，共收到政府信息公开申请9999件。",
    "推进“一件事一次办”，完善三项制度，确保一件不漏。",
)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence with a figure in it: `say` writes the sentence for a figure; `rules` are those that watch over it."""

    say: Callable[[str], str]
    figure: int
    rules: frozenset[str]


class Writer:
    """Writes the prose of one report; chance decides on the words."""

    def __init__(self, report: Report, random: Random) -> None:
        self._random = random
        figures = {path: value for path, value in report.figures().items() if isinstance(value, int)}
        self._figures = figures
        self._old = "table3.other_all.total" in figures

    def total(self, *rows: str) -> int:
        return sum(self._figures[f"table3.{row}.total"] for row in rows)

    def result(self, kind: str) -> int:
        if kind == "other_results":
            return self.total(
                *(("other_all",) if self._old else ("other_no_correction", "other_no_fee", "other_other"))
            )
        return self.total(*RESULT_ROWS[kind])

    def cases(self, *blocks: str, column: str = "total") -> int:
        return sum(self._figures[f"table4.{block}.{column}"] for block in blocks)

    def number(self, value: int) -> str:
        """A number in one of the ways in which it is written."""
        way = self._random.randrange(8)
        if way == 0:
            return f"{value:,}"
        if way == 1:
            return f"{value:,}".replace(",", "，")
        if way == 2:
            return str(value).translate({ord(d): chr(ord(d) + 0xFEE0) for d in "0123456789"})
        if way == 3:
            return f" {value} "
        return str(value)

    def told(self) -> list[Told]:
        """Every statement that the tables bear out, each in one of its wordings."""
        return [*self._applications(), *self._results(), *self._people(), *self._disputes(), *self._documents()]

    def _pick(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _applications(self) -> list[Told]:
        applied, unit = self._pick(*_APPLIED), self._pick(*_UNITS)
        who = self._pick("", "我局", "本机关", "全年", "2024年，", "本年度，我局", "一年来")
        new, before, done, left = (self.total(row) for row in ("new", "carried_in", "total", "carried_out"))
        verb = self._pick("共收到", "收到", "受理", "共受理", "接到", "接收")
        either = self._random.choice((new, new + before))
        into = self._pick("结转下年度", "结转下年度继续办理", "结转至下一年度办理", "顺延到下年度")
        found = [
            Told(lambda n: f"{who}新收{applied}{n}{unit}", new, frozenset({"N1", "N2"})),
            Told(lambda n: f"{who}{verb}{applied}{n}{unit}", either, frozenset({"N1", "N2"})),
            Told(lambda n: f"{self._pick('办结', '已办结', '共办结')}{applied}{n}{unit}", done, frozenset({"N3"})),
            Told(lambda n: f"答复{applied}{n}{unit}（含上年结转{before}{unit}）", done, frozenset({"N3"})),
            Told(lambda n: f"上年结转{applied}{n}{unit}", before, frozenset({"N9"})),
            Told(lambda n: f"另有{applied}{n}{unit}{into}", left, frozenset({"N9"})),
            Told(lambda n: f"{into}{applied}{n}{unit}", left, frozenset({"N9"})),
        ]
        if not new:
            none = self._pick("未收到", "没有收到", "未接到")
            found.append(Told(lambda _: f"{who}{none}{applied}", 0, frozenset()))
        if not left:
            found.append(Told(lambda _: f"{applied}均已办结", 0, frozenset()))
        return found

    def _results(self) -> list[Told]:
        unit, done = self._pick(*_UNITS), self.total("total")
        found = []
        for kind, names in _RESULTS.items():
            name, value = self._pick(*names), self.result(kind)
            share = f"，占{100 * value / done:.2f}%" if done and self._random.random() < 0.3 else ""
            found.append(Told(partial(_result, name, unit, share), value, frozenset({"N5", "N6"})))
        both = self.result("granted") + self.result("partial")
        share = f"（{int(10_000 * both / done) / 100:.2f}%）" if done else ""
        joined = self._pick("及", "和", "或", "、")
        found.append(Told(lambda n: f"政府信息公开申请予以公开{joined}部分公开{n}件{share}", both, frozenset({"N6"})))
        return found

    def _people(self) -> list[Told]:
        row = self._random.choice(("new", "total"))
        natural = self._figures[f"table3.{row}.natural"]
        others = self.total(row) - natural
        ways = [
            Told(lambda n: f"政府信息公开申请中，自然人{n}件、法人或其他组织{others}件", natural, frozenset({"N7"}))
        ]
        new = self.total("new")
        if new > 2:
            online = self._random.randint(1, new - 1)
            ways.append(
                Told(
                    lambda n: f"收到政府信息公开申请{new}件，其中网络申请{n}件、信函申请{new - online}件",
                    online,
                    frozenset({"N8"}),
                )
            )
        return ways

    def _disputes(self) -> list[Told]:
        reviews, courts = self.cases("review"), self.cases("direct", "after_review")
        why = self._pick("因政府信息公开", "涉及政府信息公开的", "因政府信息公开工作被申请")
        upheld = self.cases("review", column="upheld")
        found = [
            Told(lambda n: f"{why}行政复议{n}件，其中维持{upheld}件", reviews, frozenset({"N10"})),
            Told(lambda n: f"{why}行政复议{reviews}件，其中结果维持{n}件", upheld, frozenset({"N10"})),
            Told(lambda n: f"{why}行政诉讼案件{n}起", courts, frozenset({"N10"})),
            Told(lambda n: f"{why}行政复议、行政诉讼案件共{n}件", reviews + courts, frozenset({"N16"})),
        ]
        if not reviews + courts:
            none = self._pick("未发生", "没有", "无")
            found.append(Told(lambda _: f"{none}政府信息公开行政复议、行政诉讼", 0, frozenset()))
        return found

    def _documents(self) -> list[Told]:
        made, repealed, in_force = (self._figures[f"table2.normative_docs.{index}"] for index in range(3))
        verb = self._pick("制发", "制定", "出台", "制定印发")
        fee = 10 * self._random.randint(1, 500)
        return [
            Told(
                lambda n: f"{verb}行政规范性文件{n}件，废止{repealed}件，现行有效{in_force}件", made, frozenset({"N12"})
            ),
            Told(lambda n: f"{verb}行政规范性文件{made}件，废止{n}件", repealed, frozenset({"N12"})),
            Told(lambda n: f"作出行政许可决定{n}件", self._figures["table2.licences"], frozenset({"N13"})),
            Told(lambda n: f"作出行政处罚决定{n}件", self._figures["table2.penalties"], frozenset({"N13"})),
            Told(lambda n: f"收取信息处理费{n}元", fee, frozenset({"N14"})),
        ]

    def prose(self, told: list[str]) -> str:
        """Sentences among others that are about other things, as paragraphs."""
        sentences = [f"{one}{self._pick('。', '；', '。')}" for one in told]
        sentences += self._random.sample(_FILLERS, self._random.randint(0, 5))
        self._random.shuffle(sentences)
        return "".join(one + self._pick("", "", "\n") for one in sentences)


def _result(name: str, unit: str, share: str, number: str) -> str:
    return f"对政府信息公开申请作出{name}{number}{unit}{share}"


def with_text(report: Report, text: str, key: str = "overview") -> Report:
    """The report with this prose in one section."""
    sections: list[SectionFound] = [
        section.model_copy(update={"text": text}) if section.key == key else section for section in report.sections
    ]
    return report.model_copy(update={"sections": sections})
