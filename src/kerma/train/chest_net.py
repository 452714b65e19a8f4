"""The classifier of chest patches: small convolutional networks that answer together, and how patches are varied."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from kerma.train.chest_patches import INPUT

WIDTHS = (16, 28, 48, 40)
DROPPED = 0.3
TURN_RAD, SHIFT, SHRINK, GROW, STRETCH = 0.15, 0.15, 0.85, 1.12, 0.07
LOG_GAMMA, CONTRAST, BRIGHTNESS, NOISE = 0.35, 0.25, 0.1, 0.03
SHARPER, SMOOTHER = 0.5, 0.7
"""How far a patch is sharpened or smoothed: it may come from a film of any sharpness, made small in any way."""
MEAN, SD = float(INPUT["mean"]), float(INPUT["sd"])


def _convolved(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Member(nn.Module):
    """Patches (batch, 1, row, column) to one logit each; about 43,000 weights."""

    def __init__(self) -> None:
        super().__init__()
        one, two, three, four = WIDTHS
        self.features = nn.Sequential(
            _convolved(1, one), _convolved(one, one), _convolved(one, two, 2), _convolved(two, two),
            _convolved(two, three, 2), _convolved(three, four),
        )  # fmt: skip
        self.drop = nn.Dropout(DROPPED)
        self.last = nn.Linear(2 * four, 1)

    def forward(self, patches: Tensor) -> Tensor:
        """Return logits (batch, 1)."""
        found = self.features(patches)
        pooled = torch.cat([found.mean((2, 3)), found.amax((2, 3))], dim=1)
        logits: Tensor = self.last(self.drop(pooled))
        return logits


class Together(nn.Module):
    """The mean logit of the members, each of which sees the patch as it is and mirrored."""

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, patches: Tensor) -> Tensor:
        """Return logits (batch, 1)."""
        mirrored = torch.flip(patches, [3])
        total = torch.stack([member(seen) for member in self.members for seen in (patches, mirrored)])
        return total.mean(dim=0)


def varied(patches: Tensor, rng: torch.Generator) -> Tensor:
    """Return patches moved, turned, mirrored, and with another film's curve, sharpness and noise."""
    count = len(patches)

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=rng)

    def each(low: float, high: float) -> Tensor:
        return between(low, high)[:, None, None, None]

    turn, size = between(-TURN_RAD, TURN_RAD), between(SHRINK, GROW)
    wide = size * between(1 - STRETCH, 1 + STRETCH) * torch.sign(torch.rand(count, generator=rng) - 0.5)
    moves = torch.zeros(count, 2, 3)
    moves[:, 0, 0], moves[:, 0, 1] = torch.cos(turn) * wide, -torch.sin(turn) * size
    moves[:, 1, 0], moves[:, 1, 1] = torch.sin(turn) * wide, torch.cos(turn) * size
    moves[:, 0, 2], moves[:, 1, 2] = between(-SHIFT, SHIFT), between(-SHIFT, SHIFT)
    grid = functional.affine_grid(moves, list(patches.shape), align_corners=False)
    shares = patches * SD + MEAN
    shares = functional.grid_sample(shares, grid, padding_mode="border", align_corners=False)
    shares = shares.clamp(1e-4, 1.0) ** torch.exp(each(-LOG_GAMMA, LOG_GAMMA))
    shares = (shares - 0.5) * each(1 - CONTRAST, 1 + CONTRAST) + 0.5 + each(-BRIGHTNESS, BRIGHTNESS)
    smooth = functional.avg_pool2d(functional.pad(shares, (1, 1, 1, 1), mode="replicate"), 3, 1)
    shares = shares + (smooth - shares) * each(-SHARPER, SMOOTHER)
    shares = shares + torch.randn(shares.shape, generator=rng) * each(0.0, NOISE)
    return (shares.clamp(0.0, 1.0) - MEAN) / SD
