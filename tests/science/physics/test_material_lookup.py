"""The number of a material is read at any thickness, with its uncertainty, and refused where it cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.physics.dual_layer import dual_layer
from kerma.science.physics.effective_number import zeff
from kerma.science.physics.material_lookup import UNDECIDABLE, calibrate_lookup, effective_numbers, mistaken_for
from kerma.science.physics.spectral_channel import Channel, Floats

BEAMS = dual_layer()
LOOKUP = calibrate_lookup(*BEAMS)
SNR = (500.0, 500.0)


def seen(material: str, thickness_mm: list[float]) -> tuple[Floats, Floats]:
    rays = np.array(thickness_mm)[:, None]
    low, high = (Channel.of(beam, (material,)).attenuation(rays) for beam in BEAMS)
    return low, high


@pytest.mark.parametrize(
    ("material", "thickness_mm"),
    [
        ("polyethylene", [20.0, 60, 150]), ("pmma", [20.0, 60, 150]), ("water", [20.0, 60, 200]),
        ("rdx", [20.0, 60, 100]), ("ptfe", [10.0, 30, 60]), ("salt", [5.0, 20, 50]), ("aluminium", [2.0, 10, 60]),
        ("iron", [0.5, 2, 5]), ("titanium", [0.5, 2, 8]), ("copper", [0.5, 1.5]), ("sugar", [20.0, 60]),
        ("tnt", [20.0, 60]),
    ],
)  # fmt: skip
def test_the_number_is_that_of_the_material_at_any_thickness(material: str, thickness_mm: list[float]) -> None:
    # The lookup is calibrated with elements only; a compound's spectral number holds to 0.05 in other beams.
    found = effective_numbers(LOOKUP, *seen(material, thickness_mm), open_snr=SNR)
    assert found.number == pytest.approx(zeff(material), abs=0.05)
    assert found.decided.all()


def test_the_uncertainty_is_that_of_repeated_noise() -> None:
    # 4000 draws: a standard deviation is then known to 1.1 %; the curve between elements is straight, so 10 %.
    random = np.random.default_rng(1)
    for material, thickness in (("water", 80.0), ("aluminium", 20.0), ("iron", 2.0)):
        low, high = (float(each[0]) for each in seen(material, [thickness]))
        noise = []
        for beam, snr in zip(BEAMS, SNR, strict=True):
            _, _, variance = Channel.of(beam, (material,)).expand(np.array([[thickness]]))
            noise.append(float(np.sqrt(variance[0])) / snr)
        drawn = [mean + sigma * random.standard_normal(4000) for mean, sigma in zip((low, high), noise, strict=True)]
        found = effective_numbers(LOOKUP, *drawn, open_snr=SNR)
        told = float(effective_numbers(LOOKUP, low, high, open_snr=SNR).uncertainty)
        assert found.number.std() == pytest.approx(told, rel=0.1)


def test_the_number_rises_with_the_low_attenuation() -> None:
    low = np.linspace(1.05, 2.4, 200)
    number = effective_numbers(LOOKUP, low, np.ones_like(low), open_snr=SNR).number
    told = number[np.isfinite(number)]
    assert told.size > 100
    assert (np.diff(told) > 0).all()


def test_classes_by_the_table() -> None:
    low, high = (
        np.concatenate(each) for each in zip(seen("water", [50]), seen("Al", [20]), seen("Fe", [2]), strict=True)
    )
    found = effective_numbers(LOOKUP, np.append(low, [0.001, np.nan]), np.append(high, [0.001, 1.0]), open_snr=SNR)
    assert found.classes().tolist() == ["organic", "mixed", "metal", UNDECIDABLE, UNDECIDABLE]


def test_five_centimetres_of_aluminium_and_two_of_iron_have_one_ratio_but_two_numbers() -> None:
    (low_al, high_al), (low_fe, high_fe) = seen("aluminium", [50.0]), seen("iron", [20.0])
    assert low_al / high_al == pytest.approx(low_fe / high_fe, rel=0.02)
    assert effective_numbers(LOOKUP, low_al, high_al, open_snr=SNR).number == pytest.approx([13.0], abs=0.05)
    assert float(effective_numbers(LOOKUP, low_fe, high_fe, open_snr=SNR).number[0]) > 20


def test_lead_lies_on_the_curves_of_organic_matter() -> None:
    # Its K edge is in the beam: 2 mm of lead and some 19 cm of an organic material give the very same pair.
    low, high = seen("Pb", [0.5, 1.0, 2.0])
    number = effective_numbers(LOOKUP, low, high, open_snr=SNR).number
    assert ((number > 6) & (number < 12)).all()
    assert mistaken_for(LOOKUP, *BEAMS, "Pb", high.tolist()) == pytest.approx(number, abs=0.02)
    assert np.isnan(mistaken_for(LOOKUP, *BEAMS, "Ag", [0.5])).all()


def test_beyond_the_elements_nothing_is_made_up() -> None:
    found = effective_numbers(LOOKUP, [0.9, 4.9], [1.0, 1.0], open_snr=SNR)
    assert np.isnan(found.number).all()
    assert not found.decided.any()


def test_a_noisy_ray_has_no_class() -> None:
    low, high = seen("iron", [2.0])
    assert effective_numbers(LOOKUP, low, high, open_snr=(20.0, 20.0)).classes().tolist() == [UNDECIDABLE]


def test_beams_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(WrongUsage, match="softer"):
        calibrate_lookup(*BEAMS[::-1])
