"""Steps that colour by material: everything, or only what is organic or metal, or what has a number asked for.

A strip takes a class out and an only-step takes all others out; of both pictures of a class the attenuations add up
to that of the whole. What cannot be told, and what is opaque, is never taken out: it stays, grey or black.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerma.science.imaging.enhance import material_colours
from kerma.science.imaging.enhance.energy_rays import Floats, Rays, lookup_of, rays_of
from kerma.science.imaging.enhance.number_lookup import DEFAULT, number_lookup
from kerma.science.imaging.enhance.step import Level, Parameters, Planes, Setting, Statistics, Step
from kerma.standards import table

CLASSES = "kerma_dual_energy/classes"
LOOKUPS = "kerma_dual_energy/lookups"
RAMP = 0.5
"""A class ends over this distance on both sides of its border."""
GHOST = 0.1
"""What is taken out stays as a shadow, so that the bag is not lost sight of."""

Keep = Callable[[Floats, Parameters], Floats]
BLANKS = (
    Setting("blank_low", "number", "value of the open beam, low energy"),
    Setting("blank_high", "number", "value of the open beam, high energy"),
)
_COMMON = (
    *BLANKS,
    Setting("snr_low", "number", "signal-to-noise ratio of a pixel of the open beam, low energy", default=300.0,
            least=1, most=1e5),
    Setting("snr_high", "number", "signal-to-noise ratio of a pixel of the open beam, high energy", default=300.0,
            least=1, most=1e5),
    Setting("lookup", "choice", "curves the number is read from", default=DEFAULT,
            choices=tuple(row["lookup"] for row in table(LOOKUPS))),
    Setting("lookup_sha256", "text", "SHA-256 of the table of those curves"),
    Setting("smoothing_px", "whole", "how far round a pixel its number is averaged with like neighbours", default=2,
            least=0, most=4, slider=1),
    Setting("black_from", "number", "high-energy attenuation shown black; 4.6 is where 1 % gets through",
            default=material_colours.BLACK_AT, least=1, most=8, slider=0.1),
    Setting("sharpen", "nonnegative", "how much the brightness is sharpened; the colour is not", default=0.0, most=6,
            slider=0.1),
)  # fmt: skip
_GHOST = Setting("ghost", "nonnegative", "share of what is taken out that stays as a shadow", default=GHOST, most=1,
                 slider=0.01)  # fmt: skip


def border(name: str) -> float:
    """Return the number up to which a class of materials goes."""
    return next(float(row["up_to_number"]) for row in table(CLASSES) if row["class"] == name)


METAL_NUMBER = border("mixed")
ORGANIC_TO = Setting("organic_to", "number", "number up to which a material is organic", default=border("organic"),
                     least=3, most=34, slider=0.1)  # fmt: skip
METAL_FROM = Setting("metal_from", "number", "number from which a material is metal", default=border("mixed"),
                     least=3, most=34, slider=0.1)  # fmt: skip
PALETTE = Setting("palette", "choice", "colours of the materials", default="screening",
                  choices=tuple(material_colours.PALETTES))  # fmt: skip
_RISING = (
    ("organic_to", "metal_from"), ("lowest_number", "highest_number"),
    ("least_areal_density_g_cm2", "most_areal_density_g_cm2"),
)  # fmt: skip
LEAST_AREAL, MOST_AREAL = (
    Setting("least_areal_density_g_cm2", "nonnegative", "least areal density shown in colour", default=8.0, most=200,
            slider=0.1),
    Setting("most_areal_density_g_cm2", "number", "greatest areal density shown in colour", default=20.0, most=200,
            slider=0.1),
)  # fmt: skip
LOW, HIGH = (
    Setting("lowest_number", "number", "lowest number shown in colour", default=7.0, least=3, most=34, slider=0.1),
    Setting("highest_number", "number", "highest number shown in colour", default=9.0, least=3, most=34, slider=0.1),
)


def above(number: Floats, edge: float) -> Floats:
    """Return how far a number lies above a border: 0 below, 1 above, and between over a short way."""
    found: Floats = np.clip((number - np.float32(edge - RAMP)) / np.float32(2 * RAMP), 0.0, 1.0)
    return found


def _organic(number: Floats, p: Parameters) -> Floats:
    return np.float32(1.0) - above(number, p["organic_to"])


def _metal(number: Floats, p: Parameters) -> Floats:
    return above(number, p["metal_from"])


def _mixed(number: Floats, p: Parameters) -> Floats:
    return above(number, p["organic_to"]) * (np.float32(1.0) - above(number, p["metal_from"]))


def _all_but(keep: Keep) -> Keep:
    return lambda number, p: np.float32(1.0) - keep(number, p)


def kept(rays: Rays, keep: Keep, p: Parameters) -> Floats:
    """Return the share of every pixel that stays; where nothing can be told, or nothing gets through, all of it."""
    told = certain(rays, p)
    found: Floats = np.float32(1.0) - told * (np.float32(1.0) - keep(rays.number, p))
    return found


def certain(rays: Rays, p: Parameters) -> Floats:
    """Return how certain the number of every pixel is; of an opaque one nothing is."""
    opaque = np.clip((rays.a_high - np.float32(p["black_from"] - 0.5)) / np.float32(0.5), 0.0, 1.0)
    found: Floats = rays.certainty * (np.float32(1.0) - opaque)
    return found


def depth(rays: Rays, p: Parameters) -> Floats:
    """Return the attenuation that decides on the brightness: sharpened, but what is opaque stays as it is."""
    sharpened = rays.a_high + np.float32(p["sharpen"]) * (rays.a_high - rays.around)
    found: Floats = np.where(rays.a_high >= np.float32(p["black_from"]), rays.a_high, np.maximum(sharpened, 0.0))
    return found


def _colours(planes: Planes, p: Parameters, level: Level) -> Floats:
    rays = rays_of(planes, p, level.scale)
    colour = material_colours.hues(rays.number, p["palette"])
    return material_colours.toned(depth(rays, p), _mixed_with_grey(colour, certain(rays, p)), p["black_from"])


def _selecting(keep: Keep) -> Callable[[Planes, Parameters, Level], Floats]:
    def run(planes: Planes, p: Parameters, level: Level) -> Floats:
        rays = rays_of(planes, p, level.scale)
        stays = kept(rays, keep, p)
        ghost = np.float32(p["ghost"])
        attenuation = depth(rays, p) * (stays + ghost * (np.float32(1.0) - stays))
        colour = material_colours.hues(rays.number, p["palette"])
        strength = certain(rays, p) * keep(rays.number, p)
        return material_colours.toned(attenuation, _mixed_with_grey(colour, strength), p["black_from"])

    return run


def _window(planes: Planes, p: Parameters, level: Level) -> Floats:
    rays = rays_of(planes, p, level.scale)
    inside = above(rays.number, p["lowest_number"]) * (np.float32(1.0) - above(rays.number, p["highest_number"]))
    wanted = (np.array(material_colours.WANTED) / 255.0).astype(np.float32)
    hue = _mixed_with_grey(np.broadcast_to(wanted, (*inside.shape, 3)), inside * certain(rays, p))
    return material_colours.toned(depth(rays, p), hue, p["black_from"])


def _density(planes: Planes, p: Parameters, level: Level) -> Floats:
    rays = rays_of(planes, p, level.scale)
    areal = lookup_of(p).areal_densities(rays.a_high, rays.number)
    inside = (areal >= np.float32(p["least_areal_density_g_cm2"])) & (
        areal <= np.float32(p["most_areal_density_g_cm2"])
    )
    wanted = (np.array(material_colours.WANTED) / 255.0).astype(np.float32)
    light = np.float32(1.0) - above(rays.number, METAL_NUMBER)
    hue = _mixed_with_grey(np.broadcast_to(wanted, (*inside.shape, 3)), inside * light * certain(rays, p))
    return material_colours.toned(depth(rays, p), hue, p["black_from"])


def _mixed_with_grey(colour: Floats, strength: Floats) -> Floats:
    grey = material_colours.grey()
    found: Floats = grey + (colour - grey) * strength[..., None]
    return found


def energy_defaults(found: Statistics) -> dict[str, Any]:
    """Return open beam, noise and lookup of the two energies of an image."""
    energies = found.energies
    if energies is None:
        default = number_lookup(DEFAULT)
        return {"lookup": default.name, "lookup_sha256": default.sha256}
    return energies.parameters()


def lookup_table(whole: Floats, p: Parameters, scale: float) -> Floats:
    """Return what a shader reads of the lookup; the picture plays no part."""
    return lookup_of(p).table


def _step(name: str, label: str, purpose: str, run: Callable[[Planes, Parameters, Level], Floats],
          *own: Setting) -> Step:  # fmt: skip
    names = {setting.name for setting in own}
    return Step(
        name, 1, label, purpose, "colour", (*_COMMON, *own), run, energy_defaults, table=lookup_table,
        planes="energies", industries=("security",), rising=tuple(pair for pair in _RISING if names >= set(pair)),
    )  # fmt: skip


STEPS = (
    _step("material_colour", "Material colour", "Organic orange, mixed green, metal blue, undecidable grey, opaque "
          "black.", _colours, PALETTE),
    _step("organic_only", "Organic only", "Only what is organic; all else is a shadow.", _selecting(_organic), PALETTE,
          ORGANIC_TO, _GHOST),
    _step("organic_strip", "Organic stripped", "Organic matter taken out: wires, batteries and metal stand free.",
          _selecting(_all_but(_organic)), PALETTE, ORGANIC_TO, _GHOST),
    _step("metal_only", "Metal only", "Only what is metal; all else is a shadow.", _selecting(_metal), PALETTE,
          METAL_FROM, _GHOST),
    _step("metal_strip", "Metal stripped", "Metal taken out; what is opaque stays black.",
          _selecting(_all_but(_metal)), PALETTE, METAL_FROM, _GHOST),
    _step("inorganic_strip", "Inorganic stripped", "Mixed and light inorganic matter taken out: organic and metal "
          "stay.", _selecting(_all_but(_mixed)), PALETTE, ORGANIC_TO, METAL_FROM, _GHOST),
    _step("z_window", "Number window", "Materials of an effective number asked for in magenta, all else grey.",
          _window, LOW, HIGH),
    _step("areal_density", "Areal density", "Organic and mixed matter as heavy per area as asked for in magenta.",
          _density, LEAST_AREAL, MOST_AREAL),
)  # fmt: skip
