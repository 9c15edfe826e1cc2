"""One document read in the confined child and judged, with whatever other documents it is to be compared with.

Nothing is kept: bytes come in, a `Document` with findings goes out. For `gouji check` and the page of the same purpose.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from services.core.errors import CrashedError, RejectedError, RetryableError
from services.core.report import Document, Format, Report
from services.core.settling import Progress, progress
from services.ingest.office import Office, convert, find_office
from services.ingest.readers.office import as_office_document
from services.ingest.sandbox import ReadingRoom
from services.platform.settings import settings
from services.validate.judge import Context, judge

_WITH_OFFICE = "本机装有 LibreOffice 时可以直接检查（不在搜索路径中的，用 GOUJI_OFFICE_COMMAND 指明）。"


_AFTER_A_CRASH = "请重新导出后再试；仍不能读取的，可以直接报送，由主管部门人工核对。"

_LAST_YEAR, _EARLIER = "上年文件", "上一版文件"


class OfficeCommandError(Exception):
    """The settings name a LibreOffice that is none."""


@dataclass(frozen=True, slots=True)
class File:
    """A document as it lies before us."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Beside:
    """What a document is compared with: the reports of the year before, and those of the version before."""

    last_year: tuple[Report, ...] = ()
    earlier: tuple[Report, ...] = ()

    @classmethod
    def read(
        cls, room: ReadingRoom, *, last_year: File | None, earlier: File | None = None, with_office: bool = True
    ) -> tuple[Self, list[str]]:
        """The other documents read; with a note in Chinese on each that could not be."""
        found: list[tuple[Report, ...]] = []
        notes = []
        for what, file in ((_LAST_YEAR, last_year), (_EARLIER, earlier)):
            try:
                found.append(tuple(read_file(room, file, with_office=with_office).reports) if file else ())
            except (RejectedError, CrashedError) as error:
                found.append(())
                notes.append(f"{what}无法读取，没有用于核对。{reason(error, hint=_WITH_OFFICE if with_office else '')}")
        return cls(*found), notes


@dataclass(frozen=True, slots=True)
class Checked:
    """A judged document. `progress`: for each report what became of the findings of the version before, if there is one.

    `notes`: in Chinese, what could not be compared and why.
    """

    document: Document
    progress: tuple[Progress | None, ...] = ()
    notes: tuple[str, ...] = ()


def read_file(room: ReadingRoom, file: File, *, with_office: bool = True) -> Document:
    """The document without findings. Raises RejectedError or CrashedError when it cannot be read."""
    limit = settings().max_bytes
    if not file.data:
        raise RejectedError("empty")
    if len(file.data) > limit:
        raise RejectedError("too_large", f"上限 {limit // 2**20} MB")
    return _read(room, file.data, file.name) if with_office else room.read(file.data, filename=file.name)


def check(
    room: ReadingRoom,
    file: File,
    know: Callable[[Report], Context],
    beside: Beside | None = None,
    *,
    with_office: bool = True,
) -> Checked:
    """The document judged; an unreadable one gives a single failed report with the reason.

    `know` gives what is known of a report apart from `beside`. `with_office`: convert DOC, WPS and RTF with the
    LibreOffice of this machine, where there is one.
    """
    started = time.perf_counter()
    beside = beside or Beside()
    told: list[Progress | None] = []
    notes: list[str] = []
    try:
        document = read_file(room, file, with_office=with_office)
    except (RejectedError, CrashedError) as error:
        document = Document(
            file=file.name,
            sha256=hashlib.sha256(file.data).hexdigest(),
            format=Format(error.detail) if error.reason.code == "office_missing" else _looks_like(file.data),
            engine="none",
            reports=[Report(status="failed", reason=reason(error, hint=_WITH_OFFICE if with_office else ""))],
        )
    else:
        reports = []
        for report in document.reports:
            known, said = _known(report, know(report), beside)
            notes += said
            judged = judge(report, known)
            reports.append(judged)
            told.append(None if known.earlier is None or judged.status == "failed" else _progress(judged, known))
        document = document.model_copy(update={"reports": reports})
    seconds = round(time.perf_counter() - started, 4)
    document = document.model_copy(update={"file": file.name, "seconds": seconds})
    return Checked(document, tuple(told), tuple(dict.fromkeys(notes)))


def reason(error: RejectedError | CrashedError, *, hint: str = "") -> str:
    """Why a document could not be read, and what to do. Nothing says that it was kept, because it was not.

    `hint` is added where an office program is what is missing.
    """
    if isinstance(error, CrashedError):
        return f"{error.reason.cause.format(detail=error.detail)}{_AFTER_A_CRASH}"
    text = error.reason.text(error.detail)
    return f"{text}{hint}" if error.reason.code == "office_missing" else text


def _known(report: Report, context: Context, beside: Beside) -> tuple[Context, list[str]]:
    """The context with the other documents' reports that fit this one's year, and a note on each that does not."""
    year = report.year or context.expected_year
    notes: list[str] = []
    last_year, earlier = context.last_year, context.earlier
    if beside.last_year:
        last_year = _sole(beside.last_year, year and year - 1)
        if last_year is None:
            notes.append(_unfit(_LAST_YEAR, beside.last_year, year and year - 1))
    if beside.earlier:
        earlier = _sole(beside.earlier, year)
        if earlier is None:
            notes.append(_unfit(_EARLIER, beside.earlier, year))
    return replace(context, last_year=last_year, earlier=earlier), notes


def _sole(reports: Sequence[Report], year: int | None) -> Report | None:
    fitting = [report for report in reports if year and report.year == year and report.status != "failed"]
    return fitting[0] if len(fitting) == 1 else None


def _unfit(what: str, reports: Sequence[Report], year: int | None) -> str:
    if not year:
        return f"没有读出报告年度，{what}没有用于核对。"
    if all(report.status == "failed" for report in reports):
        return f"{what}没有读出统计表，没有用于核对。"
    years = "、".join(sorted({f"{report.year} 年" if report.year else "年份不详" for report in reports}))
    return f"{what}应有一份 {year} 年的报告，读到的是：{years}；没有用于核对。"


def _progress(judged: Report, known: Context) -> Progress:
    assert known.earlier is not None
    before = judge(known.earlier, replace(known, earlier=None))
    return progress(before.findings, judged.findings, judged.uncertain)


def _read(room: ReadingRoom, data: bytes, name: str) -> Document:
    """The document, converted first where it needs that and LibreOffice is here."""
    try:
        return room.read(data, filename=name)
    except RejectedError as error:
        if error.reason.code != "office_missing":
            raise
        missing = error
    office = _office()
    if office is None:
        raise missing
    try:
        (converted,) = convert([data], office)
    except RetryableError as error:
        raise missing from error
    if isinstance(converted, RetryableError):
        raise missing from converted
    if not isinstance(converted, bytes):
        raise converted
    return as_office_document(
        room.read(converted, filename=name),
        original_sha256=hashlib.sha256(data).hexdigest(),
        original=Format(missing.detail),
        engine=office.engine,
    )


def _office() -> Office | None:
    try:
        return find_office(settings().office_command)
    except ValueError as error:
        raise OfficeCommandError(str(error)) from error


def _looks_like(data: bytes) -> Format:
    return Format.PDF if data[:1024].lstrip().startswith(b"%PDF") else Format.TEXT
