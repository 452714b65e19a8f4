"""Basic spatial resolution of an image from a duplex wire gauge: the wire spacing whose dip is 20 %."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerma.science.imaging.image import Image
from kerma.science.measure import duplex_model as wires
from kerma.science.measure import gauge_search, profiles
from kerma.science.measure.duplex_model import Array, Blur, Depth, Pair
from kerma.science.measure.region import Region
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
LEAST_EXPLAINED = 0.93
"""Share of the profile's variance (noise taken off) that the gauge must explain to be one."""
LIKELY_SHARE = 0.85
"""Runs of pairs (of either direction and polarity) that explain this share of the best are fitted too."""
LEAST_CONTRAST = 8.0
"""Depth of the wires, in noise of the averaged profile, below which dips say nothing."""
LARGEST_STEP = 1.7
"""Neighbouring pairs of a gauge differ in depth at most by this factor."""
READING_WIDTH = 0.15
"""A reading averages what the model leaves over a Gaussian of this many wire widths."""
DRAWS = 150
LARGEST_PICTURE_MM = 60.0
"""A picture no larger than this is taken as the region of a gauge that fills it."""
LEAST_EXPLAINED_AT_FIRST = 0.6
"""Share that pairs must explain before their blur is fitted."""


@dataclass(frozen=True)
class Gauge:
    """A duplex gauge found in a picture: its pairs, the blur that explains them, and the profile they stand in."""

    pairs: list[Pair]
    blur: Blur
    depth: Depth
    explained: float
    tilt_deg: float
    rows: tuple[int, int]
    is_turned: bool
    sign: float


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, domain: str = "auto"
) -> Measurement | NotMeasurable:
    """Return iSRb in um, the dips of all pairs, and the first pair below 20 % (ISO 19232-5, ASTM E2002).

    ``region`` holds the whole gauge, wires upright or level to 7 degrees; without it the gauge is searched.
    ``domain`` *grey* reads dips in the values as stored (linear in dose, or logarithmic as they are), *attenuation*
    in -ln(value / background); *auto* is grey, in which a detector's blur is linear.
    """
    inputs: dict[str, Value] = {"plane": plane, "region": list(region.as_json()) if region else None}
    spacing = image.spacing
    if spacing.row_mm is None or spacing.column_mm is None:
        return _refused("the pixel spacing is not known: give it as spacing_mm", inputs)
    inputs |= {"row_mm": spacing.row_mm, "column_mm": spacing.column_mm, "domain": _domain(image, domain)}
    part = region or Region(0, 0, image.rows, image.columns)
    grey = profiles.grey_of(image, plane, region)
    if isinstance(grey, str):
        return _refused(grey, inputs)
    millimetres = (spacing.row_mm, spacing.column_mm)
    parts = [part] if region else [*gauge_search.likely(grey, millimetres), *_small(part, millimetres)]
    reason = "no bundle of straight lines was found"
    for part in dict.fromkeys(parts):
        values = grey if region else grey[part.slices]
        read = _read(values, millimetres, inputs["domain"] == "attenuation")
        if not isinstance(read, str):
            inputs["clipped_share"] = profiles.clipped_share(values)
            inputs["gauge_region"] = list(part.as_json())
            return _result(image, *read, inputs)
        reason = read
    return _refused(reason if region else f"{reason} (the whole picture was searched: give the region)", inputs)


_Read = tuple["Gauge", tuple[Array, Array], tuple[float, float, int]]
"""A gauge, its dips with their standard deviations, and the crossing."""


def _read(grey: Array, spacing_mm: tuple[float, float], is_attenuation: bool) -> _Read | str:
    """Return the gauge in grey values with its dips and their crossing, or why there is none."""
    gauge = find(grey, spacing_mm, is_attenuation)
    if isinstance(gauge, str):
        return gauge
    dips, spreads = read_dips(gauge)
    crossing = interpolate(_widths()[gauge.pairs[0].number :], dips)
    return crossing if isinstance(crossing, str) else (gauge, (dips, spreads), crossing)


def _small(whole: Region, spacing_mm: tuple[float, float]) -> list[Region]:
    """Return the whole picture where it is hardly larger than a gauge."""
    longest_mm = max(whole.height * spacing_mm[0], whole.width * spacing_mm[1])
    return [whole] if longest_mm < LARGEST_PICTURE_MM else []


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("duplex", VERSION, reason, inputs)


def _domain(image: Image, domain: str) -> str:
    if domain != "auto":
        return domain
    return "logarithmic grey as stored" if image.meaning == "log" else "grey as stored"


