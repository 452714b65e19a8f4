"""Things by themselves as the simulated scanner sees them: thicknesses of two materials, ready to be laid into bags.

Rendering a bag costs seconds, one thing by itself a fiftieth: every thing is drawn, turned and rendered many times, and
bags are filled with them anew for every picture that is learned from.
"""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.physics.dual_energy import decompose
from kerma.science.physics.spectral_channel import Channel
from kerma.science.simulate.line_scanner import MARGIN, Tunnel, scanned
from kerma.science.simulate.packing import SIDES
from kerma.science.simulate.scenes.tip_bag import scanner_of, threat_map
from kerma.science.simulate.things import Kind, kind_of
from kerma.science.simulate.threat_projection import Scanner, ThreatMap

PIXEL_MM = 1.4
"""About the size of a pixel at the thing."""
FEWEST_PX, MOST_PX = 24, 480
FLAT_SHARE = 0.6
"""So many lie as they are drawn; the others stand on any side."""
KEPT_IN_MEMORY = 8000


@dataclass(frozen=True)
class Loose:
    """One thing in one view: thickness in mm of both basis materials, (2, row, column), and where anything of it is."""

    name: str
    thickness_mm: NDArray[np.float16]
    outline: NDArray[np.bool_]
    pixel_mm: float


@functools.lru_cache(maxsize=KEPT_IN_MEMORY)
def loose(name: str, number: int) -> tuple[Loose, ...]:
    """Return one drawing of a thing in two views at right angles; the same number gives the same on any machine.

    Raises
    ------
    WrongUsage
        The thing as drawn cannot be seen.
    """
    random = np.random.default_rng([zlib.crc32(name.encode()), number])
    kind: Kind = kind_of(name)
    article = kind.draw(random)
    side = SIDES[0] if random.random() < FLAT_SHARE else SIDES[int(random.integers(len(SIDES)))]
    turn = (side[0], side[1], round(float(random.uniform(0.0, 360.0)), 2))
    reach = float(np.linalg.norm(article.half_mm))
    size = int(np.clip(2.0 * MARGIN * reach / PIXEL_MM, FEWEST_PX, MOST_PX))
    tunnel = Tunnel((reach, reach, reach), rows=size, columns=size)
    things = article.placed("loose", (0.0, 0.0, 0.0), turn, is_labelled=False)
    scene, scanner = scanned("loose", things, tunnel, seed=number, words=name), scanner_of(tunnel)
    views = range(len(tunnel.angles_deg))
    return tuple(_in_two_materials(name, threat_map(things, scene, view, scanner.pixel_mm), scanner) for view in views)


def _in_two_materials(name: str, there: ThreatMap, scanner: Scanner) -> Loose:
    """Return a thing as thicknesses of the scanner's two basis materials, cut to its outline."""
    where = there.outline
    rays = np.stack([values[where] for values in there.thickness_mm.values()], axis=-1)
    low, high = (Channel.of(beam, list(there.thickness_mm)).attenuation(rays) for beam in scanner.beams)
    found = decompose(scanner.calibration, low, high, open_snr=scanner.open_snr).thickness_mm
    lost = ~np.isfinite(found).all(axis=-1)
    if lost.any():
        # No mixture attenuates so: lead, or more than the calibration covers. The heavier one stands for it.
        found[lost] = 0.0
        found[lost, 1] = scanner.calibration.high.thickness(high[lost], 1)
    maps = np.zeros((2, *where.shape), np.float32)
    maps[:, where] = found.T
    rows, columns = (np.flatnonzero(where.any(axis=axis)) for axis in (1, 0))
    inner: Any = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return Loose(name, maps[:, *inner].astype(np.float16), where[inner].copy(), there.pixel_mm)
