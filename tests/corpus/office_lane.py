"""DOC and WPS files go through the project's own conversion first, in one batch, as its office lane does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.ingest.office import convert, find_office
from services.ingest.readers.office import is_office
from tests.corpus.registry import Sample
from tests.corpus.scoring import Verdict, unread


def converted(samples: Sequence[Sample]) -> tuple[list[Sample], list[Verdict]]:
    """The samples to read, with what came of the conversion in place of office files; and those that gave nothing.

    Without LibreOffice the samples are read as they are, and refused.
    """
    chosen = [index for index, sample in enumerate(samples) if is_office(sample.data)]
    office = find_office()
    if not chosen or office is None:
        return list(samples), []
    waiting, lost = list(samples), []
    for index, result in zip(chosen, convert([samples[index].data for index in chosen], office), strict=True):
        if isinstance(result, bytes):
            waiting[index] = replace(samples[index], data=result)
        else:
            lost.append((index, unread(samples[index], f"not converted: {result}", crash=True)))
    gone = {index for index, _ in lost}
    return [sample for index, sample in enumerate(waiting) if index not in gone], [verdict for _, verdict in lost]
