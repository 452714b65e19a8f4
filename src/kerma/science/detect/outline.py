"""Outline and size of one candidate in the image itself: where it stands out from its background."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.candidates import Candidate
from kerma.science.detect.scale_space import Grey

MARGIN_SIGMAS = 4.0
"""The background is taken around the outline of the response to this distance."""
FEWEST_MARGIN_PX = 5
LONGEST_WINDOW_PX = 400
EDGE_SHARE = 0.3
"""The outline runs where the contrast falls to this share of its peak: a sphere keeps 95 % of its width there ..."""
EDGE_NOISES = 3.0
"""... but not below so many standard deviations of the smoothed background ..."""
HIGHEST_EDGE_SHARE = 0.5
"""... and never above half the peak."""
RING_PX = (2, 5)
"""The ring around an outline lies between these distances from it."""
MOST_BELOW, MOST_ABOVE = 0.2, 0.6
"""Shares of the ring that may differ from the background by half the contrast (or 3 times the grain), against and along
the sign of the flaw: a flaw may have others beside it, but the field between two ribs is no flaw."""
LEAST_BLUR_PX = 0.6
WIDEST_BLUR = 0.6
"""Smoothing before the outline is drawn: at most this share of the candidate's scale ..."""
BLUR_FOR_EDGE = EDGE_NOISES / EDGE_SHARE / (2 * np.pi**0.5)
"""... and no more than puts the edge above the noise: white noise falls by 2 sqrt(pi) times the blur in pixels."""


