"""Walls of an NDT bunker: thickness of concrete, lead or steel around a tube or a gamma source, by value layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.physics.boundary import SHIELDING, value_layers_mm
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.nuclides import dose_constant_msv_m2_h_gbq, gigabecquerel, nuclide_named
from kerma.science.physics.shielding import Working, working_step
from kerma.science.physics.spectrum import Spectrum, isotope_spectrum, tube_spectrum
from kerma.science.physics.table_rows import positive
from kerma.science.results import Citation, Measurement, Value
from kerma.standards import table

VERSION = "1"
SECONDS_PER_HOUR = 3600.0
MATERIALS = tuple(dict.fromkeys(row["material"] for row in table(SHIELDING)))


def wall_mm(transmission: float, *, hvl_mm: float, tvl_mm: float) -> float:
    """Return the wall that lets a share through: the thicker of counting half-value and tenth-value layers."""
    positive("transmission", transmission)
    return max(-math.log2(transmission) * hvl_mm, -math.log10(transmission) * tvl_mm, 0.0)


def wall_for_both_mm(beam_mm: float, leakage_mm: float, *, hvl_mm: float, tvl_mm: float) -> float:
    """Return the wall for two radiations at once: the thicker one, and a half-value layer more if they are close.

    Closer than a tenth-value layer counts as close (the two-source rule of NCRP 49 and 151). A wall of 0 needs none.
    """
    thick, thin = max(beam_mm, leakage_mm), min(beam_mm, leakage_mm)
    return thick + hvl_mm if thin > 0 and thick - thin < tvl_mm else thick


def calculate(*, material: str, distance_m: float, **given: Any) -> Measurement:
    """Answer ``kerma calc barrier``; ``given`` holds the source, the limit and the shares by the options' names."""
    radiation, rate, spectrum, working = _source(given)
    limit, limit_words = _limit(given)
    use, occupancy = given.get("use", 1.0), given.get("occupancy", 1.0)
    for name, share in (("use", use), ("occupancy", occupancy)):
        if share > 1:
            raise WrongUsage(f"{name} is a share above 0 and up to 1; {share:g} is not")
    hvl, tvl = value_layers_mm(material, radiation=radiation, tube_voltage_kv=given.get("kvp"))
    here = rate / positive("distance-m", distance_m) ** 2
    allowed = limit / (here * use * occupancy)
    beam = wall_mm(min(allowed, 1.0), hvl_mm=hvl, tvl_mm=tvl)
    working += [
        working_step("limit", limit_words, f"{limit:.6g} uSv/h"),
        working_step("at the place", f"rate / d^2 = {rate:.6g} / {distance_m:g}^2", f"{here:.6g} uSv/h"),
        working_step("transmission", f"B = limit / (rate U T), U = {use:g}, T = {occupancy:g}", f"{allowed:.6g}"),
        working_step(material, f"larger of log2(1/B) * {hvl:g} mm and log10(1/B) * {tvl:g} mm", f"{beam:.5g} mm"),
    ]
    values: dict[str, Value] = {"transmission": min(allowed, 1.0), "unshielded_usv_h": here}
    thickness = beam
    if given.get("leakage_usv_h") is not None:
        leakage = given["leakage_usv_h"] / distance_m**2
        alone = wall_mm(min(limit / (leakage * occupancy), 1.0), hvl_mm=hvl, tvl_mm=tvl)
        thickness = wall_for_both_mm(beam, alone, hvl_mm=hvl, tvl_mm=tvl)
        values |= {"beam_mm": beam, "leakage_mm": alone}
        words = "the thicker one; a half-value layer more where they differ by less than a tenth-value layer"
        working += [
            working_step("leakage alone", f"{leakage:.6g} uSv/h at the place, no use factor", f"{alone:.5g} mm"),
            working_step("both", words, f"{thickness:.5g} mm"),
        ]
    values |= {
        "thickness_mm": thickness, "half_value_layers": thickness / hvl, "tenth_value_layers": thickness / tvl,
        "hvl_mm": hvl, "tvl_mm": tvl,
    }  # fmt: skip
    warnings = _compared(values, spectrum, material, beam, min(allowed, 1.0))
    return Measurement(
        "barrier", VERSION, values | {"working": list(working)},
        "inverse square; half- and tenth-value layers of a wide beam; 1 Gy in air counts as 1 Sv",
        {"material": material, "distance_m": distance_m, "use": use, "occupancy": occupancy} | given,
        source=Citation.of(table(SHIELDING)), warnings=warnings,
    )  # fmt: skip


