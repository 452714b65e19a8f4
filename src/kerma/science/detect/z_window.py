"""Number window: pieces of a dual-energy scan whose effective number, areal density and area together alarm.

Windows slide over blocks of averaged attenuation with overlap; the blocks of all windows that alarm and touch are one
object and one alarm. Where too little gets through, that is an alarm of its own: nothing opaque passes in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.detect.area import Area, areas
from kerma.science.detect.cargo_density import must_show_open_beam
from kerma.science.imaging.enhance.energies import Energies, energies_of
from kerma.science.imaging.enhance.energy_rays import LEAST_ATTENUATION, MOST_LOW_ATTENUATION, attenuation_of
from kerma.science.imaging.enhance.number_lookup import NumberLookup
from kerma.science.imaging.greyscale import modality_values
from kerma.science.imaging.image import Image
from kerma.science.results import By, Finding
from kerma.standards import table

VERSION = "1"
WINDOWS = "kerma_findings/z_windows"
SEARCH = "kerma_findings/z_window_search"
OBJECT_SCALES = ("calibrated", "geometry")
"""Scales that hold at the object: only there an area times a density is a mass."""
CM2_MM2 = 0.01
Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Blocks:
    """Means over blocks of ``side_px``: number, areal density, and where neither air nor too much is in the ray."""

    side_px: int
    number: Grey
    areal_g_cm2: Grey
    is_told: Mask
    is_opaque: Mask


def detect(image: Image, *, window: str | None = None) -> tuple[Finding, ...]:
    """Return one finding per object that lies in a window of the table, largest first.

    Parameters
    ----------
    image : both energies of one view, a linear signal, with open beam
    window : only this row of ``kerma_findings/z_windows`` (``organic-bulk``, …); without it all

    ``z_effective`` is the median over the object's blocks, ``areal_density_g_cm2`` their mean, of everything in the
    rays; ``mass_g`` only where the scale holds at the object. ``score`` is the fullest window's share of blocks. The
    version of ``by`` names the lookup, how it is founded, and the status of the table.

    Raises
    ------
    WrongUsage
        The image has not both energies as a linear signal or no open beam, no lookup fits its voltage, or there is no
        such window.
    """
    energies = energies_of(image)
    if energies is None:
        raise WrongUsage("not computed: effective numbers take the low and high energy of one view as linear signal")
    if energies.lookup is None:
        raise WrongUsage(f"not computed: {'; '.join(energies.warnings)}")
    must_show_open_beam(image)
    rows = [row for row in table(WINDOWS) if window in (None, row["window"])]
    if not rows:
        raise WrongUsage(f"there is no window '{window}'; there are {', '.join(r['window'] for r in table(WINDOWS))}")
    seen = _blocks(image, energies, energies.lookup)
    by = _by(energies, energies.lookup)
    found = [one for row in rows for one in _alarms(image, seen, row, by)]
    return tuple(sorted(found, key=lambda one: -one.measurements["area_px"]))


def _by(energies: Energies, lookup: NumberLookup) -> By:
    windows = table(WINDOWS)
    words = f"{VERSION}; lookup {lookup.name} ({energies.calibration}); windows {windows.edition}, {windows.status}"
    return By("algorithm", "z_window", words)


def _setting(name: str) -> float:
    return next(float(row["value"]) for row in table(SEARCH) if row["quantity"] == name)


def _blocks(image: Image, energies: Energies, lookup: NumberLookup) -> Blocks:
    step_mm = image.spacing.row_mm
    side = max(1, round(_setting("block_mm") / step_mm)) if step_mm else int(_setting("block_px"))
    side = min(side, image.rows, image.columns)
    low, high = (
        attenuation_of(_means(image, plane, side) / np.float32(blank))
        for plane, blank in ((energies.low_plane, energies.blank_low), (energies.high_plane, energies.blank_high))
    )
    ratio = (low / np.maximum(high, np.float32(1e-3))).astype(np.float32)
    number, _ = lookup.numbers(high, ratio)
    is_opaque = low > np.float32(MOST_LOW_ATTENUATION)
    is_told = ~is_opaque & (high > np.float32(LEAST_ATTENUATION))
    areal = np.where(is_told, lookup.areal_densities(high, number), np.float32(0))
    return Blocks(side, number.astype(np.float32), areal.astype(np.float32), is_told, is_opaque)


def _means(image: Image, plane: int, side: int) -> Grey:
    """Return means of blocks; what is left over at the right and lower border is not looked at by whole blocks."""
    values = np.nan_to_num(modality_values(image.grey, image.pixels[plane]).astype(np.float32))
    rows, columns = -(-values.shape[0] // side), -(-values.shape[1] // side)
    spare = ((0, rows * side - values.shape[0]), (0, columns * side - values.shape[1]))
    padded = np.pad(values, spare, mode="edge")
    return np.asarray(padded.reshape(rows, side, columns, side).mean(axis=(1, 3)), dtype=np.float32)


def _alarms(image: Image, seen: Blocks, row: Mapping[str, str], by: By) -> Iterator[Finding]:
    """Yield the findings of one window of the table."""
    is_inside = _inside(seen, row)
    share = _window_share(is_inside)
    # a block belongs to an alarm when any of the windows over it alarms: the windows overlap
    alarmed = is_inside & _reached(share >= _setting("least_share"))
    smallest_px = _smallest_px(image, row)
    number = 0
    for blocks in areas(alarmed):
        area = _in_pixels(blocks, seen.side_px, image)
        if area.area_px >= smallest_px:
            number += 1
            score = float(np.clip(share[blocks.slices][blocks.mask].max(), 0.0, 1.0))
            measured = _measured(image, seen, blocks, area)
            name = row["window"]
            yield Finding(
                f"z_window-{name}-{number}", name, name, area.box, by, score, polygon=area.polygon(),
                measurements=measured,
            )  # fmt: skip


def _inside(seen: Blocks, row: Mapping[str, str]) -> Mask:
    if not row["z_from"]:
        return seen.is_opaque
    inside: Mask = seen.is_told & (seen.number >= float(row["z_from"])) & (seen.number <= float(row["z_to"]))
    inside &= (seen.areal_g_cm2 >= float(row["areal_from_g_cm2"])) & (seen.areal_g_cm2 <= float(row["areal_to_g_cm2"]))
    return inside


def _window_share(is_inside: Mask) -> Grey:
    """Return, at the middle of every window, the share of its blocks that lie in the range."""
    import cv2

    side = int(_setting("window_blocks"))
    return np.asarray(cv2.blur(is_inside.astype(np.float32), (side, side), borderType=cv2.BORDER_CONSTANT))


def _reached(alarms: Mask) -> Mask:
    import cv2

    side = int(_setting("window_blocks"))
    reached: Mask = cv2.dilate(alarms.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return reached


def _smallest_px(image: Image, row: Mapping[str, str]) -> float:
    step = image.spacing
    if step.row_mm is None or step.column_mm is None:
        return float(row["area_px"])
    return float(row["area_mm2"]) / (step.row_mm * step.column_mm)


def _in_pixels(blocks: Area, side: int, image: Image) -> Area:
    whole = blocks.mask.repeat(side, axis=0).repeat(side, axis=1)
    row, column = blocks.row * side, blocks.column * side
    return Area(row, column, whole[: image.rows - row, : image.columns - column])


def _measured(image: Image, seen: Blocks, blocks: Area, area: Area) -> dict[str, float]:
    number = seen.number[blocks.slices][blocks.mask]
    areal = seen.areal_g_cm2[blocks.slices][blocks.mask]
    found = area.sizes(image.spacing)
    if not seen.is_told[blocks.slices][blocks.mask].any():
        return found
    found |= {"z_effective": float(np.median(number)), "areal_density_g_cm2": float(areal.mean())}
    if image.spacing.source in OBJECT_SCALES and "area_mm2" in found:
        found["mass_g"] = float(areal.mean()) * found["area_mm2"] * CM2_MM2
    return found
