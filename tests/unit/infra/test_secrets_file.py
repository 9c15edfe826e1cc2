from __future__ import annotations

import pytest

from infra.embedded.process import StartError
from infra.embedded.secrets_file import GENERATED, load_or_make


def test_secrets_are_made_once_and_kept(tmp_path):
    path = tmp_path / "secrets.env"
    made = load_or_make(path)
    assert set(made) == set(GENERATED)
    assert len(made["GOUJI_SECRET_KEY"]) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_make(path) == made


def test_two_stacks_share_no_secret(tmp_path):
    one, other = load_or_make(tmp_path / "one.env"), load_or_make(tmp_path / "other.env")
    assert not set(one.values()) & set(other.values())


def test_a_missing_secret_is_added_and_the_others_stay(tmp_path):
    path = tmp_path / "secrets.env"
    path.write_text("GOUJI_HOOK_TOKEN=kept-as-it-is\n")
    path.chmod(0o600)
    assert load_or_make(path)["GOUJI_HOOK_TOKEN"] == "kept-as-it-is"
    assert set(load_or_make(path)) == set(GENERATED)


def test_secrets_that_others_could_read_are_refused(tmp_path):
    path = tmp_path / "secrets.env"
    load_or_make(path)
    path.chmod(0o644)
    with pytest.raises(StartError, match="can be read by others"):
        load_or_make(path)
