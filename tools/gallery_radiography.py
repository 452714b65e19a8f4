"""Draw the figures of the calculations on sources, geometry, exposure and technique."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gallery_drawing import (
    BLUE,
    FONT,
    GREEN,
    GREY,
    GRID,
    INK,
    ORANGE,
    PAPER,
    RED,
    SMALL,
    Plot,
    below,
    beside,
    saved_colours,
)
from PIL import Image as Picture
from PIL import ImageDraw

from kerma.errors import OutsideTable
from kerma.science import calculations
from kerma.science.physics import indicators, nuclides, source_distance, tube_voltage, unsharpness
from kerma.science.physics.decay import activity_after
from kerma.science.physics.film_exposure import film_time_min

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "science" / "pictures"
COLOURS = (BLUE, RED, GREEN, ORANGE, GREY, INK)


def _value(name: str, key: str, **options: Any) -> float:
    return float(str(calculations.run(name, **options).values[key]))


def decay() -> Picture.Image:
    """What is left of six sources over a year, each labelled at its end."""
    plot = Plot(640, 360, (0, 400), (0, 100), "days", "activity left in percent")
    days = np.linspace(0, 365, 200)
    for colour, nuclide in zip(COLOURS, ("Co-60", "Cs-137", "Tm-170", "Se-75", "Ir-192", "Yb-169"), strict=True):
        left = [(float(day), activity_after(100, nuclide=nuclide, days=float(day))) for day in days]
        plot.line(left, colour)
        # sources that end close together have their words apart
        drop = {"Co-60": 3.0, "Tm-170": 7.0, "Ir-192": 5.0, "Yb-169": 3.5}.get(nuclide, 2.5)
        plot.word(367, left[-1][1] + drop, nuclide, colour)
    half = nuclides.half_life_d("Ir-192")
    plot.dots([(half, 50)], GREY)
    plot.word(165, 72, "dot: Ir-192, half after 73.8 days", GREY)
    return plot.picture


def boundary() -> Picture.Image:
    """A map around 50 Ci of Ir-192: rings of dose rate, and the same with a collimator."""
    size, reach = 420, 130.0
    picture = Picture.new("RGB", (size, size), PAPER)
    pen = ImageDraw.Draw(picture)
    source: dict[str, Any] = {"nuclide": "Ir-192", "activity_ci": 50}
    middle = size / 2
    corners = ((6, 4, "la"), (size - 6, 4, "ra"), (6, size - 4, "lb"), (size - 6, size - 4, "rb"))
    rings = ((2, 0.0, 0.3, ORANGE), (10, 0.0, 0.6, ORANGE), (100, 0.0, 1.0, ORANGE), (2, 4.0, 0.0, BLUE))
    for (across, down, anchor), (limit, half_values, share, colour) in zip(corners, rings, strict=True):
        options = {**source, "limit_mr_h": limit, "collimator_half_values": half_values}
        distance = _value("boundary", "distance_m", **options)
        radius = distance / reach * middle
        fill = tuple(round(255 - share * (255 - part)) for part in colour) if share else None
        pen.ellipse(
            (middle - radius, middle - radius, middle + radius, middle + radius), fill=fill, outline=colour, width=2
        )
        words = f"{limit} mR/h{', collimator' if half_values else ''}: {distance:.1f} m"
        pen.text((across, down), words, fill=BLUE if half_values else INK, font=SMALL, anchor=anchor)
    pen.ellipse((middle - 4, middle - 4, middle + 4, middle + 4), fill=INK)
    plot = Plot(440, size, (0, 80), (0, 120), "concrete in mm", "2 mR/h boundary in m, behind a wall")
    for colour, lead in ((INK, 0), (BLUE, 6), (GREEN, 12)):
        points = [
            (float(mm), _value("boundary", "distance_m", **source, limit_mr_h=2, layers={"concrete": mm, "lead": lead}))
            for mm in np.linspace(0, 80, 41)
        ]
        plot.line(points, colour)
        plot.word(4, points[2][1] + 4, f"{lead} mm of lead as well" if lead else "concrete alone", colour)
    return beside(picture, plot.picture)


def unsharpness_over_magnification() -> Picture.Image:
    """Total unsharpness over magnification for three focal spots, the least of each marked."""
    plot = Plot(640, 360, (1, 5), (0, 0.4), "magnification", "unsharpness at the object in mm, SRb 0.1 mm")
    for colour, spot in ((RED, 0.4), (BLUE, 0.1), (GREEN, 0.05)):
        over = np.linspace(1, 5, 160)
        points = [
            (float(v), unsharpness.image_unsharpness_mm(focal_spot_mm=spot, srb_mm=0.1, magnification=float(v)))
            for v in over
        ]
        plot.line([point for point in points if point[1] <= plot.up[1]], colour)
        best = unsharpness.optimum_magnification(focal_spot_mm=spot, srb_mm=0.1)
        if best <= plot.across[1]:
            least = unsharpness.image_unsharpness_mm(focal_spot_mm=spot, srb_mm=0.1, magnification=best)
            plot.dots([(best, least)], colour)
        at = points[-1] if points[-1][1] < plot.up[1] else points[90]
        plot.word(min(at[0], 4.95), at[1] + 0.025, f"focal spot {spot:g} mm", colour, "ra")
    return plot.picture


def min_source_distance() -> Picture.Image:
    """Least source-to-object distance over b for both classes, and ASME's."""
    plot = Plot(640, 360, (0, 100), (0, 700), "b, source side to detector, in mm", "least f in mm, focal spot 2 mm")
    over = np.linspace(1, 100, 120)
    for colour, testing_class in ((BLUE, "A"), (RED, "B")):
        points = [
            (
                float(b),
                source_distance.min_source_distance_mm(
                    focal_spot_mm=2, object_detector_mm=float(b), testing_class=testing_class
                ),
            )
            for b in over
        ]
        plot.line([point for point in points if point[1] <= 700], colour)
        plot.word(points[70][0] - 3, points[70][1] + 55, f"ISO 17636 class {testing_class}", colour, "ra")
    asme = [
        (
            float(b),
            source_distance.asme_source_distance_mm(
                focal_spot_mm=2, object_detector_mm=float(b), thickness_mm=float(b)
            ),
        )
        for b in over
    ]
    plot.line(asme, GREY)
    plot.word(98, 120, "ASME V, b = wall", GREY, "ra")
    plot.dots([(8, 60), (8, 120)], INK)
    return plot.picture


