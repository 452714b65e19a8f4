"""The long-term stability set of a detector system: every quantity from one exposure of a plate, against a baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.frame_statistics import frame_mean
from kerma.science.imaging.image import Image
from kerma.science.measure import cnr, duplex, lag, snr
from kerma.science.measure.phantom_place import PhantomPlace, phantom_in
from kerma.science.measure.scan_lines import limits
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
SNR_N_UM = 88.6


def measure(
    phantom: Image, after: Image, frames: Image, darks: Image, *, baseline: str | None = None
) -> Measurement | NotMeasurable:
    """Return SRb, SNR, SNR_N, CNR, contrast sensitivity, thickness range, lag, burn-in and offset (ASTM E2737).

    ``phantom`` shows the plate of ``kerma_stability/phantom`` with open beam about it, its duplex gauge at the top;
    ``after`` is an open exposure right after it; ``frames`` a sequence in which the beam goes off; ``darks`` frames
    without beam. ``baseline`` is what an earlier set gave: JSON, or quantity=value,…; each deviation is held
    against ``kerma_stability/limits``. What cannot be measured is null and says why in the warnings.
    """
    inputs: dict[str, Value] = {"baseline": baseline, "frames": frames.planes, "dark_frames": darks.planes}
    known = _baseline(baseline)
    offset = frame_mean(darks.pixels)
    if not phantom.rows == after.rows == darks.rows or not phantom.columns == after.columns == darks.columns:
        return NotMeasurable("stability_set", VERSION, "phantom, after and darks do not have the same size", inputs)
    place = phantom_in(phantom.pixels[0].astype(np.float64) - offset)
    if isinstance(place, str):
        return NotMeasurable("stability_set", VERSION, place, inputs)
    inputs["phantom_tilt_deg"] = place.tilt_deg
    warnings: list[str] = []
    values: dict[str, Value] = {"srb_um": _srb(phantom, place, warnings)}
    values |= _steps(phantom, offset, place, warnings)
    resolution, ratio = values["srb_um"], values["snr"]
    both = isinstance(resolution, float) and isinstance(ratio, float)
    values["snr_n"] = float(str(ratio)) * SNR_N_UM / float(str(resolution)) if both else None
    values["offset_stored"] = float(offset.mean())
    values["lag_first_frame_percent"] = _lag(frames, darks, warnings)
    values["burn_in_percent"] = _burn_in(after, offset, place)
    if known:
        values |= _against(values, known, warnings)
    return Measurement(
        "stability_set", VERSION, values,
        method="regions from the outline of the plate; duplex, snr, cnr and lag as in the measurements of these names",
        inputs=inputs, source=Citation.of(table("kerma_stability/limits")), warnings=tuple(warnings),
    )  # fmt: skip


def _baseline(text: str | None) -> dict[str, float]:
    if text is None:
        return {}
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else dict(part.split("=") for part in text.split(","))
        if isinstance(found.get("values"), dict):
            found = found["values"]
        names = {row["quantity"] for row in table("kerma_stability/limits")}
        pairs = ((name.strip(), value) for name, value in found.items())
        known = {name: float(value) for name, value in pairs if name in names and value is not None}
    except (ValueError, AttributeError, TypeError):
        raise WrongUsage(f"a baseline is JSON or quantity=value,quantity=value; '{text}' is not") from None
    if not known:
        raise WrongUsage(f"the baseline names none of {', '.join(sorted(names))}")
    return known


def _srb(phantom: Image, place: PhantomPlace, warnings: list[str]) -> float | None:
    row = next(row for row in table("kerma_stability/phantom") if row["kind"] == "duplex")
    found = duplex.measure(phantom, region=place.region(row))
    if isinstance(found, NotMeasurable):
        warnings.append(f"SRb: {found.reason}")
        return None
    value = found.values["isrb_um"]
    return float(value) if isinstance(value, int | float) else None


def _steps(phantom: Image, offset: Floats, place: PhantomPlace, warnings: list[str]) -> dict[str, Value]:
    """Return SNR, CNR and contrast sensitivity of the middle step, and the range of thickness seen well enough."""
    rule = limits("kerma_stability/rules")
    rows = list(table("kerma_stability/phantom"))
    corrected = _less(phantom, offset)
    sensitivities: list[tuple[float, float]] = []
    values: dict[str, Value] = {"snr": None, "cnr": None, "contrast_sensitivity_percent": None}
    for number, row in enumerate((row for row in rows if row["kind"] == "step"), start=1):
        groove = next(one for one in rows if one["feature"] == f"groove-{number}")
        inside, beside = place.region(groove), place.region(row)
        found = cnr.measure(corrected, region=inside, background=beside)
        if isinstance(found, NotMeasurable):
            warnings.append(f"{row['feature']}: {found.reason}")
            continue
        ratio = float(str(found.values["cnr"]))
        if ratio > 2 * found.uncertainties["cnr"]:
            sensitivities.append((float(row["thickness_mm"]), float(groove["recess_percent"]) / ratio))
        if number == rule["middle_step"]:
            noise = snr.measure(corrected, region=beside)
            values["snr"] = float(str(noise.values["snr"])) if isinstance(noise, Measurement) else None
            values["cnr"] = ratio
            values["contrast_sensitivity_percent"] = float(groove["recess_percent"]) / ratio if ratio > 0 else None
    good = [thickness for thickness, percent in sensitivities if percent <= rule["range_sensitivity_percent"]]
    values["thickness_range_mm"] = max(good) - min(good) if good else 0.0
    values["sensitivities_percent"] = [round(percent, 4) for _, percent in sensitivities]
    return values


def _less(image: Image, offset: Floats) -> Image:
    return replace(image, pixels=(image.pixels[:1].astype(np.float64) - offset[None]).astype(np.float32))


def _lag(frames: Image, darks: Image, warnings: list[str]) -> float | None:
    found = lag.measure(frames, darks)
    if isinstance(found, NotMeasurable):
        warnings.append(f"lag: {found.reason}")
        return None
    return float(str(found.values["lag_first_frame_percent"]))


def _burn_in(after: Image, offset: Floats, place: PhantomPlace) -> float | None:
    """Return how much brighter the open beam's place is than the plate's in an open exposure after it."""
    level = after.pixels[0].astype(np.float64) - offset
    inside, beside = place.behind_and_beside(level.shape)
    behind, open_beam = float(level[inside].mean()), float(level[beside].mean())
    return 100 * (open_beam / behind - 1) if behind > 0 else None


def _against(values: Mapping[str, Value], known: Mapping[str, float], warnings: list[str]) -> dict[str, Value]:
    """Return the deviation of each quantity from the baseline, and whether it stays within its limit."""
    rows, verdicts = [], []
    for limit in table("kerma_stability/limits"):
        name, now = limit["quantity"], values.get(limit["quantity"])
        if name not in known:
            continue
        if not isinstance(now, int | float):
            warnings.append(f"{name} is in the baseline and could not be measured")
            verdicts.append(False)
            continue
        change = float(now) - known[name]
        if limit["unit"] == "percent":
            change = 100 * change / abs(known[name]) if known[name] else 0.0
        worse = {"higher": change, "lower": -change, "either": abs(change)}[limit["worse"]]
        verdicts.append(worse <= float(limit["deviation"]))
        rows.append({"quantity": name, "baseline": known[name], "now": float(now), "deviation": change,
                     "unit": limit["unit"], "limit": float(limit["deviation"]), "passes": verdicts[-1]})  # fmt: skip
    return {"deviations": list(rows), "passes": all(verdicts)}

