"""The truth about a rendered scene: for every finding its pixels, box, code, sizes, and how well it can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kerma.science.results import Box, Finding
from kerma.science.simulate.attenuator import Attenuator
from kerma.science.simulate.composition import Composition, Share
from kerma.science.simulate.document import Detector, Scene, Thing
from kerma.science.simulate.response import Exposure, blurred
from kerma.science.simulate.scene import BY, Mask
from kerma.standards import table

Field = NDArray[np.float64]


class Labelled(Protocol):
    """What the truth must know of a thing or a flaw; the composition knows the rest by its name."""

    @property
    def name(self) -> str:
        """What the composition calls it."""
        ...

    @property
    def label(self) -> str:
        """The word of the finding; empty where it only belongs to one."""
        ...

    @property
    def measurements(self) -> Mapping[str, float]:
        """Its true sizes."""
        ...


Groups = Mapping[str, Sequence[Labelled]]
"""The things of each finding, by the finding's name."""


@dataclass(frozen=True)
class Seen:
    """One channel without noise: its attenuator, its exposure, signal and variance as the detector meets them.

    ``focal_px`` is the standard deviation of the focal spot's blur, ``noise_share`` what the detector's blur leaves
    of white noise, ``primary_share`` what a grid lets through.
    """

    attenuator: Attenuator
    exposure: Exposure
    signal: Field
    variance: Field
    focal_px: float
    noise_share: float
    primary_share: float


def findings_of(
    groups: Groups, detector: Detector, composition: Composition, channels: tuple[Seen, ...]
) -> tuple[tuple[Finding, ...], tuple[Mask, ...], NDArray[np.uint16]]:
    """Return the findings, their masks, and the label picture."""
    shape = channels[0].signal.shape
    labels = np.zeros(shape, dtype=np.uint16)
    codes = {row["label"]: row["number"] for row in table("iso_6520-1/imperfections")}
    findings: list[Finding] = []
    masks: list[Mask] = []
    for things in groups.values():
        mask = _mask(things, composition)
        if mask is None:
            continue
        number = len(findings) + 1
        rows, columns = mask.pixels.shape
        labels[mask.row : mask.row + rows, mask.column : mask.column + columns][mask.pixels] = number
        first = next(thing for thing in things if thing.label)
        sizes = {key: value for thing in reversed(things) for key, value in thing.measurements.items()}
        sizes |= _visibility(_family(things, composition), composition, mask, (detector, channels))
        box = Box(float(mask.row), float(mask.column), float(rows), float(columns))
        findings.append(Finding(f"T{number}", codes.get(first.label, ""), first.label, box, BY, measurements=sizes))
        masks.append(mask)
    return tuple(findings), tuple(masks), labels


def groups_of(scene: Scene) -> dict[str, list[Thing]]:
    """Return the things of each finding, by the name of the group; things without any label in their group are none."""
    groups: dict[str, list[Thing]] = {}
    for thing in scene.things:
        if thing.label or thing.group:
            groups.setdefault(thing.group or thing.name, []).append(thing)
    return {name: things for name, things in groups.items() if any(thing.label for thing in things)}


def _mask(things: Sequence[Labelled], composition: Composition) -> Mask | None:
    """Return where any thing of a finding lies in the picture, cut to its box."""
    patches = [composition.outlines[thing.name] for thing in things if thing.name in composition.outlines]
    if not patches:
        return None
    first_row, first_column = (min(patch.window[axis].start for patch in patches) for axis in (0, 1))
    last_row, last_column = (max(patch.window[axis].stop for patch in patches) for axis in (0, 1))
    pixels = np.zeros((last_row - first_row, last_column - first_column), dtype=bool)
    for patch in patches:
        rows, columns = patch.window
        here = (
            slice(rows.start - first_row, rows.stop - first_row),
            slice(columns.start - first_column, columns.stop - first_column),
        )
        pixels[here] |= patch.chord_mm != 0
    down, across = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not down.size:
        return None
    inner = pixels[down[0] : down[-1] + 1, across[0] : across[-1] + 1].copy()
    return Mask(first_row + int(down[0]), first_column + int(across[0]), inner)


def _family(things: Sequence[Labelled], composition: Composition) -> list[Share]:
    """Return what the things of a finding, and everything inside them, add to the beam."""
    names = {thing.name for thing in things}
    while True:
        more = {name for name, host in composition.hosts.items() if host in names} - names
        if not more:
            break
        names |= more
    return [share for name in sorted(names) for share in composition.shares.get(name, ())]


