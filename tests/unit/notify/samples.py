"""Letters as they occur, for the tests of this room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from services.core.finding import Finding, Repair, Severity
from services.core.report import Layout
from services.notify.audience import Contact
from services.notify.compose import Sender
from services.notify.letter import Letter

SENDER = Sender("政府信息公开年报核对", "gouji@example.gov.cn")
MESSAGE_ID = "<mail-42.1@gouji.example.gov.cn>"
COMPOSED = datetime(2025, 1, 30, 15, 6, tzinfo=UTC)

LIAISON = Contact("王敏", "wangmin@town.example.gov.cn", "agency")
REVIEWER = Contact("李建国", "lijg@county.example.gov.cn", "reviewer")

REPAIR = Repair(cell="table3.granted.natural", from_=5, to=4, settles=["a1", "a2", "a3"])
ROW_SUM = Finding(
    rule="T3-1",
    severity=Severity.ERROR,
    where=["table3.granted.total"],
    expected=8,
    actual=7,
    message="“（一）予以公开”这一行，自然人和法人或其他组织各栏相加是 8，总计填了 7。",
    basis="国办公开办函〔2021〕30号附件，表三填写说明",
    repair=[REPAIR],
    fingerprint="a1",
)
COLUMN_SUM = Finding(
    rule="T3-3",
    severity=Severity.ERROR,
    where=["table3.total.natural"],
    expected=9,
    actual=8,
    message="“自然人”这一列，各项办理结果相加是 9，“（七）总计”填了 8。",
    basis="国办公开办函〔2021〕30号附件，表三填写说明",
    repair=[REPAIR],
    fingerprint="a2",
)
BALANCE = Finding(
    rule="T4-1",
    severity=Severity.ERROR,
    where=["table4.review.total"],
    expected=11,
    actual=0,
    message="行政复议四种结果相加是 11，总计填了 0。",
    basis="国办公开办函〔2021〕30号附件，表四",
    fingerprint="a4",
)
CARRIED = Finding(
    rule="Y1",
    severity=Severity.WARNING,
    where=["table3.carried_in.natural", "table3.carried_in.total"],
    expected=3,
    actual=2,
    message="去年的年报说有 3 件结转到今年，今年的“上年结转”填了 2。",
    basis="同一批申请，两年的数字应当一致",
    fingerprint="b1",
)
BLANKS = Finding(
    rule="B1",
    severity=Severity.WARNING,
    where=[
        *(
            f"table3.deny_secret.{c}"
            for c in ("natural", "commercial", "research", "social", "legal", "other", "total")
        ),
        "table3.deny_law.natural",
        "table3.deny_law.total",
    ],
    message="表三有 9 格空着没有填。没有的请填 0。",
    basis="国办公开办函〔2021〕30号：没有相关情况的填 0",
    fingerprint="b2",
)
LATE = Finding(
    rule="D4",
    severity=Severity.WARNING,
    where=["date"],
    actual="2025 月 1 月 20 日",
    message="落款日期写作“2025 月 1 月 20 日”，请改成正确的日期。",
    basis="《政府信息公开条例》第四十九条",
    fingerprint="b3",
)
IN_PROSE = Finding(
    rule="N1",
    severity=Severity.ERROR,
    where=["table3.new.total"],
    expected=18,
    actual=28,
    message="“总体情况”中写有“新收申请28件”，表三 一、本年新收政府信息公开申请数量 · 总计填报 18，两者不一致。",
    basis="《政府信息公开条例》第五十条",
    fingerprint="b4",
)
UNCLEAR = Finding(
    rule="T3-1",
    severity=Severity.ERROR,
    where=["table3.reject_confirm.total"],
    expected=1,
    actual=11,
    message="“5.要求行政机关确认或重新出具已获取信息”这一行各栏相加是 1，总计读作 11。",
    basis="国办公开办函〔2021〕30号附件，表三填写说明",
    cause="unclear",
    fingerprint="c1",
)
HINT = Finding(
    rule="D7",
    severity=Severity.INFO,
    where=["contact"],
    message="没有写联系方式。",
    basis="惯例",
    fingerprint="d1",
)

PAGES = {
    "table3.granted.total": 3,
    "table3.granted.natural": 3,
    "table3.total.natural": 4,
    "table4.review.total": 4,
    "table3.reject_confirm.total": 4,
    "table3.reject_confirm.natural": 4,
    "table3.carried_in.natural": 3,
    "table3.carried_in.total": 3,
}

_BASE = Letter(
    kind="verdict",
    recipient=LIAISON,
    submission="2025-000123",
    agency_name="塔城乡人民政府",
    agency_code="tachengxiang",
    file_name="塔城乡2024年政府信息公开工作年度报告.pdf",
    received_at=datetime(2025, 1, 30, 15, 5, tzinfo=UTC),
    link="https://gouji.example.gov.cn/submissions/2025-000123",
    year=2024,
    revision=1,
    layout=Layout(table2="2021", table3="2021", table4="2021"),
    pages=PAGES,
)

TO_MEND = replace(_BASE, findings=(LATE, CARRIED, ROW_SUM, BLANKS, BALANCE, COLUMN_SUM), due=date(2025, 1, 31))
TO_CONFIRM = replace(_BASE, findings=(CARRIED,), revision=2)
TO_REVIEW = replace(
    _BASE,
    recipient=REVIEWER,
    findings=(HINT, LATE, ROW_SUM, UNCLEAR, COLUMN_SUM),
    uncertain=("table3.reject_confirm.natural", "table3.reject_confirm.total", "table2.licences"),
    review_reason="有 3 个数字没有把握，请对照原件。",
)
CLEAN = replace(_BASE, kind="receipt", clean=True)
IN_REVIEW = replace(_BASE, kind="receipt", review_reason="有 3 个数字没有把握。")
LOCKED = replace(_BASE, kind="rejected", reason_code="encrypted", year=None, revision=None)
LOCKED_TO_REVIEWER = replace(LOCKED, recipient=REVIEWER)
STUCK = replace(
    _BASE, kind="quarantined", recipient=REVIEWER, reason_code="reader_timeout", reason_detail="90 秒", year=None,
    revision=None,
)  # fmt: skip

ALL = {
    "agency_errors": TO_MEND,
    "agency_confirm": TO_CONFIRM,
    "reviewer": TO_REVIEW,
    "receipt": CLEAN,
    "receipt_in_review": IN_REVIEW,
    "rejected": LOCKED,
    "rejected_reviewer": LOCKED_TO_REVIEWER,
    "quarantined": STUCK,
}
