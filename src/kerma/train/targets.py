"""What the network should answer for a batch of boxes: heat round their middles, boxes there, and what to leave out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from kerma.train.views import STRIDE

SPREAD = 6.0
"""The heat of a box falls to exp(-1/2) at its size over this."""
NARROWEST, WIDEST = 0.5, 5.0
POSITIVE_HEAT = 0.6
"""Boxes are learned where the heat is at least this."""
OUTSIDE = -1.0
NO_BOX = -2.0
"""The label of an empty place in a batch of boxes."""


@dataclass(frozen=True)
class Targets:
    """The answers, all at the stride."""

    heat: Tensor
    """(batch, label, row, column), 1 at the middle of each flaw."""
    counted: Tensor
    """(batch, 1, row, column): 0 where a cell is left out of the loss of the heat."""
    boxes: Tensor
    """(batch, 4, row, column): middle row and column, height and width in cells, of the flaw a cell belongs to."""
    is_positive: Tensor
    """(batch, row, column): where boxes are learned."""


def targets(boxes: Tensor, *, labels: int, side_px: int) -> Targets:
    """Return the answers of a batch of boxes (batch, box, 6): label, first row, column, last row, column, visible.

    A label of -1 is left out of the loss within its box, -2 is an empty place.
    """
    side = side_px // STRIDE
    batch, count = boxes.shape[:2]
    label = boxes[..., 0]
    top, left, bottom, right = (boxes[..., number] / STRIDE for number in (1, 2, 3, 4))
    middle_row, middle_column = (top + bottom) / 2, (left + right) / 2
    height, width = (bottom - top).clamp(min=0.25), (right - left).clamp(min=0.25)
    cells = torch.arange(side, device=boxes.device, dtype=boxes.dtype)
    # The peak is exactly 1, in the cell that holds the middle.
    down = cells[None, None] - middle_row.floor().clamp(0, side - 1)[..., None]
    across = cells[None, None] - middle_column.floor().clamp(0, side - 1)[..., None]
    heat_down = torch.exp(-0.5 * (down / (height / SPREAD).clamp(NARROWEST, WIDEST)[..., None]) ** 2)
    heat_across = torch.exp(-0.5 * (across / (width / SPREAD).clamp(NARROWEST, WIDEST)[..., None]) ** 2)
    each = heat_down[..., :, None] * heat_across[..., None, :]
    is_flaw = label >= 0
    each = torch.where(is_flaw[..., None, None], each, torch.zeros_like(each))
    place = label.clamp(min=0).long()[..., None, None].expand(-1, -1, side, side)
    heat = torch.zeros(batch, labels, side, side, device=boxes.device, dtype=boxes.dtype)
    heat.scatter_reduce_(1, place, each, "amax")
    left_out = _inside(boxes, cells) & (label == OUTSIDE)[..., None, None]
    strongest, owner = each.max(dim=1)
    counted = (~left_out.any(dim=1) | (strongest > POSITIVE_HEAT))[:, None].to(boxes.dtype)
    answers = torch.stack([middle_row, middle_column, height, width], dim=1)
    chosen = owner.reshape(batch, 1, -1).expand(-1, 4, -1)
    wanted = answers.gather(2, chosen).reshape(batch, 4, side, side)
    return Targets(heat, counted, wanted, strongest > POSITIVE_HEAT)


def _inside(boxes: Tensor, cells: Tensor) -> Tensor:
    """Return (batch, box, row, column): which cells a box touches, and those next to it."""
    first, last = boxes[..., 1:3] / STRIDE - 1.5, boxes[..., 3:5] / STRIDE + 0.5
    rows = (cells >= first[..., :1]) & (cells <= last[..., :1])
    columns = (cells >= first[..., 1:]) & (cells <= last[..., 1:])
    return rows[..., :, None] & columns[..., None, :]
