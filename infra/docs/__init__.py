"""The pages that are written from the program: `python -m infra.docs` writes them, `--check` tells what is stale."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""The project's root, to which the pages' paths are relative."""
