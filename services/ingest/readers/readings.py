"""Several ways to read one document, and which of the readings is the best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from services.core.report import Report
from services.ingest.readers.places import Places
from services.ingest.readers.text import read_text
from services.ingest.recognise.primitives import Content, Entry, Item, TableRow
from services.ingest.recognise.report import recognise

_FIGURES = 200
"""In the three tables of a report; what an absent table weighs is more than any number of open figures."""


def all_vouched_for(reports: Sequence[Report]) -> bool:
    """Whether nothing is left open, so that no other way of reading need be tried."""
    return all(report.status == "ok" for report in reports)


def fewest_open(*readings: list[Report]) -> list[Report]:
    """The reading that leaves the fewest tables, then the fewest figures open; of equal ones the first."""

    def left_open(reports: list[Report]) -> tuple[int, int]:
        absent = sum(table is None for report in reports for table in (report.table2, report.table3, report.table4))
        failed = sum(report.status == "failed" for report in reports)
        return failed, _FIGURES * absent + sum(len(report.uncertain) for report in reports)

    return min((reading for reading in readings if reading), key=left_open)


def read_by_order(content: Content) -> list[Report]:
    """The reports as told by number and order of the cells alone.

    Sites lose spans and converters shift fields, so that figures stand under other heads. The places across are taken
    from the cells of `content` for good.
    """
    _unplace(content.items)
    return recognise(content)


class DumpLine(Protocol):
    """A line of text that was put together from pieces of a source."""

    @property
    def text(self) -> str: ...

    @property
    def doubt(self) -> str:
        """Why the line may not be what is printed, in plain Chinese; empty when there is no reason."""

    def offset(self, index: int) -> int:
        """Where in the source the character at `index` stands."""


def read_as_dump(lines: Sequence[DumpLine], places: Places) -> list[Report]:
    """The reports as the reader of text and table dumps finds them; places are those in the source."""
    content = read_text("\n".join(line.text for line in lines))
    for item in content.items:
        for one in item.cells if isinstance(item, TableRow) else [item]:
            if one.place.line is None or one.place.column is None:
                continue
            line = lines[one.place.line - 1]
            one.place = places.at(line.offset(one.place.column - 1))
            if isinstance(one, Entry):
                one.doubt = one.doubt or line.doubt
    return recognise(content)


def _unplace(items: Iterable[Item]) -> None:
    for item in items:
        if isinstance(item, TableRow):
            for cell in item.cells:
                cell.left = cell.right = None
