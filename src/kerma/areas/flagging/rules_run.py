"""What is kept of a model's look at an exam: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerma.areas.equipment.rules_quality import machine_of

if TYPE_CHECKING:
    from kerma.science.detect.looking import Look
    from kerma.science.imaging.image import Image

Run = dict[str, Any]
"""One row of the table of runs, before it is kept: ``model_id``, ``image_sha256``, ``machine``, ``mode`` …"""


def machine_name(images: Sequence[Image]) -> str:
    """Return the name of the machine that made an exam, as control charts have it; images may each say a part."""
    told: dict[str, Any] = {}
    for image in images:
        told = {**image.machine, **told}
    return machine_of(told)


def runs_of(look: Look, of: Mapping[str, Any], sha256s: Sequence[str]) -> list[Run]:
    """Return what is kept of a look: one row for each image that the model looked at.

    Parameters
    ----------
    of : ``model_id``, ``machine`` and ``mode`` of every row
    sha256s : of the images, in the order of the look
    """
    return [
        {
            **of,
            "image_sha256": sha256,
            "score": image.quantities.get("highest_score"),
            "findings": [finding.as_json() for finding in image.findings],
            "features": dict(image.quantities),
            "threshold": float(look.inputs["threshold"]),
        }
        for sha256, image in zip(sha256s, look.images, strict=True)
        if image.is_searched
    ]
