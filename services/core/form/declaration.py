"""Typed view of the form's data files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal

NumberKind = Literal["count", "signed", "money"]
"""count: whole number >= 0; signed: whole number with sign (本年增/减); money: decimal in 万元 unless the label says 元."""

LAYOUTS = ("2019", "2021")


@dataclass(frozen=True, slots=True)
class Section:
    """One of the six fixed sections (条例 Art. 50)."""

    key: str
    numeral: str
    title: str
    aliases: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The heading as the form prints it, e.g. ``一、总体情况``."""
        return f"{self.numeral}、{self.title}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures. ``group`` is the spanning head above it (法人或其他组织), or empty."""

    key: str
    label: str
    aliases: tuple[str, ...]
    group: str = ""
    number: NumberKind = "count"


@dataclass(frozen=True, slots=True)
class Table2Row:
    """A row of table 2 under its legal block (第二十条第（一）项). A scalar row holds one bare figure, others a list."""

    key: str
    block: str
    label: str
    aliases: tuple[str, ...]
    columns: tuple[str, ...]
    scalar: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A spanning head of table 3 rows, e.g. （三）不予公开."""

    key: str
    mark: str
    label: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of table 3. ``group`` is empty for the three rows outside 三、本年度办理结果."""

    key: str
    group: str
    mark: str
    label: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One of the three blocks of five figures in table 4."""

    key: str
    label: str
    group: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """One layout of the national form: sections and the rows and columns of tables 2, 3 and 4, in printed order."""

    version: str
    first_year: int
    last_year: int
    sections: tuple[Section, ...]
    table2_columns: tuple[Column, ...]
    table2_rows: tuple[Table2Row, ...]
    table3_corner: str
    table3_columns: tuple[Column, ...]
    table3_groups: tuple[Group, ...]
    table3_rows: tuple[Row, ...]
    table4_columns: tuple[Column, ...]
    table4_blocks: tuple[Block, ...]
    titles: dict[str, str]

    @cached_property
    def table2_row(self) -> dict[str, Table2Row]:
        return {row.key: row for row in self.table2_rows}

    @cached_property
    def table2_column(self) -> dict[str, Column]:
        return {column.key: column for column in self.table2_columns}

    @cached_property
    def table3_row(self) -> dict[str, Row]:
        return {row.key: row for row in self.table3_rows}

    @cached_property
    def table3_group(self) -> dict[str, Group]:
        return {group.key: group for group in self.table3_groups}

    @cached_property
    def column_keys(self) -> tuple[str, ...]:
        """The seven column keys of table 3, ``total`` last."""
        return tuple(column.key for column in self.table3_columns)

    @cached_property
    def row_keys(self) -> tuple[str, ...]:
        """The row keys of table 3 in printed order: 25 in the 2021 layout, 23 in the 2019 layout."""
        return tuple(row.key for row in self.table3_rows)

    @cached_property
    def result_keys(self) -> tuple[str, ...]:
        """The rows that add up to （七）总计 (domain rule T3-3)."""
        return tuple(row.key for row in self.table3_rows if row.group and row.key != "total")

    def paths(self, table: Literal["table2", "table3", "table4"]) -> list[str]:
        """Every cell path of one table in printed order."""
        if table == "table2":
            return [
                f"table2.{row.key}" if row.scalar else f"table2.{row.key}.{index}"
                for row in self.table2_rows
                for index in range(1 if row.scalar else len(row.columns))
            ]
        if table == "table3":
            return [f"table3.{row}.{column}" for row in self.row_keys for column in self.column_keys]
        return [f"table4.{b.key}.{c.key}" for b in self.table4_blocks for c in self.table4_columns]


@cache
def form(version: str) -> Form:
    """The layout named ``2019`` or ``2021``. Raises KeyError for any other name."""
    if version not in LAYOUTS:
        raise KeyError(version)
    source = resources.files(__package__) / "data" / f"{version}.toml"
    return _build(tomllib.loads(source.read_text(encoding="utf-8")))


def form_for_year(year: int) -> Form:
    """The layout prescribed for reports on ``year``; years before 2019 get the oldest layout known."""
    for version in LAYOUTS:
        candidate = form(version)
        if candidate.first_year <= year <= candidate.last_year:
            return candidate
    return form(LAYOUTS[0])


def _build(data: dict[str, Any]) -> Form:
    def each(kind: type[Any], items: list[dict[str, Any]]) -> tuple[Any, ...]:
        return tuple(kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}) for item in items)

    table2, table3, table4 = data["table2"], data["table3"], data["table4"]
    return Form(
        version=data["version"],
        first_year=data["first_year"],
        last_year=data["last_year"],
        sections=each(Section, data["sections"]),
        table2_columns=each(Column, table2["columns"]),
        table2_rows=each(Table2Row, table2["rows"]),
        table3_corner=table3["corner"],
        table3_columns=each(Column, table3["columns"]),
        table3_groups=each(Group, table3["groups"]),
        table3_rows=each(Row, table3["rows"]),
        table4_columns=each(Column, table4["columns"]),
        table4_blocks=each(Block, table4["blocks"]),
        titles={"table2": table2["title"], "table3": table3["title"], "table4": table4["title"]},
    )
