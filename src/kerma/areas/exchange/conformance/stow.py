"""Checks of storing over DICOMweb (STOW-RS, PS3.18, 10.5)."""

from __future__ import annotations

import base64
import json
from typing import Any

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.multipart import compose
from kerma.areas.exchange.conformance.objects import (
    EXPLICIT,
    HTJ2K,
    JPEG_2000,
    JPEG_LOSSLESS,
    JPEG_LS,
    RLE,
    Instance,
    compressed,
)
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import DICOM_AS_STORED, JSON, Answer, value, values

REFERENCED, FAILED, OTHER_FAILURES = "00081199", "00081198", "0008119A"
CLASS_UID, IMAGE_UID, RETRIEVE_URL, FAILURE_REASON = "00081150", "00081155", "00081190", "00081197"


def _offered(target: Target) -> str:
    answer = target.web.post("/studies", b"", "text/x-none")
    return f"POST /studies answers {answer.status}" if answer.status in (404, 405, 501, 401, 403) else ""


SERVICE = Service("stow", "STOW-RS: store", "web", _offered)


def store(target: Target, *instances: Instance, path: str = "/studies", accept: str = JSON) -> Answer:
    """Send objects as DICOM files."""
    body, content_type = compose([("application/dicom", one.data) for one in instances], "application/dicom")
    return target.web.post(path, body, content_type, accept=accept)


def store_compressed(target: Target, transfer_syntax_uid: str) -> Instance:
    """Store a new compressed object and return it."""
    sent = compressed(target.set.another(), transfer_syntax_uid)
    answer = store(target, sent)
    if answer.status in (202, 409) and _reason(answer) in (0x0122, 0x0124, 0xC122, 0xA900):
        raise NotOffered(f"the transfer syntax is refused with {answer.status}")
    answer.expect(200)
    return sent


def expect_there(target: Target, one: Instance) -> None:
    """Expect an object to come back with the pixel data that were sent."""
    from kerma.areas.exchange.conformance.wado import read

    got = read(target.web.get(one.path, accept=DICOM_AS_STORED).expect(200).part.content)
    expect(bytes(got.PixelData) == bytes(one.dataset.PixelData), "identical pixel data", "other bytes")


def expect_absent(target: Target, one: Instance) -> None:
    """Expect an object not to be there."""
    target.web.get(one.path, accept=DICOM_AS_STORED).expect(404, 410)


@check("stow.one", "PS3.18, 10.5.3.1", needs="own")
def one(target: Target) -> None:
    """An object that is stored is answered with 200 and comes back."""
    sent = target.set.another()
    store(target, sent).expect(200)
    expect_there(target, sent)


@check("stow.response-type", "PS3.18, 10.5.3.2", needs="own")
def response_type(target: Target) -> None:
    """The answer to storing is application/dicom+json when that is asked for."""
    store(target, target.set.another()).expect(200).expect_type(JSON)


@check("stow.response-xml", "PS3.18, 10.5.4", "should", needs="own")
def response_xml(target: Target) -> None:
    """The answer to storing is application/dicom+xml when that is asked for."""
    answer = store(target, target.set.another(), accept="application/dicom+xml")
    if answer.status == 406:
        raise NotOffered("application/dicom+xml is answered with 406")
    answer.expect(200).expect_type("application/dicom+xml")


@check("stow.referenced", "PS3.18, Table I.1-1", needs="own")
def referenced(target: Target) -> None:
    """The Referenced SOP Sequence names each stored object with class and instance."""
    sent = target.set.another()
    item = _referenced(store(target, sent).expect(200))[0]
    got = (value(item, CLASS_UID), value(item, IMAGE_UID))
    expect_equal(got, (sent.sop_class_uid, sent.uid), "class and instance")


