"""What the network is asked to answer, and how far off it is; needs PyTorch (the extra ``train``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'kerma[train]'")

from kerma.train.losses import decoded, heat_loss, loss  # noqa: E402
from kerma.train.pool import turned_boxes  # noqa: E402
from kerma.train.targets import NO_BOX, targets  # noqa: E402
from kerma.train.views import UNKNOWN  # noqa: E402

SIDE = 128
BOX = [2.0, 40.0, 24.0, 64.0, 88.0, 1.0]


def wanted(*rows: list[float]):  # type: ignore[no-untyped-def]
    boxes = torch.full((1, 4, 6), NO_BOX)
    for number, row in enumerate(rows):
        boxes[0, number] = torch.tensor(row)
    return targets(boxes, labels=5, side_px=SIDE)


def perfect(told):  # type: ignore[no-untyped-def]
    """Answers without any error."""
    cells = SIDE // 4
    heat = torch.where(told.heat >= 1.0, 20.0, -20.0)
    at = torch.arange(cells) + 0.5
    box = torch.stack(
        [
            told.boxes[:, 0] - at[:, None], told.boxes[:, 1] - at[None],
            told.boxes[:, 2].clamp(min=0.1).log(), told.boxes[:, 3].clamp(min=0.1).log(),
        ], dim=1,
    )  # fmt: skip
    return heat, box


def test_the_heat_peaks_in_the_middle_of_the_box_in_its_label_alone() -> None:
    told = wanted(BOX)
    assert told.heat[0].amax(dim=(1, 2)).tolist() == [0, 0, 1, 0, 0]
    assert divmod(int(told.heat[0, 2].argmax()), SIDE // 4) == (13, 14)
    # It is wider along the longer side.
    assert told.heat[0, 2, 13, 16] > told.heat[0, 2, 15, 14]
    assert told.boxes[0, :, 13, 14].tolist() == [13.0, 14.0, 6.0, 16.0]


def test_a_box_left_out_counts_nowhere_in_it_and_an_empty_place_is_nothing() -> None:
    told = wanted([-1.0, *BOX[1:]])
    assert told.heat.max() == 0
    assert told.counted[0, 0, 10:16, 6:22].max() == 0
    assert told.counted[0, 0, 20:, :].min() == 1
    assert not told.is_positive.any()


def test_perfect_answers_cost_next_to_nothing_and_others_more() -> None:
    told = wanted(BOX, [0.0, 90.0, 90.0, 98.0, 98.0, 1.0])
    heat, box = perfect(told)
    cells = torch.zeros(1, SIDE // 4, SIDE // 4, dtype=torch.uint8)
    mask = torch.zeros(1, 6, SIDE // 4, SIDE // 4)
    mask[:, 0] = 20.0
    cells[0, 3:5], mask[0, 0, 3:5] = UNKNOWN, -20.0
    total, parts = loss((heat, box, mask), told, cells)
    assert {name: round(float(value), 3) for name, value in parts.items()} == {
        "heat": 0.0, "box": 0.0, "size": 0.0, "mask": 0.0
    }  # fmt: skip
    shifted = box.clone()
    shifted[:, 0] += 1.0
    assert loss((heat, shifted, mask), told, cells)[0] > total
    assert heat_loss(torch.zeros_like(heat), told) > heat_loss(heat, told)


def test_decoded_boxes_are_those_that_were_asked_for() -> None:
    told = wanted(BOX)
    _, box = perfect(told)
    assert decoded(box)[0, :, 13, 14].tolist() == pytest.approx([13.0, 14.0, 6.0, 16.0])


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("right", [False, True])
def test_boxes_turn_with_the_picture(across: bool, down: bool, right: bool) -> None:
    picture = np.zeros((64, 64), np.float32)
    picture[10:20, 30:55] = 1
    boxes = np.array([[[1.0, 10.0, 30.0, 20.0, 55.0, 1.0]]], np.float32)
    turned = turned_boxes(boxes, 64, is_across=across, is_down=down, is_right=right)[0, 0]
    picture = picture.T if across else picture
    picture = picture[::-1] if down else picture
    picture = picture[:, ::-1] if right else picture
    rows, columns = np.nonzero(picture)
    assert turned[1:5].tolist() == [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]


def test_the_exported_network_answers_as_the_trained_one(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed: pip install 'kerma[train]'")
    from kerma.train.export import exported
    from kerma.train.net import Network

    torch.manual_seed(1)
    sha256 = exported(Network(3), tmp_path / "x.onnx")
    assert len(sha256) == 64
