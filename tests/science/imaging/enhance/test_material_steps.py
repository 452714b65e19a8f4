"""Steps that colour by material: laws on the simulated wedge, and what must never be hidden."""

from __future__ import annotations

import colorsys
import dataclasses
from typing import Any

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.imaging.enhance import Level, Statistics, parse, run, statistics, switched_on
from kerma.science.imaging.enhance import material_steps as steps
from kerma.science.imaging.enhance.energy_rays import rays_of
from kerma.science.imaging.enhance.number_lookup import number_lookup
from kerma.science.imaging.enhance.pipeline import negative
from kerma.science.imaging.enhance.registry import step_of
from kerma.science.physics.materials import density_of
from kerma.science.simulate import ready_scene
from material_wedge import ATTENUATIONS, MATERIALS, composition, inner, kind_of, wedge

LEVEL = Level()


def planes() -> tuple[np.ndarray, ...]:
    return tuple(wedge().pixels[:2].astype(np.float32))


def parameters(name: str, **other: Any) -> dict[str, Any]:
    return switched_on(step_of(name), statistics(wedge(), 1), {**MACHINE, **other})


def pictured(name: str, **other: Any) -> np.ndarray:
    p = parameters(name, **other)
    return step_of(name).run(planes(), p, LEVEL)


LOOKUP = number_lookup("simulated-160kv")
MACHINE = {"lookup": LOOKUP.name, "lookup_sha256": LOOKUP.sha256}


def hue_deg(colour: np.ndarray) -> float:
    return 360 * colorsys.rgb_to_hsv(*(float(part) for part in colour))[0]


def test_organic_is_orange_mixed_green_and_metal_blue_at_every_thickness() -> None:
    shown = pictured("material_colour")
    limits = {"organic": (15, 50), "mixed": (55, 165), "metal": (170, 250)}
    for number, material in enumerate(MATERIALS):
        for step, attenuation in enumerate(ATTENUATIONS):
            if 0.1 <= attenuation <= 3.0:
                low, high = limits[kind_of(material)]
                hue = hue_deg(np.median(shown[inner(number, step)].reshape(-1, 3), axis=0))
                assert low < hue < high, (material, attenuation, hue)


@pytest.mark.parametrize(("only", "strip"), [("organic_only", "organic_strip"), ("metal_only", "metal_strip")])
def test_what_is_kept_and_what_is_stripped_add_up_to_the_whole(only: str, strip: str) -> None:
    p = parameters(only, ghost=0.0)
    rays = rays_of(planes(), p)
    keep = steps._organic if only == "organic_only" else steps._metal
    kept, stripped = steps.kept(rays, keep, p), steps.kept(rays, steps._all_but(keep), p)
    decided = steps.certain(rays, p) == 1.0
    assert decided.mean() > 0.3
    whole = rays.a_high * kept + rays.a_high * stripped
    assert np.abs(whole - rays.a_high)[decided].max() < 1e-6
    # What cannot be told is in both: it is hidden in neither.
    assert (kept + stripped >= 1.0 - 1e-6).all()
    assert (kept + stripped)[steps.certain(rays, p) == 0.0].min() == 2.0
    told = pictured(only, ghost=0.0), pictured(strip, ghost=0.0), pictured("material_colour")
    fully = decided & (kept == 1.0)
    assert np.abs(told[0] - told[2])[fully].max() < 1e-6
    assert told[1][fully].min() == 1.0


@pytest.mark.parametrize(
    ("name", "stays", "goes"),
    [
        ("organic_only", {"organic"}, {"mixed", "metal"}),
        ("organic_strip", {"mixed", "metal"}, {"organic"}),
        ("metal_only", {"metal"}, {"organic", "mixed"}),
        ("metal_strip", {"organic", "mixed"}, {"metal"}),
        ("inorganic_strip", {"organic", "metal"}, {"mixed"}),
    ],
)
def test_each_step_keeps_and_takes_out_what_its_name_says(name: str, stays: set[str], goes: set[str]) -> None:
    shown, whole = pictured(name, ghost=0.0), pictured("material_colour")
    for number, material in enumerate(MATERIALS):
        for step, attenuation in enumerate(ATTENUATIONS):
            if not 0.2 <= attenuation <= 3.0 or material == "titanium":
                continue
            part = inner(number, step)
            middle = np.median(shown[part].reshape(-1, 3), axis=0)
            if kind_of(material) in goes:
                assert middle.min() > 0.99, (material, attenuation)
            else:
                assert kind_of(material) in stays
                assert np.abs(middle - np.median(whole[part].reshape(-1, 3), axis=0)).max() < 0.02


