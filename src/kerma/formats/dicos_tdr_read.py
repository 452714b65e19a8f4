"""Threat detection reports of DICOS read back: ours exactly, those of other makers as far as they say it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerma.errors import Unreadable
from kerma.formats import dicos, finding_inside
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicos_tdr import DENSITY, KINDS, MEASURED, Region, category_of, flag_of, region_of
from kerma.formats.findings_check import PIXELS_MAX
from kerma.formats.header import PLANE_PIXELS_MAX
from kerma.formats.report_object import opened
from kerma.science.imaging.finding_mask import Mask, outline_of

CLASSES = {dicos.THREAT_REPORT: "threat detection report"}
OBJECTS_MAX = 65_535
DENSITY_STORED = "density_stored"
"""Density as another maker's report has it: g/cm³ or kg/m³, which no report says."""
_KINDS = {kind.word: name for name, kind in KINDS.items()} | {"TRUTH": "ground-truth", "MOD_AGGREGATE": "aggregate"}
"""From the word in the file, those of version 02A too, to ours."""


@dataclass(frozen=True)
class ThreatReport:
    """What a threat detection report says; ``findings`` maps the UID of an image to its findings."""

    kind: str
    """A key of ``dicos_tdr.KINDS``; empty for an undefined one."""
    exam_uid: str
    subject_id: str
    alarm_decision: str
    """ALARM, CLEAR or UNKNOWN."""
    decided_at: str
    """ISO 8601; empty where it says none."""
    abort_flag: str
    abort_reason: str
    operator: str
    algorithm: tuple[str, ...]
    """Manufacturer, version, parameters."""
    objects: int
    alarms: int
    processing_ms: float | None
    scale: float | None
    version: str
    findings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    assessments: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """From the id of a finding to its category, ability and flag."""


def read(data: bytes | memoryview) -> ThreatReport:
    """Read a threat detection report.

    Raises
    ------
    Unreadable, Hostile
        Damaged, or another object; one sentence says what.
    """
    whole = opened(data, CLASSES)
    threats = whole.items(0x40101011)
    if len(threats) > OBJECTS_MAX:
        raise Unreadable(f"the report has {len(threats)} objects, more than it can number ({OBJECTS_MAX})")
    person = whole.first(0x00081072, 0x00401101)
    report = ThreatReport(
        kind=_KINDS.get(whole.code(0x40101027), ""),
        exam_uid=whole.text(0x0020000D),
        subject_id=whole.text(0x00100020),
        alarm_decision=whole.code(0x40101031),
        decided_at=whole.moment(0x4010102B),
        abort_flag=whole.code(0x40101024),
        abort_reason=whole.code(0x40101021),
        operator=person.text(0x00080104) or person.text(0x00080100),
        algorithm=whole.texts(0x40101029),
        objects=whole.whole(0x40101033, b"US") or 0,
        alarms=whole.whole(0x40101034, b"US") or 0,
        processing_ms=whole.number(0x40101069, b"FL"),
        scale=whole.number(0x40101075, b"FD"),
        version=whole.text(0x4010103A),
    )
    for place, threat in enumerate(threats, start=1):
        image_uid, finding, assessed = _threat(threat, place, report)
        report.findings.setdefault(image_uid, []).append(finding)
        report.assessments[finding["id"]] = assessed
    return report


