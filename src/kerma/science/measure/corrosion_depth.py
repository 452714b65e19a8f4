"""Depth of corrosion by the double-wall technique: a difference of signal turned into a difference of thickness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import linearity_warnings
from kerma.science.measure.profiles import grey_of
from kerma.science.measure.region import Region, inside
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
SMALLEST_PX = 16
ENOUGH = 40_000
"""Pixels that tell a second-order surface."""


@dataclass(frozen=True)
class Curve:
    """Thickness as a polynomial of the logarithm of the signal, lowest power first, and how well it is known."""

    terms: Floats
    middle: float
    source: str
    slope_error_share: float
    span: tuple[float, float] | None = None
    """The logarithms of signal between which calibration steps lie."""

    def thickness_mm(self, log_signal: Floats) -> Floats:
        """Return thickness (up to a constant when only an attenuation is known)."""
        return np.asarray(np.polynomial.polynomial.polyval(log_signal - self.middle, self.terms))


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, background: Region | None = None,
    attenuation_1_cm: float | None = None, steps: str | None = None,
) -> Measurement | NotMeasurable:  # fmt: skip
    """Return the deepest local wall loss in a region, its extent, and the uncertainty (EN 16407-2).

    Thickness follows from the signal by calibration ``steps`` beside the part, row,column,height,width=mm separated by
    semicolons (two make a straight line, three and more a parabola, which follows hardening), or by a known effective
    ``attenuation_1_cm``. Sound wall is ``background``, or else a second-order surface through the region with what
    stands out left out.
    """
    inputs: dict[str, Value] = {
        "plane": plane, "region": list(region.as_json()) if region else None,
        "background": list(background.as_json()) if background else "surface through the region",
        "attenuation_1_cm": attenuation_1_cm, "steps": steps,
    }  # fmt: skip
    if region is None:
        return _refused("say where: region=row,column,height,width of the corrosion with sound wall about it", inputs)
    curve = _curve(image, plane, attenuation_1_cm, steps)
    if isinstance(curve, str):
        return _refused(curve, inputs)
    grey = grey_of(image, plane, region)
    if isinstance(grey, str):
        return _refused(grey, inputs)
    if min(grey.shape) < SMALLEST_PX or np.nanstd(grey) == 0:
        return _refused(f"the region is of one value, or smaller than {SMALLEST_PX} pixels", inputs)
    if not (grey > 0).all():
        return _refused("grey values are not all above 0: they must be proportional to dose, offset taken off", inputs)
    thickness = curve.thickness_mm(np.log(grey))
    if background:
        sound = grey_of(image, plane, background)
        if isinstance(sound, str) or not (sound > 0).all():
            return _refused(sound if isinstance(sound, str) else "the background holds values of 0 or below", inputs)
        ground = curve.thickness_mm(np.log(sound))
        loss, noise = float(ground.mean()) - thickness, float(ground.std(ddof=1))
    else:
        loss, noise = _standing_out(thickness)
    return _result(image, loss, noise, (curve, np.log(grey)), inputs)


def _refused(reason: str, inputs: dict[str, Value]) -> NotMeasurable:
    return NotMeasurable("corrosion_depth", VERSION, reason, inputs)


def _curve(image: Image, plane: int, attenuation_1_cm: float | None, steps: str | None) -> Curve | str:
    if steps is None:
        if attenuation_1_cm is None:
            return "give calibration steps=row,column,height,width=mm;… or attenuation_1_cm"
        return Curve(np.array([0.0, -10.0 / attenuation_1_cm]), 0.0, "given attenuation", 0.0)
    logs, known, errors = [], [], []
    for region, thickness in _steps(steps):
        grey = image.pixels[plane][inside(image, region).slices].astype(np.float64)
        if not np.isfinite(grey).all() or grey.mean() <= 0:
            return f"the calibration step at {region.as_json()} holds no signal above 0"
        logs.append(float(np.log(grey.mean())))
        known.append(thickness)
        errors.append(float(grey.std(ddof=1) / grey.mean()) / grey.size**0.5 if grey.size > 1 else 0.0)
    if len(set(known)) < 2:
        return "calibration needs steps of at least two thicknesses"
    order = np.argsort(known)
    signals = np.array(logs)[order]
    if not (np.diff(signals) < 0).all():
        return "thicker calibration steps must have less signal: check the regions and their thicknesses"
    middle = float(signals.mean())
    degree = min(2, len(set(known)) - 1)
    terms, cover = np.polynomial.polynomial.polyfit(signals - middle, np.array(known)[order], degree), max(errors)
    share = cover * 2**0.5 / float(np.ptp(signals))
    return Curve(terms, middle, f"{len(known)} calibration steps", share, (float(signals.min()), float(signals.max())))


def _steps(text: str) -> list[tuple[Region, float]]:
    try:
        pairs = [part.split("=") for part in text.split(";") if part.strip()]
        return [(Region(*(int(number) for number in place.split(","))), float(thickness)) for place, thickness in pairs]
    except (ValueError, TypeError):
        raise WrongUsage(f"steps are written row,column,height,width=mm;…; '{text}' is not") from None


def _standing_out(thickness: Floats) -> tuple[Floats, float]:
    """Return the loss against a second-order surface through sound wall, and the noise of sound wall."""
    step = max(1, int((thickness.size / ENOUGH) ** 0.5))
    flat = thickness[::step, ::step].ravel()
    row, column = (axis[::step, ::step].ravel() for axis in _ramps(thickness.shape))
    terms = np.stack([np.ones_like(row), row, column, row * column, row**2, column**2], axis=-1)
    kept = np.ones(flat.size, dtype=bool)
    rest: Floats = flat - np.median(flat)
    solved: Floats = np.zeros(6)
    for _ in range(12):
        solved = np.linalg.lstsq(terms[kept], flat[kept], rcond=None)[0].astype(np.float64)
        rest = np.asarray(terms @ solved - flat, dtype=np.float64)
        # Loss is one-sided: the side of the noise alone tells its spread.
        level = float(np.median(rest[kept]))
        spread = 1.4826 * float(np.median(np.abs(rest[kept] - level)))
        fresh = rest < level + 2.5 * max(spread, 1e-12)
        if (fresh == kept).all() or fresh.sum() < 60:
            break
        kept = fresh
    centre = float(np.median(rest[kept]))
    below = rest[rest < centre]
    noise = float(np.sqrt(np.mean((below - centre) ** 2))) if below.size else 0.0
    row, column = _ramps(thickness.shape)
    surface = solved[0] + solved[1] * row + column * (solved[2] + solved[3] * row + solved[5] * column)
    return surface + solved[4] * row**2 - thickness - centre, noise


def _ramps(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return row and column of each pixel, from -1 to 1."""
    row, column = np.meshgrid(*(np.linspace(-1, 1, count) for count in shape), indexing="ij")
    return row, column


