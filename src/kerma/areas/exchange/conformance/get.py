"""Checks of C-GET (PS3.4, C.4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import PLAIN, STUDY_GET, outcome, query
from kerma.areas.exchange.conformance.objects import DX, EXPLICIT, GREY_WORDS, IMPLICIT, Instance, new_uid
from kerma.areas.exchange.conformance.target import Target

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def _offered(target: Target) -> str:
    line = target.network.propose([(STUDY_GET, PLAIN)])
    if not line.is_established:
        return f"no Study Root Query/Retrieve - GET: {outcome(line)}"
    line.release()
    return ""


SERVICE = Service("get", "DIMSE: C-GET", "network", _offered)


def get(
    target: Target, level: str, syntaxes: Sequence[str] = PLAIN, classes: Sequence[str] = (DX, GREY_WORDS), **keys: Any
) -> tuple[Dataset, list[Dataset]]:
    """Ask for objects over C-GET; returns the last answer and what came."""
    from pydicom.dataset import Dataset
    from pynetdicom import evt

    received: list[Dataset] = []

    def keep(event: Any) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        received.append(dataset)
        return 0x0000

    contexts = [(STUDY_GET, PLAIN), *((uid, syntaxes) for uid in classes)]
    line = target.network.propose(contexts, roles=classes, handlers=[(evt.EVT_C_STORE, keep)])
    accepted = {context.abstract_syntax for context in line.accepted_contexts} if line.is_established else set()
    if STUDY_GET not in accepted:
        if line.is_established:
            line.release()
        raise NotOffered("no Study Root Query/Retrieve - GET")
    last = Dataset()
    try:
        for status, _ in line.send_c_get(query(level, keys), STUDY_GET):
            last = status
    finally:
        if line.is_established:
            line.release()
    code = last.get("Status")
    told = "no answer" if code is None else f"{code:04X}H"
    target.network.note(f"C-GET {level}", f"{told}, {len(received)} objects came")
    expect(code is not None, "a final answer to C-GET", "none")
    return last, received


def fetch(target: Target, one: Instance, syntax: str = EXPLICIT) -> Dataset:
    """Get one object back, preferably in a transfer syntax."""
    keys = {"StudyInstanceUID": one.study_uid, "SeriesInstanceUID": one.series_uid, "SOPInstanceUID": one.uid}
    _, received = get(target, "IMAGE", [syntax], [one.sop_class_uid], **keys)
    if not received and syntax != EXPLICIT:
        _, received = get(target, "IMAGE", PLAIN, [one.sop_class_uid], **keys)
    expect(len(received) == 1, "the object", f"{len(received)} objects")
    return received[0]


@check("get.study", "PS3.4, C.4.3.1")
def study(target: Target) -> None:
    """A study comes with all of its objects."""
    last, received = get(target, "STUDY", StudyInstanceUID=target.set.study_uids[0])
    expect_equal(last.Status, 0x0000, "final status")
    expect_equal(
        sorted(str(one.SOPInstanceUID) for one in received), sorted(x.uid for x in target.set.alpha), "objects"
    )


@check("get.series", "PS3.4, C.4.3.1")
def series(target: Target) -> None:
    """A series comes with its own objects and no others."""
    one = target.set.alpha[0]
    last, received = get(target, "SERIES", StudyInstanceUID=one.study_uid, SeriesInstanceUID=one.series_uid)
    expect_equal((last.Status, len(received)), (0x0000, 2), "final status and number of objects")


@check("get.image", "PS3.4, C.4.3.1")
def image(target: Target) -> None:
    """One object comes with the pixel data that were stored."""
    one = target.set.alpha[0]
    got = fetch(target, one)
    expect(bytes(got.PixelData)[: len(one.pixels)] == one.pixels, "identical pixel data", "other bytes")


@check("get.images-by-list", "PS3.4, C.4.3.1", "should")
def images_by_list(target: Target) -> None:
    """Several objects come by a list of their UIDs."""
    uids = [one.uid for one in target.set.alpha[:2]]
    one = target.set.alpha[0]
    keys = {"StudyInstanceUID": one.study_uid, "SeriesInstanceUID": one.series_uid, "SOPInstanceUID": uids}
    last, received = get(target, "IMAGE", **keys)
    expect_equal((last.Status, len(received)), (0x0000, 2), "final status and number of objects")


@check("get.counts", "PS3.4, C.4.3.1.3")
def counts(target: Target) -> None:
    """The final answer tells how many sub-operations were completed."""
    last, _ = get(target, "STUDY", StudyInstanceUID=target.set.study_uids[0])
    expect_equal(last.get("NumberOfCompletedSuboperations"), 3, "completed sub-operations")


@check("get.nothing", "PS3.4, C.4.3.1.4")
def nothing(target: Target) -> None:
    """A study that is not there ends with success and nothing, or with a failure."""
    last, received = get(target, "STUDY", StudyInstanceUID=new_uid())
    expect(last.Status == 0 or last.Status >> 12 in (0xA, 0xC), "0000H or a failure", f"{last.Status:04X}H")
    expect_equal(len(received), 0, "number of objects")


@check("get.implicit-only", "PS3.5, 10.1")
def implicit_only(target: Target) -> None:
    """Who takes only Implicit VR Little Endian gets the object in it."""
    one = target.set.alpha[0]
    keys = {"StudyInstanceUID": one.study_uid, "SeriesInstanceUID": one.series_uid, "SOPInstanceUID": one.uid}
    last, received = get(target, "IMAGE", [IMPLICIT], [DX], **keys)
    expect_equal((last.Status, len(received)), (0x0000, 1), "final status and number of objects")
    expect(bytes(received[0].PixelData)[: len(one.pixels)] == one.pixels, "identical pixel data", "other bytes")


@check("get.class-not-accepted", "PS3.4, C.4.3.1.4")
def class_not_accepted(target: Target) -> None:
    """An object of a class that the asker does not take counts as failed; the others come, and the end is B000H."""
    last, received = get(target, "STUDY", PLAIN, [DX], StudyInstanceUID=target.set.study_uids[0])
    expect_equal(len(received), 2, "number of objects")
    expect_equal(last.Status, 0xB000, "final status")
    expect_equal(last.get("NumberOfFailedSuboperations"), 1, "failed sub-operations")


@check("get.no-level", "PS3.4, C.4.3.1.4", "should")
def no_level(target: Target) -> None:
    """A request without a level ends with a failure."""
    last, _ = get(target, "", StudyInstanceUID=target.set.study_uids[0])
    expect(last.Status >> 12 in (0xA, 0xC), "a failure", f"{last.Status:04X}H")
