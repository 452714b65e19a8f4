"""Checks of rendered images and thumbnails over DICOMweb (PS3.18, 10.4.1.1.3 and 10.4.1.1.4)."""

from __future__ import annotations

from typing import Any

from kerma.areas.exchange.conformance.model import Broken, NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.objects import new_uid
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import Answer

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/jp2")


def _offered(target: Target) -> str:
    path = f"/studies/{new_uid()}/series/{new_uid()}/instances/{new_uid()}/rendered"
    answer = target.web.get(path, accept="image/jpeg")
    return (
        "" if answer.status in (404, 410) else f"GET …/rendered of an image that is not there answers {answer.status}"
    )


SERVICE = Service("rendered", "WADO-RS: rendered and thumbnails", "web", _offered)


@check("rendered.instance", "PS3.18, 10.4.1.1.3")
def instance(target: Target) -> None:
    """An image is rendered as JPEG in its own size."""
    answer = target.web.get(target.set.alpha[0].path + "/rendered", accept="image/jpeg").expect(200)
    expect_equal(picture(answer.expect_type("image/jpeg")).size, (32, 24), "width and height")


@check("rendered.default", "PS3.18, 8.7.4")
def default(target: Target) -> None:
    """With Accept: */* an image is rendered as JPEG, which is the default."""
    target.web.get(target.set.alpha[0].path + "/rendered", accept="*/*").expect(200).expect_type("image/jpeg")


@check("rendered.png", "PS3.18, Table 8.7.4-1")
def png(target: Target) -> None:
    """An image is rendered as PNG when asked."""
    answer = target.web.get(target.set.alpha[0].path + "/rendered", accept="image/png").expect(200)
    expect_equal(picture(answer.expect_type("image/png")).size, (32, 24), "width and height")


@check("rendered.accept-parameter", "PS3.18, 8.3.3.1", "should")
def accept_parameter(target: Target) -> None:
    """The query parameter accept chooses the media type, as a browser's address line must."""
    answer = target.web.get(target.set.alpha[0].path + "/rendered", {"accept": "image/png"}, accept="*/*")
    answer.expect(200).expect_type("image/png")


@check("rendered.shows-the-image", "PS3.18, 10.4.1.1.3")
def shows_the_image(target: Target) -> None:
    """What is rendered follows the image: its ramp grows brighter."""
    answer = target.web.get(target.set.alpha[0].path + "/rendered", accept="image/png").expect(200)
    shown = picture(answer).convert("L")
    expect(_mean(shown, 0, 8) + 10 < _mean(shown, 24, 32), "brighter to the right", "not so")


@check("rendered.window", "PS3.18, 8.3.5.1.4")
def window(target: Target) -> None:
    """A window in the query changes what is shown."""
    path = target.set.alpha[0].path + "/rendered"
    dark = target.web.get(path, {"window": "60000,100,linear"}, accept="image/png").expect(200)
    plain = target.web.get(path, accept="image/png").expect(200)
    expect(_mean(picture(dark).convert("L")) < 5, "black for a window far above all samples", "something else")
    expect(_mean(picture(plain).convert("L")) > 5, "not black without a window", "black")


@check("rendered.window-malformed", "PS3.18, 8.3.5.1.4")
def window_malformed(target: Target) -> None:
    """A window that is none is answered with 400."""
    for text in ("100", "a,b,linear", "100,200,nosuch", "100,0,linear"):
        target.web.get(target.set.alpha[0].path + "/rendered", {"window": text}, accept="image/png").expect(400)


@check("rendered.viewport", "PS3.18, 8.3.5.1.3")
def viewport(target: Target) -> None:
    """A viewport in the query limits width and height; the shape stays."""
    path = target.set.alpha[0].path + "/rendered"
    got = picture(target.web.get(path, {"viewport": "16,16"}, accept="image/png").expect(200)).size
    expect(got[0] <= 16 and got[1] <= 16, "at most 16 by 16", got)


@check("rendered.viewport-malformed", "PS3.18, 8.3.5.1.3")
def viewport_malformed(target: Target) -> None:
    """A viewport that is none is answered with 400."""
    path = target.set.alpha[0].path + "/rendered"
    target.web.get(path, {"viewport": "wide,high"}, accept="image/png").expect(400)


@check("rendered.viewport-absurd", "PS3.18, 8.3.5.1.3", rough=True)
def viewport_absurd(target: Target) -> None:
    """A viewport of a million by a million does no harm: it is limited or refused."""
    path = target.set.alpha[0].path + "/rendered"
    answer = target.web.get(path, {"viewport": "1000000,1000000"}, accept="image/png")
    expect(answer.status < 500, "no status of 500 and above", answer.status)


