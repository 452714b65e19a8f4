"""What good pictures of a part or a lane look like to the first layers of a network, learned from a few dozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect import anomaly_bank, anomaly_places
from kerma.science.detect.anomaly_bank import Bank
from kerma.science.detect.anomaly_features import CHANNELS, STRIDE, features, pooled, shrinking, shrunk
from kerma.science.detect.anomaly_places import Places
from kerma.science.detect.anomaly_scores import Shares
from kerma.science.detect.laying import best_laid, comparable, is_logarithmic, laid_on, lay, limit, must_lie_well
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import refusal

Grey = NDArray[np.float32]
ALIGNED, ANYWHERE = "aligned", "anywhere"
FEWEST, MOST = 10, 100
"""Good pictures: fewer tell nothing of how far they stray, more cost memory and gain little."""
FOLDS = 5
CHOSEN = {ALIGNED: 40, ANYWHERE: 100}
"""Channels, drawn by the seed from all 176."""
SMOOTH_PLACES = 1.0
EDGE_PLACES = 2
"""Places beside what is not known see padding: they are not judged."""
RANGE_PERCENT = (0.5, 99.5)
SCALE_SHARE = 0.02
"""Pixel sizes that differ by less are the same."""


@dataclass(frozen=True)
class View:
    """What pictures must be to be compared: values as logarithms or not, pixel size and, where aligned, their size."""

    is_logarithmic: bool
    spacing_mm: tuple[float, float] | None
    shape: tuple[int, int] | None
    limits: tuple[float, float]
    """The values that the layers are fed as -1 and 1."""


@dataclass(frozen=True)
class Taught:
    """A model of good pictures."""

    how: str
    """``aligned``: laid on each other, judged place by place; ``anywhere``: what is usual may lie anywhere."""
    good: Places | Bank
    middle: Grey | None
    """Where aligned, the median good picture, shrunk; not-a-number where any good one had none."""
    view: View
    chosen: NDArray[np.intp]
    shares: Shares


@dataclass(frozen=True)
class Judged:
    """``distances`` (row, column) of the places of a picture, 0 where not judged; ``matrix`` maps (column, row) of the
    shrunk reference to the shrunk picture, which is ``scale`` times the picture.
    """

    distances: Grey
    matrix: NDArray[np.float64]
    scale: float
    shape: tuple[int, int]
    """Rows and columns in which the places lie."""


def teach(images: Sequence[Image], session: Any, *, how: str, plane: int = 0, seed: int = 1) -> Taught:
    """Return a model of good pictures.

    Parameters
    ----------
    images : 10 to 100 good pictures of one view; the more of what may vary they show, the fewer false alarms
    session : of :func:`.anomaly_features.backbone`
    how : ``aligned`` where every picture shows the same part, put down alike; else ``anywhere``
    plane : which of their planes
    seed : draws channels, answers and the parts of the cross-check

    Raises
    ------
    WrongUsage
        Too few or many pictures, other kinds, sizes or scales, or one that cannot be laid on the first.
    """
    _must_fit(images, plane, how)
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(sum(CHANNELS))[: CHOSEN[how]])
    greys, middle = _aligned(images, plane) if how == ALIGNED else (_own(images, plane), None)
    view = _view(images[0], how, greys if middle is None else [middle])
    answers = [_answers(session, grey, middle, view, chosen) for grey in greys]
    known = [_judged_places(grey, middle) for grey in greys]
    highest = _held_out(answers, known, how, seed)
    if not min(highest) > 0:
        raise WrongUsage("the good pictures do not differ at all: are they copies of one picture?")
    return Taught(how, _learned(answers, how, seed), middle, view, chosen, Shares(tuple(sorted(highest))))


def judge(taught: Taught, image: Image, session: Any, plane: int = 0) -> Judged:
    """Return how far each place of a picture lies from good ones.

    Raises
    ------
    WrongUsage
        Another kind, size or scale, or (aligned) a part that cannot be laid on the good ones.
    """
    _must_match(taught.view, image)
    scale = shrinking((image.rows, image.columns))
    own = shrunk(comparable(image, plane), scale)
    matrix = np.eye(2, 3)
    if taught.middle is not None:
        found = best_laid(taught.middle, own)
        must_lie_well(found, taught.middle.shape)
        matrix, own = found.matrix, laid_on(taught.middle, own, found)
        _must_cover(own, taught.middle)
    answers = _answers(session, own, taught.middle, taught.view, taught.chosen)
    distances = _smooth(taught.good.distances(answers)) * _judged_places(own, taught.middle)
    return Judged(distances.astype(np.float32), matrix, scale, (own.shape[0], own.shape[1]))


def _learned(answers: Sequence[Grey], how: str, seed: int) -> Places | Bank:
    if how == ALIGNED:
        return anomaly_places.learn(np.stack(answers))
    return anomaly_bank.learn(list(answers), seed)


def _held_out(answers: Sequence[Grey], known: Sequence[NDArray[np.bool_]], how: str, seed: int) -> list[float]:
    """Return the highest distance of each good picture, judged by a model of the other four parts."""
    order = np.random.default_rng(seed).permutation(len(answers))
    highest = [0.0] * len(answers)
    for fold in range(FOLDS):
        held = {int(number) for number in order[fold::FOLDS]}
        good = _learned([one for number, one in enumerate(answers) if number not in held], how, seed)
        for number in held:
            highest[number] = float((_smooth(good.distances(answers[number])) * known[number]).max())
    return highest


def _answers(session: Any, grey: Grey, middle: Grey | None, view: View, chosen: NDArray[np.intp]) -> Grey:
    lacking = ~np.isfinite(grey)
    if lacking.any():
        other = np.full_like(grey, view.limits[1]) if middle is None else np.nan_to_num(middle, nan=view.limits[1])
        grey = np.where(lacking, other, grey)
    found = features(session, grey, view.limits, chosen)
    if middle is not None:
        return found
    # Anywhere: an answer is one of its neighbourhood (Roth et al. 2022, 3.1).
    return pooled(found)


def _smooth(distances: Grey) -> Grey:
    import cv2

    return np.asarray(cv2.GaussianBlur(distances, (0, 0), SMOOTH_PLACES, borderType=cv2.BORDER_REPLICATE))


def _judged_places(grey: Grey, middle: Grey | None) -> NDArray[np.bool_]:
    """Return which places are judged: those all of whose pixels are known, but not beside unknown ones."""
    import cv2

    known = np.isfinite(grey) if middle is None else np.isfinite(grey) & np.isfinite(middle)
    down, right = (-length % STRIDE for length in known.shape)
    whole = np.pad(known, ((0, down), (0, right)), mode="edge")
    rows, columns = whole.shape
    places = whole.reshape(rows // STRIDE, STRIDE, columns // STRIDE, STRIDE).all(axis=(1, 3)).astype(np.uint8)
    side = 2 * EDGE_PLACES + 1
    judged: NDArray[np.bool_] = cv2.erode(places, np.ones((side, side), np.uint8), borderValue=1) > 0
    return judged


def _own(images: Sequence[Image], plane: int) -> list[Grey]:
    scales = [shrinking((image.rows, image.columns)) for image in images]
    return [shrunk(comparable(image, plane), scale) for image, scale in zip(images, scales, strict=True)]


def _aligned(images: Sequence[Image], plane: int) -> tuple[list[Grey], Grey]:
    """Return the pictures laid on the first, and their median."""
    own = _own(images, plane)
    laid = [own[0]]
    for number, grey in enumerate(own[1:], start=2):
        try:
            laid.append(laid_on(own[0], grey, lay(own[0], grey)))
        except WrongUsage as error:
            raise WrongUsage(f"good picture {number} of {len(images)}: {error}") from None
    middle = np.concatenate(list(_medians(laid)))
    if np.isfinite(middle).mean() < limit("least_common_percent") / 100:
        raise WrongUsage("the good pictures share too little of the view: put the parts down alike")
    return laid, middle


def _medians(laid: Sequence[Grey], rows: int = 64) -> Iterator[Grey]:
    """Yield the median of the pictures, in bands of rows; not-a-number where any has none."""
    for row in range(0, laid[0].shape[0], rows):
        ordered = np.sort(np.stack([one[row : row + rows] for one in laid]), axis=0)
        half = len(laid) // 2
        found = ordered[half] if len(laid) % 2 else (ordered[half - 1] + ordered[half]) / np.float32(2)
        # A sort puts not-a-number last: where there is any, the last one is.
        yield np.where(np.isfinite(ordered[-1]), found, np.float32(np.nan)).astype(np.float32)


def _view(first: Image, how: str, greys: Sequence[Grey]) -> View:
    seen = np.concatenate([grey[np.isfinite(grey)][::17] for grey in greys])
    low, high = (float(value) for value in np.percentile(seen, RANGE_PERCENT))
    if not high > low:
        raise WrongUsage("the good pictures show nothing: all their values are the same")
    shape = (first.rows, first.columns) if how == ALIGNED else None
    return View(is_logarithmic(first), _scale_of(first), shape, (low, high))


def _scale_of(image: Image) -> tuple[float, float] | None:
    row_mm, column_mm = image.spacing.row_mm, image.spacing.column_mm
    return None if row_mm is None or column_mm is None else (row_mm, column_mm)


def demand_enough(count: int) -> None:
    """Refuse too few or too many good pictures."""
    if not FEWEST <= count <= MOST:
        raise WrongUsage(f"{count} good pictures were given; {FEWEST} to {MOST} are taken, 30 are a good number")


def _must_fit(images: Sequence[Image], plane: int, how: str) -> None:
    if how not in CHOSEN:
        raise WrongUsage(f"'{how}' is no way to compare; there are {' and '.join(CHOSEN)}")
    demand_enough(len(images))
    first = images[0]
    shape = (first.rows, first.columns) if how == ALIGNED else None
    view = View(is_logarithmic(first), _scale_of(first), shape, (0.0, 1.0))
    for number, image in enumerate(images, start=1):
        reason = refusal(image)
        if reason:
            raise WrongUsage(f"good picture {number}: {reason}")
        if plane >= image.planes:
            raise WrongUsage(f"good picture {number}: plane {plane} does not exist, it has {image.planes}")
        try:
            _must_match(view, image)
        except WrongUsage as error:
            raise WrongUsage(f"good picture {number}: {error}") from None


def _must_match(view: View, image: Image) -> None:
    if view.shape is not None and (image.rows, image.columns) != view.shape:
        rows, columns = view.shape
        raise WrongUsage(
            f"the picture has {image.rows} x {image.columns} pixels, the good ones {rows} x {columns}: all must come "
            "from one set-up"
        )
    if is_logarithmic(image) != view.is_logarithmic:
        raise WrongUsage("the picture and the good ones are not of one kind (a signal, or made for showing)")
    own = _scale_of(image)
    if (own is None) != (view.spacing_mm is None):
        raise WrongUsage("of the picture and the good ones only one tells how large a pixel is: nothing was compared")
    if own is not None and view.spacing_mm is not None:
        ratios = np.array(own) / np.array(view.spacing_mm)
        if (np.abs(ratios - 1) > SCALE_SHARE).any():
            raise WrongUsage(f"the pixels of the picture are {own} mm, those of the good ones {view.spacing_mm} mm")


def _must_cover(own: Grey, middle: Grey) -> None:
    known = np.isfinite(middle)
    cover = 100.0 * float(np.isfinite(own[known]).mean())
    if cover < limit("least_common_percent"):
        raise WrongUsage(f"only {cover:.0f} % of the part is in the view: put it down as the good ones were")
