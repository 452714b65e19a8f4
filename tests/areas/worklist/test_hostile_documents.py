"""Whatever a program sends, a request is answered or refused; nothing surprises."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.areas.worklist import rules_match, rules_orders, rules_perform, rules_ups
from kerma.areas.worklist.dimse import document_of
from kerma.areas.worklist.model_ups import StatusRefused
from kerma.areas.worklist.ups_keys import document_of_body, keys_of
from kerma.errors import KermaError
from worklists import order, performed, workitem

AT, UID = "20260302120000.000000+0000", "1.2.3.4"
TAGS = [row["tag"] for row in (*rules_ups.rows("top"), *rules_perform.rows("top"))] + [
    *rules_orders.known("step"), *rules_orders.known("top"), rules_orders.STEP_SEQUENCE, "0040A370", "00081199",
]  # fmt: skip
VRS = st.sampled_from(["AE", "CS", "DA", "DS", "DT", "IS", "LO", "SH", "TM", "UI", "US"])
scalars = st.one_of(st.none(), st.text(max_size=20), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
names = st.dictionaries(st.sampled_from(["Alphabetic", "Ideographic", "Phonetic"]), st.text(max_size=10), max_size=3)


def elements(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Elements that hold what their VR may hold; the VR itself may be any."""

    def of(vr: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.fixed_dictionaries({"vr": st.just(vr)}, optional={"Value": st.lists(values, max_size=3)})

    return st.one_of(of("PN", names), of("SQ", inner), VRS.flatmap(lambda vr: of(vr, scalars)))


def data_sets(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(TAGS), elements(inner), max_size=5)


documents = st.recursive(data_sets(st.just({})), data_sets, max_leaves=12)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=9
)


@settings(max_examples=60, deadline=None)
@given(documents, documents)
def test_matching_and_projecting_never_surprise(document: Any, keys: Any) -> None:
    assert rules_match.matches(document, keys) in (True, False)
    assert rules_match.matches(document, {})
    assert set(rules_match.project(document, keys)) <= set(keys)
    shown = rules_orders.document(kept_order())
    assert rules_orders.matched(shown, keys) in (True, False)
    rules_orders.answer(shown, keys)
    rules_orders.order_of(keys)
    assert rules_orders.states_asked(keys)
    rules_orders.exact_keys(keys)
    rules_orders.dates_asked(keys)


def kept_order() -> dict[str, Any]:
    fields = vars(order()) | {"state": "scheduled", "details": "{}", "requested_codes": "[]", "protocol_codes": "[]"}
    return {**fields, "id": 1}


@settings(max_examples=60, deadline=None)
@given(documents)
def test_workitems_are_created_and_changed_or_refused_with_a_status(sent: Any) -> None:
    good = document_of(workitem())
    kept = rules_ups.created(good, UID, AT)
    for attempt in (
        lambda: rules_ups.created({**good, **sent}, UID, AT),
        lambda: rules_ups.updated(kept, sent, AT),
        lambda: rules_ups.moved({**kept, **sent}, "COMPLETED", AT),
        lambda: rules_ups.moved({**kept, **sent}, "CANCELED", AT),
    ):
        with suppress(StatusRefused):
            after = attempt()
            list(rules_ups.events(kept, after))
            rules_ups.with_reason(after, sent)
            json.dumps(after, allow_nan=False)
    rules_ups.cancel_wish(sent, "TEST")


@settings(max_examples=60, deadline=None)
@given(documents)
def test_reports_of_machines_are_taken_or_refused_with_a_status(sent: Any) -> None:
    good = document_of(performed(order()))
    kept = rules_perform.begun(good)
    with suppress(StatusRefused):
        begun = rules_perform.begun({**good, **sent})
        rules_perform.compare(begun, [kept_order()])
        assert rules_perform.claims(begun)
    with suppress(StatusRefused):
        after, state = rules_perform.changed(kept, "in-progress", sent)
        list(rules_perform.announced(after))
        assert state in rules_perform.STATES.values()


@settings(max_examples=60, deadline=None)
@given(anything)
def test_bodies_become_documents_or_are_refused(found: Any) -> None:
    with suppress(KermaError):
        document = document_of_body(json.dumps(found).encode(), "application/dicom+json")
        json.dumps(document, allow_nan=False)
        for tag in document:
            rules_match.first(document, tag)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["PatientID", "00100010", "limit", "x", "a.b", ""]) | st.text(max_size=8),
            st.text(max_size=8),
        ),
        max_size=3,
    )
)
def test_queries_become_keys_or_are_refused(items: list[tuple[str, str]]) -> None:
    with suppress(KermaError):
        keys, page = keys_of(items)
        assert page.limit >= 0
        rules_match.matches({}, keys)
