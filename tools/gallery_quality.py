"""Draw the figures of inspection and system checks: readings over true values, docs/science/pictures/<name>."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from gallery_drawing import BLUE, GREEN, GREY, ORANGE, RED, Plot, below, box, draw, shown
from PIL import Image as Picture

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import inspection_pictures as pictures  # noqa: E402  the tests' formulas make the pictures
from kerma.science.measure import run  # noqa: E402
from kerma.science.simulate import simulate  # noqa: E402
from kerma.standards import table  # noqa: E402

WIDE = 640


def dimension() -> Picture.Image:
    """Error of a diameter between two edges over the noise."""
    words = "noise in stored values, step 11000", "error of the diameter in pixels"
    plot = Plot(WIDE, 300, (0, 1050), (-0.6, 0.6), *words)
    plot.line([(0, 0), (1050, 0)], GREY)
    points, told = [], []
    for noise in range(50, 1001, 50):
        for seed in range(4):
            given = pictures.image(pictures.disc(60.2, (200.3, 201.7), noise=noise, seed=noise + seed))
            result = run("dimension", given, points="200.3,138;200.3,264", snap_px=10)
            points.append((noise + 6 * seed - 9, result.values["length_px"] - 120.4))
        told.append((noise, 2 * result.uncertainties["length_px"]))
    plot.dots(points)
    for sign in (1, -1):
        plot.line([(noise, sign * error) for noise, error in told], RED)
    plot.word(20, 0.5, "red: two standard uncertainties told", RED)
    return plot.picture


def wall_thickness() -> Picture.Image:
    """A wall, and walls read over true walls."""
    grey = pictures.pipe_wall(50, 6, source_axis_mm=150)
    plot = Plot(WIDE, 320, (2, 12), (-25, 25), "true wall in mm", "error of the wall in %")
    for name, colour, options in (
        ("source at 150 mm, corrected", BLUE, {"source_object_mm": 150, "source_detector_mm": 200}),
        ("the same, taken as parallel", RED, {}),
    ):
        points = []
        for wall in np.arange(2.5, 11.6, 0.5):
            given = pictures.image(pictures.pipe_wall(50, wall, source_axis_mm=150, snr=100))
            result = run("wall_thickness", given, outer_diameter_mm=100, **options)
            if hasattr(result, "values"):
                points.append((float(wall), float(100 * (result.values["wall_mean_mm"] / wall - 1))))
        plot.dots([point for point in points if abs(point[1]) < 25], colour)
        plot.word(2.2, -12 - 5 * (colour == RED), name, colour)
    plot.line([(2, 0), (12, 0)], GREY)
    return below(shown(grey[:60], width=WIDE), plot.picture)


def corrosion_depth() -> Picture.Image:
    """A pit, and depths read over true depths."""
    picture = shown(pictures.pit(2.0)[60:260, 60:340], width=WIDE // 2)
    plot = Plot(WIDE, 320, (0, 4.2), (0, 4.2), "true depth in mm", "depth read in mm")
    plot.line([(0, 0), (4.2, 4.2)], GREY)
    for snr, colour in ((80, RED), (300, BLUE)):
        points = []
        for depth in np.arange(0.25, 4.1, 0.25):
            given = pictures.image(pictures.pit(float(depth), snr=snr))
            found = run("corrosion_depth", given, region="60,60,200,280", steps="0,0,40,40=8;0,360,40,40=14")
            if hasattr(found, "values"):
                points.append((float(depth), found.values["depth_mm"]))
        plot.dots(points, colour)
        plot.word(0.1, 3.9 - 0.3 * (snr == 300), f"SNR {snr} in the open beam", colour)
    return below(picture, plot.picture)


def collimation() -> Picture.Image:
    """A field with a body in it, and its sides."""
    from PIL import ImageDraw

    grey = pictures.field((240, 330), (330, 430), 6.0)
    found = run("collimation", pictures.image(grey)).values
    picture = shown(grey, width=WIDE)
    corners = [(column, row) for row, column in found["corners_px"]]
    pen = ImageDraw.Draw(picture)
    pen.line([*corners, corners[0]], fill=RED, width=2)
    words = f"{found['height_px']:.1f} x {found['width_px']:.1f} px, tilted by {found['tilt_deg']:.2f} degrees"
    pen.text((320, 484), words, fill=(255, 255, 255), anchor="mm")
    return picture


def artefacts() -> Picture.Image:
    """An even field with artefacts, boxed as found."""
    import cv2

    grey = np.random.default_rng(0).normal(20000, 100, (400, 560))
    grey[90] += 150
    grey[:, 400:430] += 200
    drop, line = np.zeros(grey.shape), np.zeros(grey.shape)
    cv2.circle(drop, (120, 250), 7, 1.0, -1)
    cv2.line(line, (200, 200), (330, 330), 1.0, 2)
    grey += 700 * line - 700 * drop
    grey[320:350, 60:100] = 65535
    picture = shown(np.clip(cv2.blur(grey, (3, 3)), 19300, 20700), width=480)
    scale = picture.width / grey.shape[1]
    colours = {"dead_lines": BLUE, "bands": GREEN, "spots": RED, "scratches": ORANGE, "clipped": RED}
    for one in run("artefacts", pictures.image(grey)).values["list"]:
        place = one["box_px"]
        inside = [max(place[0], 12), place[1] + 3, min(place[2], 384), min(place[3], 552)]
        box(picture, inside, scale, colours.get(one["kind"], BLUE), one["kind"].replace("_", " "))
    return picture


def jitter() -> Picture.Image:
    """Jitter read over jitter put in."""
    plot = Plot(WIDE, 300, (0, 0.52), (0, 0.52), "jitter put in, rms in pixels", "jitter read, rms in pixels")
    plot.line([(0, 0), (0.52, 0.52)], GREY)
    for snr, colour in ((30, RED), (200, BLUE)):
        points = []
        for rms in np.arange(0, 0.51, 0.05):
            shifts = np.random.default_rng(3).normal(0, max(float(rms), 1e-9), 600)
            result = run("jitter", pictures.image(pictures.edge_lines(shifts, tilt_deg=3, snr=snr)))
            points.append((float(rms), result.values["jitter_rms_px"]))
        plot.dots(points, colour)
        plot.word(0.02, 0.47 - 0.04 * (snr == 200), f"SNR {snr}", colour)
    return plot.picture


def slippage() -> Picture.Image:
    """Displacement of scan lines with a slip."""
    from kerma.science.measure.slippage import displacement

    shifts = np.where(np.arange(1000) > 600, 1.5, 0.0)
    grey = pictures.ruled(shifts)
    found = displacement(grey.mean(axis=1))
    plot = Plot(WIDE, 280, (0, 1000), (-2, 1), "scan line", "displacement in pixels")
    shift, period, _ = found
    first = round(2 * period)
    truth = -shifts
    plot.line([(float(at), float(value)) for at, value in enumerate(truth)], GREY, 1)
    plot.line([(first + at, float(value)) for at, value in enumerate(shift)])
    plot.word(620, 0.7, "grey: what was put in", GREY)
    return below(shown(grey[500:700, :].T, width=WIDE), plot.picture)


def shading() -> Picture.Image:
    """A plate with shading and a band, and its thirds."""
    across = np.linspace(-1, 1, 640)
    grey = np.random.default_rng(2).normal(10000, 100, (260, 640)) * (1 - 0.25 * across**2)
    grey[180:183] *= 0.97
    values = run("shading", pictures.image(grey)).values
    picture = shown(grey, width=WIDE)
    for number, percent in enumerate(values["shading_parts_percent"]):
        box(picture, (24, 8 + number * 213, 226, 196), 1.0, BLUE, f"{percent:+.1f} %")
    box(picture, (values["band_line_px"] - 4, 14, 8, 610), 1.0, RED, f"band {values['band_max_percent']:+.1f} %")
    return picture


def erasure() -> Picture.Image:
    """Residual read over residual put in."""
    plot = Plot(WIDE, 280, (0, 3.2), (0, 3.2), "residual put in, %", "residual read, %")
    plot.line([(0, 0), (3.2, 3.2)], GREY)
    points = []
    for residual in np.arange(0, 3.1, 0.25):
        ground = np.random.default_rng(int(residual * 4)).normal(500, 60, (2, 200, 200))
        ground[0, 80:120, 80:120] += 20000
        ground[1, 80:120, 80:120] += 200 * residual
        exposed, erased = (pictures.image(each) for each in ground)
        found = run("erasure", exposed, erased, region="85,85,30,30", background="10,10,50,50")
        points.append((float(residual), found.values["residual_percent"]))
    plot.dots(points)
    plot.line([(0, 2), (3.2, 2)], RED)
    plot.word(0.1, 2.05, "limit", RED, "lb")
    return plot.picture


def stability_set() -> Picture.Image:
    """The phantom with its regions."""
    from kerma.science.measure.phantom_place import phantom_in

    grey = pictures.phantom(snr=200)
    place = phantom_in(grey)
    picture = shown(np.log(grey), width=WIDE)
    for row in table("kerma_stability/phantom"):
        colour = {"duplex": RED, "step": BLUE, "groove": ORANGE}[row["kind"]]
        box(picture, place.region(row).as_json(), WIDE / grey.shape[1], colour, row["feature"])
    return picture


def test_object() -> Picture.Image:
    """The object as found, seen features in green and missed ones in red."""
    made = simulate("test-object-ctp", 2, snr=60, size_px=800)
    from kerma.science.measure import test_object as measured
    from kerma.science.measure.test_object_place import placed

    drawing = list(table("kerma_test_objects/ctp"))
    discs = [row for row in drawing if row["kind"] == "disc"]
    found, _ = measured._attenuation(made.image, 1)
    marks = np.array([(float(row["x_mm"]), float(row["y_mm"])) for row in discs])
    place = placed(found, marks, 10.0)
    seen = {row["feature"]: row.get("seen", True) for row in run("test_object", made.image).values["features"]}
    cut = 130
    picture = shown(made.image.pixels[0][cut:-cut], width=WIDE)
    scale = picture.width / 800
    for row in drawing:
        if row["kind"] in ("plate", "step"):
            continue
        half = np.array([max(float(row["width_mm"]), 5), max(float(row["height_mm"]), 5)]) / 2
        corners = np.array([(sx, sy) for sx in (-1, 1) for sy in (-1, 1)]) * half
        points = (corners + (float(row["x_mm"]), float(row["y_mm"]))) @ place.matrix.T + place.offset - (cut, 0)
        low, high = points.min(axis=0), points.max(axis=0)
        colour = BLUE if row["kind"] == "disc" else GREEN if seen.get(row["feature"], True) else RED
        box(picture, (low[0], low[1], high[0] - low[0], high[1] - low[1]), scale, colour)
    return picture


def scene() -> Picture.Image:
    """The scene as it comes."""
    made = simulate("test-object-ctp", 1, size_px=800, turn_deg=5.0, face="up")
    return shown(made.image.pixels[1][120:-120], width=WIDE)


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    **{
        function.__name__: function
        for function in (
            dimension, wall_thickness, corrosion_depth, collimation, artefacts, jitter, slippage, shading, erasure,
            stability_set, test_object,
        )
    },
    "simulate-test-object-ctp.jpg": scene,
}  # fmt: skip

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])
