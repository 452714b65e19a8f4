"""Unified procedure steps over the DICOM network: push, pull, watch, with pynetdicom as the other side."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pydicom.dataset import Dataset

from kerma.areas.worklist import actions_ups, queries_ups, ups_requests
from kerma.areas.worklist.model_ups import StatusRefused, UpsSubscribing
from kerma.kernel.action import Actor, Kernel
from worklists import ROOT, SOP, association, done, network, workitem

PUSH, WATCH, PULL, QUERY = (f"1.2.840.10008.5.1.4.34.6.{number}" for number in (1, 2, 3, 5))
EVERYTHING = "1.2.840.10008.5.1.4.34.5"
UID, LOCK = f"{ROOT}.50", f"{ROOT}.51"


def asked(**attributes: Any) -> Dataset:
    data = Dataset()
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


def move(scu: Any, state: str, lock: str = LOCK) -> int:
    information = asked(ProcedureStepState=state, TransactionUID=lock)
    status, _ = scu.send_n_action(information, 1, SOP, UID, meta_uid=PULL)
    return int(status.Status)


def create(scu: Any, uid: str = UID, **attributes: Any) -> int:
    status, _ = scu.send_n_create(workitem(**attributes), SOP, uid)
    return int(status.Status)


def told(kernel: Kernel, ae_title: str) -> list[int]:
    with kernel.database.read() as connection:
        return [event["event_type_id"] for event in queries_ups.events_after(connection, ae_title, 0)]


def test_a_workitem_is_pushed_pulled_and_completed(kernel: Kernel, actor: Actor) -> None:
    with network(kernel, actor) as port, association(port, PUSH, PULL, WATCH, QUERY) as scu:
        assert create(scu) == 0
        assert create(scu) == 0x0111
        assert create(scu, f"{ROOT}.52", ProcedureStepState="IN PROGRESS") == 0xC309
        assert create(scu, f"{ROOT}.52", ProcedureStepLabel="") == 0x0121
        keys = asked(ProcedureStepState="SCHEDULED", ProcedureStepLabel="", PatientName="dup*", SOPInstanceUID="")
        found = [answer for _, answer in scu.send_c_find(keys, PULL) if answer]
        assert [str(answer.SOPInstanceUID) for answer in found] == [UID]
        assert str(found[0].PatientName) == "Dupont^Zoé"
        assert move(scu, "COMPLETED") == 0xC310
        assert move(scu, "IN PROGRESS", "") == 0xC301
        assert move(scu, "IN PROGRESS") == 0
        assert move(scu, "IN PROGRESS") == 0xC302
        assert move(scu, "IN PROGRESS", f"{ROOT}.99") == 0xC301
        assert move(scu, "SCHEDULED") == 0xC303
        assert move(scu, "COMPLETED") == 0xC304
        report = done()
        assert scu.send_n_set(report, SOP, UID, meta_uid=PULL)[0].Status == 0xC301
        report.TransactionUID = LOCK
        assert scu.send_n_set(report, SOP, UID, meta_uid=PULL)[0].Status == 0
        assert move(scu, "COMPLETED") == 0
        assert move(scu, "COMPLETED") == 0xB306
        assert move(scu, "CANCELED") == 0xC300
        assert scu.send_n_set(report, SOP, UID, meta_uid=PULL)[0].Status == 0xC300
        status, read = scu.send_n_get([], SOP, UID, meta_uid=WATCH)
        assert (status.Status, read.ProcedureStepState) == (0, "COMPLETED")
        assert "TransactionUID" not in read
        assert scu.send_n_get([], SOP, f"{ROOT}.404", meta_uid=WATCH)[0].Status == 0xC307


def test_watchers_are_told_what_they_subscribed_to(kernel: Kernel, actor: Actor) -> None:
    with network(kernel, actor) as port, association(port, PUSH, PULL, WATCH) as scu:

        def watch(action: int, uid: str, ae_title: str, **filters: str) -> int:
            information = asked(ReceivingAE=ae_title, DeletionLock="FALSE", **filters)
            return int(scu.send_n_action(information, action, SOP, uid, meta_uid=WATCH)[0].Status)

        assert watch(3, EVERYTHING, "ALL") == 0
        assert watch(3, f"{EVERYTHING}.1", "HIGHS", ScheduledProcedureStepPriority="HIGH") == 0
        assert watch(3, f"{EVERYTHING}.1", "NOTHING") == 0x0106
        assert create(scu) == 0
        assert watch(3, UID, "ONE") == 0
        assert watch(3, f"{ROOT}.404", "ONE") == 0xC307
        assert watch(5, UID, "ALL") == 0xC314
        assert watch(9, UID, "ALL") == 0x0123
        assert move(scu, "IN PROGRESS") == 0
        status, _ = scu.send_n_action(asked(ReasonForCancellation="wrong side"), 2, SOP, UID, meta_uid=PUSH)
        assert status.Status == 0
        assert (told(kernel, "ALL"), told(kernel, "ONE"), told(kernel, "HIGHS")) == ([1, 1, 2], [1, 1, 2], [])
        assert watch(5, EVERYTHING, "ALL") == 0
        assert watch(4, UID, "ONE") == 0
        assert create(scu, f"{ROOT}.53", ScheduledProcedureStepPriority="HIGH") == 0
        assert (told(kernel, "ALL"), told(kernel, "HIGHS")) == ([1, 1, 2], [1])
        assert move(scu, "CANCELED") == 0
        assert (told(kernel, "ALL"), told(kernel, "ONE")) == ([1, 1, 2, 1], [1, 1, 2])


def test_a_scheduled_workitem_is_canceled_on_request_and_says_why(kernel: Kernel, actor: Actor) -> None:
    with network(kernel, actor) as port, association(port, PUSH, WATCH) as scu:
        assert create(scu) == 0
        wish = asked(ReasonForCancellation="the part was scrapped")
        assert scu.send_n_action(wish, 2, SOP, UID)[0].Status == 0
        assert scu.send_n_action(wish, 2, SOP, UID)[0].Status == 0xB304
        _, read = scu.send_n_get([], SOP, UID, meta_uid=WATCH)
    assert read.ProcedureStepState == "CANCELED"
    assert read.ProcedureStepProgressInformationSequence[0].ReasonForCancellation == "the part was scrapped"
    assert read.ProcedureStepProgressInformationSequence[0].ProcedureStepCancellationDateTime


def test_a_wish_to_cancel_that_nobody_would_hear_is_refused(kernel: Kernel, actor: Actor) -> None:
    with network(kernel, actor) as port, association(port, PUSH, PULL) as scu:
        assert create(scu) == 0
        assert move(scu, "IN PROGRESS") == 0
        assert scu.send_n_action(asked(ReasonForCancellation="late"), 2, SOP, UID)[0].Status == 0xC312


def test_of_many_that_claim_at_the_same_moment_exactly_one_gets_it(kernel: Kernel, actor: Actor) -> None:
    claimed: list[int] = []
    with network(kernel, actor) as port:
        with association(port, PUSH) as scu:
            assert create(scu) == 0
        start = threading.Barrier(6)

        def claim(number: int) -> None:
            with association(port, PULL) as mine:
                start.wait()
                claimed.append(move(mine, "IN PROGRESS", f"{ROOT}.6{number}"))

        threads = [threading.Thread(target=claim, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(claimed) == [0, *[0xC301] * 5]
    with kernel.database.read() as connection:
        row = queries_ups.by_uid(connection, UID)
    assert row["state"] == "IN PROGRESS"
    assert row["transaction_uid"].startswith(f"{ROOT}.6")


def test_a_receiver_nobody_knows_is_refused_when_somebody_who_knows_listens(kernel: Kernel, actor: Actor) -> None:
    from dataclasses import replace

    from kerma.areas.worklist import rules_ups

    def unknown(_: object, event: UpsSubscribing) -> None:
        if event.receiving_ae != "KNOWN":
            raise rules_ups.refused(rules_ups.UNKNOWN_RECEIVER)

    listening = replace(kernel, subscriptions={UpsSubscribing: (unknown,)})
    with network(listening, actor) as port, association(port, WATCH) as scu:
        codes = [
            scu.send_n_action(asked(ReceivingAE=title, DeletionLock="FALSE"), 3, SOP, EVERYTHING, meta_uid=WATCH)[0]
            for title in ("KNOWN", "UNKNOWN")
        ]
    assert [int(status.Status) for status in codes] == [0, 0xC308]


def test_who_may_not_work_with_workitems_is_refused_and_that_is_recorded(kernel: Kernel, stranger: Actor) -> None:
    with network(kernel, stranger) as port, association(port, PUSH, PULL, QUERY) as scu:
        assert create(scu) == 0x0124
        assert [status.Status for status, _ in scu.send_c_find(asked(ProcedureStepState=""), QUERY)] == [0x0124]
    with kernel.database.read() as connection:
        assert queries_ups.by_uid(connection, UID) is None


def test_what_is_no_ae_title_cannot_subscribe(kernel: Kernel, actor: Actor) -> None:
    for title in ("", "A" * 17, "A\\B"):
        with pytest.raises(StatusRefused) as refusal:
            actions_ups.ups(kernel, actor, request=ups_requests.Subscribe(EVERYTHING, title))
        assert refusal.value.code == 0xC308
