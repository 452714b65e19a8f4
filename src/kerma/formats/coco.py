"""COCO, the layout of object-detection truth that trainers read: images, annotations, categories.

Masks are uncompressed run lengths: down the columns, one column after the other, beginning with pixels outside.
Boxes are ``[x, y, width, height]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.results import Finding


def annotations_of(findings: Sequence[Finding], masks: Sequence[NDArray[np.bool_]]) -> list[dict[str, Any]]:
    """Return the annotations of one image, without the ids that the whole document gives them.

    ``masks`` has one mask of shape (row, column) per finding. Every measurement of a finding is a key of its annotation
    (``cnr``, ``detectability``, ``length_mm`` …).
    """
    return [
        {
            "finding": finding.id,
            "label": finding.label,
            "code": finding.code,
            "bbox": [finding.box.column, finding.box.row, finding.box.width, finding.box.height],
            "segmentation": run_lengths(mask),
            "area": int(np.count_nonzero(mask)),
            "iscrowd": 0,
            **{name: _finite(value) for name, value in finding.measurements.items()},
        }
        for finding, mask in zip(findings, masks, strict=True)
    ]


def document(
    info: Mapping[str, Any],
    images: Sequence[Mapping[str, Any]],
    annotations: Iterable[Sequence[Mapping[str, Any]]],
    supercategory: str,
) -> dict[str, Any]:
    """Return the COCO document of images and, in the same order, the annotations of each.

    Images, annotations and categories are numbered from 1; categories are the labels in the order of the alphabet.
    """
    listed = [list(each) for each in annotations]
    labels = sorted({one["label"] for each in listed for one in each})
    categories = {label: number for number, label in enumerate(labels, start=1)}
    numbered = [
        {"image_id": image_id, "category_id": categories[one["label"]], **one}
        for image_id, each in enumerate(listed, start=1)
        for one in each
    ]
    return {
        "info": dict(info),
        "images": [{"id": number, **image} for number, image in enumerate(images, start=1)],
        "annotations": [{"id": number, **one} for number, one in enumerate(numbered, start=1)],
        "categories": [
            {"id": number, "name": label, "supercategory": supercategory} for label, number in categories.items()
        ],
    }


def run_lengths(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return a mask (row, column) as COCO's uncompressed run lengths."""
    flat = np.concatenate([[False], mask.ravel(order="F")])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    counts = np.diff(np.concatenate([[0], changes, [mask.size]]))
    return {"size": [int(mask.shape[0]), int(mask.shape[1])], "counts": [int(count) for count in counts]}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
