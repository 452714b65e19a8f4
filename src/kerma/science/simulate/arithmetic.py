"""Exponential, logarithm, sine and cosine from IEEE 754 basic operations: every machine agrees to the bit.

Libraries choose another polynomial for each processor (and fuse multiplications with additions), and their last bits
differ. These four use addition, multiplication, division and square root in one fixed order; numba compiles the same
source for the kernels. Relative errors stay below 1e-15.
"""

from __future__ import annotations

import math

LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
"""ln 2 in two parts, so that k·LN2_HIGH is exact for every exponent k (as fdlibm has it)."""
ROUNDER = 6755399441055744.0
"""1.5·2**52: adding it rounds to a whole number, which then stands in the last bits of the sum."""
LARGEST_POWER = 708.0
DEGREE_RAD = 0.017453292519943295


def exp_of_remainder(x: float, k: float) -> float:
    """Return exp(x - k·ln 2), where k is the whole number nearest to x / ln 2."""
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    p = 1.0 + r * (1.0 / 13.0)
    p = 1.0 + r * p * (1.0 / 12.0)
    p = 1.0 + r * p * (1.0 / 11.0)
    p = 1.0 + r * p * 0.1
    p = 1.0 + r * p * (1.0 / 9.0)
    p = 1.0 + r * p * 0.125
    p = 1.0 + r * p * (1.0 / 7.0)
    p = 1.0 + r * p * (1.0 / 6.0)
    p = 1.0 + r * p * 0.2
    p = 1.0 + r * p * 0.25
    p = 1.0 + r * p * (1.0 / 3.0)
    p = 1.0 + r * p * 0.5
    return 1.0 + r * p


def log_of_fraction(m: float) -> float:
    """Return ln(m) for m between 0.7 and 1.42, by the series of the area tangent."""
    f = (m - 1.0) / (m + 1.0)
    q = f * f
    total = 0.0
    for odd in range(23, 0, -2):
        total = total * q + 1.0 / odd
    return 2.0 * f * total


def sin_cos_deg(angle_deg: float) -> tuple[float, float]:
    """Return sine and cosine of an angle in degrees; multiples of 90° are exact."""
    turned = math.fmod(angle_deg, 360.0)
    quarter = math.floor(turned / 90.0 + 0.5)
    x = (turned - 90.0 * quarter) * DEGREE_RAD
    q = x * x
    sine, cosine = 0.0, 0.0
    for order in range(21, 0, -2):
        sine = 1.0 - q / ((order + 1) * (order + 2)) * sine if sine else 1.0
    for order in range(20, -1, -2):
        cosine = 1.0 - q / ((order + 1) * (order + 2)) * cosine if cosine else 1.0
    sine *= x
    return ((sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine))[quarter % 4]
