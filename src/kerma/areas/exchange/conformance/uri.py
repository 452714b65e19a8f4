"""Checks of retrieving by one URI (WADO-URI, PS3.18, 9)."""

from __future__ import annotations

from urllib.parse import urlsplit

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.objects import EXPLICIT, Instance, new_uid
from kerma.areas.exchange.conformance.rendered import picture
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import Answer


def _offered(target: Target) -> str:
    web = target.web
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(web.base))
    places = [web.wado_uri] if web.wado_uri else [f"{web.base.rstrip('/')}/wado", f"{origin}/wado", web.base]
    if not target.set.is_stored:
        return ""
    told = []
    for place in places:
        web.wado_uri = place
        answer = _ask(target, target.set.alpha[0])
        if answer.status == 200 and answer.media_type.startswith("image/"):
            return ""
        told.append(f"{urlsplit(place).path} {answer.status}")
    return f"no WADO-URI at {', '.join(told)}; say where with --wado-uri"


SERVICE = Service("uri", "WADO-URI", "web", _offered)


def _ask(target: Target, one: Instance, accept: str | None = "*/*", **more: str) -> Answer:
    query = {
        "requestType": "WADO", "studyUID": one.study_uid, "seriesUID": one.series_uid, "objectUID": one.uid,
    } | more  # fmt: skip
    return target.web.get(target.web.wado_uri, {name: text for name, text in query.items() if text}, accept=accept)


@check("uri.default", "PS3.18, 9.1.1")
def default(target: Target) -> None:
    """A single-frame image comes as JPEG by default."""
    answer = _ask(target, target.set.alpha[0]).expect(200).expect_type("image/jpeg")
    expect_equal(picture(answer).size, (32, 24), "width and height")


@check("uri.dicom", "PS3.18, 9.4")
def dicom(target: Target) -> None:
    """With contentType=application/dicom the object comes as a DICOM file."""
    from kerma.areas.exchange.conformance.wado import read

    one = target.set.alpha[0]
    answer = _ask(target, one, contentType="application/dicom").expect(200).expect_type("application/dicom")
    got = read(answer.body)
    expect_equal(str(got.SOPInstanceUID), one.uid, "SOP Instance UID")
    expect(bytes(got.PixelData)[: len(one.pixels)] == one.pixels, "identical pixel data", "other bytes")


@check("uri.dicom-transfer-syntax", "PS3.18, 9.4.1.2.1", "should")
def dicom_transfer_syntax(target: Target) -> None:
    """Without a transferSyntax parameter the DICOM file is in Explicit VR Little Endian."""
    from kerma.areas.exchange.conformance.wado import read

    answer = _ask(target, target.set.alpha[0], contentType="application/dicom").expect(200)
    expect_equal(str(read(answer.body).file_meta.TransferSyntaxUID), EXPLICIT, "Transfer Syntax UID")


@check("uri.png", "PS3.18, Table 8.7.4-1", "should")
def png(target: Target) -> None:
    """With contentType=image/png a PNG comes."""
    answer = _ask(target, target.set.alpha[0], contentType="image/png")
    if answer.status == 406:
        raise NotOffered("image/png is answered with 406")
    picture(answer.expect(200).expect_type("image/png"))


@check("uri.frame", "PS3.18, 9.5.1.2.1", "should")
def frame(target: Target) -> None:
    """A frame of a multi-frame image comes by frameNumber."""
    picture(_ask(target, target.set.alpha[2], contentType="image/jpeg", frameNumber="2").expect(200))


@check("uri.size", "PS3.18, 9.5.1.2", "should")
def size(target: Target) -> None:
    """A picture keeps within rows and columns."""
    got = picture(_ask(target, target.set.alpha[0], rows="12", columns="16").expect(200)).size
    expect(got[0] <= 16 and got[1] <= 12, "at most 16 by 12", got)


@check("uri.window", "PS3.18, 9.5.1.2", "should")
def window(target: Target) -> None:
    """A windowCenter and windowWidth change what is shown."""
    plain = _ask(target, target.set.alpha[0]).expect(200).body
    dark = _ask(target, target.set.alpha[0], windowCenter="60000", windowWidth="100").expect(200).body
    expect(plain != dark, "another picture with another window", "the same")


@check("uri.missing-parameter", "PS3.18, 9.1.2", "should")
def missing_parameter(target: Target) -> None:
    """Without objectUID the request is answered with 400."""
    _ask(target, target.set.alpha[0], objectUID="").expect(400)


@check("uri.missing-request-type", "PS3.18, 9.1.2", "should")
def missing_request_type(target: Target) -> None:
    """Without requestType=WADO the request is answered with 400."""
    _ask(target, target.set.alpha[0], requestType="").expect(400)


@check("uri.unknown", "PS3.18, 9.3")
def unknown(target: Target) -> None:
    """An object that is not there is answered with 404."""
    _ask(target, target.set.alpha[0], objectUID=new_uid()).expect(404, 410)


@check("uri.wrong-study", "PS3.18, 9.1.2", "should")
def wrong_study(target: Target) -> None:
    """An object asked for under a study it does not belong to is not given."""
    _ask(target, target.set.alpha[0], studyUID=target.set.study_uids[1]).expect(400, 404, 410)


@check("uri.not-acceptable", "PS3.18, 8.7.8")
def not_acceptable(target: Target) -> None:
    """A contentType that is not supported is answered with 406 (or 400)."""
    _ask(target, target.set.alpha[0], contentType="text/x-none").expect(406, 400)


@check("uri.malformed", "PS3.18, 8.5")
def malformed(target: Target) -> None:
    """Numbers that are none are answered without an error of the server."""
    for name in ("rows", "columns", "frameNumber", "windowCenter", "imageQuality"):
        answer = _ask(target, target.set.alpha[0], contentType="image/jpeg", **{name: "many"})
        expect(answer.status < 500, f"no status of 500 and above for {name}=many", answer.status)
