"""Checks of metadata and bulk data over DICOMweb (PS3.18, 10.4.1.1.2 and 10.4.1.1.5)."""

from __future__ import annotations

from typing import Any

from kerma.areas.exchange.conformance.model import NotOffered, NotRun, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.objects import MARK, new_uid
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import JSON, OCTETS, Answer, value

PIXEL_DATA = "7FE00010"


def _offered(target: Target) -> str:
    answer = target.web.get(f"/studies/{new_uid()}/metadata")
    is_missing = answer.status in (404, 204, 410)
    return "" if is_missing else f"GET …/metadata of a study that is not there answers {answer.status}"


SERVICE = Service("metadata", "WADO-RS: metadata and bulk data", "web", _offered)


@check("metadata.study", "PS3.18, 10.4.1.1.2")
def study(target: Target) -> None:
    """The metadata of a study have one dataset for each of its instances."""
    one = target.set.alpha[0]
    _expect_uids(target.web.get(f"/studies/{one.study_uid}/metadata"), [each.uid for each in target.set.alpha])


@check("metadata.series", "PS3.18, 10.4.1.1.2")
def series(target: Target) -> None:
    """The metadata of a series have one dataset for each of its instances, and no others."""
    one = target.set.alpha[0]
    path = f"/studies/{one.study_uid}/series/{one.series_uid}/metadata"
    _expect_uids(target.web.get(path), [each.uid for each in target.set.alpha[:2]])


@check("metadata.instance", "PS3.18, 10.4.1.1.2")
def instance(target: Target) -> None:
    """The metadata of an instance have its attributes."""
    got = _metadata(target)
    expect_equal(value(got, "00100020"), target.set.alpha[0].dataset.PatientID, "Patient ID")
    expect_equal((value(got, "00280010"), value(got, "00280011")), (24, 32), "rows and columns")


@check("metadata.complete", "PS3.18, 10.4.1.1.2")
def complete(target: Target) -> None:
    """The metadata hold every attribute that was stored, sequences included."""
    got = _metadata(target)
    tags = [f"{element.tag:08X}" for element in target.set.alpha[0].dataset]
    missing = [tag for tag in tags if tag not in got]
    expect(not missing, "every attribute", f"without {', '.join(missing)}")
    region = value(got, "00082218")
    expect_equal(value(region or {}, "00080100"), "43799004", "code of the Anatomic Region Sequence")


@check("metadata.default-media-type", "PS3.18, 10.4.4")
def default_media_type(target: Target) -> None:
    """Metadata come as application/dicom+json with Accept: */*."""
    target.web.get(target.set.alpha[0].path + "/metadata", accept="*/*").expect(200).expect_type(JSON)


@check("metadata.plain-json", "PS3.18, 8.7.3.2", "may")
def plain_json(target: Target) -> None:
    """Accept: application/json is understood as DICOM JSON."""
    answer = target.web.get(target.set.alpha[0].path + "/metadata", accept="application/json")
    if answer.status == 406:
        raise NotOffered("application/json is answered with 406")
    answer.expect(200).expect_type(JSON, "application/json")


@check("metadata.xml", "PS3.18, 8.7.3.2", "should")
def xml(target: Target) -> None:
    """Metadata asked for in XML come as multipart/related with one part for each instance."""
    accept = 'multipart/related; type="application/dicom+xml"'
    answer = target.web.get(target.set.alpha[0].path + "/metadata", accept=accept)
    if answer.status == 406:
        raise NotOffered("application/dicom+xml is answered with 406")
    expect(b"NativeDicomModel" in answer.expect(200).part.content, "NativeDicomModel", "none")


@check("metadata.not-acceptable", "PS3.18, 8.7.8")
def not_acceptable(target: Target) -> None:
    """A media type that is not supported is answered with 406."""
    target.web.get(target.set.alpha[0].path + "/metadata", accept="image/x-none").expect(406)


@check("metadata.names", "PS3.18, F.2.2")
def names(target: Target) -> None:
    """Names come in UTF-8, with the groups of the stored name."""
    got = value(_metadata(target, target.set.beta[0].path), "00100010") or {}
    expect_equal(got.get("Ideographic"), "山田^太郎", "ideographic name")
    got = value(_metadata(target, target.set.gamma[0].path), "00100010") or {}
    expect_equal(got.get("Alphabetic"), f"{MARK}^MÜLLER", "alphabetic name")


