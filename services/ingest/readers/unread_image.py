"""Picture files where pictures cannot be read: the report says so, and names the lane that can read them."""

from __future__ import annotations

from services.core.report import Format, Report
from services.ingest.readers.picture_file import open_picture, pixels_of
from services.ingest.readers.reader import Bounds, Read

_REASON = "这是扫描件或图片，其中的数字还没有识别，请人工核对；也可改报由文字处理软件直接导出的 PDF。"


def read_nothing(data: bytes, _bounds: Bounds) -> Read:
    """One report under review without any figure. Raises RejectedError: damaged, too_complex (by the header alone)."""
    with open_picture(data) as image:
        pixels_of(image)
    return Read(Format.IMAGE, "image/1 unread", [Report(status="review", reason=_REASON)], needs="ocr")
