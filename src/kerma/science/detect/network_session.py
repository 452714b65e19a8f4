"""Networks made ready to run: one ONNX Runtime session on the processor, the same answer every time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from kerma.errors import Altered, Unreadable
from kerma.science.detect.onnx_file import demand_self_contained

THREADS = 2
ERRORS_ONLY = 3


def session_of(content: bytes, card: Mapping[str, Any], *, threads: int = THREADS) -> Any:
    """Return an ``onnxruntime.InferenceSession`` of weights.

    Raises
    ------
    Altered
        The bytes are not those the card speaks of.
    Unreadable, TooLarge
        The bytes are no network, or one that needs other files or operators of its own.
    """
    import onnxruntime

    found = hashlib.sha256(content).hexdigest()
    if found != card["sha256"]:
        raise Altered(f"the weights have the SHA-256 {found}, their card says {card['sha256']}: get the pair again")
    demand_self_contained(content)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.use_deterministic_compute = True
    options.log_severity_level = ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except refusals() as error:
        raise Unreadable(f"the weights of '{card['name']}' are no network that can be run: {error}") from error


def refusals() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises about a network or what it is fed."""
    from onnxruntime.capi import onnxruntime_pybind11_state as told

    kinds: tuple[type[Exception], ...] = (
        told.Fail, told.InvalidArgument, told.InvalidGraph, told.InvalidProtobuf, told.NotImplemented,
        told.RuntimeException, ValueError,
    )  # fmt: skip
    return kinds