def max_voltage() -> Picture.Image:
    """Curves of the highest tube voltage."""
    plot = Plot(640, 360, (0, 80), (0, 700), "penetrated thickness in mm", "highest tube voltage in kV")
    for colour, material in ((ORANGE, "copper"), (BLUE, "steel"), (GREEN, "titanium"), (RED, "aluminium")):
        points = []
        for w in np.linspace(0.5, 80, 160):
            try:
                points.append((float(w), tube_voltage.max_voltage_kv(float(w), material=material)))
            except OutsideTable:
                break
        points = [point for point in points if point[1] <= 700]
        plot.line(points, colour)
        at = min(points, key=lambda point: abs(point[0] - 52))
        plot.word(at[0], at[1] + 45, material, colour, "ma")
    return plot.picture


def iqi() -> Picture.Image:
    """Wires asked for over the wall, class A and B, source side."""
    plot = Plot(640, 360, (0, 120), (0, 1), "nominal thickness t in mm", "wire that must be seen, diameter in mm")
    for colour, testing_class in ((BLUE, "A"), (RED, "B")):
        over = np.linspace(0.1, 120, 1200)
        points = [(float(t), indicators.wire(float(t), testing_class=testing_class).diameter_mm) for t in over]
        plot.line(points, colour)
        at = points[-120]
        plot.word(at[0], at[1] + 0.07, f"class {testing_class}", colour, "ra")
    for t, testing_class, colour in ((18, "B", RED), (18, "A", BLUE)):
        found = indicators.wire(t, testing_class=testing_class)
        plot.dots([(t, found.diameter_mm)], colour)
        side = {"B": (t + 2, found.diameter_mm - 0.02), "A": (t - 2, found.diameter_mm + 0.09)}[testing_class]
        plot.word(*side, f"18 mm: {found.name}", colour, "la" if testing_class == "B" else "ra")
    return plot.picture


