"""The arithmetic of the form (勾稽关系) as data: which cells must add up to which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from services.core.form import form
from services.validate.rules.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Relation:
    """Σ ``left`` = Σ ``right``. ``key`` is the row, column or block it is about.

    ``stated`` is the total that the relation tests.
    """

    rule: str
    key: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    stated: str

    @property
    def where(self) -> tuple[str, ...]:
        """Every cell involved, the stated total first."""
        return (self.stated, *(path for path in (*self.left, *self.right) if path != self.stated))


@dataclass(frozen=True, slots=True)
class Balance:
    """Both sides of a relation in one report. ``blanks`` tells whether a blank was counted as 0."""

    left: int
    right: int
    blanks: bool

    @property
    def gap(self) -> int:
        return self.left - self.right


@cache
def relations(rule: str, layout: str) -> tuple[Relation, ...]:
    """The relations of rule T3-1, T3-2, T3-3 or T4-1 in one layout, in printed order."""
    shape = form(layout)
    columns = shape.column_keys
    if rule == "T3-1":
        return tuple(
            Relation(rule, row, tuple(f"table3.{row}.{c}" for c in columns[:-1]), (last,), last)
            for row in shape.row_keys
            for last in (f"table3.{row}.{columns[-1]}",)
        )
    if rule == "T3-2":
        return tuple(
            Relation(
                rule,
                c,
                (f"table3.new.{c}", f"table3.carried_in.{c}"),
                (f"table3.total.{c}", f"table3.carried_out.{c}"),
                f"table3.total.{c}",
            )
            for c in columns
        )
    if rule == "T3-3":
        return tuple(
            Relation(rule, c, tuple(f"table3.{row}.{c}" for row in shape.result_keys), (last,), last)
            for c in columns
            for last in (f"table3.total.{c}",)
        )
    parts = tuple(column.key for column in shape.table4_columns if column.key != "total")
    return tuple(
        Relation(rule, block.key, tuple(f"table4.{block.key}.{c}" for c in parts), (last,), last)
        for block in shape.table4_blocks
        for last in (f"table4.{block.key}.total",)
    )


SUM_RULES = {"T3-1": "table3", "T3-2": "table3", "T3-3": "table3", "T4-1": "table4"}
"""The rules that are relations, and the table whose layout they follow."""


@cache
def all_relations(table3_layout: str) -> tuple[Relation, ...]:
    """Every relation of a report whose table 3 has this layout (table 4 is the same in all)."""
    return tuple(relation for rule in SUM_RULES for relation in relations(rule, table3_layout))


def balance(sheet: Sheet, relation: Relation) -> Balance | None:
    """Both sides, blanks counted as 0; None when the relation cannot be assessed.

    Not assessable: a cell was not found or holds no whole number (another rule says so); more than half of the cells
    are blank; or the stated total is blank among other blanks. In the last case blanks are this writer's habit and
    nothing was claimed; B1 says what the total should be. A total that alone is blank counts as 0 like any cell.
    """
    cells = sheet.cells
    sums, blanks = [], 0
    for side in (relation.left, relation.right):
        total = 0
        for path in side:
            value = cells.get(path, "")
            if value is None:
                blanks += 1
            elif isinstance(value, int):
                total += value
            else:
                return None
        sums.append(total)
    habit = cells[relation.stated] is None and blanks > 1
    if habit or blanks * 2 > len(relation.left) + len(relation.right):
        return None
    return Balance(sums[0], sums[1], blanks > 0)
