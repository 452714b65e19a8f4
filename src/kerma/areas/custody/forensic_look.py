"""Looking at images with every forensic check: from bytes to traces and facts, from pairs to what is the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.errors import KermaError
from kerma.kernel import apart
from kerma.science.forensics.checks import checks
from kerma.science.forensics.contradictions import Contradiction, contradictions, pixel_facts
from kerma.science.forensics.fingerprint import fingerprints, looks
from kerma.science.forensics.same_picture import compare
from kerma.science.forensics.trace import Trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.formats.guard import GuardedReader
    from kerma.formats.header import Header
    from kerma.science.imaging.image import Image

Tick = Callable[[str], None]
FROM_HEADER = (
    "image_uid", "series_uid", "exam_uid", "sop_class_uid", "birth_date", "manufacturer", "model", "serial_number",
    "rows", "columns",
)  # fmt: skip
CAVEAT = (
    "A trace suggests, it does not prove; no trace found is no proof that an image is untouched. Each check names how "
    "often it was wrong on its test set."
)


@dataclass(frozen=True)
class Looked:
    """One image that was looked at: its facts, its traces, its fingerprints; ``problem`` where it cannot be read."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    traces: tuple[Trace, ...] = ()
    kept: tuple[int, ...] = ()
    """Fingerprints by which it is found."""
    sought: tuple[int, ...] = ()
    """Fingerprints by which others are found."""
    problem: str = ""


def look(
    reader: GuardedReader, data: bytes | memoryview | Path, name: str, sidecar: bytes | None, known: dict[str, Any]
) -> Looked:
    """Look at one file; a file that cannot be read is answered, never raised.

    Parameters
    ----------
    known : facts that the file does not hold: ``sha256``, ``received_at``
    """
    try:
        header = reader.scan(data, name, sidecar)
        told = reader.facts(data, name, sidecar)
        image = reader.read(data, name, sidecar)
    except KermaError as error:
        return Looked(name, {"name": name, **known}, problem=str(error))
    facts, traces, kept, sought = apart.run(_seen, middle_plane(image), told)
    return Looked(name, {"name": name, **_of(header), **told, **facts, **known}, traces, kept, sought)


def middle_plane(image: Image) -> NDArray[np.generic]:
    """Return the plane that speaks for an image: its middle one."""
    plane: NDArray[np.generic] = image.pixels[len(image.pixels) // 2]
    return plane


def prints_of(image: Image, most: int) -> list[tuple[int, int]]:
    """Return (plane, fingerprint) of the planes of an image, of the first planes where there are more than ``most``."""
    return [
        (number, bits)
        for number, plane in enumerate(image.pixels[:most])
        if plane.ndim == 2
        for bits in fingerprints(plane)
    ]


def same_pictures(first: NDArray[np.generic], second: NDArray[np.generic], related: str) -> list[Trace]:
    """Return the two traces of a comparison, computed apart; none for colour pictures."""
    if first.ndim != 2 or second.ndim != 2:
        return []
    return list(apart.run(compare, first, second, related))


def told(looked: Sequence[Looked], others: Sequence[dict[str, Any]] = ()) -> list[Contradiction]:
    """Return the contradictions of images that were looked at, and against others."""
    return contradictions([one.facts for one in looked if not one.problem], others)


def document_of(
    looked: Sequence[Looked], duplicates: Sequence[dict[str, Any]], found: Sequence[Contradiction], left: Sequence[str]
) -> str:
    """Return what was found as a JSON document; ``left`` says in words what was not looked at."""
    images = [
        {"name": one.name, "traces": [trace.as_json() for trace in one.traces], "problem": one.problem}
        | {key: one.facts[key] for key in ("image_pk", "sha256") if key in one.facts}
        for one in looked
    ]
    plain = {
        "version": 1,
        "caveat": CAVEAT,
        "images": images,
        "duplicates": list(duplicates),
        "contradictions": [one.as_json() for one in found],
        "not_looked_at": list(left),
    }
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, default=float)


def _of(header: Header) -> dict[str, Any]:
    found = {name: getattr(header, name) for name in FROM_HEADER}
    if header.format in ("TIFF", "PNG", "JPEG", "RAW"):
        found |= {"image_uid": "", "series_uid": "", "exam_uid": ""}  # derived from the bytes: nothing is told by them
    return {name: value for name, value in found.items() if value not in ("", 0)}


def _seen(
    plane: NDArray[np.generic], told: dict[str, Any]
) -> tuple[dict[str, Any], tuple[Trace, ...], tuple[int, ...], tuple[int, ...]]:
    if plane.ndim != 2:
        return {}, (), (), ()
    traces = tuple(checks(plane, told.get("jpeg_steps", ())))
    is_gridded = any(trace.check == "jpeg-grid" and trace.is_found for trace in traces)
    return pixel_facts(plane) | {"is_gridded": is_gridded}, traces, tuple(fingerprints(plane)), tuple(looks(plane))
