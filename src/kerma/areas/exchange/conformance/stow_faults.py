"""Checks of what storing over DICOMweb does with what is wrong (PS3.18, 10.5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.exchange.conformance.model import NotOffered, check, expect, expect_equal
from kerma.areas.exchange.conformance.multipart import compose
from kerma.areas.exchange.conformance.objects import body_of, new_uid
from kerma.areas.exchange.conformance.stow import (
    FAILED,
    IMAGE_UID,
    OTHER_FAILURES,
    expect_absent,
    expect_there,
    store,
)
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import JSON, value, values

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@check("stow.wrong-study", "PS3.18, 10.5.3.1", needs="own")
def wrong_study(target: Target) -> None:
    """An object sent to the address of another study is refused: 409, and not stored."""
    sent = target.set.another()
    store(target, sent, path=f"/studies/{new_uid()}").expect(409, 400)
    expect_absent(target, sent)


@check("stow.wrong-study-told", "PS3.18, Table I.1-1", "should", needs="own")
def wrong_study_told(target: Target) -> None:
    """The refusal of an object of another study names it in the Failed SOP Sequence with a reason."""
    sent = target.set.another()
    answer = store(target, sent, path=f"/studies/{new_uid()}").expect(409)
    items = values(answer.dataset, FAILED)
    expect_equal([value(item, IMAGE_UID) for item in items], [sent.uid], "failed objects")
    expect(value(items[0], "00081197"), "Failure Reason (0008,1197)", "none")


@check("stow.garbage", "PS3.18, 10.5.3.1", needs="own")
def garbage(target: Target) -> None:
    """A part that is no DICOM file is refused without an error of the server."""
    body, content_type = compose([("application/dicom", b"this is no DICOM file" * 20)], "application/dicom")
    answer = target.web.post("/studies", body, content_type)
    expect(400 <= answer.status < 500, "a status of 400 to 499", answer.status)


@check("stow.garbage-told", "PS3.18, Table I.1-1", "should", needs="own")
def garbage_told(target: Target) -> None:
    """A part that cannot be read is told in the answer's Other Failures Sequence."""
    body, content_type = compose([("application/dicom", b"this is no DICOM file" * 20)], "application/dicom")
    answer = target.web.post("/studies", body, content_type).expect(409, 400)
    if answer.media_type != JSON:
        raise NotOffered("the refusal has no dataset")
    told = values(answer.dataset, OTHER_FAILURES) + values(answer.dataset, FAILED)
    expect(told, "an item in Other Failures Sequence (0008,119A)", "none")


@check("stow.mixed", "PS3.18, 10.5.3.1", needs="own")
def mixed(target: Target) -> None:
    """Of a good and an unreadable part the good one is stored, and the answer is 202."""
    sent = target.set.another()
    parts = [("application/dicom", sent.data), ("application/dicom", b"no DICOM" * 50)]
    body, content_type = compose(parts, "application/dicom")
    target.web.post("/studies", body, content_type).expect(202)
    expect_there(target, sent)


@check("stow.truncated", "PS3.18, 10.5.3.1", needs="own")
def truncated(target: Target) -> None:
    """A file that ends in the middle of its pixel data is refused, and nothing half is stored."""
    sent = target.set.another()
    body, content_type = compose([("application/dicom", sent.data[:-500])], "application/dicom")
    answer = target.web.post("/studies", body, content_type)
    expect(400 <= answer.status < 500, "a status of 400 to 499", answer.status)
    expect_absent(target, sent)


@check("stow.media-type", "PS3.18, 10.5.3.1", needs="own")
def media_type(target: Target) -> None:
    """A payload of a type that is not supported is answered with 415."""
    target.web.post("/studies", b"plain", "text/plain").expect(415)


@check("stow.no-boundary", "PS3.18, 8.6.1.2", needs="own")
def no_boundary(target: Target) -> None:
    """multipart/related without a boundary is answered with 400 or 415."""
    content_type = 'multipart/related; type="application/dicom"'
    target.web.post("/studies", b"--x\r\n\r\n--x--", content_type).expect(400, 415)


@check("stow.empty", "PS3.18, 10.5.3.1", "should", needs="own")
def empty(target: Target) -> None:
    """A request without any part is answered with 400."""
    target.web.post("/studies", b"", 'multipart/related; type="application/dicom"; boundary=x').expect(400)


@check("stow.not-acceptable", "PS3.18, 8.7.8", "should", needs="own")
def not_acceptable(target: Target) -> None:
    """An answer asked for in a type that is not supported is answered with 406."""
    store(target, target.set.another(), accept="image/x-none").expect(406)


@check("stow.without-uid", "PS3.18, 10.5.3.1", "should", needs="own")
def without_uid(target: Target) -> None:
    """An object without SOP Instance UID, or without study, is refused without an error of the server."""
    for keyword in ("SOPInstanceUID", "StudyInstanceUID"):
        wrong = target.set.another()
        del wrong.dataset[keyword]
        body, content_type = compose([("application/dicom", _forced(wrong.dataset))], "application/dicom")
        answer = target.web.post("/studies", body, content_type)
        expect(400 <= answer.status < 500, f"a status of 400 to 499 without {keyword}", answer.status)


@check("stow.hostile-uid", "PS3.5, 9.1", "should", needs="own")
def hostile_uid(target: Target) -> None:
    """A UID that is a path into the file system is refused."""
    sent = target.set.another()
    sent.dataset.SOPInstanceUID = "../../../../tmp/x"
    body, content_type = compose([("application/dicom", _forced(sent.dataset))], "application/dicom")
    answer = target.web.post("/studies", body, content_type)
    expect(400 <= answer.status < 500, "a status of 400 to 499", answer.status)


@check("stow.lone-file", "PS3.18, 8.6.1.1", "may", needs="own")
def lone_file(target: Target) -> None:
    """One DICOM file as the whole payload, without multipart, is stored."""
    sent = target.set.another()
    answer = target.web.post("/studies", sent.data, "application/dicom")
    if answer.status in (400, 415):
        raise NotOffered(f"application/dicom without multipart is answered with {answer.status}")
    answer.expect(200)
    expect_there(target, sent)


@check("stow.preamble", "PS3.10, 7.1", needs="own")
def preamble(target: Target) -> None:
    """A file whose preamble is not empty is a DICOM file like any other."""
    sent = target.set.another()
    body, content_type = compose([("application/dicom", b"II*\0" + bytes(124) + sent.data[128:])], "application/dicom")
    target.web.post("/studies", body, content_type).expect(200, 202)


@check("stow.many-parts", "PS3.18, 8.5", needs="own", rough=True)
def many_parts(target: Target) -> None:
    """Two thousand empty parts are refused without an error of the server."""
    body, content_type = compose([("application/dicom", b"")] * 2000, "application/dicom")
    answer = target.web.post("/studies", body, content_type)
    expect(400 <= answer.status < 500, "a status of 400 to 499", answer.status)


def _forced(dataset: Dataset) -> bytes:
    """Write a dataset that breaks the rules of a file."""
    import io
    import warnings

    from pydicom.filewriter import write_file_meta_info

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = io.BytesIO()
        meta = dataset.file_meta
        meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", new_uid())
        write_file_meta_info(stream, meta, enforce_standard=True)
        return bytes(128) + b"DICM" + stream.getvalue() + body_of(dataset)
