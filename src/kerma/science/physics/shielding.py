"""Shielding of medical X-ray rooms after NCRP Report 147: from patients and distance to millimetres of barrier."""

from __future__ import annotations

from typing import Any

from kerma.errors import OutsideTable, WrongUsage
from kerma.science.options import Option
from kerma.science.physics.archer import barriers, coefficients, materials_of, table_of
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.table_rows import positive, row_at
from kerma.science.results import Citation, Measurement, Value
from kerma.standards import table

VERSION = "1"
WORKLOADS = "ncrp_147/workloads"
PRESHIELDING = "ncrp_147/preshielding"
CT_SCATTER = "ncrp_147/ct_scatter"
LIMITS = "ncrp_147/limits"
MATERIALS = ("lead", "concrete")
PRIMARY = "primary-"
NEEDS_NO_BARRIER = "the limit is kept without any barrier"

Working = list[dict[str, str]]


def needed_transmission(
    *, limit_mgy_week: float, distance_m: float, kerma_mgy_week_1m: float, use: float = 1.0, occupancy: float = 1.0
) -> float:
    """Return the share a barrier may let through: P d² / (K1 N U T); above 1 no barrier is needed.

    ``kerma_mgy_week_1m`` is the unshielded air kerma of a week at 1 m, K1 N. Source: NCRP 147, 4.1.
    """
    positive("limit-mgy-week", limit_mgy_week)
    for name, share in (("use", use), ("occupancy", occupancy)):
        if not 0 < share <= 1:
            raise WrongUsage(f"{name} is a share above 0 and up to 1; {share:g} is not")
    arriving = positive("kerma-mgy-week-1m", kerma_mgy_week_1m) * use * occupancy
    return limit_mgy_week * positive("distance-m", distance_m) ** 2 / arriving


def ct_kerma_mgy_1m(dose_length_product_mgy_cm: float, *, region: str) -> float:
    """Return the scattered air kerma at 1 m of one CT examination, k times its dose-length product (NCRP 147)."""
    row = row_at(CT_SCATTER, region=region)
    return float(row["kerma_share_1_cm"]) * float(row["factor"]) * positive("dlp", dose_length_product_mgy_cm)


def kerma_per_patient_mgy(barrier: str) -> float:
    """Return the tabulated unshielded air kerma per patient at 1 m.

    Raises
    ------
    OutsideTable
        The table has none for this barrier; it must be given.
    """
    text = next((row["kerma_mgy_patient"] for row in table(WORKLOADS) if row["barrier"] == barrier), "")
    if not text:
        raise OutsideTable(
            f"{WORKLOADS} has no air kerma per patient for {barrier}: give kerma-mgy-patient (at 1 m, unshielded), "
            "or for CT the dose-length product as dlp-mgy-cm"
        )
    return float(text)


def calculate(*, barrier: str, distance_m: float, **given: Any) -> Measurement:
    """Answer ``kerma calc shielding``: transmission and thickness of lead and concrete, with the working shown.

    ``given`` holds the other options by name: limit, workload, shares, material, preshielding, air kerma per patient.
    """
    use, occupancy = given.pop("use", 1.0), given.pop("occupancy", 1.0)
    material, preshielding = given.pop("material", None), given.pop("preshielding", "none")
    table_of(barrier)
    is_primary = barrier.startswith(PRIMARY)
    if not is_primary and (use != 1 or preshielding != "none"):
        raise WrongUsage(f"{barrier} has no use factor and no preshielding: those belong to a primary beam")
    per_patient, working = _per_patient(barrier, given)
    limit_mgy_week = _limit_mgy_week(given)
    patients_per_week, workload = _patients_per_week(barrier, given)
    weekly = per_patient * patients_per_week
    allowed = needed_transmission(
        limit_mgy_week=limit_mgy_week, distance_m=distance_m, kerma_mgy_week_1m=weekly, use=use, occupancy=occupancy
    )
    working += workload
    working += [
        working_step("week, 1 m", f"K1 N = {per_patient:g} * {patients_per_week:g}", f"{weekly:.6g} mGy"),
        working_step("unshielded", f"K1 N U T / d^2 = {weekly:.6g} * {use:g} * {occupancy:g} / {distance_m:g}^2",
              f"{weekly * use * occupancy / distance_m**2:.6g} mGy/week"),
        working_step("transmission", f"B = P d^2 / (K1 N U T), P = {limit_mgy_week:g} mGy/week", f"{allowed:.6g}"),
    ]  # fmt: skip
    values: dict[str, Value] = {
        "transmission": min(allowed, 1.0), "unshielded_mgy_week": weekly * use * occupancy / distance_m**2,
    }  # fmt: skip
    warnings = [NEEDS_NO_BARRIER] if allowed >= 1 else []
    for one in (material,) if material else MATERIALS:
        if material is None and one not in materials_of(barrier):
            warnings.append(f"{one}: its coefficients for {barrier} are not in {table_of(barrier)}, so none is given")
            continue
        thickness, steps = _thickness_mm(barrier, one, allowed, preshielding)
        values[f"{one}_mm"] = thickness
        working += steps
    inputs: dict[str, Value] = {
        "barrier": barrier, "distance_m": distance_m, "limit_mgy_week": limit_mgy_week, "use": use,
        "patients_per_week": patients_per_week, "occupancy": occupancy, "kerma_mgy_patient": per_patient,
        "preshielding": preshielding, "material": material or "all",
    }  # fmt: skip
    return Measurement(
        "shielding", VERSION, values | {"working": list(working)}, "Archer transmission, workload distributions",
        inputs | given, source=Citation.of(table(table_of(barrier))), warnings=tuple(warnings),
    )  # fmt: skip


