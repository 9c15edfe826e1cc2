"""A document that kills, starves, hangs or crashes its reader harms only itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from services.platform.db.models import Mail, Submission, Transition
from tests.faults.house import House, say
from tests.faults.poison import MARKERS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_poison_is_quarantined_after_three_attempts(build: Callable[..., House], full_size: bool) -> None:
    neighbours = 60 if full_size else 8
    house = build(
        settings={"reader": "tests.faults.poison:read_document", "reader_wall_seconds": 3, "reader_memory_mb": 256}
    )
    house.register([f"body{number}" for number in range(neighbours + len(MARKERS))])
    house.start("watch", "worker", "extract", "sweep")
    for number, marker in enumerate(MARKERS, start=neighbours):
        house.drop(f"body{number}", house.make(number) + b"\n" + marker)
    for number in range(neighbours):
        house.drop(f"body{number}", house.make(number))
    pids = {name: child.pid for name, child in house.roles.items()}
    house.wait(house.settled, 120, "poison is quarantined and its neighbours are done")
    counts = house.counts()
    assert counts == {"quarantined": len(MARKERS), "stored": neighbours}
    assert {name: child.pid for name, child in house.roles.items() if child.alive()} == pids
    with house.session() as session:
        claimed = dict(
            session.execute(
                select(Submission.agency_code, func.count())
                .join(Transition, Transition.subject_id == Submission.id)
                .where(
                    Transition.subject == "submission",
                    Transition.after == "extracting",
                    Submission.state == "quarantined",
                )
                .group_by(Submission.agency_code)
            ).all()
        )
        codes = set(session.scalars(select(Submission.reason_code).where(Submission.state == "quarantined")))
        told = set(session.scalars(select(Mail.role).where(Mail.kind == "quarantined")))
    assert set(claimed.values()) == {3}
    assert codes == {"reader_crashed", "reader_memory", "reader_timeout"}
    # a fault that may be ours is no matter for the agency
    assert told == {"reviewer"}
    say("poison", {**counts, "attempts each": 3, "reasons": sorted(codes)})
    house.ledger()


def test_quarantined_reports_can_be_replayed(build: Callable[..., House]) -> None:
    house = build(settings={"reader": "tests.faults.poison:read_document"})
    house.register(["body1"])
    house.start("watch", "worker", "extract", "sweep")
    house.drop("body1", house.make(1) + b"\n%poison:kill")
    house.wait(house.settled, 60, "the document is quarantined")
    assert house.counts() == {"quarantined": 1}
    failed = list((house.config.drop_folder / "body1").rglob("failed/*"))
    house.wait(lambda: len(list((house.config.drop_folder / "body1").rglob("failed/*"))) == 2, 20, "a reason beside it")
    assert failed is not None
    # the reader is mended: the same document goes through
    for name in ("worker", "extract"):
        house.roles.pop(name).stop(20)
    house.env["GOUJI_READER"] = "services.ingest.readers:read_document"
    house.start("worker", "extract")
    assert house.run("replay", "--state", "quarantined").returncode == 0
    house.wait(lambda: house.counts() == {"stored": 1} and house.settled(), 60, "the replay is through")
    house.wait(lambda: not list((house.config.drop_folder / "body1").rglob("failed/*")), 20, "back in done/")
    house.verdict()
    house.ledger()
