"""The newest views, held where the network runs, and random crops of them with their boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kerma.train.targets import NO_BOX, OUTSIDE
from kerma.train.views import MOST_BOXES, STEPS, STRIDE, VISIBLE_SHARE, View

NEAR_A_FLAW = 0.6
"""Share of the crops that are laid round a flaw."""


@dataclass(frozen=True)
class Batch:
    """Crops as the network takes them, their boxes (batch, box, 6) and cells."""

    channels: Tensor
    boxes: Tensor
    cells: Tensor


class Pool:
    """A ring of views, of so many channels and of so many pixels a side (``shape``); the oldest give way."""

    def __init__(self, size: int, device: torch.device, shape: tuple[int, int]) -> None:
        count, self._view_px = shape
        self._channels = torch.zeros(size, count, self._view_px, self._view_px, dtype=torch.int8, device=device)
        side = self._view_px // STRIDE
        self._cells = torch.zeros(size, side, side, dtype=torch.uint8, device=device)
        self._boxes = np.full((size, MOST_BOXES, 6), NO_BOX, dtype=np.float32)
        self._size, self._device = size, device
        self.arrived = 0

    def __len__(self) -> int:
        return min(self.arrived, self._size)

    def add(self, view: View) -> None:
        """Take in a view."""
        at = self.arrived % self._size
        self._channels[at].copy_(torch.from_numpy(view.channels))
        self._cells[at].copy_(torch.from_numpy(view.cells))
        self._boxes[at] = NO_BOX
        self._boxes[at, : len(view.boxes)] = view.boxes
        self.arrived += 1

    def batch(self, count: int, side_px: int, rng: np.random.Generator) -> Batch:
        """Return random crops, mirrored and turned by quarters alike, each channel a little louder or softer."""
        which = rng.integers(0, len(self), count)
        corners = np.stack([self._corner(int(at), side_px, rng) for at in which])
        cut, cells = [], []
        for at, (row, column) in zip(which.tolist(), corners.tolist(), strict=True):
            cut.append(self._channels[at, :, row : row + side_px, column : column + side_px])
            r, c, side = row // STRIDE, column // STRIDE, side_px // STRIDE
            cells.append(self._cells[at, r : r + side, c : c + side])
        values, known = torch.stack(cut).float() / STEPS, torch.stack(cells)
        boxes = _cropped(self._boxes[which], corners, side_px)
        is_across, is_down, is_right = (bool(value) for value in rng.integers(0, 2, 3))
        if is_across:
            values, known = values.transpose(2, 3), known.transpose(1, 2)
        flipped = [axis for axis, is_flipped in ((-2, is_down), (-1, is_right)) if is_flipped]
        if flipped:
            values, known = values.flip(flipped), known.flip(flipped)
        loud = torch.from_numpy(np.exp(rng.normal(0.0, 0.12, (count, values.shape[1], 1, 1))).astype(np.float32))
        values = values * loud.to(self._device)
        turned = turned_boxes(boxes, side_px, is_across=is_across, is_down=is_down, is_right=is_right)
        return Batch(
            values.contiguous(memory_format=torch.channels_last), torch.from_numpy(turned).to(self._device),
            known.contiguous(),
        )  # fmt: skip

    def _corner(self, at: int, side_px: int, rng: np.random.Generator) -> NDArray[np.intp]:
        room = self._view_px - side_px
        corner = rng.uniform(0, room + 1e-6, 2)
        flaws = self._boxes[at][self._boxes[at, :, 0] >= 0]
        if len(flaws) and rng.random() < NEAR_A_FLAW:
            box = flaws[int(rng.integers(len(flaws)))]
            middle = np.array([box[1] + box[3], box[2] + box[4]]) / 2
            corner = middle - side_px / 2 + rng.uniform(-0.4, 0.4, 2) * side_px
        return (np.clip(corner, 0, room) / STRIDE).astype(np.intp) * STRIDE


def _cropped(boxes: NDArray[np.float32], corners: NDArray[np.intp], side_px: int) -> NDArray[np.float32]:
    """Return boxes counted from the corner of each crop and cut to it; what is too little to count is left out."""
    found = boxes.copy()
    shift = np.concatenate([corners, corners], axis=1)[:, None].astype(np.float32)
    whole = (boxes[..., 3] - boxes[..., 1]) * (boxes[..., 4] - boxes[..., 2])
    found[..., 1:5] = np.clip(boxes[..., 1:5] - shift, 0, side_px)
    left = (found[..., 3] - found[..., 1]) * (found[..., 4] - found[..., 2])
    visible = boxes[..., 5] * left / np.maximum(whole, 1e-6)
    is_there = boxes[..., 0] != NO_BOX
    label = np.where(is_there & (boxes[..., 0] >= 0) & (visible < VISIBLE_SHARE), OUTSIDE, boxes[..., 0])
    found[..., 0] = np.where(is_there & (left > 0), label, NO_BOX)
    return found


def turned_boxes(
    boxes: NDArray[np.float32], side_px: int, *, is_across: bool, is_down: bool, is_right: bool
) -> NDArray[np.float32]:
    """Return boxes as they lie after rows and columns are exchanged, and then mirrored down and across."""
    found = boxes.copy()
    if is_across:
        found[..., 1:5] = found[..., [2, 1, 4, 3]]
    if is_down:
        found[..., [1, 3]] = side_px - found[..., [3, 1]]
    if is_right:
        found[..., [2, 4]] = side_px - found[..., [4, 2]]
    return found
