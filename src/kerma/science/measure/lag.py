"""Image lag: what is left of an exposure in the frames after the beam has gone off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.science.imaging.frame_statistics import exact_median, frame_mean
from kerma.science.imaging.image import Image
from kerma.science.imaging.values import has_data, linearity_warnings
from kerma.science.measure.region import Region, inside
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
Floats = NDArray[np.float64]
LIT_SHARE = 0.5
"""A frame is lit when its level lies above this share of the highest."""
PARTLY_LIT_PERCENT = 20.0


def measure(
    frames: Image, darks: Image, *, region: Region | None = None, frame_time_s: float | None = None
) -> Measurement | NotMeasurable:
    """Return the residual signal after the last lit frame, in percent of the signal while the beam was on.

    ``frames`` are a sequence in which the beam goes off; ``darks`` frames taken long after any exposure. Lag is
    (after - offset) / (on - offset) * 100 of the medians over the region, at the first frame, at the last, and, with
    the time of a frame, at 60 s. The on-signal is that of the last lit frame but one, as the last may be lit in part.
    """
    area = inside(frames, region) if region else Region(0, 0, frames.rows, frames.columns)
    inputs: dict[str, Value] = {
        "region": list(area.as_json()),
        "frame_time_s": frame_time_s,
        "frames": frames.planes,
        "dark_frames": darks.planes,
    }
    found = _levels(frames, darks, area)
    if isinstance(found, str):
        return NotMeasurable("lag", VERSION, found, inputs)
    levels, noise = found
    lit = np.flatnonzero(levels > LIT_SHARE * levels.max())
    last = int(lit[-1])
    on = float(levels[last - 1]) if lit.size > 1 and last - 1 in lit else float(levels[last])
    if last == levels.size - 1:
        return NotMeasurable(
            "lag", VERSION, "the beam is on in the last frame: frames after it went off are needed", inputs
        )
    percent = 100 * levels[last + 1 :] / on
    late_s = next(float(row["value"]) for row in table("astm_e2597/lag") if row["quantity"] == "late_time_s")
    values: dict[str, Value] = {
        "lag_first_frame_percent": float(percent[0]),
        "lag_last_frame_percent": float(percent[-1]),
        "lag_60_s_percent": _late(percent, frame_time_s, late_s),
        "on_stored": on,
        "last_lit_plane": last,
        "frames_after": int(percent.size),
        "lag_percent": percent.tolist(),
    }
    if frame_time_s:
        values["time_s"] = (frame_time_s * np.arange(1, percent.size + 1)).tolist()
    error = 100 * noise / on
    return Measurement(
        "lag",
        VERSION,
        values,
        method="median over the region of frame less mean dark frame, over that while the beam was on",
        inputs=inputs,
        uncertainties={"lag_first_frame_percent": error, "lag_last_frame_percent": error},
        source=Citation.of(table("astm_e2597/lag")),
        warnings=_warnings(frames, values, frame_time_s, late_s),
    )


def _levels(frames: Image, darks: Image, area: Region) -> tuple[Floats, float] | str:
    """Return the median signal of each frame and its standard error, or why there is none."""
    if (frames.rows, frames.columns) != (darks.rows, darks.columns):
        return f"frames of {frames.rows} x {frames.columns} and darks of {darks.rows} x {darks.columns} do not match"
    if frames.planes < 2:
        return "one frame was given: a sequence of frames is needed, lit ones first and then dark ones"
    offset = frame_mean(darks.pixels[:, area.slices[0], area.slices[1]])
    sign = -1.0 if frames.rises_with_dose is False else 1.0
    levels = []
    for plane in range(frames.planes):
        mask = has_data(frames, plane)
        signal = np.subtract(frames.pixels[plane][area.slices], offset, dtype=np.float64)
        known = np.isfinite(signal) if mask is None else np.isfinite(signal) & mask[area.slices]
        signal = signal if known.all() else signal[known]
        if signal.size == 0:
            return f"frame {plane} holds no data in the region"
        levels.append(sign * exact_median(signal))
    spread = 1.2533 * float(signal.std()) / signal.size**0.5
    found = np.array(levels)
    if found.max() <= max(5 * spread, 1e-12):
        return "no frame is brighter than the darks: the beam was never on"
    return found, spread


def _late(percent: Floats, frame_time_s: float | None, late_s: float) -> float | None:
    if frame_time_s is None or late_s > frame_time_s * percent.size * (1 + 1e-9) or late_s < frame_time_s:
        return None
    return float(np.interp(late_s, frame_time_s * np.arange(1, percent.size + 1), percent))


def _warnings(frames: Image, values: dict[str, Value], frame_time_s: float | None, late_s: float) -> tuple[str, ...]:
    warnings = list(linearity_warnings(frames))
    first = values["lag_first_frame_percent"]
    if isinstance(first, float) and first > PARTLY_LIT_PERCENT:
        warnings.append(
            f"the first frame holds {first:.0f} % of the signal: the beam may still have been on in part of it"
        )
    if values["lag_60_s_percent"] is None:
        what = "give frame_time_s" if frame_time_s is None else "the sequence is too short or its frames too long"
        warnings.append(f"the lag at {late_s:g} s is not known: {what}")
    return tuple(warnings)
