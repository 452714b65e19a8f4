"""Threats for the library: simulated apart, put among the blobs, then added as one action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.proficiency import actions, rules
from kerma.errors import NotFound, TooLarge
from kerma.kernel import apart
from kerma.kernel.action import refuse
from kerma.kernel.permissions import is_granted
from kerma.science.simulate.threat_library import Threat, drawn_threat, packed

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel


def added(kernel: Kernel, actor: Actor, *, name: str, count: int, seed: int) -> int:
    """Simulate threats and add them; returns how many are new.

    Parameters
    ----------
    name : an article, or a category for all of its articles
    count : angles of each article, with seeds that go up from the first

    Raises
    ------
    NotFound
        There is no such article or category.
    TooLarge
        More than are made in one go.
    """
    if not is_granted(actions.add_threats.name, actor.permissions):
        refuse(kernel, actor, actions.add_threats.name)
    known = rules.articles()
    names = known.get(name) or ([name] if any(name in articles for articles in known.values()) else [])
    if not names:
        raise NotFound(f"there is no threat '{name[:64]}'; categories are {', '.join(known)}")
    if count * len(names) > actions.MOST_ADDED:
        raise TooLarge(f"{count * len(names)} threats are more than {actions.MOST_ADDED}: add them in several goes")
    made = []
    for article in names:
        for number in range(seed, seed + count):
            threat = apart.run(_made, article, number)
            made.append((number, threat, kernel.blobs.put(packed(threat.views))))
    return actions.add_threats(kernel, actor, made=made)


def _made(name: str, seed: int) -> Threat:
    """Simulate one; runs apart."""
    return drawn_threat(name, seed)
