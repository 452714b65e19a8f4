"""Why a model marked something there: the network's own heat over the image, at the scale of the mark.

The heat is what the mark was picked from: its peak is the mark's score. It shows where the network answers strongly,
not which features it answers to, nor that it is right. Of a reference of good parts it is how far each pixel differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import NotFound, WrongUsage
from kerma.science.detect import learned
from kerma.science.detect.anomaly import Anomaly
from kerma.science.detect.anomaly_features import STRIDE as PLACE_PX
from kerma.science.detect.bag_channels import reading_of
from kerma.science.detect.learned import Network
from kerma.science.detect.learned_bag import ZOOMS, BagNetwork
from kerma.science.detect.learned_finding import calibrated
from kerma.science.detect.learned_marks import LEAST_SCORE, STRIDE, Tile, marks
from kerma.science.detect.reference_model import PartModel
from kerma.science.detect.subtraction import difference, least_z, strongest_z
from kerma.science.imaging.image import Image
from kerma.science.results import Box, Finding

Grey = NDArray[np.float32]
SAME_PLACE = 0.5
"""A mark shows the finding where it shares this much of their union."""
SAME_SCORE = 0.02
"""... of distances from good pictures, where the highest score within its box is its own but for rounding."""
LEAST_SHOWN = LEAST_SCORE
"""Heat of the network, before it is calibrated, below this is left clear: no mark is picked from it."""
STRONGEST = 0.65
"""Share of the colour where the heat is 1; the image stays visible behind it."""
COLOURS = ((0.0, (70, 40, 200)), (0.35, (200, 40, 130)), (0.7, (250, 130, 40)), (1.0, (255, 240, 90)))
"""From little heat to much: lighter towards 1, so that grey prints show it too."""
COLOUR_STEPS = 64
LEAST_LIMITS, MOST_LIMITS = 0.5, 3.0
"""A difference from good parts is coloured from half its limit on, to the strongest of the finding, at least thrice."""
SHOWN_PX, SHOWN_TIMES = 160, 5.0
"""The picture is a cut round the finding: so many pixels, or so many times its longer side."""


@dataclass(frozen=True)
class Explanation:
    """The heat that a finding was picked from."""

    heat: Grey
    """(row, column) of the plane, 0 to 1: the calibrated score that a mark at this place would have, in blocks of the
    size the network answers in; of good parts how far it differs, in equal steps for equal ratios."""
    scale: float
    """Pixels of the image looked at per pixel of the image: the mark was found in the image shrunk so."""
    label: str
    stride_px: int = STRIDE
    """Pixels of the image looked at per answer of the network."""
    words: tuple[str, ...] = ()
    """What the picture is, line by line, where it is none of a network's heat."""

    @property
    def cell_px(self) -> float:
        """Side of one answer of the network in pixels of the image: it tells nothing finer."""
        return self.stride_px / self.scale


def explain(image: Image, network: Network, finding: Finding) -> Explanation:
    """Return the heat that a finding of this network was picked from.

    Raises
    ------
    WrongUsage
        The network gives no heat: it only gives boxes, classes or areas.
    NotFound
        The network does not mark this place on this image.
    """
    if isinstance(network, Anomaly):
        return _of_distances(image, network, finding)
    if isinstance(network, PartModel):
        return _of_differences(image, network, finding)
    if not isinstance(network, BagNetwork) and type(network) is not Network:
        raise WrongUsage(
            f"'{network.card['name']}' gives no heat from which its marks are picked: nothing can be shown"
        )
    if finding.label not in network.labels:
        raise NotFound(f"'{network.card['name']}' does not look for {finding.label}")
    label = network.labels.index(finding.label)
    best, shared = None, SAME_PLACE
    for answers in _looks(image, network, finding.plane):
        found = _shared(answers, label, finding.box)
        if found > shared:
            best, shared = answers, found
    if best is None:
        raise NotFound(f"'{network.card['name']}' does not mark {finding.label} at this place of the image")
    return Explanation(_heat(image, network, best, label), best[0][3].scale, finding.label)


