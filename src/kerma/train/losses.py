"""How far answers are from what they should be: focal loss of the heat, overlap of boxes, entropy and Dice of masks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from kerma.train.targets import Targets
from kerma.train.views import UNKNOWN

BOX_WEIGHT, SIZE_WEIGHT, MASK_WEIGHT, DICE_WEIGHT = 1.0, 0.3, 0.5, 0.4
LARGEST_LOG = 5.5


def loss(answers: tuple[Tensor, Tensor, Tensor], wanted: Targets, cells: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the sum of the losses, and each of them, of a batch.

    Parameters
    ----------
    answers : heat logits, box and mask logits of the network
    wanted : what they should be
    cells : (batch, row, column) of the map of flaws
    """
    heat, box, mask = (each.float() for each in answers)
    overlap, size = box_losses(box, wanted)
    parts = {
        "heat": heat_loss(heat, wanted), "box": BOX_WEIGHT * overlap, "size": SIZE_WEIGHT * size,
        "mask": mask_loss(mask, cells),
    }  # fmt: skip
    return torch.stack(list(parts.values())).sum(), parts


def heat_loss(logits: Tensor, wanted: Targets) -> Tensor:
    """Return the focal loss with softened negatives round each middle (Law and Deng 2018, CornerNet, equation 1)."""
    share = logits.sigmoid()
    is_peak = (wanted.heat >= 1.0).to(share.dtype)
    at_peak = is_peak * (1 - share) ** 2 * functional.logsigmoid(logits)
    elsewhere = (1 - is_peak) * wanted.counted * (1 - wanted.heat) ** 4 * share**2 * functional.logsigmoid(-logits)
    return -(at_peak + elsewhere).sum() / is_peak.sum().clamp(min=4.0)


def box_losses(box: Tensor, wanted: Targets) -> tuple[Tensor, Tensor]:
    """Return 1 - DIoU (Zheng et al. 2020) and the error of log sizes, weighted by the heat, where boxes are learned."""
    at = wanted.is_positive
    weight = (wanted.heat.amax(dim=1) * at)[at]
    total = weight.sum().clamp(min=1.0)
    row, column, high, wide = decoded(box).permute(1, 0, 2, 3)[:, at]
    row_w, column_w, high_w, wide_w = wanted.boxes.permute(1, 0, 2, 3)[:, at]
    near_row = torch.minimum(row + high / 2, row_w + high_w / 2) - torch.maximum(row - high / 2, row_w - high_w / 2)
    near_column = torch.minimum(column + wide / 2, column_w + wide_w / 2) - torch.maximum(
        column - wide / 2, column_w - wide_w / 2
    )
    shared = near_row.clamp(min=0) * near_column.clamp(min=0)
    both = high * wide + high_w * wide_w - shared
    far_row = torch.maximum(row + high / 2, row_w + high_w / 2) - torch.minimum(row - high / 2, row_w - high_w / 2)
    far_column = torch.maximum(column + wide / 2, column_w + wide_w / 2) - torch.minimum(
        column - wide / 2, column_w - wide_w / 2
    )
    apart = ((row - row_w) ** 2 + (column - column_w) ** 2) / (far_row**2 + far_column**2).clamp(min=1e-6)
    diou = shared / both.clamp(min=1e-6) - apart
    size = (torch.log(high / high_w)).abs() + (torch.log(wide / wide_w)).abs()
    return (weight * (1 - diou)).sum() / total, (weight * size).sum() / total


def decoded(box: Tensor) -> Tensor:
    """Return (batch, 4, row, column): middle row and column, height and width in cells, of the answers of the box."""
    rows, columns = box.shape[2:]
    down = torch.arange(rows, device=box.device, dtype=box.dtype)[:, None] + 0.5
    across = torch.arange(columns, device=box.device, dtype=box.dtype)[None] + 0.5
    size = box[:, 2:].clamp(-3.0, LARGEST_LOG).exp()
    return torch.stack([box[:, 0] + down, box[:, 1] + across, size[:, 0], size[:, 1]], dim=1)


def mask_loss(logits: Tensor, cells: Tensor) -> Tensor:
    """Return cross entropy over the labels plus the Dice loss of any flaw against none."""
    known = cells != UNKNOWN
    named = functional.cross_entropy(logits, cells.long(), ignore_index=UNKNOWN)
    share = (1 - logits.softmax(dim=1)[:, 0]) * known
    is_flaw = ((cells > 0) & known).to(share.dtype)
    dice = 1 - (2 * (share * is_flaw).sum() + 1) / (share.sum() + is_flaw.sum() + 1)
    return MASK_WEIGHT * 4.0 * named + DICE_WEIGHT * dice
