"""ONNX files read without running them: data elsewhere and foreign operators are found however deep they lie."""

from __future__ import annotations

import numpy as np
import pytest
from tests.onnx_files import FLOAT, Node, field, graph, mean_classifier, model, tensor

from kerma.errors import TooLarge, Unreadable
from kerma.science.detect import learned, onnx_file
from kerma.science.detect.onnx_file import demand_self_contained

ELSEWHERE = tensor("w", np.array([1.0]), more=field(14, 1))
"""A tensor whose data_location is EXTERNAL."""


def constant(value: bytes) -> bytes:
    """A NodeProto with a tensor in its attribute ``value`` (t 5)."""
    return field(2, "w") + field(4, "Constant") + field(5, field(1, "value") + field(5, value) + field(20, 4))


def inside(node: bytes, depth: int) -> bytes:
    """A GraphProto that holds a node so many graphs deep."""
    body = field(1, node) + field(2, "body")
    for _ in range(depth):
        body = field(1, field(4, "If") + field(5, field(1, "then_branch") + field(6, body) + field(20, 5)))
    return field(7, body)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_data_in_other_files_are_found_however_deep(depth: int) -> None:
    demand_self_contained(inside(constant(tensor("w", np.array([1.0]))), depth))
    with pytest.raises(Unreadable, match="in another file"):
        demand_self_contained(inside(constant(ELSEWHERE), depth))
    with pytest.raises(Unreadable, match="operators of 'org.strange'"):
        demand_self_contained(inside(field(4, "Odd") + field(7, "org.strange"), depth))


def test_operators_that_the_file_itself_explains_are_its_own() -> None:
    node = inside(field(4, "Odd") + field(7, "org.strange"), 0)
    function = field(25, field(1, "Odd") + field(10, "org.strange") + field(7, field(4, "Identity")))
    demand_self_contained(node + function)
    with pytest.raises(Unreadable, match="in another file"):
        demand_self_contained(node + field(25, field(10, "org.strange") + field(7, constant(ELSEWHERE))))


def test_what_is_nested_without_end_is_no_network() -> None:
    with pytest.raises(Unreadable, match="nested too deeply"):
        demand_self_contained(inside(constant(tensor("w", np.array([1.0]))), 40))


def test_too_large_a_file_and_the_runtimes_own_format_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match=r"\.ort"):
        demand_self_contained(b"\x18\0\0\0ORTM" + b"\0" * 40)
    content, _ = mean_classifier()
    monkeypatch.setattr(onnx_file, "LARGEST_BYTES", len(content) - 1)
    with pytest.raises(TooLarge, match="at most"):
        demand_self_contained(content)


@pytest.mark.parametrize("name", learned.shipped())
def test_the_models_that_ship_pass(name: str) -> None:
    demand_self_contained(learned.shipped()[name].with_suffix(".onnx").read_bytes())


def test_a_graph_of_a_loop_is_walked_as_any_other() -> None:
    body = graph([Node("Identity", ["a"], ["b"], domain="org.strange")], {"a": FLOAT}, {"b": FLOAT})
    content = model([Node("Loop", ["x"], ["y"], {"body": body})], [1], {"y": [1]})
    with pytest.raises(Unreadable, match="org.strange"):
        demand_self_contained(content)
