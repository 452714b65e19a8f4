from __future__ import annotations

import numpy as np
import pytest

import radiographs
from kerma.errors import WrongUsage
from kerma.science.imaging.image import GreyScale, Lut, Spacing
from kerma.science.measure import run
from kerma.science.results import NotMeasurable

ROW, COLUMN = np.indices((40, 60), dtype=np.float64)


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize(
    ("start", "end"), [("3,4", "3,50"), ("3,4", "33,4"), ("3.5,4.25", "30.5,52"), ("39,59", "0,0")]
)
def test_a_plane_of_grey_values_is_read_exactly(start: str, end: str, width: int) -> None:
    image = radiographs.image(7 + 2 * ROW - 3 * COLUMN)
    values = run("line_profile", image, start=start, end=end, width_px=width).values
    (row, column), (to_row, to_column) = (map(float, text.split(",")) for text in (start, end))
    share = np.linspace(0, 1, len(values["value_stored"]))
    expected = 7 + 2 * (row + share * (to_row - row)) - 3 * (column + share * (to_column - column))
    inner = slice(None) if width == 1 else slice(5, -5)
    assert values["value_stored"][inner] == pytest.approx(expected[inner])
    assert values["distance_px"][-1] == pytest.approx(np.hypot(to_row - row, to_column - column))


def test_distances_follow_the_spacing_of_each_direction() -> None:
    image = radiographs.image(ROW, spacing=Spacing(0.2, 0.1, "detector"))
    result = run("line_profile", image, start="0,0", end="30,40")
    assert result.values["distance_mm"][-1] == pytest.approx(np.hypot(6, 4))
    assert result.inputs["spacing_source"] == "at detector"
    assert "distance_mm" not in run("line_profile", radiographs.image(ROW)).values


def test_averaging_across_lowers_the_noise_by_its_root() -> None:
    image = radiographs.flat(3)
    one, many = (
        np.std(run("line_profile", image, start="100,10", end="100,245", width_px=width).values["value_stored"])
        for width in (1, 16)
    )
    assert one / many == pytest.approx(4, rel=0.25)


def test_the_way_back_is_the_profile_reversed() -> None:
    image = radiographs.flat(3)
    there = run("line_profile", image, start="10,20", end="200,90").values["value_stored"]
    back = run("line_profile", image, start="200,90", end="10,20").values["value_stored"]
    assert back[::-1] == pytest.approx(there)


def test_places_without_data_are_null() -> None:
    pixels = ROW + 1
    pixels[:, 20:30] = 0
    image = radiographs.image(pixels, padding_value=0)
    values = run("line_profile", image, start="5,0", end="5,59").values["value_stored"]
    assert values[20:30] == [None] * 10
    assert values[19] == values[30] == 6


def test_rescaled_values_follow() -> None:
    image = radiographs.image(ROW, grey=GreyScale(2.0, -10.0, "HU"))
    values = run("line_profile", image, start="3,0", end="3,9").values
    assert values["value_rescaled"] == [-4.0] * 10 and values["rescaled_unit"] == "HU"


def test_a_modality_table_leaves_places_without_data_null() -> None:
    grey = GreyScale(modality_lut=Lut(np.arange(50, dtype=np.uint16) * 2, first=0, bits=16))
    image = radiographs.image(np.array([[1, 0, 7]] * 3), grey=grey, padding_value=0)
    assert run("line_profile", image).values["value_rescaled"] == [2.0, None, 14.0]


def test_what_makes_no_line_is_refused() -> None:
    with pytest.raises(WrongUsage, match="outside"):
        run("line_profile", radiographs.image(ROW), start="0,60", end="5,5")
    with pytest.raises(WrongUsage, match="at least 1"):
        run("line_profile", radiographs.image(ROW), width_px=0)
    assert isinstance(run("line_profile", radiographs.image(ROW), start="5,5", end="5,5.5"), NotMeasurable)
