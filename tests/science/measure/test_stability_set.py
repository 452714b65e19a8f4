from __future__ import annotations

import json

import numpy as np
import pytest

import inspection_pictures as pictures
from kerma.errors import WrongUsage
from kerma.science.measure import run
from kerma.science.results import Measurement, NotMeasurable

OFFSET = 200.0


def _images(snr: float = 300.0, burn_in: float = 0.0, lag_percent: float = 1.0) -> list:
    random = np.random.default_rng(1)
    phantom = pictures.phantom(snr=snr)
    after = np.full(phantom.shape, 40000.0)
    after[150:1050, 150:1650] /= 1 + burn_in / 100
    darks = random.normal(OFFSET, 5, (3, *phantom.shape))
    on = np.array([1.0, 1.0, lag_percent / 100, 0.001])[:, None, None]
    frames = OFFSET + 20000 * on + random.normal(0, 20, (4, *phantom.shape))
    made = [phantom + OFFSET, pictures.noisy(after, snr) + OFFSET, frames, darks]
    return [pictures.image(each, 0.05) for each in made]


FIRST = run("stability_set", *_images(burn_in=0.8))


def test_every_quantity_is_what_was_put_in() -> None:
    assert isinstance(FIRST, Measurement), FIRST
    values = FIRST.values
    assert FIRST.warnings == ()
    # Behind 12 mm at 0.05 / mm: SNR 300 at the open beam goes with the root of the signal.
    assert values["snr"] == pytest.approx(300 * np.exp(-0.3), rel=0.05)
    assert values["contrast_sensitivity_percent"] == pytest.approx(5 / values["cnr"])
    assert values["cnr"] == pytest.approx(values["snr"] * (np.exp(0.05 * 0.6) - 1), rel=0.06)
    assert values["snr_n"] == pytest.approx(values["snr"] * 88.6 / values["srb_um"])
    # A Gaussian of 60 um and the pixel of 50 um: SRb of rectangular wires is about 1.47 sigma.
    assert 70 < values["srb_um"] < 120
    assert values["offset_stored"] == pytest.approx(OFFSET, abs=0.1)
    assert values["lag_first_frame_percent"] == pytest.approx(1.0, abs=0.02)
    assert values["burn_in_percent"] == pytest.approx(0.8, abs=0.02)
    assert values["thickness_range_mm"] > 0


def test_against_its_own_baseline_it_passes_and_nothing_deviates() -> None:
    images = _images(burn_in=0.8)
    again = run("stability_set", *images, baseline=json.dumps(FIRST.as_json()))
    assert again.values["passes"]
    assert all(row["deviation"] == pytest.approx(0, abs=1e-9) for row in again.values["deviations"])
    assert len(again.values["deviations"]) == 9


def test_a_worse_detector_fails_on_what_is_worse() -> None:
    worse = run("stability_set", *_images(snr=150, lag_percent=2.0), baseline=json.dumps(dict(FIRST.values)))
    failed = {row["quantity"] for row in worse.values["deviations"] if not row["passes"]}
    assert not worse.values["passes"]
    assert {"snr", "snr_n", "cnr", "contrast_sensitivity_percent", "lag_first_frame_percent"} <= failed
    assert not {"srb_um", "offset_stored", "burn_in_percent"} & failed


def test_without_a_phantom_it_is_refused() -> None:
    images = _images()
    for grey in (np.full((1200, 1800), 40000.0), pictures.noisy(np.full((1200, 1800), 20000.0), 100)):
        result = run("stability_set", pictures.image(grey, 0.05), *images[1:])
        assert isinstance(result, NotMeasurable) and "phantom" in result.reason
    assert "same size" in run("stability_set", pictures.image(grey[:500], 0.05), *images[1:]).reason


@pytest.mark.parametrize("baseline", ["nonsense", "{", "snr=high", "speed=5", "[1]"])
def test_a_baseline_that_is_none_is_refused(baseline: str) -> None:
    flat = pictures.image(np.full((200, 200), 5.0))
    with pytest.raises(WrongUsage, match="baseline"):
        run("stability_set", flat, flat, flat, flat, baseline=baseline)
