"""Make the packaged X-ray spectra, src/kerma/science/physics/data/spectra_<target>.npz, and the held-out test spectra.

Needs SpekPy (MIT licence), which is otherwise no part of Kerma: ``pip install spekpy==2.5.4``. Each file holds, for
one anode material, take-off angles x tube voltages x photon energies:

- ``log_shape``, whole numbers: ln of bremsstrahlung fluence per keV over (tube voltage - energy), in steps of
  ``log_step``. Divided by that factor it is smooth in the voltage and finite at the end point. Beyond the end point
  it goes on with its last value, so that neighbours in voltage can be interpolated.
- ``log_line``: ln of the fluence of each characteristic line over (voltage / edge - 1)^1.63, likewise.

Fluences are photons per cm2 and mAs at 1 m, in vacuum, without any filter.
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from spekpy import Spek

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src" / "kerma" / "science" / "physics" / "data"
HELD_OUT = ROOT / "tests" / "science" / "physics" / "held_out_spectra.csv"
ANGLES_DEG = (6.0, 8.0, 12.0, 18.0, 28.0, 45.0)
STEP_KEV = 0.5
LOG_STEP = 2e-4
LINE_POWER = 1.63
VOLTAGES_KV = {
    "W": (*range(10, 30), *range(30, 60, 2), *range(60, 160, 5), *range(160, 300, 10), *range(300, 501, 20)),
    "Mo": tuple(range(10, 51)),
    "Rh": tuple(range(10, 51)),
}
HELD_OUT_CASES = (
    # target, kV, anode angle, and the filter SpekPy itself applies
    ("W", 17, 12, "Al", 0.1), ("W", 23.5, 20, "Be", 1.0), ("W", 28, 12, "Rh", 0.05), ("W", 49, 12, "Al", 0.5),
    ("W", 70.5, 12, "Al", 2.5), ("W", 72.3, 10, "Al", 2.5), ("W", 83, 15, "Al", 3.0), ("W", 100, 12, "Al", 3.0),
    ("W", 122, 7, "Cu", 0.3), ("W", 148, 24, "Al", 4.0), ("W", 163, 20, "Cu", 0.5), ("W", 225, 20, "Cu", 1.0),
    ("W", 317, 30, "Cu", 2.0), ("W", 449.5, 11, "Fe", 3.0), ("W", 500, 12, "Al", 1.0),
    ("Mo", 28.5, 22, "Mo", 0.03), ("Mo", 34.2, 15, "Rh", 0.025), ("Rh", 29.3, 22, "Rh", 0.025),
    ("Rh", 41, 16, "Al", 1.0),
)  # fmt: skip


def emitted(target: str, voltage_kv: float, angle_deg: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return bin energies, bremsstrahlung per keV and line photons per bin, per cm2 and mAs at 1 m."""
    source = Spek(kvp=voltage_kv, th=angle_deg, targ=target, dk=STEP_KEV)
    energies, total = source.get_spectrum()
    source.set(brem=False)
    _, lines = source.get_spectrum()
    return energies, total - lines, lines * STEP_KEV


