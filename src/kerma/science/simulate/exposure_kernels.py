"""Attenuation, blur and noise: the compiled loops, with arithmetic that is the same on every machine.

Sums run in one fixed order, exponentials come from ``arithmetic``, and random numbers are a hash of key and pixel, so
neither the number of threads nor the processor can change a bit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kerma.science.compiled import compiled
from kerma.science.simulate import arithmetic

Field = NDArray[np.float64]
Rows = tuple[int, int]
CHUNK = 256
FIRST_TABLED = 10.0
"""Means below this are drawn by multiplying uniform numbers."""

_exp_of_remainder = compiled(arithmetic.exp_of_remainder)
_log_of_fraction = compiled(arithmetic.log_of_fraction)


@compiled
def exp(x: float) -> float:
    """Return exp(x), with x held to -708 … 708, where doubles end; written without a branch so that it vectorises."""
    bounded = x if x > -arithmetic.LARGEST_POWER else -arithmetic.LARGEST_POWER
    bounded = bounded if bounded < arithmetic.LARGEST_POWER else arithmetic.LARGEST_POWER
    rounded = np.float64(bounded * arithmetic.LOG2_E + arithmetic.ROUNDER)
    power = np.int64((rounded.view(np.int64) + 1023) << 52).view(np.float64)
    return _exp_of_remainder(bounded, rounded - arithmetic.ROUNDER) * power


@compiled
def log(x: float) -> float:
    """Return ln(x) of a positive normal number."""
    m, k = math.frexp(x)
    if m < 0.7071067811865476:
        m, k = 2.0 * m, k - 1
    return k * arithmetic.LN2_HIGH + (_log_of_fraction(m) + k * arithmetic.LN2_LOW)


@compiled
def attenuate(mu: Field, weights: Field, length: Field, out: Field, chunk: Rows) -> None:
    """Write signal and variance behind thicknesses: ``out[w, p] = Σ weights[w, e]·exp(-Σ mu[m, e]·length[m, p])``.

    Short loops over pixels, each of one operation, so that the compiler uses the vectors of any processor; for a pixel
    the order of the sums stays that of materials and energies. Arrays are written by loops, not as slices: those take
    the compiler four times as long.
    """
    first, last = chunk
    pixels = last - first
    power, signal, variance = np.empty(pixels), np.zeros(pixels), np.zeros(pixels)
    for energy in range(mu.shape[1]):
        for pixel in range(pixels):
            power[pixel] = 0.0
        for material in range(mu.shape[0]):
            factor, path = mu[material, energy], length[material, first:last]
            for pixel in range(pixels):
                power[pixel] -= factor * path[pixel]
        for pixel in range(pixels):
            power[pixel] = exp(power[pixel])
        for pixel in range(pixels):
            signal[pixel] += weights[0, energy] * power[pixel]
        for pixel in range(pixels):
            variance[pixel] += weights[1, energy] * power[pixel]
    for pixel in range(pixels):
        out[0, first + pixel] = signal[pixel]
        out[1, first + pixel] = variance[pixel]


@compiled
def from_table(table: Field, step_mm: float, length: Field, out: Field, chunk: Rows) -> None:
    """Write signal and variance of one material from a table over thickness: log of signal, its slope, and the ratio.

    Between the points a cubic runs through values and slopes.
    """
    last_cell = table.shape[1] - 2
    for pixel in range(chunk[0], chunk[1]):
        place = length[pixel] / step_mm
        cell = min(int(place), last_cell)
        u = place - cell
        v = 1.0 - u
        values = v * v * (1.0 + 2.0 * u) * table[0, cell] + u * u * (3.0 - 2.0 * u) * table[0, cell + 1]
        slopes = u * v * (v * table[1, cell] - u * table[1, cell + 1])
        signal = exp(values + slopes * step_mm)
        ratio = v * v * (1.0 + 2.0 * u) * table[2, cell] + u * u * (3.0 - 2.0 * u) * table[2, cell + 1]
        ratio += step_mm * u * v * (v * table[3, cell] - u * table[3, cell + 1])
        out[0, pixel] = signal
        out[1, pixel] = signal * ratio


@compiled
def smooth_rows(field: Field, kernel: Field, out: Field, rows: Rows) -> None:
    """Write the field smoothed along its columns' direction (down the rows); the edge continues as it is."""
    reach = kernel.shape[0] - 1
    last = field.shape[0] - 1
    for row in range(rows[0], rows[1]):
        for column in range(field.shape[1]):
            out[row, column] = kernel[0] * field[row, column]
        for away in range(1, reach + 1):
            above, below = max(row - away, 0), min(row + away, last)
            weight = kernel[away]
            for column in range(field.shape[1]):
                out[row, column] += weight * (field[above, column] + field[below, column])


@compiled
def smooth_columns(field: Field, kernel: Field, out: Field, rows: Rows) -> None:
    """Write the field smoothed along its rows (across the columns)."""
    reach = kernel.shape[0] - 1
    columns = field.shape[1]
    line = np.empty(columns + 2 * reach)
    for row in range(rows[0], rows[1]):
        for away in range(reach):
            line[away] = field[row, 0]
            line[reach + columns + away] = field[row, columns - 1]
        for column in range(columns):
            line[reach + column] = field[row, column]
        for column in range(columns):
            out[row, column] = kernel[0] * line[reach + column]
        for away in range(1, reach + 1):
            weight = kernel[away]
            for column in range(columns):
                out[row, column] += weight * (line[reach + column - away] + line[reach + column + away])


