"""Watchers on the DICOM network are told of workitems: in order, again after a failure, and only if they are listed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

import worklists
from kerma.areas.exchange import actions, jobs_ups
from kerma.areas.worklist import actions_ups, ups_requests
from kerma.areas.worklist.dimse import document_of
from kerma.areas.worklist.model_ups import EVERYTHING, StatusRefused, UpsChanged, UpsSubscribing
from kerma.errors import Unreachable
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.jobs_model import job_request

UID, LOCK = f"{worklists.ROOT}.70", f"{worklists.ROOT}.71"


@contextmanager
def watcher(heard: list[tuple[int, str]], refusing: list[int]) -> Iterator[int]:
    """Serve a program that takes reports of workitems; yields its port."""
    from pynetdicom import AE, evt

    def take(event: Any) -> tuple[int, None]:
        if refusing:
            return refusing.pop(), None
        heard.append((event.event_type, str(event.event_information.get("ProcedureStepState", ""))))
        return 0, None

    entity = AE("WATCHER")
    entity.add_supported_context(jobs_ups.UPS_EVENT, scu_role=True, scp_role=True)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, take)])
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()


@pytest.fixture
def listening(kernel: Kernel) -> Kernel:
    subscriptions = {UpsSubscribing: (jobs_ups.on_ups_subscribing,), UpsChanged: (jobs_ups.on_ups_changed,)}
    return replace(kernel, subscriptions=subscriptions)


def ask(kernel: Kernel, actor: Actor, *requests: Any) -> None:
    for request in requests:
        actions_ups.ups(kernel, actor, request=request)


def test_a_listed_watcher_hears_every_event_in_order_and_once(listening: Kernel, actor: Actor) -> None:
    heard: list[tuple[int, str]] = []
    refusing: list[int] = []
    with watcher(heard, refusing) as port:
        actions.add_node(listening, actor, given=actions.NodeGiven("WATCHER", "127.0.0.1", port))
        ask(
            listening,
            actor,
            ups_requests.Subscribe(EVERYTHING, "WATCHER", is_dimse=True),
            ups_requests.Create(UID, document_of(worklists.workitem())),
            ups_requests.Move(UID, "IN PROGRESS", LOCK),
        )
        with listening.database.read() as connection:
            waiting = connection.execute(job_request.select()).mappings().all()
        assert {(row["name"], row["key"]) for row in waiting} == {(jobs_ups.TELL, "WATCHER")}
        refusing.append(0x0110)
        with pytest.raises(Unreachable, match="did not take"):
            jobs_ups.tell_watcher(listening, ae_title="WATCHER")
        assert heard == []
        jobs_ups.tell_watcher(listening, ae_title="WATCHER")
        jobs_ups.tell_watcher(listening, ae_title="WATCHER")
        assert heard == [(1, "SCHEDULED"), (1, "IN PROGRESS")]
        ask(listening, actor, ups_requests.Move(UID, "CANCELED", LOCK))
        jobs_ups.tell_watcher(listening, ae_title="WATCHER")
    assert heard[2:] == [(1, "CANCELED")]


def test_who_is_not_listed_cannot_subscribe_over_dimse_but_can_over_http(listening: Kernel, actor: Actor) -> None:
    with pytest.raises(StatusRefused) as refusal:
        ask(listening, actor, ups_requests.Subscribe(EVERYTHING, "NOBODY", is_dimse=True))
    assert refusal.value.code == 0xC308
    ask(listening, actor, ups_requests.Subscribe(EVERYTHING, "BROWSER"))
    ask(listening, actor, ups_requests.Create(UID, document_of(worklists.workitem())))
    with listening.database.read() as connection:
        assert connection.execute(job_request.select()).first() is None


def test_a_watcher_that_is_away_is_tried_again(listening: Kernel, actor: Actor) -> None:
    actions.add_node(listening, actor, given=actions.NodeGiven("WATCHER", "127.0.0.1", 1))
    ask(listening, actor, ups_requests.Subscribe(EVERYTHING, "WATCHER", is_dimse=True))
    ask(listening, actor, ups_requests.Create(UID, document_of(worklists.workitem())))
    with pytest.raises(Unreachable, match="WATCHER"):
        jobs_ups.tell_watcher(listening, ae_title="WATCHER")
