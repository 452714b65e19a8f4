"""The figures of pycocotools, the reference implementation of COCO, for our cases."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from kerma.science.observer.cases import Case


def precision(cases: Sequence[Case], labels: Sequence[str], overlaps: Sequence[float], bands: Sequence) -> np.ndarray:
    """Return precisions of shape (overlap, recall, label, band); -1 where there is nothing to find."""
    numbers = {label: number for number, label in enumerate(labels, start=1)}
    truth, found = COCO(), []
    annotations: list[dict] = []
    for image, one in enumerate(cases, start=1):
        for label, is_crowd, findings in [
            *((truth_one.label, 0, [truth_one]) for truth_one in one.truths),
            *((label, 1, one.ignored) for label in labels if one.ignored),
        ]:
            for truth_one in findings:
                box = truth_one.box
                annotations.append(
                    {
                        "id": len(annotations) + 1, "image_id": image, "category_id": numbers[label],
                        "bbox": [box.column, box.row, box.width, box.height], "area": box.height * box.width,
                        "iscrowd": is_crowd,
                    }
                )  # fmt: skip
        for mark in one.marks:
            if mark.label in numbers:
                bbox = [mark.box.column, mark.box.row, mark.box.width, mark.box.height]
                found.append({"image_id": image, "category_id": numbers[mark.label], "bbox": bbox, "score": mark.score})
    truth.dataset = {
        "info": {},
        "images": [{"id": number} for number in range(1, len(cases) + 1)],
        "annotations": annotations,
        "categories": [{"id": number, "name": label} for label, number in numbers.items()],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        run = COCOeval(truth, truth.loadRes(found), "bbox")
        run.params.iouThrs = np.asarray(overlaps)
        run.params.areaRng = [list(band) for band in bands]
        run.params.areaRngLbl = [str(number) for number in range(len(bands))]
        run.params.maxDets = [100]
        run.evaluate()
        run.accumulate()
    return run.eval["precision"][..., 0]
