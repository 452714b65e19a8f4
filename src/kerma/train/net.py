"""The network: a small residual pyramid with heads at a quarter of the image, for CPUs; about 1.3 million weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from kerma.science.detect.learned_input import CHANNELS

WIDTHS = (32, 72, 144, 160)
PYRAMID = 48
Widths = tuple[int, int, int, int]
FEWEST_OF_A_HEAT = 0.01
"""What the heat starts from: nearly everything is background."""


def _convolved(
    inputs: int, outputs: int, *, size: int = 3, stride: int = 1, padding: int | None = None
) -> nn.Sequential:
    around = size // 2 if padding is None else padding
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, around, bias=False), nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )  # fmt: skip


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, spread: int = 1) -> None:
        super().__init__()
        self.first = _convolved(inputs, outputs, stride=stride)
        self.second = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, padding=spread, dilation=spread, bias=False), nn.BatchNorm2d(outputs)
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            pooled = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
            self.shortcut = nn.Sequential(pooled, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, values: Tensor) -> Tensor:
        """Return the sum of both ways."""
        found: Tensor = functional.relu(self.second(self.first(values)) + self.shortcut(values))
        return found


class Network(nn.Module):
    """Channels (batch, channel, row, column) to heat, boxes and masks at a quarter of the size; sides divide by 32."""

    def __init__(
        self, labels: int, channels: int = CHANNELS, *, widths: Widths = WIDTHS, pyramid: int = PYRAMID,
        is_fine: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.channels = channels
        one, two, three, four = widths
        # What is sought in bags is large: reading them in patches of 4 pixels halves the time of learning.
        finest = (
            (_convolved(channels, 20, stride=2), _convolved(20, one, stride=2))
            if is_fine
            else (_convolved(channels, one, size=4, stride=4, padding=0),)
        )
        self.stem = nn.Sequential(*finest, Residual(one, one))
        self.second = nn.Sequential(Residual(one, two, stride=2), Residual(two, two))
        self.third = nn.Sequential(Residual(two, three, stride=2), Residual(three, three, spread=2))
        self.fourth = Residual(three, four, stride=2, spread=2)
        self.lateral = nn.ModuleList(nn.Conv2d(width, pyramid, 1) for width in widths)
        self.smooth = _convolved(pyramid, pyramid)
        self.heat = nn.Sequential(_convolved(pyramid, pyramid), nn.Conv2d(pyramid, labels, 1))
        self.box = nn.Conv2d(pyramid, 4, 1)
        self.mask = nn.Conv2d(pyramid, labels + 1, 1)
        last = self.heat[-1]
        if isinstance(last, nn.Conv2d) and last.bias is not None:
            start = torch.logit(torch.tensor(FEWEST_OF_A_HEAT))
            nn.init.constant_(last.bias, float(start))

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return heat logits (label), box (offset of the middle down and right, log height, log width), mask logits.

        Offsets and sizes are in cells of the stride, offsets counted from the middle of the cell.
        """
        levels = [self.stem(values)]
        for stage in (self.second, self.third, self.fourth):
            levels.append(stage(levels[-1]))
        merged = self.lateral[3](levels[3])
        for number in (2, 1, 0):
            merged = functional.interpolate(merged, scale_factor=2.0, mode="nearest") + self.lateral[number](
                levels[number]
            )
        smooth = self.smooth(merged)
        return self.heat(smooth), self.box(smooth), self.mask(smooth)


class Shipped(nn.Module):
    """The network as it is exported: heat and mask as shares of 1."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return heat (label), box (4) and the share of any flaw (1), each at a quarter of the size."""
        heat, box, mask = self.network(values)
        return heat.sigmoid(), box, 1.0 - mask.softmax(dim=1)[:, :1]
