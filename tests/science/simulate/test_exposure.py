"""Exposures obey Beer-Lambert, have the noise asked for, and repeat byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.simulate.beam import monochromatic, tube
from kerma.science.simulate.exposure import Detector, attenuated, exposed, noise_share, quanta

BEAM = tube(160.0, filters_mm={"aluminium": 3.0, "copper": 0.5})


def flat(mm: float, size: int = 400) -> np.ndarray:
    return np.full((size, size), mm)


@pytest.mark.parametrize("energy_kev", [40.0, 100.0, 300.0])
def test_a_slab_in_one_energy_passes_exp_minus_mu_t(energy_kev: float) -> None:
    thickness = np.linspace(0.0, 30.0, 777)[None, :]
    signal, variance = attenuated(monochromatic(energy_kev), {"iron": thickness})
    expected = np.exp(-linear_attenuation("iron", energy_kev) * thickness)
    np.testing.assert_allclose(signal, expected, rtol=1e-6)
    np.testing.assert_allclose(variance, expected * energy_kev, rtol=1e-6)


@pytest.mark.parametrize(("material", "thickest_mm"), [("iron", 30.0), ("aluminium", 100.0), ("water", 200.0)])
def test_the_table_of_thicknesses_agrees_with_the_sum_over_energies(material: str, thickest_mm: float) -> None:
    thickness = np.random.default_rng(1).uniform(0.0, thickest_mm, (1, 500))
    by_table, _ = attenuated(BEAM, {material: thickness})
    summed, _ = attenuated(BEAM, {"air": np.full_like(thickness, 1e-12), material: thickness})
    np.testing.assert_allclose(by_table, summed, rtol=2e-6)


def test_order_of_materials_makes_no_difference() -> None:
    iron, lead = np.linspace(0, 9, 60)[None, :], np.linspace(2, 0, 60)[None, :]
    first, _ = attenuated(BEAM, {"iron": iron, "lead": lead})
    second, _ = attenuated(BEAM, {"lead": lead, "iron": iron})
    np.testing.assert_allclose(first, second, rtol=2e-6)


def test_more_material_always_passes_less_and_the_beam_hardens() -> None:
    signal, _ = attenuated(BEAM, {"iron": np.linspace(0, 25, 200)[None, :]})
    slope = np.diff(np.log(signal[0]))
    assert (slope < 0).all()
    assert slope[-1] > slope[0]


@pytest.mark.parametrize("blur_px", [0.0, 0.6, 1.5])
@pytest.mark.parametrize("snr", [50.0, 200.0])
@pytest.mark.parametrize("beam", [monochromatic(90.0), BEAM], ids=["mono", "tube"])
def test_the_requested_snr_is_obtained_within_one_percent(beam, snr: float, blur_px: float) -> None:  # type: ignore[no-untyped-def]
    signal, variance = attenuated(beam, {"iron": flat(8.0, 700)})
    reference = float(signal[0, 0]), float(variance[0, 0])
    picture = exposed(signal, variance, Detector(snr, blur_px=blur_px), reference, np.random.default_rng(4))
    inside = picture[20:-20, 20:-20].astype(float)
    assert inside.mean() / inside.std() == pytest.approx(snr, rel=0.01)
    assert inside.mean() == pytest.approx(50000.0, rel=1e-3)


def test_noise_follows_the_square_root_of_exposure() -> None:
    reference = 1.0, 60.0
    ratio = quanta(Detector(200.0), reference) / quanta(Detector(100.0), reference)
    assert ratio == pytest.approx(4.0)


def test_blur_correlates_neighbours_and_keeps_the_mean() -> None:
    signal, variance = attenuated(BEAM, {"iron": flat(8.0)})
    reference = float(signal[0, 0]), float(variance[0, 0])
    sharp, soft = (
        exposed(signal, variance, Detector(100.0, blur_px=blur), reference, np.random.default_rng(9)).astype(float)
        for blur in (0.0, 1.2)
    )

    def neighbour_correlation(picture: np.ndarray) -> float:
        return float(np.corrcoef(picture[:, :-1].ravel(), picture[:, 1:].ravel())[0, 1])

    assert abs(neighbour_correlation(sharp)) < 0.02
    assert neighbour_correlation(soft) > 0.5
    assert soft.mean() == pytest.approx(sharp.mean(), rel=1e-3)


@pytest.mark.parametrize("sigma_px", [0.0, 0.4, 1.0, 2.5])
def test_noise_share_is_what_a_blur_leaves_of_white_noise(sigma_px: float) -> None:
    from kerma.science.simulate.exposure import blurred

    noise = np.random.default_rng(3).standard_normal((900, 900))
    assert blurred(noise, sigma_px)[20:-20, 20:-20].std() == pytest.approx(noise_share(sigma_px), rel=0.02)


def test_focal_blur_comes_before_the_noise() -> None:
    edge = np.where(np.arange(200)[None, :] < 100, 0.0, 8.0) * np.ones((200, 1))
    signal, variance = attenuated(BEAM, {"iron": edge})
    detector = Detector(5000.0, focal_blur_px=3.0)
    reference = float(signal[0, -1]), float(variance[0, -1])
    low = exposed(
        signal,
        variance,
        Detector(100.0, focal_blur_px=3.0, reference_stored=900.0),
        reference,
        np.random.default_rng(2),
    ).astype(float)
    assert np.corrcoef(low[:, 190].ravel()[:-1], low[:, 190].ravel()[1:])[0, 1] < 0.2
    smooth = exposed(
        signal,
        variance,
        Detector(detector.snr, focal_blur_px=3.0, reference_stored=900.0),
        reference,
        np.random.default_rng(2),
    ).mean(axis=0)
    assert 0.3 < (smooth[100] - smooth[-1]) / (smooth[0] - smooth[-1]) < 0.6


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    signal, variance = attenuated(BEAM, {"iron": flat(8.0)})
    reference = float(signal[0, 0]), float(variance[0, 0])
    detector = Detector(100.0)
    first, again, other = (
        exposed(signal, variance, detector, reference, np.random.default_rng(seed)).tobytes() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_what_makes_no_exposure_is_refused() -> None:
    with pytest.raises(WrongUsage, match="above 0"):
        quanta(Detector(0.0), (1.0, 1.0))
    with pytest.raises(WrongUsage, match="450 kV"):
        tube(900.0, filters_mm={})


def test_a_filter_hardens_the_beam() -> None:
    soft, hard = (tube(120.0, filters_mm={"aluminium": mm}) for mm in (1.0, 10.0))
    means = [float((beam.energies_kev * beam.photons).sum() / beam.photons.sum()) for beam in (soft, hard)]
    assert means[1] > means[0] + 5
