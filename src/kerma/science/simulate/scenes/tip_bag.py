"""A bag with a projected threat: a clean bag is scanned, a threat is put into both views, and the truth tells all."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.physics.materials import density_of
from kerma.science.results import Box, Finding
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.composition import composed
from kerma.science.simulate.document import Point, Scene, Thing
from kerma.science.simulate.line_scanner import (
    BLUR_SHARE,
    CHANNELS,
    OPEN_STORED,
    SNR,
    SOURCE,
    Tunnel,
)
from kerma.science.simulate.scene import BY, Mask, SimulatedImage
from kerma.science.simulate.scenes.baggage import Load, exposed, finished, loaded, pictures, scene_of
from kerma.science.simulate.things import Article, kind_of, threat_kinds
from kerma.science.simulate.threat_placement import Fit, attenuation_alone, fit_of, ground_of
from kerma.science.simulate.threat_projection import Scan, Scanner, ThreatMap, projected
from kerma.science.simulate.tip_realism import realism_of
from kerma.science.simulate.view import rays_of

TRIES = 60
LARGEST_SHARE = 0.75
"""A threat longer than this share of the bag's inside is not tried."""
SEED_OF_NOISE = 977


@dataclass(frozen=True)
class Pose:
    """Where the fictional threat lies in the bag, and how it fits in every view."""

    article: Article
    at_mm: Point
    turn_deg: Point
    maps: tuple[ThreatMap, ...]
    fits: tuple[Fit, ...]


def tip_bag(
    seed: int, *, threat: str = "any", kind: str = "fictional", clutter: str = "medium", size_px: int | None = None
) -> tuple[SimulatedImage, ...]:
    """Return both views of a cabin bag with a threat.

    Parameters
    ----------
    seed : the same seed gives the same bytes
    threat : *any*, a category, or the name of a prohibited thing
    kind : *fictional*, a threat projected into a clean bag, or *combined*, a bag that was packed with it
    clutter, size_px : as for a cabin bag
    """
    if kind == "combined":
        load = loaded("cabin-bag", seed, threat=threat, clutter=clutter)
        views = pictures("cabin-bag", load, seed, size_px=size_px, labels="threats")
        told: dict[str, Any] = {"scene": "tip-bag", "tip": {"kind": "combined"}}
        return tuple(dataclasses.replace(view, truth={**view.truth, **told}) for view in views)
    load = loaded("cabin-bag", seed, threat="none", clutter=clutter)
    scene, tunnel = scene_of("cabin-bag", load, seed, size_px=size_px, labels="threats")
    clean = exposed("cabin-bag", load, seed, size_px=size_px, labels="threats")
    scanner = scanner_of(tunnel)
    scans = tuple(scan_of(view) for view in clean)
    random = np.random.default_rng([seed, SEED_OF_NOISE])
    pose = posed(load, scans, (scene, scanner), threat, random)
    return tuple(
        _fused(view, scan, scanner, (pose, number, seed))
        for number, (view, scan) in enumerate(zip(clean, scans, strict=True))
    )


def scanner_of(tunnel: Tunnel) -> Scanner:
    """Return what threat projection must know of the simulated scanner; calibrated once."""
    return dataclasses.replace(_calibrated(), pixel_mm=tunnel.fan()[1])


@functools.cache
def _calibrated() -> Scanner:
    low, high = (beam_of(SOURCE, channel) for channel in CHANNELS)
    return Scanner.of(low, high, open_snr=SNR, pixel_mm=1.0, blur_px=BLUR_SHARE)


def scan_of(view: SimulatedImage) -> Scan:
    """Return the transmissions of a simulated picture."""
    low, high = (view.image.pixels[plane] / OPEN_STORED for plane in (0, 1))
    return Scan(low, high)


def posed(
    load: Load, scans: tuple[Scan, ...], scene_and_scanner: tuple[Scene, Scanner], threat: str,
    random: np.random.Generator,
) -> Pose:  # fmt: skip
    """Return a threat where it can lie in every view of the bag: the same place in space, so the views agree.

    Raises
    ------
    WrongUsage
        No threat of this kind finds room.
    """
    scene, scanner = scene_and_scanner
    room = load.container.room.half_mm
    grounds = [ground_of(scan, scanner) for scan in scans]
    depths = _depths(scene, load)
    for _ in range(TRIES):
        article = _drawn(threat, random)
        turn = (0.0, 0.0, round(float(random.uniform(0.0, 360.0)), 2))
        reach = float(np.hypot(article.half_mm[0], article.half_mm[1]))
        if reach > LARGEST_SHARE * max(room) or article.half_mm[2] > room[2]:
            continue
        free = [max(0.0, room[0] - reach), max(0.0, room[1] - reach), room[2] - article.half_mm[2]]
        x, y, z = (round(float(random.uniform(-each, each)), 2) for each in free)
        maps, fits = [], []
        for number, ground in enumerate(grounds):
            things = article.placed("tip", (x, y, z), turn, is_labelled=False)
            there = threat_map(things, scene, number, scanner.pixel_mm)
            fit = fit_of(ground, there, attenuation_alone(there, scanner), depth_mm=depths[number])
            maps.append(there)
            fits.append(fit)
            if fit.outside > 0 or (number == 0 and not fit.is_plausible):
                break
        else:
            return Pose(article, (x, y, z), turn, tuple(maps), tuple(fits))
    raise WrongUsage(f"no room for '{threat}' in this bag at {TRIES} places; take another threat, or another seed")