@check("stow.referenced-url", "PS3.18, Table I.1-1", needs="own")
def referenced_url(target: Target) -> None:
    """The Referenced SOP Sequence has the Retrieve URL of the object, and there it is."""
    item = _referenced(store(target, target.set.another()).expect(200))[0]
    address = value(item, RETRIEVE_URL)
    expect(address, "Retrieve URL (0008,1190)", "none")
    target.web.get(target.web.resolve(address, "/studies"), accept=DICOM_AS_STORED).expect(200)


@check("stow.study-url", "PS3.18, Table I.1-1", needs="own")
def study_url(target: Target) -> None:
    """The answer has the Retrieve URL of the study."""
    answer = store(target, target.set.another()).expect(200)
    expect(RETRIEVE_URL in answer.dataset, "Retrieve URL (0008,1190)", list(answer.dataset))


@check("stow.no-failures", "PS3.18, Table I.1-1", "should", needs="own")
def no_failures(target: Target) -> None:
    """When everything is stored there are no items in the failure sequences."""
    answer = store(target, target.set.another()).expect(200)
    failures = values(answer.dataset, FAILED) + values(answer.dataset, OTHER_FAILURES)
    expect_equal(len(failures), 0, "number of failures")


@check("stow.several", "PS3.18, 10.5.1", needs="own")
def several(target: Target) -> None:
    """Several objects in one request are all stored."""
    sent = [target.set.another() for _ in range(3)]
    got = sorted(str(value(item, IMAGE_UID)) for item in _referenced(store(target, *sent).expect(200)))
    expect_equal(got, sorted(one.uid for one in sent), "SOP Instance UIDs")


@check("stow.to-study", "PS3.18, 10.5.1.1", needs="own")
def to_study(target: Target) -> None:
    """An object is stored into the study that the address names."""
    sent = target.set.another()
    store(target, sent, path=f"/studies/{sent.study_uid}").expect(200)
    expect_there(target, sent)


@check("stow.findable", "PS3.18, 10.5.2", "should", needs="own")
def findable(target: Target) -> None:
    """What was acknowledged is found at once."""
    sent = target.set.another()
    store(target, sent).expect(200)
    answer = target.web.get("/studies", {"StudyInstanceUID": sent.study_uid}).expect(200)
    expect_equal(len(answer.datasets), 1, "number of studies")


@check("stow.again", "PS3.18, 10.5.2", needs="own")
def again(target: Target) -> None:
    """The very same object sent again makes no error of the server and no second instance."""
    sent = target.set.another()
    store(target, sent).expect(200)
    store(target, sent).expect(200, 202, 409)
    answer = target.web.get(f"/studies/{sent.study_uid}/instances").expect(200)
    expect_equal(len(answer.datasets), 1, "number of instances")


@check("stow.twice-in-one", "PS3.18, 10.5.2", needs="own")
def twice_in_one(target: Target) -> None:
    """The same object twice in one request is stored once."""
    sent = target.set.another()
    store(target, sent, sent).expect(200, 202)
    answer = target.web.get(f"/studies/{sent.study_uid}/instances").expect(200)
    expect_equal(len(answer.datasets), 1, "number of instances")


@check("stow.other-content", "PS3.18, 10.5.2", "should", needs="own")
def other_content(target: Target) -> None:
    """Another object under the same UID does not silently take the place of the first."""
    sent = target.set.another()
    store(target, sent).expect(200)
    forged = target.set.another(StudyInstanceUID=sent.study_uid, SeriesInstanceUID=sent.series_uid)
    forged.dataset.SOPInstanceUID = forged.dataset.file_meta.MediaStorageSOPInstanceUID = sent.uid
    forged.dataset.PixelData = bytes(len(forged.dataset.PixelData))
    answer = store(target, forged)
    expect(answer.status < 500, "no status of 500 and above", answer.status)
    expect_there(target, sent)


