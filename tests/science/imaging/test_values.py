from __future__ import annotations

import numpy as np
import pytest

import radiographs
from kerma.science.imaging.values import has_data, penetrating_plane


def test_every_pixel_of_an_image_without_padding_carries_data() -> None:
    assert has_data(radiographs.flat(1)) is None
    assert has_data(radiographs.flat(1, padding_value=0)) is None


def test_padding_and_what_is_no_number_carry_none() -> None:
    pixels = np.array([[1.0, np.nan, -5.0], [np.inf, 2.0, 3.0]])
    mask = has_data(radiographs.image(pixels, padding_value=-5.0))
    assert mask is not None and mask.tolist() == [[True, False, False], [False, True, True]]


@pytest.mark.parametrize(
    ("kind", "labels", "plane"),
    [("energy", ("low", "high"), 1), ("energy", ("HIGH", "LOW"), 0), ("energy", ("z-effective", "low"), 1),
     ("energy", (), 0), ("view", ("low", "high"), 0)],
)  # fmt: skip
def test_of_several_energies_the_high_one_penetrates(kind: str, labels: tuple[str, ...], plane: int) -> None:
    image = radiographs.image(np.zeros((2, 4, 4)), plane_kind=kind, plane_labels=labels)
    assert penetrating_plane(image) == plane
