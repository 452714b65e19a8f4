"""Pictures of gauges made by formulas: duplex wires, wire and hole IQIs, line pairs, with exact truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from kerma.science.imaging.image import Image, Spacing

DUPLEX_MM = (0.8, 0.63, 0.5, 0.4, 0.32, 0.25, 0.2, 0.16, 0.13, 0.1, 0.08, 0.063, 0.05)
WIRES_MM = (
    3.2, 2.5, 2.0, 1.6, 1.25, 1.0, 0.8, 0.63, 0.5, 0.4, 0.32, 0.25, 0.2, 0.16, 0.125, 0.1, 0.08, 0.063, 0.05,
)  # fmt: skip
STEP_MM = 0.0025


def image(grey: np.ndarray, pixel_mm: float, **fields: object) -> Image:
    """Return a 16-bit image of grey values (row, column)."""
    stored = np.clip(np.rint(grey), 0, 65535).astype(np.uint16)
    return Image(stored[None], bits=16, **({"spacing": Spacing(pixel_mm, pixel_mm, "calibrated")} | fields))


@dataclass(frozen=True)
class Blur:
    """A point spread function: a box, the box of the pixel, and a Gaussian, one after the other."""

    box_mm: float = 0.0
    gauss_mm: float = 0.0
    pixel_mm: float = 0.0

    def of(self, profile: np.ndarray) -> np.ndarray:
        """Return a profile on the fine grid, blurred."""
        for width in (self.box_mm, self.pixel_mm):
            whole = 2 * int(width / STEP_MM / 2 - 0.5) + 1 if width > STEP_MM else 1
            rest = max(0.0, (width / STEP_MM - whole) / 2)
            kernel = np.array([rest, *np.ones(whole), rest])
            profile = np.convolve(profile, kernel / kernel.sum(), "same")
        return gaussian_filter1d(profile, self.gauss_mm / STEP_MM, mode="constant") if self.gauss_mm else profile


def duplex_profile(
    blur: Blur, *, gap_mm: float = 1.2, is_round: bool = False, widths_mm: tuple[float, ...] = DUPLEX_MM
) -> tuple[np.ndarray, np.ndarray, list[tuple[float, float]]]:
    """Return place and depth (1 at a wire's middle) on the fine grid, and middle and wire width of each pair."""
    middles, at = [], 4.0
    for width in widths_mm:
        middles.append((at + 1.5 * width, width))
        at += 3 * width + gap_mm
    place = (np.arange(int((at - gap_mm + 4.0) / STEP_MM)) + 0.5) * STEP_MM
    depth = np.zeros(place.size)
    for middle, width in middles:
        for side in (-1, 1):
            share = 2 * (place - middle - side * width) / width
            depth += np.sqrt(np.clip(1 - share**2, 0, None)) if is_round else (np.abs(share) < 1).astype(float)
    return place, blur.of(depth), middles


def exact_dips(place: np.ndarray, depth: np.ndarray, middles: list[tuple[float, float]]) -> np.ndarray:
    """Return the dips of a profile without noise, in percent."""
    dips = []
    for middle, width in middles:
        left = depth[(place > middle - 1.6 * width) & (place <= middle)].max()
        right = depth[(place >= middle) & (place < middle + 1.6 * width)].max()
        dips.append(100 * (1 - 2 * np.interp(middle, place, depth) / (left + right)))
    return np.array(dips)


def exact_srb_um(blur: Blur, *, is_round: bool = False) -> float:
    """Return the wire width whose dip is exactly 20 %, by halving."""
    low, high = 0.01, 1.2
    for _ in range(14):
        middle = (low + high) / 2
        profile = duplex_profile(blur, is_round=is_round, widths_mm=(middle,))
        low, high = (low, middle) if exact_dips(*profile)[0] > 20 else (middle, high)
    return 500 * (low + high)


def duplex_picture(
    profile: tuple[np.ndarray, np.ndarray], pixel_mm: float, *, tilt_deg: float = 3.0, contrast: float = 0.2,
    snr: float = 200.0, seed: int = 0, **more: float,
) -> np.ndarray:  # fmt: skip
    """Return grey values of a duplex gauge, wires 15 mm long; ``more``: sign, margin_mm, slope, bend, is_log.

    The profile is sampled at pixel centres, so its blur holds the pixel.
    """
    place, depth = profile
    margin = int(more.get("margin_mm", 0) / pixel_mm)
    rows, columns = int(15 / pixel_mm) + 2 * margin, int(place[-1] / pixel_mm)
    slope = np.tan(np.radians(tilt_deg))
    along = (np.arange(rows) - (rows - 1) / 2)[:, None]
    across = (np.arange(columns) + 0.5 - slope * along) * pixel_mm * np.cos(np.radians(tilt_deg))
    seen = np.interp(across, place, depth, left=0, right=0)
    seen[:margin] = seen[rows - margin :] = 0
    ramp = np.linspace(-1, 1, columns)
    base = 25000 * (1 + more.get("slope", 0) * ramp + more.get("bend", 0) * ramp**2)
    noise = np.random.default_rng(seed).normal(0, 25000 / snr, (rows, columns))
    return base * (1 - more.get("sign", 1) * contrast * seen) + noise


def wire_picture(
    first: int, pixel_mm: float, *, attenuation_mm: float = 0.05, snr: float = 200.0, tilt_deg: float = 2.0,
    seed: int = 0, **more: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return grey values of seven ISO wires, and each wire's detectability over 10 mm by the ideal observer.

    ``more``: pitch_mm, length_mm, blur_px, bend, bead (share lost in a stripe across the wires), sign, is_reversed.
    """
    widths = WIRES_MM[first - 1 : first + 6]
    pitch, blur_px, fine = more.get("pitch_mm", 5.0), more.get("blur_px", 1.0), 5
    rows, columns = int(more.get("length_mm", 25) / pixel_mm), int(8 * pitch / pixel_mm)
    along = (np.arange(rows) - (rows - 1) / 2)[:, None] * pixel_mm
    across = (np.arange(columns * fine) + 0.5) / fine * pixel_mm - np.tan(np.radians(tilt_deg)) * along
    across *= np.cos(np.radians(tilt_deg))
    chord = np.zeros(across.shape)
    for number, width in enumerate(widths[::-1] if more.get("is_reversed") else widths, start=1):
        chord += 2 * np.sqrt(np.clip((width / 2) ** 2 - (across - pitch * number) ** 2, 0, None))
    shadow = gaussian_filter(attenuation_mm * chord.reshape(rows, columns, fine).mean(axis=2), blur_px)
    ramp, down = np.linspace(-1, 1, columns), np.linspace(-1, 1, rows)[:, None]
    base = 30000 * (1 + more.get("bend", 0) * (ramp**2 + 0.5 * ramp * down))
    base = base * np.where(np.abs(down) < 0.3, 1 - more.get("bead", 0), 1)
    noise = np.random.default_rng(seed).normal(0, 30000 / snr, (rows, columns))
    place = np.arange(-600, 601) / fine * pixel_mm
    ideal = []
    for width in widths:
        wire = 2 * attenuation_mm * np.sqrt(np.clip((width / 2) ** 2 - place**2, 0, None))
        wire = gaussian_filter1d(np.convolve(wire, np.ones(fine) / fine, "same"), blur_px * fine)
        ideal.append(snr * float(np.sqrt((wire[::fine] ** 2).sum() * 10 / pixel_mm)))
    return base * np.exp(-more.get("sign", 1) * shadow) + noise, np.array(ideal)


def hole_picture(
    diameters_mm: tuple[float, ...], pixel_mm: float, *, contrast: float, snr: float, seed: int = 0, depth: str = "one"
) -> tuple[np.ndarray, np.ndarray]:
    """Return grey values of drilled holes in a row, and each hole's detectability by a disk against a wide background.

    ``depth`` *hole*: as deep as wide, against the first; *step*: two holes each below 0.8 mm.
    """
    pitch = 3 * max(diameters_mm)
    rows, columns = int(2.2 * pitch / pixel_mm), int(pitch * (len(diameters_mm) + 1) / pixel_mm)
    row, column = np.mgrid[:rows, :columns] * pixel_mm
    shadow, ideal = np.zeros((rows, columns)), []
    for number, diameter in enumerate(diameters_mm, start=1):
        strength = contrast * (diameter / diameters_mm[0] if depth == "hole" else 1)
        # Thin steps of ISO 19232-2 have two holes.
        for side in (-1, 1) if depth == "step" and diameter < 0.8 else (0,):
            distance = np.hypot(row - rows * pixel_mm / 2 - side * pitch / 4, column - pitch * number)
            # Edges of a pixel's width stand for the pixels that a hole covers in part.
            shadow += strength * np.clip((diameter / 2 - distance) / pixel_mm + 0.5, 0, 1)
        ideal.append(strength * snr * float(np.sqrt(np.pi / 4) * diameter / pixel_mm))
    noise = np.random.default_rng(seed).normal(0, 30000 / snr, (rows, columns))
    return 30000 * (1 + shadow) + noise, np.array(ideal)


def line_pair_picture(
    frequencies: tuple[float, ...], pixel_mm: float, blur_mm: float, *, snr: float = 200.0, seed: int = 0
) -> np.ndarray:
    """Return grey values of groups of four lines, blurred by a Gaussian and the pixel, tilted by 2 degrees."""
    at, edges = 3.0, []
    for frequency in frequencies:
        edges += [(at + line / frequency, at + (line + 0.5) / frequency) for line in range(4)]
        at += 4 / frequency + 1.5
    place = (np.arange(int((at + 2) / STEP_MM)) + 0.5) * STEP_MM
    depth = np.zeros(place.size)
    for first, last in edges:
        depth[(place > first) & (place < last)] = 1
    profile = place, Blur(gauss_mm=blur_mm, pixel_mm=pixel_mm).of(depth)
    return duplex_picture(profile, pixel_mm, tilt_deg=2.0, contrast=0.4, snr=snr, seed=seed)


def without_gauge() -> dict[str, np.ndarray]:
    """Return pictures of all sorts of lines, edges and textures that hold no gauge."""
    random = np.random.default_rng(3)
    size = (160, 900)
    row, column = np.mgrid[: size[0], : size[1]]
    noise = random.normal(0, 100, size)
    bars = np.repeat(random.integers(0, 2, (1, 130)), 7, axis=1)[:, :900]
    pair = (np.abs(np.abs(column * 0.05 - 22) - 0.4) < 0.2).astype(float)
    groups = np.zeros(size[1])
    at = 40.0
    for frequency in (1, 1.4, 2, 2.8, 4, 5.6, 8):
        for _ in range(4):
            groups[int(at) : int(at + 10 / frequency)] = 1
            at += 20 / frequency
        at += 30
    plain = {
        "flat": np.zeros(size),
        "texture": 5000 * gaussian_filter(random.normal(size=size), 5) * 10,
        "stripes": 5000 * gaussian_filter(random.normal(size=(1, 900)), (0, 3)) * 4 + 0 * row,
        "edge": np.where(column > 450 + row * 0.05, 10000.0, 0),
        "level edge": np.where(row > 60 + column * 0.05, 10000.0, 0),
        "bar": np.where((column > 300) & (column < 600), 8000.0, 0),
        "equal lines": 5000 * (column % 20 < 10),
        "equal pairs": 5000 * ((column % 100 < 10) | ((column % 100 >= 20) & (column % 100 < 30))),
        "barcode": 5000.0 * bars + 0 * row,
        "line pairs": 6000 * gaussian_filter1d(groups, 1) + 0 * row,
        "one pair": 5000 * pair,
        "grid": 3000 * ((column % 40 < 3) | (row % 40 < 3)),
        "sine": 3000 * np.sin(column / 8),
        "chirp": 3000 * np.sin((column / 60.0) ** 2.2),
    }
    return {name: 40000 - gaussian_filter(one.astype(float), 0.8) + noise for name, one in plain.items()}
