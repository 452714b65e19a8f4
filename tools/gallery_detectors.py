"""Figures of the detector measurements: what is measured, and bias and spread against exact truth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from gallery_drawing import BLUE, GREEN, GREY, ORANGE, RED, Plot, below, beside, box, draw, shown
from PIL import Image as Picture

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import detectors
from kerma.science.imaging.image import Image
from kerma.science.measure import nps as noise_power
from kerma.science.measure import run
from kerma.science.measure.bad_pixels import classify
from kerma.science.results import Measurement

COLOURS = (BLUE, RED, GREEN, ORANGE)


def _measured(name: str, *images: Image, **options: object) -> Measurement:
    result = run(name, *images, **options)
    if not isinstance(result, Measurement):
        raise SystemExit(f"{name}: {result.reason}")
    return result


def _spread(plot: Plot, across: float, found: list[float], colour: tuple[int, int, int]) -> None:
    """Draw mean and extremes of what was found at one place."""
    plot.line([(across, min(found)), (across, max(found))], colour, 3)
    plot.dots([(across, float(np.mean(found)))], colour)


def mtf() -> Picture.Image:
    """An edge with dust, its MTF beside the truth; the largest error over noise for four blurs."""
    pixels = detectors.edge((400, 300), tilt_deg=2.5, sigma_px=0.8, snr=50)
    pixels[np.random.default_rng(2).random(pixels.shape) < 0.002] = 0
    picture = shown(pixels, width=300)
    values = _measured("mtf", detectors.image(pixels)).values
    frequency = np.array(values["frequency_lp_mm"])
    plot = Plot(560, 400, (0, 10), (0, 1.05), "lp/mm (pixel 0.1 mm)", "MTF, presampled")
    truth = detectors.edge_mtf(frequency * 0.1, tilt_deg=2.5, sigma_px=0.8)
    plot.line(list(zip(frequency, truth, strict=True)), RED, 5)
    plot.line(list(zip(frequency, values["mtf"], strict=True)), BLUE, 2)
    plot.word(5.2, 0.98, f"angle {values['edge_angle_deg']:.3f}° (true 2.5°)")
    plot.word(5.2, 0.91, f"MTF50 {values['mtf50_lp_mm']:.2f} lp/mm, MTF10 {values['mtf10_lp_mm']:.2f} lp/mm")
    plot.word(5.2, 0.84, "truth", RED)
    plot.word(5.2, 0.77, "measured, with dust and SNR 50", BLUE)
    plot.mark(5, "Nyquist", GREY, drop=14)
    errors = Plot(874, 300, (1.2, 2.8), (0, 0.03), "log10 of the signal-to-noise ratio", "largest error of the MTF")
    errors.line([(1.2, 0.02), (2.8, 0.02)], GREY)
    errors.word(2.79, 0.0203, "tolerance 0.02", GREY, "rb")
    for place, (sigma, colour) in enumerate(zip((0.1, 0.5, 1.0, 2.5), COLOURS, strict=True)):
        for snr in (20, 50, 100, 200, 500):
            found = [_error(tilt, sigma, snr) for tilt in (1.3, 3.1, -5.7, 9.4)]
            _spread(errors, float(np.log10(snr)) + 0.02 * (place - 1.5), found, colour)
        errors.word(1.9, 0.0185 - 0.002 * place, f"Gaussian blur {sigma} px and the pixel", colour)
    return below(beside(picture, plot.picture), errors.picture)


def _error(tilt_deg: float, sigma_px: float, snr: float) -> float:
    pixels = detectors.edge((600, 200), tilt_deg=tilt_deg, sigma_px=sigma_px, snr=snr, seed=int(snr))
    values = _measured("mtf", detectors.image(pixels)).values
    frequency = np.array(values["frequency_lp_px"])[:51]
    truth = detectors.edge_mtf(frequency, tilt_deg=tilt_deg, sigma_px=sigma_px)
    return float(np.abs(np.array(values["mtf"])[:51] - truth).max())


def nps() -> Picture.Image:
    """Two-dimensional noise power, and the radial power of white and filtered noise beside the truth."""
    from scipy.ndimage import gaussian_filter

    white = 5000 + np.random.default_rng(1).normal(0, 50, (4, 768, 768))
    plot = Plot(560, 320, (0, 5), (0, 30), "lp/mm (pixel 0.1 mm)", "noise power in stored^2 mm^2")
    for place, (sigma, colour) in enumerate(zip((0.0, 0.5, 1.0), COLOURS, strict=False)):
        noise = gaussian_filter(white, (0, sigma, sigma), mode="wrap") if sigma else white
        found = noise_power.spectrum(detectors.image(noise))
        frequency, power, _ = found.radial()
        point = np.zeros((found.side_px, found.side_px))
        point[0, 0] = 1.0
        response = np.fft.rfft2(gaussian_filter(point, sigma, mode="wrap") if sigma else point)
        truth = replace(found, power_px=2500 * np.abs(response) ** 2).radial()[1]
        plot.line(list(zip(frequency * 10, truth * 0.01, strict=True)), GREY, 2)
        plot.dots(list(zip(frequency * 10, power * 0.01, strict=True)), colour)
        words = f"blur {sigma} px: integral / variance {_integral(noise):.4f}"
        plot.word(4.9, 21.5 - 1.8 * place, words, colour, "ra")
    half = np.log(np.fft.fftshift(found.power_px, axes=0) + 1)
    return beside(shown(np.concatenate([half[:, :0:-1], half], axis=1), width=300), plot.picture)


def _integral(noise: np.ndarray) -> float:
    values = _measured("nps", detectors.image(noise)).values
    return float(values["integral_stored2"] / values["variance_stored2"])


def dqe() -> Picture.Image:
    """DQE of detectors that see 100, 60 and 25 % of the quanta, beside the truth."""
    plot = Plot(700, 360, (0, 5), (0, 1.15), "lp/mm (pixel 0.1 mm)", "DQE")
    quanta = 3000.0
    generator = np.random.default_rng(5)
    mean = detectors.edge((1500, 240), tilt_deg=2.5, sigma_px=0.01, snr=0, contrast=0.8, level=quanta)
    edge, flats = generator.poisson(mean), generator.poisson(quanta, (8, 512, 512))
    kerma = quanta / detectors.PITCH_MM**2 / 29_653
    for place, (share, colour) in enumerate(zip((1.0, 0.6, 0.25), COLOURS, strict=False)):
        seen = [detectors.image(generator.binomial(part, share).astype(float)) for part in (edge, flats)]
        values = _measured("dqe", *seen, air_kerma_ugy=kerma).values
        frequency = np.array(values["frequency_lp_mm"])
        truth = share * detectors.edge_mtf(frequency * 0.1, tilt_deg=2.5, sigma_px=0) ** 2
        plot.line(list(zip(frequency, truth, strict=True)), GREY)
        plot.dots(list(zip(frequency, values["dqe"], strict=True)), colour)
        words = f"{share:.0%} of the quanta seen: DQE at 0 = {values['dqe_at_0']:.3f}"
        plot.word(4.9, 1.12 - 0.07 * place, words, colour, "ra")
    return plot.picture


def uniformity() -> Picture.Image:
    """A field with shading and one block that is 2 % brighter, and its block means."""
    pixels = 10_000 + np.random.default_rng(1).normal(0, 60, (480, 600))
    pixels *= 1 + 0.04 * np.linspace(-1, 1, 600)
    pixels[200:240, 320:360] *= 1.02
    values = _measured("uniformity", detectors.image(pixels), block_px=40).values
    picture = shown(pixels, width=420)
    row, column = values["local_worst_row_px"], values["local_worst_column_px"]
    box(picture, (row - 20, column - 20, 40, 40), 0.7, RED, f"local {values['local_percent']:.2f} %")
    plot = Plot(420, 336, (0, 600), (9400, 10_700), "column", "mean of block in stored values")
    for first in range(0, 480, 40):
        means = pixels[first : first + 40].reshape(40, 15, 40).mean(axis=(0, 2))
        plot.line(list(zip(np.arange(15) * 40 + 20, means, strict=True)), RED if first == 200 else BLUE, 1)
    plot.word(20, 10_640, f"global {values['global_percent']:.2f} %, shading {values['shading_percent']:.2f} %")
    return beside(picture, plot.picture)


def lag() -> Picture.Image:
    """Planted lag and what is measured of it, frame by frame."""
    generator = np.random.default_rng(1)
    planted = np.array([2.0, 1.2, 0.8, 0.55, 0.4, 0.3, 0.24, 0.2])
    frames = [generator.normal(500 + 200 * level, 20, (100, 120)) for level in (100, 100, 100, *planted)]
    darks = generator.normal(500, 20, (8, 100, 120))
    values = _measured("lag", detectors.image(np.stack(frames)), detectors.image(darks), frame_time_s=10).values
    plot = Plot(620, 320, (0, 85), (0, 2.3), "seconds after the beam went off", "lag in %")
    plot.line(list(zip(values["time_s"], planted, strict=True)), GREY)
    plot.dots(list(zip(values["time_s"], values["lag_percent"], strict=True)), BLUE)
    plot.mark(60, f"60 s: {values['lag_60_s_percent']:.3f} %", RED)
    plot.word(12, 2.05, f"first frame: {values['lag_first_frame_percent']:.3f} %", BLUE)
    return plot.picture


def ghosting() -> Picture.Image:
    """A flat before and after a strong exposure of one place, and what is measured over many noises."""
    plot = Plot(420, 300, (0, 3.2), (-0.5, 3.4), "burn-in planted in %", "measured in %")
    plot.line([(0, 0), (3.2, 3.2)], GREY)
    for planted in (0.0, 0.5, 1.0, 2.0, 3.0):
        found = [_burn_in(planted, seed)[1] for seed in range(12)]
        _spread(plot, planted, found, BLUE)
    after, value = _burn_in(2.0, 3)
    picture = shown(after, width=360)
    box(picture, (60, 80, 40, 40), 2, RED, f"burn-in {value:.2f} %")
    return beside(picture, plot.picture)


def _burn_in(planted: float, seed: int) -> tuple[np.ndarray, float]:
    generator = np.random.default_rng(seed)
    before, after = generator.normal(20_000, 150, (2, 150, 180))
    after = 1.2 * after
    after[60:100, 80:120] *= 1 + planted / 100
    images = detectors.image(before), detectors.image(after)
    return after, float(_measured("ghosting", *images, region=(60, 80, 40, 40)).values["burn_in_percent"])


def drift() -> Picture.Image:
    """Planted drift of gain and what is measured of it, on the whole and from pixel to pixel."""
    plot = Plot(620, 320, (0, 5.2), (0, 5.2), "drift planted in %", "measured in %")
    plot.line([(0, 0), (5.2, 5.2)], GREY)
    generator = np.random.default_rng(1)
    darks = detectors.image(generator.normal(500, 5, (4, 120, 150)))
    gain = 1 + generator.normal(0, 0.02, (120, 150))
    first = detectors.image(500 + 20_000 * gain + generator.normal(0, 30, (8, 120, 150)))
    for planted in np.arange(0, 5.1, 0.5):
        pattern = 1 + generator.normal(0, planted / 100, gain.shape)
        whole = 500 + 20_000 * gain * pattern * (1 + planted / 100) + generator.normal(0, 30, (8, 120, 150))
        values = _measured("drift", darks, first, darks, detectors.image(whole)).values
        plot.dots([(float(planted), values["gain_percent"])], BLUE)
        plot.dots([(float(planted), values["gain_pattern_percent"])], ORANGE)
    plot.word(0.15, 5.0, "gain, median over pixels", BLUE)
    plot.word(0.15, 4.65, "gain, spread from pixel to pixel", ORANGE)
    return plot.picture


def flat_field() -> Picture.Image:
    """A weld-like step seen by an uneven detector with dead pixels, before and after correction."""
    from kerma.science.imaging.flat_field import prepared

    generator = np.random.default_rng(2)
    shape = (240, 320)
    gain = (1 + generator.normal(0, 0.03, shape)) * (1 + generator.normal(0, 0.03, shape[1]))
    gain[generator.random(shape) < 0.002] = 0
    gain[:, 200] = 0
    row = np.mgrid[: shape[0], : shape[1]][0]
    scene = 12_000 - 5000 / (1 + np.exp(-(row - 120) / 12.0))

    def seen(signal: np.ndarray | float, frames: int) -> Image:
        return detectors.image(800 + gain * signal + generator.normal(0, 40, (frames, *shape)))

    image, flats, darks = seen(scene, 1), seen(20_000.0, 16), seen(0.0, 16)
    after = prepared(flats, darks).corrected(image)
    values = _measured("flat_field", image, flats, darks, region=(0, 0, 60, 180)).values
    pictures = [shown(one.pixels[0], width=420) for one in (image, after)]
    for picture, when in zip(pictures, ("before", "after"), strict=True):
        words = (
            f"{when}: columns {values[f'column_{when}_percent']:.2f} %, pixels {values[f'pixel_{when}_percent']:.2f} %"
        )
        box(picture, (14, 3, 46, 177), 420 / 320, RED, words)
    return beside(*pictures)


def bad_pixels() -> Picture.Image:
    """Planted bad pixels, lines and clusters, each class in its colour."""
    generator = np.random.default_rng(1)
    shape = (72, 110)
    flats = 1000 + 20_000 + generator.normal(0, 60, (16, *shape))
    darks = 1000 + generator.normal(0, 5, (32, *shape))
    plants = {
        0.0: [(5, 8), (0, 0), (slice(None), 70), (slice(40, 43), slice(20, 23)), (60, slice(85, 104))],
        1.5: [(20, 40), (30, 95), (41, slice(23, 25))], 0.5: [(55, 50), (10, 90)], 1.03: [(25, 15), (65, 35), (50, 80)],
    }  # fmt: skip
    for factor, places in plants.items():
        for place in places:
            at = (slice(None), *place)
            flats[at] = 1000 + factor * (flats[at] - 1000)
    for place in ((15, 55), (48, 100), (66, 12)):
        darks[(slice(None), *place)] = 1000 + 12 * (darks[(slice(None), *place)] - 1000)
    images = detectors.image(detectors.counts(flats)), detectors.image(detectors.counts(darks))
    found, values = classify(*images), _measured("bad_pixels", *images).values
    colours = {"dead": RED, "over": ORANGE, "under": BLUE, "noisy": GREY, "nonuniform": GREEN}
    picture = np.full((*shape, 3), 222, np.uint8)
    for name, colour in colours.items():
        picture[getattr(found, name)] = colour
    large = Picture.fromarray(picture).resize((shape[1] * 5, shape[0] * 5), Picture.Resampling.NEAREST)
    words = Plot(330, 360, (0, 1), (0, 1), "", "")
    words.picture.paste((255, 255, 255), (0, 0, 330, 360))
    for place, name in enumerate(colours):
        words.word(-0.2, 1 - 0.09 * place, f"{name}: {values[name]}", colours[name])
    rest = ("lines", "clusters", "relevant_clusters", "cluster_kernel_pixels", "largest_cluster_px", "total")
    for place, name in enumerate(rest, len(colours)):
        words.word(-0.2, 1 - 0.09 * place, f"{name.replace('_', ' ')}: {values[name]}")
    return beside(large, words.picture)


def focal_spot() -> Picture.Image:
    """Measured size over true size of Gaussian focal spots, at magnification 2."""
    plot = Plot(620, 340, (0, 1.3), (0, 1.4), "true full width at half maximum in mm", "measured in mm")
    plot.line([(0, 0), (1.3, 1.3)], GREY)
    shape, blur = (500, 240), 0.6
    contact = detectors.image(detectors.edge(shape, tilt_deg=2.5, sigma_px=blur, snr=100))
    for width in (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.2):
        sigma = float(np.hypot(blur, width / 2.3548 / detectors.PITCH_MM))
        edges = [detectors.edge(shape, tilt_deg=2.5, sigma_px=sigma, snr=100, seed=seed) for seed in range(2, 8)]
        results = [_measured("focal_spot", detectors.image(edge), contact, magnification=2.0) for edge in edges]
        _spread(plot, width, [result.values["gaussian_fwhm_mm"] for result in results], BLUE)
    plot.word(0.03, 1.34, "six noises each, SNR 100; detector blur 0.06 mm and pixel 0.1 mm taken out")
    return plot.picture


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    function.__name__: function
    for function in (
        mtf, nps, dqe, uniformity, lag, ghosting, drift, flat_field, bad_pixels, focal_spot,
    )
}  # fmt: skip

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])