@check("rendered.quality", "PS3.18, 8.3.5.1.2", "may")
def quality(target: Target) -> None:
    """A lower quality gives a smaller JPEG."""
    path = target.set.alpha[0].path + "/rendered"
    low = target.web.get(path, {"quality": "5"}, accept="image/jpeg").expect(200)
    high = target.web.get(path, {"quality": "100"}, accept="image/jpeg").expect(200)
    if len(low.body) == len(high.body):
        raise NotOffered("quality is not used")
    expect(len(low.body) < len(high.body), "fewer bytes at quality 5 than at 100", f"{len(low.body)}")


@check("rendered.frame", "PS3.18, 10.4.1.1.3")
def frame(target: Target) -> None:
    """A frame of a multi-frame image is rendered by its number."""
    answer = target.web.get(target.set.alpha[2].path + "/frames/2/rendered", accept="image/png").expect(200)
    expect_equal(picture(answer).size, (32, 24), "width and height")


@check("rendered.frame-beyond", "PS3.18, 10.4.3.1")
def frame_beyond(target: Target) -> None:
    """A rendered frame beyond the last is answered with 404 or 400."""
    target.web.get(target.set.alpha[2].path + "/frames/9/rendered", accept="image/png").expect(404, 400)


@check("rendered.series", "PS3.18, 10.4.1.1.3", "may")
def series(target: Target) -> None:
    """A series is rendered as one picture or as one part for each."""
    one = target.set.alpha[0]
    answer = target.web.get(f"/studies/{one.study_uid}/series/{one.series_uid}/rendered", accept="image/jpeg")
    if answer.status in (404, 406):
        raise NotOffered(f"…/series/…/rendered is answered with {answer.status}")
    answer.expect(200).expect_type("multipart/related", *IMAGES)


@check("rendered.not-acceptable", "PS3.18, 8.7.8")
def not_acceptable(target: Target) -> None:
    """A media type into which nothing can be rendered is answered with 406."""
    target.web.get(target.set.alpha[0].path + "/rendered", accept="text/x-none").expect(406)


@check("rendered.unknown", "PS3.18, 10.4.3.1")
def unknown(target: Target) -> None:
    """Rendering what is not there is answered with 404."""
    one = target.set.alpha[0]
    path = f"/studies/{one.study_uid}/series/{one.series_uid}/instances/{new_uid()}/rendered"
    target.web.get(path, accept="image/jpeg").expect(404, 410)


def _thumbnail(target: Target, path: str, **query: str) -> Answer:
    answer = target.web.get(path + "/thumbnail", query, accept="image/jpeg")
    if answer.status == 404:
        raise NotOffered("…/thumbnail of an image that is there is answered with 404")
    return answer.expect(200).expect_type("image/jpeg")


@check("rendered.thumbnail-instance", "PS3.18, 10.4.1.1.4", "should")
def thumbnail_instance(target: Target) -> None:
    """An image has a thumbnail."""
    picture(_thumbnail(target, target.set.alpha[0].path))


@check("rendered.thumbnail-series", "PS3.18, 10.4.1.1.4", "should")
def thumbnail_series(target: Target) -> None:
    """A series has a thumbnail."""
    one = target.set.alpha[0]
    picture(_thumbnail(target, f"/studies/{one.study_uid}/series/{one.series_uid}"))


@check("rendered.thumbnail-study", "PS3.18, 10.4.1.1.4", "should")
def thumbnail_study(target: Target) -> None:
    """A study has a thumbnail."""
    picture(_thumbnail(target, f"/studies/{target.set.study_uids[0]}"))


@check("rendered.thumbnail-frame", "PS3.18, 10.4.1.1.4", "should")
def thumbnail_frame(target: Target) -> None:
    """A frame has a thumbnail."""
    picture(_thumbnail(target, target.set.alpha[2].path + "/frames/2"))


@check("rendered.thumbnail-viewport", "PS3.18, 8.3.5.1.3", "should")
def thumbnail_viewport(target: Target) -> None:
    """A viewport limits the size of a thumbnail."""
    got = picture(_thumbnail(target, target.set.alpha[0].path, viewport="8,8")).size
    expect(got[0] <= 8 and got[1] <= 8, "at most 8 by 8", got)


@check("rendered.thumbnail-unknown", "PS3.18, 10.4.3.1", "should")
def thumbnail_unknown(target: Target) -> None:
    """A thumbnail of what is not there is answered with 404."""
    target.web.get(f"/studies/{new_uid()}/thumbnail", accept="image/jpeg").expect(404, 410)


def picture(answer: Answer) -> Any:
    """Open the picture of an answer."""
    import io

    from PIL import Image, UnidentifiedImageError

    body = answer.part.content if answer.media_type == "multipart/related" else answer.body
    try:
        opened = Image.open(io.BytesIO(body))
        opened.load()
    except (UnidentifiedImageError, OSError) as error:
        raise Broken("a picture", f"{len(body)} bytes that are none ({type(error).__name__})") from None
    return opened


def _mean(shown: Any, left: int = 0, right: int = 32) -> float:
    import numpy as np

    return float(np.asarray(shown)[:, left:right].mean())
