"""Write the curves of low over high attenuation, by element, that dual-energy colour is read from.

python tools/dual_energy_curves.py: one table in standards/kerma_dual_energy for each row of lookups.csv.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerma.science.imaging.enhance.number_lookup import LOOKUPS
from kerma.science.physics.dual_layer import layer_beams
from kerma.science.physics.material_lookup import Lookup, calibrate_lookup
from kerma.science.physics.materials import density_of, symbols
from kerma.science.physics.spectral_channel import Channel
from kerma.standards import table

FOLDER = Path(__file__).resolve().parents[1] / "src/kerma/standards/kerma_dual_energy"
NODES = 41
GREATEST = 8.0
LEAST = 1e-3
"""The ratio of nothing is that of next to nothing."""
HEAD = """# title: By element over the high attenuation, ratio of low to high attenuation (r) and areal density in g/cm² per attenuation (m): {words}
# source: made by tools/dual_energy_curves.py from the spectrum and coefficients of kerma.science.physics; front {front}, between {between}, back {back}
# edition: 1
# clause: all rows
# status: own
"""  # noqa: E501


def curves(row: dict[str, str]) -> Lookup:
    """Return the curves of a row, from its beam and detector."""
    return calibrate_lookup(*layer_beams(row))


def areal_densities(row: dict[str, str], numbers: np.ndarray, attenuation: np.ndarray) -> np.ndarray:
    """Return areal density in g/cm² per high attenuation, of shape (attenuation, element)."""
    found = []
    for number in numbers:
        symbol = symbols()[int(number) - 1]
        thickness_mm = Channel.of(layer_beams(row)[1], (symbol,)).thickness(attenuation, 0)
        found.append(0.1 * thickness_mm * density_of(symbol) / attenuation)
    return np.stack(found, axis=-1)


def written(row: dict[str, str]) -> str:
    """Return the text of the table of a row."""
    found = curves(row)
    nodes = np.linspace(0.0, 1.0, NODES) ** 2 * GREATEST
    seen = np.maximum(nodes, LEAST)
    ratios = np.stack([np.interp(seen, found.nodes_high[1:], low[1:] / found.nodes_high[1:]) for low in found.low], -1)
    masses = areal_densities(row, found.numbers, seen)
    names = [f"{kind}{number}" for kind in "rm" for number in found.numbers]
    lines = [",".join(["a_high", *names])]
    for a, ratio, mass in zip(nodes, ratios, masses, strict=True):
        cells = [f"{value:.5f}" for value in ratio] + [f"{value:.5g}" for value in mass]
        lines.append(",".join([f"{a:.5g}", *cells]))
    return HEAD.format(**row) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    for row in table(LOOKUPS):
        (FOLDER / f"{row['curves']}.csv").write_text(written(row), encoding="utf-8")
        print(row["curves"])
