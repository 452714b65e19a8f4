"""The transfer syntaxes of DICOM (PS3.5, annex A; PS3.6, table A-1): how the bytes of a file are arranged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Syntax:
    """One transfer syntax; ``codec`` is empty for native pixels and names the decoder otherwise."""

    uid: str
    name: str
    is_explicit: bool = True
    is_big: bool = False
    is_deflated: bool = False
    codec: str = ""


IMPLICIT = Syntax("1.2.840.10008.1.2", "Implicit VR Little Endian", is_explicit=False)
EXPLICIT = Syntax("1.2.840.10008.1.2.1", "Explicit VR Little Endian")
EXPLICIT_BIG = Syntax("1.2.840.10008.1.2.2", "Explicit VR Big Endian", is_big=True)

SYNTAXES = {
    syntax.uid: syntax
    for syntax in (
        IMPLICIT,
        EXPLICIT,
        EXPLICIT_BIG,
        Syntax("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed", codec="native"),
        Syntax("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", is_deflated=True),
        Syntax("1.2.840.10008.1.2.4.50", "JPEG Baseline", codec="jpeg"),
        Syntax("1.2.840.10008.1.2.4.51", "JPEG Extended", codec="jpeg"),
        Syntax("1.2.840.10008.1.2.4.57", "JPEG Lossless", codec="jpeg-lossless"),
        Syntax("1.2.840.10008.1.2.4.70", "JPEG Lossless SV1", codec="jpeg-lossless"),
        Syntax("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", codec="jpeg-ls"),
        Syntax("1.2.840.10008.1.2.4.81", "JPEG-LS Near-lossless", codec="jpeg-ls"),
        Syntax("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", codec="jpeg-2000"),
        Syntax("1.2.840.10008.1.2.4.91", "JPEG 2000", codec="jpeg-2000"),
        Syntax("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", codec="jpeg-xl"),
        Syntax("1.2.840.10008.1.2.4.112", "JPEG XL", codec="jpeg-xl"),
        Syntax("1.2.840.10008.1.2.4.201", "HTJ2K Lossless", codec="htj2k"),
        Syntax("1.2.840.10008.1.2.4.202", "HTJ2K Lossless RPCL", codec="htj2k"),
        Syntax("1.2.840.10008.1.2.4.203", "HTJ2K", codec="htj2k"),
        Syntax("1.2.840.10008.1.2.5", "RLE Lossless", codec="rle"),
        Syntax("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", codec="deflate"),
    )
}


def syntax_of(uid: str) -> Syntax:
    """Return the syntax of a UID; one we do not know is walked as explicit little endian and never decoded."""
    return SYNTAXES.get(uid) or Syntax(uid, f"unknown transfer syntax {uid}", codec="unknown")