@check("stow.metadata-and-bulkdata", "PS3.18, 10.5.1.2", needs="own")
def metadata_and_bulkdata(target: Target) -> None:
    """An object sent as JSON metadata with its pixel data as a bulk part is stored and comes back with its pixels."""
    sent = target.set.another()
    body, content_type = compose(
        [
            (f"{JSON}; transfer-syntax={EXPLICIT}", json.dumps([_metadata(sent, "bulk/1")]).encode()),
            ("application/octet-stream", sent.pixels, "bulk/1"),
        ],
        JSON,
    )
    answer = target.web.post("/studies", body, content_type)
    if answer.status == 415:
        raise NotOffered(f"multipart/related of {JSON} is answered with 415")
    answer.expect(200)
    expect_there(target, sent)


@check("stow.metadata-inline", "PS3.18, 10.5.1.2", "may", needs="own")
def metadata_inline(target: Target) -> None:
    """An object sent as JSON metadata with inline pixel data is stored."""
    sent = target.set.another()
    document = _metadata(sent, "")
    document["7FE00010"] = {"vr": "OW", "InlineBinary": base64.b64encode(sent.pixels).decode()}
    body, content_type = compose([(f"{JSON}; transfer-syntax={EXPLICIT}", json.dumps([document]).encode())], JSON)
    answer = target.web.post("/studies", body, content_type)
    if answer.status in (400, 409, 415):
        raise NotOffered(f"inline pixel data are answered with {answer.status}")
    answer.expect(200)


@check("stow.metadata-without-bulkdata", "PS3.18, 10.5.1.2", needs="own")
def metadata_without_bulkdata(target: Target) -> None:
    """Metadata that refer to a bulk part which did not come are refused, and nothing is stored."""
    sent = target.set.another()
    body, content_type = compose([(JSON, json.dumps([_metadata(sent, "bulk/nowhere")]).encode())], JSON)
    target.web.post("/studies", body, content_type).expect(400, 409, 415)
    expect_absent(target, sent)


@check("stow.rle", "PS3.18, 10.5.4", "should", needs="own")
def rle(target: Target) -> None:
    """An object in RLE lossless is stored as it is."""
    expect_there(target, store_compressed(target, RLE))


@check("stow.jpeg-ls", "PS3.18, 10.5.4", "should", needs="own")
def jpeg_ls(target: Target) -> None:
    """An object in JPEG-LS lossless is stored as it is."""
    expect_there(target, store_compressed(target, JPEG_LS))


@check("stow.jpeg-2000", "PS3.18, 10.5.4", "should", needs="own")
def jpeg_2000(target: Target) -> None:
    """An object in JPEG 2000 lossless is stored as it is."""
    expect_there(target, store_compressed(target, JPEG_2000))


@check("stow.htj2k", "PS3.18, 10.5.4", "may", needs="own")
def htj2k(target: Target) -> None:
    """An object in High-Throughput JPEG 2000 lossless is stored as it is."""
    expect_there(target, store_compressed(target, HTJ2K))


@check("stow.jpeg-lossless", "PS3.18, 10.5.4", "should", needs="own")
def jpeg_lossless(target: Target) -> None:
    """An object in JPEG lossless is stored as it is."""
    expect_there(target, store_compressed(target, JPEG_LOSSLESS))


def _referenced(answer: Answer) -> list[dict[str, Any]]:
    items = values(answer.dataset, REFERENCED)
    expect(items, "a Referenced SOP Sequence (0008,1199) with items", "none")
    return items


def _reason(answer: Answer) -> int:
    """Return the first Failure Reason of an answer, or 0."""
    if answer.media_type != JSON:
        return 0
    items = values(answer.dataset, FAILED)
    return int(value(items[0], FAILURE_REASON) or 0) if items else 0


def _metadata(sent: Instance, location: str) -> dict[str, Any]:
    document: dict[str, Any] = sent.dataset.to_json_dict(1024, lambda _: location)
    document["00083002"] = {"vr": "UI", "Value": [EXPLICIT]}
    document["7FE00010"] = {"vr": "OW", "BulkDataURI": location}
    return dict(sorted(document.items()))
