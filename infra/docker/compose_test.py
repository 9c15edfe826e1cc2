"""`make compose-test`: docker-compose.yml as it stands, brought up for real; two reports go from folder and bucket to a mail.

    python -m infra.docker.compose_test [--work FOLDER]

Uses the engine that answers. Where none does, root can start a private one, with stand-ins for images that cannot be
pulled. Exit status 0: the mails arrived. 1: they did not. 77: no engine can be had here, nothing was tested.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from infra.demo.samples import REGISTER, Sample, write_samples
from infra.docker import stand_in_images
from infra.docker.engine import Engine, EngineError, answers
from infra.embedded.process import free_port, wait_until
from services.platform.settings import Settings
from services.platform.storage import Storage

ROOT = Path(__file__).resolve().parents[2]
APP_UID = 10001
SKIPPED = 77
UP_SECONDS = 300
MAIL_SECONDS = 120
_STORE_SECRETS = ("s3_access_key", "s3_secret_key")


@dataclass(frozen=True)
class Site:
    """One set-up of docker-compose.yml: its folders, ports and engine."""

    folder: Path
    env: Mapping[str, str]
    overrides: tuple[Path, ...]
    mail_port: int

    @classmethod
    def prepare(cls, folder: Path, env: Mapping[str, str], *, host_network_builds: bool) -> Site:
        """Make secrets, drop folder and free ports."""
        drop = folder / "drop"
        drop.mkdir()
        _give_to_app(drop)
        subprocess.run([ROOT / "infra/docker/make-secrets.sh", folder / "secrets"], check=True, capture_output=True)
        http, store, mail = free_port(), free_port(), free_port()
        overrides: tuple[Path, ...] = ()
        if host_network_builds:
            override = folder / "override.json"
            override.write_text(json.dumps({"services": {"migrate": {"build": {"network": "host"}}}}))
            overrides = (override,)
        ours = {
            "COMPOSE_PROJECT_NAME": f"gouji-test-{os.getpid()}",
            "COMPOSE_PROFILES": "demo",
            "GOUJI_SECRETS": str(folder / "secrets"),
            "GOUJI_DROP": str(drop),
            "GOUJI_PORT": str(http),
            "GOUJI_S3_PORT": str(store),
            "GOUJI_MAIL_PORT": str(mail),
        }
        return cls(folder, {**env, **ours}, overrides, mail)

    def compose(self, *arguments: str, given: bytes | None = None, timeout: float = UP_SECONDS) -> str:
        """Run one compose command; RuntimeError with its output when it fails."""
        program = Path(sys.executable).with_name("docker-compose")
        files = [part for file in (ROOT / "docker-compose.yml", *self.overrides) for part in ("--file", str(file))]
        done = subprocess.run(
            [str(program), "--project-directory", str(ROOT), *files, *arguments],
            env=self.env,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=timeout,
        )
        output = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            raise RuntimeError(f"docker-compose {' '.join(arguments)} ended with {done.returncode}:\n{output[-6000:]}")
        return output

    @contextmanager
    def up(self) -> Iterator[float]:
        """Build and start everything; yields the seconds until all were healthy; removes everything at the end."""
        began = time.monotonic()
        try:
            self.compose("build", timeout=1200)
            built = time.monotonic()
            print(f"image built            {built - began:6.1f} s")
            self.compose("up", "--detach", "--wait", "--wait-timeout", str(UP_SECONDS - 30))
            yield time.monotonic() - built
        except BaseException:
            print(self.compose("logs", "--no-color", "--tail", "25"), file=sys.stderr)
            raise
        finally:
            self.compose("down", "--volumes", "--timeout", "20")

    def recipients(self) -> list[set[str]]:
        """The addressees of each mail that the catcher holds (Mailpit's API)."""
        with urlopen(f"http://127.0.0.1:{self.mail_port}/api/v1/messages", timeout=5) as answer:
            return [{to["Address"] for to in mail["To"]} for mail in json.load(answer)["messages"]]

    def store_settings(self) -> Settings:
        """How to reach the object store from outside."""
        secrets = {name: (self.folder / "secrets" / f"gouji_{name}").read_text() for name in _STORE_SECRETS}
        return Settings.model_validate({"s3_endpoint": f"127.0.0.1:{self.env['GOUJI_S3_PORT']}", **secrets})


def import_register(site: Site) -> None:
    """Tell the system whom to write to."""
    importing = "cat > /tmp/register.csv && gouji agencies import /tmp/register.csv"
    site.compose("exec", "-T", "sweep", "sh", "-c", importing, given=REGISTER.read_bytes())


def through_the_folder(site: Site, sample: Sample) -> float:
    """Drop a report into the folder; the seconds until its agency's mail."""
    beside = site.folder / "beside"
    place = sample.place(beside)
    place.parent.mkdir(parents=True)
    place.write_bytes(sample.content)
    _give_to_app(beside)
    began = time.monotonic()
    (beside / sample.agency_code).rename(site.folder / "drop" / sample.agency_code)
    _wait_for_mail(site, sample)
    return time.monotonic() - began


def through_the_bucket(site: Site, sample: Sample) -> float:
    """Put a report into the inbox bucket, so that its event is what tells; the seconds until its agency's mail."""
    store = Storage.from_settings(site.store_settings())
    began = time.monotonic()
    store.put(store.inbox, f"{sample.agency_code}/{sample.year}/{sample.name}", sample.content)
    _wait_for_mail(site, sample)
    return time.monotonic() - began


def _wait_for_mail(site: Site, sample: Sample) -> None:
    with REGISTER.open(encoding="utf-8", newline="") as register:
        rows = [row for row in csv.DictReader(register) if row["agency_code"] == sample.agency_code]
    agency = {row["contact_email"] for row in rows if row["contact_role"] == "agency"}

    def arrived() -> bool:
        try:
            return any(agency & recipients for recipients in site.recipients())
        except (URLError, OSError):
            return False

    def missing() -> RuntimeError:
        return RuntimeError(f"no mail to {', '.join(agency)} within {MAIL_SECONDS} s")

    wait_until(arrived, seconds=MAIL_SECONDS, error=missing, every=0.1)


def _give_to_app(folder: Path) -> None:
    """The watcher moves what it took in to `done/`: folder and files must be its own."""
    for place in (folder, *folder.rglob("*")):
        if os.geteuid() == 0:
            os.chown(place, APP_UID, APP_UID)
        elif place.is_dir():
            place.chmod(0o777)


def run(work: Path) -> None:
    """The whole test; raises EngineError where nothing can be tested and RuntimeError when the test fails."""
    with tempfile.TemporaryDirectory(dir=work, prefix="site-") as folder:
        if answers(os.environ):
            check(Site.prepare(Path(folder), os.environ, host_network_builds=False))
            return
        with Engine(work) as engine:
            if not stand_in_images.can_pull(engine.env):
                print("images cannot be pulled here: stand-ins are built")
                stand_in_images.build_all(work, engine.env)
            check(Site.prepare(Path(folder), engine.env, host_network_builds=True))


def _samples() -> tuple[Sample, Sample]:
    """One report that does not tally and one that does."""
    with tempfile.TemporaryDirectory() as folder:
        stored = [item for item in write_samples(Path(folder)) if item.expected.outcome == "stored"]
    return next(item for item in stored if item.expected.errors), next(i for i in stored if not i.expected.errors)


def check(site: Site) -> None:
    """Up, two reports, two mails, down; prints the figures."""
    with site.up() as healthy:
        print(f"all services healthy   {healthy:6.1f} s")
        import_register(site)
        slips, in_order = _samples()
        print(f"folder to agency's mail {through_the_folder(site, slips):5.1f} s   ({slips.agency_code})")
        print(f"bucket to agency's mail {through_the_bucket(site, in_order):5.1f} s   ({in_order.agency_code})")
        ledger = site.compose("exec", "-T", "watch", "gouji", "ledger")
        print(ledger.rstrip())


def main() -> int:
    """Parse the command line, run, and clean up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="keep fetched packages and images here for the next run")
    given = parser.parse_args().work
    work = Path(given or tempfile.mkdtemp(prefix="gouji-compose-")).absolute()
    work.mkdir(parents=True, exist_ok=True)
    try:
        run(work)
    except EngineError as error:
        print(f"not tested: {error}", file=sys.stderr)
        return SKIPPED
    except RuntimeError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    finally:
        if given is None:
            shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
