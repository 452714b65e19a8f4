"""The GSDF and what photometer readings say of a display."""

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.physics.display_response import CATEGORIES, limits_of, response
from kerma.science.physics.gsdf import jnd_index, luminance_cd_m2

# PS3.14, Annex B: the first and the last rows of the table of the function; the coefficients are printed with 8 digits
PRINTED = [(1, 0.0500), (2, 0.0547), (3, 0.0594), (1023, 3993.4040)]


@pytest.mark.parametrize(("index", "printed"), PRINTED)
def test_the_function_has_its_printed_values(index: int, printed: float) -> None:
    assert float(luminance_cd_m2(index)) == pytest.approx(printed, rel=1e-3)


def test_it_rises_and_the_inverse_leads_back() -> None:
    index = np.linspace(1, 1023, 4000)
    assert np.all(np.diff(luminance_cd_m2(index)) > 0)
    assert np.abs(jnd_index(luminance_cd_m2(index)) - index).max() < 0.1  # what the standard says of its inverse


@pytest.mark.parametrize("wrong", [0.5, 1024.0])
def test_outside_its_range_it_is_refused(wrong: float) -> None:
    with pytest.raises(WrongUsage, match="1 to 1023"):
        luminance_cd_m2(wrong)
    with pytest.raises(WrongUsage, match="defined from"):
        jnd_index(0.01 if wrong < 1 else 5000.0)


def calibrated(low: float, high: float, levels: int = 18) -> np.ndarray:
    ends = jnd_index([low, high])
    return luminance_cd_m2(np.linspace(ends[0], ends[1], levels))


@pytest.mark.parametrize(("low", "high"), [(1.0, 350.0), (0.6, 250.0), (2.0, 900.0)])
def test_a_display_on_the_function_deviates_by_nothing(low: float, high: float) -> None:
    found = response(list(calibrated(low, high)))
    assert found.values["gsdf_deviation_percent"] < 0.1
    assert found.values["luminance_ratio"] == pytest.approx(high / low, rel=1e-3)


def test_one_step_that_is_off_is_found_with_its_size() -> None:
    levels = calibrated(1.0, 350.0)
    levels[9] *= 1.02
    found = response(list(levels))
    contrast = (
        2
        * (calibrated(1.0, 350.0)[9] - calibrated(1.0, 350.0)[8])
        / (calibrated(1.0, 350.0)[9] + calibrated(1.0, 350.0)[8])
    )
    assert found.values["worst_step"] in (9, 10)
    assert found.values["gsdf_deviation_percent"] == pytest.approx(100 * 0.02 / contrast, rel=0.1)


def test_room_light_counts_at_every_level_and_lowers_the_ratio() -> None:
    dark = response(list(calibrated(1.0, 350.0)))
    lit = response(list(calibrated(1.0, 350.0)), ambient_cd_m2=1.0)
    assert lit.values["luminance_ratio"] == pytest.approx(351 / 2, rel=1e-2)
    assert lit.values["gsdf_deviation_percent"] > dark.values["gsdf_deviation_percent"]
    assert lit.values["outcome"] == "fail" and dark.values["outcome"] == "pass"


def test_a_plain_office_screen_fails_as_diagnostic_and_says_why() -> None:
    office = [0.4 + 249.6 * (level / 17) ** 2.2 for level in range(18)]
    found = response(office)
    assert found.values["outcome"] == "fail"
    assert any("350 are asked" in one for one in found.warnings) and any("GSDF" in one for one in found.warnings)


@pytest.mark.parametrize("wrong", [[1, 2, 3, 4], [1, 2, 2, 4, 5], [1, 2, 3, float("nan"), 9], [0.0, 1, 2, 3, 4]])
def test_readings_that_cannot_be_are_refused(wrong: list[float]) -> None:
    with pytest.raises(WrongUsage):
        response(wrong)


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_limits_of_every_category_can_be_met(category: str) -> None:
    limits = limits_of(category)
    high = max(limits["luminance_max_cd_m2"], 100.0) * 1.1
    ratio = (limits["luminance_ratio_min"] + limits["luminance_ratio_max"]) / 2
    assert response(list(calibrated(high / ratio, high)), category=category).values["outcome"] == "pass"