def _widths() -> list[float]:
    return [float(row["diameter_mm"]) for row in table("iso_19232-5/duplex_wires")]


def _names() -> list[str]:
    return [row["pair"] for row in table("iso_19232-5/duplex_wires")]


def rules() -> dict[str, float]:
    """Return the numbers of the evaluation."""
    return {row["quantity"]: float(row["value"]) for row in table("iso_19232-5/reading")}


def find(grey: Array, spacing_mm: tuple[float, float], is_attenuation: bool = False) -> Gauge | str:
    """Find a duplex gauge in grey values (row, column), or say why there is none."""
    if min(grey.shape) < 8 or max(grey.shape) < 24:
        return f"{grey.shape[0]} x {grey.shape[1]} pixels are too few to hold a duplex gauge"
    if np.nanstd(grey) == 0:
        return "all pixels have the same value: there is no gauge"
    field, slope, _ = profiles.ways(grey, *spacing_mm)[0]
    rows = profiles.extent(field, slope)
    cut = round((1 - rules()["wire_length_share"]) / 2 * (rows[1] - rows[0]))
    rows = (rows[0] + cut, rows[1] - cut)
    if rows[1] - rows[0] < 3:
        return "lines of the length of a gauge's wires were not found: there is no gauge"
    profile = profiles.profile_across(field, slope, rows)
    tilt_deg = float(np.degrees(np.arctan(slope * field.across_mm / field.along_mm)))
    found: list[tuple[float, Gauge]] = []
    for sign in (1.0, -1.0):
        depth = _depth(profile, sign, is_attenuation)
        if isinstance(depth, str):
            return depth
        for run in wires.find_pairs(depth, _widths()):
            gauge = Gauge(run.pairs, run.blur, depth, 0.0, tilt_deg, rows, field.is_turned, sign)
            found.append((run.score, gauge))
    if not found:
        return "no pairs of wires were found: there is no duplex gauge, or noise hides it"
    highest = max(score for score, _ in found)
    likely = [gauge for score, gauge in found if score > LIKELY_SHARE * highest]
    rough = [wires.explained(gauge.depth, gauge.pairs, gauge.blur) for gauge in likely]
    if max(rough) < LEAST_EXPLAINED_AT_FIRST:
        return _unexplained(max(rough))
    fitted = [_fitted(gauge) for gauge, share in zip(likely, rough, strict=True) if share > LIKELY_SHARE * max(rough)]
    gauge = max(fitted, key=lambda one: one.explained)
    return _doubt(gauge) or gauge


def _depth(profile: profiles.Profile, sign: float, is_attenuation: bool) -> Depth | str:
    base, _ = profiles.background(profile, sign=sign)
    if not is_attenuation:
        weight = profile.pixels / max(profile.noise, 1e-9 * float(np.ptp(profile.grey)), 1e-12) ** 2
        return Depth(profile.position_mm, sign * (base - profile.grey), weight)
    if min(base.min(), profile.grey.min()) <= 0:
        return "attenuation needs grey values above 0: use the domain grey"
    depth = -sign * np.log(profile.grey / base)
    noise = np.maximum(profile.noise / profile.grey, 1e-9)
    return Depth(profile.position_mm, depth, profile.pixels / noise**2)


def _fitted(gauge: Gauge) -> Gauge:
    """Fit the model, and the background once more with the wires taken off."""
    fits = [wires.fit(gauge.depth, gauge.pairs, replace(gauge.blur, is_round=is_round)) for is_round in (False, True)]
    best = min(fits, key=lambda one: one.chi2)
    best = wires.fit(gauge.depth, best.pairs, best.blur, rounds=2)
    pairs, blur = best.pairs, best.blur
    depth = Depth(gauge.depth.at_mm, gauge.depth.value - best.level, gauge.depth.weight)
    rest = depth.value - wires.model(depth.at_mm, pairs, blur)
    return Gauge(pairs, blur, depth, wires.share(depth, rest), gauge.tilt_deg, gauge.rows, gauge.is_turned, gauge.sign)