def _source(given: Mapping[str, Any]) -> tuple[str, float, Spectrum, Working]:
    """Return the radiation as the table names it, its rate at 1 m in uSv/h, its spectrum, and the first steps."""
    if (given.get("nuclide") is None) == (given.get("kvp") is None):
        raise WrongUsage("name one source: nuclide with its activity, or kvp with ma")
    if given.get("kvp") is not None:
        if given.get("ma") is None:
            raise WrongUsage("the output of a tube needs its current: ma")
        spectrum = tube_spectrum(given["kvp"], filters_mm=given.get("filter"))
        rate = spectrum.air_kerma_ugy_1m * given["ma"] * SECONDS_PER_HOUR
        words = f"{spectrum.air_kerma_ugy_1m:.6g} uGy/mAs * {given['ma']:g} mA * 3600 s/h ({spectrum.label})"
        return "x-ray", rate, spectrum, [working_step("rate at 1 m", words, f"{rate:.6g} uSv/h")]
    name = nuclide_named(given["nuclide"])
    activities = [given[key] for key in ("activity_ci", "activity_gbq") if given.get(key) is not None]
    if len(activities) != 1:
        raise WrongUsage("give the activity once: activity-ci or activity-gbq")
    activity = gigabecquerel(activities[0]) if given.get("activity_gbq") is None else float(activities[0])
    rate = 1000.0 * dose_constant_msv_m2_h_gbq(name) * activity
    words = f"{dose_constant_msv_m2_h_gbq(name):g} mSv m^2/(h GBq) * {activity:.6g} GBq of {name}"
    return name, rate, isotope_spectrum(name), [working_step("rate at 1 m", words, f"{rate:.6g} uSv/h")]


def _limit(given: Mapping[str, Any]) -> tuple[float, str]:
    """Return the limit of the dose rate while the beam is on, in uSv/h, and how it was found."""
    per_hour: float | None = given.get("limit_usv_h")
    per_week: float | None = given.get("limit_msv_week")
    hours: float | None = given.get("hours_week")
    if (per_hour is None) == (per_week is None):
        raise WrongUsage("give one limit: limit-usv-h, or limit-msv-week with hours-week")
    if per_hour is not None:
        return per_hour, "as given"
    if hours is None or per_week is None:
        raise WrongUsage("a limit of a week needs hours-week: how many hours the beam is on")
    return 1000.0 * per_week / hours, f"{per_week:g} mSv/week over {hours:g} h/week of beam"


def _compared(
    values: dict[str, Value], spectrum: Spectrum, material: str, beam_mm: float, share: float
) -> tuple[str, ...]:
    """Add the wall of a narrow beam, which is thinner because scatter is not in it; say so where it is not."""
    if share >= 1:
        return ("the limit is kept without any wall",)
    narrow = spectrum.value_layer_mm(material, share=share)
    values["narrow_beam_mm"] = narrow
    if narrow > beam_mm:
        return (
            f"a narrow beam alone would need {narrow:.4g} mm, more than the tabulated layers give ({beam_mm:.4g} mm): "
            "do not build the thinner wall",
        )
    return ()


CALCULATIONS = (
    Calculation(
        "barrier", "Wall of an NDT bunker around a tube or gamma source, with the working",
        (
            Option("material", "choice", "of the wall", is_required=True, choices=MATERIALS),
            Option("distance_m", "number", "from the source to the place that is protected", is_required=True),
            Option("nuclide", "text", "gamma source, such as Ir-192"),
            Option("activity_ci", "number", "activity in curie"),
            Option("activity_gbq", "number", "activity in gigabecquerel"),
            Option("kvp", "number", "X-ray tube: voltage in kV"),
            Option("ma", "number", "X-ray tube: current"),
            Option("filter", "layers", "X-ray tube: filters in mm, such as Al:3"),
            Option("limit_usv_h", "number", "limit of the dose rate behind the wall"),
            Option("limit_msv_week", "number", "or limit of a week"),
            Option("hours_week", "number", "hours in a week the beam is on"),
            Option("use", "number", "share of the time the beam points at the wall", default=1.0),
            Option("occupancy", "number", "share of the time someone is there", default=1.0),
            Option("leakage_usv_h", "number", "leakage of the housing at 1 m"),
        ),
        calculate,
    ),
)  # fmt: skip
