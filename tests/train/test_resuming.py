"""A training that was killed goes on with the weights, the optimiser and the time it had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'kerma[train]'")


def test_the_same_order_goes_on_where_it_was_and_another_begins(tmp_path: Path) -> None:
    from kerma.train.loop import Learner, Order
    from kerma.train.tasks import task_of

    order = Order(task_of("bag"), 1, 5.0, 1, 10, tmp_path, tmp_path, resumes=True)
    first = Learner(order.task, 1)
    sum(weight.square().sum() for weight in first.network.parameters()).backward()
    first.optimiser.step()
    first.steps = 7
    first.keep(order, 42.0)
    again = Learner(order.task, 2)
    assert again.go_on(order) == 42.0 and again.steps == 7
    for one, other in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)
    moments = [next(iter(each.optimiser.state_dict()["state"].values()))["exp_avg"] for each in (first, again)]
    assert torch.equal(*moments)
    assert Learner(order.task, 1).go_on(replace(order, seed=2)) == 0.0
    assert Learner(order.task, 1).go_on(replace(order, resumes=False)) == 0.0
    assert (tmp_path / "checkpoint.pt").is_file()
