"""The conformance suite against Kerma, where everything holds, and against Orthanc, whose findings our page tells."""

from __future__ import annotations

import re
from pathlib import Path

from archives import Peer
from peers.conftest import Conform

PAGE = Path(__file__).parents[2] / "docs" / "duties" / "conformance.md"
QUICK = (
    "qido", "wado", "metadata", "frames", "rendered", "stow", "uri", "ups", "echo", "find", "get", "move", "commit",
    "perform",
)  # fmt: skip
"""Services whose findings at Orthanc do not wait for time-outs."""
NEED_NOT_BE = {
    "wado.jpeg-2000": "we transcode to JPEG-LS and HTJ2K",
    "wado.jpeg-lossless": "we transcode to JPEG-LS and HTJ2K",
    "wado.rle": "we transcode to JPEG-LS and HTJ2K",
    "store.private-class": "only by setting",
    "worklist.keys": "nothing is scheduled for the suite's station",
    "robust.small-pdus": "who takes no more than 64 bytes at a time is refused",
}
"""Checks of Kerma that end as not offered, and why that is right."""


def outcomes(document: dict, *words: str) -> dict[str, str]:
    return {
        one["name"]: f"expected {one['expected']}; got {one['got']} {one['reason']}".strip()
        for one in document["checks"]
        if one["outcome"] in words
    }


def test_kerma_passes_everything(kerma: Peer, ports: dict[str, int], conform: Conform) -> None:
    code, document = conform(kerma, "--listen", ports["KERMACONFORM"], "--timeout", 20, "--rough")
    assert outcomes(document, "fail", "warn", "not-run") == {}
    assert code == 0
    assert document["counts"]["pass"] >= 300
    assert set(outcomes(document, "not-offered")) <= set(NEED_NOT_BE)


def test_orthanc_is_found_out(orthanc: Peer, ports: dict[str, int], conform: Conform) -> None:
    """What our page says of Orthanc is what the suite finds; services that take long to time out are left out."""
    told = set(re.findall(r"^\| `([a-z]+\.[a-z0-9-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    only = [option for word in QUICK for option in ("--only", word)]
    code, document = conform(orthanc, "--listen", ports["KERMACONFORM"], "--timeout", 10, *only)
    assert code == 1
    failed = set(outcomes(document, "fail"))
    assert failed == {name for name in told if name.split(".")[0] in QUICK}
    missing = outcomes(document, "not-offered")
    assert "404" in missing["rendered.thumbnail-instance"]
    assert "404" in missing["ups.create"]
