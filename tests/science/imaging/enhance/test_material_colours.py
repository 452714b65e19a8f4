"""Colours of screening: hue by number, brightness by attenuation."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.imaging.enhance.material_colours import BLACK_AT, pseudo_colour


def hue_deg(number: float, attenuation: float = 0.8) -> float:
    red, green, blue = pseudo_colour(np.array([[attenuation]]), np.array([[number]]))[0, 0] / 255.0
    return 360.0 * colorsys.rgb_to_hsv(red, green, blue)[0]


def test_organic_is_orange_mixed_green_metal_blue() -> None:
    assert all(20 < hue_deg(number) < 45 for number in (5.5, 6.6, 7.5, 9.0))
    assert all(90 < hue_deg(number) < 165 for number in (11.8, 13.0, 15.0))
    assert all(215 < hue_deg(number) < 245 for number in (22.0, 26.0, 29.0))


def test_brightness_falls_with_attenuation_from_white_to_black() -> None:
    a = np.linspace(0.0, BLACK_AT, 60)[None]
    for number in (0.0, 7.0, 13.0, 26.0):
        total = pseudo_colour(a, np.full_like(a, number)).astype(int).sum(axis=-1)[0]
        assert (np.diff(total) <= 0).all()
        assert total[0] == 765
        assert total[-1] == 0


def test_what_cannot_be_told_is_grey_and_bad_values_are_no_crash() -> None:
    seen = pseudo_colour(np.array([[0.8, np.inf, np.nan, -0.1]]), np.array([[0.0, 26.0, np.nan, 7.0]]))
    assert len(set(seen[0, 0].tolist())) == 1
    assert seen[0, 1].tolist() == [0, 0, 0]
    assert seen[0, 2].tolist() == seen[0, 3].tolist() == [255, 255, 255]
    with pytest.raises(WrongUsage, match="one shape"):
        pseudo_colour(np.zeros((2, 3)), np.zeros((3, 2)))
