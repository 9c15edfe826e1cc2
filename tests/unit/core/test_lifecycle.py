"""The states and the steps between them, as a graph."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.contracts import ROLE_QUEUES, STAGES, Message, Queue, stage_for, stage_of_busy
from services.core.lifecycle import (
    BUSY,
    LEGAL,
    STATE_WORDS,
    TERMINAL,
    IllegalTransitionError,
    MailState,
    NoticeState,
    RenewalState,
    SubmissionState,
    check_transition,
)

EDGES: Any = LEGAL
KINDS: dict[str, Any] = {
    "submission": SubmissionState,
    "renewal": RenewalState,
    "notice": NoticeState,
    "mail": MailState,
}
STATES = [(subject, state) for subject, kind in KINDS.items() for state in kind]

# What only a person may start: everything else that leaves an end is a defect.
BY_A_PERSON = {
    ("submission", "stored", "received"),
    ("submission", "rejected", "announced"),
    ("submission", "rejected", "received"),
    ("submission", "quarantined", "announced"),
    ("submission", "quarantined", "received"),
    ("notice", "quarantined", "pending"),
    ("mail", "failed", "queued"),
    ("mail", "unconfirmed", "queued"),
    ("mail", "unconfirmed", "sent"),
}


@pytest.mark.parametrize("subject", KINDS)
def test_every_state_can_be_reached_from_the_beginning(subject: str) -> None:
    reached: set[str | None] = set()
    front: set[str | None] = {None}
    while front:
        reached |= front
        front = {after for before in front for after in EDGES[subject].get(before, set())} - reached
    assert reached == {None, *KINDS[subject]}


@pytest.mark.parametrize(("subject", "state"), STATES)
def test_from_every_state_an_end_can_be_reached(subject: str, state: str) -> None:
    seen, front = set(), {state}
    while front:
        if front & TERMINAL[subject]:
            return
        seen |= front
        front = {after for before in front for after in EDGES[subject][before]} - seen
    pytest.fail(f"{subject} {state} leads nowhere")


def test_ends_are_left_by_a_person_only() -> None:
    leaving = {
        (subject, str(before), str(after))
        for subject, states in TERMINAL.items()
        for before in states
        for after in EDGES[subject][before]
    }
    assert leaving == BY_A_PERSON


@pytest.mark.parametrize("subject", KINDS)
def test_a_state_is_an_end_or_busy_or_waits_and_never_two_of_them(subject: str) -> None:
    waiting = {state for stage in STAGES if stage.subject == subject for state in stage.ready}
    parts = [TERMINAL[subject], BUSY[subject], waiting]
    assert sum(map(len, parts)) == len(KINDS[subject])
    assert set().union(*parts) == set(KINDS[subject])


@pytest.mark.parametrize(("subject", "state"), STATES)
def test_every_waiting_state_belongs_to_exactly_one_stage(subject: str, state: str) -> None:
    owners = [stage for stage in STAGES if stage.subject == subject and state in stage.ready]
    waits = state not in TERMINAL[subject] | BUSY[subject]
    assert len(owners) == (1 if waits else 0)
    assert stage_for(subject, state) == (owners[0] if owners else None)


@pytest.mark.parametrize(("subject", "state"), STATES)
def test_every_busy_state_is_held_by_exactly_one_stage(subject: str, state: str) -> None:
    assert (stage_of_busy(subject, state) is not None) == (state in BUSY[subject])


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.task)
def test_a_stage_can_take_give_back_and_give_up(stage) -> None:
    for ready in stage.ready:
        check_transition(stage.subject, ready, stage.busy)
    check_transition(stage.subject, stage.busy, stage.back)
    check_transition(stage.subject, stage.busy, stage.dead)
    assert stage.back in stage.ready
    assert stage.dead in TERMINAL[stage.subject]


def test_every_queue_has_one_role_and_every_stage_its_queue() -> None:
    worked = [queue for queues in ROLE_QUEUES.values() for queue in queues]
    assert sorted(worked) == sorted(set(Queue) - {Queue.UNROUTED})
    assert sorted(stage.queue for stage in STAGES) == sorted(worked)
    assert len({stage.task for stage in STAGES}) == len(STAGES)


@given(
    st.sampled_from(sorted(KINDS)),
    st.none() | st.sampled_from([str(state) for _, state in STATES]) | st.text(max_size=8),
    st.sampled_from([str(state) for _, state in STATES]) | st.text(max_size=8),
)
def test_a_step_is_taken_if_and_only_if_it_is_listed(subject: str, before: str | None, after: str) -> None:
    if after in EDGES[subject].get(before, set()):
        check_transition(subject, before, after)
    else:
        with pytest.raises(IllegalTransitionError, match="not a legal transition"):
            check_transition(subject, before, after)


def test_nothing_stands_still_or_begins_twice() -> None:
    for subject, edges in EDGES.items():
        assert set(edges) == {None, *KINDS[subject]}
        for before, after in edges.items():
            assert before not in after
            assert None not in after


def test_what_people_see_has_chinese_words() -> None:
    for state in (*SubmissionState, *MailState):
        assert STATE_WORDS[state]


@pytest.mark.parametrize(
    "body", [{}, {"id": 0}, {"id": -1}, {"id": "x"}, {"id": 1, "path": "/etc/passwd"}, {"id": None}]
)
def test_a_message_carries_a_row_number_and_nothing_else(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Message.model_validate(body)
