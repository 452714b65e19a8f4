"""Pictures made by formulas for measurements of parts, plates and fields: pipe walls, pits, edges, fields, phantoms."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from scipy.special import ndtr

import gauge_pictures as gauges
from kerma.science.imaging.image import Image, Spacing
from kerma.standards import table

FINER = 4
OPEN_STORED = 40000.0


def image(grey: np.ndarray, pixel_mm: float | None = 0.1, source: str = "calibrated", **fields: object) -> Image:
    """Return a 16-bit linear image of grey values (row, column)."""
    stored = np.clip(np.rint(grey), 0, 65535).astype(np.uint16)
    spacing = Spacing(pixel_mm, pixel_mm, source) if pixel_mm else Spacing()
    planes = stored if stored.ndim == 3 else stored[None]
    return Image(planes, bits=16, **({"meaning": "raw", "rises_with_dose": True, "spacing": spacing} | fields))


def noisy(grey: np.ndarray, snr: float, seed: int = 0) -> np.ndarray:
    """Return grey values with noise that has this SNR at 40000 and goes with the root of the signal."""
    noise = np.random.default_rng(seed).normal(size=grey.shape)
    return grey + noise * np.sqrt(np.maximum(grey, 0) * OPEN_STORED) / snr if snr else grey


def pipe_wall(
    outer_radius_mm: float, wall_mm: float | np.ndarray, *, attenuation_1_mm: float = 0.05, source_axis_mm: float = 0.0,
    pixel_mm: float = 0.1, tilt_deg: float = 0.0, blur_px: float = 1.0, snr: float = 200.0, seed: int = 0,
    hardening: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """Return one wall of a pipe across, its outer edge about column 30; spacing at the plane of the axis.

    Chords are summed from the two circles with the ray's own distance to the axis, one row after the other.
    """
    rows, columns = 160, 400
    column = (np.arange(columns * FINER) + 0.5) / FINER - 0.5
    wall = np.broadcast_to(wall_mm, (rows,))
    lines = []
    for row in range(rows):
        at = (column - 30 - np.tan(np.radians(tilt_deg)) * (row - rows / 2)) * pixel_mm
        edge = outer_radius_mm
        if source_axis_mm:
            edge = source_axis_mm * np.tan(np.arcsin(outer_radius_mm / source_axis_mm))
        crossing = edge - at
        distance = source_axis_mm * np.sin(np.arctan(crossing / source_axis_mm)) if source_axis_mm else crossing
        metal = 2 * (
            np.sqrt(np.clip(outer_radius_mm**2 - distance**2, 0, None))
            - np.sqrt(np.clip((outer_radius_mm - wall[row]) ** 2 - distance**2, 0, None))
        )
        thick = attenuation_1_mm * metal
        signal = gaussian_filter1d(np.exp(-thick / (1 + hardening * thick)), blur_px * FINER, mode="nearest")
        lines.append(OPEN_STORED * signal.reshape(columns, FINER).mean(axis=1))
    return noisy(np.array(lines), snr, seed)


def pit(
    depth_mm: float, *, radius_px: float = 30.0, attenuation_1_mm: float = 0.05, snr: float = 150.0, seed: int = 0
) -> np.ndarray:
    """Return a plate of uneven thickness with a parabolic pit at row 150, column 200, and two calibration steps."""
    row, column = np.indices((300, 400))
    loss = np.clip(depth_mm * (1 - ((row - 150) ** 2 + (column - 200) ** 2) / radius_px**2), 0, None)
    thick = 12 + 0.002 * column - 0.001 * row - loss
    thick[:40, :40], thick[:40, 360:] = 8.0, 14.0
    return noisy(OPEN_STORED * np.exp(-attenuation_1_mm * thick), snr, seed)


def disc(
    radius_px: float, centre: tuple[float, float], *, blur_px: float = 1.2, noise: float = 200.0, seed: int = 0
) -> np.ndarray:
    """Return a dark disc on bright ground, sampled finely."""
    fine = (np.arange(400 * FINER) + 0.5) / FINER - 0.5
    away = np.hypot(fine[:, None] - centre[0], fine[None] - centre[1])
    inside = np.clip((radius_px - away) * FINER + 0.5, 0, 1)
    share = inside.reshape(400, FINER, 400, FINER).mean(axis=(1, 3))
    grey = gaussian_filter(20000 - 11000 * share, blur_px)
    return grey + np.random.default_rng(seed).normal(0, noise, grey.shape)


def field(
    centre: tuple[float, float], size: tuple[float, float], tilt_deg: float, *, shape: tuple[int, int] = (500, 640),
    has_object: bool = True, seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """Return a collimated field with a body in it that cuts the open beam in two."""
    row, column = np.indices(shape, dtype=float)
    turn = np.radians(tilt_deg)
    u = (column - centre[1]) * np.cos(turn) + (row - centre[0]) * np.sin(turn)
    v = -(column - centre[1]) * np.sin(turn) + (row - centre[0]) * np.cos(turn)
    # The half-height lies at the true edge whatever the pixels' phase.
    beam = ndtr((size[1] / 2 - np.abs(u)) / 1.5) * ndtr((size[0] / 2 - np.abs(v)) / 1.5)
    body = np.where((u / (0.3 * size[1])) ** 2 + (v / (0.6 * size[0])) ** 2 < 1, 0.08, 1.0) if has_object else 1.0
    grey = 200 + 20000 * beam * body
    return grey + np.random.default_rng(seed).normal(size=shape) * np.sqrt(grey) * 2


def edge_lines(
    shifts_px: np.ndarray, *, tilt_deg: float = 0.0, blur_px: float = 0.8, snr: float = 100.0, seed: int = 0
) -> np.ndarray:
    """Return an upright edge whose scan lines are shifted."""
    lines = np.arange(shifts_px.size)
    place = 80 + np.tan(np.radians(tilt_deg)) * (lines - lines.size / 2) + shifts_px
    fine = (np.arange(160 * 8) + 0.5) / 8 - 0.5
    grey = 5000 + 20000 * ndtr((fine[None] - place[:, None]) / blur_px).reshape(lines.size, 160, 8).mean(axis=2)
    return grey + np.random.default_rng(seed).normal(size=grey.shape) * grey / snr


def ruled(shifts_px: np.ndarray, *, period_px: float = 23.3, noise: float = 300.0, seed: int = 0) -> np.ndarray:
    """Return level lines at equal distances, sampled finely, whose scan lines are shifted."""
    fine = (np.arange(shifts_px.size * 8) + 0.5) / 8 + np.repeat(shifts_px, 8)
    bars = 10000 * (1 + 0.5 * np.sign(np.sin(2 * np.pi * fine / period_px))).reshape(-1, 8).mean(axis=1)
    grey = np.repeat(bars[:, None], 60, axis=1)
    return grey + np.random.default_rng(seed).normal(0, noise, grey.shape)


def phantom(*, snr: float = 300.0, pixel_mm: float = 0.05, seed: int = 0) -> np.ndarray:
    """Return the plate of ``kerma_stability/phantom``: 900 x 1500 pixels in 1200 x 1800, with its duplex gauge."""
    height, width, top, left = 900, 1500, 150, 150
    grey = np.full((1200, 1800), OPEN_STORED)
    plate = np.full((height, width), 2.0)
    for row in table("kerma_stability/phantom"):
        x, y, w, h = (float(row[key]) for key in ("x_share", "y_share", "width_share", "height_share"))
        rows = slice(round((y - h / 2) * height), round((y + h / 2) * height))
        columns = slice(round((x - w / 2) * width), round((x + w / 2) * width))
        if row["kind"] == "step":
            columns = slice(round((x - 0.1) * width), round((x + 0.1) * width))
            plate[round(0.45 * height) :, columns] = float(row["thickness_mm"])
        elif row["kind"] == "groove":
            # Wider than its region, as a groove is.
            rows = slice(rows.start - 10, rows.stop + 10)
            columns = slice(columns.start - 10, columns.stop + 10)
            plate[rows, columns] = float(row["thickness_mm"]) * (1 - float(row["recess_percent"]) / 100)
    grey[top : top + height, left : left + width] = OPEN_STORED * np.exp(-0.05 * plate)
    place, depth, _ = gauges.duplex_profile(gauges.Blur(gauss_mm=0.06, pixel_mm=pixel_mm), gap_mm=1.2)
    gauge = gauges.duplex_picture((place, depth), pixel_mm, snr=1e9, tilt_deg=2.5)
    rows, columns = min(gauge.shape[0], 260), min(gauge.shape[1], 1380)
    part = gauge[:rows, :columns] / np.median(gauge)
    grey[top + 40 : top + 40 + rows, left + 50 : left + 50 + columns] *= part
    return noisy(gaussian_filter(grey, 0.5), snr, seed)
