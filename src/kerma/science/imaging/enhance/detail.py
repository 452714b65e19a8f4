"""Steps that bring out structure by its size or its edges: sharper, or nothing but a band, an edge, a relief."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerma.science.imaging.enhance.smoothing import smoothed
from kerma.science.imaging.enhance.step import Floats, Level, Parameters, Planes, Setting, Statistics, Step

BANDS = ("fine_gain", "small_gain", "medium_gain", "large_gain")
WIDEST_PX = 64.0
_FINEST = Setting("finest_px", "number", "standard deviation of the finest Gaussian; each next one is twice as wide",
                  default=1.0, least=0.5, most=WIDEST_PX / 8, slider=0.5)  # fmt: skip
MIDDLE = Setting("middle", "signed", "value shown where there is no structure")
_KEEP = Setting("keep_share", "nonnegative", "how much of the picture stays under it", default=0.0, most=1,
                slider=0.05)  # fmt: skip
_AMOUNT = Setting("amount_px", "signed", "length over which a slope is counted: how strongly it shows; below 0 darker",
                  default=4.0, least=-100, most=100, slider=0.5)  # fmt: skip
_BEFORE = Setting("sigma_px", "nonnegative", "smoothing before slopes are taken", default=1.0, most=8, slider=0.5)
AXIAL, DIAGONAL = np.float32(10 / 32), np.float32(3 / 32)
"""Weights of Scharr's operator, so that a slope of one per pixel gives one."""


def unsharp(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return v + Σ gain_k · (G_(k-1) - G_k), where G_0 is v and G_k a Gaussian of finest · 2^(k-1)."""
    values = planes[0]
    found, finer = values, values
    for number, name in enumerate(BANDS):
        coarser = smoothed(values, p["finest_px"] * 2**number / level.scale)
        found = found + np.float32(p[name]) * (finer - coarser)
        finer = coarser
    return found


def band_pass(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return middle + gain · (G_fine - G_coarse): structures of one size and nothing else."""
    fine, coarse = (smoothed(planes[0], p[name] / level.scale) for name in ("fine_px", "coarse_px"))
    return np.float32(p["middle"]) + np.float32(p["gain"]) * (fine - coarse)


def edge(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return keep · v + (1 - keep) · dark + amount · the steepness (Scharr's), in value per level-0 pixel."""
    down, right = _slopes(planes[0], p, level)
    return _laid_over(planes[0], p, np.sqrt(down * down + right * right), p["dark"])


def emboss(planes: Planes, p: Parameters, level: Level) -> Floats:
    """Return keep · v + (1 - keep) · middle + amount · the slope along a direction: lit from there, like a relief."""
    down, right = _slopes(planes[0], p, level)
    angle = math.radians(p["direction_deg"])
    slope = right * np.float32(math.cos(angle)) - down * np.float32(math.sin(angle))
    return _laid_over(planes[0], p, slope, p["middle"])


def _slopes(values: Floats, p: Parameters, level: Level) -> tuple[Floats, Floats]:
    """Return the slopes down and to the right, in value per pixel of the full picture."""
    smooth = np.pad(smoothed(values, p["sigma_px"] / level.scale), 1, mode="edge")
    scale = np.float32(level.scale)
    below, above = smooth[2:], smooth[:-2]
    down = AXIAL * (below[:, 1:-1] - above[:, 1:-1]) + DIAGONAL * (
        below[:, :-2] - above[:, :-2] + (below[:, 2:] - above[:, 2:])
    )
    after, before = smooth[:, 2:], smooth[:, :-2]
    right = AXIAL * (after[1:-1] - before[1:-1]) + DIAGONAL * (after[:-2] - before[:-2] + (after[2:] - before[2:]))
    return np.asarray(down / scale, np.float32), np.asarray(right / scale, np.float32)


def _laid_over(values: Floats, p: Parameters, slope: Floats, ground: float) -> Floats:
    keep = np.float32(p["keep_share"])
    return keep * values + (np.float32(1) - keep) * np.float32(ground) + np.float32(p["amount_px"]) * slope


def _unsharp_defaults(found: Statistics) -> dict[str, Any]:
    return {"finest_px": 1.0, "fine_gain": 0.5, "small_gain": 1.0, "medium_gain": 0.8, "large_gain": 0.4}


def _band_defaults(found: Statistics) -> dict[str, Any]:
    return {"fine_px": 1.0, "coarse_px": 8.0, "gain": 4.0, "middle": (found.low + found.high) / 2}


def _edge_defaults(found: Statistics) -> dict[str, Any]:
    dark, amount_px = (found.high, -8.0) if found.is_inverse else (found.low, 8.0)
    return {"keep_share": 0.0, "amount_px": amount_px, "sigma_px": 1.0, "dark": dark}


def _emboss_defaults(found: Statistics) -> dict[str, Any]:
    return {
        "direction_deg": 135.0, "keep_share": 0.0, "amount_px": 8.0, "sigma_px": 1.0,
        "middle": (found.low + found.high) / 2,
    }  # fmt: skip


def gain_settings() -> tuple[Setting, ...]:
    """Return the settings of a multi-scale unsharp mask: the finest Gaussian, and a gain for each band."""
    sizes = ("one finest Gaussian", "two", "four", "eight")
    return (
        _FINEST,
        *(
            Setting(name, "signed", f"gain of structures about {size} wide", default=0.0, least=-1, most=10, slider=0.1)
            for name, size in zip(BANDS, sizes, strict=True)
        ),
    )


STEPS = (
    Step(
        "unsharp", 1, "Sharpen (multi-scale)", "Strengthens structures by their size, each with its own gain.", "area",
        gain_settings(), unsharp, _unsharp_defaults,
    ),
    Step(
        "band_pass", 1, "Band-pass", "Shows structures of one size only: pores, wires, seams.", "area",
        (Setting("fine_px", "nonnegative", "structures finer than this go", default=1.0, most=WIDEST_PX, slider=0.5),
         Setting("coarse_px", "number", "structures coarser than this go", default=8.0, least=0.5, most=WIDEST_PX,
                 slider=0.5),
         Setting("gain", "signed", "how strongly they show", default=4.0, least=-50, most=50, slider=0.5), MIDDLE),
        band_pass, _band_defaults, rising=(("fine_px", "coarse_px"),),
    ),
    Step(
        "edge", 1, "Edges", "Draws outlines, alone or over the picture.", "area",
        (_KEEP, _AMOUNT, _BEFORE, Setting("dark", "signed", "value shown where there is no edge")),
        edge, _edge_defaults,
    ),
    Step(
        "emboss", 1, "Emboss", "Shows slopes as a relief lit from one side; a change of wall thickness stands out.",
        "area",
        (Setting("direction_deg", "signed", "where values rise towards, counted from the right against the clock",
                 default=135.0, least=-360, most=360, slider=5), _KEEP, _AMOUNT, _BEFORE, MIDDLE),
        emboss, _emboss_defaults,
    ),
)  # fmt: skip
