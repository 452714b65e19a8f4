"""Scenes of one gauge on an even plate, for measurements to be held against: wires, holes, duplex."""

from __future__ import annotations

from typing import Any

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Box, Scene, Thing
from kerma.science.simulate.scenes import gauges
from kerma.science.simulate.scenes.asked import Duplex, Gauge
from kerma.science.simulate.scenes.bench import Bench, scene_of
from kerma.science.simulate.scenes.dice import Dice

HOLE_SETS = {"H1": 1, "H5": 5, "H9": 9, "H13": 13}
IN_HOLE_SET = 6
FEWEST_PAIRS, MOST_PAIRS = 5, 15


def _on_plate(asked: Gauge, field_mm: float) -> tuple[Thing, Bench]:
    """Return the plate under a gauge, larger than the picture, and how both are exposed."""
    thick = asked.thickness_mm
    plate = Thing("plate", Box((3.0 * field_mm, 3.0 * field_mm, thick)), asked.material, (0.0, 0.0, -thick / 2.0))
    pitch_mm = round(field_mm / asked.size_px, 5)
    bench = Bench(
        asked.size_px, asked.size_px, pitch_mm, asked.snr, asked.blur_px, asked.tube_voltage_kv, gap_mm=thick + 4.0
    )
    return plate, bench


def wire_iqi(seed: int, **options: Any) -> Scene:
    """Return seven wires on a plate; each wire is a finding with its diameter, length and detectability."""
    asked = Gauge(**options)
    dice = Dice(seed, "wire-iqi")
    tilt = dice.between(-4.0, 4.0) if asked.tilt_deg is None else asked.tilt_deg
    field = max(42.0, asked.length_mm + 12.0)
    wires = gauges.wires(
        "wire", gauges.wire_set(asked.first_wire), asked.material, length_mm=asked.length_mm, is_labelled=True
    )
    at = (dice.between(-2.0, 2.0), dice.between(-2.0, 2.0), 0.5)
    plate, bench = _on_plate(asked, field)
    return scene_of(
        "wire-iqi", seed, bench, (plate, *gauges.placed(wires, at, tilt)),
        reference_mm={asked.material: asked.thickness_mm}, description="Wire indicator on a plate, simulated",
    )  # fmt: skip


def hole_iqi(seed: int, **options: Any) -> Scene:
    """Return a step-hole indicator or a plaque on a plate; each hole is a finding."""
    asked = Gauge(**options)
    dice = Dice(seed, "hole-iqi")
    tilt = dice.between(-4.0, 4.0) if asked.tilt_deg is None else asked.tilt_deg
    numbers = range(HOLE_SETS[asked.first_hole], HOLE_SETS[asked.first_hole] + IN_HOLE_SET)
    names = [f"H{number}" for number in numbers]
    widest = gauges.hole_diameters()[names[-1]]
    step = max(6.0, 1.6 * widest)
    if asked.plaque_mm is None:
        gauge = gauges.step_holes("steps", names, asked.material, step_mm=step, is_labelled=True)
        field = step * IN_HOLE_SET + 8.0
    else:
        gauge, field = gauges.plaque("plaque", asked.plaque_mm, asked.material, is_labelled=True), 46.0
    at = (dice.between(-1.0, 1.0), dice.between(-1.0, 1.0), 0.0)
    plate, bench = _on_plate(asked, field)
    return scene_of(
        "hole-iqi", seed, bench, (plate, *gauges.placed(gauge, at, tilt)),
        reference_mm={asked.material: asked.thickness_mm}, description="Hole indicator on a plate, simulated",
    )  # fmt: skip


def duplex(seed: int, **options: Any) -> Scene:
    """Return a duplex wire gauge before the detector; the truth holds every dip and the exact basic spatial resolution.

    Raises
    ------
    WrongUsage
        Fewer than 5 or more than 15 pairs, or a picture too small for the gauge.
    """
    asked = Duplex(**options)
    dice = Dice(seed, "duplex")
    if not FEWEST_PAIRS <= asked.pairs <= MOST_PAIRS:
        raise WrongUsage(f"a duplex gauge of {asked.pairs} pairs: give {FEWEST_PAIRS} to {MOST_PAIRS}")
    drawn = dice.side() * dice.between(2.0, 5.0)
    tilt = drawn if asked.tilt_deg is None else asked.tilt_deg
    is_reversed = {"first": False, "last": True}.get(asked.order, dice.happens(0.5))
    is_level = {"upright": False, "level": True}.get(asked.way, dice.happens(0.3))
    length = 15.0
    gauge = gauges.duplex_gauge(
        "duplex", pairs=asked.pairs, length_mm=length, gap_mm=asked.gap_mm, is_reversed=is_reversed, is_labelled=True
    )
    block = gauge[0].shape
    assert isinstance(block, Box)
    needed = block.size_mm[0] * 1.02
    if asked.size_px * asked.pitch_mm < needed:
        raise WrongUsage(
            f"{asked.size_px} pixels of {asked.pitch_mm:g} mm do not hold this gauge of {needed:.1f} mm: "
            f"give size_px of at least {int(needed / asked.pitch_mm) + 1}"
        )
    short = max(64, round(30.0 / asked.pitch_mm))
    shape = (asked.size_px, short) if is_level else (short, asked.size_px)
    bench = Bench(*shape, asked.pitch_mm, asked.snr, asked.blur_px, asked.tube_voltage_kv)
    turn = tilt + (90.0 if is_level else 0.0)
    at = (dice.between(0.0, 1.0) * asked.pitch_mm, dice.between(0.0, 1.0) * asked.pitch_mm, 0.0)
    return scene_of(
        "duplex", seed, bench, gauges.placed(gauge, at, turn), reference_mm={"pmma": gauges.DUPLEX_BLOCK_MM},
        description="Duplex wire gauge, simulated",
    )  # fmt: skip
