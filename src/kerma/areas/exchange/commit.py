"""Storage commitment, push model (DICOM PS3.4, annex J): promises given to nodes, and asked of them.

The answer to a question goes over the association that asked if it is still open a moment later, else over a new one.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kerma.areas.exchange import actions_commit, link, queries, queries_commit
from kerma.areas.exchange.model import DONE, ON, WAITING
from kerma.areas.exchange.rules import ANSWER_H, shown
from kerma.errors import Conflict, KermaError, NotAllowed, Unreachable, WrongUsage
from kerma.kernel import clock, jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kerma.kernel.action import Kernel
    from kerma.kernel.dimse import Asked

log = logging.getLogger(__name__)

PUSH_MODEL, PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
ASK_TO_KEEP, ALL_KEPT, SOME_NOT_KEPT = 1, 1, 2
"""Action type and event types (DICOM PS3.4, J.3.2 and J.3.3)."""
SUCCESS, FAILED, NO_SUCH_INSTANCE, WRONG_ARGUMENT, NO_SUCH_ACTION, NOT_ALLOWED = (
    0x0000, 0x0110, 0x0112, 0x0115, 0x0123, 0x0124,
)  # fmt: skip
ANSWERED_AT_ONCE_S = 1.0
"""A node that still holds its association so long after it asked waits for the answer on it."""
HEARD_S = 10.0
"""How long we hold our own association for a node that answers on it."""
LOOKED_AT_EVERY_S = 3600
NOTARY = service(
    "exchange", "exchange.settle_commitment", "exchange.postpone_commitment", "exchange.receive_commitment",
    "exchange.lapse_commitment",
)  # fmt: skip


def new_transaction() -> str:
    """Return a UID for a question of ours."""
    from pydicom.uid import generate_uid

    return str(generate_uid(prefix=None))


def asked_to_keep(asked: Asked) -> tuple[int, Any]:
    """Answer an N-ACTION that asks whether we keep images; the promise follows as an N-EVENT-REPORT."""
    event = asked.event
    if str(event.request.RequestedSOPInstanceUID) != PUSH_MODEL_INSTANCE:
        return NO_SUCH_INSTANCE, None
    if event.action_type != ASK_TO_KEEP:
        return NO_SUCH_ACTION, None
    try:
        transaction_uid, references, _ = _read(event.action_information)
        commitment_id = actions_commit.promise(
            asked.kernel,
            asked.actor,
            node_id=asked.peer.node_id,
            transaction_uid=transaction_uid,
            references=references,
        )
    except NotAllowed:
        return NOT_ALLOWED, None
    except WrongUsage as error:
        log.warning("commitment asked by %s refused: %s", shown(asked.peer.ae_title), error)
        return WRONG_ARGUMENT, None
    answer = threading.Thread(
        target=_answer_at_once, args=(asked.kernel, commitment_id, event.assoc), name="kerma-commit", daemon=True
    )
    answer.start()
    return SUCCESS, None


def told_that_kept(asked: Asked) -> tuple[int, Any]:
    """Take a node's N-EVENT-REPORT about what it keeps."""
    return _take(asked.kernel, asked.peer.node_id, asked.event)


def _take(kernel: Kernel, node_id: int | None, event: Any) -> tuple[int, Any]:
    try:
        transaction_uid, committed, failed = _read(event.event_information)
        actions_commit.receive(
            kernel, NOTARY, node_id=node_id, transaction_uid=transaction_uid, committed=committed, failed=failed
        )
    except WrongUsage:
        return WRONG_ARGUMENT, None
    except Conflict:
        return NO_SUCH_INSTANCE, None
    return SUCCESS, None


@jobs.job(actions_commit.REPORT, lane=jobs.PROMPT)
def report(kernel: Kernel, *, commitment_id: int) -> None:
    """Tell a node over a new association what is kept, unless it has heard already."""
    found, node = _both(kernel, commitment_id)
    if found["state"] != WAITING:
        return
    committed, failed = queries_commit.kept(kernel, found["references"])
    try:
        if node["state"] != ON:
            raise Unreachable(f"{node['ae_title']} is {node['state']}")
        with link.associated(kernel, node, [_CONTEXT], answering=[PUSH_MODEL]) as association:
            _tell(association, found["transaction_uid"], committed, failed)
    except KermaError as error:
        actions_commit.postpone(kernel, NOTARY, commitment_id=commitment_id, error=str(error))
        return
    actions_commit.settle(kernel, NOTARY, commitment_id=commitment_id, committed=committed, failed=failed)


