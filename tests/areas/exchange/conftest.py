"""What the tests of exchange share: an archive, nodes in its list, and Kerma's own network door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from films import Archive
from kerma.areas.archive.model import ExamArrived
from kerma.areas.exchange import actions, queries
from kerma.areas.exchange.actions import NodeGiven
from kerma.areas.exchange.jobs import on_exam_arrived
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import SystemClock
from kerma.kernel.jobs import Runner


@pytest.fixture
def archive(kernel: Kernel, actor: Actor) -> Archive:
    """An archive whose rules are listening, with the computer's own clock."""
    listening = replace(kernel, clock=SystemClock(), subscriptions={ExamArrived: (on_exam_arrived,)})
    return Archive(listening, actor)


Lists = Callable[..., dict[str, Any]]


@pytest.fixture
def lists(archive: Archive) -> Lists:
    """A maker of nodes: ``lists("PEER", port)`` lists one on this machine and returns its row."""

    def make(ae_title: str, port: int, **given: Any) -> dict[str, Any]:
        node = NodeGiven(ae_title, given.pop("host", "127.0.0.1"), port, **given)
        actions.add_node(archive.kernel, archive.actor, given=node)
        with archive.kernel.database.read() as connection:
            return queries.known_node(connection, ae_title)

    return make


@pytest.fixture
def runner(archive: Archive) -> Iterator[Runner]:
    """A runner of jobs, started when the test says so."""
    made = Runner(archive.kernel)
    yield made
    made.stop()
