"""The gamma sources of radiography: names, half-lives, and the dose rate of each at one metre."""

from __future__ import annotations

import re

from kerma.errors import NotFound
from kerma.science.physics.table_rows import row_at
from kerma.standards import table

HALF_LIVES = "icrp_107/half_lives"
GAMMA_CONSTANTS = "ndt_sources/gamma_constants"
BECQUEREL_PER_CURIE = 37e9
# The tropical year, in which the half-lives of the table are given.
DAYS = {"d": 1.0, "y": 365.2422}


def nuclide_named(text: str) -> str:
    """Return the name of a nuclide as the tables spell it: ``Ir-192`` for "Ir192", "192Ir", "ir 192".

    Raises
    ------
    NotFound
        No such nuclide; the message lists those there are.
    """
    letters, digits = re.sub(r"[^a-z]", "", text.lower()), re.sub(r"[^0-9]", "", text)
    known = [row["nuclide"] for row in table(HALF_LIVES)]
    wanted = f"{letters.capitalize()}-{digits}"
    if wanted not in known:
        raise NotFound(f"there is no nuclide '{text}' in {HALF_LIVES}; there are {', '.join(known)}")
    return wanted


def half_life_d(nuclide: str) -> float:
    """Return the half-life in days (ICRP-107)."""
    row = row_at(HALF_LIVES, nuclide=nuclide_named(nuclide))
    return float(row["half_life"]) * DAYS[row["half_life_unit"]]


def exposure_constant_r_m2_h_ci(nuclide: str) -> float:
    """Return the exposure rate in R/h at 1 m from 1 Ci, unshielded."""
    return float(row_at(GAMMA_CONSTANTS, nuclide=nuclide_named(nuclide))["gamma_r_m2_h_ci"])


def dose_constant_msv_m2_h_gbq(nuclide: str) -> float:
    """Return the dose rate in mSv/h at 1 m from 1 GBq, unshielded."""
    return float(row_at(GAMMA_CONSTANTS, nuclide=nuclide_named(nuclide))["gamma_msv_m2_h_gbq"])


def curie(activity_gbq: float) -> float:
    """Return an activity given in GBq in Ci."""
    return activity_gbq * 1e9 / BECQUEREL_PER_CURIE


def gigabecquerel(activity_ci: float) -> float:
    """Return an activity given in Ci in GBq."""
    return activity_ci * BECQUEREL_PER_CURIE / 1e9