def _doubt(gauge: Gauge) -> str | None:
    """Return why what was found is no duplex gauge, or None."""
    if gauge.explained < LEAST_EXPLAINED:
        return _unexplained(gauge.explained)
    coarse = gauge.pairs[0]
    noise = float(np.median(1 / np.sqrt(gauge.depth.weight)))
    if min(coarse.depths) < LEAST_CONTRAST * noise:
        return "the wires hardly rise above the noise: average more or expose longer"
    means = np.array([sum(pair.depths) / 2 for pair in gauge.pairs])
    steps = means[:-1] / np.maximum(means[1:], 1e-300)
    firm = steps[: max(1, len(steps) - 2)]
    if max(coarse.depths) > LARGEST_STEP * min(coarse.depths) or (firm > LARGEST_STEP).any() or (firm < 0.6).any():
        return "the lines found differ in depth as the wires of a gauge do not: there is no duplex gauge"
    return None


def _unexplained(share: float) -> str:
    return (
        f"lines were found, but pairs of wires explain only {100 * share:.0f} % of them: "
        "there is no duplex gauge, or the region holds other things too"
    )


def read_dips(gauge: Gauge) -> tuple[Array, Array]:
    """Return the dip of each pair in percent and its standard deviation.

    Depths at both wires and between them are those of the model, plus what it leaves of the profile there as far as
    that is more than noise: the reading follows the picture, the model bridges pixels and steadies it. How far is the
    share of true misfit in all misfits (empirical Bayes), so a model that does not fit loses its say.
    """
    depth, blur = gauge.depth, gauge.blur
    rest = depth.value - wires.model(depth.at_mm, gauge.pairs, blur)
    step = float(np.median(np.diff(depth.at_mm)))
    everywhere = np.linspace(depth.at_mm[0], depth.at_mm[-1], 150)
    rows = []
    for pair in gauge.pairs:
        places = _extremes(pair, blur)
        width = max(READING_WIDTH * pair.width_mm, 0.6 * step)
        smooth = _smoothed(depth, rest, np.concatenate([places, everywhere]), width)
        bare = wires.model(places, gauge.pairs, blur)
        noise = 1.4826 * float(np.median(np.abs(smooth[3:] - np.median(smooth[3:]))))
        share = 2 * bare[2] / max(float(bare[0] + bare[1]), 1e-300)
        spread = 100 * noise * 2 / max(float(bare[0] + bare[1]), 1e-300) * float(np.sqrt(1 + 0.5 * share**2))
        is_one = places[1] - places[0] < 0.2 * pair.width_mm
        rows.append((0.0 if is_one else _dip(bare), 0.0 if is_one else _dip(bare + smooth[:3]), spread))
    modelled, read, spreads = np.array(rows).T
    open_ = (modelled > 2) & (modelled < 98)
    true2 = max(0.0, float(np.mean(((read - modelled) ** 2 - spreads**2)[open_]))) if open_.any() else 0.0
    say = true2 / (true2 + spreads**2 + 1e-12)
    # Even where the model carries all, the noise of a few pairs together stays in its blur.
    return modelled + say * (read - modelled), spreads * np.sqrt(np.maximum(say, min(1.0, 4 / (1 + open_.sum()))))


def _dip(levels: Array) -> float:
    top = float(levels[0] + levels[1])
    return float(np.clip(100 * (1 - 2 * levels[2] / top), 0.0, 100.0)) if top > 0 else 0.0


def _smoothed(depth: Depth, rest: Array, places: Array, width: float) -> Array:
    kernel = np.exp(-0.5 * ((depth.at_mm - places[:, None]) / width) ** 2) * depth.weight
    result: Array = kernel @ rest / np.maximum(kernel.sum(axis=1), 1e-300)
    return result


def _extremes(pair: Pair, blur: Blur) -> Array:
    """Return where the model of a pair alone is deepest left and right, and shallowest between."""
    at = np.linspace(-1.6, 1.6, 321) * pair.width_mm
    shape = wires.model(at, [Pair(pair.number, pair.width_mm, 0.0, (1.0, 1.0))], blur)
    half = 161
    # Flat tops of wide wires: the middle of all places within a thousandth of the deepest.
    left = at[:half][shape[:half] >= 0.999 * shape[:half].max()]
    right = at[half - 1 :][shape[half - 1 :] >= 0.999 * shape[half - 1 :].max()]
    return pair.at_mm + np.array([left.mean(), right.mean(), 0.0])