def _per_patient(barrier: str, kerma: dict[str, Any]) -> tuple[float, Working]:
    """Return the unshielded air kerma per patient at 1 m and how it was found: given, by CT, or tabulated."""
    given, dlp = kerma.get("kerma_mgy_patient"), kerma.get("dlp_mgy_cm")
    if given is not None and dlp is not None:
        raise WrongUsage("give the air kerma per patient once: kerma-mgy-patient or dlp-mgy-cm")
    if given is not None:
        return given, [working_step("per patient", "K1 as given", f"{given:g} mGy")]
    if kerma.get("region") is not None and dlp is None:
        raise WrongUsage("a region belongs to a dose-length product: give dlp-mgy-cm too")
    if dlp is not None:
        if "-ct-" not in barrier:
            raise WrongUsage(f"a dose-length product belongs to CT; {barrier} is another room")
        region = kerma.get("region")
        if region is None:
            raise WrongUsage("a dose-length product needs the region: head or body")
        found = ct_kerma_mgy_1m(dlp, region=region)
        row = row_at(CT_SCATTER, region=region)
        words = f"K1 = k f DLP = {row['kerma_share_1_cm']} * {row['factor']} * {dlp:g}"
        return found, [working_step("per patient", words, f"{found:g} mGy")]
    found = kerma_per_patient_mgy(barrier)
    return found, [working_step("per patient", f"K1 from {WORKLOADS}", f"{found:g} mGy")]


def _limit_mgy_week(given: dict[str, Any]) -> float:
    """Return the design goal: as given, or the report's for a kind of area."""
    limit, area = given.get("limit_mgy_week"), given.get("area")
    if (limit is None) == (area is None):
        raise WrongUsage("give the design goal once: limit-mgy-week, or area (controlled or uncontrolled)")
    if limit is not None:
        return float(limit)
    return float(row_at(LIMITS, quantity="goal_mgy_week", place=f"{area} area")["value"])


def _patients_per_week(barrier: str, given: dict[str, Any]) -> tuple[float, Working]:
    """Return the patients of a week: as given, or a workload over the mean workload of one patient."""
    patients, workload = given.get("patients_per_week"), given.get("workload_ma_min_week")
    if (patients is None) == (workload is None):
        raise WrongUsage("give the workload once: patients-per-week or workload-ma-min-week")
    if patients is not None:
        return float(patients), []
    each = next((row["workload_ma_min_patient"] for row in table(WORKLOADS) if row["barrier"] == barrier), "")
    if not each:
        raise OutsideTable(f"{WORKLOADS} has no workload per patient for {barrier}: give patients-per-week")
    found = float(workload or 0.0) / float(each)
    return found, [working_step("patients", f"N = W / W_norm = {workload:g} / {each} mA min", f"{found:.6g} per week")]


def _thickness_mm(barrier: str, material: str, allowed: float, preshielding: str) -> tuple[float, Working]:
    law = coefficients(barrier, material)
    needed = law.thickness_mm(allowed)
    ratio = law.beta_1_mm / law.alpha_1_mm
    words = (
        f"x = ln((B^-g + b/a) / (1 + b/a)) / (a g), a = {law.alpha_1_mm:g}/mm, b = {law.beta_1_mm:g}/mm, "
        f"g = {law.gamma:g}, b/a = {ratio:.5g}"
    )
    steps = [working_step(material, words, f"{needed:.4g} mm")]
    if preshielding == "none":
        return needed, steps
    before = float(row_at(PRESHIELDING, receptor=preshielding)[f"{material}_mm"])
    left = max(needed - before, 0.0)
    steps.append(working_step(material, f"less {before:g} mm of {preshielding} as preshielding", f"{left:.4g} mm"))
    return left, steps


def working_step(step: str, formula: str, result: str) -> dict[str, str]:
    """Return one row of a working: what is found, how, and the number."""
    return {"step": step, "formula": formula, "result": result}


CALCULATIONS = (
    Calculation(
        "shielding", "Barrier of a medical X-ray room after NCRP 147, with the working",
        (
            Option("barrier", "choice", "which barrier of which room", is_required=True, choices=tuple(barriers())),
            Option("distance_m", "number", "from the source to the place that is protected", is_required=True),
            Option("patients_per_week", "number", "patients in a week"),
            Option("workload_ma_min_week", "number", "instead of patients: workload of a week"),
            Option("limit_mgy_week", "number", "design goal of a week (P)"),
            Option("area", "choice", "instead of a goal: that of the report", choices=("controlled", "uncontrolled")),
            Option("occupancy", "number", "share of the time someone is there (T)", default=1.0),
            Option("use", "number", "share of the beam that points at it (U), primary only", default=1.0),
            Option("material", "choice", "only this material", choices=MATERIALS),
            Option("preshielding", "choice", "image receptor in the primary beam", default="none",
                   choices=("none", *(row["receptor"] for row in table(PRESHIELDING)))),
            Option("kerma_mgy_patient", "number", "instead of the table: air kerma per patient at 1 m, unshielded"),
            Option("dlp_mgy_cm", "number", "CT: dose-length product of a patient"),
            Option("region", "choice", "CT: what is scanned", choices=tuple(r["region"] for r in table(CT_SCATTER))),
        ),
        calculate,
    ),
)  # fmt: skip