@dataclass(frozen=True)
class Outline:
    """One outlined flaw, in image pixels: its mask in a window, its contrast, and the noise of the background."""

    row: int
    column: int
    mask: NDArray[np.bool_]
    contrast: float
    """Mean difference to the background within the mask, in stored values, signed."""
    noise: float
    """Standard deviation of one pixel of the background, robust, in stored values."""
    background: float
    """Mean of the fitted background within the mask, in stored values."""

    @cached_property
    def length_px(self) -> float:
        """Length of the smallest turned rectangle, in pixels."""
        return self.size()[0]

    @property
    def slenderness(self) -> float:
        """Length over mean width (area over length): long for a line even when it is bent."""
        return self.length_px * self.length_px / self.area_px

    @property
    def contrast_percent(self) -> float:
        """Contrast as a share of the background in percent, signed; 0 on a background of 0."""
        return 100 * self.contrast / abs(self.background) if self.background else 0.0

    @cached_property
    def area_px(self) -> int:
        """Pixels within the outline."""
        return int(np.count_nonzero(self.mask))

    @property
    def cnr(self) -> float:
        """Contrast over the noise of one pixel."""
        return abs(self.contrast) / self.noise

    @property
    def detectability(self) -> float:
        """Signal-to-noise of the matched filter for uncorrelated noise: CNR times the root of the area in pixels."""
        return float(self.cnr * self.area_px**0.5)

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """Return first row, first column, height and width in image pixels."""
        rows, columns = np.nonzero(self.mask)
        return (
            int(self.row + rows.min()),
            int(self.column + columns.min()),
            int(np.ptp(rows) + 1),
            int(np.ptp(columns) + 1),
        )

    def size(self, row_step: float = 1.0, column_step: float = 1.0) -> tuple[float, float]:
        """Return length and width of the smallest turned rectangle, in units of the steps between pixels."""
        import cv2

        rows, columns = np.nonzero(self.mask)
        # Corners of the pixels, not their centres: one pixel alone is one step long and wide.
        corners = np.concatenate([
            np.stack([(columns + right) * column_step, (rows + down) * row_step], axis=1)
            for right in (0, 1)
            for down in (0, 1)
        ])
        _, sides, _ = cv2.minAreaRect(corners.astype(np.float32))
        return float(max(sides)), float(min(sides))

    def polygon(self) -> tuple[tuple[float, float], ...]:
        """Return the outline as (row, column) points in image pixels, simplified to half a pixel."""
        import cv2

        contours, _ = cv2.findContours(self.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        longest = cv2.approxPolyDP(max(contours, key=len), 0.5, True)[:, 0, :]
        return tuple((float(self.row + row), float(self.column + column)) for column, row in longest.tolist())


def outline(grey: Grey, known: NDArray[np.bool_] | None, candidate: Candidate) -> Outline | None:
    """Outline one candidate; None when it does not stand out from its surroundings in the image itself."""
    top, left, bottom, right = _window(grey.shape, candidate)
    window = grey[top:bottom, left:right].astype(np.float64)
    inner = _inner(candidate, (top, left), window.shape)
    around = ~inner if known is None else ~inner & known[top:bottom, left:right]
    if np.count_nonzero(around) < 3 * 4:
        return None
    background = _background(window, around)
    window -= background
    noise = float(np.median(np.abs(window[around]))) / 0.6745
    mask = _standing_out(window, around, candidate, (top, left))
    if mask is None:
        return None
    contrast = float(window[mask].mean())
    if not _lies_in_background(window * np.sign(contrast), mask, max(0.5 * abs(contrast), 3 * _grain(window))):
        return None
    noise = max(noise, abs(contrast) * 1e-6)
    if contrast * candidate.response <= 0 or noise == 0:
        return None
    return Outline(top, left, mask, contrast, noise, float(background[mask].mean()))


def _window(shape: tuple[int, ...], candidate: Candidate) -> tuple[int, int, int, int]:
    margin = max(FEWEST_MARGIN_PX, MARGIN_SIGMAS * candidate.sigma_px)
    row, column, height, width = candidate.box
    top = max(0, int(row - margin), int(candidate.row - LONGEST_WINDOW_PX))
    left = max(0, int(column - margin), int(candidate.column - LONGEST_WINDOW_PX))
    bottom = min(shape[0], int(np.ceil(row + height + margin)), int(candidate.row + LONGEST_WINDOW_PX))
    right = min(shape[1], int(np.ceil(column + width + margin)), int(candidate.column + LONGEST_WINDOW_PX))
    return top, left, bottom, right


def _inner(candidate: Candidate, corner: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark the outline of the response, widened by its blur: what must not count as background."""
    inner = np.zeros(shape, dtype=bool)
    row, column, height, width = candidate.box
    blur = candidate.sigma_px
    rows = slice(max(0, int(row - blur - corner[0])), int(np.ceil(row + height + blur - corner[0])))
    columns = slice(max(0, int(column - blur - corner[1])), int(np.ceil(column + width + blur - corner[1])))
    inner[rows, columns] = True
    return inner


def _background(window: NDArray[np.float64], around: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the plane fitted to the surroundings, by least squares and once more without the outlying tenth."""
    row, column = np.indices(window.shape, dtype=np.float64)
    terms = np.stack([np.ones_like(row), row / window.shape[0], column / window.shape[1]], axis=-1)
    chosen = around
    fitted = np.zeros_like(window)
    for _ in range(2):
        fitted = terms @ np.linalg.lstsq(terms[chosen], window[chosen], rcond=None)[0]
        off = np.abs(window - fitted)
        chosen = around & (off <= np.quantile(off[around], 0.9))
    return fitted


def _standing_out(
    window: NDArray[np.float64], around: NDArray[np.bool_], candidate: Candidate, corner: tuple[int, int]
) -> NDArray[np.bool_] | None:
    """Return where the smoothed contrast stands out, connected to its peak."""
    import cv2

    signed = (window * np.sign(candidate.response)).astype(np.float32)
    widest = max(LEAST_BLUR_PX, WIDEST_BLUR * candidate.sigma_px)
    smooth = cv2.GaussianBlur(signed, (0, 0), widest)
    at = _peak_near(smooth, candidate, corner)
    if at is None:
        return None
    pixel_noise = float(np.median(np.abs(signed[around]))) / 0.6745
    enough = BLUR_FOR_EDGE * pixel_noise / float(smooth[at])
    if enough < widest:
        smooth = cv2.GaussianBlur(signed, (0, 0), max(LEAST_BLUR_PX, enough))
        at = _peak_near(smooth, candidate, corner) or at
    noise = float(np.median(np.abs(smooth[around]))) / 0.6745
    edge = min(HIGHEST_EDGE_SHARE * smooth[at], max(EDGE_SHARE * smooth[at], EDGE_NOISES * noise))
    above = (smooth > edge).astype(np.uint8)
    _, labels = cv2.connectedComponents(above, connectivity=8)
    mask: NDArray[np.bool_] = labels == labels[at]
    return mask


def _grain(window: NDArray[np.float64]) -> float:
    """Return the noise between neighbouring pixels, which structure hardly touches."""
    steps = np.abs(np.diff(window, axis=1))
    return float(np.median(steps)) / (0.6745 * 2**0.5) if steps.size else 0.0


def _lies_in_background(window: NDArray[np.float64], mask: NDArray[np.bool_], allowed: float) -> bool:
    """Whether the ring around an outline is background; ``window`` is the difference from it, positive in the flaw."""
    import cv2

    inner, outer = (
        cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
        for reach in RING_PX
    )
    ring = window[outer > inner]
    if ring.size == 0:
        return True
    return bool(np.mean(ring < -allowed) <= MOST_BELOW and np.mean(ring > allowed) <= MOST_ABOVE)


def _peak_near(smooth: Grey, candidate: Candidate, corner: tuple[int, int]) -> tuple[int, int] | None:
    """Return the highest place within a standard deviation of the candidate; None when nothing there is positive."""
    row, column = int(candidate.row) - corner[0], int(candidate.column) - corner[1]
    reach = max(1, int(candidate.sigma_px))
    top, left = max(0, row - reach), max(0, column - reach)
    near = smooth[top : row + reach + 1, left : column + reach + 1]
    if near.size == 0 or near.max() <= 0:
        return None
    peak_row, peak_column = divmod(int(near.argmax()), near.shape[1])
    return top + peak_row, left + peak_column
