"""DQE of an ideal detector, which counts every quantum, is the square of its aperture; of others, less as known."""

from __future__ import annotations

import numpy as np
import pytest

import detectors
from kerma.errors import OutsideTable
from kerma.science.measure import dqe, run
from kerma.science.results import Measurement, NotMeasurable

QUANTA = 3000.0
"""Quanta per pixel."""
AIR_KERMA_UGY = QUANTA / detectors.PITCH_MM**2 / 29_653
TILT_DEG = 2.5


@pytest.fixture(scope="module")
def ideal() -> tuple:
    """Return an edge and flat frames of a detector that counts every quantum in square pixels."""
    generator = np.random.default_rng(5)
    mean = detectors.edge((700, 160), tilt_deg=TILT_DEG, sigma_px=0.01, snr=0, contrast=0.8, level=QUANTA)
    edge = generator.poisson(mean).astype(float)
    return edge, generator.poisson(QUANTA, (4, 512, 512)).astype(float)


def _dqe(edge: np.ndarray, flats: np.ndarray, **options: object) -> Measurement:
    options = {"air_kerma_ugy": AIR_KERMA_UGY} | options
    result = run("dqe", detectors.image(edge), detectors.image(flats), **options)
    assert isinstance(result, Measurement), result
    return result


def test_an_ideal_detector_has_dqe_1_at_0_and_the_square_of_its_aperture_above(ideal: tuple) -> None:
    values = _dqe(*ideal).values
    assert values["dqe_at_0"] == pytest.approx(1, abs=0.04)
    frequency = np.array(values["frequency_lp_mm"]) * detectors.PITCH_MM
    truth = detectors.edge_mtf(frequency, tilt_deg=TILT_DEG, sigma_px=0) ** 2
    assert np.abs(np.array(values["dqe"]) - truth).mean() < 0.03
    assert np.array(values["neq_per_mm2"]) == pytest.approx(np.array(values["dqe"]) * values["quanta_per_mm2"])


@pytest.mark.parametrize("efficiency", [0.25, 0.6])
def test_quanta_that_are_not_seen_lower_the_dqe_by_their_share(ideal: tuple, efficiency: float) -> None:
    edge, flats = (np.random.default_rng(1).binomial(part.astype(int), efficiency).astype(float) for part in ideal)
    assert _dqe(edge, flats).values["dqe_at_0"] == pytest.approx(efficiency, rel=0.05)


def test_gain_changes_nothing(ideal: tuple) -> None:
    edge, flats = ideal
    first, second = _dqe(edge, flats), _dqe(7 * edge, 7 * flats)
    assert second.values["dqe"] == pytest.approx(first.values["dqe"], rel=1e-3)


def test_added_noise_lowers_the_dqe(ideal: tuple) -> None:
    edge, flats = ideal
    noise = np.random.default_rng(1).normal(0, QUANTA**0.5, flats.shape)
    assert _dqe(edge, flats + noise).values["dqe_at_0"] == pytest.approx(0.5, rel=0.05)


def test_an_edge_across_rows_is_set_against_the_noise_across_rows(ideal: tuple) -> None:
    edge, flats = ideal
    assert _dqe(np.rot90(edge).copy(), flats).values["direction"] == "across rows"


def test_the_input_signal_to_noise_ratio_depends_on_the_edition(ideal: tuple) -> None:
    new, old = (_dqe(*ideal, edition=edition) for edition in ("2015", "2003"))
    assert old.values["dqe_at_0"] / new.values["dqe_at_0"] == pytest.approx(29_653 / 30_174)
    assert (new.inputs["edition"], old.inputs["edition"]) == ("2015", "2003")


@pytest.mark.parametrize(
    ("edition", "quality", "value"),
    [("2003", "RQA3", 21_759), ("2003", "RQA5", 30_174), ("2003", "RQA7", 32_362), ("2003", "RQA9", 31_077),
     ("2015", "RQA3", 20_673), ("2015", "RQA5", 29_653), ("2015", "RQA7", 32_490)],
)  # fmt: skip
def test_the_published_values_are_those_found(edition: str, quality: str, value: float) -> None:
    assert dqe.snr_in_squared(quality, edition) == value


def test_a_beam_quality_that_an_edition_lacks_is_refused(ideal: tuple) -> None:
    with pytest.raises(OutsideTable, match="RQA9"):
        _dqe(*ideal, beam_quality="RQA9", edition="2015")


@pytest.mark.parametrize(
    ("change", "words"), [({"air_kerma_ugy": None}, "air kerma"), ({"flat edge": True}, "of the edge")]
)
def test_what_is_missing_is_named(ideal: tuple, change: dict, words: str) -> None:
    edge, flats = ideal
    given = detectors.image(flats[0] if "flat edge" in change else edge)
    kerma = change.get("air_kerma_ugy", AIR_KERMA_UGY)
    result = run("dqe", given, detectors.image(flats), air_kerma_ugy=kerma)
    assert isinstance(result, NotMeasurable) and words in result.reason
