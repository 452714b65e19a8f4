"""Performed steps and the orders they belong to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import worklists
from kerma.areas.worklist import rules_orders, rules_perform
from kerma.areas.worklist.dimse import document_of
from kerma.areas.worklist.model_orders import (
    COMPLETED,
    CONTRADICTING,
    DISCONTINUED,
    IN_PROGRESS,
    MATCHED,
    PERFORMED_STATES,
    STARTED,
    UNMATCHED,
)  # fmt: skip
from kerma.areas.worklist.model_ups import StatusRefused
from kerma.areas.worklist.rules_match import Document


def begun(**attributes: Any) -> Document:
    return rules_perform.begun(document_of(worklists.performed(worklists.order(), **attributes)))


def ordered(**fields: Any) -> dict[str, Any]:
    one = worklists.order()
    names = ("study_uid", "accession", "step_id", "subject_id")
    return {"id": 1, "state": "scheduled", **{name: getattr(one, name) for name in names}, **fields}


@pytest.mark.parametrize(
    ("orders", "matching", "pks", "reasons"),
    [
        ([ordered()], MATCHED, (1,), ()),
        ([], UNMATCHED, (), ("no-order",)),
        ([ordered(subject_id="P-18")], CONTRADICTING, (1,), ("other-subject",)),
        ([ordered(study_uid="1.2.9")], CONTRADICTING, (1,), ("other-study",)),
        ([ordered(accession="A-10")], CONTRADICTING, (1,), ("other-accession",)),
        ([ordered(state="canceled")], CONTRADICTING, (1,), ("order-closed",)),
        ([ordered(id=2, step_id="SPS-2"), ordered()], MATCHED, (1,), ()),
        ([ordered(id=2, step_id="SPS-2", study_uid="1.9", accession="A-2")], UNMATCHED, (), ("no-order",)),
        ([ordered(id=3, study_uid="1.9", accession="A-3")], CONTRADICTING, (3,), ("other-accession", "other-study")),
    ],
)
def test_a_report_is_matched_only_when_nothing_contradicts(
    orders: list[dict[str, Any]], matching: str, pks: tuple[int, ...], reasons: tuple[str, ...]
) -> None:
    found = rules_perform.compare(begun(), orders)
    assert (found.matching, found.order_pks, found.reasons) == (matching, pks, reasons)
    assert all(reason in rules_perform.REASONS for reason in found.reasons)


def test_work_without_an_order_is_told_as_unscheduled() -> None:
    walk_in = worklists.order(accession="", step_id="", requested_id="")
    document = rules_perform.begun(document_of(worklists.performed(walk_in)))
    assert rules_perform.compare(document, []).reasons == ("unscheduled",)


@given(st.lists(st.sampled_from(PERFORMED_STATES), max_size=6), st.sampled_from(["scheduled", "canceled", "started"]))
def test_an_order_follows_what_was_performed_for_it(states: list[str], standing: str) -> None:
    after = rules_orders.state_after(states, standing)
    assert after == rules_orders.state_after(reversed(states), standing)
    if not states:
        assert after == standing
    elif IN_PROGRESS in states:
        assert after == STARTED
    else:
        assert after == (COMPLETED if COMPLETED in states else DISCONTINUED)


def test_a_step_that_has_ended_never_changes_again() -> None:
    document = begun()
    end = document_of(worklists.ended(images=("1.2.5",)))
    after, state = rules_perform.changed(document, IN_PROGRESS, end)
    assert state == COMPLETED
    for ended in (COMPLETED, DISCONTINUED):
        with pytest.raises(StatusRefused) as refusal:
            rules_perform.changed(after, ended, {})
        assert (refusal.value.code, refusal.value.error_id) == (0x0110, 0xA710)


def test_a_completed_step_says_what_it_made_and_a_discontinued_one_need_not() -> None:
    document = begun()
    bare = document_of(worklists.ended())
    del bare[rules_perform.SERIES_SEQUENCE]
    with pytest.raises(StatusRefused, match="PerformedSeriesSequence") as refusal:
        rules_perform.changed(document, IN_PROGRESS, bare)
    assert refusal.value.code == rules_perform.EMPTY
    stopped = {**bare, rules_perform.STATUS: {"vr": "CS", "Value": ["DISCONTINUED"]}}
    assert rules_perform.changed(document, IN_PROGRESS, stopped)[1] == DISCONTINUED
    unknown = {rules_perform.STATUS: {"vr": "CS", "Value": ["DONE"]}}
    with pytest.raises(StatusRefused) as refusal:
        rules_perform.changed(document, IN_PROGRESS, unknown)
    assert refusal.value.code == 0x0106


def test_what_a_step_began_with_stays() -> None:
    document = begun()
    with pytest.raises(StatusRefused) as refusal:
        rules_perform.changed(document, IN_PROGRESS, {"00400241": {"vr": "AE", "Value": ["OTHER"]}})
    assert (refusal.value.code, refusal.value.offending) == (0x0106, ("00400241",))
    same = {"00400241": {"vr": "AE", "Value": ["DX1"]}}
    assert rules_perform.changed(document, IN_PROGRESS, same)[1] == IN_PROGRESS


def test_each_announced_image_counts_once() -> None:
    document = document_of(worklists.ended(images=("1.2.5", "1.2.6", "1.2.5")))
    assert list(rules_perform.announced(document)) == [(f"{worklists.ROOT}.2", uid) for uid in ("1.2.5", "1.2.6")]
