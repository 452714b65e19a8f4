"""From trained weights to the file that ships: ONNX, held against PyTorch, with its SHA-256."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import torch

from kerma.errors import KermaError
from kerma.train.net import Network, Shipped

OPSET = 17
NAMES = ("heat", "box", "mask")
LARGEST_DIFFERENCE = 2e-3
"""Of shares and log sizes: sums in another order, no more."""


def exported(network: Network, path: Path) -> str:
    """Write the network as ONNX with free rows and columns, check it in ONNX Runtime, and return its SHA-256.

    Raises
    ------
    KermaError
        ONNX Runtime answers differently from PyTorch.
    """
    # In evaluation mode as a whole: the exporter restores the mode of what it is given, batch norms included.
    wrapped = Shipped(network.float().cpu().to(memory_format=torch.contiguous_format)).eval()
    sample = torch.zeros(1, network.channels, 128, 160)
    free = {2: "rows", 3: "columns"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            wrapped, (sample,), str(path), opset_version=OPSET, input_names=["channels"], output_names=list(NAMES),
            dynamic_axes={"channels": free, **dict.fromkeys(NAMES, free)}, dynamo=False,
        )  # fmt: skip
    content = path.read_bytes()
    difference = _difference(wrapped, content)
    if difference > LARGEST_DIFFERENCE:
        raise KermaError(f"ONNX Runtime differs from PyTorch by {difference:.2g}, at most {LARGEST_DIFFERENCE:g}")
    return hashlib.sha256(content).hexdigest()


def _difference(wrapped: Shipped, content: bytes) -> float:
    """Return the largest difference of any answer on noise of another size than the export had."""
    import onnxruntime

    noise = np.random.default_rng(1).normal(size=(1, wrapped.network.channels, 192, 224)).astype(np.float32)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(list(NAMES), {"channels": noise})
    with torch.no_grad():
        expected = [each.numpy() for each in wrapped(torch.from_numpy(noise))]
    return max(float(np.abs(one - other).max()) for one, other in zip(found, expected, strict=True))
