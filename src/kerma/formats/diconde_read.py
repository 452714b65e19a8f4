"""Indications, approval and image quality indicators of a DICONDE image read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerma.errors import Unreadable
from kerma.formats import finding_inside
from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_file import open_file
from kerma.formats.dicom_write import plain
from kerma.formats.diconde_findings import DESCRIPTION_MAX, LABEL_MAX, corners_of, type_of
from kerma.formats.sr_items import code_at
from kerma.science.units import UNITS

EVALUATORS, INDICATIONS, REGION, PROPERTIES = 0x00142002, 0x00142012, 0x0014201E, 0x00142030
INDICATIONS_MAX = 100_000
_ENDINGS = {unit.ucum: ending for ending, unit in reversed(UNITS.items())}


@dataclass(frozen=True)
class Inspection:
    """What a DICONDE image says beside its pixels: findings as in an exam's document, and what was decided."""

    image_uid: str
    source_uid: str
    """The image it is a copy of; empty where it names none."""
    approval: str
    reviewed_by: str
    secondary_approval: str
    secondary_by: str
    repair: str
    gauges: tuple[tuple[str, str], ...]
    """Type and size of each image quality indicator."""
    component: dict[str, str]
    findings: tuple[dict[str, Any], ...] = ()
    dispositions: dict[str, str] = field(default_factory=dict)
    """From the id of a finding to ACCEPT, REJECT or HOLD."""
    types: dict[str, str] = field(default_factory=dict)


_COMPONENT = {
    "name": 0x00100010, "number": 0x00100020, "material": 0x00102160, "procedure": 0x00140025,
    "manufacturer": 0x00140028, "thickness_mm": 0x00140030, "pipe_diameter_mm": 0x00140032, "grade": 0x00140042,
    "outer_diameter_mm": 0x00140054, "inner_diameter_mm": 0x00140056, "welder": 0x00140100,
}  # fmt: skip


def read(data: bytes | memoryview) -> Inspection:
    """Read what a DICONDE image says beside its pixels.

    Raises
    ------
    Unreadable, Hostile
        No DICOM file, or indications that cannot be; one sentence says what.
    """
    whole = open_file(data).data_set
    findings: list[dict[str, Any]] = []
    dispositions, types = {}, {}
    for evaluator in whole.items(EVALUATORS):
        for item in evaluator.items(INDICATIONS):
            if len(findings) >= INDICATIONS_MAX:
                raise Unreadable(f"the image has more than {INDICATIONS_MAX} indications: refused")
            found = _finding(item, evaluator, len(findings) + 1)
            findings.append(found)
            dispositions[found["id"]] = item.code(0x0014201C)
            types[found["id"]] = item.code(0x0014201A)
    sizes = whole.texts(0x001440A2)
    return Inspection(
        image_uid=whole.text(0x00080018),
        source_uid=whole.first(0x00082112).text(0x00081155),
        approval=whole.code(0x300E0002),
        reviewed_by=whole.text(0x300E0008, is_name=True),
        secondary_approval=whole.code(0x00140101),
        secondary_by=whole.text(0x00140104, is_name=True),
        repair=whole.text(0x00140105),
        gauges=tuple(zip(whole.texts(0x001440A0), sizes, strict=False)),
        component={key: text for key, tag in _COMPONENT.items() if (text := whole.text(tag))},
        findings=tuple(findings),
        dispositions=dispositions,
        types=types,
    )


def _finding(item: DataSet, evaluator: DataSet, place: int) -> dict[str, Any]:
    region = item.first(REGION)
    points = region.numbers(0x00700022, b"FL")
    kind = item.code(0x0014201A)

    def is_same(finding: dict[str, Any]) -> bool:
        """Return whether the finding inside says what the attributes do."""
        return (
            [float(np.float32(one)) for one in corners_of(finding)] == list(points)
            and type_of(finding) == kind
            and plain(str(finding.get("label") or "finding"), LABEL_MAX) == item.text(0x00142016)
        )

    inside = finding_inside.inside(item, is_same)
    if inside is not None:
        return inside
    if len(points) < 4 or len(points) % 2:
        raise Unreadable(f"indication {place} has no region of column and row pairs: it cannot be placed")
    short = [float(str(np.float32(one))) for one in points]
    rows, columns = short[1::2], short[0::2]
    if region.code(0x00700023) == "CIRCLE":
        radius = float(np.hypot(rows[0] - rows[1], columns[0] - columns[1]))
        rows, columns = [rows[0] - radius, rows[0] + radius], [columns[0] - radius, columns[0] + radius]
    finding: dict[str, Any] = {
        "id": str(item.whole(0x00142014) or place),
        "code": "",
        "label": item.text(0x00142016).lower() or kind.lower().replace("_", "-"),
        "box": [min(rows), min(columns), max(rows) - min(rows), max(columns) - min(columns)],
        "plane": max((region.whole(0x00081160) or 1) - 1, 0),
        "by": {"kind": "person", "name": evaluator.text(0x00142006, is_name=True), "version": ""},
        "measurements": _measurements(item),
    }
    outline = [list(point) for point in zip(rows, columns, strict=True)]
    outline = outline[:-1] if len(outline) > 1 and outline[0] == outline[-1] else outline
    is_box = len(outline) == 4 and {tuple(p) for p in outline} == {(r, c) for r in set(rows) for c in set(columns)}
    if region.code(0x00700023) == "POLYLINE" and len(outline) > 2 and not is_box:
        finding["polygon"] = outline
    if note := item.text(0x00142018)[:DESCRIPTION_MAX]:
        finding["note"] = note
    return finding


def _measurements(item: DataSet) -> list[dict[str, Any]]:
    found = []
    for one in item.items(PROPERTIES):
        measured = one.first(0x0040A300)
        value = measured.number(0x0040A161, b"FD")
        value = measured.number(0x0040A30A) if value is None else value
        name, unit = one.text(0x00142032), code_at(measured, 0x004008EA).value
        ending = _ENDINGS.get(unit, "")
        words = "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split()) or "property"
        is_named = not ending or words.endswith(f"_{ending}") or ending == "stored"
        found.append({"name": words if is_named else f"{words}_{ending}", "value": value})
    return found
