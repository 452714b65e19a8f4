"""A value for every pixel: where the cells of a network lie, and what each kind of model says of a flaw."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.detect import learned
from kerma.science.detect.learned_marks import STRIDE, Tile
from kerma.science.detect.score_maps import _highest, score_map
from kerma.science.imaging.image import Image
from kerma.science.observer.region_overlap import overlap, region_figures
from kerma.science.simulate import SCENES


@pytest.mark.parametrize("scale", [2.0, 1.0, 0.5])
def test_a_cell_lies_where_the_network_saw_it_at_every_size(scale: float) -> None:
    image = Image(pixels=np.zeros((1, 200, 240), np.uint16), bits=16, meaning="raw", rises_with_dose=True)
    mask = np.zeros((16, 16), np.float32)
    mask[6, 9] = 0.8
    corner = (64, 32) if scale >= 1 else (16, 8)
    shape = (64, 64)
    whole = _highest(image, iter([(mask, Tile(corner, shape, (400, 480), scale))]))
    rows, columns = (np.arange(size)[:, None] + 0.5 for size in whole.shape)
    middle = (float((whole * rows).sum() / whole.sum()), float((whole * columns.T).sum() / whole.sum()))
    wanted = [(start + STRIDE * (cell + 0.5)) / scale for start, cell in zip(corner, (6, 9), strict=True)]
    assert middle == pytest.approx(wanted, abs=0.51)
    assert whole.max() <= np.float32(0.8)


def test_the_weld_network_gives_flaws_a_higher_value_than_sound_metal() -> None:
    made = SCENES["weld-plate"].build(1, size_px=256, difficulty="easy")[0]
    values = score_map(made.image, learned.of("weld"))
    assert values.shape == (made.image.rows, made.image.columns)
    flawed = np.zeros(values.shape, dtype=bool)
    for mask in made.masks:
        rows, columns = mask.pixels.shape
        flawed[mask.row : mask.row + rows, mask.column : mask.column + columns] |= mask.pixels
    found = region_figures([overlap(values, flawed, "one")], resamples=1)
    assert found.aupro is not None and found.pixel_auc is not None
    assert found.aupro > 0.6 and found.pixel_auc > 0.8


def test_a_network_of_boxes_alone_has_no_value_for_a_pixel() -> None:
    weld = learned.of("weld")

    class Boxes(learned.Network):
        """Gives no masks."""

    boxes = Boxes(**{field.name: getattr(weld, field.name) for field in dataclasses.fields(weld)})
    image = SCENES["weld-plate"].build(1, size_px=256)[0].image
    with pytest.raises(WrongUsage, match="no value for every pixel"):
        score_map(image, boxes)