def interpolate(widths_mm: list[float], dips: Array) -> tuple[float, float, int] | str:
    """Return the 20 % crossing by the second-order polynomial and by a straight line, in mm, and the pair below it.

    The polynomial goes through the pairs next to the crossing: two above, and below it two with a dip larger than
    zero, else the next pair with dip 0. Says why there is no crossing.
    """
    rule = rules()
    limit = rule["dip_limit_percent"]
    below = np.flatnonzero(dips < limit)
    if below.size == 0:
        return f"every pair found is seen with a dip of {limit:g} % or more: the gauge is too coarse, or cut"
    first = int(below[0])
    if first == 0:
        return f"the dip of the first pair found is below {limit:g} %: the resolution is coarser than the gauge shows"
    above = list(range(max(0, first - int(rule["pairs_above"])), first))
    nearest = range(first, min(len(dips), first + int(rule["pairs_below"])))
    under = [one for one in nearest if dips[one] > rule["smallest_dip_percent"]]
    used = above + [one for one in under if dips[one] <= dips[first]] if under else [*above, first]
    width, dip = np.array([widths_mm[one] for one in used]), dips[used]
    d1, d2 = widths_mm[first - 1], widths_mm[first]
    line = d2 + (limit - dips[first]) / (dips[first - 1] - dips[first]) * (d1 - d2)
    if len(used) < 3:
        return line, line, first
    coefficients = np.polynomial.polynomial.polyfit(width, dip, 2)
    roots = np.polynomial.polynomial.polyroots(coefficients - np.array([limit, 0, 0]))
    real = [float(root.real) for root in roots if abs(root.imag) < 1e-9 and d2 * 0.98 <= root.real <= d1 * 1.02]
    return (min(real, key=lambda root: abs(root - line)) if real else line), line, first


def _result(
    image: Image, gauge: Gauge, read: tuple[Array, Array], crossing: tuple[float, float, int],
    inputs: dict[str, Value],
) -> Measurement:  # fmt: skip
    dips, spreads = read
    first_number = gauge.pairs[0].number
    widths, names = _widths()[first_number:], _names()[first_number:]
    isrb_um, line_um = 1000 * crossing[0], 1000 * crossing[1]
    generator = np.random.default_rng(1)
    draws = [interpolate(widths, np.clip(dips + spreads * generator.standard_normal(dips.size), 0, 100))
             for _ in range(DRAWS)]  # fmt: skip
    drawn = [1000 * draw[0] for draw in draws if not isinstance(draw, str)]
    spread = float(np.std(drawn)) if len(drawn) > 1 else 0.0
    values: dict[str, Value] = {
        "isrb_um": float(isrb_um),
        "isrb_linear_um": float(line_um),
        "first_pair_below_20_percent": names[crossing[2]],
        "unsharpness_um": 2 * isrb_um,
        "pairs_found": len(dips),
        "pairs": list(names[: len(dips)]),
        "dips_percent": [round(float(dip), 3) for dip in dips],
        "dip_uncertainties_percent": [round(float(one), 3) for one in spreads],
        "tilt_deg": gauge.tilt_deg,
        "wires_lie": "level" if gauge.is_turned else "upright",
        "wires_are_darker": gauge.sign > 0,
        "explained_share": gauge.explained,
        "gauge_region": inputs.pop("gauge_region"),
    }
    rule = rules()
    return Measurement(
        "duplex", VERSION, values,
        method=(
            f"profile along the wires over {100 * rule['wire_length_share']:.0f} % of their length, tilt corrected, "
            f"quadratic background without the wires, {inputs['domain']}; second-order polynomial"
        ),
        inputs=inputs,
        # Half the distance between the two interpolations stands for the choice of one.
        uncertainties={"isrb_um": float(np.hypot(spread, (isrb_um - line_um) / 2 / 3**0.5))},
        source=Citation.of(table("iso_19232-5/reading")),
        warnings=_warnings(image, gauge, inputs, isrb_um),
    )  # fmt: skip


def _warnings(image: Image, gauge: Gauge, inputs: dict[str, Value], isrb_um: float) -> tuple[str, ...]:
    found = []
    if abs(gauge.tilt_deg) < 1:
        found.append(f"the wires are tilted by only {abs(gauge.tilt_deg):.1f} degrees: 2 to 5 degrees sample finer")
    across = inputs["row_mm"] if gauge.is_turned else inputs["column_mm"]
    if isinstance(across, float) and isrb_um < 900 * across:
        found.append(f"iSRb {isrb_um:.0f} um is finer than the pixel of {1000 * across:g} um: check the spacing")
    if image.meaning == "for-presentation":
        found.append("the image is processed for presentation: sharpening changes the dips")
    clipped = inputs["clipped_share"]
    if isinstance(clipped, float) and clipped > profiles.MOST_CLIPPED:
        found.append(f"{100 * clipped:.1f} % of the pixels hold the very same lowest or highest value: clipped?")
    return tuple(found)
