"""Exposure time of gamma radiography on film, by R-factors, and the factors of density and distance."""

from __future__ import annotations

from typing import Any

from kerma.errors import OutsideTable, WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.equivalence import equivalent_thickness_mm
from kerma.science.physics.nuclides import curie, nuclide_named
from kerma.science.physics.table_rows import positive, quantity, row_at
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
FILMS = "carestream_r_factor/films"
SOURCES = "carestream_r_factor/sources"
DENSITY = "carestream_r_factor/density"


def film_time_min(
    *, nuclide: str, film: str, activity_ci: float, source_film_mm: float, thickness_mm: float, density: float = 2.0
) -> float:
    """Return the minutes of exposure: 60 R 10^((D-2)/2) SFD^2 2^(w/HVL) / (A Gamma), SFD in m, A in Ci.

    ``thickness_mm`` is the penetrated thickness of steel; ``film`` one of ``carestream_r_factor/films``.
    """
    name = nuclide_named(nuclide)
    known = [row["film"] for row in table(FILMS) if row["nuclide"] == name]
    if film.upper() not in known:
        listed = f"R-factors for {name} exist for {', '.join(known)}" if known else f"there are no R-factors for {name}"
        raise OutsideTable(f"{listed}; asked was film '{film}'")
    factor = float(row_at(FILMS, nuclide=name, film=film.upper())["r_factor"])
    source = row_at(SOURCES, nuclide=name)
    gradient, reference = quantity(DENSITY, "film_gradient"), quantity(DENSITY, "reference_density")
    exposure_r = factor * density_factor(density, reference_density=reference, film_gradient=gradient)
    exposure_r *= 2 ** (positive("thickness-mm", thickness_mm) / float(source["steel_hvl_mm"]))
    rate_r_h = positive("activity-ci", activity_ci) * float(source["gamma_r_m2_h_ci"])
    return 60 * exposure_r * (positive("source-film-mm", source_film_mm) / 1000) ** 2 / rate_r_h


def density_factor(density: float, *, reference_density: float, film_gradient: float) -> float:
    """Return the factor of exposure that moves a film from one density to another: 10^((D2 - D1) / G)."""
    return float(10 ** ((density - reference_density) / positive("film-gradient", film_gradient)))


def calculate(
    *, nuclide: str, film: str, source_film_mm: float, thickness_mm: float, density: float = 2.0, **given: float | str
) -> Measurement:
    """Return the exposure time in minutes."""
    ci, gbq = given.get("activity_ci"), given.get("activity_gbq")
    if (ci is None) == (gbq is None):
        raise WrongUsage("give the activity once: activity-ci or activity-gbq")
    activity = float(ci) if ci is not None else curie(float(gbq or 0))
    name, material = nuclide_named(nuclide), str(given.get("material", "steel"))
    steel_mm = equivalent_thickness_mm(thickness_mm, material=material, radiation=name)
    minutes = film_time_min(
        nuclide=name,
        film=film,
        activity_ci=activity,
        source_film_mm=source_film_mm,
        thickness_mm=steel_mm,
        density=density,
    )
    inputs: dict[str, Any] = {
        "nuclide": name,
        "film": film.upper(),
        "activity_ci": activity,
        "source_film_mm": source_film_mm,
    }
    inputs |= {"thickness_mm": thickness_mm, "material": material, "density": density}
    return Measurement(
        "exposure-time", VERSION, {"time_min": minutes, "time_s": 60 * minutes, "steel_mm": steel_mm},
        "R 10^((D-2)/2) SFD^2 2^(w/HVL) / (A Gamma)", inputs, source=Citation.of(table(FILMS)),
    )  # fmt: skip


CALCULATIONS = (
    Calculation(
        "exposure-time", "Exposure time of a gamma radiograph on film, by R-factor.",
        (
            Option("nuclide", "text", "Ir-192, Se-75 or Co-60", is_required=True),
            Option("film", "text", "M100, MX125, T200, AA400 or HS800", is_required=True),
            Option("activity_ci", "number", "activity in curie"),
            Option("activity_gbq", "number", "activity in gigabecquerel"),
            Option("source_film_mm", "number", "from the source to the film", is_required=True),
            Option("thickness_mm", "number", "penetrated thickness", is_required=True),
            Option("density", "number", "optical density of the film asked for", default=2.0),
            Option("material", "text", "of the object, turned into steel by equivalence", default="steel"),
        ),
        calculate,
    ),
)  # fmt: skip
