"""The Accept header: what it takes, in which order, and that nothing a client writes can break the reading of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.archive import rules_media as media
from kerma.areas.archive.rules_media import EXPLICIT, HTJ2K, JPEG_LS, Wanted, wanted

LOSSLESS_JPEG = "1.2.840.10008.1.2.4.70"
IMPLICIT, BIG_ENDIAN = media.NOT_ON_THE_WEB


@pytest.mark.parametrize(
    ("accept", "read"),
    [
        ("", [Wanted("*/*")]),
        ("application/dicom", [Wanted("application/dicom")]),
        ('multipart/related; type="application/dicom"', [Wanted("application/dicom", True)]),
        ("multipart/related;type=application/dicom;transfer-syntax=*", [Wanted("application/dicom", True, "*")]),
        ("multipart/related", [Wanted("*/*", True)]),
        ("image/png;q=0.5, image/jpeg", [Wanted("image/jpeg"), Wanted("image/png", quality=0.5)]),
        ("image/png;q=0, image/jpeg", [Wanted("image/jpeg")]),
        ('multipart/related; type="image/jls; x=1, y"; q=0.8', [Wanted("image/jls", True, quality=0.8)]),
        ("IMAGE/JPEG", [Wanted("image/jpeg")]),
        ("nonsense", []),
        (";;;,,,", []),
        ("a/b" * 2000, []),
    ],
)
def test_accept_is_read(accept: str, read: list[Wanted]) -> None:
    assert list(wanted(accept)) == read


@given(st.text(max_size=200))
def test_no_header_breaks_the_reading(accept: str) -> None:
    forms = wanted(accept)
    assert [form.quality for form in forms] == sorted((form.quality for form in forms), reverse=True)
    assert all(0 < form.quality <= 1 for form in forms)


@given(st.sampled_from(["a/b", "a/*", "*/*"]), st.sampled_from(["a/b", "a/c", "c/b"]))
def test_a_range_takes_what_it_covers(asked: str, offered: str) -> None:
    whole, kind = asked == "*/*", asked == "a/*" and offered.startswith("a/")
    assert Wanted(asked).takes(offered) == (whole or kind or asked == offered)


@pytest.mark.parametrize(
    ("syntax", "stored", "given_in"),
    [
        ("", EXPLICIT, EXPLICIT),
        ("", LOSSLESS_JPEG, EXPLICIT),
        ("*", LOSSLESS_JPEG, LOSSLESS_JPEG),
        (LOSSLESS_JPEG, LOSSLESS_JPEG, LOSSLESS_JPEG),
        (LOSSLESS_JPEG, EXPLICIT, None),
        (HTJ2K, LOSSLESS_JPEG, HTJ2K),
        (IMPLICIT, EXPLICIT, None),
        (IMPLICIT, IMPLICIT, None),
        (BIG_ENDIAN, BIG_ENDIAN, None),
        ("*", IMPLICIT, IMPLICIT),
    ],
)
def test_the_syntax_of_an_object(syntax: str, stored: str, given_in: str | None) -> None:
    form = Wanted("application/dicom", True, syntax)
    assert media.object_syntax(form, stored, True) == given_in
    assert media.object_syntax(form, stored, False) in (given_in if given_in == stored else None, None)


@pytest.mark.parametrize(
    ("media_type", "syntax", "stored", "given_in"),
    [
        ("application/octet-stream", "", LOSSLESS_JPEG, ("application/octet-stream", EXPLICIT)),
        ("application/octet-stream", "*", LOSSLESS_JPEG, ("application/octet-stream", LOSSLESS_JPEG)),
        ("image/jpeg", "", LOSSLESS_JPEG, ("image/jpeg", LOSSLESS_JPEG)),
        ("image/jpeg", JPEG_LS, LOSSLESS_JPEG, None),
        ("image/jls", "", LOSSLESS_JPEG, ("image/jls", JPEG_LS)),
        ("image/jphc", "*", LOSSLESS_JPEG, ("image/jphc", HTJ2K)),
        ("*/*", "", LOSSLESS_JPEG, ("application/octet-stream", EXPLICIT)),
        ("image/*", "", LOSSLESS_JPEG, ("image/jpeg", LOSSLESS_JPEG)),
        ("text/plain", "", LOSSLESS_JPEG, None),
    ],
)
def test_the_form_of_a_frame(media_type: str, syntax: str, stored: str, given_in: tuple[str, str] | None) -> None:
    assert media.frame_form(Wanted(media_type, True, syntax), "image/jpeg", stored, True) == given_in


def test_frames_that_cannot_be_decoded_are_given_as_stored_only() -> None:
    video = "1.2.840.10008.1.2.4.102"
    octets = "application/octet-stream"
    assert media.frame_form(Wanted(octets, True, "*"), octets, video, False) == (octets, video)
    assert media.frame_form(Wanted("image/jls", True), octets, video, False) is None
