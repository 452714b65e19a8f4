"""Checks of C-MOVE to the suite's own server (PS3.4, C.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerma.areas.exchange.conformance.model import NotRun, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import PLAIN, STUDY_MOVE, outcome, query
from kerma.areas.exchange.conformance.objects import new_uid
from kerma.areas.exchange.conformance.target import Target

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

UNKNOWN_DESTINATION = 0xA801


def _offered(target: Target) -> str:
    line = target.network.propose([(STUDY_MOVE, PLAIN)])
    if not line.is_established:
        return f"no Study Root Query/Retrieve - MOVE: {outcome(line)}"
    line.release()
    return ""


SERVICE = Service("move", "DIMSE: C-MOVE", "network", _offered)


def _move(target: Target, level: str, destination: str, **keys: Any) -> Dataset:
    from pydicom.dataset import Dataset

    last = Dataset()
    with target.network.association([(STUDY_MOVE, PLAIN)]) as line:
        for status, _ in line.send_c_move(query(level, keys), destination, STUDY_MOVE):
            last = status
    code = last.get("Status")
    target.network.note(f"C-MOVE {level} to {destination}", "no answer" if code is None else f"{code:04X}H")
    expect(code is not None, "a final answer to C-MOVE", "none")
    return last


def _to_us(target: Target, level: str, **keys: Any) -> tuple[Dataset, list[Dataset]]:
    inbox = target.network.inbox()
    inbox.clear()
    last = _move(target, level, inbox.aet, **keys)
    if last.Status == UNKNOWN_DESTINATION:
        raise NotRun(f"the archive does not know {inbox.aet}: tell it the address of this machine, port {inbox.port}")
    return last, list(inbox.objects)


@check("move.study", "PS3.4, C.4.2.1")
def study(target: Target) -> None:
    """A study arrives whole at the destination."""
    last, received = _to_us(target, "STUDY", StudyInstanceUID=target.set.study_uids[0])
    expect_equal(last.Status, 0x0000, "final status")
    expect_equal(
        sorted(str(one.SOPInstanceUID) for one in received), sorted(x.uid for x in target.set.alpha), "objects"
    )


@check("move.series", "PS3.4, C.4.2.1")
def series(target: Target) -> None:
    """A series arrives with its own objects and no others."""
    one = target.set.alpha[0]
    last, received = _to_us(target, "SERIES", StudyInstanceUID=one.study_uid, SeriesInstanceUID=one.series_uid)
    expect_equal((last.Status, len(received)), (0x0000, 2), "final status and number of objects")


@check("move.image", "PS3.4, C.4.2.1")
def image(target: Target) -> None:
    """One object arrives with the pixel data that were stored."""
    one = target.set.alpha[0]
    keys = {"StudyInstanceUID": one.study_uid, "SeriesInstanceUID": one.series_uid, "SOPInstanceUID": one.uid}
    last, received = _to_us(target, "IMAGE", **keys)
    expect_equal((last.Status, len(received)), (0x0000, 1), "final status and number of objects")
    expect(bytes(received[0].PixelData)[: len(one.pixels)] == one.pixels, "identical pixel data", "other bytes")


@check("move.counts", "PS3.4, C.4.2.1.6")
def counts(target: Target) -> None:
    """The final answer tells how many sub-operations were completed."""
    last, _ = _to_us(target, "STUDY", StudyInstanceUID=target.set.study_uids[0])
    expect_equal(last.get("NumberOfCompletedSuboperations"), 3, "completed sub-operations")


@check("move.originator", "PS3.7, 9.3.1.1", "should")
def originator(target: Target) -> None:
    """The objects tell who asked for them: the Move Originator is this suite."""
    _to_us(target, "STUDY", StudyInstanceUID=target.set.study_uids[1])
    told = {name.strip() for name in target.network.inbox().originators}
    expect_equal(told, {target.network.calling}, "Move Originator AE Title")


@check("move.unknown-destination", "PS3.4, C.4.2.1.5")
def unknown_destination(target: Target) -> None:
    """A destination that the archive does not know is answered with A801H."""
    last = _move(target, "STUDY", "NOBODY-KNOWS-ME", StudyInstanceUID=target.set.study_uids[0])
    expect_equal(f"{last.Status:04X}H", "A801H", "final status")


@check("move.nothing", "PS3.4, C.4.2.1.5")
def nothing(target: Target) -> None:
    """A study that is not there ends with success and nothing, or with a failure."""
    last, received = _to_us(target, "STUDY", StudyInstanceUID=new_uid())
    expect(last.Status == 0 or last.Status >> 12 in (0xA, 0xC), "0000H or a failure", f"{last.Status:04X}H")
    expect_equal(len(received), 0, "number of objects")
