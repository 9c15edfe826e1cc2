"""docs/reasons.md: every code that a submission, a reason file, the API or a mail may carry."""

from __future__ import annotations

from services.core.errors import REASONS

_HEAD = """# Reasons

This page is generated from the catalogue in `services/core/errors.py` by `make docs`.

When a document cannot be accepted, or waits for a person, everybody is given the same code, cause and next step: the
reason file beside the document in `failed/`, the page, the API and the mail. Programs match the code, which never
changes its meaning; people read the Chinese texts. `…` stands for the detail of the case at hand.

| Code | Cause | Next step |
| --- | --- | --- |
"""


def page() -> str:
    """The whole page in Markdown."""
    rows = (
        f"| `{code}` | {reason.cause.format(detail='…')} | {reason.next_step.format(detail='…')} |\n"
        for code, reason in REASONS.items()
    )
    return _HEAD + "".join(rows)
