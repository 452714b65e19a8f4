"""Laying a picture of a part on the reference of that part: logarithms of the signal, shift, turn and scale.

One machine, one kind of part: nothing is mirrored or a negative, so a shift by phase correlation and two passes of
ECC (enhanced correlation coefficient, Evangelidis and Psarakis 2008) are enough, and quick.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Image
from kerma.science.imaging.registration import STEADY_SHARE, Alignment, moved, shrunk
from kerma.science.imaging.values import has_data
from kerma.standards import table

Grey = NDArray[np.float32]
LIMITS = "kerma_findings/golden_part"
PASSES = ((256, 60, 1e-5), (768, 25, 1e-5))
"""Longest side, most steps and precision of each pass of ECC."""
SMALLEST_PX = 48
MATCHED_PX = 100_000
FEWEST_MATCHED = 100
BLUR_PX = 5
LEAST_SIZE = 0.25
"""A map that shrinks the area to less than this would agree with anything."""
EIGHT_BITS = 8
RANGE_PERCENT = (0.5, 99.5)


def limit(name: str) -> float:
    """Return one of the limits of comparing with good parts."""
    return next(float(row["value"]) for row in table(LIMITS) if row["quantity"] == name)


def is_logarithmic(image: Image) -> bool:
    """Whether a picture is compared in logarithms: then a difference is a share of the signal."""
    is_signal = image.meaning in ("raw", "for-processing") or (image.meaning == "unknown" and image.bits > EIGHT_BITS)
    return is_signal and image.rises_with_dose is not False


def comparable(image: Image, plane: int) -> Grey:
    """Return what is compared, higher where more radiation came through; not-a-number where there is no data.

    Of a linear signal the logarithm; of a picture made for showing its values over their range.
    """
    stored = image.pixels[plane].astype(np.float32)
    known = has_data(image, plane)
    if is_logarithmic(image):
        grey: Grey = np.log(np.maximum(stored, np.float32(0.5)))
    else:
        seen = stored if known is None else stored[known]
        low, high = np.percentile(seen.ravel()[:: max(1, seen.size // 200_000)], RANGE_PERCENT) if seen.size else (0, 0)
        sign = -1.0 if image.rises_with_dose is False else 1.0
        grey = ((stored - np.float32(low)) * np.float32(sign / max(float(high - low), 1e-9))).astype(np.float32)
    if known is not None:
        grey[~known] = np.nan
    return grey


def lay(reference: Grey, picture: Grey) -> Alignment:
    """Return how a picture lies on a reference: the matrix maps (column, row) of the reference to the picture.

    Raises
    ------
    WrongUsage
        They do not show the same part in the same view, or it lies too far off; the message gives the figure.
    """
    found = best_laid(reference, picture)
    must_lie_well(found, reference.shape)
    return found


def must_lie_well(found: Alignment, shape: tuple[int, ...]) -> None:
    """Refuse a picture that does not agree with the reference, or lies too far off it."""
    _must_be_alike(found.agreement)
    _must_lie_near(found.matrix, shape)


def best_laid(reference: Grey, picture: Grey) -> Alignment:
    """Return how a picture lies best on a reference, however badly; the agreement is -1 where it cannot be laid.

    Raises
    ------
    WrongUsage
        A picture is too small, or shows nothing.
    """
    if min(*reference.shape, *picture.shape) < SMALLEST_PX:
        raise WrongUsage(f"a picture to compare must have {SMALLEST_PX} rows and columns or more")
    matrix, agreement = None, -1.0
    for longest, steps, precision in PASSES:
        scale = min(1.0, longest / max(*reference.shape, *picture.shape))
        fixed, moving = (shrunk(values, scale) for values in (reference, picture))
        known = np.isfinite(fixed).astype(np.uint8)
        fixed, moving = _plain(fixed), _plain(moving)
        start = _shift(fixed, moving) if matrix is None else _at_scale(matrix, scale)
        found, agreement = _refined((fixed, moving, known), start, (steps, precision))
        matrix = _at_scale(found, 1 / scale)
        if scale == 1.0:
            break
    return Alignment(np.eye(2, 3) if matrix is None else matrix, agreement)


def _plain(values: Grey) -> Grey:
    """Return values without gaps and extremes, mean 0, spread 1."""
    is_known = np.isfinite(values)
    seen = values[is_known]
    low, high = np.percentile(seen, RANGE_PERCENT) if seen.size else (0.0, 0.0)
    if not high > low:
        raise WrongUsage("one of the pictures shows nothing: all its values are the same")
    clipped = np.clip(np.where(is_known, values, np.float32(np.median(seen))), low, high)
    found: Grey = ((clipped - clipped.mean()) / max(float(clipped.std()), 1e-9)).astype(np.float32)
    return found


def _shift(fixed: Grey, moving: Grey) -> NDArray[np.float64]:
    """Return the shift by phase correlation."""
    import cv2

    side = max(*fixed.shape, *moving.shape)
    padded = []
    for picture in (fixed, moving):
        whole = np.zeros((side, side), dtype=np.float32)
        whole[: picture.shape[0], : picture.shape[1]] = picture
        padded.append(whole)
    (column, row), _ = cv2.phaseCorrelate(padded[0], padded[1], cv2.createHanningWindow((side, side), cv2.CV_32F))
    return np.array([[1.0, 0.0, column], [0.0, 1.0, row]])


def _refined(
    pictures: tuple[Grey, Grey, NDArray[np.uint8]], matrix: NDArray[np.float64], stop: tuple[int, float]
) -> tuple[NDArray[np.float64], float]:
    """Return a map made finer, and the agreement; from no shift where the given start fails."""
    import cv2

    fixed, moving, known = pictures
    known = cv2.erode(known, np.ones((3, 3), np.uint8), borderValue=1)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, *stop)
    best, agreement = matrix, -1.0
    for start in (matrix, np.eye(2, 3)):
        # only the picture that is warped can have gaps: the reference, which lies where the others left it
        back = _turned_back(start).astype(np.float32)
        try:
            reached, found = cv2.findTransformECC(moving, fixed, back, cv2.MOTION_AFFINE, criteria, known, BLUR_PX)
        except cv2.error:
            continue
        is_sane = bool(np.isfinite(found).all()) and abs(float(np.linalg.det(found[:, :2]))) > LEAST_SIZE
        if is_sane and float(reached) > agreement:
            best, agreement = _turned_back(found.astype(np.float64)), float(reached)
        if agreement >= limit("least_agreement"):
            break
    return best, agreement


def laid_on(reference: Grey, picture: Grey, alignment: Alignment) -> Grey:
    """Return a picture on the grid of a reference, in its values; not-a-number where there is nothing of it.

    Values are matched by a straight line through the pixels that differ least, so that gain, dose and a slightly other
    voltage drop out and what is new or gone stays.
    """
    own = moved(picture, alignment.matrix, (reference.shape[1], reference.shape[0]))
    step = max(1, int((reference.size / MATCHED_PX) ** 0.5))
    x, y = own[::step, ::step].astype(np.float64), reference[::step, ::step].astype(np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    if np.count_nonzero(known) < FEWEST_MATCHED:
        raise WrongUsage("the picture and the reference hardly overlap: nothing was compared")
    slope, offset = _matched(x[known], y[known])
    return np.asarray(own * np.float32(slope) + np.float32(offset))


def _matched(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return the straight line from x to y through the pixels that differ least from it."""
    kept = np.ones(x.size, dtype=bool)
    slope, offset = 1.0, 0.0
    for _ in range(4):
        spread = float(x[kept].std())
        slope = float(np.cov(x[kept], y[kept])[0, 1] / spread**2) if spread > 0 else 1.0
        offset = float(y[kept].mean() - slope * x[kept].mean())
        apart = np.abs(y - slope * x - offset)
        kept = apart <= np.quantile(apart, STEADY_SHARE)
    return slope, offset


