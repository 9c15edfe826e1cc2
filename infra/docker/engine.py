"""A Docker engine of one's own for `make compose-test`: private folder and socket, nothing left behind.

Needs root, an overlay file system and Debian's package `docker.io`, which is unpacked, not installed, where it is missing.
The engine gets no bridge, no packet filter rules and no forwarding: containers reach one another and publish ports, but
do not reach the world, which the test does not need. Builds use the host's network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from infra.embedded.process import Child, wait_until

PACKAGES = ("docker.io", "iptables", "mmdebstrap")
_FILTER_NAMES = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")
_RUN_FOLDER = Path("/run/docker")
_CONTROL_GROUPS = Path("/sys/fs/cgroup")


class EngineError(RuntimeError):
    """No engine can be had here; the message says why and what to do."""


@dataclass
class Engine:
    """`env` makes docker and compose talk to this engine."""

    work: Path
    env: dict[str, str] = field(default_factory=dict)
    _daemon: Child | None = None
    _run_folder_is_ours: bool = False

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise EngineError("no Docker engine answers, and only root can start one. Next step: start Docker.")
        tree = unpack(self.work)
        run = self.work / "run"
        run.mkdir(exist_ok=True)
        self.env = {**os.environ, **_paths(tree)}
        argv = [_found("unshare", self.env), "--mount", _found("dockerd", self.env)]
        argv += ["--data-root", f"{self.work}/data", "--exec-root", f"{run}/exec", "--pidfile", f"{run}/engine.pid"]
        argv += ["--host", f"unix://{run}/docker.sock", "--default-ulimit", "nofile=20000:20000", "--bridge=none"]
        argv += ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
        self._daemon = Child("dockerd", argv, run / "dockerd.log", env=self.env)
        self.env |= {"DOCKER_HOST": f"unix://{run}/docker.sock", "DOCKER_BUILDKIT": "0", "COMPOSE_BAKE": "false"}
        daemon = self._daemon
        self._run_folder_is_ours = not _RUN_FOLDER.exists()
        daemon.start()
        try:
            wait_until(
                lambda: answers(self.env),
                seconds=60,
                alive=daemon.alive,
                error=lambda: EngineError(str(daemon.failure("the engine does not answer"))),
                every=0.2,
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._daemon is not None:
            self._daemon.stop(grace_seconds=30)
        if self._run_folder_is_ours:
            shutil.rmtree(_RUN_FOLDER, ignore_errors=True)  # it made one for plug-ins
        for place in _CONTROL_GROUPS.glob("*/docker"):
            if place.is_dir():
                place.rmdir()  # a control group is a folder that holds nothing else once its processes have gone


def answers(env: Mapping[str, str]) -> bool:
    """Whether an engine answers under this environment."""
    docker = shutil.which("docker", path=env.get("PATH"))
    return (
        docker is not None
        and subprocess.run([docker, "info"], env=env, capture_output=True, check=False).returncode == 0
    )


def unpack(work: Path) -> Path:
    """The packages' files below `work`, fetched through apt without installing them; done once."""
    tree, fetched = work / "tree", work / "packages"
    if tree.is_dir():
        return tree
    fetched.mkdir(parents=True, exist_ok=True)
    fetch = ["apt-get", "install", "--download-only", "--yes", "--no-install-recommends", "-o", "Debug::NoLocking=1"]
    done = subprocess.run(
        [*fetch, "-o", f"Dir::Cache::archives={fetched}", *PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise EngineError(f"Debian's packages could not be fetched. Next step: apt-get update.\n{done.stderr}")
    beside = work / "tree.new"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    for package in sorted(fetched.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(beside)], check=True)
    _link_packet_filter(beside)
    beside.rename(tree)
    return tree


def _link_packet_filter(tree: Path) -> None:
    """The names that dockerd calls for a container's name service; Debian makes them only on installation."""
    program = tree / "usr/sbin/xtables-nft-multi"
    for name in _FILTER_NAMES if program.exists() else ():
        (tree / "usr/sbin" / name).symlink_to(program.name)


def _paths(tree: Path) -> dict[str, str]:
    libraries = next(iter(sorted(tree.glob("usr/lib/*-linux-gnu"))), tree / "usr/lib")
    return {
        "PATH": f"{tree}/usr/sbin:{tree}/usr/bin:{os.environ.get('PATH', os.defpath)}",
        "LD_LIBRARY_PATH": str(libraries),
        "XTABLES_LIBDIR": f"{libraries}/xtables",
    }


def _found(name: str, env: Mapping[str, str]) -> str:
    path = shutil.which(name, path=env["PATH"])
    if path is None:
        raise EngineError(f"{name} is missing. Next step: apt-get install docker.io util-linux.")
    return path
