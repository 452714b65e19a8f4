"""Small ONNX files for tests, written byte by byte (Protocol Buffers): real networks without the package ``onnx``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPSET = 8, 17
FLOAT, INT64, BOOL = 1, 7, 9
"""TensorProto.DataType"""
_OF_KIND = {"f": FLOAT, "i": INT64}


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while True:
        value, low = value >> 7, value & 0x7F
        out += bytes([low | (0x80 if value else 0)])
        if not value:
            return out


def field(number: int, value: int | bytes | str) -> bytes:
    """One field: a whole number, or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def tensor(name: str, values: NDArray[Any], *, more: bytes = b"") -> bytes:
    """A TensorProto: dims 1, data_type 2, name 8, raw_data 9."""
    values = np.asarray(values)
    values = values.astype("<f4" if values.dtype.kind == "f" else "<i8")
    dims = b"".join(field(1, side) for side in values.shape)
    return dims + field(2, _OF_KIND[values.dtype.kind]) + field(8, name) + field(9, values.tobytes()) + more


def attribute(name: str, value: float | int | str | bytes | Sequence[int]) -> bytes:
    """An AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20."""
    if isinstance(value, bytes):  # a graph: g 6
        return field(1, name) + field(6, value) + field(20, 5)
    if isinstance(value, float):
        return field(1, name) + _varint(2 << 3 | 5) + np.float32(value).tobytes() + field(20, 1)
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    if isinstance(value, str):
        return field(1, name) + field(4, value) + field(20, 3)
    return field(1, name) + b"".join(field(8, one) for one in value) + field(20, 7)


@dataclass(frozen=True)
class Node:
    """One operator."""

    op: str
    takes: Sequence[str]
    gives: Sequence[str]
    attributes: Mapping[str, Any] | None = None
    domain: str = ""

    def written(self) -> bytes:
        """A NodeProto: input 1, output 2, op_type 4, attribute 5, domain 7."""
        parts = [field(1, each) for each in self.takes] + [field(2, each) for each in self.gives]
        parts += [field(4, self.op)] + [field(5, attribute(*each)) for each in (self.attributes or {}).items()]
        return b"".join(parts) + (field(7, self.domain) if self.domain else b"")


def _value(name: str, shape: Sequence[int | str], kind: int) -> bytes:
    """A ValueInfoProto: name 1, type 2 (tensor_type 1: elem_type 1, shape 2, dim 1: value 1 or parameter 2)."""
    dims = b"".join(field(1, field(1, side) if isinstance(side, int) else field(2, side)) for side in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dims)))


def model(
    nodes: Sequence[Node],
    takes: Sequence[int | str],
    gives: Mapping[str, Sequence[int | str]],
    tensors: Mapping[str, NDArray[Any]] | None = None,
    *,
    domains: Sequence[str] = (),
    raw_tensors: Sequence[bytes] = (),
) -> bytes:
    """A ModelProto with one input, ``x``, of numbers; outputs by name (those named ``labels`` hold whole numbers)."""
    graph = b"".join(field(1, node.written()) for node in nodes) + field(2, "test")
    graph += b"".join(field(5, tensor(name, values)) for name, values in (tensors or {}).items())
    graph += b"".join(field(5, one) for one in raw_tensors) + field(11, _value("x", takes, FLOAT))
    kinds = {"labels": INT64}
    graph += b"".join(field(12, _value(name, shape, kinds.get(name, FLOAT))) for name, shape in gives.items())
    opsets = b"".join(field(8, field(1, domain) + field(2, 1)) for domain in domains)
    return field(1, IR_VERSION) + field(8, field(1, "") + field(2, OPSET)) + opsets + field(7, graph)


def graph(nodes: Sequence[Node], takes: Mapping[str, int], gives: Mapping[str, int]) -> bytes:
    """A GraphProto of scalars for the body of a loop; names to kinds of numbers."""
    inside = b"".join(field(1, node.written()) for node in nodes) + field(2, "body")
    inside += b"".join(field(11, _value(name, [], kind)) for name, kind in takes.items())
    return inside + b"".join(field(12, _value(name, [], kind)) for name, kind in gives.items())


def card_for(content: bytes, kind: str, **more: Any) -> dict[str, Any]:
    """A card with what every card says; ``input`` and ``output`` come with ``more``."""
    card: dict[str, Any] = {
        "name": "brought", "version": "1.0.0", "sha256": hashlib.sha256(content).hexdigest(), "kind": kind,
        "labels": ["thing"], "thresholds": {"operating_point": "by hand", "score": 0.5},
        "input": {"channels": 1, "rows": 8, "columns": 8}, "output": {},
    }  # fmt: skip
    return card | more


def mean_classifier(side: int = 8) -> tuple[bytes, dict[str, Any]]:
    """A classifier whose logit is 10 times the mean of what it is fed, less 5."""
    nodes = (
        Node("ReduceMean", ["x"], ["mean"], {"axes": [1, 2, 3], "keepdims": 0}),
        Node("Mul", ["mean", "ten"], ["larger"]),
        Node("Sub", ["larger", "five"], ["logit"]),
    )
    numbers = {"ten": np.array([10.0]), "five": np.array([5.0])}
    content = model(nodes, [1, 1, side, side], {"logit": [1]}, numbers)
    told = {
        "input": {"channels": 1, "rows": side, "columns": side, "resize": "stretch"},
        "output": {"scores": "logits", "activation": "sigmoid"},
    }
    return content, card_for(content, "classifier", **told)
