"""`make docs`: write every generated page. With `--check`: write nothing, exit 1 when a page is stale."""

from __future__ import annotations

import sys

from infra.docs import ROOT
from infra.docs.pages import stale, write

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            for page in write(ROOT):
                print(f"written: {page}")
        case ["--check"]:
            late = stale(ROOT)
            for page in late:
                print(f"stale: {page} (next step: make docs)")
            sys.exit(1 if late else 0)
        case _:
            print("usage: python -m infra.docs [--check]", file=sys.stderr)
            sys.exit(64)
