"""`make fuzz` finds each kind of defect, and nothing in a handful of documents for the real reader."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from services.ingest.extract import make_reading_room
from services.ingest.sandbox import ReadingRoom
from services.platform.settings import Settings
from tests.corpus.registry import Sample
from tests.fuzz.__main__ import main
from tests.fuzz.mutations import mutations_for
from tests.fuzz.originals import make_originals
from tests.fuzz.trying import Finding, try_for

FAULTY = "tests.unit.fuzz.faulty_readers"


@pytest.fixture(scope="module")
def originals() -> list[Sample]:
    return make_originals(7, ("docx", "csv", "html"))


def found_in(reader: str, originals: list[Sample], *, most: int) -> dict[str, Finding]:
    with ReadingRoom(reader=f"{FAULTY}:{reader}", wall_seconds=3, cpu_seconds=1, memory_mb=512, max_pages=50) as room:
        return try_for(room, originals, seed="planted", seconds=60, most=most).findings


@pytest.mark.parametrize(
    ("reader", "kind"),
    [
        ("raises", "LookupError at ?"),
        ("hangs", "reader_timeout"),
        ("segfaults", "reader_crashed"),
        ("lies", "silent wrong figure"),
        ("wavers", "two readings differ"),
    ],
)
def test_a_planted_fault_is_found(reader: str, kind: str, originals: list[Sample]) -> None:
    found = found_in(reader, originals, most=1 if reader == "hangs" else 40)
    assert kind in found
    assert found[kind].data


@pytest.fixture
def room() -> Iterator[ReadingRoom]:
    with make_reading_room(Settings()) as opened:
        yield opened


def test_the_real_reader_stands_a_handful(room: ReadingRoom, originals: list[Sample]) -> None:
    tried = try_for(room, originals, seed="handful", seconds=60, most=40)
    assert tried.findings == {}
    assert sum(tried.ended.values()) == 40
    assert len(tried.ended) > 2, "damage that always ends alike damages nothing"


def test_a_seed_makes_the_same_documents_again(originals: list[Sample]) -> None:
    for sample in originals[:4]:
        for mutation in mutations_for(sample.suffix):
            once, again = (mutation.way(sample.data, random.Random(5)) for _ in range(2))
            assert once == again
            assert once != sample.data or mutation.keeps or "number" in mutation.name


def test_the_command_ends_in_time_and_says_how_to_repeat_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "1", "--seed", "3", "--format", "csv", "--processes", "1"]) == 0
    said = capsys.readouterr().out
    assert "--seed 3" in said
    assert "no defect" in said


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="xyz"):
        make_originals(1, ("xyz",))
