"""Which generated page comes from what, and whether it is up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from infra.docs import flow_picture, lifecycle_page, reasons_page, result_schema, settings_table, transcript
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

PASSAGES: Final[MappingProxyType[str, Mapping[str, Callable[[Path], str]]]] = MappingProxyType(
    {
        "README.md": {
            "demo": lambda root: transcript.excerpt(root / "docs/transcripts/demo.txt", findings=1),
            "check": lambda root: transcript.excerpt(root / "docs/transcripts/check.txt", findings=2),
            "settings": lambda _: settings_table.english(),
        },
        "README.zh-CN.md": {
            "check": lambda root: transcript.excerpt(root / "docs/transcripts/check.txt", findings=2),
            "settings": lambda _: settings_table.chinese(),
        },
    }
)
"""Hand-written pages with generated passages, each between `<!-- name:begin -->` and `<!-- name:end -->`."""


def expected(root: Path) -> dict[str, str]:
    """Every generated page as it should be. Raises ValueError for a page that lost its marks."""
    pages = {path: make() for path, make in PAGES.items()}
    for path, passages in PASSAGES.items():
        text = (root / path).read_text(encoding="utf-8")
        for name, make in passages.items():
            text = _with_passage(text, name, make(root))
        pages[path] = text
    return pages


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


def _with_passage(text: str, name: str, passage: str) -> str:
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"a page needs the marks {begin} and {end}")
    return f"{before}{begin}\n{passage}{end}{after}"