@jobs.job(actions_commit.ASK, lane=jobs.PROMPT)
def question(kernel: Kernel, *, commitment_id: int) -> None:
    """Ask a node whether it keeps images, and wait a little for its answer on the same association."""
    from pynetdicom import evt

    found, node = _both(kernel, commitment_id)
    if found["state"] != WAITING:
        return
    heard = (evt.EVT_N_EVENT_REPORT, lambda event: _take(kernel, node["id"], event))
    try:
        with link.associated(kernel, node, [_CONTEXT], handlers=[heard]) as association:
            status, _ = association.send_n_action(
                _information(found["transaction_uid"], found["references"]),
                ASK_TO_KEEP,
                PUSH_MODEL,
                PUSH_MODEL_INSTANCE,
            )
            if not status or status.Status != SUCCESS:
                raise Unreachable(f"{node['ae_title']} refused to commit ({_shown_status(status)})")
            until = time.monotonic() + HEARD_S
            while time.monotonic() < until and association.is_established and not _is_done(kernel, commitment_id):
                time.sleep(0.05)
    except KermaError as error:
        actions_commit.postpone(kernel, NOTARY, commitment_id=commitment_id, error=str(error))


@jobs.job("exchange.lapse_commitments", every_s=LOOKED_AT_EVERY_S)
def lapse_commitments(kernel: Kernel) -> None:
    """Say of what was asked a day ago and never answered that it is unanswered."""
    before = clock.text(kernel.clock.now() - timedelta(hours=ANSWER_H))
    with kernel.database.read() as connection:
        found = queries_commit.unanswered(connection, before)
    for commitment_id in found:
        actions_commit.lapse(kernel, NOTARY, commitment_id=commitment_id)


_CONTEXT = (PUSH_MODEL, ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"))


def _answer_at_once(kernel: Kernel, commitment_id: int, association: Any) -> None:
    """Tell a node that waits on its association; whatever goes wrong here is done again by the job."""
    try:
        found, _ = _both(kernel, commitment_id)
        committed, failed = queries_commit.kept(kernel, found["references"])
        time.sleep(ANSWERED_AT_ONCE_S)
        if found["state"] != WAITING or not association.is_established:
            return
        _tell(association, found["transaction_uid"], committed, failed)
        actions_commit.settle(kernel, NOTARY, commitment_id=commitment_id, committed=committed, failed=failed)
    except (KermaError, ValueError, RuntimeError) as error:
        log.info("commitment %d goes over an association of its own: %s", commitment_id, error)


def _tell(association: Any, transaction_uid: str, committed: Sequence[Any], failed: Sequence[Any]) -> None:
    """Send the N-EVENT-REPORT.

    Raises
    ------
    Unreachable
        It was not taken.
    """
    try:
        status, _ = association.send_n_event_report(
            _information(transaction_uid, committed, failed),
            SOME_NOT_KEPT if failed else ALL_KEPT,
            PUSH_MODEL,
            PUSH_MODEL_INSTANCE,
        )
    except ValueError as error:
        raise Unreachable("the node does not take reports of storage commitment") from error
    if not status or status.Status != SUCCESS:
        raise Unreachable(f"the node did not take the report ({_shown_status(status)})")


def _information(transaction_uid: str, kept: Sequence[Any], failed: Sequence[Any] = ()) -> Any:
    """Return action or event information (DICOM PS3.4, tables J.3-1 and J.3-2)."""
    from pydicom.dataset import Dataset

    data = Dataset()
    data.TransactionUID = transaction_uid
    if kept:
        data.ReferencedSOPSequence = [_reference(sop_class, uid) for sop_class, uid in kept]
    if failed:
        data.FailedSOPSequence = [_reference(sop_class, uid, reason) for sop_class, uid, reason in failed]
    return data


def _reference(sop_class: str, uid: str, reason: int | None = None) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    if reason is not None:
        item.FailureReason = reason
    return item


def _read(data: Any) -> tuple[str, list[list[str]], list[list[Any]]]:
    """Return transaction, references and failures of action or event information.

    Raises
    ------
    WrongUsage
        It is damaged.
    """
    try:
        references = [_pair(item) for item in data.get("ReferencedSOPSequence", ())]
        failed = [[*_pair(item), int(item.get("FailureReason", FAILED))] for item in data.get("FailedSOPSequence", ())]
        transaction_uid = str(data.TransactionUID)
    except (AttributeError, TypeError, ValueError) as error:
        raise WrongUsage("the information has no transaction, or references that cannot be read") from error
    if not 0 < len(transaction_uid) <= 64:
        raise WrongUsage("the transaction UID is no UID")
    return transaction_uid, references, failed


def _pair(item: Any) -> list[str]:
    return [str(item.ReferencedSOPClassUID)[:64], str(item.ReferencedSOPInstanceUID)[:64]]


def _both(kernel: Kernel, commitment_id: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    with kernel.database.read() as connection:
        found = queries_commit.commitment_by_id(connection, commitment_id)
        assert found is not None
        node = queries.node_by_id(connection, found["node_id"]) if found["node_id"] is not None else None
    return found, node or {}


def _is_done(kernel: Kernel, commitment_id: int) -> bool:
    return bool(_both(kernel, commitment_id)[0]["state"] == DONE)


def _shown_status(status: Any) -> str:
    return f"status 0x{status.Status:04X}" if status else "no answer"
