"""The durable steps of exchange: deliver what was asked for, route what arrived, fetch earlier exams."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerma.areas.exchange import (
    actions_deliver,
    actions_route,
    commit,
    queries,
    queries_deliver,
    queries_route,
    rules_route,
)
from kerma.areas.exchange.actions_deliver import Step
from kerma.areas.exchange.actions_route import on_exam_arrived, on_order_placed
from kerma.areas.exchange.model import ON, WAITING
from kerma.errors import KermaError, Unreachable
from kerma.kernel import jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    import sqlalchemy as sa

    from kerma.areas.exchange.send import Sent
    from kerma.kernel.action import Kernel

__all__ = ["commit", "deliver", "fetch_priors", "on_exam_arrived", "on_order_placed", "route_exam"]
"""Everything that other areas wake, and every module that declares a job."""

log = logging.getLogger(__name__)

KEPT_EVERY = 200
KEPT_EVERY_S = 15.0
"""How far a delivery came is written down after so many images or seconds."""

COURIER = service(
    "exchange", "exchange.begin_delivery", "exchange.keep_progress", "exchange.settle_delivery", "archive.export"
)

ROUTER = service("exchange", "exchange.route_exam")
FETCHER = service("exchange", "exchange.settle_fetch", "exchange.fetch", "archive.ingest")


@jobs.job(actions_route.ROUTE, lane=jobs.PROMPT)
def route_exam(kernel: Kernel, *, exam_pk: int) -> None:
    """Send an exam on by the rules, or look again later while it still arrives."""
    actions_route.route_exam(kernel, ROUTER, exam_pk=exam_pk)


@jobs.job(actions_route.FETCH_PRIORS, lane=jobs.PROMPT)
def fetch_priors(kernel: Kernel, *, fetch_id: int) -> None:
    """Fetch the earlier exams that a rule wants from a node."""
    from kerma.areas.exchange import actions_ask

    with kernel.database.read() as connection:
        found = queries_route.fetch_by_id(connection, fetch_id)
        node = queries.node_by_id(connection, found["node_id"]) if found else None
        subject = _subject(connection, found["cause"]) if found else None
    if found is None or node is None or found["state"] != WAITING:
        return
    count, error = 0, ""
    try:
        if node["state"] != ON:
            raise Unreachable(f"{node['ae_title']} is {node['state']}")
        for uid in priors_at(kernel, node, subject, found["limits"]):
            actions_ask.fetch_exam(kernel, FETCHER, ae_title=node["ae_title"], exam_uid=uid)
            count += 1
    except KermaError as problem:
        error = str(problem)
    actions_route.settle_fetch(kernel, FETCHER, fetch_id=fetch_id, exam_count=count, error=error)


def priors_at(
    kernel: Kernel, node: dict[str, Any], subject: dict[str, Any] | None, limits: dict[str, Any]
) -> list[str]:
    """Return the UIDs of the earlier exams of a subject that a node has and a rule wants; asks the node."""
    from kerma.areas.exchange import fetch

    if subject is None or not subject["subject_id"]:
        return []
    rows = [
        {
            "uid": row["StudyInstanceUID"],
            "date": row["StudyDate"],
            "modalities": row["ModalitiesInStudy"].split("\\"),
            "description": row["StudyDescription"],
        }
        for row in fetch.find(kernel, node, "study", {"PatientID": subject["subject_id"]})
        # Some archives match without case, or by wildcards that stand in an id: only the very same id is the subject.
        if row["PatientID"] == subject["subject_id"]
    ]
    with kernel.database.read() as connection:
        known = queries_route.known_exams(connection, [row["uid"] for row in rows])
    return rules_route.wanted_priors(rows, limits, known, kernel.clock.now().date())


def _subject(connection: sa.Connection, cause: str) -> dict[str, Any] | None:
    kind, _, number = cause.partition(":")
    return _SUBJECTS[kind](connection, int(number))


_SUBJECTS = {"exam": queries_route.subject_of, "order": queries_route.subject_of_order}


@jobs.job(actions_deliver.DELIVER, attempts=20, lane=jobs.PROMPT)
def deliver(kernel: Kernel, *, delivery_id: int, attempt: int) -> None:
    """Make one attempt to deliver; the delivery's row says how it ended and when the next attempt is due."""
    if not actions_deliver.begin(kernel, COURIER, delivery_id=delivery_id, attempt=attempt):
        return
    with kernel.database.read() as connection:
        found = queries_deliver.delivery_by_id(connection, delivery_id)
        assert found is not None
        node = queries.node_by_id(connection, found["node_id"])
        images = queries_deliver.still_to_send(connection, found)
    log_book = _LogBook(kernel, delivery_id, set(found["failed"]))
    error = _send(kernel, node or {}, images, found, log_book)
    actions_deliver.settle(
        kernel, COURIER, delivery_id=delivery_id, step=log_book.step(), error=error, note=log_book.note()
    )


def _send(kernel: Kernel, node: dict[str, Any], images: list[Any], found: dict[str, Any], log_book: _LogBook) -> str:
    """Send the images; returns in words why the rest was not tried, empty when all were."""
    from kerma.areas.exchange.send import Errand, send_images

    if node["state"] != ON:
        return f"{node['ae_title']} is {node['state']}"
    try:
        return send_images(kernel, node, images, Errand(COURIER, _PURPOSES[found["reason"]]), log_book.add).error
    except KermaError as error:
        return str(error)
    except Exception as error:  # whatever a node does to us: the row must say so, and the next attempt must come
        log.exception("delivery %d failed", found["id"])
        return f"unexpected {type(error).__name__}"


_PURPOSES = {"rule": "routing", "person": "send", "move": "move", "commit": "send"}


@dataclass
class _LogBook:
    """Counts what an attempt has done and writes it down now and then."""

    kernel: Kernel
    delivery_id: int
    refused_before: set[int]
    sent: list[Sent] = field(default_factory=list)
    converted_count: int = 0
    made_count: int = 0
    words: str = ""
    may_change: bool = False
    kept_at_s: float = field(default_factory=time.monotonic)

    def add(self, sent: Sent) -> None:
        """Count one image."""
        self.sent.append(sent)
        self.converted_count += sent.is_converted and sent.is_stored
        self.made_count += sent.is_made and sent.is_stored
        self.words = sent.words or self.words
        self.may_change |= not sent.is_stored and not sent.is_final
        if len(self.sent) >= KEPT_EVERY or time.monotonic() - self.kept_at_s > KEPT_EVERY_S:
            actions_deliver.keep_progress(self.kernel, COURIER, delivery_id=self.delivery_id, step=self.step())

    def step(self) -> Step:
        """Return what was counted since the last time, and begin to count anew."""
        stored = [sent for sent in self.sent if sent.is_stored]
        fresh = [sent.image["id"] for sent in self.sent if sent.image["id"] not in self.refused_before]
        step = Step(
            sent_count=len(stored),
            sent_bytes=sum(sent.size_bytes for sent in stored),
            until_pk=max(fresh, default=0),
            failed=[sent.image["id"] for sent in self.sent if not sent.is_stored],
            mended={sent.image["id"] for sent in stored},
            may_change=self.may_change,
        )
        self.sent, self.kept_at_s = [], time.monotonic()
        return step

    def note(self) -> str:
        """Return in words what a person should know of the attempt."""
        if self.words:
            return self.words
        counted = ((self.made_count, _MADE), (self.converted_count, _DECODED))
        return "; ".join(f"{count} image{' was' if count == 1 else 's were'} {did}" for count, did in counted if count)


_MADE = "sent as the DICOM object that stands for the file that came"
_DECODED = "decoded for the node, without loss"
