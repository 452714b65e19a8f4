"""Threat projection: against the true sum over both spectra; its noise, its places, and its score."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.physics.spectral_channel import Channel
from kerma.science.simulate import ready_scene
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.line_scanner import CHANNELS, SOURCE
from kerma.science.simulate.threat_placement import attenuation_alone, fit_of, found_place, ground_of
from kerma.science.simulate.threat_projection import (
    Scan,
    Scanner,
    ThreatMap,
    multiplied,
    placed,
    projected,
    threat_from_scan,
)
from kerma.science.simulate.tip_realism import realism_of

SNR = 300.0
BAGS = [("water", 50), ("water", 150), ("polyethylene", 100), ("cotton", 80), ("aluminium", 20), ("aluminium", 60),
        ("iron", 3), ("iron", 10), ("tnt", 60)]  # fmt: skip
THREATS = [("iron", 1), ("iron", 3), ("iron", 8), ("aluminium", 5), ("aluminium", 30), ("rdx", 40), ("pmma", 60),
           ("brass", 4), ("copper", 2), ("petn", 8)]  # fmt: skip


@functools.cache
def scanner(blur_px: float = 0.0, pixel_mm: float = 1.0) -> Scanner:
    low, high = (beam_of(SOURCE, channel) for channel in CHANNELS)
    return Scanner.of(low, high, open_snr=(SNR, SNR), pixel_mm=pixel_mm, blur_px=blur_px)


def seen(*layers: tuple[str, float], shape: tuple[int, int] = (1, 1)) -> Scan:
    """The true transmissions of layers, summed over the energies of both channels."""
    rays = np.array([[float(mm) for _, mm in layers]])
    low, high = (
        float(np.exp(-Channel.of(beam, [name for name, _ in layers]).attenuation(rays)[0])) for beam in scanner().beams
    )
    return Scan(np.full(shape, low), np.full(shape, high))


def slab(material: str, mm: float, shape: tuple[int, int] = (1, 1)) -> ThreatMap:
    return ThreatMap({material: np.full(shape, float(mm))}, 1.0)


@pytest.mark.parametrize("bag", BAGS, ids=lambda pair: f"{pair[1]} mm {pair[0]}")
def test_bag_and_threat_together_are_as_the_spectrum_says(bag: tuple[str, float]) -> None:
    """The signal of both channels within 0.5 % of the truth, where T3 asks for 1 %, for materials and for pictures."""
    for threat in THREATS:
        true = seen(bag, threat)
        for added in (slab(*threat), threat_from_scan(seen(threat), scanner())):
            fused = projected(seen(bag), added, scanner(), seed=None)
            assert fused.low[0, 0] == pytest.approx(true.low[0, 0], rel=0.005), threat
            assert fused.high[0, 0] == pytest.approx(true.high[0, 0], rel=0.005), threat


def test_multiplying_is_far_off_where_it_matters() -> None:
    """Steel behind water, aluminium, steel: a tenth to more than half of the low signal is lost, less of the high."""
    for bag, least in ((("water", 50), 0.09), (("aluminium", 20), 0.2), (("iron", 5), 0.35)):
        true = seen(bag, ("iron", 1))
        product = multiplied(seen(bag), slab("iron", 1), scanner())
        assert product.low[0, 0] < true.low[0, 0] * (1.0 - least)
        lost_low, lost_high = 1 - product.low[0, 0] / true.low[0, 0], 1 - product.high[0, 0] / true.high[0, 0]
        assert 0 < lost_high < 0.6 * lost_low
        assert np.log(product.low[0, 0]) / np.log(product.high[0, 0]) > np.log(true.low[0, 0]) / np.log(true.high[0, 0])


def test_lead_is_right_when_its_material_is_known() -> None:
    fused = projected(seen(("water", 100)), slab("lead", 1.0), scanner(), seed=None)
    true = seen(("water", 100), ("lead", 1.0))
    assert fused.low[0, 0] == pytest.approx(true.low[0, 0], rel=0.005)
    assert fused.high[0, 0] == pytest.approx(true.high[0, 0], rel=0.005)


def test_no_threat_changes_nothing_and_order_does_not_matter() -> None:
    bag = seen(("water", 80), shape=(6, 7))
    nothing = ThreatMap({"iron": np.zeros((6, 7))}, 1.0)
    assert projected(bag, nothing, scanner(), seed=3) is bag
    one, other = slab("iron", 2, (6, 7)), slab("rdx", 30, (6, 7))
    both = [
        projected(projected(bag, a, scanner(), seed=None), b, scanner(), seed=None)
        for a, b in ((one, other), (other, one))
    ]
    np.testing.assert_allclose(both[0].low, both[1].low, rtol=2e-3)
    at_once = projected(bag, ThreatMap({**one.thickness_mm, **other.thickness_mm}, 1.0), scanner(), seed=None)
    np.testing.assert_allclose(both[0].low, at_once.low, rtol=2e-3)


@pytest.mark.parametrize("blur_px", [0.0, 0.6])
@pytest.mark.parametrize("threat", [("iron", 4.0), ("rdx", 50.0)])
def test_the_noise_is_that_of_a_scan_of_both(blur_px: float, threat: tuple[str, float]) -> None:
    """A noisy bag plus the missing noise has the noise of as few photons as bag and threat let through: within 4 %,
    for 6400 pixels three standard deviations of an estimate, and the reading of the bag from noise."""
    shape, bag = (80, 80), ("water", 60.0)
    clean, true = seen(bag, shape=shape), seen(bag, threat)
    used = scanner(blur_px)
    from kerma.science.simulate.threat_projection import _white

    planes = []
    for channel, plane in enumerate((clean.low, clean.high)):
        variance = Channel.of(used.beams[channel], [bag[0]]).expand(np.array([[bag[1]]]))[2][0] / SNR**2
        planes.append(plane * (1 + np.sqrt(variance) * _white((9, channel), shape, blur_px)))
    fused = projected(Scan(planes[0], planes[1]), slab(*threat, shape), used, seed=4)
    inner = slice(6, -6)
    for channel, (plane, mean) in enumerate(((fused.low, true.low), (fused.high, true.high))):
        model = Channel.of(used.beams[channel], [bag[0], threat[0]])
        expected = np.sqrt(model.expand(np.array([[bag[1], threat[1]]]))[2][0]) / SNR
        part = plane[inner, inner]
        assert part.mean() == pytest.approx(mean[0, 0], rel=0.003)
        assert part.std() / part.mean() == pytest.approx(expected, rel=0.05)


def test_placing_keeps_thickness_and_scales_with_the_pixel() -> None:
    plate = ThreatMap({"iron": np.pad(np.full((30, 20), 3.0), 5)}, 0.5)
    moved = placed(plate, (60, 80), scanner(), at=(20.0, 50.0))
    there = moved.thickness_mm["iron"]
    assert there.max() == pytest.approx(3.0)
    assert there.sum() == pytest.approx(3.0 * 15 * 10, rel=0.02), "half as many pixels along each side"
    rows, columns = np.nonzero(there > 1.5)
    assert rows.mean() == pytest.approx(20.0, abs=0.3)
    assert columns.mean() == pytest.approx(50.0, abs=0.3)
    turned = placed(plate, (60, 80), scanner(), at=(30.0, 40.0), turn_deg=90.0).thickness_mm["iron"] > 1.5
    assert np.ptp(np.nonzero(turned)[1]) > np.ptp(np.nonzero(turned)[0])


@functools.cache
def bag_scan() -> Scan:
    """A bag of cloth with a block of steel in its right half, in air, blurred and noisy as the scanner sees it."""
    thickness = {"cotton": np.zeros((120, 200)), "iron": np.zeros((120, 200))}
    thickness["cotton"][15:105, 15:185] = 30.0
    thickness["iron"][30:90, 120:175] = 4.0
    base = Scan(np.ones((120, 200)), np.ones((120, 200)))
    return projected(base, ThreatMap(thickness, 1.0), scanner(0.5), seed=8)


def test_a_place_is_inside_and_not_on_dense_things() -> None:
    bag, used = bag_scan(), scanner(0.5)
    threat = ThreatMap({"iron": np.full((16, 44), 2.0)}, 1.0)
    for number in range(2):
        random = np.random.default_rng(number)
        there, fit, (row, column), _ = found_place(bag, threat, used, random=random, depth_mm=200.0)
        assert fit.is_plausible
        rows, columns = np.nonzero(there.outline)
        assert rows.min() >= 15 + 3
        assert rows.max() < 105 - 3
        assert columns.min() >= 15 + 3
        assert columns.max() < 185 - 3
        assert there.outline[30:90, 120:175].sum() <= 0.45 * there.outline.sum()
        assert there.outline[row - 5 : row + 6, column - 5 : column + 6].any()


def test_no_room_is_said() -> None:
    big = ThreatMap({"iron": np.full((110, 190), 2.0)}, 1.0)
    with pytest.raises(WrongUsage, match="finds no room"):
        found_place(bag_scan(), big, scanner(0.5), random=np.random.default_rng(1))
    with pytest.raises(WrongUsage, match="no bag"):
        ground_of(Scan(np.ones((40, 40)), np.ones((40, 40))), scanner())
    with pytest.raises(WrongUsage, match="place it first"):
        projected(bag_scan(), slab("iron", 1.0), scanner(), seed=None)
    with pytest.raises(WrongUsage, match="pixels above 0"):
        dataclasses.replace(scanner()) and Scanner.of(*scanner().beams, open_snr=(0.0, 1.0), pixel_mm=1.0)


def test_the_score_knows_a_right_threat_from_wrong_ones() -> None:
    bag, used = bag_scan(), scanner(0.5)
    maps = np.zeros((120, 200))
    maps[45:75, 40:95] = 3.0
    threat = ThreatMap({"iron": maps}, 1.0)
    ground = ground_of(bag, used)
    fit = fit_of(ground, threat, attenuation_alone(threat, used), depth_mm=200.0)
    right = realism_of(bag, projected(bag, threat, used, seed=5), threat, used, fit)
    assert right.score > 0.9
    product = realism_of(bag, multiplied(bag, threat, used), threat, used, fit)
    assert product.physics < 0.5 * right.physics
    assert product.score < right.score - 0.2
    noiseless = realism_of(bag, projected(bag, threat, used, seed=None), threat, used, fit)
    assert noiseless.noise < right.noise
    pasted = Scan(*(np.where(threat.outline, np.median(plane) * 0.2, plane) for plane in (bag.low, bag.high)))
    assert realism_of(bag, pasted, threat, used, fit).score < 0.5
    outside = ThreatMap({"iron": np.roll(maps, -45, axis=1)}, 1.0)
    bad = fit_of(ground, outside, attenuation_alone(outside, used), depth_mm=200.0)
    assert not bad.is_plausible
    assert realism_of(bag, projected(bag, outside, used, seed=5), outside, used, bad).placement < 0.7


def test_dull_edges_cost_realism() -> None:
    bag, maps = bag_scan(), np.zeros((120, 200))
    maps[45:75, 40:95] = 3.0
    threat = ThreatMap({"iron": maps}, 1.0)
    fit = fit_of(ground_of(bag, scanner(0.5)), threat, attenuation_alone(threat, scanner(0.5)))
    dull = projected(bag, threat, scanner(3.0), seed=None)
    assert realism_of(bag, dull, threat, scanner(0.5), fit).edges < 0.8


@pytest.mark.parametrize("threat", ["pistol"])
def test_the_scene_tells_where_the_projected_threat_is(threat: str) -> None:
    top, side = ready_scene("tip-bag").build(4, threat=threat, size_px=128)
    for view in (top, side):
        finding = view.findings[0]
        assert finding.label == threat
        assert view.truth["tip"]["kind"] == "fictional"
        assert view.truth["tip"]["realism"]["physics"] > 0.9
        assert (view.labels == 1).sum() > 10
    assert abs(top.findings[0].box.row - side.findings[0].box.row) <= 1
    assert top.truth["tip"]["fit"]["outside"] == 0.0
    combined = ready_scene("tip-bag").build(4, threat=threat, kind="combined", size_px=96)
    assert combined[0].truth["tip"]["kind"] == "combined"
    assert combined[0].findings[0].label == threat
