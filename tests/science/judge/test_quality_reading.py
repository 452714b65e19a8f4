"""Readings: the poorest measurement counts, a person's entry goes before it, numbers are their own standard's."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from kerma.errors import WrongUsage
from kerma.science.judge.quality_reading import QUANTITIES, entries, read
from kerma.science.measure import MEASURES
from kerma.science.results import Measurement, NotMeasurable
from kerma.standards import table


def measured(name: str, **values: float | None) -> Measurement:
    return Measurement(name, "1", values, "m")


def test_of_several_measurements_the_poorest_counts() -> None:
    found = read([measured("snr_n", snr_n=130.0), measured("snr_n", snr_n=90.0)], {})
    assert found.of("snr_n").value == 90.0
    found = read([measured("duplex", isrb_um=80.0), measured("duplex", isrb_um=100.0)], {})
    assert found.of("srb_um").value == 100.0


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), True])
def test_a_value_that_is_no_number_is_no_reading(value: float | None) -> None:
    assert read([measured("snr_n", snr_n=value)], {}).of("snr_n").value is None


def test_the_reason_of_a_failed_measurement_is_kept() -> None:
    found = read([NotMeasurable("wire_iqi", "1", "the region cuts it")], {}).of("wire_mm")
    assert (found.value, found.origin) == (None, "the region cuts it")
    assert "wire" in found.how


@pytest.mark.parametrize(
    ("entered", "quantity", "standard", "value"),
    [
        ({"wire": 14}, "wire_mm", "iso", 0.16),
        ({"wire": 6}, "wire_mm", "iso", 1.0),
        ({"wire": 6}, "wire_mm", "asme", 0.25),
        ({"duplex": 10}, "srb_um", "iso", 100.0),
        ({"step_hole": 6}, "hole_mm", "iso", 0.4),
        ({"wire_mm": 0.2, "wire": 14}, "wire_mm", "iso", 0.2),
    ],
)
def test_numbers_of_a_series_are_its_sizes(
    entered: dict[str, float], quantity: str, standard: str, value: float
) -> None:
    assert read([], entered, standard=standard).of(quantity).value == pytest.approx(value)


def test_a_number_that_the_series_lacks_and_a_series_that_a_standard_lacks_are_refused() -> None:
    with pytest.raises(WrongUsage, match="W1 to W19"):
        read([], {"wire": 14.5})
    with pytest.raises(WrongUsage, match="enter hole_mm"):
        read([], {"step_hole": 6}, standard="asme")


def test_every_quantity_names_a_measurement_that_exists_and_a_value_it_returns() -> None:
    for row in table(QUANTITIES):
        if row["measurement"]:
            assert row["measurement"] in MEASURES
            module = importlib.import_module(f"kerma.science.measure.{row['measurement']}")
            assert f'"{row["value"]}"' in Path(str(module.__file__)).read_text(encoding="utf-8")
    assert entries().keys() >= {"wire", "duplex", "step_hole", "density_lowest", "snr_n"}