def lines_of(target: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each bin with lines: its number, mean line energy, and the edge its strongest line needs."""
    import spekpy

    element = {"W": 74, "Mo": 42, "Rh": 45}[target]
    data = np.load(next(Path(spekpy.__file__).parent.glob(f"data/tables/advanced/**/Z{element}ch.npz")))
    found: dict[int, list[tuple[float, float, float]]] = {}
    for shell in ("K", "L1", "L2", "L3"):
        if f"k{shell}" not in data:
            continue
        for energy, share in zip(data[f"k{shell}"], data[f"P{shell}"], strict=True):
            line = (energy, share, float(data[f"U{shell}"]))
            found.setdefault(math.floor((energy - 1.0) / STEP_KEV), []).append(line)
    bins = np.array(sorted(number for number in found if number >= 0))
    means = [sum(e * p for e, p, _ in found[b]) / sum(p for _, p, _ in found[b]) for b in bins]
    edges = [max(found[b], key=lambda line: line[1])[2] for b in bins]
    return bins, np.array(means), np.array(edges)


def table(target: str) -> dict[str, Any]:
    """Return the arrays of one packaged file."""
    voltages = VOLTAGES_KV[target]
    energies = np.arange(1.0 + STEP_KEV / 2, voltages[-1], STEP_KEV)
    bins, line_kev, edge_kev = lines_of(target)
    shape = np.zeros((len(ANGLES_DEG), len(voltages), energies.size))
    line = np.full((len(ANGLES_DEG), len(voltages), bins.size), np.nan)
    for a, angle in enumerate(ANGLES_DEG):
        for v, voltage in enumerate(voltages):
            own, bremsstrahlung, photons = emitted(target, voltage, angle)
            count = own.size
            if not np.allclose(own, energies[:count]):
                raise SystemExit(f"{target} {voltage} kV: the energies are not those of the grid")
            shape[a, v, :count] = np.log(np.maximum(bremsstrahlung, 1e-30) / (voltage - own))
            shape[a, v, count:] = shape[a, v, count - 1]
            open_ = (bins < count) & (edge_kev < voltage)
            with np.errstate(divide="ignore"):
                excess = (voltage / edge_kev[open_] - 1.0) ** LINE_POWER
                line[a, v, open_] = np.log(photons[bins[open_]] / excess)
        print(f"{target} {angle:g} degrees", flush=True)
    emits = np.isfinite(line).any(axis=(0, 1))
    for of_angle in line:
        for column in of_angle.T:
            good = np.flatnonzero(np.isfinite(column))
            if good.size:
                column[: good[0]] = column[good[0]]
    low = float(shape.max()) - 60_000 * LOG_STEP
    return {
        "tube_voltage_kv": np.array(voltages, np.float64), "anode_angle_deg": np.array(ANGLES_DEG),
        "energy_kev": energies, "log_shape": np.round((np.maximum(shape, low) - low) / LOG_STEP).astype(np.uint16),
        "log_low": np.array(low), "log_step": np.array(LOG_STEP), "line_kev": line_kev[emits],
        "edge_kev": edge_kev[emits], "line_power": np.array(LINE_POWER),
        "log_line": line[:, :, emits].astype(np.float32),
    }  # fmt: skip


def held_out() -> None:
    """Write what SpekPy itself says of spectra that lie between the tabulated ones, and those spectra unfiltered."""
    columns = ("target", "tube_voltage_kv", "anode_angle_deg", "filter", "filter_mm", "mean_energy_kev", "hvl_mm_al",
               "hvl2_mm_al", "air_kerma_ugy_mas", "line_share", "unfiltered_fluence_kev_cm2_mas")  # fmt: skip
    with HELD_OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for target, voltage, angle, material, thickness in HELD_OUT_CASES:
            source = Spek(kvp=voltage, th=angle, targ=target, dk=STEP_KEV)
            unfiltered = " ".join(f"{value:.5g}" for value in source.get_spectrum()[1])
            source.filter(material, thickness)
            _, total = source.get_spectrum()
            numbers = (source.get_emean(), source.get_hvl1(), source.get_hvl2(), source.get_kerma())
            source.set(brem=False)
            _, lines = source.get_spectrum()
            numbers += (lines.sum() / total.sum(),)
            row = (target, voltage, angle, material, thickness, *(f"{float(n):.6g}" for n in numbers), unfiltered)
            writer.writerow(row)


def main(targets: list[str]) -> int:
    """Make the files of the targets named, or all and the held-out cases."""
    FOLDER.mkdir(exist_ok=True)
    for target in targets or VOLTAGES_KV:
        path = FOLDER / f"spectra_{target}.npz"
        np.savez_compressed(path, **table(target))
        print(f"{path.name}: {path.stat().st_size} bytes")
    if not targets:
        held_out()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
