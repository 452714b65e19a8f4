"""Training examples and views: the truth stays with the picture, whatever is done to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.science.detect.learned_input import CHANNELS
from kerma.train.digitising import disguised
from kerma.train.examples import Example, Flaw, example, kept_example, seed_of
from kerma.train.tasks import TASKS, drawn, task_of
from kerma.train.views import MOST_BOXES, STEPS, STRIDE, UNKNOWN, VIEW_PX, view


def plate(detectability: float = 50.0, label: int = 3) -> Example:
    """A plate with one long flaw of less material."""
    rng = np.random.default_rng(2)
    pixels = 20000.0 + rng.normal(0.0, 60.0, (640, 640))
    mask = np.ones((12, 60), dtype=bool)
    pixels[300:312, 250:310] += 900.0
    flaw = Flaw(label, detectability, 300, 250, mask)
    return Example(np.rint(pixels).astype(np.uint16), True, True, (flaw,), "plate")


@pytest.mark.parametrize("seed", range(12))
def test_the_flaw_is_where_the_box_and_the_cells_say(seed: int) -> None:
    shown = view(plate(), np.random.default_rng(seed))
    assert shown.channels.shape == (CHANNELS, VIEW_PX, VIEW_PX)
    (box,) = shown.boxes[shown.boxes[:, 0] >= 0] if (shown.boxes[:, 0] >= 0).any() else [None]
    if box is None:
        return
    top, left, bottom, right = (int(value) for value in box[1:5])
    inner = shown.channels[2, top:bottom, left:right] / STEPS
    assert abs(inner.mean()) > abs(shown.channels[2].mean() / STEPS) + 0.3
    cells = shown.cells == box[0] + 1
    rows, columns = np.nonzero(cells)
    assert rows.min() * STRIDE >= top - STRIDE and (rows.max() + 1) * STRIDE <= bottom + STRIDE
    assert columns.min() * STRIDE >= left - STRIDE and (columns.max() + 1) * STRIDE <= right + STRIDE


def test_nothing_is_changed_without_strength() -> None:
    shown = view(plate(), np.random.default_rng(1), strength=0.0)
    assert shown.boxes[0].tolist() == [3.0, 300.0, 250.0, 312.0, 310.0, 1.0]


def test_a_flaw_too_faint_is_left_out_and_no_background() -> None:
    shown = view(plate(detectability=2.0), np.random.default_rng(1), strength=0.0)
    assert shown.boxes[0, 0] == -1
    assert set(np.unique(shown.cells)) == {0, UNKNOWN}


def test_what_is_no_flaw_of_the_task_is_left_out() -> None:
    assert view(plate(label=-1), np.random.default_rng(1), strength=0.0).boxes[0, 0] == -1


def test_there_are_never_more_boxes_than_a_batch_has_room_for() -> None:
    one = plate()
    many = Example(one.pixels, True, True, tuple(one.flaws[0] for _ in range(50)), "plate")
    assert len(view(many, np.random.default_rng(1), strength=0.0).boxes) == MOST_BOXES


@pytest.mark.parametrize("seed", range(20))
def test_a_disguise_keeps_which_way_material_runs(seed: int) -> None:
    one = plate()
    seen = disguised(one, np.random.default_rng(seed))
    values = seen.pixels.astype(float)
    inside = values[302:310, 252:308]
    around = np.concatenate([values[285:295, 252:308], values[317:327, 252:308]])
    brighter = float(np.median(inside)) - float(np.median(around))
    assert brighter == 0 or (brighter > 0) == seen.rises_with_dose
    assert seen.flaws == one.flaws


def test_the_same_seed_makes_the_same_view() -> None:
    one, other = (view(plate(), np.random.default_rng(7)) for _ in range(2))
    assert one.channels.tobytes() == other.channels.tobytes()
    assert one.boxes.tobytes() == other.boxes.tobytes()


def test_a_kept_example_is_the_one_that_was_simulated(tmp_path: Path) -> None:
    task = task_of("weld")
    made = kept_example(task, "test", 1, 5, folder=tmp_path)
    kept = kept_example(task, "test", 1, 5, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    assert np.array_equal(made.pixels, kept.pixels)
    assert (made.rises_with_dose, made.is_linear, made.scene) == (kept.rises_with_dose, kept.is_linear, kept.scene)
    assert [flaw.box for flaw in made.flaws] == [flaw.box for flaw in kept.flaws]
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(made.flaws, kept.flaws, strict=True))


def test_parts_never_share_a_seed() -> None:
    seeds = [
        seed_of(run, part, number) for run in (1, 2) for part in ("train", "test", "shifted") for number in range(9)
    ]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("name", TASKS)
def test_every_scene_of_every_task_can_be_made_and_knows_its_labels(name: str) -> None:
    task = TASKS[name]
    seen: set[int] = set()
    for number in range(4):
        one = example(task, "train" if number % 2 else "shifted", 3, number)
        seen |= {flaw.label for flaw in one.flaws}
    assert max(seen, default=0) < len(task.labels)
    assert seen - {-1}


def test_what_is_drawn_stays_within_what_the_task_says() -> None:
    task, rng = task_of("weld"), np.random.default_rng(1)
    for _ in range(200):
        scene, options = drawn(rng, task.scenes, task.flaws)
        if scene == "film-weld" and options["material"] == "aluminium":
            assert 4.0 <= float(options["thickness_mm"]) <= 18.0
