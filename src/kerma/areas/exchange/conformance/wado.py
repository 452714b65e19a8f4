"""Checks of retrieving objects over DICOMweb (WADO-RS, PS3.18, 10.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.objects import (
    EXPLICIT,
    HTJ2K,
    IMPLICIT,
    JPEG_2000,
    JPEG_LOSSLESS,
    JPEG_LS,
    RLE,
    Instance,
    new_uid,
)
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import DICOM, DICOM_AS_STORED, Answer

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset


DECODERS = {JPEG_LS: "jpegls_decode", HTJ2K: "htj2k_decode", JPEG_2000: "jpeg2k_decode", JPEG_LOSSLESS: "ljpeg_decode"}


def _offered(target: Target) -> str:
    answer = target.web.get(f"/studies/{new_uid()}", accept=DICOM)
    is_missing = answer.status in (404, 204, 410)
    return "" if is_missing else f"GET /studies/{{a study that is not there}} answers {answer.status}"


SERVICE = Service("wado", "WADO-RS: retrieve", "web", _offered)


@check("wado.study", "PS3.18, 10.4.1.1.1")
def study(target: Target) -> None:
    """A study comes as multipart/related with one part for each of its instances."""
    one = target.set.alpha[0]
    _expect_all(target.web.get(f"/studies/{one.study_uid}", accept=DICOM), target.set.alpha)


@check("wado.series", "PS3.18, 10.4.1.1.1")
def series(target: Target) -> None:
    """A series comes with its own instances and no others."""
    one = target.set.alpha[0]
    path = f"/studies/{one.study_uid}/series/{one.series_uid}"
    _expect_all(target.web.get(path, accept=DICOM), target.set.alpha[:2])


@check("wado.instance", "PS3.18, 10.4.1.1.1")
def instance(target: Target) -> None:
    """An instance comes as the only part."""
    _expect_all(target.web.get(target.set.alpha[0].path, accept=DICOM), target.set.alpha[:1])


@check("wado.default-media-type", "PS3.18, 8.7.5", "should")
def default_media_type(target: Target) -> None:
    """With Accept: */* an instance comes as application/dicom."""
    answer = target.web.get(target.set.alpha[0].path, accept="*/*").expect(200)
    told = answer.media_type if answer.media_type != "multipart/related" else answer.part.media_type
    expect_equal(told, "application/dicom", "media type")


@check("wado.unquoted-type", "PS3.18, 8.7.7", "should")
def unquoted_type(target: Target) -> None:
    """The type parameter is understood without quotes too."""
    accept = "multipart/related; type=application/dicom"
    target.web.get(target.set.alpha[0].path, accept=accept).expect(200).expect_type("multipart/related")


@check("wado.part-type", "PS3.18, 8.6.1.2")
def part_type(target: Target) -> None:
    """Each part says that it is application/dicom, and the whole says so in its type parameter."""
    answer = target.web.get(target.set.alpha[0].path, accept=DICOM).expect(200)
    expect_equal(answer.part.media_type, "application/dicom", "part's Content-Type")
    expect(
        "application/dicom" in answer.header("Content-Type"), 'type="application/dicom"', answer.header("Content-Type")
    )


@check("wado.single-part", "PS3.18, 8.6.1.1", "should")
def single_part(target: Target) -> None:
    """Asked for as application/dicom, one instance comes by itself, without multipart."""
    answer = target.web.get(target.set.alpha[0].path, accept="application/dicom")
    if answer.status == 406:
        raise NotOffered("Accept: application/dicom is answered with 406")
    answer.expect(200).expect_type("application/dicom")
    expect_equal(str(read(answer.body).SOPInstanceUID), target.set.alpha[0].uid, "SOP Instance UID")


@check("wado.pixels-identical", "PS3.4, B.4.1")
def pixels_identical(target: Target) -> None:
    """The pixel data come back exactly as they were stored."""
    for one in target.set.alpha:
        got = bytes(read(target.web.get(one.path, accept=DICOM).expect(200).part.content).PixelData)
        expect(got[: len(one.pixels)] == one.pixels, "identical pixel data", f"{len(got)} other bytes")


@check("wado.dataset-identical", "PS3.4, B.4.1", "should")
def dataset_identical(target: Target) -> None:
    """Every attribute that was stored comes back with its value."""
    one = target.set.alpha[0]
    got = read(target.web.get(one.path, accept=DICOM_AS_STORED).expect(200).part.content)
    changed = [element.keyword for element in one.dataset if element.tag not in got or got[element.tag] != element]
    expect(not changed, "every attribute unchanged", f"changed: {', '.join(changed)}")


@check("wado.charset-kept", "PS3.5, 6.1.2")
def charset_kept(target: Target) -> None:
    """A name in Kanji comes back readable in the character set that the object names."""
    got = read(target.web.get(target.set.beta[0].path, accept=DICOM_AS_STORED).expect(200).part.content)
    expect_equal(str(got.PatientName), str(target.set.beta[0].dataset.PatientName), "Patient's Name")


