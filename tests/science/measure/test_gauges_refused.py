"""Radiographs that hold no gauge, made and real: no reader of gauges may give a number."""

from __future__ import annotations

import numpy as np

import gauge_pictures as gauges
import radiographs
from kerma.science.imaging.image import Image
from kerma.science.measure import run
from kerma.science.results import NotMeasurable
from kerma.science.simulate import simulate

READERS = (
    ("duplex", {}), ("wire_iqi", {"wires": "W6-W12"}),
    ("line_pairs", {"frequencies": "1,1.6,2.5,4"}),
)  # fmt: skip


def _refused(given: Image) -> None:
    part = {"region": (0, 0, min(400, given.rows), min(500, given.columns))}
    for name, options in READERS:
        result = run(name, given, spacing_mm=0.1, **part, **options)
        assert isinstance(result, NotMeasurable), (name, result.values)
        assert result.reason


def test_a_simulated_radiograph_without_a_gauge_is_refused() -> None:
    _refused(simulate("step-wedge", 3).image)


def test_real_radiographs_are_refused() -> None:
    from PIL import Image as Picture

    for path in sorted(radiographs.real("cxr_hannover").glob("*.png"))[:2]:
        grey = np.asarray(Picture.open(path).convert("L"), float)
        _refused(gauges.image(grey[200:500, 200:500], 0.1))


def test_ripple_of_a_weld_is_refused() -> None:
    random = np.random.default_rng(5)
    row, column = np.mgrid[:200, :500]
    for period in (23.0,):
        ripple = np.sin(2 * np.pi * (column + 0.004 * (row - 100) ** 2) / period) * np.exp(-(((row - 100) / 50) ** 2))
        _refused(gauges.image(30000 + 1500 * ripple + random.normal(0, 200, ripple.shape), 0.1))
