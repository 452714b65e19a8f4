"""Exported weights are taken up so that the network answers as they did, and go on learning from there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'kerma[train]'")
pytest.importorskip("onnx", reason="ONNX is not installed: pip install 'kerma[train]'")


def _network(name: str):
    from kerma.train.families import family_of
    from kerma.train.net import Network
    from kerma.train.tasks import task_of

    task = task_of(name)
    family = family_of(task)
    torch.manual_seed(3)
    return Network(
        len(task.labels), family.channels, widths=family.widths, pyramid=family.pyramid, is_fine=family.is_fine
    )  # fmt: skip


def _shipped(name: str) -> Path:
    from kerma.science.detect import learned

    return learned.shipped()[name].with_suffix(".onnx")


def test_a_network_answers_as_the_weights_it_begins_with() -> None:
    import onnxruntime

    from kerma.train.beginning import begin_with
    from kerma.train.net import Shipped

    network = _network("bag")
    begin_with(network, _shipped("bag"), torch.randn(4, 5, 192, 192))
    values = torch.randn(1, 5, 192, 224)
    expected = onnxruntime.InferenceSession(str(_shipped("bag"))).run(None, {"channels": values.numpy()})
    with torch.no_grad():
        found = [each.numpy() for each in Shipped(network).eval()(values)]
    assert max(float(np.abs(one - other).max()) for one, other in zip(found, expected, strict=True)) < 1e-4


def test_weights_of_another_detector_are_refused() -> None:
    from kerma.errors import WrongUsage
    from kerma.train.beginning import begin_with

    with pytest.raises(WrongUsage, match="another build"):
        begin_with(_network("bag"), _shipped("weld"), torch.randn(2, 5, 64, 64))