@check("wado.as-stored", "PS3.18, 8.7.3.5.2")
def as_stored(target: Target) -> None:
    """With transfer-syntax=* an object comes in the transfer syntax in which it was stored."""
    one = target.set.alpha[0]
    got = read(target.web.get(one.path, accept=DICOM_AS_STORED).expect(200).part.content)
    expect_equal(str(got.file_meta.TransferSyntaxUID), EXPLICIT, "Transfer Syntax UID")


@check("wado.explicit-little-endian", "PS3.18, 8.7.3.1")
def explicit_little_endian(target: Target) -> None:
    """Explicit VR Little Endian, asked for by its UID, is what comes."""
    _expect_syntax(target, EXPLICIT)


@check("wado.default-transfer-syntax", "PS3.18, 8.7.3.1", "should")
def default_transfer_syntax(target: Target) -> None:
    """Without a transfer-syntax parameter, an uncompressed object comes in Explicit VR Little Endian."""
    got = read(target.web.get(target.set.alpha[0].path, accept=DICOM).expect(200).part.content)
    expect_equal(str(got.file_meta.TransferSyntaxUID), EXPLICIT, "Transfer Syntax UID")


@check("wado.jpeg-ls", "PS3.18, 8.7.3.1", "may")
def jpeg_ls(target: Target) -> None:
    """Asked for in JPEG-LS lossless, an object comes in it and decodes to the same samples."""
    _expect_syntax(target, JPEG_LS, may_refuse=True)


@check("wado.htj2k", "PS3.18, 8.7.3.1", "may")
def htj2k(target: Target) -> None:
    """Asked for in High-Throughput JPEG 2000 lossless, an object comes in it and decodes to the same samples."""
    _expect_syntax(target, HTJ2K, may_refuse=True)


@check("wado.jpeg-2000", "PS3.18, 8.7.3.1", "may")
def jpeg_2000(target: Target) -> None:
    """Asked for in JPEG 2000 lossless, an object comes in it and decodes to the same samples."""
    _expect_syntax(target, JPEG_2000, may_refuse=True)


@check("wado.jpeg-lossless", "PS3.18, 8.7.3.1", "may")
def jpeg_lossless(target: Target) -> None:
    """Asked for in JPEG lossless, an object comes in it and decodes to the same samples."""
    _expect_syntax(target, JPEG_LOSSLESS, may_refuse=True)


@check("wado.rle", "PS3.18, 8.7.3.1", "may")
def rle(target: Target) -> None:
    """Asked for in RLE lossless, an object comes in it and decodes to the same samples."""
    _expect_syntax(target, RLE, may_refuse=True)


@check("wado.implicit-forbidden", "PS3.18, 8.7.3.1", "should")
def implicit_forbidden(target: Target) -> None:
    """Implicit VR Little Endian shall not be used on the web and is answered with 406."""
    target.web.get(target.set.alpha[0].path, accept=f"{DICOM}; transfer-syntax={IMPLICIT}").expect(406)


@check("wado.unknown-transfer-syntax", "PS3.18, 8.7.8")
def unknown_transfer_syntax(target: Target) -> None:
    """A transfer syntax that nobody knows is answered with 406."""
    target.web.get(target.set.alpha[0].path, accept=f"{DICOM}; transfer-syntax=2.25.1").expect(406)


@check("wado.not-acceptable", "PS3.18, 8.7.8")
def not_acceptable(target: Target) -> None:
    """A media type that is not supported is answered with 406."""
    target.web.get(target.set.alpha[0].path, accept="text/x-none").expect(406)


@check("wado.several-acceptable", "PS3.18, 8.7.7")
def several_acceptable(target: Target) -> None:
    """Of several acceptable media types, separated by commas, one that is supported is chosen."""
    target.web.get(target.set.alpha[0].path, accept=f"text/x-none, {DICOM}").expect(200)


@check("wado.unknown-study", "PS3.18, 10.4.3.1")
def unknown_study(target: Target) -> None:
    """A study that is not there is answered with 404 (410 when it was)."""
    target.web.get(f"/studies/{new_uid()}", accept=DICOM).expect(404, 410)


@check("wado.unknown-series", "PS3.18, 10.4.3.1")
def unknown_series(target: Target) -> None:
    """A series that is not there is answered with 404."""
    path = f"/studies/{target.set.study_uids[0]}/series/{new_uid()}"
    target.web.get(path, accept=DICOM).expect(404, 410)


@check("wado.unknown-instance", "PS3.18, 10.4.3.1")
def unknown_instance(target: Target) -> None:
    """An instance that is not there is answered with 404."""
    one = target.set.alpha[0]
    path = f"/studies/{one.study_uid}/series/{one.series_uid}/instances/{new_uid()}"
    target.web.get(path, accept=DICOM).expect(404, 410)


