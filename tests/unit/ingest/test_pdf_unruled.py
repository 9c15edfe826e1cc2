"""Tables whose cells no rule parts: rows by the labels that lines make up, columns by where the figures stand."""

from __future__ import annotations

import pytest

from infra.demo.authored import consistent
from tests.unit.ingest.drawn_reports import AGENCY, Drawing, draw, read, silent_errors, tables


@pytest.mark.parametrize("lines", ["none", "horizontal"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("layout", ["2019", "2021"])
def test_tables_without_cell_borders_read_to_the_last_figure(lines: str, seed: int, layout: str) -> None:
    authored = consistent(seed, AGENCY, 2024, layout=layout)
    report = read(draw(authored, Drawing(lines=lines)))
    assert (report.status, report.reason) == ("ok", None)
    assert tables(report) == authored.tables()
    assert silent_errors(report, authored) == []
