"""Which generated page comes from what, and whether it is up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from infra.docs import flow_picture, lifecycle_page, reasons_page, result_schema, settings_table
from services.validate.catalogue import catalogue

PAGES: Final[MappingProxyType[str, Callable[[], str]]] = MappingProxyType(
    {
        "docs/rules.md": catalogue,
        "docs/reasons.md": reasons_page.page,
        "docs/lifecycle.md": lifecycle_page.page,
        "docs/result.schema.json": result_schema.text,
        "docs/pictures/flow.svg": lambda: flow_picture.drawing(flow_picture.ENGLISH),
        "docs/pictures/flow.zh-CN.svg": lambda: flow_picture.drawing(flow_picture.CHINESE),
    }
)
"""Pages that are generated whole: path from the project's root → what makes the text."""

PASSAGES: Final[MappingProxyType[str, Callable[[], str]]] = MappingProxyType(
    {"README.md": settings_table.english, "README.zh-CN.md": settings_table.chinese}
)
"""Hand-written pages with one generated passage, between the two marks below."""

BEGIN: Final = "<!-- settings:begin -->"
END: Final = "<!-- settings:end -->"


def expected(root: Path) -> dict[str, str]:
    """Every generated page as it should be. Raises ValueError for a page that lost its marks."""
    whole = {path: make() for path, make in PAGES.items()}
    return whole | {path: _with_passage(root / path, make()) for path, make in PASSAGES.items()}


def stale(root: Path) -> list[str]:
    """Pages that are missing or differ from what the program says."""
    return [path for path, text in expected(root).items() if _present(root / path) != text]


def write(root: Path) -> list[str]:
    """Write the stale pages; returns which."""
    pages = expected(root)
    late = [path for path in pages if _present(root / path) != pages[path]]
    for path in late:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(pages[path], encoding="utf-8")
    return late


def _present(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _with_passage(path: Path, passage: str) -> str:
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path.name} needs the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{passage}{END}{after}"
