"""Workers die at random, the broker forgets everything, the sweeper dies: nothing is lost and nobody is told twice."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable

import pytest
import redis

from tests.faults.house import House, say

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]


def test_kill_storm(build: Callable[..., House], full_size: bool, fault_seed: int, database: str) -> None:
    reports, kills, flushes = (1000, 20, 2) if full_size else (60, 5, 1)
    chance = random.Random(fault_seed)
    house = build()
    house.register([f"body{number}" for number in range(reports)])
    house.start()
    began = time.monotonic()
    files = [
        (f"body{number}", house.make(number, erroneous=number % 3 == 0), number % 3 == 0) for number in range(reports)
    ]
    for agency, data, erroneous in files:
        house.drop(agency, data, erroneous=erroneous)
    faults = ["kill"] * kills + ["flush"] * flushes + ["sweeper"]
    chance.shuffle(faults)
    for fault in faults:
        # faults come while there is work: wait for some progress instead of for the clock
        _let_work_go_on(house, chance.randint(1, max(2, 3 * reports // (2 * len(faults)))))
        if fault == "flush":
            _flush(house)
        elif fault == "sweeper":
            house.kill("sweep")
        elif chance.random() < 0.5:
            house.kill(chance.choice(["worker", "extract"]))
        else:
            house.kill_one_child(chance.choice(["worker", "extract"]), chance.choice)
    after = house.wait(house.settled, 180, "every report has come to its end within 3 minutes of the last fault")
    figures = house.verdict()
    figures |= {
        "kills": kills,
        "flushes": flushes,
        "seconds": round(time.monotonic() - began),
        "after last fault": round(after),
    }
    say(f"kill storm on {database}, seed {fault_seed}", figures)
    assert figures["stored"] == reports
    house.ledger()


def _let_work_go_on(house: House, steps: int) -> None:
    """Return after `steps` more reports have been finished, or at once when the work is all done."""
    before = house.counts()["stored"]
    house.wait(lambda: house.settled() or house.counts()["stored"] >= before + steps, 60, "work goes on between faults")


def _flush(house: House) -> None:
    assert house.stack.broker is not None
    url = house.stack.broker.url
    client = redis.Redis(unix_socket_path=url.removeprefix("redis+socket://").split("?")[0])
    client.flushall()
    client.close()


@pytest.mark.usefixtures("database")
def test_rolling_restarts_under_load(build: Callable[..., House], full_size: bool) -> None:
    """SIGTERM at any time: no stop takes longer than its grace, nothing is lost."""
    restarts, reports = (20, 400) if full_size else (3, 30)
    house = build()
    house.register([f"body{number}" for number in range(reports)])
    house.start()
    for number in range(reports):
        house.drop(f"body{number}", house.make(number))
    longest = 0.0
    for number in range(restarts):
        name = ("worker", "extract", "sweep", "watch", "serve")[number % 5 if full_size else number % 2]
        began = time.monotonic()
        assert house.roles[name].stop(75), f"{name} did not stop within 75 s"
        longest = max(longest, time.monotonic() - began)
        house.start(name)
    house.wait(house.settled, 180, "every report has come to its end")
    figures = house.verdict()
    say("rolling restarts", figures | {"restarts": restarts, "longest stop": round(longest, 1)})
    house.ledger()


def test_ledger_notices_a_lost_file(build: Callable[..., House]) -> None:
    """The balance is a check that can fail: an object removed behind the system's back is reported."""
    house = build()
    house.register(["body1"])
    house.start("watch", "worker", "extract", "sweep")
    entry = house.drop("body1", house.make(1))
    house.wait(house.settled, 60, "the report has come to its end")
    house.ledger()
    from services.platform.storage import Storage, original_key

    store = Storage.from_settings(house.config)
    store.client.remove_object(store.originals, original_key(entry.sha256))
    (house.config.drop_folder / "body1" / "done" / "stray.pdf").write_bytes(b"%PDF-")
    done: subprocess.CompletedProcess[str] = house.run("ledger", check=False)
    assert done.returncode == 1
    assert entry.sha256 in done.stdout
    assert "stray.pdf" in done.stdout
