"""What was missed and what was false, each as a small picture with its boxes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.areas.flagging.evaluating import read_image
from kerma.errors import KermaError
from kerma.science.observer.cases import Case, score_of
from kerma.science.results import Box, Finding

if TYPE_CHECKING:
    from kerma.formats.guard import GuardedReader
    from kerma.science.observer.confusion import Place

SIDE_PX = 190
"""Side of a picture on the page."""
AROUND = 2.5
"""A picture shows so many times the longer side of the box ..."""
LEAST_PX = 72
"""... and at least so many pixels of the image."""
TRUTH, MARK, WEAK = (64, 200, 110), (255, 150, 30), (255, 196, 120)
"""Green is true, orange is the detector's, thin its marks below the threshold; on the page in words too."""


@dataclass(frozen=True)
class Picture:
    """One small picture: JPEG as the address of an ``img``, and the words below it."""

    address: str
    words: str


def pictures(
    places: Sequence[Place],
    cases: Mapping[str, Case],
    paths: Mapping[str, Path],
    reader: GuardedReader,
    threshold: float,
) -> list[Picture]:
    """Draw each place with all truths and marks around it; images are read once each.

    Parameters
    ----------
    places : name of the image and the finding in the middle of the picture
    threshold : the score below which marks are drawn thin
    """
    drawn: dict[int, Picture] = {}
    for name in dict.fromkeys(name for name, _ in places):
        try:
            shown = _shown(reader, paths[name])
        except (KermaError, OSError):
            continue  # it could be read when the detector looked at it; the list beside the pictures still names it
        for number, (whose, finding) in enumerate(places):
            if whose == name:
                drawn[number] = Picture(
                    _address(_crop(shown, _boxes(cases[name], threshold), finding)), _words(name, finding)
                )
    return [drawn[number] for number in sorted(drawn)]


def _shown(reader: GuardedReader, path: Path) -> NDArray[np.uint8]:
    from kerma.science.imaging.greyscale import display

    plane: NDArray[Any] = display(read_image(reader, path))
    return np.ascontiguousarray(plane if plane.ndim == 3 else np.repeat(plane[..., None], 3, axis=2))


Drawn = tuple[Box, tuple[int, int, int], int]
"""A box, its colour, and the width of its line."""


def _crop(shown: NDArray[np.uint8], boxes: Sequence[Drawn], finding: Finding) -> NDArray[np.uint8]:
    import cv2

    box = finding.box
    side = int(max(LEAST_PX, AROUND * max(box.height, box.width)))
    top, left = int(box.row + box.height / 2 - side / 2), int(box.column + box.width / 2 - side / 2)
    window = np.zeros((side, side, 3), np.uint8)
    rows = slice(max(top, 0), min(top + side, shown.shape[0]))
    columns = slice(max(left, 0), min(left + side, shown.shape[1]))
    window[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = shown[rows, columns]
    scale = 2 * SIDE_PX / side
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    picture = cv2.resize(window, (2 * SIDE_PX, 2 * SIDE_PX), interpolation=method)
    for one, colour, line in boxes:
        corner = _at(one, top, left, scale, 0.0), _at(one, top, left, scale, 1.0)
        cv2.rectangle(picture, *corner, (0, 0, 0), 2 * line, cv2.LINE_AA)
        cv2.rectangle(picture, *corner, colour, line, cv2.LINE_AA)
    return picture


def _boxes(case: Case, threshold: float) -> list[Drawn]:
    weak = [(mark.box, WEAK, 1) for mark in case.marks if score_of(mark) < threshold]
    strong = [(mark.box, MARK, 2) for mark in case.marks if score_of(mark) >= threshold]
    return [*weak, *strong, *((truth.box, TRUTH, 2) for truth in case.truths)]


def _at(box: Box, top: int, left: int, scale: float, end: float) -> tuple[int, int]:
    """Return a corner as OpenCV has it, two pixels outside of the box so that nothing is covered."""
    off = 2 if end else -2
    column, row = box.column - left + end * box.width, box.row - top + end * box.height
    return round(column * scale) + off, round(row * scale) + off


def _address(picture: NDArray[np.uint8]) -> str:
    from kerma.science.imaging.annotate import jpeg

    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(picture, 85)).decode()}"


def _words(name: str, finding: Finding) -> str:
    score = "" if finding.score is None else f", score {finding.score:.2f}"
    size = f"{finding.box.height:.0f} × {finding.box.width:.0f} px"
    return f"{finding.label}{score}, {size}, {name}"
