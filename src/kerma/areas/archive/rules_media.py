"""What a client asks for and what can be given: the Accept header of DICOMweb, read and matched (PS3.18, 8.7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

ANY = "*"
"""As a transfer syntax: whatever is stored (PS3.18, 8.7.3.5.2)."""
DICOM = "application/dicom"
OCTETS = "application/octet-stream"
JSON = "application/dicom+json"
XML = "application/dicom+xml"
JPEG = "image/jpeg"
PNG = "image/png"
MULTIPART = "multipart/related"

EXPLICIT = "1.2.840.10008.1.2.1"
JPEG_LS = "1.2.840.10008.1.2.4.80"
HTJ2K = "1.2.840.10008.1.2.4.201"
TARGETS = (EXPLICIT, JPEG_LS, HTJ2K)
"""The transfer syntaxes that every image can be given in, without loss."""
NOT_ON_THE_WEB = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.2")
"""Implicit VR and big endian are not to be asked for by name (PS3.18, 8.7.3.5.2); ``*`` still gives what is stored."""

FRAME_TYPES = {
    "": OCTETS,
    "native": OCTETS,
    "jpeg": JPEG,
    "jpeg-lossless": JPEG,
    "jpeg-ls": "image/jls",
    "jpeg-2000": "image/jp2",
    "htj2k": "image/jphc",
    "jpeg-xl": "image/jxl",
    "rle": "image/dicom-rle",
}
"""The media type of a single compressed frame by codec (PS3.18, table 8.7.3-2)."""
FRAME_DEFAULTS = {OCTETS: EXPLICIT, "image/jls": JPEG_LS, "image/jphc": HTJ2K}
"""The transfer syntaxes that frames are encoded in on request, by media type (PS3.18, table 8.7.3-2)."""

_LONGEST = 4096
_MOST = 64
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~/-]+")


@dataclass(frozen=True)
class Wanted:
    """One form that the client accepts: its media type, in one piece or as a multipart body."""

    media_type: str
    is_multipart: bool = False
    syntax: str = ""
    """A transfer syntax, ``*`` for any, empty for the default of the media type."""
    quality: float = 1.0

    def takes(self, media_type: str) -> bool:
        """Return whether this media range covers the media type."""
        kind = self.media_type.split("/")[0]
        return self.media_type in (media_type, "*/*") or (
            self.media_type == f"{kind}/*" and media_type.startswith(f"{kind}/")
        )


def wanted(accept: str) -> tuple[Wanted, ...]:
    """Return what an Accept header accepts, the most wanted first; without a header anything is accepted.

    What cannot be understood is left out: a header that holds nothing else accepts nothing.
    """
    if len(accept) > _LONGEST:
        return ()
    if not accept.strip():
        return (Wanted("*/*"),)
    found = [one for written in _split(accept, ",")[:_MOST] if (one := _one(written)) is not None]
    return tuple(sorted((one for one in found if one.quality > 0), key=lambda one: -one.quality))


def _one(written: str) -> Wanted | None:
    media_type, *rest = _split(written, ";")
    media_type = media_type.strip().lower()
    if not _TOKEN.fullmatch(media_type) or media_type.count("/") != 1:
        return None
    parameters = {}
    for parameter in rest:
        name, _, value = parameter.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"').strip()
    form = Wanted(media_type, False, parameters.get("transfer-syntax", ""), _quality(parameters.get("q", "1")))
    if media_type in (MULTIPART, "multipart/*"):
        inner = parameters.get("type", "*/*").lower().split(";")[0].strip()
        return replace(form, media_type=inner or "*/*", is_multipart=True)
    return form


def _quality(written: str) -> float:
    return min(float(written), 1.0) if re.fullmatch(r"\d(\.\d{0,3})?", written) else 1.0


def _split(written: str, separator: str) -> list[str]:
    """Split at separators outside quotes."""
    parts, current, is_quoted = [], "", False
    for letter in written:
        is_quoted ^= letter == '"'
        if letter == separator and not is_quoted:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [*parts, current]


def first_of(asked: Sequence[Wanted], offers: Iterable[str]) -> Wanted | None:
    """Return the most wanted form, with the first offered media type it covers in place of a range; else None."""
    offered = tuple(offers)
    for form in asked:
        for media_type in offered:
            if form.takes(media_type):
                return replace(form, media_type=media_type)
    return None


def object_syntax(form: Wanted, stored: str, can_decode: bool) -> str | None:
    """Return the transfer syntax in which one stored object satisfies a form of ``application/dicom``; else None.

    Without a transfer syntax the default is Explicit VR Little Endian (PS3.18, 8.7.3.5.2); ``*`` takes what is stored.
    """
    if form.syntax in NOT_ON_THE_WEB:
        return None
    if form.syntax in (ANY, stored):
        return stored
    target = form.syntax or EXPLICIT
    return target if can_decode and target in TARGETS else None


def frame_form(form: Wanted, stored_type: str, stored: str, can_decode: bool) -> tuple[str, str] | None:
    """Return media type and transfer syntax in which frames of one object satisfy a form; else None.

    The codestreams stored are given where the form takes their media type and syntax, otherwise frames are encoded
    anew. ``application/octet-stream`` with ``*`` gives the bytes of the frames as they are stored, as viewers ask.
    """
    is_named = form.media_type != "*/*"
    if is_named and form.syntax in (ANY, stored) and form.takes(OCTETS):
        return OCTETS, stored
    if is_named and stored_type != OCTETS and form.takes(stored_type) and form.syntax in ("", ANY, stored):
        return stored_type, stored
    for media_type, syntax in FRAME_DEFAULTS.items():
        if can_decode and form.takes(media_type) and form.syntax in ("", ANY, syntax):
            return media_type, syntax
    if form.takes(stored_type) and form.syntax in ("", ANY, stored):
        return stored_type, stored
    return None
