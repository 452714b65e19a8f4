"""Scenes to labelled radiographs: what is in the beam, how it is exposed, and the truth about every flaw.

The same seed gives the same bytes. Each scene is one line of :data:`SCENES`; all of them end in ``scene.picture``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerma.errors import NotFound

if TYPE_CHECKING:
    from kerma.science.simulate.scene import SimulatedImage


@dataclass(frozen=True)
class Scene:
    """One entry of the registry: a name, whose scene it is, what it shows, and which function builds it."""

    name: str
    industry: str
    summary: str
    function: str

    def build(self, seed: int, **options: str) -> SimulatedImage:
        """Simulate the scene; the module is imported only now."""
        module, name = self.function.split(":")
        make: Callable[..., SimulatedImage] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        return make(seed, **options)


SCENES: Mapping[str, Scene] = {
    scene.name: scene
    for scene in (
        Scene("weld", "ndt", "butt weld in 10 mm steel: pores, slag, cracks, tungsten, wire indicator", "weld:weld"),
        Scene("casting", "ndt", "aluminium pump cover: gas pores, shrinkage, a dense inclusion", "casting:casting"),
        Scene("bag", "security", "dual-energy suitcase; in half of them a knife and an opaque block", "bag:bag"),
        Scene("step_wedge", "ndt", "steel step wedge, 2 to 20 mm of known signal and noise", "step_wedge:step_wedge"),
    )
}
"""Every scene that can be simulated, by name."""


def simulate(name: str, seed: int, **options: str) -> SimulatedImage:
    """Simulate a scene by its name.

    Raises
    ------
    NotFound
        No such scene; the message lists them.
    """
    if name not in SCENES:
        raise NotFound(f"there is no scene '{name}'; there are {', '.join(SCENES)}")
    return SCENES[name].build(seed, **options)
