"""Which table cells are prose: whole reports are pasted into one table, headings and paragraphs as rows of their own."""

from __future__ import annotations

from services.core.form.labels import squeeze
from services.ingest.recognise.opening import title_at
from services.ingest.recognise.primitives import Line
from services.ingest.recognise.sections import section_key

_SENTENCE_ENDS = ("。", "；", "！", "？")


def reads_as_prose(text: str) -> bool:
    """Whether a row that holds nothing but `text` is a heading, a title or a paragraph rather than part of a table."""
    if any(section_key(line) for line in text.split("\n")):
        return True
    if squeeze(text).rstrip("”）)").endswith(_SENTENCE_ENDS):
        return True
    return title_at([Line(line) for line in text.split("\n")], 0) is not None
