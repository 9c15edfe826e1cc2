"""Picture files where pictures cannot be read: the report says so, and names the lane that can read them."""

from __future__ import annotations

from services.core.report import Format, Report
from services.ingest.readers.reader import Bounds, Read

_REASON = "这是扫描件或图片，其中的数字还没有识别，请人工核对；也可改报由文字处理软件直接导出的 PDF。"


def read_nothing(data: bytes, bounds: Bounds) -> Read:  # noqa: ARG001 - a Reader like the others
    """One report under review without any figure."""
    return Read(Format.IMAGE, "image/1 unread", [Report(status="review", reason=_REASON)], needs="ocr")
