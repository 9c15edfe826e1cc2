"""The national form of the annual report, declared once as data (``data/*.toml``) and read by every room.

``form("2021")`` gives the current layout, ``form("2019")`` the trial layout of the reports on 2019 and 2020. A new
format year is a new data file. Real reports mix layouts, so each *table* of a report names its own layout.
"""

from services.core.form.declaration import (
    LAYOUTS,
    Block,
    Column,
    Form,
    Group,
    Row,
    Section,
    Table2Row,
    form,
    form_for_year,
)
from services.core.form.places import CellPath, parse_path, place, row_place

__all__ = [
    "LAYOUTS",
    "Block",
    "CellPath",
    "Column",
    "Form",
    "Group",
    "Row",
    "Section",
    "Table2Row",
    "form",
    "form_for_year",
    "parse_path",
    "place",
    "row_place",
]
