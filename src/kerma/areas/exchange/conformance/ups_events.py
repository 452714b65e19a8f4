"""Checks of subscriptions to work items and of the news about them (PS3.18, 8.10 and 11.10 to 11.12)."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kerma.areas.exchange.conformance.model import Broken, NotOffered, check, expect
from kerma.areas.exchange.conformance.objects import new_uid
from kerma.areas.exchange.conformance.steps import EVERYTHING
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.ups import claimed, created
from kerma.areas.exchange.conformance.web import JSON, Answer, value

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBSCRIBER = "KERMACONFORM"
EVENT_WAIT_S = 10.0


def _subscribe(target: Target, uid: str, name: str = SUBSCRIBER) -> Answer:
    answer = target.web.post(f"/workitems/{uid}/subscribers/{name}", b"", JSON, query={"deletionlock": "false"})
    if answer.status in (404, 405, 501):
        raise NotOffered(f"subscribing is answered with {answer.status}")
    return answer


@check("ups.subscribe", "PS3.18, 11.10.3", needs="own")
def subscribe(target: Target) -> None:
    """A subscription to one work item is answered with 201."""
    _subscribe(target, created(target)).expect(201)


@check("ups.subscribe-address", "PS3.18, Table 11.10.3-2", "should", needs="own")
def subscribe_address(target: Target) -> None:
    """The answer to a subscription has the address of the notification connection."""
    answer = _subscribe(target, created(target)).expect(201)
    address = answer.header("Content-Location") or answer.header("Location")
    expect(address.startswith(("ws://", "wss://")), "an address of ws or wss", address or "none")


@check("ups.subscribe-unknown", "PS3.18, 11.10.3.1", needs="own")
def subscribe_unknown(target: Target) -> None:
    """A subscription to a work item that is not there is answered with 404."""
    _subscribe(target, created(target)).expect(201)
    target.web.post(f"/workitems/{new_uid()}/subscribers/{SUBSCRIBER}", b"", JSON).expect(404)


@check("ups.unsubscribe", "PS3.18, 11.11.3", needs="own")
def unsubscribe(target: Target) -> None:
    """A subscription is ended: 200, and once more 404 (or 200)."""
    uid = created(target)
    _subscribe(target, uid).expect(201)
    target.web.ask("DELETE", f"/workitems/{uid}/subscribers/{SUBSCRIBER}").expect(200, 204)


@check("ups.subscribe-everything", "PS3.18, 11.10.1", needs="own")
def subscribe_everything(target: Target) -> None:
    """A subscription to all work items is answered with 201, is suspended with 200, and ended with 200."""
    try:
        _subscribe(target, EVERYTHING).expect(201)
        path = f"/workitems/{EVERYTHING}/subscribers/{SUBSCRIBER}"
        target.web.post(f"{path}/suspend", b"", JSON).expect(200)
    finally:
        target.web.ask("DELETE", f"/workitems/{EVERYTHING}/subscribers/{SUBSCRIBER}")


@check("ups.event-state", "PS3.18, 8.10; PS3.4, CC.2.4", needs="own")
def event_state(target: Target) -> None:
    """Who is connected and subscribed to everything hears of a work item's new state."""
    with _listening(target) as socket:
        try:
            _subscribe(target, EVERYTHING).expect(201)
            uid, _ = claimed(target)
            event = _event(socket, uid, "IN PROGRESS")
        finally:
            target.web.ask("DELETE", f"/workitems/{EVERYTHING}/subscribers/{SUBSCRIBER}")
    expect(event.get("00001002"), "an Event Type ID (0000,1002)", sorted(event))
    expect(value(event, "00001000") == uid, f"Affected SOP Instance UID {uid}", value(event, "00001000"))


@check("ups.event-one", "PS3.18, 8.10; PS3.4, CC.2.4", needs="own")
def event_one(target: Target) -> None:
    """Who is connected and subscribed to one work item hears of the request to cancel it."""
    uid = created(target)
    with _listening(target) as socket:
        _subscribe(target, uid).expect(201)
        target.web.post(f"/workitems/{uid}/cancelrequest", b"", JSON).expect(202)
        _event(socket, uid, "CANCELED")


@contextmanager
def _listening(target: Target) -> Iterator[Any]:
    """Open the notification connection (PS3.18, 8.10.4)."""
    from websockets.exceptions import InvalidHandshake
    from websockets.sync.client import connect

    web = target.web
    place = urlsplit(web.base)
    scheme = "wss" if place.scheme == "https" else "ws"
    answer = _subscribe(target, created(target)).expect(201)
    told = answer.header("Content-Location") or answer.header("Location")
    usual = f"{scheme}://{place.netloc}{place.path.rstrip('/')}/ws/subscribers/{SUBSCRIBER}"
    address = told if told.startswith(("ws://", "wss://")) else usual
    try:
        with connect(
            address, additional_headers=dict(web.credentials), open_timeout=web.timeout_s, ssl=web.tls
        ) as socket:
            yield socket
    except (InvalidHandshake, OSError) as error:
        raise Broken(f"a WebSocket at {address}", f"{type(error).__name__}: {error}") from None


def _event(socket: Any, uid: str, state: str) -> dict[str, Any]:
    """Wait for the event that tells a work item's state; others may come before it."""
    import time

    until, heard = time.monotonic() + EVENT_WAIT_S, 0
    while time.monotonic() < until:
        try:
            message = socket.recv(timeout=max(0.1, until - time.monotonic()))
        except TimeoutError:
            break
        heard += 1
        loaded = json.loads(message)
        event = loaded[0] if isinstance(loaded, list) and loaded else loaded
        if value(event, "00001000") == uid and value(event, "00741000") == state:
            return dict(event)
    raise Broken(f"an event of the state {state} within {EVENT_WAIT_S:g} s", f"{heard} other events")
