"""What an ONNX file says of itself, read from its bytes without running anything: operators, and data kept elsewhere.

Protocol Buffers wire format; numbers of fields as in onnx.proto, IR version 13 (ModelProto, GraphProto, NodeProto,
AttributeProto, TensorProto, SparseTensorProto, FunctionProto).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kerma.errors import TooLarge, Unreadable

LARGEST_BYTES = 256 << 20
"""Largest file of weights that is taken."""
KNOWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Whose operators ONNX Runtime brings along."""
DEEPEST = 24
ORT_FORMAT = b"ORTM"
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
EXTERNAL = 1
"""TensorProto.DataLocation.EXTERNAL"""

Content = memoryview


@dataclass
class _Told:
    """What was met on the way through a file."""

    domains: set[str]
    functions: set[str]
    external: int = 0


# What lies inside what: message -> number of a field -> message of that field.
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_DOMAIN = {"node": 7, "function": 10}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


def demand_self_contained(content: bytes) -> None:
    """Refuse a file of weights that is too large, reads other files, or needs operators that nobody has here.

    Raises
    ------
    TooLarge
        More than 256 MiB.
    Unreadable
        No ONNX file, data in other files, or operators of its own.
    """
    demand_size(content)
    if content[4:8] == ORT_FORMAT:
        raise Unreadable("the weights are in ONNX Runtime's own format (.ort): give the ONNX file it was made of")
    told = _Told(set(), set())
    try:
        _walk(memoryview(content), "model", told, 0)
    except (IndexError, ValueError) as error:
        raise Unreadable(f"the weights are no network that can be run: no ONNX file ({error})") from error
    if told.external:
        raise Unreadable(
            f"the weights keep {told.external} of their tensors in another file: save the model with everything in one "
            "file (onnx.save_model with save_as_external_data=False)"
        )
    foreign = sorted(told.domains - KNOWN_DOMAINS - told.functions)
    if foreign:
        raise Unreadable(
            f"the network uses operators of '{foreign[0][:80]}', which are not part of ONNX: export it without them"
        )


def demand_size(content: bytes) -> None:
    """Refuse a file of weights that is too large."""
    if len(content) > LARGEST_BYTES:
        raise TooLarge(f"the weights have {len(content) >> 20} MiB; at most {LARGEST_BYTES >> 20} MiB are taken")


def _walk(content: Content, message: str, told: _Told, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("its parts are nested too deeply")
    inside = _INSIDE.get(message, {})
    for number, wire, value in _fields(content):
        if message == "tensor" and ((number, value) == (_DATA_LOCATION, EXTERNAL) or number == _EXTERNAL_DATA):
            told.external += 1
            return
        if number == _DOMAIN.get(message) and isinstance(value, memoryview):
            where = told.functions if message == "function" else told.domains
            where.add(bytes(value).decode("utf-8", "replace"))
        elif number in inside and wire == BYTES and isinstance(value, memoryview):
            _walk(value, inside[number], told, depth + 1)


def _fields(content: Content) -> Iterator[tuple[int, int, int | Content]]:
    """Yield number, wire type and value of every field of a message."""
    at, end = 0, len(content)
    while at < end:
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        value: int | Content
        if wire == VARINT:
            value, at = _varint(content, at)
        elif wire in (FIXED64, FIXED32):
            value, at = 0, at + (8 if wire == FIXED64 else 4)
        elif wire == BYTES:
            length, at = _varint(content, at)
            value, at = content[at : at + length], at + length
        else:
            raise ValueError(f"a field of the unknown kind {wire}")
        if number == 0 or at > end:
            raise ValueError("it ends in the middle of a field")
        yield number, wire, value


def _varint(content: Content, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
