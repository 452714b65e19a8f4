"""Draw the figures of the gauges: readings over true values, docs/science/pictures/<name>.png."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from gallery_drawing import BLUE, GREY, RED, Plot, below, saved_colours, shown
from PIL import Image as Picture

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import gauge_pictures as gauges  # noqa: E402  the tests' formulas make the pictures
from kerma.science.measure import run  # noqa: E402
from kerma.science.results import Measurement  # noqa: E402


def duplex() -> Picture.Image:
    """A gauge, and iSRb read over its true value for several tilts and noises."""
    blur = gauges.Blur(box_mm=0.15, pixel_mm=0.05)
    place, depth, _ = gauges.duplex_profile(blur)
    picture = shown(gauges.duplex_picture((place, depth), 0.05, snr=100)[::2, ::2], width=640)
    plot = Plot(640, 300, (60, 320), (-6, 6), "true resolution in um", "error of iSRb in %, 5 % tolerance dashed grey")
    for limit in (-5, 5):
        plot.line([(60, limit), (320, limit)], GREY)
    blurs = [gauges.Blur(gauss_mm=0.68 * srb_mm, pixel_mm=0.1) for srb_mm in (0.08, 0.12, 0.19, 0.28)]
    truths = [gauges.exact_srb_um(seen) for seen in blurs]
    for snr, colour in ((50, RED), (200, BLUE)):
        points = []
        for number, (seen, truth) in enumerate(zip(blurs, truths, strict=True)):
            profile = gauges.duplex_profile(seen)
            for tilt in (-4, 0, 2):
                grey = gauges.duplex_picture(profile[:2], 0.1, snr=snr, tilt_deg=tilt, seed=number)
                found = run("duplex", gauges.image(grey, 0.1)).values["isrb_um"]
                points.append((truth + tilt, float(np.clip(100 * (found / truth - 1), -6, 6))))
        plot.dots(points, colour)
        plot.word(310, 4.4 - (snr == 50), f"SNR {snr}", colour, "ra")
    return below(picture, plot.picture)


def wire_iqi() -> Picture.Image:
    """A gauge; detectability read over that of the ideal observer for noise, blur, tilt and contrast."""
    shown_grey, _ = gauges.wire_picture(6, 0.1, snr=60, length_mm=15)
    plot = Plot(640, 320, (0, 20), (0, 20), "detectability of the ideal observer", "detectability read")
    plot.line([(0, 0), (20, 20)], GREY)
    for blur_px, colour in ((0.7, BLUE), (1.8, RED)):
        points = []
        for seed in range(10):
            grey, ideal = gauges.wire_picture(
                13, 0.1, snr=100 + 20 * seed, seed=seed, attenuation_mm=0.06 + 0.01 * (seed % 3), blur_px=blur_px,
                tilt_deg=seed - 4.5,
            )  # fmt: skip
            found = run("wire_iqi", gauges.image(grey, 0.1), wires="W13-W19")
            if isinstance(found, Measurement):
                pairs = zip(ideal, found.values["detectabilities"], strict=True)
                points += [(float(true), float(read)) for true, read in pairs if max(true, read) < 20 and read > 0]
        plot.dots(points, colour)
        plot.word(19.5, 3 - blur_px, f"blur {blur_px} pixels", colour, "ra")
    plot.line([(0, 5), (20, 5)], GREY)
    return below(shown(shown_grey, width=640), plot.picture)


def hole_iqi() -> Picture.Image:
    """Detectability of three holes over the SNR."""
    plot = Plot(640, 300, (10, 120), (0, 40), "SNR of a pixel", "detectability of holes of 2, 1 and 0.5 mm")
    for number, colour in enumerate((BLUE, RED, GREY)):
        points = []
        for snr in range(30, 121, 10):
            grey, _ = gauges.hole_picture((2.0, 1.0, 0.5), 0.1, contrast=0.02, snr=snr, seed=snr)
            found = run("hole_iqi", gauges.image(grey, 0.1), region=(0, 0, *grey.shape), holes="2,1,0.5")
            if hasattr(found, "values") and found.values["detectabilities"][number] < 40:
                points.append((float(snr), float(found.values["detectabilities"][number])))
        plot.dots(points, colour)
    plot.line([(10, 5), (120, 5)], RED)
    return plot.picture


def contrast_sensitivity() -> Picture.Image:
    """Contrast sensitivity over SNR, for four recesses."""
    plot = Plot(640, 300, (50, 400), (0, 1.1), "SNR", "contrast sensitivity in %")
    for depth, colour in ((1, BLUE), (4, RED)):
        points = []
        for snr in range(60, 401, 20):
            grey = np.full((100, 150), 30000.0)
            grey[20:80, 20:80] *= np.exp(0.02 * depth)
            grey += np.random.default_rng(snr).normal(0, 30000 / snr, grey.shape)
            options = {"region": (30, 30, 40, 40), "background": (30, 90, 40, 40), "recess_percent": depth}
            found = run("contrast_sensitivity", gauges.image(grey, 0.1), **options)
            points.append((float(snr), found.values["contrast_sensitivity_percent"]))
        plot.dots(points, colour)
        plot.word(390, 0.95 - 0.02 * depth, f"recess {depth} %", colour, "ra")
    plot.line([(float(snr), 49 / snr) for snr in range(50, 401, 10)], GREY)
    return plot.picture


def line_pairs() -> Picture.Image:
    """Modulation of a gauge over frequency, read and true."""
    plot = Plot(640, 300, (0, 6.5), (0, 1.05), "frequency in lp/mm", "modulation")
    frequency = np.linspace(0.1, 6.5, 100)
    for blur_mm, colour in ((0.04, BLUE), (0.08, RED)):
        truth = np.exp(-2 * (np.pi * frequency * blur_mm) ** 2) * np.sinc(frequency * 0.05)
        plot.line(list(zip(frequency.tolist(), truth.tolist(), strict=True)), colour)
        grey = gauges.line_pair_picture((1.0, 1.6, 2.5, 4.0, 6.3), 0.05, blur_mm)
        found = run("line_pairs", gauges.image(grey, 0.05), frequencies="1,1.6,2.5,4,6.3").values
        modulation = [value / 100 for value in found["modulations_percent"]]
        plot.dots(list(zip(found["frequencies_lp_mm"], modulation, strict=True)), colour)
    return plot.picture


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    function.__name__: function for function in (duplex, wire_iqi, hole_iqi, contrast_sensitivity, line_pairs)
}


def main(names: list[str]) -> int:
    """Draw the figures named, or all."""
    for name in names or FIGURES:
        path = ROOT / "docs" / "science" / "pictures" / f"{name}.png"
        saved_colours(FIGURES[name](), 32).save(path, optimize=True)
        print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
