"""Office files that must be converted first, for measuring: LibreOffice, then the reader, as the office worker does."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from services.core.errors import RejectedError
from services.core.report import Document, Format
from services.ingest.office import convert, find_office
from services.ingest.readers.office import as_office_document


def converting(read: Callable[..., Document]) -> Callable[..., Document]:
    """`read`, with files that it refuses as ``office_missing`` converted where LibreOffice is installed."""

    def read_converted(data: bytes, *, filename: str) -> Document:
        try:
            return read(data, filename=filename)
        except RejectedError as refused:
            office = find_office() if refused.reason.code == "office_missing" else None
            if office is None:
                raise
            original = Format(refused.detail)
        (converted,) = convert([data], office)
        if not isinstance(converted, bytes):
            raise converted
        return as_office_document(
            read(converted, filename=filename),
            original_sha256=sha256(data).hexdigest(),
            original=original,
            engine=office.engine,
        )

    return read_converted
