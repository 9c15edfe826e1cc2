from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.errors import REASONS
from services.core.finding import Finding, Repair, Severity
from services.core.form import form
from services.core.report import Layout
from services.notify.audience import Contact
from services.notify.compose import ComposedMail, compose, render
from services.notify.headers import AddressError, HeaderError
from services.notify.letter import Letter
from tests.unit.notify import samples
from tests.unit.notify.samples import SENDER


def text_of(letter: Letter) -> str:
    return render(letter, SENDER).text


def composed(letter: Letter, message_id: str = samples.MESSAGE_ID, date: datetime = samples.COMPOSED) -> ComposedMail:
    return compose(letter, sender=SENDER, message_id=message_id, date=date)


def decoded(part: Message) -> str:
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode().replace("\r\n", "\n")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._skipped += tag in ("title", "style")

    def handle_endtag(self, tag):
        self._skipped -= tag in ("title", "style")

    def handle_data(self, data):
        if not self._skipped:
            self.words.append(data)


def page_of(letter: Letter) -> _Words:
    parser = _Words()
    parser.feed(render(letter, SENDER).html)
    return parser


class TestTheAgencysMail:
    def test_the_subject_says_who_which_year_which_version_and_how_much(self):
        assert (
            render(samples.TO_MEND, SENDER).subject
            == "【请更正】塔城乡人民政府 2024 年度报告（第 1 版）：2 处需要更正，3 处请核实"
        )

    def test_a_figure_in_prose_is_never_said_to_stand_in_the_cell_it_differs_from(self):
        letter = replace(samples.TO_MEND, findings=(samples.IN_PROSE,))
        for text in (text_of(letter), "".join(page_of(letter).words)):
            assert samples.IN_PROSE.message in text
            assert "填报 28" not in text
            assert "应为" not in text
            assert "多 10" not in text

    def test_the_first_screen_names_the_cell_its_value_and_what_to_do(self):
        first_screen = text_of(samples.TO_MEND).split("【需要更正】")[0]
        assert (
            "· 表三（一）予以公开 · 自然人（第 3 页）\n  填报 5，很可能应为 4\n"
            "  改这一格，三处勾稽关系同时成立（第 1 处）" in first_screen
        )
        assert "· 表四 行政复议 · 总计（第 4 页）\n  填报 0，应为 11（少 11）\n  见下面第 2 处" in first_screen
        assert "在1月31日前按原来的方式再报送一次" in first_screen
        assert samples.TO_MEND.link in first_screen
        assert len(first_screen) < 500

    def test_a_finding_of_its_own_has_place_page_both_values_difference_fix_and_basis(self):
        assert (
            "1. 表三（一）予以公开 · 总计（第 3 页）\n"
            "“（一）予以公开”这一行，自然人和法人或其他组织各栏相加是 8，总计填了 7。\n"
            "应为 8，填报 7，少 1\n"
            "→ 表三（一）予以公开 · 自然人：填报 5，很可能应为 4\n"
            "依据：国办公开办函〔2021〕30号附件，表三填写说明\n"
        ) in text_of(replace(samples.TO_MEND, findings=(samples.ROW_SUM, samples.BALANCE)))

    def test_what_one_cell_settles_is_told_once_with_all_that_does_not_tally(self):
        text = text_of(samples.TO_MEND)
        assert (
            "1. 表三（一）予以公开 · 自然人（第 3 页）\n"
            "填报 5，很可能应为 4；改后三处勾稽关系同时成立。\n"
            "应为 4，填报 5，多 1\n"
            "对不上的是：\n"
            "· “（一）予以公开”这一行，自然人和法人或其他组织各栏相加是 8，总计填了 7。\n"
            "· “自然人”这一列，各项办理结果相加是 9，“（七）总计”填了 8。\n"
            "依据：国办公开办函〔2021〕30号附件，表三填写说明\n"
        ) in text
        assert text.count("很可能") == 2  # at the top and in its place

    def test_cells_to_be_changed_together_are_one_matter(self):
        both = [
            Repair(cell="table3.granted.natural", from_=5, to=4, settles=["a1", "a2"], option=1),
            Repair(cell="table3.granted.other", from_=3, to=2, settles=["a1", "a2"], option=1),
        ]
        findings = tuple(replace_finding(finding, repair=both) for finding in (samples.ROW_SUM, samples.COLUMN_SUM))
        rendering = render(replace(samples.TO_MEND, findings=findings), SENDER)
        assert "1 处需要更正" in rendering.subject
        assert (
            "· 表三（一）予以公开 · 自然人、法人或其他组织·其他（第 3 页）\n  表三（一）予以公开 · 自然人：填报 5，很可能应为 4；"
            "同时 表三（一）予以公开 · 法人或其他组织·其他：填报 3，很可能应为 2\n"
            "  改这 2 格，两处勾稽关系同时成立（第 1 处）"
        ) in rendering.text
        assert (
            "1. 表三（一）予以公开 · 自然人、法人或其他组织·其他（第 3 页）\n这 2 格一并改正后，两处勾稽关系同时成立。\n"
            "→ 表三（一）予以公开 · 自然人：填报 5，很可能应为 4；同时 表三（一）予以公开 · 法人或其他组织·其他：填报 3，很可能应为 2\n"
        ) in rendering.text

    def test_what_may_be_misread_is_told_once_too_and_held_against_nobody(self):
        findings = tuple(replace_finding(finding, cause="unclear") for finding in (samples.ROW_SUM, samples.COLUMN_SUM))
        text = text_of(replace(samples.TO_REVIEW, findings=findings))
        assert "【请对照原件】1 处" in text
        assert "读作 5，可能应为 4；改后三处勾稽关系同时成立。" in text
        assert "填报" not in text

    def test_errors_come_first_then_by_table(self):
        text = text_of(samples.TO_MEND)
        order = [
            f.message
            for f in (
                samples.ROW_SUM,
                samples.COLUMN_SUM,
                samples.BALANCE,
                samples.CARRIED,
                samples.BLANKS,
                samples.LATE,
            )
        ]
        positions = [text.rindex(message) for message in order]
        assert positions == sorted(positions)

    def test_many_cells_are_named_row_by_row(self):
        assert (
            "4. 表三 9 格\n表三有 9 格空着没有填。没有的请填 0。\n涉及：\n"
            "· 表三（三）不予公开 1.属于国家秘密（整行 7 格）\n"
            "· 表三（三）不予公开 2.其他法律行政法规禁止公开 · 自然人、总计\n"
        ) in text_of(samples.TO_MEND)

    def test_warnings_alone_are_a_question_not_a_demand(self):
        rendering = render(samples.TO_CONFIRM, SENDER)
        assert rendering.subject.startswith("【请核实】")
        assert "更正" not in rendering.text
        assert "确属实际情况的，不用改数" in rendering.text

    def test_the_agency_hears_that_a_person_is_still_looking_but_not_at_which_cell(self):
        text = text_of(replace(samples.TO_MEND, review_reason="表三（五）没有读准"))
        assert "另有部分内容主管部门正在人工核对" in text
        assert "表三（五）" not in text

    def test_all_of_three_hundred_findings_are_listed_and_the_top_stays_short(self):
        cells = [*form("2021").paths("table3"), *form("2021").paths("table4")]
        findings = tuple(
            replace_finding(samples.BALANCE, where=[cell], fingerprint=f"f{number}", message=f"第{number}号说明。")
            for number, cell in enumerate((cells * 2)[:300])
        )
        text = text_of(replace(samples.TO_MEND, findings=findings))
        assert all(f"第{number}号说明。" in text for number in range(300))
        assert "\n300. " in text
        assert "另有 295 项，见下面的逐处说明。" in text
        assert len(text.split("【需要更正】")[0]) < 700

    def test_two_possible_cells_are_offered_and_neither_is_put_at_the_top(self):
        either = replace_finding(
            samples.ROW_SUM,
            repair=[
                Repair(cell="table3.granted.natural", from_=5, to=4),
                Repair(cell="table3.granted.total", from_=7, to=8),
            ],
        )
        text = text_of(replace(samples.TO_MEND, findings=(either,)))
        assert "填报 7，按其他数字推算 8（少 1），可能的改法有 2 种" in text.split("【怎么办】")[0]
        assert (
            "可能要改的是下列之一：\n→ 表三（一）予以公开 · 自然人：填报 5，可能应为 4\n→ 表三（一）予以公开 · 总计：填报 7，可能应为 8"
            in text
        )
        assert "很可能" not in text

    def test_a_cell_whose_findings_another_cell_settles_too_is_not_put_at_the_top(self):
        smaller = Repair(cell="table3.total.natural", from_=8, to=9, settles=["a2"])
        text = text_of(
            replace(samples.TO_MEND, findings=(samples.ROW_SUM, replace_finding(samples.COLUMN_SUM, repair=[smaller])))
        )
        top = text.split("【怎么办】")[0]
        assert "改这一格，第 1、2 处就都对上了" in top
        assert "应为 9" not in top
        assert "→ 表三（七）总计 · 自然人：填报 8，很可能应为 9" in text

    def test_a_blank_to_fill_is_called_empty(self):
        filled = replace_finding(samples.ROW_SUM, repair=[Repair(cell="table3.granted.natural", from_=None, to=4)])
        assert "现在空着，很可能应为 4" in text_of(replace(samples.TO_MEND, findings=(filled,)))

    def test_the_old_layout_names_its_own_rows(self):
        old = replace_finding(samples.BALANCE, where=["table3.other_all.total"])
        letter = replace(samples.TO_MEND, findings=(old,), layout=Layout(table3="2019"))
        assert "表三（六）其他处理 · 总计" in text_of(letter)

    def test_findings_about_no_cell_still_have_a_place(self):
        for where, words in [
            (["date"], "落款日期"),
            (["overview"], "一、总体情况"),
            (["sections.overview"], "一、总体情况"),
            (["table3.granted"], "表三（一）予以公开"),
            (["table2"], "表二"),
            (["table3.no_such_row.total"], "表三"),
            (["table9.x.y"], "报告正文"),
            ([""], "报告正文"),
            ([], "正文和格式"),
        ]:
            letter = replace(samples.TO_MEND, findings=(replace_finding(samples.BALANCE, where=where),))
            assert f"\n1. {words}\n" in text_of(letter), where

    def test_money_is_written_as_in_the_report(self):
        fees = replace_finding(samples.BALANCE, where=["table2.fees"], expected=59237.2449, actual=592372449.0)
        assert "应为 59237.2449，填报 592372449，多 592313211.7551" in text_of(
            replace(samples.TO_MEND, findings=(fees,))
        )


