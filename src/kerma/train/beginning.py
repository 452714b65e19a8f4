"""Weights to begin with: those of an exported network of the same build, its folded batch norms unfolded again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from kerma.errors import WrongUsage


def begin_with(network: nn.Module, path: Path, channels: Tensor) -> None:
    """Give a network the weights of an exported one.

    The export folds every batch norm into the convolution before it. Each norm is unfolded so that the network answers
    as the exported one did, with the mean and spread of ``channels`` (batch, channel, row, column) as its statistics.

    Raises
    ------
    WrongUsage
        The file holds a network of another build.
    """
    stored = _convolutions(path)
    order = _in_order(network, channels)
    layers = [layer for layer in order if isinstance(layer, nn.Conv2d)]
    is_same = len(stored) == len(layers) and all(
        tuple(weight.shape) == tuple(layer.weight.shape) for (weight, _), layer in zip(stored, layers, strict=True)
    )
    if not is_same:
        raise WrongUsage(f"{path.name} holds a network of another build; begin with weights of the same detector")
    hooks = []
    with torch.no_grad():
        for (weight, bias), layer in zip(stored, layers, strict=True):
            layer.weight.copy_(weight)
            if layer.bias is not None:
                layer.bias.copy_(bias)
                continue
            norm = order[order.index(layer) + 1]
            hooks.append(norm.register_forward_pre_hook(lambda norm, given, bias=bias: _unfold(norm, given[0], bias)))
        was_training = network.training
        network.eval()(channels)
        network.train(was_training)
    for hook in hooks:
        hook.remove()


def _convolutions(path: Path) -> list[tuple[Tensor, Tensor]]:
    """Return weight and bias of every convolution of an ONNX file, in the order of its nodes."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    values = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in graph.initializer}
    return [(values[node.input[1]], values[node.input[2]]) for node in graph.node if node.op_type == "Conv"]


def _in_order(network: nn.Module, channels: Tensor) -> list[nn.Module]:
    """Return convolutions and batch norms in the order in which a picture passes them."""
    order: list[nn.Module] = []
    chosen = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.BatchNorm2d)]
    hooks = [each.register_forward_pre_hook(lambda layer, _: order.append(layer)) for each in chosen]
    was_training = network.training
    with torch.no_grad():
        network.eval()(channels)
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    return order


def _unfold(norm: Any, given: Tensor, bias: Tensor) -> None:
    """Set a batch norm so that it adds a bias, with the statistics of what it is given."""
    mean, spread = given.mean(dim=(0, 2, 3)), given.var(dim=(0, 2, 3), unbiased=False)
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(spread)
    norm.weight.copy_((spread + norm.eps).sqrt())
    norm.bias.copy_(mean + bias)