def _visibility(
    shares: list[Share], composition: Composition, mask: Mask, seen_by: tuple[Detector, tuple[Seen, ...]]
) -> dict[str, float]:
    """Return contrast-to-noise ratio in the picture, and detectability as an ideal observer has it.

    They compare the picture with the one without this finding (its neighbours stay), in the channel that shows it
    best. Detectability is a matched filter's on the white noise before the detector's blur, which a known blur neither
    raises nor lowers.
    """
    detector, channels = seen_by
    best = {"cnr": 0.0, "detectability": 0.0}
    for seen in channels:
        values = _seen_in(seen, shares, composition, (mask, detector))
        if values["detectability"] > best["detectability"]:
            best = values
    return {key: _six_digits(value) for key, value in best.items()}


def _seen_in(
    seen: Seen, shares: list[Share], composition: Composition, place: tuple[Mask, Detector]
) -> dict[str, float]:
    mask, detector = place
    signal, variance, inner = _changes(seen, shares, composition, mask)
    change = signal[inner][mask.pixels] * seen.primary_share
    rows, columns = mask.pixels.shape
    window = slice(mask.row, mask.row + rows), slice(mask.column, mask.column + columns)
    sound_signal = seen.signal[window][mask.pixels] - change
    sound_variance = seen.variance[window][mask.pixels] - variance[inner][mask.pixels] * seen.primary_share
    quantum = np.maximum(sound_variance, 0.0) / seen.exposure.quanta if seen.exposure.is_noisy else 0.0 * change
    faults = (detector.electronic_noise_stored / seen.exposure.stored_per_signal) ** 2
    others = faults + (detector.fixed_pattern_percent / 100.0 * sound_signal) ** 2
    in_picture = float(np.sqrt(quantum * seen.noise_share**2 + others).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        square = np.where(change == 0, 0.0, change**2 / (quantum + others)).sum()
        contrast = abs(float(change.mean()))
        cnr = contrast / in_picture if in_picture > 0 else float("inf") if contrast > 0 else 0.0
    return {"cnr": cnr, "detectability": float(np.sqrt(square))}


def _changes(
    seen: Seen, shares: list[Share], composition: Composition, mask: Mask
) -> tuple[Field, Field, tuple[slice, slice]]:
    """Return how a finding changes signal and variance round its mask, and where the mask lies in that window."""
    reach = int(4.0 * seen.focal_px + 1.0)
    shape = seen.signal.shape
    rows = slice(max(0, mask.row - reach), min(shape[0], mask.row + mask.pixels.shape[0] + reach))
    columns = slice(max(0, mask.column - reach), min(shape[1], mask.column + mask.pixels.shape[1] + reach))
    present = {matter: values[rows, columns] for matter, values in composition.thickness_mm.items()}
    absent = {matter: values.copy() for matter, values in present.items() if values.any()}
    present = {matter: present[matter] for matter in absent}
    for share in shares:
        if share.matter in absent or share.thickness_mm.min() < 0:
            whole = absent.setdefault(share.matter, np.zeros((rows.stop - rows.start, columns.stop - columns.start)))
            _take(whole, share, (rows, columns))
    for values in absent.values():
        np.maximum(values, 0.0, out=values)
    with_it, without = seen.attenuator.behind(present), seen.attenuator.behind(absent)
    signal, variance = (blurred(a - b, seen.focal_px) for a, b in zip(with_it, without, strict=True))
    first_row, first_column = mask.row - rows.start, mask.column - columns.start
    inner = slice(first_row, first_row + mask.pixels.shape[0]), slice(first_column, first_column + mask.pixels.shape[1])
    return signal, variance, inner


def _take(whole: Field, share: Share, window: tuple[slice, slice]) -> None:
    """Take a share out of a part of the picture that starts at ``window``."""
    first = [max(a.start, b.start) for a, b in zip(share.window, window, strict=True)]
    last = [min(a.stop, b.stop) for a, b in zip(share.window, window, strict=True)]
    if first[0] >= last[0] or first[1] >= last[1]:
        return
    here, there = (
        tuple(slice(first[axis] - each[axis].start, last[axis] - each[axis].start) for axis in (0, 1))
        for each in (window, share.window)
    )
    whole[here] -= share.thickness_mm[there]


def _six_digits(value: float) -> float:
    return float(f"{value:.6g}")
