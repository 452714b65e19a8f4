"""Contradictions: what a file says against what it holds, what it says elsewhere, and when it came.

A small pure rule for each; severity, tolerance and words stand in ``kerma_forensics/contradictions``. A contradiction
means that something told is wrong, not that somebody meant it: clocks run wrong, and software writes careless headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.results import Citation
from kerma.standards import table

TABLE, EDITORS = "kerma_forensics/contradictions", "kerma_forensics/editors"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
_UID_LENGTH = 64
_UNSET = ("1900-01-01", "1970-01-01", "1980-01-01", "2000-01-01")
_TIMES = {
    "exam_at": "Study Date",
    "series_at": "Series Date",
    "acquired_at": "Acquisition Date",
    "content_at": "Content Date",
}
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?(Z|[+-]\d{2}:\d{2})?")
_H, _MIN = np.timedelta64(3_600_000_000, "us"), np.timedelta64(60_000_000, "us")

Facts = Mapping[str, Any]
"""What is known of one image, by name; a name is missing where the file is silent.

``name`` of the image; ``image_uid``, ``series_uid``, ``exam_uid``, ``sop_class_uid``, ``sha256``; ``received_at``,
``birth_date`` and the names of :func:`kerma.formats.forensic_facts.forensic_facts`; of the pixels ``rows``,
``columns``, ``lowest``, ``highest``, ``levels``, ``gaps_percent`` (:func:`pixel_facts`) and ``is_gridded``.
"""
Pair = tuple[str, str]
"""A fact and the fact against it, both in words."""


@dataclass(frozen=True)
class Contradiction:
    """One contradiction: which rule, how heavy (contradiction, doubtful, note), which fact against which, where."""

    rule: str
    severity: str
    words: str
    fact: str
    against: str
    image: str

    def as_json(self) -> dict[str, str]:
        """Return the JSON form."""
        return asdict(self)


def contradictions(images: Sequence[Facts], others: Sequence[Facts] = ()) -> list[Contradiction]:
    """Return the contradictions within images and between them, the heaviest first.

    Parameters
    ----------
    images : facts of the images looked at
    others : facts of further images that are only compared with: the quarantine, the rest of the archive
    """
    found = [
        _told(name, str(facts.get("name", "")), pair)
        for facts in images
        for name, rule in RULES.items()
        for pair in rule(facts)
    ]
    pairs = [*combinations(images, 2), *((own, other) for own in images for other in others)]
    for own, other in pairs:
        for name, between in BETWEEN.items():
            found += [_told(name, str(own.get("name", "")), pair) for pair in between(own, other)]
    order = {severity: place for place, severity in enumerate(("contradiction", "doubtful", "note"))}
    return sorted(dict.fromkeys(found), key=lambda one: order[one.severity])


def pixel_facts(plane: NDArray[np.generic]) -> dict[str, Any]:
    """Return what the values of a plane tell of their origin: lowest, highest, levels in use, gaps between them.

    ``gaps_percent`` is the share of levels without a pixel between the 1st and 99th percentile, for planes of 8 bit.
    """
    if plane.dtype.kind not in "iu" or plane.size == 0 or plane.ndim != 2:
        return {}
    levels, counts = np.unique(plane, return_counts=True)
    share = np.cumsum(counts) / plane.size
    low, high = int(levels[np.searchsorted(share, 0.01)]), int(levels[np.searchsorted(share, 0.99)])
    used = int(((levels >= low) & (levels <= high)).sum())
    gaps = 100.0 * (1.0 - used / (high - low + 1)) if high - low >= 32 else 0.0
    return {"lowest": int(levels[0]), "highest": int(levels[-1]), "levels": len(levels), "gaps_percent": gaps}


def source() -> Citation:
    """Return the citation of the rules."""
    return Citation.of(table(TABLE))


@cache
def _row(rule: str) -> dict[str, str]:
    return next(row for row in table(TABLE) if row["rule"] == rule)


def _tolerance(rule: str) -> float:
    return float(_row(rule)["tolerance"])


def _told(rule: str, image: str, pair: Pair) -> Contradiction:
    row = _row(rule)
    return Contradiction(rule, row["severity"], row["words"], pair[0], pair[1], image)


def _moment(text: str, zone: str = "") -> np.datetime64 | None:
    """Return a moment in UTC where its zone is known, else as it is told; None for what is no moment."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    try:
        told = np.datetime64(f"{match[1]}T{match[2] or '00:00:00'}", "us")
    except ValueError:
        return None
    offset = match[3] or zone
    if re.fullmatch(r"[+-]\d{2}:?\d{2}", offset):
        minutes = int(offset[1:3]) * 60 + int(offset[-2:])
        told = told - (_MIN * minutes if offset[0] == "+" else -_MIN * minutes)
    return told