def _result(
    image: Image, loss: Floats, noise: float, calibrated: tuple[Curve, Floats], inputs: dict[str, Value]
) -> Measurement | NotMeasurable:
    from scipy import ndimage

    rule = {row["quantity"]: float(row["value"]) for row in table("kerma_corrosion/limits")}
    curve, logs = calibrated
    side = int(rule["mean_px"])
    smooth = ndimage.uniform_filter(loss, side, mode="nearest")
    quiet = max(noise / side, 1e-9)
    labels, count = ndimage.label(smooth > rule["detection_sigmas"] * quiet)
    if count == 0:
        reason = f"no loss stands out: the noise of {side} x {side} pixels is {quiet:.3g} mm of thickness"
        return _refused(reason, inputs)
    at = int(np.argmax(smooth))
    place = np.unravel_index(at, smooth.shape)
    chosen = labels == labels[place]
    if chosen.sum() < rule["fewest_px"]:
        return _refused(f"what stands out is smaller than {rule['fewest_px']:g} pixels: noise or a bad pixel", inputs)
    half = chosen & (smooth > float(smooth[place]) / 2)
    rows, columns = (np.ptp(np.flatnonzero(half.any(axis=axis))) + 1 for axis in (1, 0))
    deepest, error = _top(loss, (int(place[0]), int(place[1])), max(2, int(min(rows, columns)) // 4), noise)
    values: dict[str, Value] = {
        "depth_mm": deepest, "mean_depth_mm": float(loss[chosen].mean()), "noise_mm": noise,
        "row_px": _origin(inputs)[0] + int(place[0]), "column_px": _origin(inputs)[1] + int(place[1]),
        "area_px2": int(chosen.sum()), "height_px": int(rows), "width_px": int(columns),
    }  # fmt: skip
    row_mm, column_mm = image.spacing.row_mm, image.spacing.column_mm
    if row_mm is not None and column_mm is not None:
        pixel = row_mm * column_mm
        values |= {
            "area_mm2": float(chosen.sum()) * pixel, "height_mm": float(rows) * row_mm,
            "width_mm": float(columns) * column_mm, "volume_mm3": float(loss[chosen].sum()) * pixel,
        }  # fmt: skip
    warnings = list(linearity_warnings(image))
    if curve.span and not curve.span[0] <= float(logs[place]) <= curve.span[1]:
        warnings.append("the signal at the deepest place lies outside the calibration steps: the depth is extrapolated")
    return Measurement(
        "corrosion_depth", VERSION, values,
        method=f"thickness from signal by {curve.source}; top of a parabola through the deepest place; extent at half",
        inputs=inputs,
        uncertainties={"depth_mm": float(np.hypot(error, deepest * curve.slope_error_share))},
        source=Citation.of(table("kerma_corrosion/limits"), "EN 16407-2 double-wall technique, Kerma's own limits"),
        warnings=tuple(warnings),
    )  # fmt: skip


def _top(loss: Floats, place: tuple[int, int], reach: int, noise: float) -> tuple[float, float]:
    """Return the height of a parabola through the pixels around a place, at the place, and its standard error.

    The highest single value of many would be too high by the noise; the parabola averages it.
    """
    rows = slice(max(0, place[0] - reach), place[0] + reach + 1)
    columns = slice(max(0, place[1] - reach), place[1] + reach + 1)
    part = loss[rows, columns]
    row, column = np.indices(part.shape) / max(reach, 1)
    row, column = row - row.mean(), column - column.mean()
    terms = np.stack([np.ones_like(row), row, column, row**2, row * column, column**2], axis=-1).reshape(-1, 6)
    fitted = terms @ np.linalg.lstsq(terms, part.ravel(), rcond=None)[0]
    middle = int(np.argmin((row**2 + column**2).ravel()))
    leverage = float(terms[middle] @ np.linalg.pinv(terms.T @ terms) @ terms[middle])
    return float(fitted[middle]), noise * max(leverage, 0.0) ** 0.5


def _origin(inputs: dict[str, Value]) -> tuple[int, int]:
    region = inputs["region"]
    return (int(region[0]), int(region[1])) if isinstance(region, list) else (0, 0)
