"""What a version of a step does never changes: decisions of years ago are shown as they were seen.

A step whose numbers change gets a new version and a new row here; the old row stays, and so does what it tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerma.science.imaging import enhance
from kerma.science.imaging.enhance import Level
from kerma.science.imaging.enhance.registry import parameters_of
from kerma.science.imaging.enhance.step import Floats

PIXELS = ((0, 0), (37, 45), (60, 81), (89, 119))
GIVEN: dict[tuple[str, int], tuple[dict[str, Any], tuple[float, ...]]] = {
    ("gamma", 1): ({"gamma": 0.6, "low": 2660.0, "high": 58500.0}, (8617.184, 26799.29, 48238.54, 58897.45)),
    ("log", 1): (
        {"blank": 58500.0, "dark": 2660.0, "deepest_attenuation": 3.09},
        (10019.81, 35585.12, 52712.23, 58703.96),
    ),
    ("high_penetration", 1): (
        {"blank": 58500.0, "dark": 2660.0, "from_attenuation": 1.22, "to_attenuation": 3.09, "rest_share": 0.2},
        (12389.12, 46184.55, 55568.16, 58603.32),
    ),
    ("low_penetration", 1): (
        {"blank": 58500.0, "dark": 2660.0, "to_attenuation": 0.822, "deepest_attenuation": 3.09, "rest_share": 0.2},
        (4665.453, 11631.66, 41094.45, 59113.37),
    ),
    ("variable_absorption", 1): (
        {"blank": 58500.0, "dark": 2660.0, "center_attenuation": 0.822, "width_attenuation": 1.03},
        (2660, 6398.961, 57780.27, 58500),
    ),
    ("clahe", 1): (
        {"tiles": 8, "clip_limit": 2.5, "low": 2660.0, "high": 58500.0},
        (3782.261, 18557.56, 39846.01, 58500),
    ),
    ("super_enhance", 1): (
        {
            "tiles": 8,
            "clip_limit": 2.0,
            "low": 2660.0,
            "high": 58500.0,
            "finest_px": 1.0,
            "fine_gain": 0.4,
            "small_gain": 0.8,
            "medium_gain": 0.6,
            "large_gain": 0.2,
        },
        (1532.545, 17670.59, 43875.72, 59633.11),
    ),
    ("flatten", 1): ({"mode": "divide", "sigma_px": 60.0, "level": 26400.0}, (4918.188, 16840.6, 36906.2, 44327.97)),
    ("unsharp", 1): (
        {"finest_px": 1.0, "fine_gain": 0.5, "small_gain": 1.0, "medium_gain": 0.8, "large_gain": 0.4},
        (2538.341, 15535.1, 45823.14, 60159.09),
    ),
    ("band_pass", 1): (
        {"fine_px": 1.0, "coarse_px": 8.0, "gain": 4.0, "middle": 30600.0},
        (23022.88, 23024.18, 36683.66, 35752.41),
    ),
    ("edge", 1): (
        {"keep_share": 0.0, "amount_px": 8.0, "sigma_px": 1.0, "dark": 2660.0},
        (4799.453, 6305.54, 28453.98, 4434.917),
    ),
    ("emboss", 1): (
        {"direction_deg": 135.0, "keep_share": 0.0, "amount_px": 8.0, "sigma_px": 1.0, "middle": 30600.0},
        (28462.49, 28933.93, 5972.959, 29067.79),
    ),
    ("bilateral", 1): ({"sigma_px": 1.5, "sigma_value": 2240.0}, (4640.136, 16586.72, 42655.75, 58650.3)),
    ("median", 1): ({"window_px": "3"}, (4747, 16521, 41846, 58744)),
    ("density_highlight", 1): (
        {"from_value": 4950.0, "to_value": 9350.0, "black": 2660.0, "white": 58500.0, "colour": "amber"},
        (0.02399714, 0.2471526, 0.712894, 1),
    ),
}
"""Parameters, and what becomes of four pixels: a corner, the hole, the step, the far corner."""


def scene() -> Floats:
    """A wedge with waves, a grain, a hole and a step; no random numbers, which libraries may change."""
    row, column = np.mgrid[:90, :120]
    values = (
        4_000 + 380.0 * column + 3_000 * np.sin(row / 7) * np.cos(column / 5) + 40.0 * ((row * 31 + column * 17) % 23)
    )
    values[30:45, 40:60] *= 0.7
    values[60:, 80:] += 9_000
    found: Floats = values.round().clip(1, 65_535).astype(np.float32)
    return found


@pytest.mark.parametrize("key", GIVEN, ids=lambda key: f"{key[0]}-{key[1]}")
def test_a_version_does_what_it_always_did(key: tuple[str, int]) -> None:
    given, expected = GIVEN[key]
    step = enhance.STEPS[key]
    p = parameters_of(step, given)
    assert p == given, "no setting was added"
    values = scene()
    table = step.table(values, p, 1.0) if step.table else None
    found = step.run((values,), p, Level(1.0, table))
    found = found[..., 0] if found.ndim == 3 else found
    assert [float(found[pixel]) for pixel in PIXELS] == pytest.approx(expected, rel=1e-5)


def test_every_step_of_one_plane_is_held() -> None:
    own = {key for key, step in enhance.STEPS.items() if step.planes == "one"}
    assert own - set(GIVEN) <= {("opacity_alarm", 1)}