def _time(facts: Facts, name: str) -> np.datetime64 | None:
    return _moment(str(facts.get(name, "")), str(facts.get("timezone", "")))


def _has_time(facts: Facts, *names: str) -> bool:
    return all("T" in str(facts.get(name, "")) for name in names)


def _after_received(facts: Facts) -> Iterator[Pair]:
    received = _time(facts, "received_at")
    for name, words in _TIMES.items():
        told = _time(facts, name)
        if told is not None and received is not None and told - received > _H * int(_tolerance("after-received")):
            yield f"{words} {facts[name]}", f"received {str(facts['received_at'])[:19]}"


def _content_before_acquired(facts: Facts) -> Iterator[Pair]:
    acquired, content = _time(facts, "acquired_at"), _time(facts, "content_at")
    if acquired is None or content is None or not _has_time(facts, "acquired_at", "content_at"):
        return
    if acquired - content > _MIN * int(_tolerance("content-before-acquired")):
        yield f"Content Date {facts['content_at']}", f"Acquisition Date {facts['acquired_at']}"


def _acquired_before_exam(facts: Facts) -> Iterator[Pair]:
    acquired, exam = _time(facts, "acquired_at"), _time(facts, "exam_at")
    limit = _H * int(_tolerance("acquired-before-exam"))
    if acquired is not None and exam is not None and exam - acquired > limit:
        yield f"Acquisition Date {facts['acquired_at']}", f"Study Date {facts['exam_at']}"


def _birth_after_exam(facts: Facts) -> Iterator[Pair]:
    birth = str(facts.get("birth_date", ""))
    exam = str(facts.get("acquired_at") or facts.get("exam_at") or "")[:10]
    if _moment(birth) is not None and _moment(exam) is not None and birth[:10] > exam:
        yield f"Birth Date {birth}", f"exam of {exam}"


def _clock_not_set(facts: Facts) -> Iterator[Pair]:
    for name, words in _TIMES.items():
        if str(facts.get(name, ""))[:10] in _UNSET:
            yield f"{words} {facts[name]}", "a date that clocks begin with"


def _uid_invalid(facts: Facts) -> Iterator[Pair]:
    for name in ("image_uid", "series_uid", "exam_uid"):
        uid = str(facts.get(name, ""))
        if uid and (len(uid) > _UID_LENGTH or not _UID.fullmatch(uid)):
            yield f"{name.replace('_uid', '')} UID {uid[:80]}", "DICOM PS3.5, 9.1"


def _magnification(facts: Facts) -> Iterator[Pair]:
    told, detector, thing = (facts.get(name) for name in ("magnification", "source_detector_mm", "source_object_mm"))
    if told and detector and thing and detector > thing > 0 and _differ(told, detector / thing, "magnification"):
        yield f"magnification {told:g}", f"{detector:g} mm / {thing:g} mm = {detector / thing:.3g}"


