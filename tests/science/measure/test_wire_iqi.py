from __future__ import annotations

import numpy as np
import pytest

import gauge_pictures as gauges
from kerma.science.measure import run
from kerma.science.results import Measurement, NotMeasurable

PIXEL_MM = 0.1


def _read(first: int, **more: float) -> tuple[Measurement | NotMeasurable, np.ndarray]:
    is_turned = more.pop("is_turned", False)
    grey, ideal = gauges.wire_picture(first, more.pop("pixel_mm", PIXEL_MM), **more)
    given = gauges.image(grey.T if is_turned else grey, PIXEL_MM)
    return run("wire_iqi", given, wires=f"W{first}-W{first + 6}"), ideal


def test_detectability_agrees_with_the_ideal_observer() -> None:
    """Means over 5 pictures of 25 mm: the background that must be fitted beside a wire costs about a tenth."""
    read = []
    for seed in range(5):
        result, ideal = _read(13, snr=200, attenuation_mm=0.07, seed=seed)
        assert isinstance(result, Measurement), result
        read.append(result.values["detectabilities"])
    means = np.mean(read, axis=0)
    # The mean of 5, each with a standard deviation of 0.63, is good to 0.3.
    assert (means > 0.8 * ideal - 0.8).all() and (means < 1.05 * ideal + 0.8).all()


def test_the_thinnest_wire_is_the_one_the_ideal_observer_sees_to_within_one() -> None:
    errors = []
    for seed in range(16):
        random = np.random.default_rng(seed)
        result, ideal = _read(
            10, snr=float(np.exp(random.uniform(4, 5.7))), tilt_deg=random.uniform(-5, 5),
            bead=random.choice([0, 0.15]), bend=random.choice([0, 0.1]),
            sign=int(random.choice([-1, 1])), is_turned=bool(random.integers(2)),
            is_reversed=bool(random.integers(2)), length_mm=float(random.choice([12, 20])), seed=seed,
        )  # fmt: skip
        if isinstance(result, NotMeasurable):
            # A gauge of which the ideal observer sees hardly three wires may be refused, never misread.
            assert (ideal >= 5).sum() < 5
            continue
        errors.append(sum(result.values["visible"]) - int((ideal >= 5).sum()))
    assert len(errors) >= 12
    assert np.max(np.abs(errors)) <= 1
    assert np.mean(np.array(errors) == 0) >= 0.6 and abs(np.mean(errors)) <= 0.25


def test_confidence_is_the_share_of_pictures_that_agree() -> None:
    """Where the ideal observer's detectability of the last wire is far from 5 the confidence is high, near it low."""
    for snr, low, high in ((400, 0.95, 1.0), (100, 0.0, 0.99)):
        result, ideal = _read(10, snr=snr, attenuation_mm=0.05, seed=1)
        nearest = float(np.min(np.abs(ideal - 5)))
        assert low <= result.values["confidence"] <= high, (snr, nearest)


def test_thick_wires_that_stand_close_are_read() -> None:
    result, _ = _read(1, snr=300, length_mm=15, attenuation_mm=0.1, pitch_mm=5.5)
    assert result.values["visible"] == [True] * 7
    assert result.values["blur_mm"] == pytest.approx(PIXEL_MM, rel=0.35)


def test_without_wires_the_set_whose_widths_fit_is_taken_or_asked_for() -> None:
    for first in (6, 10):
        grey, _ = gauges.wire_picture(first, 0.05, attenuation_mm=0.05, snr=200, length_mm=15)
        assert run("wire_iqi", gauges.image(grey, 0.05)).values["set"] == f"W{first}-W{first + 6}"
    # Wires far thinner than the blur differ in nothing but contrast.
    grey, _ = gauges.wire_picture(13, PIXEL_MM, attenuation_mm=0.06, snr=600, blur_px=2.5, length_mm=15)
    assert "say which" in run("wire_iqi", gauges.image(grey, PIXEL_MM)).reason


def test_clipped_pixels_are_told() -> None:
    grey, _ = gauges.wire_picture(10, PIXEL_MM, snr=100, length_mm=15)
    result = run("wire_iqi", gauges.image(np.minimum(grey, 30300), PIXEL_MM), wires="W10-W16")
    assert isinstance(result, NotMeasurable) or any("clipped" in warning for warning in result.warnings)


def test_more_noise_never_shows_more_wires() -> None:
    seen = [sum(_read(10, snr=snr, seed=2)[0].values["visible"]) for snr in (400, 150, 60)]
    assert seen == sorted(seen, reverse=True) and seen[0] > seen[-1]


def test_name_diameter_and_confidence_belong_together() -> None:
    result, _ = _read(10, snr=100)
    values = result.values
    place = values["wires"].index(values["thinnest_wire"])
    assert values["diameter_mm"] == values["diameters_mm"][place] == gauges.WIRES_MM[9 + place]
    assert 0 <= values["confidence"] <= 1
    assert values["detectabilities"][place] >= 5


def test_order_does_not_matter() -> None:
    one, other = (_read(10, is_reversed=flag, tilt_deg=0, snr=150)[0] for flag in (False, True))
    assert one.values["wires"] == other.values["wires"]
    assert abs(sum(one.values["visible"]) - sum(other.values["visible"])) <= 1
    columns = [int(np.sign(np.diff(result.values["columns_px"])[0])) for result in (one, other)]
    assert columns == [1, -1]


def test_a_short_wire_is_told() -> None:
    result, _ = _read(10, length_mm=6.0)
    assert any("6.0 mm only" in warning for warning in result.warnings)


def test_sets_of_both_standards_are_known() -> None:
    grey, _ = gauges.wire_picture(10, PIXEL_MM)
    assert run("wire_iqi", gauges.image(grey, PIXEL_MM), wires="B").inputs["wires"] == "B"
    for words in ("W10", "W1-W2", "C", "W30-W36"):
        result = run("wire_iqi", gauges.image(grey, PIXEL_MM), wires=words)
        assert isinstance(result, NotMeasurable) and "names no run" in result.reason


@pytest.mark.parametrize(
    ("name", "wires"),
    [*zip(gauges.without_gauge(), 7 * ("W6-W12", "W10-W16"), strict=True), ("sine", "W6-W12"),
     ("line pairs", "W10-W16"), ("equal pairs", "W10-W16"), ("equal lines", "W13-W19"), ("barcode", "W1-W7")],
)  # fmt: skip
def test_a_picture_without_a_gauge_is_refused(name: str, wires: str) -> None:
    result = run("wire_iqi", gauges.image(gauges.without_gauge()[name], 0.05), wires=wires)
    assert isinstance(result, NotMeasurable), result.values
