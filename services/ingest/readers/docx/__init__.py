"""Word documents (DOCX, DOCM, templates, flat XML), as a person sees them with all changes accepted."""

from __future__ import annotations

from services.core.errors import RejectedError
from services.core.report import Format, Report
from services.ingest.readers.docx.layout import Layout
from services.ingest.readers.docx.parts import open_document
from services.ingest.readers.docx.story import Story
from services.ingest.readers.reader import Bounds, Read
from services.ingest.recognise.primitives import Content
from services.ingest.recognise.report import is_annual_report, recognise

__all__ = ["ENGINE", "read_docx"]

ENGINE = "docx/1"


def read_docx(data: bytes, _bounds: Bounds) -> Read:
    """The reports of a Word document. Pages are unknown to it: bounds are those of its size and structure.

    Raises RejectedError: damaged, encrypted, too_complex, unsupported_format, no_text, not_annual_report.
    """
    opened = open_document(data)
    story = Story(opened)
    layout = Layout()
    layout.add(story.blocks(opened.body))
    content = Content(Format.DOCX, layout.items)
    reports = recognise(content)
    annual = is_annual_report(content, reports)
    if opened.imports and not (annual and all(_is_whole(report) for report in reports)):
        raise RejectedError("unsupported_format", "正文以嵌入文件形式存放的 Word 文档")
    if not annual:
        raise RejectedError("no_text" if story.pictures else "not_annual_report")
    return Read(Format.DOCX, ENGINE, [_with_pictures(report, story.pictures) for report in reports])


def _with_pictures(report: Report, pictures: int) -> Report:
    """A report that lacks a table, in a document with pictures, says that the table may be one of them."""
    if not pictures or _is_whole(report):
        return report
    reason = f"文件里有{pictures}处图片，表格可能是以图片形式插入的；请改用文字表格后重新报送，或由人工核对。"
    return report.model_copy(update={"reason": f"{report.reason or ''}{reason}"})


def _is_whole(report: Report) -> bool:
    return bool(report.table2 and report.table3 and report.table4)
