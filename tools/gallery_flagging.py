"""Figures of the detectors without weights: what they flag on simulated castings, bags and cargo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from flagging_figures import placed_casting
from gallery_drawing import BLUE, GREEN, ORANGE, RED, beside, box, shown
from PIL import Image as Picture
from PIL import ImageDraw

from kerma.science.detect import detect
from kerma.science.detect.completeness import features
from kerma.science.detect.image_quality_gate import answers
from kerma.science.detect.part_reference import Reference, learn
from kerma.science.imaging.image import Image
from kerma.science.measure.region import Region
from kerma.science.results import Finding
from kerma.science.simulate import SCENES

COLOURS = {"undecidable": RED, "organic-bulk": ORANGE, "light-inorganic": GREEN, "dense-metal": BLUE}


def _reference() -> Reference:
    return learn([placed_casting(seed, with_flaws=False).image for seed in range(1, 9)])


def _marked(image: Image, findings: tuple[Finding, ...], width: int, colours: dict | None = None) -> Picture.Image:
    picture = shown(image.pixels[findings[0].plane if findings else 0], width=width)
    for one in findings:
        colour = (colours or {}).get(one.label, RED)
        box(picture, one.box.as_json(), width / image.columns, colour, one.label if colours else "")
    return picture


def golden_part() -> Picture.Image:
    """A casting with flaws, what differs from eight sound ones, and what the matched filter marks without them."""
    made = placed_casting(703, with_flaws=True)
    found = detect("golden_part", made.image, reference=_reference())
    return beside(_marked(made.image, found, 420), _marked(made.image, detect("small_flaws", made.image), 420))


def _with_square(image: Image, row: int, column: int, side: int, share: float) -> Image:
    import dataclasses

    pixels = image.pixels.astype(np.float64)
    pixels[:, row : row + side, column : column + side] *= share
    return dataclasses.replace(image, pixels=np.rint(pixels).astype(np.uint16))


def foreign_object() -> Picture.Image:
    """A chip of metal that lies in a sound casting."""
    image = _with_square(placed_casting(502, with_flaws=False).image, 640, 300, 24, 0.93)
    return _marked(image, detect("foreign_object", image, reference=_reference()), 520)


def completeness() -> Picture.Image:
    """A pump cover of which one boss was not cast: named places, green where the feature is there."""
    import dataclasses

    from kerma.science.detect.part_reference import with_regions

    reference = with_regions(_reference(), _bosses())
    image = placed_casting(506, with_flaws=False).image
    seen = features(image, reference)
    place = seen[2].region
    pixels = image.pixels.copy()
    pixels[0][place.slices] = np.quantile(pixels[0][place.slices], 0.98)
    image = dataclasses.replace(image, pixels=pixels)
    picture = shown(image.pixels[0], width=520)
    for one in features(image, reference):
        colour = GREEN if one.state == "present" else RED
        box(picture, one.region.as_json(), 520 / image.columns, colour, f"{one.state} {100 * one.share:.0f} %")
    return picture


def _bosses() -> dict[str, Region]:
    """Return the places of the six bosses, 61 mm round the middle of the cover."""
    angles = 0.26 + 2 * np.pi * np.arange(6) / 6
    rows, columns = (512 + 61 / 0.15 * turn(angles) for turn in (np.sin, np.cos))
    return {
        f"boss-{number}": Region(int(row) - 70, int(column) - 70, 140, 140)
        for number, (row, column) in enumerate(zip(rows, columns, strict=True), start=1)
        if 70 <= row < 954 and 70 <= column < 954
    }


def z_window() -> Picture.Image:
    """A packed cabin bag with a block charge, and what lies in the windows of the table."""
    made = SCENES["cabin-bag"].build(2, threat="block-charge")[0]
    return _marked(made.image, detect("z_window", made.image), 620, COLOURS)


def image_quality_gate() -> Picture.Image:
    """One casting as it should be and with four faults, each with the first reason to shoot again."""
    import dataclasses

    import cv2

    good = placed_casting(507, with_flaws=False).image
    own = good.pixels[0].astype(np.float32)
    random = np.random.default_rng(1)
    faults = (
        own,
        own / 500 + random.normal(0, (np.maximum(own, 1) / 500) ** 0.5),
        np.minimum(own, float(np.quantile(own, 0.55))),
        cv2.GaussianBlur(own, (0, 0), 8) + random.normal(0, 60, own.shape),
    )
    pictures = []
    for values in faults:
        image = dataclasses.replace(good, pixels=np.clip(np.rint(values), 0, 65_535).astype(np.uint16)[None])
        failed = [one for one in answers(image) if one.state == "failed"]
        picture = shown(image.pixels[0], width=230)
        words = f"{failed[0].rule}: {failed[0].quantity} {failed[0].value:.3g}" if failed else "read"
        pen = ImageDraw.Draw(picture)
        pen.text((6, 214), words, fill=RED if failed else GREEN, stroke_width=2, stroke_fill=(255, 255, 255))
        pictures.append(picture)
    return beside(*pictures)


def manifest() -> Picture.Image:
    """A pallet declared as food that hides a lead box."""
    made = SCENES["pallet"].build(3, threat="shielded-box")[0]
    found = detect("manifest", made.image, declared="food", depth_mm=800, end_point_mev=9)
    picture = shown(np.log(np.maximum(made.image.pixels[1], 1.0)), width=560)
    for one in found:
        box(picture, one.box.as_json(), 560 / made.image.columns, ORANGE if one.code != one.label else RED, one.label)
    return picture


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    function.__name__: function
    for function in (golden_part, foreign_object, completeness, z_window, image_quality_gate, manifest)
}
