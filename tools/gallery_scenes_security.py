"""Draw the figures of the security scenes: python tools/gallery_scenes_security.py [NAME ...]."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from gallery_drawing import BLUE, GREY, INK, PAPER, RED, SMALL, Plot, below, beside, box, draw
from PIL import Image as Picture
from PIL import ImageDraw

from kerma.science.imaging.enhance.material_colours import pseudo_colour
from kerma.science.physics.spectral_channel import Channel
from kerma.science.simulate import ready_scene
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.line_scanner import CHANNELS, OPEN_STORED, SOURCE
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.threat_projection import Scan, Scanner, ThreatMap, multiplied, projected


def coloured(view: SimulatedImage, *, width: int, with_boxes: bool = True) -> Picture.Image:
    """Return a view in the colours of screening, cut to what is in it, its findings boxed."""
    high, number = view.image.pixels[1], view.image.pixels[2] / 100.0
    attenuation = -np.log(np.maximum(high, 1) / OPEN_STORED)
    there = attenuation > 0.05
    rows, columns = (np.flatnonzero(there.sum(axis=axis) > 3) for axis in (1, 0))
    top, left = max(0, int(rows[0]) - 12), max(0, int(columns[0]) - 12)
    part = slice(top, int(rows[-1]) + 13), slice(left, int(columns[-1]) + 13)
    picture = Picture.fromarray(pseudo_colour(attenuation, number)[part])
    scale = width / picture.width
    picture = picture.resize((width, round(picture.height * scale)), Picture.Resampling.LANCZOS)
    for finding in view.findings if with_boxes else ():
        place = finding.box
        box(picture, (place.row - top, place.column - left, place.height, place.width), scale, RED, finding.label)
    return picture


def scene(name: str, seed: int, widths: tuple[int, int], **options: object) -> Callable[[], Picture.Image]:
    """Return the figure of a scene with two views."""

    def figure() -> Picture.Image:
        views = ready_scene(name).build(seed, **options)
        return beside(*(coloured(view, width=width) for view, width in zip(views, widths, strict=False)))

    return figure


def pallet() -> Picture.Image:
    """Return the pallet of two seeds."""
    views = [ready_scene("pallet").build(seed, threat=threat)[0] for seed, threat in ((2, "shielded-box"), (5, "none"))]
    return beside(*(coloured(view, width=430) for view in views))


def bag_ct() -> Picture.Image:
    """Return four projections of the small bag."""
    shown = ready_scene("bag-ct").build(2, threat="any", angles=12, size_px=192)[0].image.pixels
    tiles = []
    for number in (0, 2, 3, 5):
        grey = 255.0 * (shown[number] / 50000.0) ** 0.45
        tile = Picture.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")
        ImageDraw.Draw(tile).text((6, 4), f"{30 * number}°", fill=INK, font=SMALL)
        tiles.append(tile)
    return beside(*tiles, gap=6)


def threat_projection() -> Picture.Image:
    """Return two bags, each with another threat projected into it."""
    chosen = ((3, "folding-knife"), (4, "pistol"))
    views = [ready_scene("tip-bag").build(seed, threat=threat)[0] for seed, threat in chosen]
    return beside(*(coloured(view, width=470) for view in views))


def threat_projection_error() -> Picture.Image:
    """Return how far off both ways are in the low energy, for steel behind bags of rising thickness."""
    low, high = (beam_of(SOURCE, channel) for channel in CHANNELS)
    scanner = Scanner.of(low, high, open_snr=(300.0, 300.0), pixel_mm=1.0)
    plot = Plot(760, 380, (0.0, 20.0), (-45.0, 10.0), "bag in mm of aluminium (blue) or cm of water (grey)",
                "error of the low energy in %, 3 mm steel as the threat")  # fmt: skip
    plot.line([(0.0, 0.0), (20.0, 0.0)], INK, 1)
    for material, colour, scale in (("aluminium", BLUE, 1.0), ("water", GREY, 10.0)):
        wrong, right = [], []
        for place in np.linspace(0.5, 20.0, 25):
            rays = np.array([[place * scale, 3.0]])
            alone = [np.exp(-Channel.of(beam, (material,)).attenuation(rays[:, :1])) for beam in (low, high)]
            bag = Scan(alone[0][None], alone[1][None])
            true = float(np.exp(-Channel.of(low, (material, "iron")).attenuation(rays))[0])
            threat = ThreatMap({"iron": np.full((1, 1), 3.0)}, 1.0)
            wrong.append((place, 100.0 * (multiplied(bag, threat, scanner).low[0, 0] / true - 1.0)))
            right.append((place, 100.0 * (projected(bag, threat, scanner, seed=None).low[0, 0] / true - 1.0)))
        plot.line(wrong, colour)
        plot.line(right, RED, 3)
    plot.word(9.0, 6.0, "thicknesses added", RED)
    plot.word(9.0, -36.0, "pictures multiplied", BLUE)
    return plot.picture


def things() -> Picture.Image:
    """Return prohibited things as generic shapes, each alone in the scanner."""
    from kerma.science.simulate.line_scanner import Tunnel, scanned, with_z, z_plane
    from kerma.science.simulate.render import render
    from kerma.science.simulate.things import kind_of

    names = ("pistol", "revolver", "magazine", "kitchen-knife", "folding-knife", "block-charge", "sheet-charge",
             "pipe-charge", "hammer", "stun-device", "laptop", "camera", "shoe", "headphones", "charger")  # fmt: skip
    tiles = []
    for name in names:
        article = kind_of(name).draw(np.random.default_rng(2))
        half = (max(article.half_mm[:2]) + 12,) * 2 + (article.half_mm[2] + 8,)
        parts = article.placed("it", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), is_labelled=False)
        view = render(scanned("one", parts, Tunnel(half, (0.0,), 176, 176), seed=1, words=""))
        view = with_z(view, z_plane(*view.image.pixels))
        attenuation = -np.log(np.maximum(view.image.pixels[1], 1) / OPEN_STORED)
        tile = Picture.fromarray(pseudo_colour(attenuation, view.image.pixels[2] / 100.0))
        ImageDraw.Draw(tile).text((6, 3), name, fill=INK, font=SMALL, stroke_width=2, stroke_fill=PAPER)
        tiles.append(tile)
    return below(*(beside(*tiles[row : row + 5], gap=4) for row in (0, 5, 10)), gap=4)


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    "scene-cabin-bag.jpg": scene("cabin-bag", 7, (520, 260), threat="kitchen-knife"),
    "scene-hold-bag.jpg": scene("hold-bag", 3, (520, 270), threat="pistol", clutter="high"),
    "scene-parcel.jpg": scene("parcel", 3, (440, 240), threat="block-charge"),
    "scene-pallet.jpg": pallet,
    "scene-bag-ct.jpg": bag_ct,
    "scene-tip-bag.jpg": scene("tip-bag", 4, (520, 260), threat="block-charge"),
    "scene-things.jpg": things,
    "threat-projection.jpg": threat_projection,
    "threat-projection-error": threat_projection_error,
}

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])
