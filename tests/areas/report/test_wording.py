import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kerma.areas.report import wording

THIN, MINUS = wording.THIN, wording.MINUS


def plain(written: str) -> float:
    return float(written.replace(THIN, "").replace(MINUS, "-"))


@given(some.floats(-1e12, 1e12, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-6))
def test_a_brief_number_is_the_number_to_four_digits(value: float) -> None:
    written = wording.brief(value)
    assert plain(written) == pytest.approx(value, rel=6e-4)
    assert "e" not in written and not (("." in written) and written.endswith("0"))


@pytest.mark.parametrize(
    ("value", "uncertainty", "written"),
    [
        (152.34567, 1.366, f"152.3{THIN}±{THIN}1.4"),
        (65267.123, None, f"65{THIN}267"),
        (-0.60123, None, f"{MINUS}0.6012"),
        (0.0, None, "0"),
        (7, None, "7"),
        (4637.2, 31.4, f"4637{THIN}±{THIN}31"),
    ],
)
def test_decimals_follow_the_uncertainty(value: float, uncertainty: float | None, written: str) -> None:
    assert wording.number(value, uncertainty) == written


def test_a_column_lines_up_on_the_point() -> None:
    assert [wording.fixed(value, 2) for value in (1.6, 12.0, -0.125)] == ["1.60", "12.00", f"{MINUS}0.12"]
    assert wording.fixed(None, 2) == ""


def test_units_come_from_names() -> None:
    assert wording.quantity("tube_voltage_kv", 160.0) == f"160{THIN}kV"
    assert wording.quantity("area_mm2", 2.5) == f"2.5{THIN}mm²"
    assert wording.quantity("material", "steel") == "steel"


def test_each_value_gets_its_own_part_of_the_method() -> None:
    method = "median over lines (snr, snr_line_median); mean of all (snr_region)"
    assert wording.method_of(method, "snr", is_first=True) == "Median over lines"
    assert wording.method_of(method, "snr_region", is_first=False) == "Mean of all"
    assert wording.method_of("all pixels; n - 1", "mean_stored", is_first=True) == "All pixels; n - 1"
    assert wording.method_of("all pixels; n - 1", "maximum_stored", is_first=False) == ""


def test_what_was_not_measured_says_why() -> None:
    rows = wording.measurement_rows([{"name": "snr_n", "not_measurable": "no resolution", "values": {}}])
    assert rows == [{"name": "SNR N", "absent": "no resolution"}]


def test_known_facts_come_first_and_unknown_ones_are_not_lost() -> None:
    shown = wording.facts({"grid": "none", "material": "steel", "empty": ""}, wording.TECHNIQUE_WORDS)
    assert shown == [["Material", "steel"], ["Grid", "none"]]


def test_no_number_is_printed_for_no_number() -> None:
    assert wording.brief(math.inf) == "inf"
