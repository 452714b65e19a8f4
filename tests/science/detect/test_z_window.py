"""Number window: slabs of known number and areal density alarm in their window, once each, and nothing is silent."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dual_energy_scans import COLUMNS, ROWS, Slab, scan
from kerma.errors import WrongUsage
from kerma.science.detect import detect
from kerma.science.imaging.image import Spacing


@pytest.mark.parametrize(
    ("material", "thickness_mm", "window", "number", "density_g_cm3"),
    [
        ("water", 100.0, "organic-bulk", 7.5, 1.0),
        ("nylon", 90.0, None, 6.1, 1.14),
        ("aluminium", 40.0, "light-inorganic", 13.0, 2.7),
        ("iron", 8.0, "dense-metal", 26.0, 7.87),
    ],
)
def test_a_slab_alarms_in_its_window_with_its_number_area_and_mass(
    material: str, thickness_mm: float, window: str | None, number: float, density_g_cm3: float
) -> None:
    found = detect("z_window", scan((material, thickness_mm, (100, 120, 80, 90))))
    if window is None:
        assert found == ()
        return
    (one,) = found
    assert one.label == window
    assert one.measurements["z_effective"] == pytest.approx(number, abs=0.5)
    assert one.measurements["area_mm2"] == pytest.approx(80 * 90, rel=0.1)
    # hydrogen has more electrons for its mass: water comes out a ninth too heavy
    areal = thickness_mm / 10 * density_g_cm3 * (1.11 if material == "water" else 1.0)
    assert one.measurements["areal_density_g_cm2"] == pytest.approx(areal, rel=0.05)
    mass_g = one.measurements["areal_density_g_cm2"] * one.measurements["area_mm2"] / 100
    assert one.measurements["mass_g"] == pytest.approx(mass_g)
    assert abs(one.box.row - 100) <= 5 and abs(one.box.column - 120) <= 5


@pytest.mark.parametrize("side", [60, 90, 140, 200])
def test_one_object_is_one_alarm_however_many_windows_it_fills(side: int) -> None:
    assert len(detect("z_window", scan(("water", 80.0, (50, 60, side, side))))) == 1


def test_two_objects_are_two_alarms_and_the_larger_comes_first() -> None:
    found = detect("z_window", scan(("water", 80.0, (20, 20, 90, 70)), ("aluminium", 40.0, (150, 200, 60, 60))))
    assert [one.label for one in found] == ["organic-bulk", "light-inorganic"]
    only = detect("z_window", scan(("water", 80.0, (20, 20, 90, 70))), window="light-inorganic")
    assert only == ()


@pytest.mark.parametrize(
    "slab",
    [
        ("water", 100.0, (100, 100, 40, 40)),
        ("water", 30.0, (100, 100, 90, 90)),
        ("water", 100.0, (20, 20, 4, 320)),
    ],
    ids=["too small", "too thin", "a line"],
)
def test_too_small_too_thin_or_a_line_does_not_alarm(slab: Slab) -> None:
    assert detect("z_window", scan(slab)) == ()


def test_where_too_little_gets_through_that_is_an_alarm_of_its_own() -> None:
    (one,) = detect("z_window", scan(("lead", 12.0, (100, 100, 60, 60))))
    assert one.label == "undecidable"
    assert "z_effective" not in one.measurements and "mass_g" not in one.measurements


def test_gain_changes_nothing() -> None:
    image = scan(("water", 80.0, (50, 60, 90, 90)))
    weak = dataclasses.replace(image, pixels=(image.pixels // 2).astype(np.uint16))
    own, other = (detect("z_window", one)[0] for one in (image, weak))
    assert own.box == other.box and own.measurements["z_effective"] == pytest.approx(
        other.measurements["z_effective"], abs=0.1
    )


def test_a_mass_is_given_only_where_the_scale_holds_at_the_object() -> None:
    at_detector = scan(("water", 80.0, (50, 60, 90, 90)), spacing=Spacing(1.0, 1.0, "detector"))
    assert "mass_g" not in detect("z_window", at_detector)[0].measurements
    none = scan(("water", 80.0, (50, 60, 90, 90)), spacing=Spacing())
    assert not [key for key in detect("z_window", none)[0].measurements if "mm" in key or key == "mass_g"]


def test_the_finding_says_which_lookup_and_that_the_table_is_unverified() -> None:
    by = detect("z_window", scan(("water", 80.0, (50, 60, 90, 90))))[0].by
    assert "lookup dual-layer-160kv (default)" in by.version and "unverified" in by.version


def test_what_cannot_be_computed_is_refused_with_the_reason() -> None:
    image = scan(("water", 80.0, (50, 60, 90, 90)))
    with pytest.raises(WrongUsage, match="not computed: .* both|not computed: effective numbers take"):
        detect("z_window", dataclasses.replace(image, plane_labels=(), plane_kind="view"))
    with pytest.raises(WrongUsage, match="not computed: no lookup .* at hand for 320 kV"):
        detect("z_window", dataclasses.replace(image, technique={"tube_voltage_kv": 320.0}))
    thinner = np.exp(-6 * np.sqrt(np.linspace(0, 1, ROWS * COLUMNS))).reshape(ROWS, COLUMNS)
    filled = dataclasses.replace(image, pixels=(60_000 * thinner).astype(np.uint16)[None].repeat(2, axis=0))
    with pytest.raises(WrongUsage, match="not computed: the open beam is seen on"):
        detect("z_window", filled)
    with pytest.raises(WrongUsage, match="there is no window 'gold'; there are organic-bulk"):
        detect("z_window", image, window="gold")
