"""The thinnest wire of a single-wire IQI that a picture shows, read by a visibility statistic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.science.imaging.image import Image
from kerma.science.measure import profiles, wire_comb, wire_fit
from kerma.science.measure.region import Region
from kerma.science.measure.wire_fit import Reading
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import Table, table

VERSION = "2"
LEAST_WIRES = 3
"""A gauge is believed when its thickest wires, so many, are all seen."""
LARGEST_EXPONENT = 0.45
"""Grey value lost per mm of wire is the same for all wires; hardening leaves at most this power of the diameter."""
LAW_TOLERANCE = 0.3
PITCH_MISFIT = 0.04
"""Share of the pitch by which a clear wire may stand off equal distances."""
LEAST_EXPLAINED = 0.7
MOST_STRAY = 0.5
"""A line beside the wires may have this share of the third wire's depth."""
SURE_MISFIT = 25.0
"""Squared misfit, in noise variances, by which one set of wires must fit better than all others."""
ISO, ASTM = "iso_19232-1/wires", "astm_e747/wires"
SETS = ("W1-W7", "W6-W12", "W10-W16", "W13-W19")
"""The sets of ISO 19232-1, tried when none is given."""


@dataclass(frozen=True)
class Gauge:
    """The wires looked for, thickest first, and the table they stand in."""

    source: Table
    words: str
    names: list[str]
    widths_mm: list[float]


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, wires: str | None = None
) -> Measurement | NotMeasurable:
    """Return the thinnest wire seen, its diameter, and the detectability of every wire (ISO 19232-1, ASTM E747).

    ``wires`` says which stand in the gauge: W10-W16, or set A or B of ASTM E747; without it the set of ISO 19232-1
    whose widths fit is taken if only one does. All wires must lie in the region. Detectability is the depth of a wire
    over its standard deviation, by a filter of the wire's shape, over 10 mm of its length: what an ideal observer would
    see. A wire counts as seen at 5 (Rose) where 10 mm of it are unbroken and all thicker ones are seen.
    """
    inputs: dict[str, Value] = {"plane": plane, "region": list(region.as_json()) if region else None, "wires": wires}
    spacing = image.spacing
    chosen = [chosen_wires(words) for words in ((wires,) if wires is not None else SETS)]
    unknown = next((one for one in chosen if isinstance(one, str)), None)
    if unknown is not None:
        return _refused(unknown, inputs)
    gauges = [one for one in chosen if not isinstance(one, str)]
    if spacing.row_mm is None or spacing.column_mm is None:
        return _refused("the pixel spacing is not known: give it as spacing_mm", inputs)
    inputs |= {"row_mm": spacing.row_mm, "column_mm": spacing.column_mm}
    grey = profiles.grey_of(image, plane, region)
    if isinstance(grey, str):
        return _refused(grey, inputs)
    if np.nanstd(grey) == 0 or min(grey.shape) < wire_comb.SMALLEST_PX:
        return _refused("the region is too small or of one value: there is no gauge", inputs)
    ways = wire_comb.ways(grey, (spacing.row_mm, spacing.column_mm), limits()["segment_mm"])
    found = [(gauge, find(ways, gauge)) for gauge in gauges]
    good = sorted(((gauge, one) for gauge, one in found if not isinstance(one, str)), key=lambda pair: pair[1].misfit)
    if not good:
        return _refused(next(one for _, one in found if isinstance(one, str)), inputs)
    if len(good) > 1 and good[1][1].misfit < good[0][1].misfit + SURE_MISFIT:
        names = " and ".join(gauge.words for gauge, _ in good)
        return _refused(f"wires were found that may be {names}: say which the gauge has (wires)", inputs)
    return _result(good[0][1], good[0][0], inputs, profiles.clipped_share(grey))


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("wire_iqi", VERSION, reason, inputs)


def limits() -> dict[str, float]:
    """Return the numbers of visibility."""
    return {row["quantity"]: float(row["value"]) for row in table("kerma_iqi/visibility")}


def chosen_wires(words: str) -> Gauge | str:
    """Return the wires that words such as W10-W16 or A name; or why they are not known."""
    source = table(ASTM)
    rows = [row for row in source if words.strip().upper() in row["sets"].split(" and ")]
    if not rows:
        source = table(ISO)
        listed = {row["wire"]: row for row in source}
        ends = [end.strip().upper() for end in words.split("-")]
        if len(ends) == 2 and set(ends) <= listed.keys():
            first, last = sorted(list(listed).index(end) for end in ends)
            rows = list(source)[first : last + 1]
    rows.sort(key=lambda row: -float(row["diameter_mm"]))
    if len(rows) <= LEAST_WIRES:
        return (
            f"'{words}' names no run of {LEAST_WIRES + 1} wires or more: write such as W10-W16 (ISO), or A or B (ASTM)"
        )
    return Gauge(source, words, [row["wire"] for row in rows], [float(row["diameter_mm"]) for row in rows])


def find(ways: list[wire_comb.Way], gauge: Gauge) -> Reading | str:
    """Return the reading of the best comb that passes for the gauge, or why the best one does not."""
    rule = limits()
    reasons = []
    for candidate in wire_comb.find(ways, gauge.widths_mm):
        reading = wire_fit.fit(candidate, gauge.widths_mm, rule["wire_length_mm"], LEAST_WIRES)
        reason = doubt(reading)
        if reason is None:
            return reading
        reasons.append(reason)
    return reasons[0] if reasons else "no wires were found: there is no gauge"


