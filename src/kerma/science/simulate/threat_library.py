"""Threats for projection into bags that have been scanned: generic articles at drawn angles, as two views that agree.

A threat is kept as the thickness of every material along the rays of a view from above and of one from the side, both
about the same middle, so that it can be laid into both pictures of one bag at one place.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable, WrongUsage
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.simulate.document import Point
from kerma.science.simulate.line_scanner import Tunnel, scanned
from kerma.science.simulate.scenes.tip_bag import threat_map
from kerma.science.simulate.things import EVERYDAY, kind_of
from kerma.science.simulate.threat_projection import ThreatMap

ANGLES_DEG = (0.0, 90.0)
PIXEL_MM = 1.0
ROOM = 1.05
PICTURE_KEV = 90.0
TILT_DEG = 35.0
"""How far an article may lean; it is spun by any angle."""


@dataclass(frozen=True)
class Threat:
    """One article at one angle: its name and category in the table of things, and its views."""

    name: str
    category: str
    words: str
    turn_deg: Point
    views: tuple[ThreatMap, ...]


def drawn_threat(name: str, seed: int) -> Threat:
    """Return an article of the table of things, its sizes and its angle drawn; the same seed gives the same threat.

    Raises
    ------
    WrongUsage
        It is an everyday thing.
    NotFound
        No such thing.
    """
    kind = kind_of(name)
    if kind.category == EVERYDAY:
        raise WrongUsage(f"'{name}' is an everyday thing and no threat")
    random = np.random.default_rng(seed)
    article = kind.draw(random)
    leaning = random.uniform(-TILT_DEG, TILT_DEG, 2)
    turn = (round(float(leaning[0]), 1), round(float(leaning[1]), 1), round(float(random.uniform(0.0, 360.0)), 1))
    reach = ROOM * float(np.linalg.norm(article.half_mm))
    side = math.ceil(2.0 * reach / PIXEL_MM)
    tunnel = Tunnel((reach, reach, reach), ANGLES_DEG, side, side)
    things = article.placed("threat", (0.0, 0.0, 0.0), turn, is_labelled=False)
    scene = scanned("threat", things, tunnel, seed=seed, words=kind.words)
    pixel_mm = tunnel.fan()[1]
    views = tuple(threat_map(things, scene, view, pixel_mm) for view in range(len(ANGLES_DEG)))
    return Threat(kind.name, kind.category, kind.words, turn, views)


def picture(view: ThreatMap) -> NDArray[np.uint8]:
    """Return a view as the grey picture of it alone, white where nothing lies (row, column)."""
    a = np.zeros(view.outline.shape)
    for material, thickness_mm in view.thickness_mm.items():
        a += float(linear_attenuation(material, np.array([PICTURE_KEV]))[0]) * thickness_mm
    shown: NDArray[np.uint8] = np.rint(255.0 * np.exp(-a)).astype(np.uint8)
    return shown


def packed(views: tuple[ThreatMap, ...]) -> bytes:
    """Return views as the bytes of an .npz: ``view/material`` in 16-bit reals of mm, and ``pixel_mm``."""
    arrays = {
        f"{number}/{material}": values.astype(np.float16)
        for number, view in enumerate(views)
        for material, values in view.thickness_mm.items()
    }
    out = io.BytesIO()
    np.savez_compressed(out, pixel_mm=np.array([view.pixel_mm for view in views]), **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def unpacked(data: bytes) -> tuple[ThreatMap, ...]:
    """Return the views in the bytes that :func:`packed` made.

    Raises
    ------
    Unreadable
        They are none.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            maps: list[dict[str, np.ndarray]] = [{} for _ in kept["pixel_mm"]]
            for key in kept.files:
                number, _, material = key.partition("/")
                if material:
                    maps[int(number)][material] = kept[key].astype(np.float64)
            sizes = [float(one) for one in kept["pixel_mm"]]
    except (ValueError, KeyError, IndexError, OSError) as error:
        raise Unreadable(f"this is no threat of the library: {error}") from error
    return tuple(ThreatMap(view, pixel_mm) for view, pixel_mm in zip(maps, sizes, strict=True))
