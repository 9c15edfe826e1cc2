"""Settings: contradictions are refused at the start, and secrets show nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.platform.settings import Settings, regional_limits

SECRET = "hunter2-geheim-password"
SECRETS = ("broker_url", "s3_access_key", "s3_secret_key", "smtp_password", "secret_key", "hook_token")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("GOUJI_"):
            monkeypatch.delenv(name)


def test_the_defaults_agree_with_one_another() -> None:
    assert Settings().lease_seconds("ingest.extract") == 150
    assert Settings().lease_seconds("notify.send") == 105


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"reader_wall_seconds": 100}, "reader_wall_seconds"),
        ({"extract_soft_seconds": 120}, "extract_soft_seconds"),
        ({"smtp_timeout_seconds": 60}, "smtp_timeout_seconds"),
        ({"task_soft_seconds": 75}, "task_soft_seconds"),
        ({"visibility_seconds": 149}, "visibility_seconds"),
        ({"backoff_first_seconds": 3601}, "backoff_first_seconds"),
        ({"mail_backoff_first_seconds": 14401}, "mail_backoff_first_seconds"),
        ({"mail_give_up_hours": 3}, "mail_give_up_hours"),
        ({"max_bytes": 0}, "max_bytes"),
        ({"lease_margin_seconds": 0}, "lease_margin_seconds"),
        ({"log_level": "LOUD"}, "log_level"),
        ({"max_crashes": 0}, "max_crashes"),
    ],
)
def test_values_that_contradict_one_another_or_make_no_sense_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings(**values)


def test_a_lease_outlives_every_hard_limit_and_a_message_every_lease() -> None:
    config = Settings()
    for task, hard in (
        ("ingest.extract", config.extract_hard_seconds),
        ("validate.judge", config.task_hard_seconds),
    ):
        assert hard < config.lease_seconds(task) <= config.visibility_seconds


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_show_in_no_picture_of_the_settings(name: str) -> None:
    config = Settings.model_validate({name: SECRET})
    for shown in (repr(config), str(config), config.model_dump_json(), repr(config.model_dump())):
        assert SECRET not in shown


def test_the_databases_password_shows_in_no_picture_of_the_settings() -> None:
    config = Settings(database_url=f"postgresql+psycopg://gouji:{SECRET}@db/gouji")
    assert SECRET not in repr(config)
    assert SECRET not in str(config)


def test_a_refusal_of_the_settings_does_not_print_them() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(smtp_password=SECRET, database_url=f"x://{SECRET}", reader_wall_seconds=1000)
    assert SECRET[:7] not in str(refused.value)


@pytest.mark.parametrize(
    ("secret_key", "hook_token", "message"),
    [("", "t" * 16, "SECRET_KEY"), ("k" * 31, "t" * 16, "SECRET_KEY"), ("k" * 32, "t" * 15, "HOOK_TOKEN")],
)
def test_the_http_service_does_not_start_with_weak_secrets(secret_key: str, hook_token: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(secret_key=secret_key, hook_token=hook_token).require_secrets()
    Settings(secret_key="k" * 32, hook_token="t" * 16).require_secrets()


def test_every_setting_says_what_it_means() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_a_limits_file_that_cannot_be_meant_is_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    with pytest.raises(ValidationError, match="cannot be read"):
        Settings(limits_file=str(file))
    file.write_text("[[limits]]\nregion = 'x'\nyears = [2024]\ndedline = '01-01'\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="unknown key 'dedline'"):
        Settings(limits_file=str(file))
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ValidationError, match="cannot be used"):
        Settings(limits_file=str(file))
    file.write_text("[[limits]]\nregion = 'x'\nyears = [2024]\ndeadline = '01-01'\n", encoding="utf-8")
    assert regional_limits(Settings(limits_file=str(file)).limits_file).for_body(["x"], 2024).deadline == (1, 1)
