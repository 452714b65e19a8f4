"""All that changes promises to keep images: a node asks for one, we ask a node, the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import retrieve
from kerma.areas.exchange import queries, rules, rules_send
from kerma.areas.exchange.model import DONE, PARKED, UNANSWERED, WAITING, commitment
from kerma.areas.exchange.queries_commit import commitment_by_id
from kerma.areas.exchange.queries_deliver import images_of
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import jobs
from kerma.kernel.action import Act, action

REPORT, ASK = "exchange.report_commitment", "exchange.ask_commitment"
SAME_ASSOCIATION_S = 3.0
"""The job waits so long for the answer to go over the association that asked."""
LONGEST_ERROR = 500
MOST_REFERENCES = 100_000

Reference = Sequence[str]
"""SOP class UID and SOP instance UID."""


@action("archive.commit")
def promise(act: Act, *, node_id: int | None, transaction_uid: str, references: Sequence[Reference]) -> int:
    """Take the question of a node whether we keep images; the answer follows once their bytes were read again.

    Raises
    ------
    WrongUsage
        It names no images, or too many.
    """
    if not references or len(references) > MOST_REFERENCES:
        raise WrongUsage(f"1 to {MOST_REFERENCES} references are expected, not {len(references)}")
    known = sa.select(commitment.c.id).where(
        commitment.c.direction == "given",
        commitment.c.node_id == node_id,
        commitment.c.transaction_uid == transaction_uid,
    )
    found = act.connection.execute(known).scalar_one_or_none()
    if found is not None:
        act.record(commitment_id=found, is_asked_again=True)
        return int(found)
    commitment_id = _insert(act, "given", node_id, transaction_uid, references)
    if node_id is not None:
        request_report(act, commitment_id, 0, SAME_ASSOCIATION_S)
    act.record(commitment_id=commitment_id, reference_count=len(references))
    return commitment_id


@action("exchange.ask_commitment")
def ask(act: Act, *, node_id: int, exam_pk: int, transaction_uid: str) -> int:
    """Ask a node to promise that it keeps the images of an exam.

    Raises
    ------
    NotFound
        There is no such node, or nothing of the exam that it could keep.
    """
    if queries.node_by_id(act.connection, node_id) is None:
        raise NotFound(f"there is no node {node_id}")
    rows = images_of(act.connection, exam_pk)
    # What was made of a TIFF or PNG is no copy of the bytes that came: no promise about it would let them go.
    kept = [row for row in rows if retrieve.is_dicom(row) and not rules_send.obstacle(row)]
    references = [(row["sop_class_uid"], row["uid"]) for row in kept]
    if not references:
        raise NotFound(f"exam {exam_pk} holds no DICOM object that a node could keep")
    commitment_id = _insert(act, "asked", node_id, transaction_uid, references, exam_pk)
    jobs.request(act, ASK, key=str(commitment_id), arguments={"commitment_id": commitment_id})
    act.record(commitment_id=commitment_id, exam_pk=exam_pk, node_id=node_id, reference_count=len(references))
    return commitment_id


@action("exchange.settle_commitment")
def settle(act: Act, *, commitment_id: int, committed: Sequence[Reference], failed: Sequence[Sequence[Any]]) -> None:
    """Write down what was promised and what was not."""
    found = _existing(act, commitment_id)
    if found["state"] == DONE:
        act.record(commitment_id=commitment_id, is_known=True)
        return
    _change(act, commitment_id, state=DONE, committed=_plain(committed), failed=_plain(failed), finished_at=act.at_text)
    act.record(commitment_id=commitment_id, committed_count=len(committed), failed_count=len(failed))


@action("exchange.postpone_commitment")
def postpone(act: Act, *, commitment_id: int, error: str) -> None:
    """Try later to tell a node what was promised, or to ask it; parked when a person must look."""
    found = _existing(act, commitment_id)
    attempts = found["attempts"] + 1
    is_parked = attempts >= rules.MOST_ATTEMPTS
    changed = {"state": PARKED, "finished_at": act.at_text} if is_parked else {}
    _change(act, commitment_id, attempts=attempts, error=error[:LONGEST_ERROR], **changed)
    if not is_parked:
        again = {"given": request_report, "asked": _request_question}[found["direction"]]
        again(act, commitment_id, attempts, rules.wait_s(attempts))
    act.record(commitment_id=commitment_id, attempts=attempts, is_parked=is_parked)


@action("exchange.receive_commitment")
def receive(
    act: Act, *, node_id: int | None, transaction_uid: str, committed: Sequence[Reference], failed: Sequence[Any]
) -> None:
    """Take a node's answer whether it keeps what we asked it to.

    Raises
    ------
    Conflict
        We never asked this node under this transaction.
    """
    query = sa.select(commitment).where(
        commitment.c.direction == "asked",
        commitment.c.node_id == node_id,
        commitment.c.transaction_uid == transaction_uid,
    )
    found = act.connection.execute(query).mappings().first()
    if found is None:
        raise Conflict("no commitment was asked under this transaction")
    settle.within(act, commitment_id=found["id"], committed=committed, failed=failed)
    act.record(commitment_id=found["id"])


@action("exchange.lapse_commitment")
def lapse(act: Act, *, commitment_id: int) -> None:
    """Give up waiting for a node's answer whether it keeps what we asked it to; one that comes later still counts."""
    found = _existing(act, commitment_id)
    is_waiting = found["state"] == WAITING and found["direction"] == "asked"
    if is_waiting:
        _change(act, commitment_id, state=UNANSWERED, error=NO_ANSWER, finished_at=act.at_text)
    act.record(commitment_id=commitment_id, is_waiting=is_waiting)


NO_ANSWER = f"no answer within {rules.ANSWER_H} hours: ask again, or look at the node"


def request_report(act: Act, commitment_id: int, attempt: int, wait_s: float) -> None:
    """Ask for the job that tells a node what was promised."""
    _request(act, REPORT, commitment_id, attempt, wait_s)


def _request_question(act: Act, commitment_id: int, attempt: int, wait_s: float) -> None:
    _request(act, ASK, commitment_id, attempt, wait_s)


def _request(act: Act, name: str, commitment_id: int, attempt: int, wait_s: float) -> None:
    key = f"{commitment_id}:{attempt}"
    jobs.request(act, name, key=key, arguments={"commitment_id": commitment_id}, quiet_s=wait_s)


def _insert(
    act: Act,
    direction: str,
    node_id: int | None,
    transaction_uid: str,
    references: Sequence[Reference],
    exam_pk: int | None = None,
) -> int:
    statement = sa.insert(commitment).values(
        direction=direction,
        node_id=node_id,
        transaction_uid=transaction_uid,
        exam_pk=exam_pk,
        state=WAITING,
        attempts=0,
        error="",
        references=_plain(references),
        committed=[],
        failed=[],
        requested_at=act.at_text,
        finished_at="",
    )
    return int(act.connection.execute(statement.returning(commitment.c.id)).scalar_one())


def _plain(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(row) for row in rows]


def _existing(act: Act, commitment_id: int) -> dict[str, Any]:
    found = commitment_by_id(act.connection, commitment_id)
    if found is None:
        raise NotFound(f"there is no commitment {commitment_id}")
    return found


def _change(act: Act, commitment_id: int, **values: Any) -> None:
    act.connection.execute(sa.update(commitment).where(commitment.c.id == commitment_id).values(**values))
