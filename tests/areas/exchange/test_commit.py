"""Storage commitment both ways: what we promise, what we are promised, over either association."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.presentation import build_role

from dcmtk import free_port
from films import Archive, film, uid
from kerma.areas.exchange import actions_commit, commit, queries_commit
from kerma.areas.exchange.commit import PUSH_MODEL, PUSH_MODEL_INSTANCE
from kerma.kernel.blobs import key_of
from kerma.kernel.clock import HeldClock
from kerma.kernel.jobs import Runner
from network import door

DX = "1.2.840.10008.5.1.4.1.1.1.1"


def references(*pairs: tuple[str, str]) -> list[Dataset]:
    items = []
    for sop_class, instance in pairs:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
        items.append(item)
    return items


def question(*pairs: tuple[str, str], transaction: str = "1.2.3.4") -> Dataset:
    data = Dataset()
    data.TransactionUID = transaction
    data.ReferencedSOPSequence = references(*pairs)
    return data


class Heard:
    """What a node hears as N-EVENT-REPORT."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, Dataset]] = []

    def handler(self) -> Any:
        return (evt.EVT_N_EVENT_REPORT, self._hear)

    def _hear(self, event: Any) -> tuple[int, None]:
        self.reports.append((event.event_type, event.event_information))
        return 0x0000, None

    def wait(self, timeout_s: float = 60) -> tuple[int, Dataset]:
        until = time.monotonic() + timeout_s
        while not self.reports:
            assert time.monotonic() < until, "no report came"
            time.sleep(0.02)
        return self.reports[0]


def ask(port: int, data: Dataset, heard: Heard | None, *, stays_s: float = 0.0, action: int = 1) -> int:
    """Ask Kerma to keep; stays on the association for the answer when told to."""
    entity = AE("MODALITY")
    entity.add_requested_context(PUSH_MODEL)
    association = entity.associate(
        "127.0.0.1", port, ae_title="KERMA",
        ext_neg=[build_role(PUSH_MODEL, scu_role=True)],
        evt_handlers=[heard.handler()] if heard else [],
    )  # fmt: skip
    assert association.is_established
    status, _ = association.send_n_action(data, action, PUSH_MODEL, PUSH_MODEL_INSTANCE)
    until = time.monotonic() + stays_s
    while heard and not heard.reports and time.monotonic() < until:
        time.sleep(0.02)
    association.release()
    return int(status.Status)


def kept(archive: Archive) -> list[dict[str, Any]]:
    with archive.kernel.database.read() as connection:
        return queries_commit.commitments(connection, archive.actor)


def test_the_answer_goes_over_the_association_that_waits_for_it(archive: Archive, lists: Any) -> None:
    archive.ingest(film(image=1))
    lists("MODALITY", free_port(), services=["commit"])
    heard = Heard()
    with door(archive.kernel) as port:
        assert ask(port, question((DX, uid(1, 1, 1))), heard, stays_s=60) == 0
        (event_type, report) = heard.wait()
        until = time.monotonic() + 60
        while kept(archive)[0]["state"] != "done" and time.monotonic() < until:
            time.sleep(0.02)
    assert event_type == 1
    assert report.TransactionUID == "1.2.3.4"
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == [uid(1, 1, 1)]
    assert kept(archive)[0]["state"] == "done"


def test_the_answer_goes_over_a_new_association_and_tells_what_is_not_kept(
    archive: Archive, lists: Any, runner: Runner
) -> None:
    archive.ingest(film(image=1))
    damaged = archive.ingest(film(image=2))
    path = archive.kernel.settings.home / "blobs" / key_of(damaged.sha256)
    path.chmod(0o600)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    heard = Heard()
    node = AE("MODALITY")
    node.add_supported_context(PUSH_MODEL, scu_role=True, scp_role=True)
    server = node.start_server(("127.0.0.1", 0), block=False, evt_handlers=[heard.handler()])
    try:
        lists("MODALITY", server.socket.getsockname()[1], services=["commit"])
        asked = question(
            (DX, uid(1, 1, 1)), (DX, uid(1, 1, 2)), (DX, uid(1, 1, 3)), ("1.2.840.10008.5.1.4.1.1.2", uid(1, 1, 1))
        )
        with door(archive.kernel) as port:
            assert ask(port, asked, None) == 0
        runner.start()
        event_type, report = heard.wait()
    finally:
        server.shutdown()
    assert event_type == 2
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == [uid(1, 1, 1)]
    reasons = {item.ReferencedSOPInstanceUID: item.FailureReason for item in report.FailedSOPSequence}
    assert reasons == {uid(1, 1, 2): 0x0110, uid(1, 1, 3): 0x0112, uid(1, 1, 1): 0x0119}


def test_a_report_that_is_not_taken_is_tried_again(archive: Archive, lists: Any) -> None:
    archive.ingest(film())
    node = lists("MODALITY", free_port(), services=["commit"])
    commitment_id = actions_commit.promise(
        archive.kernel, archive.actor, node_id=node["id"], transaction_uid="1.2", references=[(DX, uid(1, 1, 1))]
    )
    commit.report(archive.kernel, commitment_id=commitment_id)
    (row,) = kept(archive)
    assert (row["state"], row["attempts"]) == ("waiting", 1)
    assert "is not listening" in row["error"]


