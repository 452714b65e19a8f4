"""Boundaries around a source: distance to a dose-rate limit, dose rate at a distance, through layers of shielding."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kerma.errors import OutsideTable, WrongUsage
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.nuclides import (
    GAMMA_CONSTANTS,
    curie,
    dose_constant_msv_m2_h_gbq,
    exposure_constant_r_m2_h_ci,
    gigabecquerel,
    nuclide_named,
)
from kerma.science.physics.table_rows import positive
from kerma.science.results import Citation, Measurement
from kerma.standards import table

VERSION = "1"
SHIELDING = "ndt_shielding/half_value_layers"


def boundary_distance_m(*, rate_at_1m: float, limit: float, transmission: float = 1.0) -> float:
    """Return the distance at which a dose rate has fallen to a limit of the same unit: sqrt(rate * T / limit)."""
    return math.sqrt(rate_at_1m * transmission / positive("limit", limit))


def rate_at(distance_m: float, *, rate_at_1m: float, transmission: float = 1.0) -> float:
    """Return the dose rate at a distance by the inverse-square law, behind shielding that lets a share through."""
    return rate_at_1m * transmission / positive("distance-m", distance_m) ** 2


def value_layers_mm(material: str, *, radiation: str, tube_voltage_kv: float | None = None) -> tuple[float, float]:
    """Return the half- and the tenth-value layer of a shielding material in a broad beam.

    X-rays take the next tabulated voltage at or above the tube's: its layers are the thicker ones, on the safe side.

    Raises
    ------
    OutsideTable
        The table does not hold this material for this radiation; the message says what it holds.
    """
    rows = [row for row in table(SHIELDING) if row["material"] == material and row["radiation"] == radiation]
    if tube_voltage_kv is not None:
        rows = [row for row in rows if float(row["tube_voltage_kv"]) >= tube_voltage_kv]
    if not rows:
        known = sorted({row["radiation"] for row in table(SHIELDING) if row["material"] == material})
        others = ", ".join(sorted({row["material"] for row in table(SHIELDING)}))
        at = f" at {tube_voltage_kv:g} kV" if tube_voltage_kv is not None else ""
        has = f"of {material} it has {', '.join(known)}" if known else f"its materials are {others}"
        raise OutsideTable(f"{SHIELDING} has no half-value layer of {material} for {radiation}{at}; {has}")
    row = min(rows, key=lambda one: float(one["tube_voltage_kv"] or 0))
    return float(row["hvl_mm"]), float(row["tvl_mm"])


def layers_transmission(layers: Mapping[str, float], *, radiation: str, tube_voltage_kv: float | None = None) -> float:
    """Return the share of dose rate that passes layers of shielding, each halving it per half-value layer.

    Validity: broad beam; layers of different materials are taken as independent of each other.
    """
    layer = {
        material: value_layers_mm(material, radiation=radiation, tube_voltage_kv=tube_voltage_kv)[0]
        for material in layers
    }
    return 2.0 ** -sum(thickness_mm / layer[material] for material, thickness_mm in layers.items())


def calculate_boundary(
    *, limit_mr_h: float | None = None, limit_usv_h: float | None = None, share_of_time: float = 1.0, **source: Any
) -> Measurement:
    """Return the distance of the boundary; ``share_of_time`` is the part of the hour in which the source is out."""
    if (limit_mr_h is None) == (limit_usv_h is None):
        raise WrongUsage("boundary needs one limit: limit-mr-h or limit-usv-h")
    if share_of_time > 1:
        raise WrongUsage(f"share-of-time is a share of the hour, 0 to 1; {share_of_time:g} is not")
    rate, passed, inputs = _source(exposure=limit_mr_h is not None, **source)
    limit = limit_mr_h if limit_mr_h is not None else limit_usv_h or 0.0
    distance = boundary_distance_m(rate_at_1m=rate, limit=limit, transmission=passed * share_of_time)
    unit = "mr_h" if limit_mr_h is not None else "usv_h"
    inputs |= {f"limit_{unit}": limit, "share_of_time": share_of_time}
    return _measurement("boundary", {"distance_m": distance, f"rate_1m_{unit}": rate, "transmission": passed}, inputs)


def calculate_dose_rate(
    *, distance_m: float, hours: float | None = None, limit_usv: float | None = None, **source: Any
) -> Measurement:
    """Return the dose rate at a distance; with ``hours`` the dose, with ``limit_usv`` the time until it is reached."""
    rate, passed, inputs = _source(exposure=False, **source)
    here = rate_at(distance_m, rate_at_1m=rate, transmission=passed)
    values = {"rate_usv_h": here, "rate_1m_usv_h": rate, "transmission": passed}
    if hours is not None:
        values["dose_usv"] = here * hours
        inputs["hours"] = hours
    if limit_usv is not None:
        values["time_allowed_s"] = 3600 * limit_usv / here
        inputs["limit_usv"] = limit_usv
    return _measurement("dose-rate", values, inputs | {"distance_m": distance_m})


def _source(
    *, exposure: bool, layers: Mapping[str, float] | None = None, collimator_half_values: float = 0.0, **given: Any
) -> tuple[float, float, dict[str, Any]]:
    """Return the rate at 1 m (mR/h or uSv/h), the share that passes collimator and layers, and the inputs."""
    tube_voltage_kv = given.get("tube_voltage_kv")
    if (given.get("nuclide") is None) == (given.get("rate_1m_usv_h") is None):
        raise WrongUsage(
            "name the source: nuclide with its activity, or rate-1m-usv-h (of an X-ray tube) measured at 1 m"
        )
    if given.get("nuclide") is not None:
        radiation, rate, inputs = _gamma_rate(exposure, given)
        tube_voltage_kv = None
    else:
        if exposure:
            raise WrongUsage("a rate-1m-usv-h needs the limit in the same unit: limit-usv-h")
        radiation, rate, inputs = "x-ray", given["rate_1m_usv_h"], {"rate_1m_usv_h": given["rate_1m_usv_h"]}
        if layers and tube_voltage_kv is None:
            raise WrongUsage("layers in an X-ray beam need tube-voltage-kv")
    passed = layers_transmission(layers or {}, radiation=radiation, tube_voltage_kv=tube_voltage_kv)
    inputs |= {"layers": ",".join(f"{key}:{value:g}" for key, value in (layers or {}).items())}
    inputs |= {"collimator_half_values": collimator_half_values, "tube_voltage_kv": tube_voltage_kv}
    return (
        rate,
        passed * 2.0**-collimator_half_values,
        {key: value for key, value in inputs.items() if value not in (None, "")},
    )


def _gamma_rate(exposure: bool, given: Mapping[str, Any]) -> tuple[str, float, dict[str, Any]]:
    ci, gbq = given.get("activity_ci"), given.get("activity_gbq")
    if (ci is None) == (gbq is None):
        raise WrongUsage("give the activity once: activity-ci or activity-gbq")
    activity_ci = float(ci) if ci is not None else curie(float(gbq or 0))
    name = nuclide_named(given["nuclide"])
    inputs = {"nuclide": name, **({"activity_ci": ci} if ci is not None else {"activity_gbq": gbq})}
    if exposure:
        return name, 1000 * exposure_constant_r_m2_h_ci(name) * activity_ci, inputs
    return name, 1000 * dose_constant_msv_m2_h_gbq(name) * gigabecquerel(activity_ci), inputs


def _measurement(name: str, values: dict[str, Any], inputs: dict[str, Any]) -> Measurement:
    warnings = ("Check the boundary with a survey meter: scatter and sky-shine are not in this figure.",)
    cited = SHIELDING if inputs.get("layers") else GAMMA_CONSTANTS
    method = "inverse square; each half-value layer of shielding or collimator halves the rate"
    return Measurement(name, VERSION, values, method, inputs, source=Citation.of(table(cited)), warnings=warnings)


SOURCE_OPTIONS = (
    Option("nuclide", "text", "gamma source, such as Ir-192"),
    Option("activity_ci", "number", "activity in curie"),
    Option("activity_gbq", "number", "activity in gigabecquerel"),
    Option(
        "rate_1m_usv_h", "number", "instead of a nuclide: dose rate at 1 m, such as an X-ray tube's beam or leakage"
    ),
    Option("tube_voltage_kv", "number", "of the X-ray tube, for layers"),
    Option("layers", "layers", "shielding in between: lead, concrete or steel with mm"),
    Option("collimator_half_values", "nonnegative", "half-value layers of the collimator", default=0.0),
)

CALCULATIONS = (
    Calculation(
        "boundary", "Distance at which the dose rate of a source has fallen to a limit.",
        (
            *SOURCE_OPTIONS,
            Option("limit_mr_h", "number", "limit in milliroentgen per hour"),
            Option("limit_usv_h", "number", "limit in microsievert per hour"),
            Option("share_of_time", "number", "part of the hour in which the source is out", default=1.0),
        ),
        calculate_boundary,
    ),
    Calculation(
        "dose-rate", "Dose rate of a source at a distance, the dose after some hours, the time until a dose.",
        (
            *SOURCE_OPTIONS,
            Option("distance_m", "number", "distance to the source", is_required=True),
            Option("hours", "number", "time spent there"),
            Option("limit_usv", "number", "dose that may be taken there"),
        ),
        calculate_dose_rate,
    ),
)  # fmt: skip
