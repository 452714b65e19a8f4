"""Telling nodes about workitems they watch: N-EVENT-REPORT of the UPS Event class, in order, from a durable queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kerma.areas.exchange import link, queries
from kerma.areas.exchange.model import ON
from kerma.areas.worklist import actions_ups, queries_ups, rules_ups
from kerma.areas.worklist.model_ups import PUSH, UpsChanged, UpsSubscribing
from kerma.errors import Unreachable
from kerma.kernel import jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kerma.kernel.action import Act, Kernel

TELL = "exchange.tell_watcher"
UPS_EVENT = "1.2.840.10008.5.1.4.34.6.4"
SUCCESS = 0x0000
HERALD = service("exchange", "worklist.settle_events")
_CONTEXT = (UPS_EVENT, ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"))


def on_ups_subscribing(act: Act, event: UpsSubscribing) -> None:
    """Refuse a subscriber on the DICOM network that is no listed node: nobody could tell it (PS3.4, Table CC.2.3-3).

    Raises
    ------
    StatusRefused
        With the status for an unknown receiving AE title.
    """
    node = queries.node(act.connection, event.receiving_ae)
    if node is None or node["state"] != ON:
        raise rules_ups.refused(
            rules_ups.UNKNOWN_RECEIVER, f"'{event.receiving_ae}' is no listed node: list it with `kerma node add`"
        )


def on_ups_changed(act: Act, event: UpsChanged) -> None:
    """Have the watchers told that are nodes; the others listen on a channel of their own."""
    for ae_title in event.receiving_aes:
        node = queries.node(act.connection, ae_title)
        if node is not None and node["state"] == ON:
            jobs.request(act, TELL, ae_title, {"ae_title": ae_title})


@jobs.job(TELL, lane=jobs.PROMPT)
def tell_watcher(kernel: Kernel, *, ae_title: str) -> None:
    """Send a node all events that it has not taken yet.

    Raises
    ------
    Unreachable
        The node cannot be reached or did not take an event; it is tried again.
    """
    with kernel.database.read() as connection:
        node = queries.node(connection, ae_title)
        waiting = queries_ups.unsent_events(connection, ae_title)
    if node is None or node["state"] != ON or not waiting:
        return
    taken: list[int] = []
    try:
        with link.associated(kernel, node, [_CONTEXT], answering=[UPS_EVENT]) as association:
            for event in waiting:
                _tell(association, dict(event))
                taken.append(event["id"])
    finally:
        if taken:
            actions_ups.settle_events(kernel, HERALD, event_ids=taken)
    if len(waiting) == queries_ups.PAGE:
        tell_watcher(kernel, ae_title=ae_title)


def _tell(association: Any, event: Mapping[str, Any]) -> None:
    from pydicom.dataset import Dataset

    information = Dataset.from_json(json.loads(event["information"]))
    information.SpecificCharacterSet = "ISO_IR 192"
    try:
        status, _ = association.send_n_event_report(
            information, event["event_type_id"], PUSH, event["workitem_uid"], meta_uid=UPS_EVENT
        )
    except ValueError as error:
        raise Unreachable(f"the node does not take reports of workitems: {error}") from error
    if not status or status.Status != SUCCESS:
        raise Unreachable(f"the node did not take the report ({getattr(status, 'Status', 'no answer')})")