def _at_scale(matrix: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Return the map between two pictures that are both resized by a scale."""
    return np.column_stack([matrix[:, :2], matrix[:, 2] * scale])


def _turned_back(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the map the other way."""
    back = np.linalg.inv(matrix[:, :2])
    return np.column_stack([back, -back @ matrix[:, 2]])


def _must_be_alike(agreement: float) -> None:
    if agreement < limit("least_agreement"):
        found = "they cannot be laid on each other" if agreement <= 0 else f"agreement {agreement:.2f}"
        raise WrongUsage(
            f"the picture does not show the part of the reference in its view ({found}, needed is "
            f"{limit('least_agreement'):g}): nothing was compared; check the part, its place and the reference"
        )


def _must_lie_near(matrix: NDArray[np.float64], shape: tuple[int, ...]) -> None:
    """Refuse a part that lies too far off, is turned too far, or shows at another size."""
    linear = matrix[:, :2]
    middle = np.array([shape[1] / 2, shape[0] / 2])
    shift = float(np.hypot(*(linear @ middle + matrix[:, 2] - middle)))
    turn_deg = abs(math.degrees(math.atan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])))
    sizes = np.abs(np.linalg.svd(linear, compute_uv=False) - 1) * 100
    for what, found, name in (
        ("shifted by", 100 * shift / min(shape), "most_shift_percent"),
        ("turned by", turn_deg, "most_turn_deg"),
        ("another size by", float(sizes.max()), "most_size_percent"),
    ):
        if found > limit(name):
            unit = "degrees" if name.endswith("deg") else "percent"
            raise WrongUsage(
                f"the part is {what} {found:.1f} {unit} against the reference, at most {limit(name):g} are compared: "
                "put it down as the good ones were"
            )
