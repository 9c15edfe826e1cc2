"""docker-compose.yml and the image, judged by the tools that will read them and by the program they start."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from services.platform.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "infra/docker/Dockerfile"
WORKER_ROLES = {"receive", "extract", "ocr", "office", "judge", "notify"}
PROFILES = ("demo", "ocr", "office")
FOREIGN = {"db", "broker", "store", "mail"}


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def run(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GOUJI_", "COMPOSE_"))}
    return subprocess.run(argv, cwd=ROOT, env={**clean, **env}, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def compose():
    profiles = [part for name in PROFILES for part in ("--profile", name)]
    done = run(tool("docker-compose"), *profiles, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


@pytest.fixture(scope="module")
def ours(services):
    return {name: service for name, service in services.items() if name not in FOREIGN}


def test_the_real_compose_accepts_the_file_without_a_warning():
    done = run(tool("docker-compose"), "config", "--quiet")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_hadolint_accepts_the_dockerfile():
    done = run(tool("hadolint"), str(DOCKERFILE))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_image_is_one_that_the_classic_builder_can_build():
    lines = DOCKERFILE.read_text().splitlines()
    assert not lines[0].startswith("# syntax")
    assert not [line for line in lines if "--mount=" in line]


def test_every_service_of_ours_runs_a_command_that_gouji_has(ours):
    from services.cli.application import app

    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # typed as Command, is a Group
    assert {service["command"][0] for service in ours.values()} == {"migrate", "serve", "worker", "sweep", "watch"}
    assert {service["command"][0] for service in ours.values()} <= known
    assert "health" in known


def test_there_is_a_worker_for_every_role(ours):
    from services.core.contracts import ROLE_QUEUES

    roles = {service["command"][2] for service in ours.values() if service["command"][0] == "worker"}
    assert roles == set(ROLE_QUEUES) == WORKER_ROLES


def test_the_slower_lanes_are_off_unless_asked_for_and_have_an_image_of_their_own(ours):
    for name, service in ours.items():
        lane = name in ("worker-ocr", "worker-office")
        assert service["image"] == ("gouji-lanes:local" if lane else "gouji:local"), name
        assert bool(service.get("profiles")) is lane, name
        assert (service["environment"]["GOUJI_OCR_LANE"], service["environment"]["GOUJI_OFFICE_LANE"]) == (
            "false",
            "false",
        )


def test_every_long_running_service_is_asked_for_the_health_of_its_own_role(ours):
    for name, service in ours.items():
        if name == "migrate":
            continue
        role = service["command"][2] if service["command"][0] == "worker" else service["command"][0]
        assert service["healthcheck"]["test"] == ["CMD", "gouji", "health", "--role", role], name


def test_the_supervisor_of_gouji_up_runs_the_same_roles(ours):
    from infra.embedded.supervisor import LANE_ROLES, ROLES

    def parts(command: list[str]) -> set[str]:
        return {f"worker {role}" for role in command[2].split(",")} if command[0] == "worker" else {command[0]}

    up = set().union(*(parts(list(role.arguments)) for role in (*ROLES, *LANE_ROLES.values())))
    compose = set().union(*(parts(service["command"]) for service in ours.values()))
    assert up | {"migrate"} == compose


def test_every_variable_and_every_secret_of_ours_is_a_setting(ours):
    fields = set(Settings.model_fields)
    for name, service in ours.items():
        variables = {key.removeprefix("GOUJI_").lower() for key in service["environment"] if key.startswith("GOUJI_")}
        files = {Path(secret["target"]).name.removeprefix("gouji_") for secret in service["secrets"]}
        assert variables | files <= fields, name
        assert {Path(secret["target"]).parent for secret in service["secrets"]} == {Path("/run/secrets/gouji")}, name


def test_the_settings_of_every_service_are_accepted(ours, monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("GOUJI_")]:
        monkeypatch.delenv(name)
    made = tmp_path / "secrets"
    assert run(str(ROOT / "infra/docker/make-secrets.sh"), str(made)).returncode == 0
    for service in ours.values():
        mounted = tmp_path / "mounted"
        mounted.mkdir(exist_ok=True)
        for secret in service["secrets"]:
            (mounted / Path(secret["target"]).name).write_text((made / secret["source"]).read_text())
        with monkeypatch.context() as patch:
            for variable, value in service["environment"].items():
                patch.setenv(variable, value)
            settings = Settings(_secrets_dir=str(mounted))
        assert settings.database_url.startswith("postgresql+psycopg://gouji:")
        assert settings.s3_endpoint == "store:9000"
        if service["command"] == ["serve"]:
            settings.require_secrets()


def test_no_secret_stands_in_the_file(services):
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if any(word in variable for word in ("PASSWORD", "SECRET", "TOKEN", "ACCESS_KEY")):
                assert value.startswith("/run/secrets/"), (name, variable)


def test_our_services_run_without_root_rights_on_a_read_only_disk(ours):
    for name, service in ours.items():
        assert service["user"] == "10001:10001", name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert any(place.startswith("/tmp:") for place in service["tmpfs"]), name
        assert service["stop_grace_period"] == "1m15s", name


def test_no_service_at_all_may_gain_rights(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_ports_are_published_on_loopback_only(services):
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(ports) == {"serve", "store", "mail"}
    assert {port["host_ip"] for published in ports.values() for port in published} == {"127.0.0.1"}


def test_the_reader_of_hostile_documents_reaches_no_outer_network(compose):
    assert compose["networks"]["data"]["internal"] is True
    assert list(compose["services"]["worker-extract"]["networks"]) == ["data"]


def test_nothing_works_before_the_database_is_up_to_date(ours):
    assert ours["migrate"]["restart"] == "no"
    for name, service in ours.items():
        if name != "migrate":
            assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name
            assert service["restart"] == "unless-stopped", name


def test_the_store_is_chosen_by_one_variable():
    done = run(tool("docker-compose"), "config", "--images", GOUJI_S3_IMAGE="registry.example/s3@sha256:" + "0" * 64)
    images = done.stdout.split()
    assert "registry.example/s3@sha256:" + "0" * 64 in images
    assert not [image for image in images if image.startswith("pgsty/")]


def test_stand_ins_carry_the_names_that_are_asked_for(services):
    from infra.docker.stand_in_images import IMAGES

    asked = {service["image"] for service in services.values()} - {"gouji:local", "gouji-lanes:local"}
    base = next(line for line in DOCKERFILE.read_text().splitlines() if line.startswith("ARG PYTHON_IMAGE="))
    assert set(IMAGES.values()) == asked | {base.partition("=")[2]}


def test_secrets_are_made_once_at_random_and_closed_to_other_users(tmp_path, compose):
    script = str(ROOT / "infra/docker/make-secrets.sh")
    one, other = tmp_path / "one", tmp_path / "other"
    assert run(script, str(one)).returncode == 0
    before = {place.name: place.read_text() for place in one.iterdir()}
    assert run(script, str(one)).returncode == 0
    assert {place.name: place.read_text() for place in one.iterdir()} == before
    assert stat.S_IMODE(one.stat().st_mode) == 0o700
    assert set(before) == {Path(secret["file"]).name for secret in compose["secrets"].values()} | {".gitignore"}
    assert run(script, str(other)).returncode == 0
    filled_in_by_hand = {".gitignore", "gouji_smtp_password"}
    assert not [name for name in set(before) - filled_in_by_hand if (other / name).read_text() == before[name]]
