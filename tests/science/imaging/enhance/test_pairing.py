"""Which pictures of a series are the two energies of one view."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.science.imaging.enhance.pairing import numbers_of, same_view
from kerma.science.simulate import ready_scene


@pytest.fixture(scope="module")
def views() -> list[np.ndarray]:
    return [view.image.pixels.astype(float) for view in ready_scene("parcel").build(3, size_px=128)]


def test_each_view_finds_its_own_other_energy(views: list[np.ndarray]) -> None:
    highs, numbers = [view[1] for view in views], [view[2] for view in views]
    for own, view in enumerate(views):
        assert same_view(view[0], highs) == own
        assert same_view(view[0], highs[::-1]) == 1 - own
        assert same_view(view[0], [high for at, high in enumerate(highs) if at != own]) is None
        assert numbers_of(view[1], numbers) == own
        assert numbers_of(view[1], [each for at, each in enumerate(numbers) if at != own]) is None


def test_two_that_fit_alike_are_none(views: list[np.ndarray]) -> None:
    low, high = views[0][:2]
    assert same_view(low, [high, high.copy()]) is None


def test_other_shapes_flats_and_nothing_are_none(views: list[np.ndarray]) -> None:
    low, high = views[0][:2]
    assert same_view(low, []) is None
    assert same_view(low, [high[:-1]]) is None
    assert same_view(low, [np.full_like(low, 5.0)]) is None
    assert same_view(np.zeros_like(low), [high]) is None
