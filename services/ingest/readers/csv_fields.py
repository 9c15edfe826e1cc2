"""Separated values cut into fields, each with its place in the text, and which separator a text uses, if any."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import islice
from typing import NamedTuple

from services.core.errors import RejectedError
from services.ingest.recognise import labels, table2

SEPARATORS = ",;\t|"
_ALWAYS = ",;"
"""Tabs and bars without quotes are what converters make of tables, dumps, which have a reader of their own; only a
spreadsheet gives all its lines equally many tabs, those of prose too."""
_MOST_RECORDS = 50_000
_MOST_FIELDS = 1000
_LOOKED_AT = 600
_LABEL_FIELDS = 6
_FEWEST_LABELS = 5
_FEWEST_QUOTED = 3
_FEWEST_FIELDS = 4
_NEARLY_ALL = 0.95


class Field(NamedTuple):
    """One field, unquoted; `offset` is where its text begins, behind the quote."""

    text: str
    offset: int
    quoted: bool


@cache
def _pattern(separator: str) -> re.Pattern[str]:
    # a quote closes a field only where the field can end; otherwise it is a character like any other
    mark = re.escape(separator)
    return re.compile(rf' *"(?P<quoted>(?:[^"]++|"")*+)" *(?={mark}|\n|\Z)|(?P<plain>[^{mark}\n]*+)')


def records(text: str, separator: str) -> Iterator[list[Field]]:
    """The records of `text`, whose lines end with line feeds; line feeds inside quotes belong to their field.

    Raises RejectedError: too_complex.
    """
    pattern = _pattern(separator)
    position = 0
    for count in range(_MOST_RECORDS + 1):
        if position >= len(text):
            return
        if count == _MOST_RECORDS:
            raise RejectedError("too_complex", f"超过{_MOST_RECORDS}行")
        fields: list[Field] = []
        while True:
            if len(fields) >= _MOST_FIELDS:
                raise RejectedError("too_complex", f"一行超过{_MOST_FIELDS}个单元格")
            match = pattern.match(text, position)
            assert match is not None  # the second way matches anywhere
            quoted = match["quoted"] is not None
            raw = match["quoted"] if quoted else match["plain"]
            fields.append(Field(raw.replace('""', '"') if quoted else raw, match.start(match.lastgroup or 0), quoted))
            position = match.end() + 1
            if match.end() >= len(text) or text[match.end()] == "\n":
                break
        yield fields


def separator_of(text: str) -> str:
    """The separator between whose fields the labels of the form stand; empty where the text is no such table.

    Prose and text dumps hold commas too: what counts is records that hold a row label of the form and three fields more.
    """
    best, most = "", _FEWEST_LABELS - 1
    for separator in SEPARATORS:
        if text.count(separator) < _FEWEST_LABELS * (_FEWEST_FIELDS - 1):
            continue
        found = quoted = 0
        widths: Counter[int] = Counter()
        with suppress(RejectedError):  # too many fields for any table: whoever reads it says so
            for fields in islice(records(text, separator), _LOOKED_AT):
                quoted += sum(field.quoted for field in fields)
                widths[len(fields)] += 1
                found += len(fields) >= _FEWEST_FIELDS and any(map(_is_label, fields[:_LABEL_FIELDS]))
        sheet = separator == "\t" and max(widths.values(), default=0) >= _NEARLY_ALL * widths.total()
        if found > most and (separator in _ALWAYS or quoted >= _FEWEST_QUOTED or sheet):
            best, most = separator, found
    return best


def _is_label(field: Field) -> bool:
    text = field.text
    if not 2 <= len(text.strip()) <= 80:
        return False
    return labels.match_row(text) is not None or labels.name_of(text) in table2.row_names()