class TestTheReviewersMail:
    def test_what_needs_eyes_comes_first_and_nothing_unsure_is_called_wrong(self):
        text = text_of(samples.TO_REVIEW)
        assert text.index("【没有把握的格】") < text.index("【请对照原件】") < text.index("【需要单位更正】")
        unsure = text[text.index("【请对照原件】") : text.index("【需要单位更正】")]
        assert "按其余各格应为 1，读作 11，多 10" in unsure
        assert "填报" not in unsure

    def test_uncertain_cells_have_place_and_page(self):
        text = text_of(samples.TO_REVIEW)
        assert "· 表三（五）不予处理 5.要求行政机关确认或重新出具已获取信息 · 自然人、总计（第 4 页）" in text
        assert "· 表二 行政许可 · 本年处理决定数量" in text

    def test_it_says_what_the_agency_was_told(self):
        text = text_of(samples.TO_REVIEW)
        assert "【需要单位更正】1 处\n单位会同时收到这一部分。" in text
        assert "【仅供参考】1 处\n不影响核对结果，单位没有收到这一部分。" in text

    def test_it_says_when_nobody_at_the_agency_could_be_told(self):
        text = text_of(replace(samples.TO_REVIEW, agency_told=False))
        assert "名册里没有这个单位的联系人" in text
        assert "单位会同时收到" not in text

    def test_nothing_to_do_is_said_as_such(self):
        letter = replace(samples.TO_REVIEW, findings=(samples.ROW_SUM,), uncertain=(), review_reason=None)
        rendering = render(letter, SENDER)
        assert rendering.subject == "【核对结果】塔城乡人民政府 2024 年度报告（第 1 版）：1 处请单位处理"
        assert "这一版暂时不用您处理" in rendering.text


