"""Office files are converted before they are read; what the conversion loses is reported."""

from __future__ import annotations

from dataclasses import replace

from services.core.errors import CrashedError
from services.ingest.office import Office
from services.ingest.readers import read_document
from tests.corpus import office_lane
from tests.corpus.layouts import load_layouts
from tests.corpus.making import make
from tests.corpus.reading import read_one
from tests.corpus.registry import LAYOUTS

load_layouts()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def samples():
    word, page = make(1, [(LAYOUTS["docx_plain"], 0), (LAYOUTS["html_plain"], 0)])
    return word, [replace(word, data=OLE, suffix="doc"), page, replace(word, data=OLE, suffix="wps", number=1)]


def test_what_was_converted_is_read_and_what_was_lost_is_a_failure(monkeypatch, tmp_path):
    word, given = samples()
    monkeypatch.setattr(office_lane, "find_office", lambda: Office(tmp_path, "7.4"))
    monkeypatch.setattr(
        office_lane, "convert", lambda _files, _office: [word.data, CrashedError("reader_timeout", "60 秒")]
    )
    kept, lost = office_lane.converted(given)
    assert [sample.name for sample in kept] == ["docx_plain-0.doc", "html_plain-0.html"]
    assert all(read_one(read_document, sample).fully for sample in kept)
    assert [(verdict.name, verdict.crash, verdict.tally.missing == verdict.tally.cells) for verdict in lost] == [
        ("docx_plain-1.wps", True, True)
    ]


def test_without_the_word_processor_they_are_left_as_they_are(monkeypatch):
    _, given = samples()
    monkeypatch.setattr(office_lane, "find_office", lambda: None)
    assert office_lane.converted(given) == (given, [])
