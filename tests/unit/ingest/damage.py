"""Random damage to the text of a dump: what converters, page breaks and clipboards do to tables."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from services.core.form import form
from services.ingest.recognise.labels import match_row
from services.ingest.recognise.sections import section_key
from services.ingest.recognise.table2 import row_names

Damage = Callable[[list[str], random.Random], None]
_FIGURE = re.compile(r"(?<![\d.,])\d[\d,.]*(?![\d.,]*[^\s|\t\d<])")
_WHOLE = frozenset(row_names()) | {
    name
    for version in ("2019", "2021")
    for column in (*form(version).table2_columns, *form(version).table3_columns, *form(version).table4_columns)
    for name in (column.label, *column.aliases)
}


def table_lines(lines: list[str]) -> list[int]:
    """The lines between the headings of the sections with tables and the next one without."""
    inside, found = False, []
    for index, line in enumerate(lines):
        if key := section_key(line):
            inside = key in ("proactive", "requests", "disputes")
        elif inside and line.strip():
            found.append(index)
    return found


def drop_cell(lines: list[str], chance: random.Random) -> None:
    """One figure vanishes, with or without its field."""
    places = [(at, m) for at in table_lines(lines) for m in _FIGURE.finditer(lines[at])]
    if places:
        at, match = chance.choice(places)
        start, end = match.span()
        if chance.random() < 0.5:
            start = max(0, start - 1)
        lines[at] = lines[at][:start] + lines[at][end:]


def shift_fields(lines: list[str], chance: random.Random) -> None:
    """An empty field too many or too few."""
    rows = [at for at in table_lines(lines) if "\t" in lines[at] or lines[at].count("|") > 1]
    if rows:
        at = chance.choice(rows)
        separator = "\t" if "\t" in lines[at] else "|"
        fields = lines[at].split(separator)
        if chance.random() < 0.5:
            fields.insert(chance.randrange(len(fields)), "")
        else:
            empty = [n for n, field in enumerate(fields) if not field.strip()]
            if empty:
                del fields[chance.choice(empty)]
        lines[at] = separator.join(fields)


def split_line(lines: list[str], chance: random.Random) -> None:
    """A line breaks at a blank or between two fields."""
    rows = [at for at in table_lines(lines) if re.search(r"\S[ \t|]\S", lines[at].strip())]
    if rows:
        at = chance.choice(rows)
        cut = chance.choice([m.start() + 1 for m in re.finditer(r"\S[ \t|]+(?=\S)", lines[at])])
        lines[at : at + 1] = [lines[at][:cut], lines[at][cut:]]


def merge_lines(lines: list[str], chance: random.Random) -> None:
    """Two lines run together."""
    rows = table_lines(lines)
    if len(rows) > 1:
        index = chance.randrange(len(rows) - 1)
        first, second = rows[index], rows[index + 1]
        lines[first : second + 1] = [lines[first] + chance.choice(["", " ", "\t"]) + lines[second]]


def delete_line(lines: list[str], chance: random.Random) -> None:
    """A line is lost."""
    rows = table_lines(lines)
    if rows:
        del lines[chance.choice(rows)]


def delete_lines(lines: list[str], chance: random.Random) -> None:
    """Two to four lines are lost together."""
    rows = table_lines(lines)
    if rows:
        at = chance.choice(rows)
        del lines[at : at + chance.randint(2, 4)]


def duplicate_line(lines: list[str], chance: random.Random) -> None:
    """A line comes twice, at once or later."""
    rows = table_lines(lines)
    if rows:
        at = chance.choice(rows)
        lines.insert(at + 1 if chance.random() < 0.7 else chance.choice(rows), lines[at])


def swap_lines(lines: list[str], chance: random.Random) -> None:
    """Two neighbouring lines change places; not two figures: that is another row of figures, not a damaged one."""
    rows = table_lines(lines)
    if len(rows) > 1:
        index = chance.randrange(len(rows) - 1)
        first, second = rows[index], rows[index + 1]
        if not all(re.fullmatch(r"[\d.,\s]+", lines[at]) for at in (first, second)):
            lines[first], lines[second] = lines[second], lines[first]


def exchange_fragments(lines: list[str], chance: random.Random) -> None:
    """Two pieces of labels change places.

    Whole labels and whole column heads are left alone: nothing could tell that they were exchanged.
    """
    places = [
        (at, m)
        for at in table_lines(lines)
        for m in re.finditer(r"[^\s|\t<>]*[\u4e00-\u9fff][^\s|\t<>]*", lines[at])
        if not match_row(m[0], "other_no_fee") and m[0] not in _WHOLE and not match_row(m[0])
    ]
    if len(places) > 1:
        (one, first), (two, second) = chance.sample(places, 2)
        if one != two:
            lines[one] = lines[one][: first.start()] + second[0] + lines[one][first.end() :]
            lines[two] = lines[two][: second.start()] + first[0] + lines[two][second.end() :]


def drop_column(lines: list[str], chance: random.Random) -> None:
    """The same figure of every row of seven is lost, as when a column is cut off."""
    column = chance.randrange(7)
    for at in table_lines(lines):
        found = list(_FIGURE.finditer(lines[at]))
        if len(found) == 7:
            match = found[column]
            lines[at] = lines[at][: max(0, match.start() - 1)] + lines[at][match.end() :]


def page_numbers(lines: list[str], chance: random.Random) -> None:
    """Page numbers between lines, in one of the usual styles."""
    style = chance.choice(["- {} -", "— {} —", "-{}-", "第 {} 页 共 9 页", "{}", "\f"])
    for number in range(1, chance.randint(2, 5)):
        rows = table_lines(lines)
        if rows:
            lines.insert(chance.choice(rows), style.format(number))


def cut_words(lines: list[str], chance: random.Random) -> None:
    """Some characters of a label are lost; not those of the unit, which would be another unit then."""
    rows = [at for at in table_lines(lines) if re.search(r"[\u4e00-\u9fff]{3}", lines[at]) and "元" not in lines[at]]
    if rows:
        at = chance.choice(rows)
        places = [n for n, char in enumerate(lines[at]) if "\u4e00" <= char <= "\u9fff"]
        start = chance.choice(places)
        lines[at] = lines[at][:start] + lines[at][start + chance.randint(1, 4) :]


def misprint(lines: list[str], chance: random.Random) -> None:
    """A character of a label is another one."""
    rows = [at for at in table_lines(lines) if re.search(r"[\u4e00-\u9fff]{3}", lines[at]) and "元" not in lines[at]]
    if rows:
        at = chance.choice(rows)
        place = chance.choice([n for n, char in enumerate(lines[at]) if "\u4e00" <= char <= "\u9fff"])
        lines[at] = lines[at][:place] + chance.choice("口日未末公其他不予一二三四") + lines[at][place + 1 :]


DAMAGES: dict[str, Damage] = {
    one.__name__: one
    for one in (
        drop_cell,
        shift_fields,
        split_line,
        merge_lines,
        delete_line,
        delete_lines,
        duplicate_line,
        swap_lines,
        exchange_fragments,
        drop_column,
        page_numbers,
        cut_words,
        misprint,
    )
}