@compiled
def scrambled(value: np.uint64) -> np.uint64:
    """Return a well-mixed 64-bit hash (the finaliser of splitmix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled
def uniform(key: np.uint64, counter: np.uint64) -> float:
    """Return a number above 0 and below 1 from a pixel's key and a counter."""
    bits = scrambled(scrambled(key + counter * np.uint64(0x9E3779B97F4A7C15)) ^ key)
    return (np.float64(bits >> np.uint64(12)) + 0.5) * 2.220446049250313e-16


@compiled
def normal(key: np.uint64) -> float:
    """Return a number of the normal distribution (Marsaglia's polar method)."""
    counter = np.uint64(1)
    while True:
        u = 2.0 * uniform(key, counter) - 1.0
        v = 2.0 * uniform(key, counter + np.uint64(1)) - 1.0
        counter += np.uint64(2)
        square = u * u + v * v
        if 0.0 < square < 1.0:
            return u * math.sqrt(-2.0 * log(square) / square)


@compiled
def log_factorial(k: float) -> float:
    """Return ln(k!) by Stirling's series, for k of 0 and more."""
    shift, x = 0.0, k + 1.0
    while x < 8.0:
        shift += log(x)
        x += 1.0
    q = 1.0 / (x * x)
    series = (1.0 / 12.0 - q * (1.0 / 360.0 - q * (1.0 / 1260.0 - q * (1.0 / 1680.0 - q / 1188.0)))) / x
    return (x - 0.5) * log(x) - x + 0.9189385332046727 + series - shift


@compiled
def poisson(key: np.uint64, mean: float) -> float:
    """Return a Poisson number (Hörmann 1993, transformed rejection; multiplication below a mean of 10)."""
    if mean <= 0.0:
        return 0.0
    counter = np.uint64(1)
    if mean < FIRST_TABLED:
        limit, product, count = exp(-mean), uniform(key, counter), 0.0
        while product > limit:
            counter += np.uint64(1)
            product *= uniform(key, counter)
            count += 1.0
        return count
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    sure = 0.9277 - 3.6224 / (b - 2.0)
    while True:
        u, v = uniform(key, counter) - 0.5, uniform(key, counter + np.uint64(1))
        counter += np.uint64(2)
        side = 0.5 - abs(u)
        k = math.floor((2.0 * a / side + b) * u + mean + 0.43)
        if side >= 0.07 and v <= sure:
            return float(k)
        if k < 0 or (side < 0.013 and v > side):
            continue
        spread = log(v) + log(1.1239 + 1.1328 / (b - 3.4)) - log(a / (side * side) + b)
        if spread <= k * log(mean) - mean - log_factorial(float(k)):
            return float(k)


@compiled
def counted(mean: Field, per_quantum: Field, exposure: float, key: np.uint64, out: Field, rows: Rows) -> None:
    """Write the mean with compound Poisson noise: a Poisson number of equal quanta of the right mean and variance."""
    for row in range(rows[0], rows[1]):
        for column in range(mean.shape[1]):
            quantum = per_quantum[row, column] / exposure
            if quantum > 0.0:
                pixel = scrambled(key + np.uint64(row * mean.shape[1] + column))
                out[row, column] = poisson(pixel, mean[row, column] / quantum) * quantum
            else:
                out[row, column] = mean[row, column]


@compiled
def normals(key: np.uint64, out: Field, rows: Rows) -> None:
    """Write numbers of the normal distribution."""
    for row in range(rows[0], rows[1]):
        for column in range(out.shape[1]):
            out[row, column] = normal(scrambled(key + np.uint64(row * out.shape[1] + column)))


@compiled
def exponentials(field: Field, out: Field, rows: Rows) -> None:
    """Write exp of a field."""
    for row in range(rows[0], rows[1]):
        for column in range(field.shape[1]):
            out[row, column] = exp(field[row, column])


@compiled
def logarithms(field: Field, out: Field, rows: Rows) -> None:
    """Write ln of a positive field."""
    for row in range(rows[0], rows[1]):
        for column in range(field.shape[1]):
            out[row, column] = log(field[row, column])


@compiled
def enlarge(coarse: Field, bins: int, out: Field, rows: Rows) -> None:
    """Write a binned field interpolated back to full size."""
    last_row, last_column = coarse.shape[0] - 1, coarse.shape[1] - 1
    for row in range(rows[0], rows[1]):
        y = min(max((row + 0.5) / bins - 0.5, 0.0), float(last_row))
        top = min(int(y), max(last_row - 1, 0))
        v, below = y - top, min(top + 1, last_row)
        for column in range(out.shape[1]):
            x = min(max((column + 0.5) / bins - 0.5, 0.0), float(last_column))
            left = min(int(x), max(last_column - 1, 0))
            u, right = x - left, min(left + 1, last_column)
            upper = coarse[top, left] * (1.0 - u) + coarse[top, right] * u
            out[row, column] = upper * (1.0 - v) + (coarse[below, left] * (1.0 - u) + coarse[below, right] * u) * v