@check("metadata.numbers", "PS3.18, F.2.2", "should")
def numbers(target: Target) -> None:
    """Values of DS and IS are JSON numbers; those of US are in any case."""
    got = _metadata(target)
    expect(isinstance(value(got, "00280010"), int), "Rows as a number", value(got, "00280010"))
    expect(isinstance(value(got, "00281050"), int | float), "Window Center as a number", value(got, "00281050"))


@check("metadata.no-pixels", "PS3.18, 10.4.1.1.2")
def no_pixels(target: Target) -> None:
    """Pixel data are not inside the metadata but referred to by a BulkDataURI, or left out."""
    element = _metadata(target).get(PIXEL_DATA)
    expect(element is None or "InlineBinary" not in element, "no InlineBinary in (7FE0,0010)", "InlineBinary")


@check("metadata.no-file-meta", "PS3.18, F.2.2", "should")
def no_file_meta(target: Target) -> None:
    """Elements of group 0002 are not part of the dataset."""
    found = [tag for tag in _metadata(target) if tag.startswith("0002")]
    expect(not found, "no element of group 0002", found)


@check("metadata.unknown", "PS3.18, 10.4.3.1")
def unknown(target: Target) -> None:
    """Metadata of what is not there are answered with 404."""
    one = target.set.alpha[0]
    for path in (f"/studies/{new_uid()}", f"/studies/{one.study_uid}/series/{new_uid()}"):
        target.web.get(path + "/metadata").expect(404, 410)


@check("metadata.bulkdata", "PS3.18, 10.4.1.1.5")
def bulkdata(target: Target) -> None:
    """The BulkDataURI of the pixel data gives the stored pixels."""
    one = target.set.alpha[0]
    answer = target.web.get(_bulk_address(target), accept=OCTETS).expect(200)
    got = answer.part.content if answer.media_type == "multipart/related" else answer.body
    expect(got[: len(one.pixels)] == one.pixels, "the stored pixels", f"{len(got)} other bytes")


@check("metadata.bulkdata-single", "PS3.18, 8.6.1.1", "may")
def bulkdata_single(target: Target) -> None:
    """Bulk data asked for as application/octet-stream come without multipart."""
    answer = target.web.get(_bulk_address(target), accept="application/octet-stream")
    if answer.status == 406:
        raise NotOffered("application/octet-stream is answered with 406")
    answer.expect(200).expect_type("application/octet-stream")
    one = target.set.alpha[0]
    expect(answer.body[: len(one.pixels)] == one.pixels, "the stored pixels", f"{len(answer.body)} other bytes")


@check("metadata.bulkdata-range", "PS3.18, 8.4.1; RFC 9110, 14.2", "may")
def bulkdata_range(target: Target) -> None:
    """A range of bulk data comes as 206 with exactly those bytes."""
    answer = target.web.get(_bulk_address(target), accept="application/octet-stream", range="bytes=10-19")
    if answer.status in (200, 406):
        raise NotOffered(f"the Range header field is answered with {answer.status}")
    expect_equal(answer.expect(206).body, target.set.alpha[0].pixels[10:20], "content")


@check("metadata.bulkdata-range-beyond", "RFC 9110, 14.4", "may")
def bulkdata_range_beyond(target: Target) -> None:
    """A range beyond the end is answered with 416."""
    answer = target.web.get(_bulk_address(target), accept="application/octet-stream", range="bytes=99999999-")
    if answer.status in (200, 406):
        raise NotOffered(f"the Range header field is answered with {answer.status}")
    answer.expect(416)


def _metadata(target: Target, path: str = "") -> dict[str, Any]:
    return target.web.get((path or target.set.alpha[0].path) + "/metadata").expect(200).expect_type(JSON).dataset


def _bulk_address(target: Target) -> str:
    path = target.set.alpha[0].path + "/metadata"
    element = target.web.get(path).expect(200).dataset.get(PIXEL_DATA) or {}
    if not element.get("BulkDataURI"):
        raise NotRun("the metadata have no BulkDataURI for the pixel data")
    return target.web.resolve(element["BulkDataURI"], path)


def _expect_uids(answer: Answer, uids: list[str]) -> None:
    got = sorted(str(value(one, "00080018")) for one in answer.expect(200).datasets)
    expect_equal(got, sorted(uids), "SOP Instance UIDs")
