"""From an exposure that is known to the one that is wanted: one factor for each change, on film, CR and DR."""

from __future__ import annotations

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.film_exposure import DENSITY, density_factor
from kerma.science.physics.table_rows import positive, quantity
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
PAIRS = ("snr_n", "distance_mm", "thickness_mm", "density", "film_speed", "activity")
"""What may change; each is given as it was (``snr_n``) and as it shall be (``target_snr_n``)."""


def snr_factor(snr_n: float, *, target_snr_n: float) -> float:
    """Return the factor of dose that takes SNR_N to a target: (target / present)^2, where noise is quantum noise."""
    return (positive("target-snr-n", target_snr_n) / positive("snr-n", snr_n)) ** 2


def distance_factor(distance_mm: float, *, target_distance_mm: float) -> float:
    """Return the factor of exposure for another source-detector distance: the square of their ratio."""
    return (positive("target-distance-mm", target_distance_mm) / positive("distance-mm", distance_mm)) ** 2


def thickness_factor(thickness_mm: float, *, target_thickness_mm: float, hvl_mm: float) -> float:
    """Return the factor of exposure for another thickness: two for each half-value layer more."""
    return float(2 ** ((target_thickness_mm - thickness_mm) / positive("hvl-mm", hvl_mm)))


def calculate(*, exposure: float, **given: float) -> Measurement:
    """Return the exposure wanted, in the unit given (s, min, mAs, mA min), and each factor."""
    factors: dict[str, float] = {}
    for pair in PAIRS:
        present, target = given.get(pair), given.get(f"target_{pair}")
        if (present is None) != (target is None):
            raise WrongUsage(f"exposure-correction needs both {pair} and target_{pair}, or neither")
        if present is not None and target is not None:
            factors[f"{pair.removesuffix('_mm')}_factor"] = _factor(pair, present, target, given)
    if not factors:
        raise WrongUsage(f"say what changes: one of {', '.join(PAIRS)}, as it was and as target")
    total = 1.0
    for factor in factors.values():
        total *= factor
    values = {"exposure": exposure * total, "factor": total, **factors}
    return Measurement(
        "exposure-correction", VERSION, values, "product of one factor per change", {"exposure": exposure, **given},
        source=Citation.of(table(DENSITY)) if "density_factor" in factors else None,
    )  # fmt: skip


def _factor(pair: str, present: float, target: float, given: dict[str, float]) -> float:
    if pair == "thickness_mm":
        if "hvl_mm" not in given:
            raise WrongUsage("another thickness needs hvl-mm, the half-value layer of the beam in the object")
        return thickness_factor(present, target_thickness_mm=target, hvl_mm=given["hvl_mm"])
    if pair == "density":
        gradient = given.get("film_gradient", quantity(DENSITY, "film_gradient"))
        return density_factor(target, reference_density=present, film_gradient=gradient)
    if pair == "distance_mm":
        return distance_factor(present, target_distance_mm=target)
    if pair == "snr_n":
        return snr_factor(present, target_snr_n=target)
    return present / target  # a faster film and a stronger source need less


_MEANING = {
    "snr_n": "normalized signal-to-noise ratio",
    "distance_mm": "source-detector distance",
    "thickness_mm": "penetrated thickness",
    "density": "optical density of the film",
    "film_speed": "relative speed of the film",
    "activity": "activity of the source",
}

CALCULATIONS = (
    Calculation(
        "exposure-correction", "A known exposure turned into the one wanted: SNR_N, distance, thickness, density …",
        (
            Option("exposure", "number", "the exposure that is known, in s, min, mAs or mA min", is_required=True),
            *(
                Option(f"{before}{pair}", "number", f"{_MEANING[pair]}, {'wanted' if before else 'as it was'}")
                for pair in PAIRS for before in ("", "target_")
            ),
            Option("hvl_mm", "number", "half-value layer of the beam in the object"),
            Option("film_gradient", "number", "gradient G of the film; 2 where not given"),
        ),
        calculate,
    ),
)  # fmt: skip