def _looks(image: Image, network: Network, plane: int) -> Iterator[list[tuple[Grey, Grey, Grey, Tile]]]:
    """Yield what the network answers in each look at an image: every scale, either way its values may run."""
    if isinstance(network, BagNetwork):
        reading = reading_of(image, plane=plane)
        yield from (list(network.answers_at(reading, zoom)) for zoom in ZOOMS)
        return
    for polarity in (image.rises_with_dose,) if image.rises_with_dose is not None else (False, True):
        shown = replace(image, rises_with_dose=polarity)
        for scale in _scales(image):
            yield list(learned.answers_at(shown, network, plane, scale))


def _of_distances(image: Image, network: Anomaly, finding: Finding) -> Explanation:
    """Return how far every place lies from good pictures, as the score it would have."""
    heat, scale = network.heat(image, plane=finding.plane)
    highest = float(_inside(heat, finding.box).max(initial=0.0))
    if finding.label not in network.labels or abs(highest - (finding.score or 0.0)) > SAME_SCORE:
        raise NotFound(f"'{network.card['name']}' does not mark {finding.label} at this place of the image")
    return Explanation(heat, scale, finding.label, PLACE_PX)


def _of_differences(image: Image, model: PartModel, finding: Finding) -> Explanation:
    """Return how far every pixel differs from good parts, on the scale on which it differs most."""
    found = difference(image, model.reference, finding.plane)
    corners = _corners(finding.box)
    seen = model.look(image, threshold=0.0, plane=finding.plane).findings
    if not any(one.label == finding.label and _overlap(_corners(one.box), corners) > SAME_PLACE for one in seen):
        raise NotFound(f"'{model.card['name']}' does not mark {finding.label} at this place of the image")
    limit = least_z(found)
    strongest = strongest_z(found, (image.rows, image.columns))
    least, most = LEAST_LIMITS * limit, max(MOST_LIMITS * limit, float(_inside(strongest, finding.box).max(initial=0)))
    share = np.log(np.maximum(strongest, np.float32(least)) / least) / np.log(most / least)
    words = (
        f"Colour: difference from {model.reference.parts} good parts in units of their scatter, {least:.2g} (blue) to "
        f"{most:.3g} (yellow), equal steps for equal ratios; marked from {limit:.1f}.",
        "Of five scales, the one on which a pixel differs most: wide around what is strong. No colour: less.",
        "It shows where the part differs, not why, nor that it matters.",
    )
    return Explanation(np.minimum(share, 1).astype(np.float32), 1.0, finding.label, 1, words)


def _inside(values: Grey, box: Box) -> Grey:
    """Return the values within a box."""
    rows = slice(int(max(0, box.row)), int(box.row + box.height) + 1)
    return values[rows, int(max(0, box.column)) : int(box.column + box.width) + 1]


def _corners(box: Box) -> tuple[float, ...]:
    return (box.row, box.column, box.row + box.height, box.column + box.width)


def _scales(image: Image) -> Iterator[float]:
    side = min(image.rows, image.columns)
    yield from (scale for scale, least_px, below_px in learned.SCALES if least_px <= side < below_px)


