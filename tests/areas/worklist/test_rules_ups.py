"""The states of a unified procedure step: the standard's table, and a model that lives through it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kerma.areas.worklist import rules_match, rules_ups
from kerma.areas.worklist.dimse import document_of
from kerma.areas.worklist.model_ups import CANCELED, COMPLETED, FINAL, IN_PROGRESS, SCHEDULED, STATES, StatusRefused
from kerma.areas.worklist.rules_match import Document
from kerma.standards import table
from worklists import done, workitem

AT = "20260302120000.000000+0000"
UID = "1.2.3.4"
LOCKS = st.sampled_from(["", "1.2.1", "1.2.2", "not a uid"])


def created(**attributes: object) -> Document:
    return rules_ups.created(document_of(workitem(**attributes)), UID, AT)


def test_every_request_has_an_outcome_in_every_state() -> None:
    for request in (*STATES, rules_ups.UPDATE, rules_ups.CANCEL):
        for state in STATES:
            for has_lock in (False, True):
                found = rules_ups.outcome(request, state, has_lock=has_lock)
                assert found.code in rules_ups.statuses()
                assert found.state in STATES
                assert found.state == state or found.code == rules_ups.DONE


def test_statuses_are_those_that_the_network_library_knows() -> None:
    from pynetdicom.status import UNIFIED_PROCEDURE_STEP_SERVICE_CLASS_STATUS as KNOWN

    own = {int(row["status"], 16) for row in table(rules_ups.STATUSES)}
    assert own <= set(KNOWN)
    named = {code for code, (_, words) in KNOWN.items() if 0xC300 <= code <= 0xC31F and "UPS" in words}
    assert len(named) > 5
    assert named <= own
    assert all(200 <= status.http < 600 for status in rules_ups.statuses().values())


def test_nothing_leaves_a_final_state_and_nothing_becomes_scheduled() -> None:
    for state in FINAL:
        for request in (*STATES, rules_ups.UPDATE, rules_ups.CANCEL):
            assert rules_ups.outcome(request, state, has_lock=True).state == state
    assert all(rules_ups.outcome(SCHEDULED, state, has_lock=True).is_refused for state in STATES)


def test_an_unknown_state_is_refused_as_a_wrong_value() -> None:
    with pytest.raises(StatusRefused) as refusal:
        rules_ups.outcome("DONE", SCHEDULED, has_lock=True)
    assert refusal.value.code == rules_ups.INVALID_VALUE


class Life(RuleBasedStateMachine):
    """A workitem under any sequence of requests by two performers, beside a model of the standard's words."""

    def __init__(self) -> None:
        super().__init__()
        self.document = created()
        self.state, self.lock, self.is_reported = SCHEDULED, "", False

    def ask(self, request: str, lock: str) -> rules_ups.Outcome:
        has_lock = rules_ups.holds_lock(self.state, self.lock, lock)
        return rules_ups.outcome(request, self.state, has_lock=has_lock)

    @rule(lock=LOCKS)
    def claim(self, lock: str) -> None:
        found = self.ask(IN_PROGRESS, lock)
        assert (found.code == rules_ups.DONE) == (self.state == SCHEDULED and lock.startswith("1.2."))
        if found.code == rules_ups.DONE:
            self.document = rules_ups.moved(self.document, IN_PROGRESS, AT)
            self.state, self.lock = IN_PROGRESS, lock

    @rule(lock=LOCKS)
    def report(self, lock: str) -> None:
        has_lock = bool(lock) and rules_ups.holds_lock(self.state, self.lock, lock)
        found = rules_ups.outcome(rules_ups.UPDATE, self.state, has_lock=has_lock)
        may = self.state == IN_PROGRESS and lock == self.lock
        assert (found.code == rules_ups.DONE) == (may or (self.state == SCHEDULED and not has_lock))
        if may:
            self.document = rules_ups.updated(self.document, document_of(done()), AT)
            self.is_reported = True

    @rule(lock=LOCKS, final=st.sampled_from(FINAL))
    def finish(self, lock: str, final: str) -> None:
        found = self.ask(final, lock)
        assert (found.code == rules_ups.DONE) == (self.state == IN_PROGRESS and lock == self.lock)
        if found.code != rules_ups.DONE:
            return
        if final == COMPLETED and not self.is_reported:
            with pytest.raises(StatusRefused) as refusal:
                rules_ups.moved(self.document, final, AT)
            assert refusal.value.code == rules_ups.NOT_FINISHED
            return
        self.document = rules_ups.moved(self.document, final, AT)
        self.state = final

    @rule()
    def wish_to_cancel(self) -> None:
        found = rules_ups.outcome(rules_ups.CANCEL, self.state, has_lock=False)
        expected = {SCHEDULED: 0, IN_PROGRESS: 0, COMPLETED: 0xC311, CANCELED: 0xB304}
        assert found.code == expected[self.state]

    @invariant()
    def the_document_says_the_state_and_never_the_lock(self) -> None:
        assert rules_match.first(self.document, rules_ups.STATE) == self.state
        assert rules_ups.TRANSACTION not in self.document
        assert rules_match.first(self.document, rules_ups.SOP_INSTANCE) == UID
        assert (self.state == SCHEDULED) == (self.lock == "")


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLife = Life.TestCase


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"ProcedureStepLabel": ""}, 0x0121),
        ({"ProcedureStepState": "IN PROGRESS"}, 0xC309),
        ({"TransactionUID": "1.2.3"}, 0x0106),
        ({"ScheduledProcedureStepPriority": "SOON"}, 0x0106),
        ({"InputReadinessState": "MAYBE"}, 0x0106),
    ],
)
def test_a_workitem_that_is_not_as_the_standard_says_is_refused(attributes: dict[str, str], code: int) -> None:
    with pytest.raises(StatusRefused) as refusal:
        created(**attributes)
    assert refusal.value.code == code


