"""Trials of the measurements of parts, plates, fields and systems, on pictures made by formulas."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from accuracy_trials import Error, Trials, percent, value

from kerma.science.simulate import simulate

import inspection_pictures as pictures  # isort: skip  (the folder of tests is known once accuracy_trials is there)


def dimension() -> Iterator[Error]:
    """Diameters of a disc between its edges, in pixels."""
    for noise, seed in product((50.0, 200.0, 600.0), (1, 2, 3)):
        disc = pictures.image(pictures.disc(60.2, (200.3, 201.7), noise=noise, seed=seed))
        found = value("dimension", "length_px", disc, points="200.3,138;200.3,264", snap_px=10, width_px=3)
        yield None if found is None else found - 120.4


def wall_thickness() -> Iterator[Error]:
    """Walls of pipes, near and far sources."""
    for wall, snr, axis_mm in product((3.0, 6.0, 10.0), (100, 300), (0.0, 400.0)):
        wall_seen = pictures.image(pictures.pipe_wall(50, wall, snr=snr, source_axis_mm=axis_mm))
        distances = {"source_object_mm": axis_mm, "source_detector_mm": 1.2 * axis_mm} if axis_mm else {}
        found = value("wall_thickness", "wall_mean_mm", wall_seen, outer_diameter_mm=100, **distances)
        yield percent(found, wall)


def corrosion_depth() -> Iterator[Error]:
    """Pits read by steps of known thickness, in millimetres."""
    for depth, snr, seed in product((1.0, 2.0, 4.0), (100, 300), (1, 2)):
        pit = pictures.image(pictures.pit(depth, snr=snr, seed=seed))
        steps = "0,0,40,40=8;0,360,40,40=14"
        found = value("corrosion_depth", "depth_mm", pit, region="60,60,200,280", steps=steps)
        yield None if found is None else found - depth


def collimation() -> Iterator[Error]:
    """Width of a collimated field, in pixels."""
    for tilt, has_object, seed in product((0.0, 3.0, -7.0), (False, True), (1, 2)):
        field = pictures.field((240.3, 330.6), (250, 360), tilt, has_object=has_object, seed=seed)
        found = value("collimation", "width_px", pictures.image(field))
        yield None if found is None else found - 360


def jitter() -> Iterator[Error]:
    """Displacements of scan lines, root mean square in pixels."""
    for rms, tilt, seed in product((0.05, 0.1, 0.4), (0.0, -5.0), (1, 2)):
        shifts = np.random.default_rng(seed).normal(0, rms, 600)
        found = value("jitter", "jitter_rms_px", pictures.image(pictures.edge_lines(shifts, tilt_deg=tilt, snr=200)))
        yield None if found is None else found - float(shifts.std())


def slippage() -> Iterator[Error]:
    """Jumps of the transport, in pixels."""
    for jump, seed in product((0.5, 1.0, 2.0), (1, 2)):
        shifts = np.where(np.arange(1000) > 600, jump, 0.0)
        found = value("slippage", "jump_px", pictures.image(pictures.ruled(shifts, seed=seed)))
        yield None if found is None else found - jump


def shading() -> Iterator[Error]:
    """Parabolic fall to the sides: medians of the thirds, in percent."""
    across = np.linspace(-1, 1, 900)
    for fall, seed in product((0.05, 0.15, 0.25), (1, 2)):
        grey = np.random.default_rng(seed).normal(10_000, 100, (300, 900)) * (1 - fall * across**2)
        truth = 100 * ((1 - fall * 4 / 9) / (1 - fall / 36) - 1)
        found = value("shading", "shading_percent", pictures.image(grey))
        yield None if found is None else found - truth


def erasure() -> Iterator[Error]:
    """What an erased plate still shows, in percent of the exposure."""
    for residual, seed in product((0.0, 0.5, 3.0), (1, 2)):
        ground = np.random.default_rng(seed).normal(500, 5, (2, 200, 200))
        ground[0, 80:120, 80:120] += 20_000
        ground[1, 80:120, 80:120] += 200 * residual
        plates = (pictures.image(each) for each in ground)
        found = value("erasure", "residual_percent", *plates, region="85,85,30,30", background="10,10,50,50")
        yield None if found is None else found - residual


def test_object() -> Iterator[Error]:
    """Marks of a simulated test object that lies as it likes: how far they are from where they should be, in pixels."""
    for turn, face in product(("-20", "5", "170"), ("up", "down")):
        seen = simulate("test-object-ctp", 2, size_px="420", turn_deg=turn, face=face).image
        yield value("test_object", "registration_px", seen)


TRIALS = (
    Trials("dimension", "diameter between edges", "px", 0.1, "SNR 18–220", dimension),
    Trials("wall_thickness", "mean wall", "%", 0.5, "wall 3–10 mm, SNR 100–300, far and near source", wall_thickness),
    Trials("corrosion_depth", "depth of a pit", "mm", 0.15, "depth 1–4 mm, SNR 100–300", corrosion_depth),
    Trials("collimation", "width of the field", "px", 0.2, "tilt −7–3°, with and without a body", collimation),
    Trials("jitter", "root mean square", "px", 0.005, "0.05–0.4 px, tilt −5–0°", jitter),
    Trials("slippage", "jump", "px", 0.15, "0.5–2 px", slippage),
    Trials("shading", "fall to the sides", "% of the mean", 0.3, "1.3–8.4 %", shading),
    Trials("erasure", "residual signal", "% of the exposure", 0.01, "0–3 %", erasure),
    Trials("test_object", "registration", "px", 0.1, "turned and flipped, simulated", test_object),
)