def _shared(answers: list[tuple[Grey, Grey, Grey, Tile]], label: int, box: Box) -> float:
    """Return the largest share of their union that a mark of the label has with the finding's box."""
    corners = _corners(box)
    best = 0.0
    for answer in answers:
        for mark in marks(*answer):
            if mark.label == label:
                best = max(best, _overlap(mark.box, corners))
    return best


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    high = min(one[2], other[2]) - max(one[0], other[0])
    wide = min(one[3], other[3]) - max(one[1], other[1])
    both = max(high, 0.0) * max(wide, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / max(areas - both, 1e-9)


def _heat(image: Image, network: Network, answers: list[tuple[Grey, Grey, Grey, Tile]], label: int) -> Grey:
    """Return the heat of all tiles as one plane of the image; where tiles overlap, the larger."""
    import cv2

    shape = answers[0][3].image_shape
    whole = np.zeros((shape[0], shape[1]), dtype=np.float32)
    for heat, _, _, tile in answers:
        cells = np.repeat(np.repeat(heat[label], STRIDE, axis=0), STRIDE, axis=1)
        row, column = tile.corner
        part = whole[row : row + cells.shape[0], column : column + cells.shape[1]]
        np.maximum(part, cells[: part.shape[0], : part.shape[1]], out=part)
    known, place = np.unique(whole, return_inverse=True)
    scored = np.array([calibrated(float(value), network.card) for value in known], dtype=np.float32)
    scored[known < LEAST_SHOWN] = 0.0
    full = cv2.resize(scored[place].reshape(whole.shape), (image.columns, image.rows), interpolation=cv2.INTER_NEAREST)
    return np.asarray(full, dtype=np.float32)


def overlaid(shown: NDArray[np.uint8], explanation: Explanation) -> NDArray[np.uint8]:
    """Return a plane as it is shown (row, column), with the heat over it in colour (row, column, 3)."""
    grey = np.repeat(shown[..., None], 3, axis=-1) if shown.ndim == 2 else shown
    steps = np.linspace(0, 1, COLOUR_STEPS)
    at = [value for value, _ in COLOURS]
    table = np.stack([np.interp(steps, at, [colour[band] for _, colour in COLOURS]) for band in range(3)], axis=-1)
    heat = np.clip(explanation.heat, 0.0, 1.0)
    colour = table[np.rint(heat * (COLOUR_STEPS - 1)).astype(np.intp)]
    share = (STRONGEST * heat**0.3)[..., None]
    mixed: NDArray[Any] = np.rint(grey * (1 - share) + colour * share)
    return mixed.astype(np.uint8)


def picture(image: Image, network: Network, finding: Finding) -> bytes:
    """Return a PNG: the image, the heat over it, the finding's frame, and below it what the picture is and is not."""
    from kerma.science.imaging import greyscale
    from kerma.science.imaging.annotate import Mark, annotate, png

    explanation = explain(image, network, finding)
    box = finding.box
    rows, columns = _cut(image, box)
    shown = overlaid(greyscale.display(image, finding.plane), explanation)[rows, columns]
    number = int(finding.id.rpartition("-")[2])
    named = f"{network.card['name']} {network.card['version']}"
    score = "" if finding.score is None else f", score {finding.score:.2f}"
    inside = Box(box.row - rows.start, box.column - columns.start, box.height, box.width)
    drawn = annotate(
        np.ascontiguousarray(shown),
        (Mark(number, inside, finding.label),),
        spacing=image.spacing,
        strip=(
            f"{'Differences from' if explanation.words else 'Heat of'} {named} for {finding.label}{score}",
            f"Rows {rows.start} to {rows.stop}, columns {columns.start} to {columns.stop}, looked at "
            f"{_times(explanation.scale)}.",
            *(explanation.words or _words_of_heat(explanation)),
        ),
    )
    return png(drawn, {"Model": f"{named} {network.card['sha256']}"})


def _words_of_heat(explanation: Explanation) -> tuple[str, ...]:
    return (
        f"One answer of the network covers {explanation.cell_px:g} pixels.",
        "Blue, red, yellow: the score a mark there would have, 0 to 1. No colour: too little for any mark.",
        "It shows where the network answers, not what it answers to, nor that it is right.",
    )


def _cut(image: Image, box: Box) -> tuple[slice, slice]:
    """Return the rows and columns that are shown round a box."""
    side = max(SHOWN_PX, round(SHOWN_TIMES * max(box.height, box.width)))

    def span(middle: float, length: int) -> slice:
        start = min(max(0, round(middle - side / 2)), max(0, length - side))
        return slice(start, min(length, start + side))

    return span(box.row + box.height / 2, image.rows), span(box.column + box.width / 2, image.columns)


def _times(scale: float) -> str:
    return "as it is" if scale == 1.0 else f"{scale:g} times as large"
