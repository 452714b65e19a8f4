"""Checks of work items over the DICOM network (PS3.4, CC)."""

from __future__ import annotations

from typing import Any

from kerma.areas.exchange.conformance import steps
from kerma.areas.exchange.conformance.model import Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import PLAIN, outcome, query
from kerma.areas.exchange.conformance.objects import new_uid
from kerma.areas.exchange.conformance.target import Target

CHANGE_STATE, REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND = 1, 2, 3, 4, 5
ALREADY, MAY_NOT_CHANGE, NEEDS_TRANSACTION, HELD_BY_OTHER = 0xB306, 0xC300, 0xC301, 0xC302
FINAL_NOT_MET, UNKNOWN, NOT_SCHEDULED, NOT_IN_PROGRESS = 0xC304, 0xC307, 0xC309, 0xC310


def _offered(target: Target) -> str:
    line = target.network.propose([(steps.PUSH, PLAIN)])
    if not line.is_established:
        return f"no Unified Procedure Step - Push: {outcome(line)}"
    line.release()
    return ""


SERVICE = Service("steps", "DIMSE: unified procedure step", "network", _offered)


class Line:
    """One association for work items, and the statuses in words."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.contexts = [(uid, PLAIN) for uid in (steps.PUSH, steps.PULL, steps.WATCH)]

    def __enter__(self) -> Line:
        self._block = self.target.network.association(self.contexts)
        self._line = self._block.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._block.__exit__(*error)

    def create(self, uid: str, **more: Any) -> int:
        """Create a work item."""
        answer, _ = self._line.send_n_create(steps.step(self.target.set.tag, **more), steps.PUSH, uid)
        return self.target.network.status_of(answer, "N-CREATE")

    def created(self, **more: Any) -> str:
        """Create a work item, which must go well."""
        uid = new_uid()
        expect_equal(self.create(uid, **more), 0x0000, "status of N-CREATE")
        return uid

    def act(self, uid: str, action: int, dataset: Any, model: str = steps.PUSH) -> int:
        """Send N-ACTION; the class of the instance is always Push (PS3.4, CC.3.1.3)."""
        answer, _ = self._line.send_n_action(dataset, action, steps.PUSH, uid, meta_uid=model)
        return self.target.network.status_of(answer, f"N-ACTION {action}")

    def change(self, uid: str, word: str, transaction: str) -> int:
        """Change the state."""
        return self.act(uid, CHANGE_STATE, steps.state(word, transaction), steps.PULL)

    def claimed(self) -> tuple[str, str]:
        """Create and claim a work item."""
        uid, transaction = self.created(), new_uid()
        expect_equal(self.change(uid, "IN PROGRESS", transaction), 0x0000, "status of N-ACTION")
        return uid, transaction

    def update(self, uid: str, transaction: str) -> int:
        """Set what the final state demands."""
        changes = steps.performed()
        if transaction:
            changes.TransactionUID = transaction
        answer, _ = self._line.send_n_set(changes, steps.PUSH, uid, meta_uid=steps.PULL)
        return self.target.network.status_of(answer, "N-SET")

    def state(self, uid: str) -> str:
        """Return the state."""
        answer, got = self._line.send_n_get([0x00741000], steps.PUSH, uid, meta_uid=steps.PUSH)
        expect_equal(self.target.network.status_of(answer, "N-GET"), 0x0000, "status of N-GET")
        return str(got.get("ProcedureStepState", "")) if got is not None else ""


def _expect_status(got: int, *expected: int) -> None:
    words = " or ".join(f"{status:04X}H" for status in expected)
    expect(got in expected, f"status {words}", f"{got:04X}H")


@check("steps.create", "PS3.4, CC.2.5", needs="own")
def create(target: Target) -> None:
    """A work item is created and is SCHEDULED."""
    with Line(target) as line:
        expect_equal(line.state(line.created()), "SCHEDULED", "Procedure Step State")


@check("steps.create-twice", "PS3.7, 10.1.5.1.6", needs="own")
def create_twice(target: Target) -> None:
    """A work item under a UID that is there already is answered with 0111H."""
    with Line(target) as line:
        _expect_status(line.create(line.created()), 0x0111)


@check("steps.create-in-progress", "PS3.4, CC.2.5.4", needs="own")
def create_in_progress(target: Target) -> None:
    """A work item cannot be created in another state than SCHEDULED: C309H."""
    with Line(target) as line:
        _expect_status(line.create(new_uid(), ProcedureStepState="IN PROGRESS"), NOT_SCHEDULED)


@check("steps.find", "PS3.4, CC.2.8", needs="own")
def find(target: Target) -> None:
    """A work item is found by its label."""
    with Line(target) as line:
        uid = line.created(ProcedureStepLabel=f"FIND {target.set.tag}")
    keys = {"ProcedureStepLabel": f"FIND {target.set.tag}", "ProcedureStepState": "", "SOPInstanceUID": ""}
    last, results = target.network.find(steps.PULL, query("", keys))
    expect_equal(last, 0x0000, "final status")
    expect_equal([str(one.SOPInstanceUID) for one in results], [uid], "work items")


@check("steps.claim", "PS3.4, CC.2.1", needs="own")
def claim(target: Target) -> None:
    """A work item is claimed with a transaction UID and is IN PROGRESS."""
    with Line(target) as line:
        uid, _ = line.claimed()
        expect_equal(line.state(uid), "IN PROGRESS", "Procedure Step State")


@check("steps.claim-without-transaction", "PS3.4, Table CC.2.1-3", needs="own")
def claim_without_transaction(target: Target) -> None:
    """A claim without a transaction UID is refused: C301H."""
    with Line(target) as line:
        _expect_status(line.change(line.created(), "IN PROGRESS", ""), NEEDS_TRANSACTION, 0x0115, 0x0120)


@check("steps.claim-twice", "PS3.4, Table CC.2.1-3", needs="own")
def claim_twice(target: Target) -> None:
    """A work item that somebody has claimed cannot be claimed by another: C302H."""
    with Line(target) as line:
        uid, _ = line.claimed()
        _expect_status(line.change(uid, "IN PROGRESS", new_uid()), HELD_BY_OTHER, NEEDS_TRANSACTION)


@check("steps.complete", "PS3.4, CC.2.1.3", needs="own")
def complete(target: Target) -> None:
    """A claimed work item with everything in place is completed; too early it is not: C304H."""
    with Line(target) as line:
        uid, transaction = line.claimed()
        _expect_status(line.change(uid, "COMPLETED", transaction), FINAL_NOT_MET)
        _expect_status(line.update(uid, transaction), 0x0000)
        _expect_status(line.change(uid, "COMPLETED", transaction), 0x0000)
        expect_equal(line.state(uid), "COMPLETED", "Procedure Step State")


@check("steps.complete-unclaimed", "PS3.4, Table CC.2.1-3", needs="own")
def complete_unclaimed(target: Target) -> None:
    """A work item that nobody has claimed cannot be completed: C310H."""
    with Line(target) as line:
        _expect_status(line.change(line.created(), "COMPLETED", new_uid()), NOT_IN_PROGRESS)


@check("steps.update-by-another", "PS3.4, CC.2.6.3", needs="own")
def update_by_another(target: Target) -> None:
    """Without the right transaction UID a claimed work item is not changed: C301H."""
    with Line(target) as line:
        uid, _ = line.claimed()
        _expect_status(line.update(uid, new_uid()), NEEDS_TRANSACTION, HELD_BY_OTHER)
        _expect_status(line.update(uid, ""), NEEDS_TRANSACTION, HELD_BY_OTHER)


@check("steps.unknown", "PS3.4, CC.2.7.4", needs="own")
def unknown(target: Target) -> None:
    """A work item that is not there is answered with C307H."""
    with Line(target) as line:
        _expect_status(line.change(new_uid(), "IN PROGRESS", new_uid()), UNKNOWN, 0x0112)


@check("steps.request-cancel", "PS3.4, CC.2.2", needs="own")
def request_cancel(target: Target) -> None:
    """The cancellation of a work item that nobody has claimed is done: it is CANCELED."""
    from pydicom.dataset import Dataset

    with Line(target) as line:
        uid, wish = line.created(), Dataset()
        wish.ReasonForCancellation = "conformance suite"
        _expect_status(line.act(uid, REQUEST_CANCEL, wish), 0x0000)
        expect_equal(line.state(uid), "CANCELED", "Procedure Step State")


@check("steps.subscribe", "PS3.4, CC.2.3", "should", needs="own")
def subscribe(target: Target) -> None:
    """A subscription to one work item is taken, and ended."""
    from pydicom.dataset import Dataset

    with Line(target) as line:
        uid, wish = line.created(), Dataset()
        wish.ReceivingAE, wish.DeletionLock = target.network.calling, "FALSE"
        _expect_status(line.act(uid, SUBSCRIBE, wish, steps.WATCH), 0x0000)
        leave = Dataset()
        leave.ReceivingAE = target.network.calling
        _expect_status(line.act(uid, UNSUBSCRIBE, leave, steps.WATCH), 0x0000)