def exposure_time() -> Picture.Image:
    """Exposure time over thickness for three sources, on one film."""
    plot = Plot(640, 360, (0, 80), (-1, 3), "penetrated steel in mm", "log10 of minutes: AA400, 50 Ci, 700 mm")
    for colour, nuclide in ((BLUE, "Ir-192"), (GREEN, "Se-75"), (RED, "Co-60")):
        points = [
            (
                float(w),
                float(
                    np.log10(
                        film_time_min(
                            nuclide=nuclide, film="AA400", activity_ci=50, source_film_mm=700, thickness_mm=float(w)
                        )
                    )
                ),
            )
            for w in np.linspace(1, 80, 40)
        ]
        plot.line(points, colour)
        plot.word(points[30][0], points[30][1] + 0.28, nuclide, colour, "ra")
    return plot.picture


def technique() -> Picture.Image:
    """The technique sheet of the worked case, with one line broken, as it prints."""
    options = {"material": "steel", "thickness_mm": 18, "class": "B", "source": "xray", "focal_spot_mm": 2}
    given = {"object_detector_mm": 20, "source_detector_mm": 700, "tube_voltage_kv": 250, "srb_um": 130, "snr_n": 120}
    lines: Any = calculations.run("technique", **options, **given).values["lines"]
    columns = (("line", 10, 270), ("asked", 280, 100), ("given", 390, 80), ("", 480, 70), ("clause", 560, 330))
    row_height, top = 24, 40
    picture = Picture.new("RGB", (900, top + row_height * (len(lines) + 1) + 8), PAPER)
    pen = ImageDraw.Draw(picture)
    title = "ISO 17636-2 · steel 18 mm · class B · X-rays, focal spot 2 mm · b 20 mm · 700 mm · 250 kV"
    pen.text((10, 8), title, fill=INK, font=FONT)
    for name, left, _ in columns:
        pen.text((left, top), name, fill=GREY, font=SMALL)
    for number, line in enumerate(lines, 1):
        at = top + row_height * number
        pen.line((8, at - 3, 892, at - 3), fill=GRID)
        colour = {"broken": RED, "kept": GREEN}.get(line["outcome"], INK)
        cells = (
            line["line"], f"{_shown(line['value'])} {line['unit'].replace('µ', 'u')}", _shown(line["given"]),
            line["outcome"], line["clause"],
        )  # fmt: skip
        for (_, left, _), words, ink in zip(columns, cells, (INK, INK, colour, colour, GREY), strict=True):
            pen.text((left, at), words, fill=ink, font=SMALL)
    return picture


def technique_geometries() -> Picture.Image:
    """The six geometries as cross-sections: source, wall that is examined, detector."""
    cells = [
        _along_the_pipe(name) if name == "double-wall-elliptical" else _geometry(name)
        for name in source_distance.GEOMETRIES
    ]
    return below(beside(*cells[:3], gap=0), beside(*cells[3:], gap=0), gap=0)


# Per geometry: height of the source above the axis in radii, and the walls examined (source side, detector side);
# the detector lies inside for a single wall seen from outside.
_PLACES = {
    "single-wall": (2.6, (True, False)),
    "single-wall-source-inside": (0.35, (False, True)),
    "panoramic": (0.0, (True, True)),
    "double-wall-single-image": (1.25, (False, True)),
    "double-wall-superimposed": (2.6, (True, True)),
}