def _spacing_and_distances(facts: Facts) -> Iterator[Pair]:
    pixel, imager = facts.get("pixel_spacing_mm"), facts.get("imager_spacing_mm")
    detector, thing = facts.get("source_detector_mm"), facts.get("source_object_mm")
    if not (pixel and imager and detector and thing and detector > thing > 0):
        return
    # equal spacings claim nothing (PS3.3 10.7.1.3), and a fiducial is a measurement of its own
    if abs(pixel[0] / imager[0] - 1) < 1e-3 or facts.get("calibration") == "FIDUCIAL":
        return
    expected = imager[0] * thing / detector
    if _differ(pixel[0], expected, "spacing-and-distances"):
        yield f"Pixel Spacing {pixel[0]:g} mm", f"{imager[0]:g} mm at the detector, {expected:.4g} mm by the distances"


def _exposure_product(facts: Facts) -> Iterator[Pair]:
    told, current, time = (facts.get(name) for name in ("exposure_mas", "tube_current_ma", "exposure_time_ms"))
    if not (told and current and time):
        return
    product = current * time / 1000.0
    # these attributes are whole numbers: half a unit of each belongs to rounding
    rounding = 0.5 + 0.5 * current / 1000.0 + 0.5 * time / 1000.0
    if abs(told - product) > rounding + product * _tolerance("exposure-product") / 100.0:
        yield f"Exposure {told:g} mAs", f"{current:g} mA × {time:g} ms = {product:.3g} mAs"


def _larger_than_detector(facts: Facts) -> Iterator[Pair]:
    spacing, size = facts.get("imager_spacing_mm"), facts.get("detector_mm")
    if not (spacing and size and facts.get("rows")):
        return
    sides = sorted((facts["rows"] * spacing[0], facts["columns"] * spacing[1]))
    own = sorted((size[0], size[-1]))
    slack = 1.0 + _tolerance("larger-than-detector") / 100.0
    if any(side > most * slack for side, most in zip(sides, own, strict=True)):
        yield f"image {sides[0]:.4g} mm × {sides[1]:.4g} mm", f"detector {own[0]:.4g} mm × {own[1]:.4g} mm"


def _more_bits(facts: Facts) -> Iterator[Pair]:
    bits, highest, lowest = (facts.get(name) for name in ("bits_stored", "highest", "lowest"))
    if bits is None or highest is None or lowest is None:
        return
    bits_of_value = bits - 1 if facts.get("is_signed") else bits
    if highest >= 2**bits_of_value or lowest < (-(2**bits_of_value) if facts.get("is_signed") else 0):
        yield f"values {lowest} to {highest}", f"Bits Stored {bits}"


def _few_levels(facts: Facts) -> Iterator[Pair]:
    levels, highest, lowest = (facts.get(name) for name in ("levels", "highest", "lowest"))
    if not levels or highest is None or lowest is None:
        return
    span = highest - lowest + 1
    if 16 <= levels <= _tolerance("few-levels") and span >= 4 * levels:
        yield f"{levels} levels in use", f"values from {lowest} to {highest}"


def _gaps_in_8_bit(facts: Facts) -> Iterator[Pair]:
    gaps = facts.get("gaps_percent", 0.0)
    if facts.get("highest", 256) < 256 and gaps > _tolerance("gaps-in-8-bit"):
        yield f"{gaps:.0f} % of the levels are missing", f"values from {facts['lowest']} to {facts['highest']}"


def _lossy_untold(facts: Facts) -> Iterator[Pair]:
    if facts.get("is_lossy_syntax") and not facts.get("is_maybe_lossy_syntax") and facts.get("lossy") != "01":
        yield "transfer syntax with loss", f"Lossy Image Compression {facts.get('lossy', 'absent')}"


def _grid_in_lossless(facts: Facts) -> Iterator[Pair]:
    if facts.get("is_gridded") and facts.get("lossy") == "00":
        yield "grid of 8 × 8 pixels", "Lossy Image Compression 00"


def _lossy_before(facts: Facts) -> Iterator[Pair]:
    if facts.get("lossy") == "01" and not facts.get("is_lossy_syntax"):
        yield "Lossy Image Compression 01", "transfer syntax without loss"


def _picture_editor(facts: Facts) -> Iterator[Pair]:
    for word in facts.get("tools", ()):
        names = [row["name"] for row in table(EDITORS) if row["part_of_tag"] in word.lower()]
        if names:
            yield f"tag '{word[:80]}'", f"{names[0]}, a picture editor"


