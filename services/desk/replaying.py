"""Starting a finished submission anew, for API and pages alike."""

from __future__ import annotations

import re
from typing import Final

from services.platform.access import Principal
from services.platform.db.engine import unit_of_work
from services.platform.db.repositories import overview, submissions
from services.platform.http.problems import ProblemError
from services.platform.nudge import nudge

REF: Final = re.compile(r"[0-9a-f]{16}")
"""What a reference looks like; anything else is unknown without asking the database."""


def replay(ref: str, asking: Principal) -> str:
    """Replay, and ring the bell once it is committed; returns the new state. Raises ProblemError 404 or 409."""
    with unit_of_work() as session:
        row = overview.find(session, None, ref)
        if row is None:
            raise ProblemError("not_found")
        try:
            follow = submissions.replay(session, row.id, actor=f"http:{asking.name}"[:120])
        except submissions.NotReplayableError as error:
            raise ProblemError("not_replayable") from error
    nudge(follow)
    return str(follow[0][0].ready[0])
