"""Checks of work items over DICOMweb (UPS-RS, PS3.18, 11)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from kerma.areas.exchange.conformance import steps
from kerma.areas.exchange.conformance.model import Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.objects import new_uid
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import JSON, Answer, value

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

STATE, LABEL, IMAGE_UID, TRANSACTION = "00741000", "00741204", "00080018", "00081195"


def _offered(target: Target) -> str:
    answer = target.web.get("/workitems", {"limit": "1", "PatientID": target.set.patients})
    return "" if answer.status in (200, 204) else f"GET /workitems answers {answer.status}"


SERVICE = Service("ups", "UPS-RS: work items", "web", _offered)


def create(target: Target, uid: str, **more: Any) -> Answer:
    """Ask for a work item under a UID."""
    return _send(target, "POST", f"/workitems?{uid}", steps.step(target.set.tag, **more))


def created(target: Target, **more: Any) -> str:
    """Create a work item and return its UID."""
    uid = new_uid()
    create(target, uid, **more).expect(201)
    return uid


def claimed(target: Target) -> tuple[str, str]:
    """Create a work item, claim it, and return its UID and the transaction UID."""
    uid, transaction = created(target), new_uid()
    change_state(target, uid, "IN PROGRESS", transaction).expect(200)
    return uid, transaction


def change_state(target: Target, uid: str, word: str, transaction: str) -> Answer:
    """Ask for a change of state."""
    return _send(target, "PUT", f"/workitems/{uid}/state", steps.state(word, transaction))


def state_of(target: Target, uid: str) -> str:
    """Return the state of a work item."""
    return str(value(target.web.get(f"/workitems/{uid}").expect(200).dataset, STATE))


@check("ups.create", "PS3.18, 11.4.3", needs="own")
def create_one(target: Target) -> None:
    """A work item is created: 201, with its address in Location or Content-Location."""
    uid = new_uid()
    answer = create(target, uid).expect(201)
    address = answer.header("Location") or answer.header("Content-Location")
    expect(address.endswith(uid), f"an address that ends in {uid}", address or "none")


@check("ups.create-named-by-server", "PS3.18, 11.4.1", "should", needs="own")
def create_named_by_server(target: Target) -> None:
    """Without a UID the server gives the work item one and tells its address."""
    answer = _send(target, "POST", "/workitems", steps.step(target.set.tag)).expect(201)
    expect(answer.header("Location") or answer.header("Content-Location"), "Location or Content-Location", "none")


@check("ups.retrieve", "PS3.18, 11.5.3", needs="own")
def retrieve(target: Target) -> None:
    """A work item comes back with its attributes, in the state SCHEDULED."""
    uid = created(target)
    got = target.web.get(f"/workitems/{uid}").expect(200).expect_type(JSON).dataset
    expect_equal(value(got, STATE), "SCHEDULED", "Procedure Step State")
    expect_equal(value(got, LABEL), steps.step(target.set.tag).ProcedureStepLabel, "Procedure Step Label")


@check("ups.transaction-secret", "PS3.4, CC.2.7.3", needs="own")
def transaction_secret(target: Target) -> None:
    """The transaction UID of a claimed work item is not given to those who read it."""
    uid, _ = claimed(target)
    got = target.web.get(f"/workitems/{uid}").expect(200).dataset
    expect(value(got, TRANSACTION) in (None, ""), "no Transaction UID", value(got, TRANSACTION))


@check("ups.create-again", "PS3.18, 11.4.3.1", needs="own")
def create_again(target: Target) -> None:
    """A work item under a UID that is there already is answered with 409."""
    create(target, created(target)).expect(409)


@check("ups.create-in-progress", "PS3.18, 11.4.3.1", needs="own")
def create_in_progress(target: Target) -> None:
    """A work item can only be created in the state SCHEDULED."""
    create(target, new_uid(), ProcedureStepState="IN PROGRESS").expect(400, 409)


@check("ups.create-malformed", "PS3.18, 11.4.3.1", needs="own")
def create_malformed(target: Target) -> None:
    """A payload that is no dataset is answered with 400."""
    for body in (b"", b"{", b'{"0010": 5}', b"[1, 2]"):
        target.web.post(f"/workitems?{new_uid()}", body, JSON).expect(400)


@check("ups.create-media-type", "PS3.18, 8.5", "should", needs="own")
def create_media_type(target: Target) -> None:
    """A payload of a type that is not supported is answered with 415."""
    target.web.post(f"/workitems?{new_uid()}", b"plain", "text/plain").expect(415)


@check("ups.search", "PS3.18, 11.9.3", needs="own")
def search(target: Target) -> None:
    """A work item is found by its state and patient."""
    uid = created(target)
    query = {"ProcedureStepState": "SCHEDULED", "PatientID": f"{target.set.patients[:-1]}U"}
    got = [value(one, IMAGE_UID) for one in target.web.get("/workitems", query).expect(200).datasets]
    expect(uid in got, f"{uid} among the results", f"{len(got)} others")


@check("ups.search-label", "PS3.18, 11.9.1.2", "should", needs="own")
def search_label(target: Target) -> None:
    """A work item is found by its label, with a wildcard, and no others are."""
    uid = created(target, ProcedureStepLabel=f"LABEL {target.set.tag} ONE")
    answer = target.web.get("/workitems", {"ProcedureStepLabel": f"LABEL {target.set.tag}*"}).expect(200)
    expect_equal([value(one, IMAGE_UID) for one in answer.datasets], [uid], "work items")


@check("ups.search-limit", "PS3.18, 8.3.4.4", "should", needs="own")
def search_limit(target: Target) -> None:
    """No more work items come than the limit says."""
    created(target)
    created(target)
    query = {"PatientID": f"{target.set.patients[:-1]}U", "limit": "1"}
    expect_equal(len(target.web.get("/workitems", query).expect(200).datasets), 1, "number of work items")


@check("ups.claim", "PS3.18, 11.7.3", needs="own")
def claim(target: Target) -> None:
    """A work item is claimed with a transaction UID and then is IN PROGRESS."""
    uid, _ = claimed(target)
    expect_equal(state_of(target, uid), "IN PROGRESS", "Procedure Step State")


@check("ups.claim-without-transaction", "PS3.18, 11.7.3.1", needs="own")
def claim_without_transaction(target: Target) -> None:
    """A claim without a transaction UID is answered with 400."""
    uid = created(target)
    change_state(target, uid, "IN PROGRESS", "").expect(400)
    expect_equal(state_of(target, uid), "SCHEDULED", "Procedure Step State")


@check("ups.claim-twice", "PS3.18, 11.7.3.1", needs="own")
def claim_twice(target: Target) -> None:
    """A work item that somebody has claimed cannot be claimed by another: 409 (or 400)."""
    uid, _ = claimed(target)
    change_state(target, uid, "IN PROGRESS", new_uid()).expect(409, 400)


@check("ups.state-malformed", "PS3.18, 11.7.3.1", needs="own")
def state_malformed(target: Target) -> None:
    """A state that does not exist is answered with 400 (or 409)."""
    change_state(target, created(target), "ASLEEP", new_uid()).expect(400, 409)


@check("ups.complete-unclaimed", "PS3.18, 11.7.3.1", needs="own")
def complete_unclaimed(target: Target) -> None:
    """A work item that nobody has claimed cannot be completed: 409 (or 400)."""
    change_state(target, created(target), "COMPLETED", new_uid()).expect(409, 400)


@check("ups.complete-too-early", "PS3.4, CC.2.1.3", needs="own")
def complete_too_early(target: Target) -> None:
    """A work item that lacks what its final state demands cannot be completed: 409."""
    uid, transaction = claimed(target)
    change_state(target, uid, "COMPLETED", transaction).expect(409, 400)
    expect_equal(state_of(target, uid), "IN PROGRESS", "Procedure Step State")


@check("ups.update", "PS3.18, 11.6.3", needs="own")
def update_one(target: Target) -> None:
    """The holder of the transaction UID updates a claimed work item."""
    uid, transaction = claimed(target)
    _update(target, uid, transaction).expect(200)


@check("ups.update-scheduled", "PS3.18, 11.6.2", needs="own")
def update_scheduled(target: Target) -> None:
    """A work item that nobody has claimed is updated without a transaction UID."""
    from pydicom.dataset import Dataset

    uid, changes = created(target), Dataset()
    changes.ProcedureStepLabel = "changed"
    _send(target, "POST", f"/workitems/{uid}", changes).expect(200)
    expect_equal(value(target.web.get(f"/workitems/{uid}").dataset, LABEL), "changed", "Procedure Step Label")


@check("ups.update-by-another", "PS3.18, 11.6.3.1", needs="own")
def update_by_another(target: Target) -> None:
    """Without the right transaction UID a claimed work item is not updated: 409 (or 400)."""
    uid, _ = claimed(target)
    _update(target, uid, new_uid()).expect(409, 400)
    _send(target, "POST", f"/workitems/{uid}", steps.performed()).expect(409, 400)


@check("ups.complete", "PS3.18, 11.7.3", needs="own")
def complete(target: Target) -> None:
    """A claimed work item with everything in place is completed."""
    uid, transaction = _done(target)
    expect_equal(state_of(target, uid), "COMPLETED", "Procedure Step State")
    expect(transaction, "a transaction UID", "none")


@check("ups.final-is-final", "PS3.18, 11.7.3.1", needs="own")
def final_is_final(target: Target) -> None:
    """A completed work item changes no more: neither by update nor by state."""
    uid, transaction = _done(target)
    _update(target, uid, transaction).expect(409, 400, 410)
    change_state(target, uid, "IN PROGRESS", transaction).expect(409, 400, 410)


@check("ups.cancel-own", "PS3.18, 11.7.3", needs="own")
def cancel_own(target: Target) -> None:
    """The holder of the transaction UID cancels a claimed work item."""
    uid, transaction = claimed(target)
    changes = steps.performed()
    information = steps.code("110513", "DCM", "Discontinued for unspecified reason")
    from pydicom.dataset import Dataset

    progress = Dataset()
    progress.ProcedureStepCancellationDateTime = "20200110101800"
    progress.ProcedureStepDiscontinuationReasonCodeSequence = [information]
    changes.ProcedureStepProgressInformationSequence = [progress]
    _update(target, uid, transaction, changes).expect(200)
    change_state(target, uid, "CANCELED", transaction).expect(200)
    expect_equal(state_of(target, uid), "CANCELED", "Procedure Step State")


@check("ups.request-cancel", "PS3.18, 11.8.3", needs="own")
def request_cancel(target: Target) -> None:
    """The cancellation of a work item that nobody has claimed is accepted: 202, and it is CANCELED."""
    uid = created(target)
    target.web.post(f"/workitems/{uid}/cancelrequest", b"", JSON).expect(202)
    expect_equal(state_of(target, uid), "CANCELED", "Procedure Step State")


@check("ups.request-cancel-completed", "PS3.18, 11.8.3.1", needs="own")
def request_cancel_completed(target: Target) -> None:
    """The cancellation of a completed work item is refused: 409."""
    uid, _ = _done(target)
    target.web.post(f"/workitems/{uid}/cancelrequest", b"", JSON).expect(409)


@check("ups.unknown", "PS3.18, 11.5.3.1", needs="nothing")
def unknown(target: Target) -> None:
    """A work item that is not there is answered with 404, whatever is asked of it."""
    uid = new_uid()
    target.web.get(f"/workitems/{uid}").expect(404, 410)
    change_state(target, uid, "IN PROGRESS", new_uid()).expect(404, 410)
    target.web.post(f"/workitems/{uid}/cancelrequest", b"", JSON).expect(404, 410)


@check("ups.not-acceptable", "PS3.18, 8.7.8", needs="nothing")
def not_acceptable(target: Target) -> None:
    """A media type that is not supported is answered with 406."""
    query = {"PatientID": target.set.patients}
    target.web.get("/workitems", query, accept="image/x-none").expect(406)


def _done(target: Target) -> tuple[str, str]:
    uid, transaction = claimed(target)
    _update(target, uid, transaction).expect(200)
    change_state(target, uid, "COMPLETED", transaction).expect(200)
    return uid, transaction


def _update(target: Target, uid: str, transaction: str, changes: Dataset | None = None) -> Answer:
    """Update a claimed work item; editions of the standard write the transaction UID in the query differently."""
    form = str(target.kept.get("update", ""))
    answer = None
    for written in [form] if form else ("{}", "transaction-uid={}", "transaction={}"):
        path = f"/workitems/{uid}?{written.format(transaction)}"
        answer = _send(target, "POST", path, changes or steps.performed())
        if answer.status == 200:
            target.kept["update"] = written
            break
    return cast("Answer", answer)


def _send(target: Target, method: str, path: str, dataset: Dataset) -> Answer:
    body = json.dumps([dataset.to_json_dict()]).encode()
    return target.web.ask(method, path, body=body, headers={"Content-Type": JSON})
