"""A part drawn as thickness maps, with its flaws: what a scene hands to the exposure when no bodies are cast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerma.science.simulate.composition import Composition, Matter, Share
from kerma.science.simulate.document import Scene
from kerma.science.simulate.flaws import Field, Flaw
from kerma.science.simulate.render import exposed
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.shapes import Patch

PER_MM = 1e6
"""Thickness is drawn to whole nanometres, so that the last bits of a library's functions decide nothing."""


@dataclass(frozen=True)
class Part:
    """What stands in the beam: thickness maps (row, column) by material, the first the part's own, and its flaws."""

    thickness_mm: Mapping[str, Field]
    flaws: Sequence[Flaw] = ()

    @property
    def own(self) -> str:
        """The part's own material."""
        return next(iter(self.thickness_mm))

    def named_flaws(self) -> dict[str, Flaw]:
        """Return the flaws with a name each."""
        named = (replace(flaw, name=f"{flaw.label} {number}") for number, flaw in enumerate(self.flaws, start=1))
        return {flaw.name: flaw for flaw in named}

    def composition(self) -> Composition:
        """Return the thickness maps with every flaw in place; a flaw is never thicker than the part."""
        maps: dict[Matter, Field] = {(name, None): _drawn(values) for name, values in self.thickness_mm.items()}
        own: Matter = (self.own, None)
        shares: dict[str, tuple[Share, ...]] = {}
        outlines: dict[str, Patch] = {}
        for name, flaw in self.named_flaws().items():
            here = _inside(flaw, maps[own])
            depth = np.minimum(_drawn(flaw.patch_mm), here) if flaw.displaces else _drawn(flaw.patch_mm)
            parts = [Share(own, flaw.slices, -depth)] if flaw.displaces else []
            if flaw.material is not None:
                parts.append(Share((flaw.material, None), flaw.slices, depth))
            for share in parts:
                maps.setdefault(share.matter, np.zeros_like(maps[own]))[share.window] += share.thickness_mm
            shares[name], outlines[name] = tuple(parts), Patch(flaw.slices, depth)
        return Composition(maps, shares, outlines)

    def picture(self, scene: Scene, truth: Mapping[str, Any]) -> SimulatedImage:
        """Return the picture of the part in the exposure a scene describes; ``truth`` is added to what it tells."""
        made = exposed(scene, self.composition(), {name: [flaw] for name, flaw in self.named_flaws().items()})
        return replace(made, truth={**made.truth, **truth})


def _drawn(thickness_mm: Field) -> Field:
    whole: Field = np.rint(thickness_mm * PER_MM) / PER_MM
    return whole


def _inside(flaw: Flaw, own: Field) -> Field:
    here = own[flaw.slices]
    if here.shape != flaw.patch_mm.shape:
        raise ValueError(f"the flaw '{flaw.label}' at row {flaw.row}, column {flaw.column} leaves the picture")
    return here
