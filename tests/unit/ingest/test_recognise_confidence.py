"""How sure a figure is: proved, read or doubtful, as facts."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.form import form
from services.core.report import DOUBTFUL, PROVED, READ, Format, Report
from services.ingest.recognise.confidence import assess, misplaced
from services.ingest.recognise.placed import TableFound, place_figure
from services.ingest.recognise.primitives import Content, Entry, Item, TableRow
from services.ingest.recognise.report import recognise

FORM = form("2021")


def rows(**figures: list[int]) -> dict[str, list[int]]:
    zero = {key: [0] * 7 for key in FORM.row_keys}
    return (
        zero
        | {"new": [3, 1, 0, 0, 0, 0, 4], "granted": [3, 1, 0, 0, 0, 0, 4], "total": [3, 1, 0, 0, 0, 0, 4]}
        | figures
    )


def table(figures: dict[str, list[int]], *, apart: bool = False) -> TableFound:
    found = TableFound("2021")
    for key, row in figures.items():
        for column, value in zip(FORM.column_keys, row, strict=True):
            placed = place_figure(Entry(str(value)), "count")
            placed.apart = apart
            found.figures[f"table3.{key}.{column}"] = placed
    return found


def report(figures: dict[str, list[int]], labels: dict[str, str] | None = None, weak: str = "") -> Report:
    items: list[Item] = []
    for key, row in figures.items():
        shape = FORM.table3_row[key]
        label = (labels or {}).get(key, f"{shape.mark}{shape.label}")
        cells = [Entry(label), *(Entry(str(value)) for value in row)]
        items.append(TableRow(cells, grid=1, weak=weak if key == "deny_law" else ""))
    (read,) = recognise(Content(Format.TEXT, items))
    return read


@pytest.mark.parametrize(
    ("known", "doubt"), [({}, False), ({"recognised": True}, True), ({"pictures": frozenset({2})}, True)]
)
def test_prose_is_in_doubt_where_words_were_told_from_pictures(known: dict[str, Any], doubt: bool) -> None:
    items: list[Item] = [
        TableRow(
            [Entry(f"{FORM.table3_row[key].mark}{FORM.table3_row[key].label}"), *(Entry(str(v)) for v in row)], grid=1
        )
        for key, row in rows().items()
    ]
    (read,) = recognise(Content(Format.TEXT, items, **known))
    assert read.reading
    assert read.reading.prose_doubt is doubt


def confidence(read: Report, row: str) -> set[float]:
    return {cell.confidence for path, cell in read.cells.items() if path.startswith(f"table3.{row}.")}


def test_exact_labels_and_sums_that_hold_prove_a_figure() -> None:
    read = report(rows())
    assert {cell.confidence for cell in read.cells.values()} == {PROVED}
    assert read.uncertain == []


def test_a_broken_sum_proves_nothing_of_what_it_runs_through() -> None:
    held, broken = assess(table(rows(granted=[4, 1, 0, 0, 0, 0, 4])), 3)
    assert {"table3.granted.natural", "table3.granted.total", "table3.deny_law.natural"} <= broken
    assert held.isdisjoint(broken)
    assert "table3.deny_law.commercial" in held


def test_a_missing_row_leaves_its_columns_unproved() -> None:
    figures = rows()
    del figures["deny_law"]
    read = report(figures)
    assert confidence(read, "granted") == {READ}
    assert confidence(read, "new") == {PROVED}


def test_a_row_matched_by_part_is_read_and_by_likeness_doubtful_but_never_proved() -> None:
    part = report(rows(), {"deny_third_party": "4.保护第三方合法"})
    assert confidence(part, "deny_third_party") == {READ}
    alike = report(rows(), {"deny_third_party": "4.保护第三方合法利益"})
    assert confidence(alike, "deny_third_party") == {DOUBTFUL}
    assert len(alike.uncertain) == 7


def test_two_rows_exchanged_go_by_their_labels_although_every_sum_holds() -> None:
    figures = rows(deny_law=[2, 0, 0, 0, 0, 0, 2], granted=[1, 1, 0, 0, 0, 0, 2])
    order = list(figures)
    a, b = order.index("deny_law"), order.index("deny_enforcement")
    order[a], order[b] = order[b], order[a]
    read = report({key: figures[key] for key in order})
    assert read.table3 is not None
    assert read.table3.rows["deny_law"] == [2, 0, 0, 0, 0, 0, 2]
    assert confidence(read, "deny_law") == {PROVED}


def test_a_weak_row_is_settled_by_its_sums_only() -> None:
    assert confidence(report(rows(), weak="没有把握"), "deny_law") == {PROVED}
    broken = report(rows(new=[4, 1, 0, 0, 0, 0, 5], granted=[4, 1, 0, 0, 0, 0, 5]), weak="没有把握")
    assert DOUBTFUL in confidence(broken, "deny_law")
    assert {path.split(".")[1] for path in broken.uncertain} == {"deny_law"}


def test_columns_that_fail_while_rows_hold_speak_of_figures_at_a_wrong_label() -> None:
    shifted = rows(new=[2, 1, 0, 0, 0, 0, 3])
    assert "table3.new.natural" in misplaced(table(shifted, apart=True))
    assert misplaced(table(shifted)) == set()
    mistyped = rows(granted=[2, 1, 0, 0, 0, 0, 4])
    assert misplaced(table(mistyped, apart=True)) == set()
