"""Every module with layouts, found by its name."""

from __future__ import annotations

import importlib
import pkgutil

import tests.corpus


def load_layouts() -> None:
    """Register the layouts of every module ``layouts_*``; again does no harm."""
    for found in pkgutil.iter_modules(tests.corpus.__path__):
        if found.name.startswith("layouts_"):
            importlib.import_module(f"tests.corpus.{found.name}")