def _geometry(name: str) -> Picture.Image:
    picture = Picture.new("RGB", (280, 250), PAPER)
    pen = ImageDraw.Draw(picture)
    across, down, outer, inner = 140, 160, 58, 46
    height, walls = _PLACES[name]
    source = (across, down - height * outer)
    pen.ellipse((across - outer, down - outer, across + outer, down + outer), fill=(226, 229, 233), outline=INK)
    if name == "panoramic":
        pen.ellipse((across - outer, down - outer, across + outer, down + outer), fill=ORANGE, outline=INK)
    for is_examined, (first, last) in zip(walls, ((235, 305), (55, 125)), strict=True):
        if is_examined:
            pen.pieslice((across - outer, down - outer, across + outer, down + outer), first, last, fill=ORANGE)
    pen.ellipse((across - inner, down - inner, across + inner, down + inner), fill=PAPER, outline=INK)
    _detector(pen, name, (across, down, outer, inner))
    reach = down - inner + 8 if name == "single-wall" else down + outer + 6
    half = {"single-wall": 26, "single-wall-source-inside": 46}.get(name, 44)
    if name == "panoramic":
        for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            end = (across + outer * np.cos(angle), down + outer * np.sin(angle))
            pen.line((*source, *end), fill=BLUE)
    else:
        for side in (-half, half):
            pen.line((*source, across + side, reach), fill=BLUE)
    pen.ellipse((source[0] - 5, source[1] - 5, source[0] + 5, source[1] + 5), fill=RED)
    pen.text((140, 244), name, fill=INK, font=SMALL, anchor="mb")
    return picture


def _along_the_pipe(name: str) -> Picture.Image:
    """The elliptical technique seen along the pipe: the source stands beside the weld plane."""
    picture = Picture.new("RGB", (280, 250), PAPER)
    pen = ImageDraw.Draw(picture)
    across, down, outer, inner = 140, 160, 58, 46
    for top in (down - outer, down + inner):
        pen.rectangle((30, top, 250, top + outer - inner), fill=(226, 229, 233), outline=INK)
        pen.rectangle((across - 9, top, across + 9, top + outer - inner), fill=ORANGE)
    source, plate = (across - 34, down - 2.6 * outer), down + outer + 4
    pen.line((across, down - 2.6 * outer, across, plate), fill=GRID)
    for wall in (down - outer + 6, down + inner + 6):
        share = (plate - source[1]) / (wall - source[1])
        pen.line((*source, source[0] + (across - source[0]) * share, plate), fill=BLUE)
    pen.rectangle((across - 66, plate, across + 66, plate + 5), fill=GREEN)
    pen.ellipse((source[0] - 5, source[1] - 5, source[0] + 5, source[1] + 5), fill=RED)
    pen.text((across + 6, source[1]), "weld plane", fill=GREY, font=SMALL, anchor="lm")
    pen.text((140, 244), f"{name}, along the pipe", fill=INK, font=SMALL, anchor="mb")
    return picture


def _detector(pen: ImageDraw.ImageDraw, name: str, pipe: tuple[int, int, int, int]) -> None:
    across, down, outer, inner = pipe
    if name == "single-wall":
        pen.arc((across - inner + 4, down - inner + 4, across + inner - 4, down + inner - 4), 230, 310, GREEN, 5)
    elif name == "panoramic":
        pen.ellipse(
            (across - outer - 5, down - outer - 5, across + outer + 5, down + outer + 5), outline=GREEN, width=4
        )
    else:
        pen.rectangle((across - 66, down + outer + 4, across + 66, down + outer + 9), fill=GREEN)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.4g}"


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    "decay": decay,
    "boundary": boundary,
    "total-unsharpness": unsharpness_over_magnification,
    "min-source-distance": min_source_distance,
    "max-voltage": max_voltage,
    "iqi": iqi,
    "exposure-time": exposure_time,
    "technique": technique,
    "technique-geometries": technique_geometries,
}


def main(names: list[str]) -> int:
    """Draw the figures named, or all."""
    for name in names or FIGURES:
        picture = FIGURES[name]()
        path = FOLDER / f"{name}.png"
        saved_colours(picture, 32).save(path, optimize=True)
        print(f"{path.name}: {picture.width} x {picture.height}, {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