def _original_but(facts: Facts) -> Iterator[Pair]:
    if _first_type(facts) == "ORIGINAL" and str(facts.get("sop_class_uid", "")).startswith(SECONDARY_CAPTURE):
        yield "Image Type ORIGINAL", "SOP class Secondary Capture"


def _original_but_derived(facts: Facts) -> Iterator[Pair]:
    if _first_type(facts) == "ORIGINAL" and (facts.get("derivation") or facts.get("has_source_image")):
        yield "Image Type ORIGINAL", f"derivation '{facts.get('derivation', 'of a source image')}'"


def _derived_untold(facts: Facts) -> Iterator[Pair]:
    if _first_type(facts) == "DERIVED" and not (facts.get("derivation") or facts.get("has_source_image")):
        yield "Image Type DERIVED", "no Derivation Description"


def _captured(facts: Facts) -> Iterator[Pair]:
    if str(facts.get("sop_class_uid", "")).startswith(SECONDARY_CAPTURE) and _first_type(facts) != "ORIGINAL":
        yield "SOP class Secondary Capture", "an image of a detector has a class of its own"


def _series_in_two_exams(own: Facts, other: Facts) -> Iterator[Pair]:
    if _same(own, other, "series_uid") and not _same(own, other, "exam_uid") and other.get("exam_uid"):
        yield f"exam {own.get('exam_uid')}", f"exam {other.get('exam_uid')}, both with series {own['series_uid']}"


def _same_uid_other_bytes(own: Facts, other: Facts) -> Iterator[Pair]:
    if _same(own, other, "image_uid") and other.get("sha256") and own.get("sha256") != other.get("sha256"):
        yield f"SHA-256 {str(own.get('sha256'))[:16]}…", f"{str(other['sha256'])[:16]}… ({other.get('name', '')})"


def _serial_number_of_two(own: Facts, other: Facts) -> Iterator[Pair]:
    if not _same(own, other, "serial_number"):
        return
    first, second = (" ".join(str(facts.get(name, "")) for name in ("manufacturer", "model")) for facts in (own, other))
    if first.strip() and second.strip() and first.casefold() != second.casefold():
        yield f"{first}, serial number {own['serial_number']}", f"{second}, the same serial number"


def _same(own: Facts, other: Facts, name: str) -> bool:
    return bool(own.get(name)) and own.get(name) == other.get(name)


def _first_type(facts: Facts) -> str:
    return str(facts.get("image_type", "")).split("\\")[0].strip().upper()


def _differ(told: float, expected: float, rule: str) -> bool:
    return abs(told / expected - 1.0) * 100.0 > _tolerance(rule)


RULES: dict[str, Callable[[Facts], Iterator[Pair]]] = {
    "after-received": _after_received,
    "content-before-acquired": _content_before_acquired,
    "acquired-before-exam": _acquired_before_exam,
    "birth-after-exam": _birth_after_exam,
    "clock-not-set": _clock_not_set,
    "uid-invalid": _uid_invalid,
    "magnification": _magnification,
    "spacing-and-distances": _spacing_and_distances,
    "exposure-product": _exposure_product,
    "larger-than-detector": _larger_than_detector,
    "more-bits-than-told": _more_bits,
    "few-levels": _few_levels,
    "gaps-in-8-bit": _gaps_in_8_bit,
    "lossy-untold": _lossy_untold,
    "grid-in-lossless": _grid_in_lossless,
    "lossy-before": _lossy_before,
    "picture-editor": _picture_editor,
    "original-but-captured": _original_but,
    "original-but-derived": _original_but_derived,
    "derived-untold": _derived_untold,
    "captured": _captured,
}
BETWEEN: dict[str, Callable[[Facts, Facts], Iterator[Pair]]] = {
    "series-in-two-exams": _series_in_two_exams,
    "same-uid-other-bytes": _same_uid_other_bytes,
    "serial-number-of-two-models": _serial_number_of_two,
}
