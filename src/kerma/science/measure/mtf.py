"""Modulation transfer function (MTF) from the image of a slightly tilted straight edge or slit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, linearity_warnings
from kerma.science.measure import spread_function, spread_mixture, straight_line
from kerma.science.measure.region import Region, inside
from kerma.science.measure.spread_function import Profile
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
STANDS_OUT = 12.0
"""A line is one when it lies this many standard deviations above all other lines."""
SQUARE = 0.01
"""Pixels whose sides differ by more than this share are not square."""
CLIPPED_SHARE = 0.02
"""More pixels than this share at the highest value are no dust but a saturated side."""
STEEPEST_DEG = 10.0
"""Beyond this tilt the MTF is that of a direction between the axes."""
CURVED_PX = 0.15
ASTRAY_SHARE = 0.15
"""More of the pixels on the slope than this share cannot be dust."""
UNEVEN_SHARE = 0.12
FINEST_LEVEL = 0.02
FREQUENCIES_PX = np.linspace(0.0, 1.0, 101)
"""Where the MTF is listed, in cycles per pixel: to twice the Nyquist frequency."""
LEVELS = {"mtf50": 0.5, "mtf20": 0.2, "mtf10": 0.1}


@dataclass(frozen=True)
class Transfer:
    """A measured MTF: the profile it comes from, and its values over cycles per pixel."""

    profile: Profile
    modulation: Floats
    errors: Floats
    is_mixture: bool

    def at(self, frequency_px: Floats) -> Floats:
        """Return the MTF at frequencies in cycles per pixel."""
        return np.interp(frequency_px, FREQUENCIES_PX, self.modulation)


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, line: str = "edge"
) -> Measurement | NotMeasurable:
    """Return the presampled MTF across an edge or slit, the aperture of the pixel included.

    The line may lie in any direction and rise either way; tilts of 1 to 10 degrees to the rows or columns are meant,
    and frequencies are along the normal of the line. ``mtf`` is listed over ``frequency_lp_mm`` to twice the Nyquist
    frequency. ``srb_mtf20_um`` is half the period at 20 %. Without a scale only the values per pixel are given.
    A slit is taken as infinitely narrow. Method after IEC 62220-1; uncertainties are standard deviations from noise.
    """
    pixel_mm = pitch_mm(image)
    inputs: dict[str, Value] = {
        "plane": plane,
        "region": list(region.as_json()) if region else None,
        "spacing_mm": pixel_mm,
        "spacing_origin": image.spacing.label,
        "line": line,
    }
    found = transfer(image, plane=plane, region=region, what=line)
    if isinstance(found, str):
        return NotMeasurable("mtf", VERSION, found, inputs)
    values, uncertainties = _values(found, pixel_mm)
    how = (
        "mixture of Gaussians that agrees with it within noise" if found.is_mixture else "profile itself, noise removed"
    )
    return Measurement(
        "mtf",
        VERSION,
        values,
        method=f"oversampled {line} profile by least squares on all pixels near the line; Fourier transform of the "
        f"{how}; presampled, pixel aperture included",
        inputs=inputs,
        uncertainties=uncertainties,
        source=Citation.of(table("iec_62220-1/regions")),
        warnings=_warnings(image, found, pixel_mm, region),
    )


def pitch_mm(image: Image) -> float | None:
    """Return the distance between pixel centres in mm; None where it is not known or the pixels are not square."""
    row_mm, column_mm = image.spacing.row_mm, image.spacing.column_mm
    if row_mm is None or column_mm is None or abs(row_mm / column_mm - 1) > SQUARE:
        return None
    return row_mm


def transfer(image: Image, *, plane: int, region: Region | None, what: str = "edge") -> Transfer | str:
    """Return the MTF of the one edge or slit of a region, or why there is none."""
    area = inside(image, region) if region else Region(0, 0, image.rows, image.columns)
    grey = image.pixels[plane][area.slices].astype(np.float64)
    mask = has_data(image, plane)
    known = None if mask is None else mask[area.slices]
    if known is not None:
        if known.mean() < 0.5:
            return "more than half of the region carries no data"
        grey = np.where(known, grey, np.median(grey[known]))
    if _is_clipped(image, grey):
        return "a side of the region is saturated: its values are no measure of dose; expose less"
    is_edge = what == "edge"
    coarse = straight_line.find(grey, is_edge=is_edge)
    if coarse is None or coarse.strength < STANDS_OUT:
        return f"no straight {what} stands out in the region; give a region that holds one {what} and little else"
    if coarse.second_share > straight_line.SECOND_SHARE:
        return f"the region holds more than one straight {what}; give one that holds a single one"
    line = straight_line.refined(grey, coarse.line, reach_px=max(15.0, max(grey.shape) / 60), is_edge=is_edge)
    profile = spread_function.fit(grey, line, is_edge=is_edge, has_data=known)
    if isinstance(profile, str):
        return profile
    reason = _doubt(profile, what)
    if reason:
        return reason
    mixture = spread_mixture.fitted(profile)
    modulation, errors = (
        spread_function.transform(profile, FREQUENCIES_PX) if mixture is None else mixture.transfer(FREQUENCIES_PX)
    )
    return Transfer(profile, modulation, errors, mixture is not None)


def _is_clipped(image: Image, grey: Floats) -> bool:
    """Return whether more than a few pixels stand at the highest value the image can hold."""
    if not np.issubdtype(image.pixels.dtype, np.integer):
        return False
    ceiling = min(2**image.bits - 1, int(np.iinfo(image.pixels.dtype).max))
    return float((grey >= ceiling).mean()) > CLIPPED_SHARE


def _doubt(profile: Profile, what: str) -> str:
    """Return why the profile is none of a straight, single, oversampled line; empty where it is one."""
    if profile.outliers_near_share > ASTRAY_SHARE:
        share = f"{100 * profile.outliers_near_share:.0f} %"
        return f"{share} of the pixels on the {what} do not follow a straight line: it is bent, rough or covered"
    if profile.sagitta_px > CURVED_PX + 4 * profile.sagitta_error_px:
        return f"the {what} is not straight: it bends by {profile.sagitta_px:.2f} pixels over the region"
    if profile.widest_gap_px > spread_function.GAP_PX:
        return (
            f"at a tilt of {profile.line.tilt_deg:.2f} degrees all lines of pixels see the {what} alike, so it cannot "
            "be oversampled; tilt it by 1.5 to 3 degrees to the rows or columns"
        )
    if profile.unevenness_share > UNEVEN_SHARE:
        return f"beside the {what} lies other structure; give a region that holds the {what} and two level sides"
    if profile.noise_share > 1.5:
        return f"the noise is {profile.noise_share:.1f} times the step of the {what}: no MTF can be read from it"
    return ""


def _values(found: Transfer, pixel_mm: float | None) -> tuple[dict[str, Value], dict[str, float]]:
    per_mm = 1 / pixel_mm if pixel_mm else None
    values: dict[str, Value] = {}
    uncertainties: dict[str, float] = {}
    for key, level in LEVELS.items():
        at, error = crossing(found.modulation, found.errors, level)
        values[f"{key}_lp_px"] = at
        values[f"{key}_lp_mm"] = at * per_mm if at is not None and per_mm else None
        if at is not None:
            uncertainties[f"{key}_lp_px"] = error
            if per_mm:
                uncertainties[f"{key}_lp_mm"] = error * per_mm
    at_20 = values["mtf20_lp_mm"]
    values["srb_mtf20_um"] = 500 / at_20 if isinstance(at_20, float) else None
    profile = found.profile
    values |= {
        "nyquist_lp_mm": 0.5 * per_mm if per_mm else None,
        "mtf_at_nyquist": float(found.at(np.array([0.5]))[0]),
        "edge_angle_deg": profile.line.tilt_deg,
        "edge_direction": "across columns" if profile.line.is_upright else "across rows",
        "esf_noise_share": profile.noise_share,
        "step_stored": profile.step_stored,
        "blur_standard_deviation_px": profile.width_px,
        "pixels_used": profile.pixels,
        "pixels_left_out": profile.outliers,
        "frequency_lp_px": FREQUENCIES_PX.tolist(),
        "frequency_lp_mm": (FREQUENCIES_PX * per_mm).tolist() if per_mm else None,
        "mtf": found.modulation.tolist(),
        "mtf_standard_errors": found.errors.tolist(),
    }
    uncertainties |= {"edge_angle_deg": profile.angle_error_deg, "mtf_at_nyquist": float(found.errors[50])}
    return values, uncertainties


def crossing(modulation: Floats, errors: Floats, level: float) -> tuple[float | None, float]:
    """Return where the MTF first falls to a level, in cycles per pixel, and its standard error; None if nowhere."""
    below = np.flatnonzero(modulation < level)
    if below.size == 0 or below[0] == 0:
        return None, 0.0
    after = int(below[0])
    high, low = modulation[after - 1], modulation[after]
    step = FREQUENCIES_PX[1]
    slope = max(float(high - low) / step, 1e-9)
    return float(FREQUENCIES_PX[after - 1] + (high - level) / slope), float(errors[after]) / slope


def _warnings(image: Image, found: Transfer, pixel_mm: float | None, region: Region | None) -> tuple[str, ...]:
    profile = found.profile
    warnings = list(linearity_warnings(image))
    if pixel_mm is None:
        warnings.append(
            "the scale is not known, or the pixels are not square: frequencies are per pixel only; give spacing_mm"
        )
    else:
        needed = {row["quantity"]: float(row["value"]) for row in table("iec_62220-1/regions")}
        lengths = sorted((region.height, region.width) if region else (image.rows, image.columns))
        across, along = needed["edge_region_across_mm"], needed["edge_region_along_mm"]
        if lengths[0] * pixel_mm < across * 0.999 or lengths[1] * pixel_mm < along * 0.999:
            warnings.append(f"the region is below the {across:g} x {along:g} mm the standard asks for")
    if profile.line.tilt_deg > STEEPEST_DEG:
        warnings.append(
            f"the tilt is {profile.line.tilt_deg:.1f} degrees: the MTF is that along the normal of the line, not along "
            "rows or columns"
        )
    if crossing(found.modulation, found.errors, LEVELS["mtf10"])[0] is None:
        warnings.append("the MTF does not fall to 10 % within twice the Nyquist frequency")
    if float(found.errors[:51].max()) > FINEST_LEVEL:
        warnings.append(
            f"noise leaves the MTF uncertain by {found.errors[:51].max():.3f}: a longer edge or more dose helps"
        )
    return tuple(warnings)
