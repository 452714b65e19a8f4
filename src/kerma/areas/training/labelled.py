"""A simulated image as files: a 16-bit TIFF, the JSON beside it that a TIFF cannot say, and the truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerma.science.imaging.image import Image
    from kerma.science.simulate.scene import SimulatedImage

MACHINE = {"manufacturer": "Kerma", "model": "Simulator", "station": "simulated, no real object"}


@dataclass(frozen=True)
class LabelledFile:
    """One simulated image as it is written: file name, TIFF bytes, sidecar bytes, and the truth for truth.json."""

    name: str
    data: bytes
    sidecar: bytes
    truth: Mapping[str, Any]


def labelled_file(
    simulated: SimulatedImage, name: str, industry: str, words: Mapping[str, Any] | None = None
) -> LabelledFile:
    """Write a simulated image to bytes.

    ``words`` adds to the sidecar what only the caller knows: subject, subject_name, exam, acquired_at.
    """
    from kerma.formats.tiff_write import write

    beside = sidecar_of(simulated.image, industry) | dict(words or {})
    text = json.dumps(beside, ensure_ascii=False, indent=1, sort_keys=True)
    return LabelledFile(name, write(simulated.image), text.encode(), simulated.as_json())


def sidecar_of(image: Image, industry: str) -> dict[str, Any]:
    """Return what a TIFF cannot say about an image, with the keys of the JSON sidecar."""
    beside: dict[str, Any] = {
        "industry": industry,
        "meaning": image.meaning,
        "is_inverse": image.grey.is_inverse,
        "modality": image.modality,
        "description": image.description,
        "machine": MACHINE,
        "technique": dict(image.technique),
    }
    if image.rises_with_dose is not None:
        beside["rises_with_dose"] = image.rises_with_dose
    if image.spacing.is_known:
        beside |= {"spacing_mm": image.spacing.as_json(), "spacing_source": image.spacing.source}
    if image.plane_labels:
        beside |= {"plane_kind": image.plane_kind, "plane_labels": list(image.plane_labels)}
    return beside
