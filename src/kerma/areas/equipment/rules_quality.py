"""Which values of an analysis go onto control charts, of which machine and of what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kerma.standards import table

VALUES = "kerma_quality_charts/values"
UNNAMED = "machine not named"
MACHINE_LENGTH, OF_LENGTH = 128, 96


@dataclass(frozen=True)
class Point:
    """One value of one image."""

    machine: str
    of: str
    value_name: str
    value: float
    image_sha256: str
    acquired_at: str


def words() -> dict[str, str]:
    """Return what each value that is followed is called, by ``measurement.value``."""
    return {f"{row['measurement']}.{row['value']}": row["words"] for row in table(VALUES).rows}


def points(document: Mapping[str, Any]) -> Iterator[Point]:
    """Yield the values of an exam's analysis that are followed; what was not measurable is left out."""
    known = words()
    machine = machine_of(document.get("machine") or {})
    for image in document["images"]:
        counted: dict[str, int] = {}
        for measured in image["measurements"]:
            plane = counted[measured["name"]] = counted.get(measured["name"], -1) + 1
            for name, value in measured["values"].items():
                value_name = f"{measured['name']}.{name}"
                if value_name in known and _is_number(value):
                    of = _of(document, image, plane)
                    yield Point(machine, of, value_name, float(value), image["sha256"], image.get("acquired_at") or "")


def machine_of(machine: Mapping[str, str]) -> str:
    """Return the name a machine goes by: station or model with its serial number, as far as the images say."""
    name = machine.get("station") or machine.get("model") or machine.get("manufacturer") or ""
    serial = machine.get("serial_number") or ""
    return (f"{name} {serial}".strip() or UNNAMED)[:MACHINE_LENGTH]


def _of(document: Mapping[str, Any], image: Mapping[str, Any], plane: int) -> str:
    labels = image.get("plane_labels") or []
    technique = image.get("technique") or document.get("technique") or {}
    seen = image.get("body_part") or technique.get("part") or technique.get("material") or document.get("description")
    parts = (image.get("modality"), seen, image.get("view"), labels[plane] if plane < len(labels) else "")
    return " ".join(str(part) for part in parts if part)[:OF_LENGTH]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