def doubt(reading: Reading) -> str | None:
    """Return why a comb of lines is no wire IQI, or None."""
    rule, clear = limits(), reading.clear
    if clear < LEAST_WIRES or (reading.detectabilities[:LEAST_WIRES] < rule["detectability_limit"]).any():
        return (
            f"only {min(clear, LEAST_WIRES - 1)} of the thickest wires rise above the noise, {LEAST_WIRES} are needed "
            "to know a gauge: there is none, the region cuts it, or the exposure is too poor"
        )
    if not _follows_the_law(reading):
        return "the lines found do not grow weaker as the wires of a gauge do: there is no wire IQI"
    places = reading.places
    pitch = abs(places[-1] - places[0]) / (len(places) - 1)
    if (np.abs(reading.offsets) > max(1.5, PITCH_MISFIT * pitch)).any():
        return "the lines found do not stand at equal distances: there is no wire IQI"
    if reading.blur_mm > 0.99 * wire_fit.coarsest_blur_mm(reading.candidate.field.across_mm):
        return "the lines found are wider than wires of these diameters: there is no wire IQI, or the blur is too large"
    if reading.explained < LEAST_EXPLAINED:
        return (
            f"lines were found, but wires of these diameters explain only {100 * max(reading.explained, 0):.0f} % of "
            "them: there is no wire IQI, or other wires"
        )
    if reading.strays > MOST_STRAY:
        return "lines as strong as the wires stand beside and between them: there is no wire IQI, or give its region"
    if (reading.lengths_mm[:LEAST_WIRES] < min(rule["wire_length_mm"], reading.length_mm) - 1e-9).any():
        return "the lines found are marks or broken lines, no wires of a gauge"
    return None


def _follows_the_law(reading: Reading) -> bool:
    """Tell whether contrast per mm of chord is that of one material for all wires, clear and faint."""
    clear = slice(0, reading.clear)
    widths = np.log(reading.widths_mm)
    relative = reading.errors / np.abs(reading.contrasts)
    weight = 1 / np.hypot(relative[clear], 0.05)
    terms = np.stack([np.ones(reading.clear), widths[clear] - widths[clear].mean()], axis=1) * weight[:, None]
    covariance = np.linalg.inv(terms.T @ terms)
    level, exponent = covariance @ terms.T @ (np.log(reading.contrasts[clear]) * weight)
    error = float(np.sqrt(covariance[1, 1]))
    if abs(exponent) > LARGEST_EXPONENT + 1.5 * error:
        return False
    # Noise alone does not make an exponent: an unsure one is drawn towards 0, where a gauge's lies.
    exponent *= LARGEST_EXPONENT**2 / (LARGEST_EXPONENT**2 + error**2)
    expected = np.exp(level + exponent * (widths - widths[clear].mean()))
    allowed = LAW_TOLERANCE * expected + 4 * reading.errors
    return bool((np.abs(reading.contrasts - expected) < allowed).all())


def _result(reading: Reading, gauge: Gauge, inputs: dict[str, Value], clipped: float) -> Measurement:
    from scipy.special import ndtr

    rule = limits()
    limit, length = rule["detectability_limit"], rule["wire_length_mm"]
    read = reading.detectabilities
    # Read over more than 10 mm, a detectability over 10 mm is surer than 1.
    errors = np.sqrt(np.minimum(1.0, length / np.maximum(reading.lengths_mm, 1e-9)))
    is_long = reading.lengths_mm >= min(length, reading.length_mm) - 1e-9
    alone = (read >= limit) & is_long
    seen = np.logical_and.accumulate(alone)
    last = int(seen.sum()) - 1
    sure = ndtr((read - limit) / errors)
    after = 1 - sure[last + 1] if last + 1 < len(read) else 1.0
    is_turned = reading.candidate.field.is_turned
    field = reading.candidate.field
    return Measurement(
        "wire_iqi", VERSION,
        {
            "thinnest_wire": gauge.names[last],
            "diameter_mm": gauge.widths_mm[last],
            "confidence": float(min(sure[last], after)),
            "set": gauge.words,
            "wires": list(gauge.names),
            "diameters_mm": list(gauge.widths_mm),
            "detectabilities": [round(float(value), 3) for value in read],
            "detectability_uncertainties": [round(float(value), 3) for value in errors],
            "visible": [bool(one) for one in seen],
            "confidences": [round(float(value), 4) for value in sure],
            "contrasts_stored_per_mm": [round(float(value), 4) for value in reading.contrasts],
            "blur_mm": reading.blur_mm,
            "rows_px" if is_turned else "columns_px": [round(float(place), 2) for place in reading.places],
            "length_mm": reading.length_mm,
            "tilt_deg": float(np.degrees(np.arctan(reading.candidate.slope * field.across_mm / field.along_mm))),
            "wires_lie": "level" if is_turned else "upright",
        },
        method=(
            "model of all wires (one blur, equal pitch, known diameters) on the profile across them; depth by least "
            "squares over a quadratic background; noise of the same weights beside the wires; seen at detectability "
            f"{limit:g} over {length:g} mm unbroken"
        ),
        inputs=inputs,
        uncertainties={"detectabilities": float(errors.max())},
        source=Citation.of(gauge.source),
        warnings=_warnings(reading, last == len(read) - 1, bool((alone & ~seen).any()), clipped),
    )  # fmt: skip


def _warnings(reading: Reading, is_last: bool, is_odd: bool, clipped: float) -> tuple[str, ...]:
    length = limits()["wire_length_mm"]
    found = []
    if reading.length_mm < length:
        found.append(f"the wires are seen over {reading.length_mm:.1f} mm only: {length:g} mm are asked for")
    if is_last:
        found.append("the thinnest wire of the gauge is seen: a finer gauge would tell more")
    if is_odd:
        found.append("a thinner wire rises above the limit where a thicker one does not: look at the picture")
    if clipped > profiles.MOST_CLIPPED:
        found.append(f"{100 * clipped:.1f} % of the pixels hold the very same lowest or highest value: clipped?")
    return tuple(found)