def test_a_missing_attribute_is_told_from_an_empty_one() -> None:
    sent = document_of(workitem())
    del sent[rules_ups.READINESS]
    with pytest.raises(StatusRefused, match="InputReadinessState is missing") as refusal:
        rules_ups.created(sent, UID, AT)
    assert refusal.value.code == 0x0120


def test_every_attribute_that_may_be_empty_is_there_after_creation() -> None:
    kept = created()
    top = [row for row in rules_ups.rows("top") if row["create"] in ("1", "2", "empty") and row["tag"] != "00081195"]
    assert all(row["tag"] in kept for row in top)
    assert list(kept) == sorted(kept)


def test_whom_it_is_about_cannot_change_but_the_same_may_be_sent_again() -> None:
    kept = created()
    same = {rules_ups.SUBJECT_ID: {"vr": "LO", "Value": ["P-17"]}}
    assert rules_ups.updated(kept, same, AT) == kept
    with pytest.raises(StatusRefused):
        rules_ups.updated(kept, {rules_ups.SUBJECT_ID: {"vr": "LO", "Value": ["P-18"]}}, AT)
    with pytest.raises(StatusRefused):
        rules_ups.updated(kept, {rules_ups.STATE: {"vr": "CS", "Value": [COMPLETED]}}, AT)
    with pytest.raises(StatusRefused):
        rules_ups.updated(kept, {rules_ups.LABEL: {"vr": "LO"}}, AT)


@given(st.integers(0, 10**12), st.integers(0, 65535))
def test_a_channel_goes_on_after_the_newest_event_that_had_the_number(newest: int, ago: int) -> None:
    heard = max(0, newest - ago)
    assert rules_ups.position(newest, heard % 65536) == heard
    assert rules_ups.position(newest, newest % 65536) == newest


def test_events_tell_what_changed_and_only_that() -> None:
    kept = created()
    assert [kind for kind, _ in rules_ups.events(None, kept)] == [1]
    assert list(rules_ups.events(kept, kept)) == []
    unready = rules_ups.updated(kept, {rules_ups.READINESS: {"vr": "CS", "Value": ["UNAVAILABLE"]}}, AT)
    assert [kind for kind, _ in rules_ups.events(kept, unready)] == [1]
    progressed = {rules_ups.PROGRESS: {"vr": "SQ", "Value": [{"00741004": {"vr": "DS", "Value": [40]}}]}}
    assert [kind for kind, _ in rules_ups.events(kept, rules_ups.updated(kept, progressed, AT))] == [3]
    assigned = {rules_ups.STATION: {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["ROOM2"]}}]}}
    ((kind, told),) = rules_ups.events(kept, rules_ups.updated(kept, assigned, AT))
    assert (kind, rules_ups.STATION in told) == (5, True)
