"""Dark alarm: areas of a bag, parcel or vehicle that the X-rays do not penetrate, so that they hide what is behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kerma.science.detect.area import Area
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, penetrating_plane
from kerma.science.results import By, Finding
from kerma.standards import table

VERSION = "1"
MOST_FINDINGS = 50
AIR_PERCENTILE = 99.0
"""The open beam is taken at this percentile of brightness: it must cover at least a hundredth of the image."""
LINEAR_MEANINGS = ("raw", "for-processing")
EIGHT_BITS = 8
SIMPLIFIED_PX = 1.0
STRIP_SPAN = 0.9
STRIP_CONTACT = 0.45
"""A dark strip along a border (collimator, dead detector) spans the side and touches the border all along."""

Grey = NDArray[np.float32]


def detect(
    image: Image,
    *,
    plane: int | None = None,
    transmission: float | None = None,
    area_mm2: float | None = None,
    area_px: float | None = None,
) -> tuple[Finding, ...]:
    """Return one finding per connected area that is darker than the limit and large enough, largest first.

    On linear data the limit is a transmission: intensity over the open beam's. Pictures made for showing carry no
    intensities; there it is the share of the grey range. Limits stand in ``kerma_findings/security`` and can be given.
    The smallest area is in mm2 where the spacing is known, else in pixels. Of a dual-energy image the high energy is
    looked at. Open beam and belt are brighter than any sensible limit; strips along a border are no objects.
    """
    limits = {row["quantity"]: row["value"] for row in table("kerma_findings/security")}
    chosen = penetrating_plane(image) if plane is None else plane
    known = has_data(image, chosen)
    if known is not None and not known.any():
        return ()
    shade = _shade(image, chosen, known)
    if shade is None:
        return ()
    quantity = "transmission" if _is_linear(image) else "shade"
    limit = transmission if transmission is not None else float(limits[quantity])
    pixel_mm2 = _pixel_mm2(image)
    if pixel_mm2 is not None and (area_mm2 is not None or area_px is None):
        smallest_px = (area_mm2 if area_mm2 is not None else float(limits["area_mm2"])) / pixel_mm2
    else:
        smallest_px = area_px if area_px is not None else float(limits["area_px"])
    found = [area for area in _areas(shade <= limit, known) if area.area_px >= smallest_px]
    found = sorted((area for area in found if not _is_strip(area, shade.shape)), key=lambda area: -area.area_px)
    return tuple(
        _finding(image, chosen, f"opacity-{chosen}-{number}", area, (shade, limit))
        for number, area in enumerate(found[:MOST_FINDINGS], start=1)
    )


def _is_linear(image: Image) -> bool:
    return image.meaning in LINEAR_MEANINGS or (image.meaning == "unknown" and image.bits > EIGHT_BITS)


def _pixel_mm2(image: Image) -> float | None:
    if image.spacing.row_mm is None or image.spacing.column_mm is None:
        return None
    return image.spacing.row_mm * image.spacing.column_mm


def _shade(image: Image, plane: int, known: NDArray[np.bool_] | None) -> Grey | None:
    """Return brightness as a share of the open beam's, 0 where nothing came through; None without an open beam."""
    import cv2

    stored = image.pixels[plane].astype(np.float32)
    if known is not None:
        stored[~known] = stored[known].max() if image.rises_with_dose is not False else stored[known].min()
    grey = cv2.medianBlur(stored, 5)
    rises = image.rises_with_dose if image.rises_with_dose is not None else _border_is_bright(grey)
    if not rises:
        # Nothing came through where the values are highest: the end of the range, or of the image for floating point.
        is_whole = np.issubdtype(image.pixels.dtype, np.integer)
        grey = (float((1 << image.bits) - 1) if is_whole else float(np.max(grey))) - grey
    values = grey if known is None else grey[known]
    air = float(np.percentile(values.ravel()[:: max(1, values.size // 200_000)], AIR_PERCENTILE))
    if not air > 0:
        return None
    shade: Grey = grey / np.float32(air)
    return shade


def _border_is_bright(grey: Grey) -> bool:
    """Whether the border, which is mostly open beam, is brighter than the middle of the range of the image."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return bool(np.median(border) >= (np.min(grey) + np.max(grey)) / 2)


def _areas(is_dark: NDArray[np.bool_], known: NDArray[np.bool_] | None) -> Iterator[Area]:
    """Yield connected dark areas; bridges of two pixels do not connect, gaps of two pixels do not divide."""
    import cv2

    dark = (is_dark if known is None else is_dark & known).astype(np.uint8)
    for step in (cv2.MORPH_OPEN, cv2.MORPH_CLOSE):
        dark = cv2.morphologyEx(dark, step, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    for label in range(1, count):
        column, row, width, height, _ = boxes[label].tolist()
        yield Area(row, column, labels[row : row + height, column : column + width] == label)


def _is_strip(area: Area, shape: tuple[int, ...]) -> bool:
    height, width = area.mask.shape
    if height < STRIP_SPAN * shape[0] and width < STRIP_SPAN * shape[1]:
        return False
    touching = 0
    for first, last, size, at_first, at_last in (
        (area.row, area.row + height, shape[0], area.mask[0], area.mask[-1]),
        (area.column, area.column + width, shape[1], area.mask[:, 0], area.mask[:, -1]),
    ):
        touching += int(np.count_nonzero(at_first)) * (first == 0) + int(np.count_nonzero(at_last)) * (last == size)
    return bool(touching >= STRIP_CONTACT * 2 * (height + width))


def _finding(image: Image, plane: int, name: str, area: Area, seen: tuple[Grey, float]) -> Finding:
    limits = {row["quantity"]: row["value"] for row in table("kerma_findings/security")}
    shade, limit = seen
    middle = max(0.0, float(np.median(shade[area.slices][area.mask])))
    height, width = area.mask.shape
    sizes = {"area_px": float(area.area_px), "height_px": float(height), "width_px": float(width)}
    if image.spacing.row_mm is not None and image.spacing.column_mm is not None:
        sizes |= {
            "area_mm2": area.area_px * image.spacing.row_mm * image.spacing.column_mm,
            "height_mm": height * image.spacing.row_mm,
            "width_mm": width * image.spacing.column_mm,
        }
    return Finding(
        id=name,
        code=limits["code"],
        label=limits["label"],
        box=area.box,
        by=By("algorithm", "opacity", VERSION),
        # 1 where nothing came through, 0.5 at the limit.
        score=max(0.0, 1 - 0.5 * middle / limit) if limit > 0 else 1.0,
        plane=plane,
        polygon=area.polygon(SIMPLIFIED_PX),
        measurements=sizes | {("transmission" if _is_linear(image) else "shade"): middle} | _contrast(shade, area),
    )


def _contrast(shade: Grey, area: Area) -> dict[str, float]:
    """Return how far the area stands out of the frame around it, in units of the frame's robust spread."""
    edge = 5 + max(area.mask.shape) // 10
    rows = slice(max(0, area.row - edge), area.row + area.mask.shape[0] + edge)
    columns = slice(max(0, area.column - edge), area.column + area.mask.shape[1] + edge)
    around = np.ones(shade[rows, columns].shape, bool)
    around[
        area.row - rows.start : area.row - rows.start + area.mask.shape[0],
        area.column - columns.start : area.column - columns.start + area.mask.shape[1],
    ] = False
    frame = shade[rows, columns][around]
    if not frame.size:
        return {}
    middle = float(np.median(frame))
    # 1.4826: from the median absolute deviation to the standard deviation of a normal distribution
    spread = 1.4826 * float(np.median(np.abs(frame - middle)))
    if not spread > 0:
        return {}
    cnr = (middle - float(np.median(shade[area.slices][area.mask]))) / spread
    return {"cnr": cnr, "detectability": cnr * float(np.sqrt(area.area_px))}
