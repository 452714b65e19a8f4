"""Figures of the image kernels and of reconstruction, from simulated radiographs."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from gallery_drawing import BLUE, GREY, RED, Plot, below, beside, draw, shown
from PIL import Image as Picture
from PIL import ImageDraw

from kerma.science.imaging.clahe import clahe, curves
from kerma.science.imaging.median import median
from kerma.science.imaging.multi_scale import multi_scale
from kerma.science.imaging.tomography import ConeBeam, cone_volume, line_integrals
from kerma.science.simulate import simulate


def _titled(picture: Picture.Image, text: str) -> Picture.Image:
    whole = Picture.new("RGB", (picture.width, picture.height + 22), (255, 255, 255))
    whole.paste(picture, (0, 22))
    ImageDraw.Draw(whole).text((2, 3), text, fill=(30, 34, 40))
    return whole


def _casting() -> np.ndarray:
    return np.asarray(simulate("casting", 2).image.pixels[0])


def clahe_pictures() -> Picture.Image:
    """A casting before and after, and the curves of three of its tiles."""
    grey = _casting()
    after = clahe(grey, clip_limit=4.0)
    found = curves(grey, tiles=(8, 8), clip_limit=4.0, bins=256, grey_range=(float(grey.min()), float(grey.max())))
    plot = Plot(300, 322, (found.start, found.end), (0, 1.05), "stored value", "curve of a tile")
    values = np.linspace(found.start, found.end, 257)
    for tile, colour in (((0, 0), GREY), ((3, 3), BLUE), ((6, 5), RED)):
        plot.line(list(zip(values.tolist(), found.points[tile].tolist(), strict=True)), colour)
    pair = _titled(shown(grey, width=300), "as stored"), _titled(shown(after, width=300), "CLAHE, limit 4, 8 x 8 tiles")
    return beside(*pair, plot.picture)


def median_pictures() -> Picture.Image:
    """Dead and hot pixels and a dead column in a weld, and the median of 5 x 5."""
    grey = np.asarray(simulate("weld", 3, flaws="many").image.pixels[0])[200:440, 300:660].copy()
    random = np.random.default_rng(1)
    rows, columns = random.integers(0, grey.shape[0], 500), random.integers(0, grey.shape[1], 500)
    grey[rows, columns] = random.choice([0, 65_535], 500)
    grey[:, 171] = 0
    after = median(grey, window_px=5)
    low, high = np.percentile(after, (0.5, 99.5))
    pair = [np.clip(each, low, high) for each in (grey, after)]
    words = ("faults", "median 5 x 5")
    return beside(*(_titled(shown(each, width=440), text) for each, text in zip(pair, words, strict=True)))


def multi_scale_pictures() -> Picture.Image:
    """A casting with its fine details made stronger."""
    grey = _casting()
    after = multi_scale(grey, gains=(2.0, 2.5, 2.5, 2.0, 1.5, 1.0), exponent=0.9)
    pair = _titled(shown(grey, width=440), "as stored"), _titled(shown(after, width=440), "multi-scale contrast")
    return beside(*pair)


def tomography() -> Picture.Image:
    """A simulated scan of an aluminium block with holes and a steel pin: projection, slice, profile."""
    from kerma.science.physics.attenuation import linear_attenuation
    from kerma.science.simulate.document import (
        Box,
        Channel,
        Cylinder,
        Detector,
        Ellipsoid,
        Geometry,
        Scene,
        Source,
        Thing,
    )  # fmt: skip
    from kerma.science.simulate.render import projections

    upright = (90.0, 0.0, 0.0)
    things = (
        Thing("block", Box((24.0, 40.0, 16.0)), "aluminum"),
        *(Thing(f"hole {n}", Cylinder(radius, 50.0), None, (x, 0.0, 3.0), upright, inside="block")
          for n, (x, radius) in enumerate(((-9.0, 0.5), (-5.5, 1.0), (0.0, 2.0), (6.0, 3.0)))),
        Thing("pore", Ellipsoid((1.2, 1.2, 0.8)), None, (3.0, 0.0, -4.0), inside="block"),
        Thing("plug", Cylinder(1.5, 50.0), "pmma", (-6.0, 0.0, -4.0), upright, inside="block"),
    )  # fmt: skip
    angles = np.arange(0, 360, 0.75)
    scene = Scene(
        "block", things, Detector(24, 320, 0.2, channels=(Channel(snr=250.0),)),
        Source(kind="monochromatic", energy_kev=80.0),
        Geometry("cone", 500.0, 300.0, angles_deg=tuple(angles.tolist())),
    )  # fmt: skip
    stored = projections(scene).image.pixels.astype(np.float32)
    views = line_integrals(stored, open_beam=float(stored[:, :, :12].mean()))
    beam = ConeBeam(300.0, 500.0, 0.2)
    found = cone_volume(views, angles_deg=angles, beam=beam, voxel_mm=0.12, shape=(3, 280, 280))[1]
    truth = float(linear_attenuation("aluminum", 80.0))
    place = (np.arange(280) - 139.5) * 0.12
    row = int(np.argmin(np.abs(place + 3.0)))
    plot = Plot(520, 322, (-16, 16), (-0.01, 0.07), "mm along the row of holes", "attenuation in 1/mm")
    plot.line([(-16, truth), (16, truth)], RED)
    plot.word(-15.5, 0.0605, f"aluminium at 80 keV: {truth:.4f}", RED, "lb")
    plot.line(list(zip(place.tolist(), found[row].tolist(), strict=True)), BLUE, 1)
    upper = beside(
        _titled(shown(found, width=330), "slice, 480 views of 320 pixels, noise of SNR 250"), plot.picture
    )
    lines = shown(views[:, 12].T, width=864).resize((864, 170))
    return below(_titled(lines, "line integrals of one detector row, angles from left to right"), upper)


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    "clahe": clahe_pictures, "median": median_pictures, "multi_scale": multi_scale_pictures, "tomography": tomography,
}  # fmt: skip


if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])
