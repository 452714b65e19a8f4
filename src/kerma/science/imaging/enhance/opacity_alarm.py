"""The dark alarm: whatever is so dense over so large an area that nobody can see what lies there, in red.

The area is that of connected parts of the whole picture, counted on its coarsest level, so that a tile alone never
decides; the border of the red follows the pixels of the level that is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.enhance import material_colours
from kerma.science.imaging.enhance.energy_rays import attenuation_of
from kerma.science.imaging.enhance.step import Floats, Level, Parameters, Planes, Setting, Statistics, Step

ALARM = (225, 20, 40)
HEAD = 3
"""Numbers before the mask in the table: rows, columns and scale of the picture it was made from."""
MOST_ATTENUATION = 3.0
LEAST_AREA_PX = 400
SHADE = 0.45
"""Brightness of the red at its darkest: red on black cannot be seen."""


def opaque_parts(whole: Floats, p: Parameters, scale: float) -> Floats:
    """Return rows, columns and scale of a coarse picture, then 1 for each pixel of a part that gives alarm, or beside.

    A part is connected over edges and corners; its area counts in pixels of the full picture.
    """
    from scipy.ndimage import binary_dilation, label

    dark = attenuation_of(whole / np.float32(p["blank"])) > np.float32(p["most_attenuation"])
    parts, count = label(dark, structure=np.ones((3, 3)))
    areas = np.bincount(parts.ravel(), minlength=count + 1) * scale**2
    alarming = areas >= p["least_area_px"]
    alarming[0] = False
    mask: NDArray[np.bool_] = binary_dilation(alarming[parts], structure=np.ones((3, 3)))
    head = np.array([*whole.shape, scale], dtype=np.float32)
    return np.concatenate([head, mask.ravel().astype(np.float32)])


def opacity_alarm(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return the picture in grey, and red where it is too dense over too large an area."""
    attenuation = attenuation_of(planes[0] / np.float32(p["blank"]))
    alarm = (attenuation > np.float32(p["most_attenuation"])) & _inside(attenuation.shape, level)
    plain = material_colours.toned(attenuation, material_colours.grey(), p["black_from"])
    left = np.exp(-(attenuation - np.float32(p["most_attenuation"])))[..., None]
    red = (np.array(ALARM) / 255.0).astype(np.float32) * (np.float32(SHADE) + np.float32(1.0 - SHADE) * left)
    found: Floats = np.where(alarm[..., None], red, plain)
    return found


def _inside(shape: tuple[int, ...], level: Level) -> NDArray[np.bool_]:
    """Return which pixels of a level lie in a part that gives alarm."""
    if level.table is None:
        return np.zeros(shape, dtype=bool)
    rows, columns = (int(side) for side in level.table[:2])
    mask = level.table[HEAD:].reshape(rows, columns) > 0
    share = level.scale / float(level.table[2])
    at = [
        np.minimum((np.arange(side) * share).astype(np.int64), most - 1)
        for side, most in zip(shape, mask.shape, strict=True)
    ]
    inside: NDArray[np.bool_] = mask[np.ix_(*at)]
    return inside


def _defaults(found: Statistics) -> dict[str, Any]:
    return {"blank": found.high}


STEPS = (
    Step(
        "opacity_alarm", 1, "Dark alarm", "Red where so little gets through, over so large an area, that nobody "
        "can tell what is there.", "colour",
        (Setting("blank", "number", "value of the open beam"),
         Setting("most_attenuation", "number", "attenuation above which a pixel is opaque; 3 is where 5 % gets through",
                 default=MOST_ATTENUATION, least=0.5, most=8, slider=0.1),
         Setting("least_area_px", "number", "least area of connected opaque pixels that gives alarm",
                 default=LEAST_AREA_PX, least=1, most=1e7),
         Setting("black_from", "number", "attenuation shown black", default=material_colours.BLACK_AT, least=1, most=8,
                 slider=0.1)),
        opacity_alarm, _defaults, table=opaque_parts, industries=("security",),
    ),
)  # fmt: skip