@pytest.mark.parametrize(("expected", "data", "action"), [(0x0115, Dataset(), 1), (0x0123, question((DX, "1.2")), 2)])
def test_questions_that_make_no_sense(archive: Archive, lists: Any, expected: int, data: Dataset, action: int) -> None:
    lists("MODALITY", free_port(), services=["commit"])
    with door(archive.kernel) as port:
        assert ask(port, data or question(transaction=""), None, action=action) == expected
    assert kept(archive) == []


def test_asking_twice_under_one_transaction_is_one_promise(archive: Archive, lists: Any) -> None:
    node = lists("MODALITY", free_port(), services=["commit"])
    given: dict[str, Any] = {"node_id": node["id"], "transaction_uid": "1.2", "references": [(DX, "1.2.3")]}
    first = actions_commit.promise(archive.kernel, archive.actor, **given)
    assert actions_commit.promise(archive.kernel, archive.actor, **given) == first


class Keeper:
    """A node that is asked to keep images: it answers on the same association, on a new one, or not at all."""

    def __init__(self, report_to: int | None = None) -> None:
        self.report_to = report_to
        self.asked: list[Dataset] = []
        entity = AE("KEEPER")
        entity.add_supported_context(PUSH_MODEL)
        handlers = [(evt.EVT_N_ACTION, self._asked), (evt.EVT_ESTABLISHED, lambda event: None)]
        self.server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.port = self.server.socket.getsockname()[1]

    def _asked(self, event: Any) -> tuple[int, None]:
        self.asked.append(event.action_information)
        return 0x0000, None

    def answer(self, port: int) -> int:
        """Report over a new association that all but the last are kept."""
        data = self.asked[0]
        report = Dataset()
        report.TransactionUID = data.TransactionUID
        items = list(data.ReferencedSOPSequence)
        items[-1].FailureReason = 0x0112
        report.ReferencedSOPSequence, report.FailedSOPSequence = items[:-1], items[-1:]
        entity = AE("KEEPER")
        entity.add_requested_context(PUSH_MODEL)
        roles = [build_role(PUSH_MODEL, scp_role=True)]
        association = entity.associate("127.0.0.1", port, ae_title="KERMA", ext_neg=roles)
        assert association.is_established
        status, _ = association.send_n_event_report(report, 2, PUSH_MODEL, PUSH_MODEL_INSTANCE)
        association.release()
        return int(status.Status)


def test_a_node_is_asked_and_its_answer_is_kept(archive: Archive, lists: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "HEARD_S", 0.2)
    for image in (1, 2):
        archive.ingest(film(image=image))
    keeper = Keeper()
    try:
        node = lists("KEEPER", keeper.port, services=["commit"])
        transaction = commit.new_transaction()
        commitment_id = actions_commit.ask(
            archive.kernel, archive.actor, node_id=node["id"], exam_pk=1, transaction_uid=transaction
        )
        commit.question(archive.kernel, commitment_id=commitment_id)
        assert [item.ReferencedSOPInstanceUID for item in keeper.asked[0].ReferencedSOPSequence] == [
            uid(1, 1, 1), uid(1, 1, 2),
        ]  # fmt: skip
        with door(archive.kernel) as port:
            assert keeper.answer(port) == 0
    finally:
        keeper.server.shutdown()
    (row,) = kept(archive)
    assert (row["state"], row["committed"], row["failed"]) == (
        "done", [[DX, uid(1, 1, 1)]], [[DX, uid(1, 1, 2), 0x0112]],
    )  # fmt: skip


def test_what_is_never_answered_is_said_to_be_and_may_be_asked_again(
    archive: Archive, lists: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "HEARD_S", 0.1)
    archive.ingest(film(image=1))
    archive.ingest(film(image=2))
    keeper = Keeper()
    node = lists("KEEPER", keeper.port, services=["commit"])
    given: dict[str, Any] = {"node_id": node["id"], "exam_pk": 1}
    first = actions_commit.ask(archive.kernel, archive.actor, **given, transaction_uid="1.2.1")
    promised = actions_commit.promise(
        archive.kernel, archive.actor, node_id=node["id"], transaction_uid="1.2.2", references=[(DX, uid(1, 1, 1))]
    )
    commit.question(archive.kernel, commitment_id=first)
    now = archive.kernel.clock.now()
    for hours, state in ((23, "waiting"), (25, "unanswered"), (50, "unanswered")):
        later = replace(archive.kernel, clock=HeldClock(now + timedelta(hours=hours)))
        commit.lapse_commitments(later)
        rows = {row["id"]: row for row in kept(archive)}
        assert (rows[first]["state"], rows[promised]["state"]) == (state, "waiting")
    assert "no answer within 24 hours" in rows[first]["error"]
    assert len(archive.records("exchange.lapse_commitment")) == 1
    again = actions_commit.ask(archive.kernel, archive.actor, **given, transaction_uid="1.2.3")
    assert {row["id"]: row["state"] for row in kept(archive)}[again] == "waiting"
    with door(archive.kernel) as port:
        assert keeper.answer(port) == 0
    keeper.server.shutdown()
    assert {row["id"]: row["state"] for row in kept(archive)}[first] == "done", "an answer that comes late still counts"


def test_an_answer_nobody_asked_for_is_refused(archive: Archive, lists: Callable[..., Any]) -> None:
    keeper = Keeper()
    keeper.server.shutdown()
    keeper.asked.append(question((DX, "1.2"), (DX, "1.3"), transaction="1.2.99"))
    lists("KEEPER", free_port(), services=["commit"])
    with door(archive.kernel) as port:
        assert keeper.answer(port) == 0x0112
