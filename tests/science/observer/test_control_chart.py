"""Control charts: limits from moving ranges, few false alarms, shifts and drifts found."""

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.control_chart import BEYOND, DRIFT, SHIFT, control_chart

# Montgomery, SQC, Example 6.5: viscosity of paint primer, individuals chart (values, mean 33.52, sigma 0.48 / 1.128)
VISCOSITY = [33.75, 33.05, 34.00, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.20, 33.62, 33.00, 33.54, 33.12, 33.84]


def test_the_published_example_has_its_limits() -> None:
    found = control_chart(VISCOSITY, baseline=15)
    assert found.centre == pytest.approx(33.52, abs=0.005)
    assert found.high == pytest.approx(34.80, abs=0.01)
    assert found.low == pytest.approx(32.24, abs=0.01)
    assert not any(found.signals)


def test_while_the_baseline_is_short_nothing_is_claimed() -> None:
    found = control_chart(VISCOSITY[:9])
    assert found.centre is None and found.sigma is None and found.ewma == () and not any(found.signals)


def test_a_steady_process_is_rarely_alarmed() -> None:
    rng = np.random.default_rng(5)
    runs = [control_chart(rng.normal(100, 2, 60)) for _ in range(200)]
    alarmed = sum(any(one) for run in runs for one in run.signals[20:]) / (200 * 40)
    assert alarmed < 0.06  # limits of twenty values are themselves uncertain; of a known sigma it would be near 0.01


@pytest.mark.parametrize(("shift", "signal", "within"), [(5.0, BEYOND, 3), (1.5, DRIFT, 15), (1.5, SHIFT, 25)])
def test_a_shift_is_found_soon_and_stays_found(shift: float, signal: str, within: int) -> None:
    rng = np.random.default_rng(11)
    late = []
    for _ in range(40):
        values = np.r_[rng.normal(0, 1, 100), rng.normal(shift, 1, 60)]
        found = control_chart(values, baseline=100)
        late.append(next((index for index, one in enumerate(found.signals[100:]) if signal in one), 99))
    assert np.median(late) <= within


def test_units_do_not_matter_and_values_without_spread_raise_no_alarm() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(50, 1, 80)
    values[60:] += 4
    plain, scaled = control_chart(values), control_chart(1000 * values - 7)
    assert plain.signals == scaled.signals
    assert not any(SHIFT not in one and one for one in control_chart([7.0] * 40).signals)


@pytest.mark.parametrize("wrong", [[1.0, float("nan")] * 10, [float("inf")] * 30])
def test_what_is_no_number_is_refused(wrong: list[float]) -> None:
    with pytest.raises(WrongUsage, match="finite"):
        control_chart(wrong)
    with pytest.raises(WrongUsage, match="baseline"):
        control_chart([1.0] * 9, baseline=3)