def _drawn(threat: str, random: np.random.Generator) -> Article:
    chosen = [kind for kind in threat_kinds() if threat in ("any", kind.name, kind.category)] or [kind_of(threat)]
    if chosen[0].category == "everyday":
        raise WrongUsage(f"'{threat}' is an everyday thing and no threat")
    weights = np.array([kind.weight for kind in chosen])
    return chosen[int(random.choice(len(chosen), p=weights / weights.sum()))].draw(random)


def _depths(scene: Scene, load: Load) -> list[float]:
    """Return how deep the inside of the bag is along the rays of every view."""
    x, _, z = load.container.room.half_mm
    return [2.0 * (z if abs(np.cos(np.deg2rad(angle))) > 0.7 else x) for angle in scene.geometry.angles_deg]


def threat_map(things: tuple[Thing, ...], scene: Scene, view: int, pixel_mm: float) -> ThreatMap:
    """Return the thickness of every material of things by themselves in one view; lighter kinds of one count for less.

    Raises
    ------
    WrongUsage
        Nothing of them is in the picture.
    """
    alone = dataclasses.replace(scene, things=things)
    found = composed(alone, rays_of(scene.geometry, scene.detector, view)).thickness_mm
    maps: dict[str, Any] = {}
    for (material, density), values in found.items():
        share = 1.0 if density is None else density / density_of(material)
        maps[material] = maps.get(material, 0.0) + share * values
    if not maps:
        raise WrongUsage("nothing of the threat is in the picture")
    return ThreatMap(maps, pixel_mm)


def _fused(view: SimulatedImage, scan: Scan, scanner: Scanner, how: tuple[Pose, int, int]) -> SimulatedImage:
    """Return one view with the threat in it, and its truth."""
    pose, number, seed = how
    threat = pose.maps[number]
    fused = projected(scan, threat, scanner, seed=(seed * 2 + number) * SEED_OF_NOISE)
    realism = realism_of(scan, fused, threat, scanner, pose.fits[number])
    low, high = (np.clip(np.rint(plane * OPEN_STORED), 0, 65535).astype(np.uint16) for plane in (fused.low, fused.high))
    mask = _mask(threat)
    labels = np.zeros(view.labels.shape, dtype=np.uint16)
    labels[threat.outline] = 1
    facts = pose.article.facts()
    told: Mapping[str, Any] = {
        "scene": "tip-bag", "threats": 1,
        "tip": {
            "kind": "fictional", "thing": pose.article.kind.name, "words": pose.article.kind.words, **facts,
            "at_mm": list(pose.at_mm), "turn_deg": list(pose.turn_deg), "realism": realism.as_json(),
            "fit": dataclasses.asdict(pose.fits[number]),
        },
    }  # fmt: skip
    sizes = {"realism": round(realism.score, 4), "detectability": detectability_of(scan, fused), **_numbers(facts)}
    finding = _finding(pose.article, mask, sizes)
    image = dataclasses.replace(
        view.image, pixels=np.stack([low, high]), description="Cabin bag with a projected threat, simulated"
    )
    with_threat = dataclasses.replace(
        view, image=image, findings=(finding,), labels=labels, masks=(mask,), truth={**view.truth, **told},
        expected=None, thickness_mm=_added(view.thickness_mm, threat),
    )  # fmt: skip
    return finished(with_threat)


def detectability_of(bag: Scan, fused: Scan) -> float:
    """Return the signal-to-noise ratio of an ideal observer who knows the bag, in the better of both channels."""
    pairs = zip((bag.low, bag.high), (fused.low, fused.high), SNR, strict=True)
    least = 1.0 / OPEN_STORED
    return max(
        round(float(snr * np.sqrt(((after - before) ** 2 / np.maximum(before, least)).sum())), 2)
        for before, after, snr in pairs
    )


def _numbers(facts: Mapping[str, float | str]) -> dict[str, float]:
    return {name: value for name, value in facts.items() if isinstance(value, float)}


def _added(bag: Mapping[str, Any], threat: ThreatMap) -> dict[str, Any]:
    return {**bag, **{name: bag.get(name, 0.0) + values for name, values in threat.thickness_mm.items()}}


def _mask(threat: ThreatMap) -> Mask:
    rows, columns = (np.flatnonzero(threat.outline.any(axis=axis)) for axis in (1, 0))
    inner = threat.outline[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Mask(int(rows[0]), int(columns[0]), inner.copy())


def _finding(article: Article, mask: Mask, sizes: Mapping[str, float]) -> Finding:
    height, width = mask.pixels.shape
    box = Box(float(mask.row), float(mask.column), float(height), float(width))
    return Finding("T1", article.kind.category, article.kind.name, box, BY, measurements=dict(sizes))
