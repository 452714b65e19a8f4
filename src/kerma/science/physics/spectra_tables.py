"""The packaged spectra of X-ray tubes: read, and interpolated in voltage and take-off angle.

The tables were made once with SpekPy by ``tools/make_spectra.py``, which describes them. Between tabulated voltages
and angles the logarithm of the smooth part is interpolated by a parabola; the factor that ends at the tube voltage
and the one that starts at an edge are exact.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kerma.errors import OutsideTable, WrongUsage

TARGETS = ("W", "Mo", "Rh")

Numbers = NDArray[np.float64]


@functools.lru_cache(maxsize=64)
def emission(target: str, tube_voltage_kv: float, anode_angle_deg: float) -> tuple[Numbers, Numbers]:
    """Return photon energies in keV, rising, and photons per cm² and mAs at 1 m in vacuum, without any filter.

    Bremsstrahlung stands at the middle of bins of 0.5 keV from 1 keV to the end point, each characteristic line at
    its own energy.

    Raises
    ------
    WrongUsage
        An anode material without table.
    OutsideTable
        A voltage or take-off angle the table does not cover.
    """
    table = _table(target)
    weights = _weights(table, tube_voltage_kv, anode_angle_deg)
    bin_kev, bremsstrahlung = _bremsstrahlung(table, weights, tube_voltage_kv)
    line_kev, lines = _lines(table, weights, tube_voltage_kv)
    energies = np.concatenate((bin_kev, line_kev))
    order = np.argsort(energies, kind="stable")
    found = energies[order], np.concatenate((bremsstrahlung, lines))[order]
    for array in found:
        array.flags.writeable = False
    return found


def _bremsstrahlung(table: Mapping[str, Numbers], weights: Numbers, tube_voltage_kv: float) -> tuple[Numbers, Numbers]:
    middles = table["energy_kev"]
    step = middles[1] - middles[0]
    lower = middles - step / 2
    count = int(np.searchsorted(lower, tube_voltage_kv))
    lower = lower[:count]
    upper = np.minimum(lower + step, tube_voltage_kv)
    # The last bin ends at the end point: it is narrower, and its middle lies lower.
    energies = (lower + upper) / 2
    log_shape = _mixed(table["log_shape"][:, :, :count], weights)
    return energies, np.exp(log_shape) * (tube_voltage_kv - energies) * (upper - lower)


def _lines(table: Mapping[str, Numbers], weights: Numbers, tube_voltage_kv: float) -> tuple[Numbers, Numbers]:
    edges = table["edge_kev"]
    excess = np.maximum(tube_voltage_kv / edges - 1.0, 0.0) ** float(table["line_power"])
    photons = np.exp(_mixed(table["log_line"], weights)) * excess
    emitted = photons > 0
    return table["line_kev"][emitted], photons[emitted]


def _mixed(values: Numbers, weights: Numbers) -> Numbers:
    """Return the weighted sum over angles and voltages, term by term so that no library can reorder it."""
    total = np.zeros(values.shape[2])
    for angle, voltage in np.argwhere(weights):
        total += weights[angle, voltage] * values[angle, voltage]
    return total


def _weights(table: Mapping[str, Numbers], tube_voltage_kv: float, anode_angle_deg: float) -> Numbers:
    voltages, angles = table["tube_voltage_kv"], table["anode_angle_deg"]
    if not voltages[0] <= tube_voltage_kv <= voltages[-1]:
        raise OutsideTable(
            f"spectra of this anode are tabulated from {voltages[0]:g} to {voltages[-1]:g} kV, asked was "
            f"{tube_voltage_kv:g} kV; above 500 kV use a linac spectrum"
        )
    if not angles[0] <= anode_angle_deg <= angles[-1]:
        raise OutsideTable(
            f"spectra are tabulated for anode angles from {angles[0]:g} to {angles[-1]:g} degrees, asked was "
            f"{anode_angle_deg:g} degrees"
        )
    # What the anode itself absorbs goes with the path in it, which goes with 1 / sin of the angle.
    paths = 1.0 / np.sin(np.deg2rad(angles))
    over_angle = _parabola(paths[::-1], float(1.0 / np.sin(np.deg2rad(anode_angle_deg))))[::-1]
    return over_angle[:, None] * _parabola(np.log(voltages), float(np.log(tube_voltage_kv)))[None, :]


def _parabola(points: Numbers, at: float) -> Numbers:
    """Return the weights of each point in the parabola through the three points nearest to one place."""
    weights = np.zeros(points.size)
    nearest = int(np.argmin(np.abs(points - at)))
    first = min(max(nearest - 1, 0), points.size - 3)
    three = range(first, first + 3)
    for one in three:
        others = [points[other] for other in three if other != one]
        weights[one] = np.prod([(at - other) / (points[one] - other) for other in others])
    return weights


@functools.cache
def _table(target: str) -> Mapping[str, Numbers]:
    if target not in TARGETS:
        raise WrongUsage(f"there are spectra of anodes of {', '.join(TARGETS)}; '{target}' is none of them")
    file = importlib.resources.files(__package__).joinpath("data", f"spectra_{target}.npz")
    with file.open("rb") as stored, np.load(stored, allow_pickle=False) as arrays:
        table = {name: arrays[name].astype(np.float64) for name in arrays.files}
    table["log_shape"] = table["log_shape"] * table.pop("log_step") + table.pop("log_low")
    return table