@check("wado.other-study", "PS3.18, 10.4.3.1")
def other_study(target: Target) -> None:
    """An instance asked for below a study it does not belong to is answered with 404."""
    one = target.set.alpha[0]
    path = f"/studies/{target.set.study_uids[1]}/series/{one.series_uid}/instances/{one.uid}"
    target.web.get(path, accept=DICOM).expect(404, 410)


@check("wado.malformed-uid", "PS3.18, 8.5")
def malformed_uid(target: Target) -> None:
    """A UID that is none is answered with 400 or 404, and leads nowhere else."""
    for text in ("not-a-uid", "..%2F..%2Fetc%2Fpasswd", "1.2." + "3" * 100):
        target.web.get(f"/studies/{text}", accept=DICOM).expect(400, 404)


@check("wado.head", "RFC 9110, 9.3.2", "may")
def head(target: Target) -> None:
    """HEAD answers as GET does, without the body."""
    answer = target.web.ask("HEAD", target.set.alpha[0].path, accept=DICOM)
    if answer.status in (404, 405, 501):
        raise NotOffered(f"HEAD is answered with {answer.status}")
    expect_equal(len(answer.expect(200).body), 0, "length of the body")


@check("wado.range", "PS3.18, 8.4.1; RFC 9110, 14.2", "may")
def byte_range(target: Target) -> None:
    """A range of bytes of one object comes as 206 with Content-Range, and fits the whole."""
    path = target.set.alpha[0].path
    whole = target.web.get(path, accept="application/dicom")
    if whole.status != 200 or whole.media_type != "application/dicom":
        raise NotOffered("one instance does not come without multipart")
    answer = target.web.get(path, accept="application/dicom", range="bytes=100-299")
    if answer.status == 200:
        raise NotOffered("the Range header field is not used")
    answer.expect(206)
    expect(
        answer.header("Content-Range").startswith("bytes 100-299/"), "Content-Range: bytes 100-299/…", answer.headers
    )
    expect_equal(answer.body, whole.body[100:300], "content")


@check("wado.compressed-as-stored", "PS3.18, 8.7.3.5.2")
def compressed_as_stored(target: Target) -> None:
    """An object stored in RLE comes back in RLE, byte for byte, with transfer-syntax=*."""
    from kerma.areas.exchange.conformance.stow import store_compressed

    sent = store_compressed(target, RLE)
    got = read(target.web.get(sent.path, accept=DICOM_AS_STORED).expect(200).part.content)
    expect_equal(str(got.file_meta.TransferSyntaxUID), RLE, "Transfer Syntax UID")
    expect(bytes(got.PixelData) == bytes(sent.dataset.PixelData), "identical compressed frames", "other bytes")


@check("wado.decompressed", "PS3.18, 8.7.3.1")
def decompressed(target: Target) -> None:
    """An object stored in RLE comes in Explicit VR Little Endian when that is asked for, with the same samples."""
    from kerma.areas.exchange.conformance.stow import store_compressed

    sent = store_compressed(target, RLE)
    answer = target.web.get(sent.path, accept=f"{DICOM}; transfer-syntax={EXPLICIT}").expect(200)
    got = read(answer.part.content)
    expect_equal(str(got.file_meta.TransferSyntaxUID), EXPLICIT, "Transfer Syntax UID")
    expect((samples(got) == sent.samples).all(), "the same samples", "other samples")


def _expect_all(answer: Answer, expected: list[Instance]) -> None:
    got = sorted(str(read(part.content).SOPInstanceUID) for part in answer.expect(200).parts)
    expect_equal(got, sorted(one.uid for one in expected), "SOP Instance UIDs")


def _expect_syntax(target: Target, uid: str, *, may_refuse: bool = False) -> None:
    import numpy as np

    one = target.set.alpha[0]
    answer = target.web.get(one.path, accept=f"{DICOM}; transfer-syntax={uid}")
    if may_refuse and answer.status == 406:
        raise NotOffered(f"transfer-syntax={uid} is answered with 406")
    got = read(answer.expect(200).part.content)
    expect_equal(str(got.file_meta.TransferSyntaxUID), uid, "Transfer Syntax UID")
    expect(np.array_equal(samples(got), one.dataset.pixel_array), "the same samples", "other samples")


def read(content: bytes) -> FileDataset:
    """Read a DICOM file that the archive sent."""
    import io

    from pydicom import dcmread

    return dcmread(io.BytesIO(content))


def samples(dataset: FileDataset) -> Any:
    """Return the samples of the first frame, decoded by a codec of its own where the object is compressed."""
    import imagecodecs
    from pydicom.encaps import generate_frames

    uid = str(dataset.file_meta.TransferSyntaxUID)
    decode = DECODERS.get(uid)
    if decode is None:
        return dataset.pixel_array
    return getattr(imagecodecs, decode)(next(generate_frames(dataset.PixelData)))
