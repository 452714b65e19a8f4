"""Checks of storage commitment (PS3.4, J.3)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerma.areas.exchange.conformance.inbox import COMMITMENT
from kerma.areas.exchange.conformance.model import Broken, NotRun, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import PLAIN, outcome
from kerma.areas.exchange.conformance.objects import DX, new_uid
from kerma.areas.exchange.conformance.target import Target

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

WELL_KNOWN = "1.2.840.10008.1.20.1.1"
REQUEST, ALL_SAFE, SOME_FAILED = 1, 1, 2
HERE_S, ELSEWHERE_S = 3.0, 30.0
"""How long the report may take: on the association that asked, and on one that the archive makes."""


def _offered(target: Target) -> str:
    line = target.network.propose([(COMMITMENT, PLAIN)])
    if not line.is_established:
        return f"no Storage Commitment Push Model: {outcome(line)}"
    line.release()
    return ""


SERVICE = Service("commit", "DIMSE: storage commitment", "network", _offered)


def _ask(target: Target, references: Sequence[tuple[str, str]]) -> tuple[int, int, Dataset]:
    """Ask for commitment; returns the status of N-ACTION, the event's type and its information."""
    from pydicom.dataset import Dataset
    from pynetdicom import evt

    request = Dataset()
    request.TransactionUID = new_uid()
    request.ReferencedSOPSequence = []
    for sop_class_uid, uid in references:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class_uid, uid
        request.ReferencedSOPSequence.append(item)
    inbox = target.network.ear()
    handlers = [(evt.EVT_N_EVENT_REPORT, inbox.take_event)]
    with target.network.association([(COMMITMENT, PLAIN)], handlers=handlers) as line:
        answer, _ = line.send_n_action(request, REQUEST, COMMITMENT, WELL_KNOWN)
        status = target.network.status_of(answer, f"N-ACTION for {len(references)} objects")
        expect_equal(status, 0x0000, "status of N-ACTION")
        event = inbox.wait_for_event(request.TransactionUID, HERE_S)
    event = event or inbox.wait_for_event(request.TransactionUID, ELSEWHERE_S if target.network.listen else 0.0)
    if event is None and not target.network.listen:
        raise NotRun("no report came on the same association; for one from the archive give --listen PORT")
    if event is None:
        raise Broken("an N-EVENT-REPORT", f"none within {HERE_S + ELSEWHERE_S:g} s")
    target.network.note("N-EVENT-REPORT", f"event type {event[0]}")
    return status, *event


@check("commit.safe", "PS3.4, J.3.3.1")
def safe(target: Target) -> None:
    """For objects that are stored the report says that all are safe (event 1) and names each."""
    wanted = sorted((one.sop_class_uid, one.uid) for one in target.set.alpha)
    _, event, told = _ask(target, wanted)
    expect_equal(event, ALL_SAFE, "event type")
    got = sorted((str(x.ReferencedSOPClassUID), str(x.ReferencedSOPInstanceUID)) for x in told.ReferencedSOPSequence)
    expect_equal(got, wanted, "committed objects")


@check("commit.unknown", "PS3.4, J.3.3.1")
def unknown(target: Target) -> None:
    """For an object that is not there the report says that some failed (event 2), with reason 0112H."""
    here, missing = target.set.alpha[0], new_uid()
    _, event, told = _ask(target, [(here.sop_class_uid, here.uid), (DX, missing)])
    expect_equal(event, SOME_FAILED, "event type")
    failed = [(str(x.ReferencedSOPInstanceUID), int(x.FailureReason)) for x in told.get("FailedSOPSequence", [])]
    expect_equal(failed, [(missing, 0x0112)], "failed objects and reasons")
    got = [str(x.ReferencedSOPInstanceUID) for x in told.get("ReferencedSOPSequence", [])]
    expect_equal(got, [here.uid], "committed objects")


@check("commit.wrong-class", "PS3.4, Table J.3-3", "should")
def wrong_class(target: Target) -> None:
    """An object named with another class than its own is reported as failed with 0119H."""
    here = target.set.alpha[0]
    _, event, told = _ask(target, [("1.2.840.10008.5.1.4.1.1.2", here.uid)])
    expect_equal(event, SOME_FAILED, "event type")
    expect_equal([int(x.FailureReason) for x in told.FailedSOPSequence], [0x0119], "reasons")


@check("commit.quick-release", "PS3.4, J.3.2")
def quick_release(target: Target) -> None:
    """Who asks and leaves at once is told nevertheless, on an association that the archive makes."""
    from pydicom.dataset import Dataset

    inbox = target.network.inbox()
    one = target.set.alpha[0]
    item, request = Dataset(), Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class_uid, one.uid
    request.TransactionUID, request.ReferencedSOPSequence = new_uid(), [item]
    with target.network.association([(COMMITMENT, PLAIN)]) as line:
        answer, _ = line.send_n_action(request, REQUEST, COMMITMENT, WELL_KNOWN)
        expect_equal(target.network.status_of(answer, "N-ACTION"), 0x0000, "status of N-ACTION")
    begun = time.monotonic()
    event = inbox.wait_for_event(request.TransactionUID, ELSEWHERE_S)
    expect(event, "an N-EVENT-REPORT on a new association", f"none within {time.monotonic() - begun:.0f} s")
