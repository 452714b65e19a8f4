"""Checks of frames over DICOMweb (PS3.18, 10.4.1.1.6)."""

from __future__ import annotations

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.objects import EXPLICIT, JPEG_LS, new_uid
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import OCTETS


def _offered(target: Target) -> str:
    path = f"/studies/{new_uid()}/series/{new_uid()}/instances/{new_uid()}/frames/1"
    answer = target.web.get(path, accept=OCTETS)
    return (
        "" if answer.status in (404, 410) else f"GET …/frames/1 of an image that is not there answers {answer.status}"
    )


SERVICE = Service("frames", "WADO-RS: frames", "web", _offered)


@check("frames.first", "PS3.18, 10.4.1.1.6")
def first(target: Target) -> None:
    """The first frame of a single-frame image is its pixel data."""
    one = target.set.alpha[0]
    answer = target.web.get(one.path + "/frames/1", accept=OCTETS).expect(200)
    expect_equal(answer.part.content, one.frame(1), "content")


@check("frames.several", "PS3.18, 10.4.1.1.6")
def several(target: Target) -> None:
    """Several frames come in the order asked for, each as a part."""
    many = target.set.alpha[2]
    answer = target.web.get(many.path + "/frames/3,1", accept=OCTETS).expect(200)
    expect([part.content for part in answer.parts] == [many.frame(3), many.frame(1)], "frames 3 and 1", "others")


@check("frames.part-type", "PS3.18, 8.7.3.3")
def part_type(target: Target) -> None:
    """An uncompressed frame is application/octet-stream."""
    answer = target.web.get(target.set.alpha[2].path + "/frames/2", accept=OCTETS).expect(200)
    expect_equal(answer.part.media_type, "application/octet-stream", "part's Content-Type")


@check("frames.any", "PS3.18, 8.7.5", "should")
def any_type(target: Target) -> None:
    """With Accept: */* a frame comes."""
    target.web.get(target.set.alpha[0].path + "/frames/1", accept="*/*").expect(200)


@check("frames.transfer-syntax", "PS3.18, 8.7.3.5.2", "should")
def transfer_syntax(target: Target) -> None:
    """A frame asked for in Explicit VR Little Endian comes as its bytes."""
    one = target.set.alpha[0]
    answer = target.web.get(one.path + "/frames/1", accept=f"{OCTETS}; transfer-syntax={EXPLICIT}").expect(200)
    expect_equal(answer.part.content, one.frame(1), "content")


@check("frames.single-part", "PS3.18, 8.6.1.1", "may")
def single_part(target: Target) -> None:
    """One frame asked for as application/octet-stream comes without multipart."""
    one = target.set.alpha[0]
    answer = target.web.get(one.path + "/frames/1", accept="application/octet-stream")
    if answer.status == 406:
        raise NotOffered("application/octet-stream is answered with 406")
    expect_equal(answer.expect(200).expect_type("application/octet-stream").body, one.frame(1), "content")


@check("frames.jpeg-ls", "PS3.18, 8.7.3.3", "may")
def jpeg_ls(target: Target) -> None:
    """A frame asked for as image/jls in JPEG-LS decodes to the same samples."""
    import imagecodecs
    import numpy as np

    one = target.set.alpha[0]
    accept = f'multipart/related; type="image/jls"; transfer-syntax={JPEG_LS}'
    answer = target.web.get(one.path + "/frames/1", accept=accept)
    if answer.status == 406:
        raise NotOffered("image/jls is answered with 406")
    got = imagecodecs.jpegls_decode(answer.expect(200).part.content)
    expect(np.array_equal(got, one.dataset.pixel_array), "the same samples", "other samples")


@check("frames.beyond", "PS3.18, 10.4.3.1")
def beyond(target: Target) -> None:
    """A frame beyond the last is answered with 404 or 400."""
    target.web.get(target.set.alpha[2].path + "/frames/4", accept=OCTETS).expect(404, 400)


@check("frames.zero", "PS3.18, 10.4.1.1.6")
def zero(target: Target) -> None:
    """There is no frame 0: frames are counted from 1."""
    target.web.get(target.set.alpha[2].path + "/frames/0", accept=OCTETS).expect(400, 404)


@check("frames.malformed", "PS3.18, 8.5")
def malformed(target: Target) -> None:
    """A list of frames that is none is answered with 400 or 404."""
    for text in ("one", "1,,2", "-1", "1;2", "9" * 30):
        target.web.get(f"{target.set.alpha[2].path}/frames/{text}", accept=OCTETS).expect(400, 404)


@check("frames.not-acceptable", "PS3.18, 8.7.8")
def not_acceptable(target: Target) -> None:
    """A media type that is not supported is answered with 406."""
    target.web.get(target.set.alpha[0].path + "/frames/1", accept="text/x-none").expect(406)
