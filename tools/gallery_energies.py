"""Draw the figures of dual-energy display and of the colour tables: python tools/gallery_energies.py [NAME ...]."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from gallery_drawing import INK, PAPER, SMALL, below, beside, draw
from PIL import Image as Picture
from PIL import ImageDraw

from kerma.science.imaging import enhance
from kerma.science.imaging.enhance.colour_tables import TABLES
from kerma.science.imaging.enhance.functions import functions
from kerma.science.simulate import ready_scene

SHOWN = ("standard", "bw", "high_colour", "super_colour", "organic_only", "organic_strip", "metal_only", "metal_strip",
         "number_window", "subtraction", "colour_blind", "dark_alarm")  # fmt: skip
WIDTH, ACROSS = 360, 3


def console() -> Picture.Image:
    """Return a simulated bag with each function of the screening console."""
    image = ready_scene("hold-bag").build(3, threat="any", clutter="high")[0].image
    found = enhance.statistics(image, 1)
    there = image.pixels[1] < 0.97 * found.high
    rows, columns = (np.flatnonzero(there.sum(axis=axis) > 3) for axis in (1, 0))
    part = slice(rows[0] - 6, rows[-1] + 7), slice(max(columns[0] - 6, 0), columns[-1] + 7)
    tiles = []
    for one in functions("security"):
        if one.name in SHOWN:
            picture = Picture.fromarray(enhance.run(image, 1, one.chain(found))[part]).convert("RGB")
            size = WIDTH, round(picture.height * WIDTH / picture.width)
            tile = picture.resize(size, Picture.Resampling.LANCZOS)
            ImageDraw.Draw(tile).text((6, 3), one.label, fill=INK, font=SMALL, stroke_width=2, stroke_fill=PAPER)
            tiles.append(tile)
    return below(*(beside(*tiles[at : at + ACROSS], gap=4) for at in range(0, len(tiles), ACROSS)), gap=4)


def colour_tables() -> Picture.Image:
    """Return every colour table as a bar."""
    whole = Picture.new("RGB", (760, 30 * len(TABLES)), PAPER)
    pen = ImageDraw.Draw(whole)
    for number, table in enumerate(TABLES):
        whole.paste(Picture.fromarray(table.make()[None]).resize((600, 22)), (140, 30 * number + 4))
        pen.text((4, 30 * number + 8), table.label, fill=INK, font=SMALL)
    return whole


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    "dual-energy-functions.jpg": console,
    "colour-tables": colour_tables,
}

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])
