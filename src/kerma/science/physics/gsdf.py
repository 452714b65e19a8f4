"""The Grayscale Standard Display Function: which luminances look like equal steps (DICOM PS3.14)."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kerma.errors import WrongUsage
from kerma.standards import table

GSDF = "dicom_ps3.14/gsdf"
FIRST, LAST = 1.0, 1023.0
"""JND indices the function is defined for: 0.05 to 3993 cd/m²."""
Floats = NDArray[np.float64]


def luminance_cd_m2(jnd_index: ArrayLike) -> Floats:
    """Return the luminance in cd/m² of JND indices from 1 to 1023 (PS3.14, 7.1).

    Raises
    ------
    WrongUsage
        An index is outside the range of the function.
    """
    index = np.asarray(jnd_index, dtype=np.float64)
    if index.size and not (np.all(index >= FIRST) and np.all(index <= LAST)):
        raise WrongUsage(f"the GSDF has JND indices from {FIRST:g} to {LAST:g}")
    of = _coefficients("luminance")
    x = np.log(index)
    above = of["a"] + of["c"] * x + of["e"] * x**2 + of["g"] * x**3 + of["m"] * x**4
    below = 1.0 + of["b"] * x + of["d"] * x**2 + of["f"] * x**3 + of["h"] * x**4 + of["k"] * x**5
    return np.asarray(10.0 ** (above / below))


def jnd_index(luminance: ArrayLike) -> Floats:
    """Return the JND index of luminances in cd/m², from 0.05 to 3993 (PS3.14, 7.1; right to about 0.1).

    Raises
    ------
    WrongUsage
        A luminance is outside the range of the function.
    """
    seen = np.asarray(luminance, dtype=np.float64)
    low, high = (float(luminance_cd_m2(end)) for end in (FIRST, LAST))
    if seen.size and not (np.all(seen >= low * (1 - 1e-6)) and np.all(seen <= high * (1 + 1e-6))):
        raise WrongUsage(f"the GSDF is defined from {low:.2f} to {high:.0f} cd/m²")
    of = _coefficients("jnd")
    x = np.log10(seen)
    return np.asarray(sum(of[name] * x**power for power, name in enumerate("abcdefghi")))


@functools.cache
def _coefficients(column: str) -> dict[str, float]:
    return {row["name"]: float(row[column]) for row in table(GSDF).rows if row[column]}