class TestReceiptsAndRefusals:
    def test_a_clean_receipt(self):
        text = text_of(samples.CLEAN)
        assert "已收到，核对无误" in text
        assert "您不用再做什么" in text

    def test_a_receipt_in_review_promises_nothing(self):
        rendering = render(samples.IN_REVIEW, SENDER)
        assert rendering.subject.endswith("：正在人工核对")
        assert "无误" not in rendering.text

    @pytest.mark.parametrize("code", REASONS)
    @pytest.mark.parametrize("detail", ["", "12 MB"])
    def test_every_reason_gives_cause_and_next_step(self, code, detail):
        letter = replace(samples.LOCKED, reason_code=code, reason_detail=detail)
        text = text_of(letter)
        shown = detail or "详见系统记录"
        assert f"原因：{REASONS[code].cause.format(detail=shown)}" in text
        assert REASONS[code].next_step.format(detail=shown) in text

    def test_the_subject_of_a_refusal_says_why(self):
        subject = render(samples.LOCKED, SENDER).subject
        assert subject == "【未能受理】塔城乡人民政府报送的文件：文件设有打开密码，无法读取"

    def test_a_quarantined_file_is_said_to_be_kept(self):
        text = text_of(samples.STUCK)
        assert "没有丢失" in text
        assert "90 秒" in text

    def test_an_unknown_reason_or_a_time_without_zone_is_a_defect_of_the_caller(self):
        with pytest.raises(KeyError):
            replace(samples.LOCKED, reason_code="no_such_reason")
        with pytest.raises(ValueError, match="time zone"):
            replace(samples.CLEAN, received_at=datetime(2025, 1, 30))  # noqa: DTZ001 - the defect itself

    def test_an_agency_without_a_name_is_called_by_its_code(self):
        assert "单位代码 tachengxiang 2024 年度报告" in text_of(replace(samples.CLEAN, agency_name=""))


