"""What may be simulated for somebody on the network: sizes that protect the machine, and names of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kerma.areas.training.effort import materials_of, seconds_of
from kerma.errors import TooLarge, WrongUsage

if TYPE_CHECKING:
    from kerma.science.simulate.document import Scene

MAX_COUNT = 16
MAX_SIDE_PX = 2048
MAX_VIEWS = 8
MAX_THINGS = 2000
MAX_RAYS_PER_PIXEL = 8
MAX_POINTS = 200_000
"""Most points of all meshes, outlines, strokes and sheets together."""
MAX_SAMPLES = 16_000_000
"""Most heights of all reliefs together."""
MAX_MATERIALS = 64
MAX_SECONDS = 60.0
"""Of one processor for one seed of a scene document, as :mod:`effort` tells it."""


def demand_small(scene: Scene) -> None:
    """Refuse a scene document that would keep the machine busy for long, or that names files of the machine.

    Raises
    ------
    TooLarge
        A limit is passed; the message says which.
    WrongUsage
        A mesh is read from a file.
    """
    detector, geometry = scene.detector, scene.geometry
    counted = (
        ("rows", detector.rows, MAX_SIDE_PX),
        ("columns", detector.columns, MAX_SIDE_PX),
        ("views", len(geometry.angles_deg), MAX_VIEWS),
        ("energy channels", len(detector.channels), MAX_VIEWS),
        ("rays per pixel", geometry.rays_per_pixel, MAX_RAYS_PER_PIXEL),
        ("parts of a pixel", geometry.subpixels, MAX_RAYS_PER_PIXEL),
        ("rows of parts", detector.rows * geometry.subpixels, MAX_SIDE_PX),
        ("columns of parts", detector.columns * geometry.subpixels, MAX_SIDE_PX),
        ("things", len(scene.things), MAX_THINGS),
        ("points", sum(_points(thing.shape) for thing in scene.things), MAX_POINTS),
        ("samples of reliefs", sum(_samples(thing.shape) for thing in scene.things), MAX_SAMPLES),
        ("materials", len(materials_of(scene)), MAX_MATERIALS),
    )
    for what, found, limit in counted:
        if found > limit:
            raise TooLarge(f"{found} {what} are beyond the limit of {limit} over HTTP; use `kerma simulate`")
    for thing in scene.things:
        if getattr(thing.shape, "file", ""):
            raise WrongUsage(f"'{thing.name}' is a mesh in a file: over HTTP give its vertices and faces")
    seconds = seconds_of(scene)
    if seconds > MAX_SECONDS:
        raise TooLarge(
            f"this scene takes about {seconds:,.0f} s of a processor, and over HTTP {MAX_SECONDS:.0f} s are allowed: "
            "ask for fewer pixels, views, rays per pixel or large things, or use `kerma simulate`"
        )


def _points(shape: object) -> int:
    return sum(len(getattr(shape, name, ())) for name in ("points_mm", "outline_mm", "vertices_mm", "faces"))


def _samples(shape: object) -> int:
    from kerma.science.simulate.document import Relief

    if not isinstance(shape, Relief) or shape.step_mm <= 0:
        return 0
    return int(min(shape.size_mm[0] / shape.step_mm, 1e9)) * int(min(shape.size_mm[1] / shape.step_mm, 1e9))


def file_stem(name: str) -> str:
    """Return a name that any file system takes: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48] or "scene"
