"""Checks of C-STORE: every lossless transfer syntax comes back as it went (PS3.4, B; PS3.7, 9.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.exchange.conformance.get import fetch
from kerma.areas.exchange.conformance.model import NotOffered, NotRun, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import outcome
from kerma.areas.exchange.conformance.objects import (
    BIG_ENDIAN,
    DEFLATED,
    DX,
    EXPLICIT,
    HTJ2K,
    IMPLICIT,
    JPEG_2000,
    JPEG_LOSSLESS,
    JPEG_LS,
    RLE,
    Instance,
    body_of,
    compressed,
    new_uid,
)
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import DICOM_AS_STORED

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def _offered(target: Target) -> str:
    line = target.network.propose([(DX, [IMPLICIT, EXPLICIT])])
    if not line.is_established:
        return f"no storage of digital radiographs: {outcome(line)}"
    line.release()
    return ""


SERVICE = Service("store", "DIMSE: C-STORE", "network", _offered)


@check("store.explicit", "PS3.4, B.2.3", needs="own")
def explicit(target: Target) -> None:
    """An object in Explicit VR Little Endian is stored and comes back with its pixel data."""
    _round_trip(target, EXPLICIT)


@check("store.implicit", "PS3.5, 10.1", needs="own")
def implicit(target: Target) -> None:
    """An object in Implicit VR Little Endian, which everybody must take, is stored and comes back."""
    _round_trip(target, IMPLICIT)


@check("store.big-endian", "PS3.5, A.3 (retired)", "may", needs="own")
def big_endian(target: Target) -> None:
    """An object in Explicit VR Big Endian is stored and comes back."""
    _round_trip(target, BIG_ENDIAN)


@check("store.deflated", "PS3.5, A.5", "may", needs="own")
def deflated(target: Target) -> None:
    """An object in Deflated Explicit VR Little Endian is stored and comes back."""
    _round_trip(target, DEFLATED)


@check("store.rle", "PS3.5, A.4.2", "may", needs="own")
def rle(target: Target) -> None:
    """An object in RLE is stored and comes back with the same compressed frames."""
    _round_trip(target, RLE)


@check("store.jpeg-lossless", "PS3.5, A.4.1", "may", needs="own")
def jpeg_lossless(target: Target) -> None:
    """An object in JPEG lossless is stored and comes back with the same compressed frames."""
    _round_trip(target, JPEG_LOSSLESS)


@check("store.jpeg-ls", "PS3.5, A.4.3", "may", needs="own")
def jpeg_ls(target: Target) -> None:
    """An object in JPEG-LS is stored and comes back with the same compressed frames."""
    _round_trip(target, JPEG_LS)


@check("store.jpeg-2000", "PS3.5, A.4.4", "may", needs="own")
def jpeg_2000(target: Target) -> None:
    """An object in JPEG 2000 is stored and comes back with the same compressed frames."""
    _round_trip(target, JPEG_2000)


@check("store.htj2k", "PS3.5, A.4.12", "may", needs="own")
def htj2k(target: Target) -> None:
    """An object in High-Throughput JPEG 2000 is stored and comes back with the same compressed frames."""
    _round_trip(target, HTJ2K)


@check("store.several", "PS3.4, B.2.1", needs="own")
def several(target: Target) -> None:
    """Five objects on one association are all stored."""
    sent = [target.set.another() for _ in range(5)]
    expect_equal(target.network.store(sent), [0] * 5, "statuses")


@check("store.again", "PS3.4, B.2.3", needs="own")
def again(target: Target) -> None:
    """The very same object sent again is answered with success or a warning."""
    sent = target.set.another()
    for status in target.network.store([sent, sent]):
        expect(status == 0 or status >> 12 == 0xB, "0000H or a warning", f"{status:04X}H")


@check("store.multi-frame", "PS3.4, B.5", needs="set")
def multi_frame(target: Target) -> None:
    """A multi-frame object is stored and comes back with all of its frames."""
    many = target.set.alpha[2]
    expect_equal(target.network.store([many]), [0], "statuses")
    expect(bytes(_fetched(target, many).PixelData) == many.pixels, "identical pixel data", "other bytes")


@check("store.other-uid", "PS3.4, B.2.3", "should", needs="own")
def other_uid(target: Target) -> None:
    """A data set whose SOP Instance UID is not that of the command is not acknowledged with success."""
    sent = target.set.another()
    with target.network.association([(DX, [EXPLICIT])]) as line:
        status = target.network.store_bytes(line, new_uid(), body_of(sent.dataset))
    expect(status, "a warning or failure, such as A900H", f"{status:04X}H")


@check("store.garbage", "PS3.4, B.2.3", needs="own")
def garbage(target: Target) -> None:
    """A data set that cannot be understood is answered with a failure such as C000H, or with A-ABORT."""
    data = b"\x08\x00\x05\x00ZZ\xff\xff" + b"garbage!" * 40
    with target.network.association([(DX, [EXPLICIT])]) as line:
        status = target.network.store_bytes(line, new_uid(), data, may_abort=True)
    if status is None:
        return
    expect(status >> 12 in (0xA, 0xC) or status >> 8 == 0x01, "a failure", f"{status:04X}H")


@check("store.name-in-kanji", "PS3.5, 6.1.2", needs="set")
def name_in_kanji(target: Target) -> None:
    """A name in ISO 2022 IR 87 comes back with the bytes that were sent."""
    one = target.set.beta[0]
    expect_equal(target.network.store([one]), [0], "statuses")
    got = _fetched(target, one)
    expect_equal(str(got.PatientName), str(one.dataset.PatientName), "Patient's Name")


@check("store.private-class", "PS3.4, B.1", "may", needs="own")
def private_class(target: Target) -> None:
    """An object of a class that nobody knows is stored, where the archive takes such."""
    sent = target.set.another()
    sent.dataset.SOPClassUID = sent.dataset.file_meta.MediaStorageSOPClassUID = "2.25.314159265358979"
    line = target.network.propose([("2.25.314159265358979", [EXPLICIT])])
    if not line.is_established or not line.accepted_contexts:
        raise NotOffered("the presentation context is refused")
    try:
        expect_equal(target.network.store_on(line, sent), 0, "status")
    finally:
        line.release()


def _made(target: Target, syntax: str) -> Instance:
    one = target.set.another()
    if syntax in (EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED):
        if syntax == BIG_ENDIAN:
            one.dataset.PixelData = one.dataset.pixel_array.astype(">u2").tobytes()
        one.dataset.file_meta.TransferSyntaxUID = syntax
        one.dataset["PixelData"].VR = "OW"
        return one
    return compressed(one, syntax)


def _round_trip(target: Target, syntax: str) -> None:
    sent = _made(target, syntax)
    line = target.network.propose([(DX, [syntax])])
    try:
        if not line.is_established or not line.accepted_contexts:
            raise NotOffered("the transfer syntax is refused")
        expect_equal(target.network.store_on(line, sent), 0x0000, "status")
    finally:
        if line.is_established:
            line.release()
    got = _fetched(target, sent, syntax)
    if str(got.file_meta.TransferSyntaxUID) == syntax:
        expect(bytes(got.PixelData) == bytes(sent.dataset.PixelData), "identical pixel data", "other bytes")
    else:
        same = (got.pixel_array == sent.dataset.pixel_array).all() if sent.samples is None else False
        expect(same, "the same samples", f"other samples, or {got.file_meta.TransferSyntaxUID}")


def _fetched(target: Target, one: Instance, syntax: str = EXPLICIT) -> Dataset:
    """Get an object back, over C-GET or else over the web."""
    try:
        return fetch(target, one, syntax)
    except (NotOffered, NotRun):
        if target.doors[0] is None:
            raise
    from kerma.areas.exchange.conformance.wado import read

    return read(target.web.get(one.path, accept=DICOM_AS_STORED).expect(200).part.content)