@pytest.mark.parametrize("name", [step.name for step in steps.STEPS])
def test_what_is_opaque_is_black_in_every_picture(name: str) -> None:
    low, high = np.full((2, 5, 5), 1.0, np.float32)
    high[:, 2:], low[:, 2:] = np.exp(-4.7), np.exp(-5.4)
    p = parameters(name, blank_low=1.0, blank_high=1.0, snr_low=1e4, snr_high=1e4)
    shown = step_of(name).run((low, high), p, LEVEL)
    assert shown[:, 2:].max() < 1e-6
    assert shown[:, :2].min() == 1.0


def test_what_cannot_be_told_is_grey_and_stays() -> None:
    low = high = np.full((4, 4), np.exp(-0.7), np.float32)
    for name in (step.name for step in steps.STEPS):
        p = parameters(name, blank_low=1.0, blank_high=1.0, snr_low=2.0, snr_high=2.0)
        shown = step_of(name).run((low, high), p, LEVEL)[1, 1]
        assert shown.max() - shown.min() < 1e-6
        assert shown.max() < 0.7


def test_the_window_shows_in_magenta_what_was_asked_for_only() -> None:
    shown = pictured("z_window", lowest_number=7.0, highest_number=7.9)
    step = ATTENUATIONS.index(1.0)
    for number, material in enumerate(MATERIALS):
        colour = np.median(shown[inner(number, step)].reshape(-1, 3), axis=0)
        is_magenta = colour[0] - colour[1] > 0.15
        assert is_magenta == (material in ("water",)) or material in ("tnt", "c4", "sugar"), material


def test_areal_density_against_the_truth_of_the_wedge() -> None:
    p = parameters("areal_density")
    rays = rays_of(planes(), p)
    found = LOOKUP.areal_densities(rays.a_high, rays.number)
    thickness = composition().thickness_mm
    for number, material in enumerate(MATERIALS):
        for step, attenuation in enumerate(ATTENUATIONS):
            if 0.2 <= attenuation <= 4.0:
                part = inner(number, step)
                true = 0.1 * density_of(material) * thickness[material, None][part].mean()
                off = np.median(found[part]) / true - 1
                low, high = {"organic": (-0.02, 0.23), "mixed": (-0.06, 0.08), "metal": (-0.17, 0.17)}[
                    kind_of(material)
                ]
                assert low < off < high, (material, attenuation, off)
    true = 0.1 * density_of("aluminium") * thickness["aluminium", None].max()
    p |= {"least_areal_density_g_cm2": 0.9 * true, "most_areal_density_g_cm2": 1.1 * true}
    shown = step_of("areal_density").run(planes(), p, LEVEL)
    marked = shown[..., 0] - shown[..., 1] > 0.05
    assert not marked[inner(MATERIALS.index("aluminium"), 3)].any()


def test_the_bag_of_the_simulator_through_the_whole_chain() -> None:
    image = ready_scene("cabin-bag").build(7, size_px=160)[0].image
    found = statistics(image, 1)
    assert found.energies is not None
    assert found.energies.calibration == "machine"
    chain = parse(
        {"steps": [{"name": "material_colour", "parameters": switched_on(step_of("material_colour"), found)}]}
    )
    shown = run(image, 1, chain)
    assert shown.shape == (160, 160, 3)
    truth = image.pixels[2] / 100.0
    thick = image.pixels[1] < 0.7 * found.energies.blank_high
    thick &= image.pixels[1] > 0.1 * found.energies.blank_high
    red, blue = (shown[..., part].astype(int) for part in (0, 2))
    assert (red > blue)[thick & (truth > 4) & (truth < 8)].mean() > 0.95
    assert (blue > red)[thick & (truth > 21)].mean() > 0.9
    assert parse(chain.canonical()) == chain
    with pytest.raises(WrongUsage, match="has not both"):
        run(dataclasses.replace(image, pixels=image.pixels[:1], plane_labels=("low",)), 0, chain)


def test_the_negative_turns_light_and_dark_over_and_keeps_hues() -> None:
    image = wedge()
    step = step_of("material_colour")
    rows = [{"name": step.name, "parameters": parameters(step.name)}]
    shown, turned = (run(image, 1, parse({"steps": rows, "negative": one})) for one in (False, True))
    assert turned[0, 0].max() < 16
    assert np.array_equal(negative(turned), shown)
    bright = (shown.max(axis=-1).astype(int) - shown.min(axis=-1)) > 60
    hues = [np.array([hue_deg(pixel / 255) for pixel in each[bright][::97]]) for each in (shown, turned)]
    assert np.abs(hues[0] - hues[1]).max() < 1e-3
    grey = np.arange(256, dtype=np.uint8)[None]
    assert np.array_equal(negative(np.repeat(grey[..., None], 3, axis=-1))[..., 0], 255 - grey)


def test_without_a_lookup_the_steps_cannot_be_switched_on() -> None:
    bare = Statistics(0, 1, 0, 1, lambda share: share)
    with pytest.raises(WrongUsage, match="blank_low"):
        switched_on(step_of("material_colour"), bare)
