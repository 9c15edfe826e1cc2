"""Web pages that mean harm: each ends with a code of the catalogue, in time that grows with the page and no faster."""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.demo.authored import consistent
from services.core.errors import RejectedError
from services.ingest.readers import read_document
from services.ingest.readers.html_grid import show
from services.ingest.readers.html_tokens import tokens
from services.ingest.readers.html_tree import build
from tests.unit.ingest.drawn_reports import AGENCY, silent_errors, tables
from tests.unit.ingest.web_reports import publish

AUTHORED = consistent(4, AGENCY, 2024)
PAGE = publish(AUTHORED)
HEAD = "<html><body><p>一、总体情况</p>"


def code(page: str | bytes) -> str:
    with pytest.raises(RejectedError) as caught:
        read_document(page.encode() if isinstance(page, str) else page, filename="x")
    return caught.value.reason.code


def test_a_page_of_two_hundred_megabytes_is_refused_at_once() -> None:
    data = HEAD.encode() + b"<p>0</p>" * (200 * 2**20 // 8)
    started = time.process_time()
    assert code(data) == "too_complex"
    assert time.process_time() - started < 2


def test_pictures_inside_a_saved_page_do_not_count_as_tags() -> None:
    picture = f'<img src="data:image/png;base64,{"iVBORw0K" * 2**20}">'
    (report,) = read_document(PAGE.replace("<body>", f"<body>{picture}").encode(), filename="x").reports
    assert (report.status, tables(report)) == ("ok", AUTHORED.tables())


DEEP = {
    "div": "<div>" * 40_000,
    "unclosed inline": "<b><i><font>" * 30_000,
    "spans closed wrongly": "<span></div>" * 40_000,
    "lists": "<ul><li>" * 25_000,
    "paragraphs in buttons": "<p><button>" * 25_000,
    "end tags": "</div></td></table></p>" * 25_000,
    "unknown": "".join(f"<x{n}>" for n in range(20_000)),
}


@pytest.mark.parametrize("kind", DEEP)
def test_no_nesting_is_too_deep(kind: str) -> None:
    started = time.process_time()
    (report,) = read_document(f"{PAGE}{DEEP[kind]}".encode(), filename="x").reports
    assert tables(report) == AUTHORED.tables()
    (report,) = read_document(f"{HEAD}{DEEP[kind]}{PAGE}".encode(), filename="x").reports
    assert tables(report) == AUTHORED.tables()
    assert time.process_time() - started < 10


HUGE = {
    "tables in one another": "<table><tr><td>" * 10_000,
    "tables in hidden ones": "<div hidden>" + "<table><tr><td>" * 90_000,
    "cells": "<table>" + "<tr><td>0<td>0" * 40_000,
    "tags": "<b>0</b>" * 40_000,
    "spanning cells": "<table><tr>" + "<td rowspan=65534>" * 1000 + "<tr><td>0" * 1000,
    "text": f"<p>{'一' * 3_100_000}</p>",
}


@pytest.mark.parametrize("kind", HUGE)
def test_more_than_any_report_holds_is_too_complex(kind: str) -> None:
    started = time.process_time()
    assert code(HEAD + HUGE[kind]) in ("too_complex", "not_annual_report")
    assert time.process_time() - started < 10


def test_spans_that_claim_millions_of_cells_cost_nothing() -> None:
    wide = "<table>" + "<tr><td rowspan=65534 colspan=99999999>0<td colspan=1000>1" * 60 + "</table>"
    started = time.process_time()
    (report,) = read_document(PAGE.replace("<body>", f"<body>{wide}").encode(), filename="x").reports
    assert (report.status, tables(report)) == ("ok", AUTHORED.tables())
    assert time.process_time() - started < 3


CRAFTED = {
    "open comments": "<!--",
    "half comments": "<!-- -->-->",
    "open tags": "<a ",
    "open quotes": "<a b=\"'",
    "quotes and tags": "<a b='\"><c d=\"'>",
    "equals": "<a b===>",
    "brackets": "<<",
    "declarations": "<!x <?y </1",
    "marked sections": "<![CDATA[",
    "scripts": "<script><!--<script>",
    "titles": "<title>",
    "entities": "&#99999999999999999999;&amp&#x;&nosuch",
    "entity runs": "&" * 50,
    "attributes": "<td " + "a=1 " * 50 + ">",
    "blanks": "<td" + " " * 100 + ">" + " " * 100,
    "no-break": "&nbsp;&#8203;",
    "rows": "<table><tr><td>0<td>1</table>",
    "captions": "<table><caption>一<caption>二</table>",
    "stray text": "<table>一<tr>二<td>三</table>",
    "pictures": "<img src=a>",
}


@pytest.mark.parametrize("kind", CRAFTED)
def test_the_cost_of_crafted_markup_grows_with_its_length(kind: str) -> None:
    """Four times the page may cost no more than some six times the time; quadratic growth would be sixteen."""
    sizes = [max(50, 3_000 // len(CRAFTED[kind])) * factor for factor in (1, 4, 16)]
    costs = []
    for size in sizes:
        source = HEAD + CRAFTED[kind] * size
        costs.append(min(cost(source) for _ in range(2)))
    floor = 0.004
    for small, large in pairwise(costs):
        assert large < 7 * max(small, floor), costs


def cost(source: str) -> float:
    started = time.process_time()
    for _ in tokens(source):
        pass
    show(build(source))
    return time.process_time() - started


@pytest.mark.parametrize(
    "part", ["<![CDATA[", "<!ENTITY a 'b'>", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"]
)
def test_declarations_declare_nothing(part: str) -> None:
    source = PAGE.replace("<html>", f"{part}<html>").replace("<body>", "<body><p>&x;</p>")
    (report,) = read_document(source.encode(), filename="x").reports
    assert tables(report) == AUTHORED.tables()


@pytest.mark.parametrize(
    "data",
    [
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n",
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n--x\r\n",
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n" + b"--x\r\n" * 25_000,
        b"MIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nA",
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nx",
    ],
)
def test_an_archive_without_a_page_is_damaged(data: bytes) -> None:
    assert code(data) == "damaged"


def test_bytes_of_no_encoding_are_damaged() -> None:
    assert code(b"<html><body>" + bytes(range(128, 256)) * 40) == "damaged"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="<>/!-\"'= \n&#;tdrablecpisnh0123一规章行政许可", max_size=300))
def test_random_markup_is_refused_or_read_but_breaks_nothing(text: str) -> None:
    with suppress(RejectedError):
        read_document(f"<html>{text}".encode(), filename="x")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(40, len(PAGE) - 1), st.text(alphabet="<>/!-\"'= &;td", min_size=1, max_size=5))
def test_damaged_markup_never_gives_a_wrong_figure_unmarked(at: int, junk: str) -> None:
    source = PAGE[:at] + junk + PAGE[at:]
    try:
        reports = read_document(source.encode(), filename="x").reports
    except RejectedError:
        return
    assert all(silent_errors(report, AUTHORED) == [] for report in reports)