def _threat(threat: DataSet, place: int, report: ThreatReport) -> tuple[str, dict[str, Any], tuple[str, str, str]]:
    seen, assessed = threat.first(0x40101037), threat.first(0x40101038)
    image_uid = seen.first(0x0008114A).text(0x00081155)
    told = (assessed.code(0x40101012), assessed.code(0x40101014), assessed.code(0x40101015))
    region = _region(seen.first(0x40101001), place)
    probability = assessed.number(0x40101016, b"FL")
    label = assessed.text(0x40101013)

    def is_same(finding: dict[str, Any]) -> bool:
        """Return whether the finding inside says what the attributes do."""
        own = region_of(finding)
        return (
            _single(own.base) == _single(region.base)
            and _single(own.extents) == _single(region.extents)
            and own.bitmap == region.bitmap[: len(own.bitmap)]
            and bool(own.bitmap) == bool(region.bitmap)
            and (category_of(finding), flag_of(finding)) == (told[0], told[2])
            and finding["label"][:1] == label[:1]
        )

    inside = finding_inside.inside(threat, is_same)
    if inside is not None:
        return image_uid, inside, told
    number = threat.whole(0x40101010, b"US")
    finding: dict[str, Any] = {
        "id": str(place if number is None else number),
        "code": "",
        "label": label or told[0].lower(),
        **_placed(region, seen),
        "by": _by(report),
        "measurements": [
            {"name": DENSITY_STORED if name == DENSITY else name, "value": _short(value)}
            for name, tag in MEASURED.items()
            if (value := seen.number(tag, b"FL")) is not None
        ],
    }
    if probability is not None and 0 <= probability <= 1:
        finding["score"] = _short(probability)
    if told[2] == "NO_THREAT":
        finding["dismissed"] = {"reason": "assessed as no threat"}
    return image_uid, finding, told


def _region(item: DataSet, place: int) -> Region:
    base, extents = item.numbers(0x40101004, b"FL"), item.numbers(0x40101005, b"FL")
    if len(base) != 3 or len(extents) != 3 or min(extents) < 0:
        raise Unreadable(f"object {place} of the report has no region of three coordinates: the report is damaged")
    if max(map(abs, (*base, *extents))) > PIXELS_MAX:
        raise Unreadable(f"the region of object {place} reaches beyond any image: the report is damaged")
    return Region((base[0], base[1], base[2]), (extents[0], extents[1], extents[2]), item.value(0x40101006))


def _placed(region: Region, seen: DataSet) -> dict[str, Any]:
    """Return box, plane and outline: the polygon where it is one of the plane's, else around the bitmap's pixels."""
    column, row, plane = (_short(one) for one in region.base)
    width, height, depth = (_short(one) for one in region.extents)
    placed: dict[str, Any] = {"box": [row, column, height, width], "plane": max(int(plane), 0)}
    polygon = seen.numbers(0x4010101D, b"FL")
    points = [[_short(polygon[n + 1]), _short(polygon[n])] for n in range(0, len(polygon) - 2, 3)]
    if depth == 1 and len(points) > 2 and {polygon[n + 2] for n in range(0, len(polygon) - 2, 3)} == {region.base[2]}:
        return placed | {"polygon": points}
    if region.bitmap and depth == 1 and (outline := _outline(region)):
        return placed | {"polygon": [list(point) for point in outline]}
    return placed


def _outline(region: Region) -> list[tuple[float, float]]:
    """Return the outline of the first plane of a bitmap; none where it does not fit its extents."""
    wide, high = int(region.extents[0]), int(region.extents[1])
    size = wide * high
    if not 0 < size <= PLANE_PIXELS_MAX or len(region.bitmap) * 8 < size:
        return []
    bits = np.unpackbits(np.frombuffer(region.bitmap, np.uint8), count=size, bitorder="little")
    pixels = bits.reshape(high, wide).astype(np.bool_)
    if not pixels.any():
        return []
    return [(float(r), float(c)) for r, c in outline_of(Mask(int(region.base[1]), int(region.base[0]), pixels))]


def _by(report: ThreatReport) -> dict[str, str]:
    if report.kind == "operator":
        return {"kind": "person", "name": report.operator, "version": ""}
    name, version = (*report.algorithm, "", "")[:2]
    return {"kind": "algorithm", "name": name, "version": version}


def _single(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(float(np.float32(value)) for value in values)


def _short(value: float) -> float:
    """Return the shortest decimal that is the same single-precision number: 4.1, not 4.0999999."""
    return float(str(np.float32(value))) if math.isfinite(value) else value
