"""Numbers from two energies: laws, then the exact truth of a simulated wedge of known materials."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerma.errors import NotFound, WrongUsage
from kerma.science.imaging.enhance.energies import energies_of
from kerma.science.imaging.enhance.energy_rays import Rays, rays_of
from kerma.science.imaging.enhance.number_lookup import number_lookup
from material_wedge import ATTENUATIONS, KINDS, MATERIALS, inner, wedge

MACHINE = "simulated-160kv"
Z = {"polyethylene": 5.4, "water": 7.4, "aluminium": 13, "titanium": 22, "steel": 26, "copper": 29}


def parameters(lookup: str = MACHINE, **other: Any) -> dict[str, Any]:
    found = energies_of(wedge())
    assert found is not None
    chosen = number_lookup(lookup)
    return {**found.parameters(), "lookup": lookup, "lookup_sha256": chosen.sha256, "smoothing_px": 2, **other}


def seen(lookup: str = MACHINE, **other: Any) -> Rays:
    low, high = wedge().pixels[:2].astype(np.float32)
    return rays_of((low, high), parameters(lookup, **other))


def confusion(rays: Rays) -> dict[str, np.ndarray]:
    """Return for each kind, over the steps, the shares told organic, mixed, metal, and undecided."""
    table = {kind: np.zeros((len(ATTENUATIONS), 4)) for kind in KINDS}
    for kind, names in KINDS.items():
        for name in names:
            for step in range(len(ATTENUATIONS)):
                part = inner(MATERIALS.index(name), step)
                number, decided = rays.number[part], rays.is_decided[part]
                told = [number <= 10, (number > 10) & (number < 18), number >= 18]
                shares = [(each & decided).mean() for each in told]
                table[kind][step] += np.array([*shares, 1.0 - decided.mean()]) / len(names)
    return table


def printed(title: str, table: dict[str, np.ndarray]) -> None:
    print(f"\n{title}\n{'attenuation':12s}" + "".join(f"{each:>22g}" for each in ATTENUATIONS))
    for kind, shares in table.items():
        cells = ["/".join(f"{100 * share:.0f}" for share in step) for step in shares]
        print(f"{kind:12s}" + "".join(f"{cell:>22s}" for cell in cells))


def test_twice_the_exposure_changes_nothing() -> None:
    planes = tuple(wedge().pixels[:2].astype(np.float32))
    once = rays_of(planes, parameters())
    p = parameters()
    doubled = {**p, "blank_low": 2 * p["blank_low"], "blank_high": 2 * p["blank_high"]}
    twice = rays_of(tuple(2 * plane for plane in planes), doubled)
    assert np.array_equal(once.number, twice.number)
    assert np.array_equal(once.certainty, twice.certainty)


def test_no_smoothing_is_the_pixel_alone_and_smoothing_keeps_edges() -> None:
    alone, smoothed = seen(smoothing_px=0), seen(smoothing_px=4)
    part = inner(MATERIALS.index("steel"), ATTENUATIONS.index(1.0))
    assert smoothed.number[part].std() < 0.4 * alone.number[part].std()
    low, high = np.full((2, 9, 18), 1000.0, np.float32)
    low[:, 9:], high[:, 9:] = 300.0, 600.0
    p = parameters(blank_low=1000.0, blank_high=1000.0, snr_low=1e4, snr_high=1e4)
    near = rays_of((low, high), {**p, "smoothing_px": 4})
    far = rays_of((low[:, 9:], high[:, 9:]), {**p, "smoothing_px": 0})
    assert np.abs(near.number[:, 9:] - far.number).max() < 0.01


def test_the_uncertainty_is_the_scatter() -> None:
    rays = seen()
    for material in ("pmma", "aluminium", "steel"):
        for attenuation in (0.2, 0.5, 1.0, 2.0, 3.0):
            part = inner(MATERIALS.index(material), ATTENUATIONS.index(attenuation))
            ratio = rays.number[part].std() / np.median(rays.uncertainty[part])
            assert 0.6 < ratio < 1.7, (material, attenuation, ratio)


@pytest.mark.parametrize("material", Z)
def test_the_number_is_that_of_the_material_at_any_thickness(material: str) -> None:
    rays = seen()
    for step, attenuation in enumerate(ATTENUATIONS):
        if 0.1 <= attenuation <= 4.0:
            part = inner(MATERIALS.index(material), step)
            away = np.median(rays.number[part]) - Z[material]
            assert abs(away) < 0.3 + 2 * np.median(rays.uncertainty[part]), (attenuation, away)


def test_classes_against_the_truth_with_the_lookup_of_the_machine() -> None:
    table = confusion(seen())
    printed("lookup of the machine: organic/mixed/metal/undecided in %", table)
    for column, kind in enumerate(KINDS):
        for step, attenuation in enumerate(ATTENUATIONS):
            right, undecided = table[kind][step, column], table[kind][step, 3]
            assert right + undecided > 0.995, (kind, attenuation)
            assert undecided < 0.1 or not 0.1 <= attenuation <= 4.0, (kind, attenuation)


def test_classes_with_a_lookup_that_is_not_the_machines_own() -> None:
    """The price of no calibration: borders lie elsewhere, but metal is never organic and organic never metal."""
    table = confusion(seen("dual-layer-160kv"))
    printed("lookup of a usual detector: organic/mixed/metal/undecided in %", table)
    assert table["organic"][:, 1:3].max() < 0.01
    assert table["metal"][:, 0].max() < 0.01
    assert table["mixed"][:, 2].max() < 0.01
    thin = [step for step, attenuation in enumerate(ATTENUATIONS) if attenuation <= 2.0]
    assert table["mixed"][thin, 1].min() > 0.95
    assert table["metal"][thin, 2].min() > 0.9


def test_too_little_too_much_and_too_noisy_have_no_number() -> None:
    share = np.array([[0.999, 0.985, 0.5, 1e-3, 1e-5]], dtype=np.float32)
    p = parameters(blank_low=1.0, blank_high=1.0, smoothing_px=0, snr_low=1e4, snr_high=1e4)
    told = rays_of((share**1.3, share), p)
    assert told.is_decided[0].tolist() == [False, False, True, False, False]
    noisy = rays_of((share**1.3, share), {**p, "snr_low": 10.0, "snr_high": 10.0})
    assert not noisy.is_decided.any()
    nothing = rays_of((np.zeros((2, 2), np.float32),) * 2, p)
    assert np.isfinite(nothing.number).all()
    assert not nothing.is_decided.any()


def test_another_lookup_than_that_of_the_chain_is_refused() -> None:
    planes = tuple(wedge().pixels[:2].astype(np.float32))
    with pytest.raises(WrongUsage, match="would not be the one that was seen"):
        rays_of(planes, {**parameters(), "lookup_sha256": "0" * 64})
    with pytest.raises(NotFound, match="dual-layer-160kv"):
        rays_of(planes, {**parameters(), "lookup": "x"})