class TestOnTheWire:
    @pytest.mark.parametrize("name", samples.ALL)
    def test_text_first_then_html_both_in_ascii_and_the_same_bytes_each_time(self, name):
        letter = samples.ALL[name]
        mail = composed(letter)
        assert composed(letter) == mail
        assert mail.raw.isascii()
        assert max(map(len, mail.raw.split(b"\r\n"))) <= 200
        parsed = message_from_bytes(mail.raw)
        _whole, plain, html = parsed.walk()
        rendering = render(letter, SENDER)
        assert decoded(plain) == rendering.text
        assert decoded(html) == rendering.html
        assert [part.get_content_type() for part in (plain, html)] == ["text/plain", "text/html"]
        assert [part.get_filename() for part in (plain, html)] == [None, None]

    def test_the_fields_that_keep_machines_from_answering(self):
        parsed = message_from_bytes(composed(samples.CLEAN).raw)
        assert parsed["Auto-Submitted"] == "auto-generated"
        assert parsed["X-Auto-Response-Suppress"] == "All"
        assert parsed["Precedence"] is None
        assert parsed["Content-Language"] == "zh-CN"
        assert parsed["X-Gouji-Submission"] == "2025-000123"
        assert parsed["Message-ID"] == samples.MESSAGE_ID
        assert parsed["Date"] == "Thu, 30 Jan 2025 23:06:00 +0800"
        assert parsedate_to_datetime(parsed["Date"]) == samples.COMPOSED

    def test_an_impossible_recipient_and_a_strange_message_id_are_refused(self):
        with pytest.raises(AddressError):
            composed(replace(samples.CLEAN, recipient=Contact("王敏", "王敏@town.gov.cn", "agency")))
        with pytest.raises(HeaderError):
            composed(samples.CLEAN, message_id="42")
        with pytest.raises(ValueError, match="time zone"):
            composed(samples.CLEAN, date=datetime(2025, 1, 30))  # noqa: DTZ001 - the defect itself

    def test_times_are_chinas(self):
        letter = replace(samples.CLEAN, received_at=datetime(2025, 1, 31, 16, 30, tzinfo=UTC))
        assert "2025年2月1日 00:30 收到" in text_of(letter)


class TestTheHtml:
    @pytest.mark.parametrize("name", samples.ALL)
    def test_it_says_what_the_text_says(self, name):
        letter = samples.ALL[name]
        page = "".join("".join(page_of(letter).words).split())
        for line in text_of(letter).splitlines():
            # the text numbers its steps and ends a label in a colon; a page is a word of its own in the HTML
            for piece in re.split(r"[（）】]", re.sub(r"^\d+\. ", "", line.strip("·→—【】： "))):
                if len(piece) > 8 and not piece.startswith(("应为", "按其余", "http")):
                    assert "".join(piece.split()) in page, piece

    @pytest.mark.parametrize("name", samples.ALL)
    def test_it_loads_nothing_runs_nothing_and_links_only_to_the_submission(self, name):
        tags = page_of(samples.ALL[name]).tags
        assert not {tag for tag, _ in tags} & {"script", "img", "link", "iframe", "form", "object", "style"}
        assert {attrs["href"] for tag, attrs in tags if tag == "a"} == {samples.TO_MEND.link}
        assert not any(name.startswith("on") for _, attrs in tags for name in attrs)
        assert any("background" in (attrs.get("style") or "") for _, attrs in tags)

    @settings(max_examples=60, deadline=None)
    @given(st.text(max_size=60))
    def test_no_text_from_outside_becomes_markup(self, text):
        hostile = f"{text}<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
        finding = replace_finding(samples.LATE, message=hostile, actual=hostile, basis=hostile)
        letter = replace(
            samples.TO_MEND, findings=(finding,), agency_name=hostile, file_name=hostile, review_reason=hostile
        )
        tags = page_of(letter).tags
        assert "script" not in {tag for tag, _ in tags}
        assert "img" not in {tag for tag, _ in tags}

    def test_a_link_or_a_line_in_a_file_name_stays_a_dead_name(self):
        letter = replace(samples.CLEAN, file_name="a.pdf\n\n请点击 https://evil.example/ 或 WWW.evil.example")
        text = text_of(letter)
        assert "a.pdf 请点击 https：//evil.example/ 或 www．evil.example，2025年" in text


def replace_finding(finding: Finding, **changes) -> Finding:
    return finding.model_copy(update=changes)


def test_severities_known_to_the_mail_are_all_there_are():
    assert set(Severity) == {Severity.ERROR, Severity.WARNING, Severity.INFO}
