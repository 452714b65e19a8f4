"""Bags filled further for every picture that is learned from: loose things laid into a packed bag, behind its spectra.

Attenuations do not add where beams harden, thicknesses do: the bag's two attenuations are read as thicknesses of two
materials, the thing's are added, and both go through tables of the spectra again, as in threat image projection.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kerma.errors import KermaError
from kerma.science.physics.dual_energy import decompose
from kerma.science.simulate.line_scanner import OPEN_STORED, SNR, Tunnel
from kerma.science.simulate.scenes.tip_bag import scanner_of
from kerma.science.simulate.things import EVERYDAY, kinds
from kerma.train.examples import Example, Flaw
from kerma.train.loose_things import Loose, loose

Grey = NDArray[np.float32]
THREATS = (0.10, 0.25, 0.35, 0.30)
"""How often none, one, two or three threats are laid into a picture."""
MOST_EVERYDAY = 6
THREAT_DRAWINGS, EVERYDAY_DRAWINGS = 150, 20
"""So many drawings there are of each thing."""
LIGHTEST_MM, HEAVIEST_MM = (-160.0, -6.0), (640.0, 84.0)
"""Thicknesses of both materials (polyethylene and iron) that the tables hold, from and to ..."""
STEPS_MM = (3.2, 0.3)
LEAST_HIGH, MOST_HIGH = 0.02, 9.0
LEAST_RATIO, MOST_RATIO = 1.0, 3.4
RATIOS, ROOTS = 100, 140
CONTENT = 0.03
"""What attenuates less is beside the bag."""
MAGNIFIED = (0.92, 1.10)
"""By where in the bag a thing lies, nearer to the source or farther."""
TURNED_SHARE, OUTLINE_SHARE = 0.5, 0.3
FAINTEST = 1e-5


@dataclass(frozen=True)
class Tables:
    """Attenuations over thicknesses, and thicknesses over attenuations, each (2, row, column)."""

    attenuation: Grey
    thickness_mm: Grey

    def attenuations(self, thickness_mm: Grey) -> Grey:
        """Return both attenuations behind thicknesses (2, row, column) in mm."""
        first, second = (
            (each - least) / step for each, least, step in zip(thickness_mm, LIGHTEST_MM, STEPS_MM, strict=True)
        )
        return _looked_up(self.attenuation, first, second)

    def thicknesses_mm(self, low: Grey, high: Grey) -> Grey:
        """Return thicknesses of both materials of attenuations (row, column)."""
        root = (np.sqrt(np.clip(high, LEAST_HIGH, MOST_HIGH)) - LEAST_HIGH**0.5) / (MOST_HIGH**0.5 - LEAST_HIGH**0.5)
        ratio = (np.clip(low / np.maximum(high, LEAST_HIGH), LEAST_RATIO, MOST_RATIO) - LEAST_RATIO) / (
            MOST_RATIO - LEAST_RATIO
        )
        found = _looked_up(self.thickness_mm, root * (ROOTS - 1), ratio * (RATIOS - 1))
        return np.asarray(found * (high > LEAST_HIGH), dtype=np.float32)


def _looked_up(table: Grey, row: Grey, column: Grey) -> Grey:
    """Return the planes of a table at places between its nodes; beyond it, what stands at its edge."""
    import cv2

    places = (column.astype(np.float32), row.astype(np.float32))
    return np.stack([cv2.remap(plane, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for plane in table])


@functools.cache
def tables() -> Tables:
    """Return the tables of the simulated scanner."""
    calibration = scanner_of(Tunnel((100.0, 100.0, 100.0))).calibration
    axes = [
        np.arange(least, most + step / 2, step)
        for least, most, step in zip(LIGHTEST_MM, HEAVIEST_MM, STEPS_MM, strict=True)
    ]
    behind = calibration.project(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))
    roots = np.linspace(LEAST_HIGH**0.5, MOST_HIGH**0.5, ROOTS)[:, None] ** 2
    ratios = np.linspace(LEAST_RATIO, MOST_RATIO, RATIOS)[None]
    found = decompose(calibration, roots * ratios, roots, open_snr=SNR).thickness_mm
    known = np.isfinite(found).all(axis=-1)
    for row, there in zip(found, known, strict=True):
        # A ratio that no mixture has: that of the nearest that one has.
        places = np.flatnonzero(there)
        row[:] = row[places[np.abs(np.arange(RATIOS)[:, None] - places).argmin(axis=1)]]
    # Noise and lighter or heavier elements lie beyond both materials: what a bag holds is taken for a mixture of them.
    there_mm = np.moveaxis(np.maximum(found, 0.0), -1, 0)
    return Tables(np.stack(behind).astype(np.float32), there_mm.astype(np.float32))


@functools.cache
def _everyday() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    chosen = kinds([EVERYDAY])
    weights = np.array([kind.weight for kind in chosen])
    return tuple(kind.name for kind in chosen), weights / weights.sum()


def filled(one: Example, labels: tuple[str, ...], rng: np.random.Generator) -> Example:
    """Return a packed bag with some more everyday things and threats in it; every kind of threat as often as any."""
    planes = one.pixels.astype(np.float32) / np.float32(OPEN_STORED)
    names, weights = _everyday()
    wanted = [str(rng.choice(names, p=weights)) for _ in range(int(rng.integers(0, MOST_EVERYDAY + 1)))]
    wanted += [str(rng.choice(labels)) for _ in range(int(rng.choice(len(THREATS), p=THREATS)))]
    order = rng.permutation(len(wanted))
    flaws = list(one.flaws)
    for place in order:
        name = wanted[int(place)]
        most = THREAT_DRAWINGS if name in labels else EVERYDAY_DRAWINGS
        try:
            views = loose(name, int(rng.integers(most)))
        except KermaError:
            continue
        laid = _laid(planes, views[int(rng.integers(len(views)))], one.pixel_mm, rng)
        if laid is not None and name in labels:
            flaws.append(replace(laid, label=labels.index(name)))
    stored = np.clip(np.rint(planes * OPEN_STORED), 0, 65535).astype(np.uint16)
    return replace(one, pixels=stored, flaws=tuple(flaws))


def _laid(planes: Grey, thing: Loose, pixel_mm: float, rng: np.random.Generator) -> Flaw | None:
    """Lay a thing somewhere into a bag, changing its planes; return where it is, None where it has no room."""
    added, outline = _turned(thing, pixel_mm, rng)
    rows, columns = outline.shape
    corner = _somewhere(planes, (rows, columns), rng)
    if corner is None:
        return None
    window = (slice(corner[0], corner[0] + rows), slice(corner[1], corner[1] + columns))
    before = planes[:, *window]
    seen = -np.log(np.maximum(before, FAINTEST))
    bag_mm = tables().thicknesses_mm(_softened(seen[0]), _softened(seen[1]))
    step = tables().attenuations(bag_mm + added) - tables().attenuations(bag_mm)
    after = before * np.exp(-step)
    least = np.float32(1.0 / OPEN_STORED)
    snr = np.array(SNR, np.float32)[:, None, None]
    lacking = np.maximum(1.0 / np.maximum(after, least) - 1.0 / np.maximum(before, least), 0.0) / snr**2
    contrast = snr**2 * (after - before) ** 2 / np.maximum(before, least)
    detectability = float(np.sqrt(contrast.sum(axis=(1, 2)).max()))
    noise = rng.standard_normal(after.shape, dtype=np.float32)
    planes[:, *window] = np.maximum(after * (1.0 + np.sqrt(lacking) * noise), 0.0)
    return Flaw(-1, detectability, corner[0], corner[1], outline)


def _softened(plane: Grey) -> Grey:
    """Return attenuations with less noise: noise is not to be told from material."""
    import cv2

    return np.asarray(cv2.blur(np.ascontiguousarray(plane), (3, 3)), dtype=np.float32)


def _turned(thing: Loose, pixel_mm: float, rng: np.random.Generator) -> tuple[Grey, NDArray[np.bool_]]:
    """Return thicknesses and outline of a thing turned in the plane, in the pixels of a bag."""
    import cv2

    zoom = thing.pixel_mm / pixel_mm * float(rng.uniform(*MAGNIFIED))
    turn = float(rng.uniform(0.0, 360.0)) if rng.random() < TURNED_SHARE else 0.0
    high, wide = thing.outline.shape
    matrix = cv2.getRotationMatrix2D((wide / 2.0 - 0.5, high / 2.0 - 0.5), turn, zoom)
    cosine, sine = abs(np.cos(np.deg2rad(turn))), abs(np.sin(np.deg2rad(turn)))
    sides = (wide * cosine + high * sine, high * cosine + wide * sine)
    size = (int(np.ceil(zoom * sides[0])) + 3, int(np.ceil(zoom * sides[1])) + 3)
    matrix[:, 2] += np.array(size) / 2.0 - np.array([wide, high]) / 2.0
    planes = [*thing.thickness_mm.astype(np.float32), thing.outline.astype(np.float32)]
    if zoom < 0.9:
        sigma = 0.4 * (1.0 / zoom**2 - 1.0) ** 0.5 + 1e-3
        planes = [cv2.GaussianBlur(each, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT) for each in planes]
    moved = np.stack([cv2.warpAffine(each, matrix, size, flags=cv2.INTER_LINEAR) for each in planes])
    outline = moved[2] > OUTLINE_SHARE
    down, across = np.flatnonzero(outline.any(axis=1)), np.flatnonzero(outline.any(axis=0))
    if not down.size:
        return moved[:2, :0, :0], outline[:0, :0]
    inner = (slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1))
    return np.asarray(moved[:2, *inner]), outline[inner]


def _somewhere(planes: Grey, shape: tuple[int, int], rng: np.random.Generator) -> tuple[int, int] | None:
    """Return the first row and column of a place within a bag; None where the thing is larger than it."""
    solid = planes[1, ::4, ::4] < np.exp(-CONTENT)
    corner = []
    for axis, size in zip((1, 0), shape, strict=True):
        there = np.flatnonzero(solid.mean(axis=axis) > 0.02) * 4
        if not there.size or not size or there[-1] + 4 - there[0] < size:
            return None
        corner.append(int(rng.integers(there[0], there[-1] + 4 - size + 1)))
    inside = all(first + size <= whole for first, size, whole in zip(corner, shape, planes.shape[1:], strict=True))
    return (corner[0], corner[1]) if inside else None
