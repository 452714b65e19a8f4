"""Things to thickness maps: what each displaces, what remains of its host, and what lies in the beam in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Scene, Thing
from kerma.science.simulate.shapes import Patch, patch_of
from kerma.science.simulate.view import Rays, Window

Field = NDArray[np.float64]
Matter = tuple[str, float | None]
"""A material, and its density where it is not the usual one."""


@dataclass(frozen=True)
class Share:
    """What one thing adds to, or takes from, the thickness of a material within a window."""

    matter: Matter
    window: Window
    thickness_mm: Field


@dataclass(frozen=True)
class Composition:
    """Everything in the beam: a thickness map (row, column) in mm per material, and what each thing has part in it.

    ``missing`` names the things that fall outside the picture.
    """

    thickness_mm: Mapping[Matter, Field]
    shares: Mapping[str, tuple[Share, ...]]
    outlines: Mapping[str, Patch]
    cut: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)


def composed(scene: Scene, rays: Rays, folder: Path | None = None) -> Composition:
    """Return what lies in the beam of one view.

    A thing inside another takes from it what it fills, never more than is left there; a void fills nothing in.

    Raises
    ------
    WrongUsage
        Two things of one name, a host that does not exist, hosts in a circle, a thing wholly beside its host.
    """
    shares: dict[str, tuple[Share, ...]] = {}
    patches: dict[str, Patch] = {}
    left: dict[str, Patch] = {}
    missing: list[str] = []
    for thing in in_order(scene.things):
        patch = patch_of(thing, rays, rays_per_pixel=scene.geometry.rays_per_pixel, seed=scene.seed, folder=folder)
        if patch is None:
            missing.append(thing.name)
            continue
        if thing.inside:
            patch, taken = _displaced(thing, patch, (left.get(thing.inside), patches.get(thing.inside)), scene)
            if patch is None:
                missing.append(thing.name)
                continue
        else:
            taken = ()
        own = (Share(_matter(thing), patch.window, patch.chord_mm),) if thing.material is not None else ()
        shares[thing.name] = taken + own
        patches[thing.name] = patch
        left[thing.name] = Patch(patch.window, patch.chord_mm.copy())
    hosts = {thing.name: thing.inside for thing in scene.things if thing.inside}
    maps = _summed(shares.values(), (rays.rows, rays.columns))
    cut = frozenset(name for name, patch in patches.items() if _touches_edge(patch.window, rays))
    return Composition(maps, shares, patches, cut, tuple(missing), hosts)


def in_order(things: Sequence[Thing]) -> list[Thing]:
    """Return the things with every host before what is inside it, otherwise in their own order."""
    names = {thing.name: thing for thing in things}
    if len(names) != len(things):
        seen: set[str] = set()
        twice = next(thing.name for thing in things if thing.name in seen or seen.add(thing.name))  # type: ignore[func-returns-value]
        raise WrongUsage(f"two things are named '{twice}'; a name stands for one thing")
    placed: dict[str, Thing] = {}
    for thing in things:
        chain = [thing]
        while chain[-1].inside and chain[-1].inside not in placed:
            host = names.get(chain[-1].inside)
            if host is None:
                raise WrongUsage(f"'{chain[-1].name}' is inside '{chain[-1].inside}', which is not in the scene")
            if host in chain:
                raise WrongUsage(f"'{host.name}' is inside itself: {' in '.join(each.name for each in chain)}")
            chain.append(host)
        for each in reversed(chain):
            placed.setdefault(each.name, each)
    return list(placed.values())


def _matter(thing: Thing) -> Matter:
    assert thing.material is not None
    return thing.material, thing.density_g_cm3


def _displaced(
    thing: Thing, patch: Patch, hosts: tuple[Patch | None, Patch | None], scene: Scene
) -> tuple[Patch | None, tuple[Share, ...]]:
    """Return the part of a patch that its host has room for, and what the host loses.

    ``hosts`` are the host as it is left, and as it was when nothing lay in it. Nothing is returned of what lies where
    its neighbours have taken the whole depth of the host, such as a chip under a camera.
    """
    host, whole = hosts
    if host is None or whole is None:
        return None, ()
    rows, columns = _common(patch.window, host.window)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        raise WrongUsage(f"'{thing.name}' lies beside '{thing.inside}', not inside it")
    here = patch.chord_mm[_within((rows, columns), patch.window)]
    room = host.chord_mm[_within((rows, columns), host.window)]
    depth = np.minimum(here, np.maximum(room, 0.0))
    if not depth.any():
        lies_inside = bool((whole.chord_mm[_within((rows, columns), whole.window)][here > 0] > 0).any())
        if not lies_inside:
            raise WrongUsage(f"'{thing.name}' lies beside '{thing.inside}', not inside it")
        return None, ()
    room -= depth
    filled = Patch((rows, columns), depth)
    host_thing = next(each for each in scene.things if each.name == thing.inside)
    if host_thing.material is None:
        return filled, ()
    return filled, (Share(_matter(host_thing), filled.window, -depth),)


def _common(a: Window, b: Window) -> Window:
    rows, columns = (
        slice(max(one.start, other.start), min(one.stop, other.stop)) for one, other in zip(a, b, strict=True)
    )
    return rows, columns


def _within(window: Window, outer: Window) -> Window:
    """Return a window of the picture as indices of an array that covers ``outer``."""
    rows, columns = (
        slice(part.start - whole.start, part.stop - whole.start) for part, whole in zip(window, outer, strict=True)
    )
    return rows, columns


def _summed(shares: object, shape: tuple[int, int]) -> dict[Matter, Field]:
    maps: dict[Matter, Field] = {}
    for group in shares:  # type: ignore[attr-defined]
        for share in group:
            maps.setdefault(share.matter, np.zeros(shape))[share.window] += share.thickness_mm
    for values in maps.values():
        np.maximum(values, 0.0, out=values)
    return maps


def _touches_edge(window: Window, rays: Rays) -> bool:
    rows, columns = window
    return bool(rows.start == 0 or columns.start == 0 or rows.stop == rays.rows or columns.stop == rays.columns)
