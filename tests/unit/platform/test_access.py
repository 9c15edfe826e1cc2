"""Access tokens: printed once, kept as hashes, revoked at once."""

from __future__ import annotations

import hashlib

import pytest

from services.platform.access import Principal, Role, issue_token, principal_by_id, principal_of, revoke_token
from services.platform.db.engine import reading, unit_of_work
from services.platform.db.models import AccessToken
from tests.unit.platform.ground import Ground


def issue(role: Role = Role.REVIEWER, agency: str | None = None) -> str:
    with unit_of_work() as session:
        return issue_token(session, name="张三", role=role, agency_code=agency)


def who(token: str) -> Principal | None:
    with reading() as session:
        return principal_of(session, token)


def test_a_token_opens_for_whom_it_was_made(ground: Ground) -> None:
    found = who(issue(Role.AGENCY, "a1"))
    assert found is not None
    assert (found.name, found.role, found.agency_code) == ("张三", Role.AGENCY, "a1")
    with reading() as session:
        assert principal_by_id(session, found.token_id) == found


def test_only_the_hash_is_kept_and_tokens_are_long_and_all_different(ground: Ground) -> None:
    tokens = {issue() for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 43 for token in tokens)
    stored = {row.digest for row in ground.rows(AccessToken)}
    assert stored == {hashlib.sha256(token.encode()).hexdigest() for token in tokens}
    data = (ground.folder / "ground.db").read_bytes() + (ground.folder / "ground.db-wal").read_bytes()
    assert not any(token.encode() in data for token in tokens)


@pytest.mark.parametrize("token", ["", "gouji_", "x" * 10_000, "\x00", "\ud800", "' OR 1=1 --"])
def test_anything_else_opens_nothing(ground: Ground, token: str) -> None:
    issue()
    assert who(token) is None


def test_a_hash_itself_opens_nothing(ground: Ground) -> None:
    token = issue()
    assert who(hashlib.sha256(token.encode()).hexdigest()) is None


def test_a_revoked_token_is_out_of_use_at_once(ground: Ground) -> None:
    token = issue()
    found = who(token)
    assert found is not None
    with unit_of_work() as session:
        assert revoke_token(session, found.token_id) is True
        assert revoke_token(session, found.token_id) is False
        assert revoke_token(session, 999) is False
    assert who(token) is None
    with reading() as session:
        assert principal_by_id(session, found.token_id) is None


@pytest.mark.parametrize(("role", "agency"), [(Role.AGENCY, None), (Role.REVIEWER, "a1"), (Role.OPERATOR, "a1")])
def test_agency_tokens_name_their_agency_and_others_name_none(ground: Ground, role: Role, agency: str | None) -> None:
    with pytest.raises(ValueError, match="agency"):
        issue(role, agency)
    assert ground.count(AccessToken) == 0


def test_an_agency_sees_its_own_and_the_others_see_all() -> None:
    assert Principal(1, "x", Role.AGENCY, "a1").may_see("a1")
    assert not Principal(1, "x", Role.AGENCY, "a1").may_see("a2")
    assert Principal(1, "x", Role.REVIEWER, None).may_see("a2")
    assert Principal(1, "x", Role.OPERATOR, None).may_see("a2")
