"""Draw the figure of each measurement and detector, docs/science/pictures/<name>.png, from simulated radiographs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from gallery_drawing import BLUE, GREEN, GREY, ORANGE, RED, Plot, below, beside, box, draw, shown
from PIL import Image as Picture
from PIL import ImageDraw

from kerma.science.detect import DETECTORS, detect
from kerma.science.imaging.image import Image
from kerma.science.measure import MEASURES, run
from kerma.science.results import Finding, Measurement
from kerma.science.simulate import simulate


def _weld(flaws: str = "many") -> Image:
    return simulate("weld", 3, flaws=flaws).image


def _measured(name: str, image: Image, **options: object) -> Measurement:
    result = run(name, image, **options)
    if not isinstance(result, Measurement):
        raise SystemExit(f"{name}: {result.reason}")
    return result


def _histogram(grey: np.ndarray, label: str) -> Plot:
    counts, edges = np.histogram(grey, bins=80)
    plot = Plot(420, 300, (float(edges[0]), float(edges[-1])), (0, counts.max() * 1.1 / 1000), label, "thousand pixels")
    plot.bars(edges.tolist(), (counts / 1000).tolist())
    return plot


def statistics() -> Picture.Image:
    """Histogram of a weld with mean, median and the outer percentiles."""
    image = _weld()
    values = _measured("statistics", image).values
    plot = _histogram(image.pixels[0], "stored value")
    plot.mark(values["percentile_1_stored"], "1 %", GREY)
    plot.mark(values["mean_stored"], f"mean {values['mean_stored']:.0f}", RED, drop=1, to_left=True)
    plot.mark(values["median_stored"], f"median {values['median_stored']:.0f}", BLUE, drop=2, to_left=True)
    return beside(shown(image.pixels[0], width=420), plot.picture)


def saturation() -> Picture.Image:
    """A casting exposed too long: what is clipped is red, and piles up in the histogram."""
    casting = simulate("casting", 1).image
    clipped = np.minimum(casting.pixels[0].astype(np.int64) * 1.3, 60_000).astype(np.uint16)
    image = Image(clipped[None], bits=16, meaning="raw", rises_with_dose=True)
    values = _measured("saturation", image).values
    picture = np.asarray(shown(clipped, width=300)).copy()
    reduced = np.asarray(Picture.fromarray((clipped == 60_000).astype(np.uint8) * 255).resize((300, 300)))
    picture[reduced > 127] = RED
    plot = _histogram(clipped, "stored value")
    words = f"{values['saturated_percent']:.1f} % at {values['ceiling_stored']:.0f}"
    plot.word(58_000, plot.up[1] * 0.9, words, RED, "ra")
    return beside(Picture.fromarray(picture), plot.picture)


def snr() -> Picture.Image:
    """The region chosen on a weld, and how both estimators scatter on noise of true SNR 100."""
    image = _weld("few")
    result = _measured("snr", image)
    picture = shown(image.pixels[0], width=420)
    box(picture, result.inputs["region"], 420 / image.columns, GREEN, f"SNR {result.values['snr']:.0f}")
    generator = np.random.default_rng(1)
    plot = Plot(420, 300, (90, 112), (0, 0.22), "SNR of 20 x 55 pixels, true value 100", "density")
    repeats = [
        _measured("snr", Image(generator.poisson(1e4, (1, 20, 55)), bits=16, meaning="raw"), region=(0, 0, 20, 55))
        for _ in range(2000)
    ]
    for key, colour, drop in (("snr_region", BLUE, 0), ("snr_line_median", RED, 1)):
        found = np.array([one.values[key] for one in repeats])
        density, edges = np.histogram(found, bins=30, range=(90, 112), density=True)
        plot.line(list(zip((edges[1:] + edges[:-1]) / 2, density, strict=True)), colour)
        words = f"{key.removeprefix('snr_').replace('_', ' ')}: {found.mean():.2f} ± {found.std():.2f}"
        plot.word(100.4, 0.215 - 0.018 * drop, words, colour)
    return beside(picture, plot.picture)


def snr_n() -> Picture.Image:
    """SNR_N over basic spatial resolution for the SNR of a weld."""
    image = _weld("few")
    plot = Plot(560, 320, (40, 320), (0, 500), "basic spatial resolution SRb in um", "SNR_N")
    points = [(srb, _measured("snr_n", image, srb_um=float(srb)).values["snr_n"]) for srb in range(40, 321, 8)]
    plot.line(points)
    measured = _measured("snr", image).values["snr"]
    plot.mark(88.6, f"88.6 um: SNR_N = SNR = {measured:.0f}", RED)
    return plot.picture


def cnr() -> Picture.Image:
    """A tungsten inclusion, the region in it and the frame it is compared with."""
    image = _weld()
    spot = next(one for one in simulate("weld", 3, flaws="many").findings if one.label == "tungsten")
    row, column = int(spot.box.row + spot.box.height / 2), int(spot.box.column + spot.box.width / 2)
    region = (row - 3, column - 3, 6, 6)
    result = _measured("cnr", image, region=region)
    cut = image.pixels[0][row - 20 : row + 20, column - 30 : column + 30]
    picture = shown(cut, width=480)
    at = (17, 27, 6, 6)
    box(picture, at, 8, RED)
    for margin, words in ((2, ""), (7, f"CNR {result.values['cnr']:.1f}, background in the frame")):
        box(picture, (at[0] - margin, at[1] - margin, 6 + 2 * margin, 6 + 2 * margin), 8, BLUE, words)
    return picture


def line_profile() -> Picture.Image:
    """A line across the weld, single and averaged over 21 pixels."""
    image = _weld()
    options = {"start": (250.0, 460.0), "end": (610.0, 460.0)}
    picture = shown(image.pixels[0], width=420)
    scale = 420 / image.columns
    ends = [tuple(value * scale for value in point[::-1]) for point in options.values()]
    ImageDraw.Draw(picture).line(ends, fill=RED, width=2)
    plot = Plot(420, 300, (0, 36), (20, 65), "distance in mm, at the part", "stored value / 1000")
    for width_px, colour in ((1, GREY), (21, BLUE)):
        values = _measured("line_profile", image, width_px=width_px, **options).values
        plot.line(list(zip(values["distance_mm"], np.array(values["value_stored"]) / 1000, strict=True)), colour)
    plot.word(35, 61, "1 pixel", GREY, "ra")
    plot.word(35, 57, "21 pixels", BLUE, "ra")
    return beside(picture, plot.picture)


def exposure_index() -> Picture.Image:
    """Deviation index over the ratio of exposure index to its target."""
    plot = Plot(560, 320, (0, 4), (-9, 7), "exposure index / target", "deviation index")
    blank = np.zeros((1, 1, 1), np.uint16)
    ratios = np.linspace(0.15, 4, 200)
    points = []
    for ratio in ratios:
        image = Image(blank, bits=16, technique={"exposure_index": 400 * ratio, "target_exposure_index": 400.0})
        points.append((float(ratio), _measured("exposure_index", image).values["deviation_index"]))
    plot.line(points)
    plot.dots([(0.5, -3.0103), (1, 0), (2, 3.0103)], RED)
    plot.word(2.1, 2.2, "twice the target: +3.01", RED)
    plot.word(0.62, -4.1, "half: -3.01", RED)
    return plot.picture


def _boxed(image: Image, plane: int, findings: tuple[Finding, ...], width: int) -> Picture.Image:
    picture = shown(image.pixels[plane], width=width)
    for finding in findings:
        box(picture, finding.box.as_json(), width / image.columns, RED)
    return picture


def small_flaws() -> Picture.Image:
    """Findings on a simulated weld, and the share of planted pores found over their detectability."""
    image = _weld()
    picture = _boxed(image, 0, detect("small_flaws", image), 640)
    over, up = "detectability of a pore (ideal observer)", "share found at 0.25 false alarms in 512 x 512 pixels"
    plot = Plot(640, 260, (0, 16), (0, 1.05), over, up)
    points = []
    for contrast in np.arange(0.4, 4.6, 0.35):
        found = total = 0
        for seed in range(6):
            pixels, centres = _pores(seed, float(contrast))
            boxes = [finding.box for finding in detect("small_flaws", pixels)]
            for row, column in centres:
                total += 1
                found += any(
                    np.hypot(at.row + at.height / 2 - row, at.column + at.width / 2 - column) <= 4 for at in boxes
                )
        points.append((float(contrast) * 2 * np.pi**0.5, found / total))
    plot.line(points)
    plot.dots(points)
    return below(picture, plot.picture)


def _pores(seed: int, contrast: float) -> tuple[Image, list[tuple[float, float]]]:
    """Return 25 Gaussian pores of standard deviation 2 pixels and one contrast in noise standard deviations."""
    generator = np.random.default_rng(seed)
    pixels = 10_000 + 100 * generator.standard_normal((512, 512))
    row, column = np.mgrid[:512, :512]
    centres = [(float(51 + 102 * (n // 5)), float(51 + 102 * (n % 5))) for n in range(25)]
    for at_row, at_column in centres:
        pixels += 100 * contrast * np.exp(-((row - at_row) ** 2 + (column - at_column) ** 2) / 8)
    return Image(np.rint(pixels).astype(np.uint16)[None], bits=16, meaning="raw", rises_with_dose=True), centres


def opacity() -> Picture.Image:
    """The alarm on a simulated suitcase."""
    image = simulate("bag", 2).image
    findings = detect("opacity", image)
    picture = _boxed(image, findings[0].plane, findings, 620)
    scale = 620 / image.columns
    for finding in findings:
        outline = [(column * scale, row * scale) for row, column in finding.polygon]
        ImageDraw.Draw(picture).polygon(outline, outline=ORANGE, width=3)
    return picture


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    function.__name__: function
    for function in (
        statistics, saturation, snr, snr_n, cnr, line_profile, exposure_index, small_flaws, opacity,
    )
}  # fmt: skip


def collected() -> dict[str, Callable[[], Picture.Image]]:
    """Return the figures of this module and of every ``gallery_<topic>.py`` beside it."""
    figures = dict(FIGURES)
    for path in sorted(Path(__file__).resolve().parent.glob("gallery_*.py")):
        found = getattr(importlib.import_module(path.stem), "FIGURES", {})
        if twice := figures.keys() & found.keys():
            raise SystemExit(f"{path.name}: {', '.join(sorted(twice))} is drawn elsewhere too")
        figures |= found
    return figures


def main(names: list[str]) -> int:
    """Draw the figures named, or all; refuse a measurement or detector without a figure."""
    figures = collected()
    missing = sorted({*MEASURES, *DETECTORS} - {name.removesuffix(".jpg") for name in figures})
    if missing:
        print(f"tools/gallery.py: no figure for {', '.join(missing)}")
        return 1
    draw(figures, names)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
