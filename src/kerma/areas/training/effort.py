"""How long a scene document would keep one processor busy, told before anything is rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.science.simulate.document import Scene, Thing
    from kerma.science.simulate.view import Rays

CHORD_S = 25e-9
"""One ray through a plain body; the times are measured on an ordinary processor and rounded up."""
TRIANGLE_S = 5e-9
LAYER_S = 1e-9
"""One pixel, one energy, one material."""
ENERGIES = 100
POINTS = 20.0
"""So many points of an outline or a stroke take as long again as a plain body."""
NEAREST_DEPTH = 0.999
"""Of the way from detector to source: beyond it no place on the detector is told."""


def seconds_of(scene: Scene) -> float:
    """Return about how many seconds of one processor all views of a scene take, rather too many than too few.

    A thing costs the pixels of its box's shadow, a finding two attenuations of it, and every pixel one attenuation of
    all materials.
    """
    from kerma.science.simulate.ground_truth import groups_of
    from kerma.science.simulate.view import rays_of

    detector, parts = scene.detector, scene.geometry.subpixels**2
    layer_s = LAYER_S * ENERGIES * len(detector.channels) * (1 + len(materials_of(scene)))
    whole = detector.rows * detector.columns * parts * layer_s
    labelled = {thing.name for things in groups_of(scene).values() for thing in things}
    total = 0.0
    for view in range(len(scene.geometry.angles_deg)):
        rays = rays_of(scene.geometry, detector, view)
        total += whole
        for thing in scene.things:
            shadow, chords_s = _cast(thing, rays, scene)
            total += chords_s * (1 + parts if parts > 1 else 1)
            total += 2 * shadow * layer_s if thing.name in labelled else 0.0
    return total


def materials_of(scene: Scene) -> set[tuple[str, float | None]]:
    """Return the materials of a scene, each density its own."""
    return {(thing.material, thing.density_g_cm3) for thing in scene.things if thing.material is not None}


def _cast(thing: Thing, rays: Rays, scene: Scene) -> tuple[float, float]:
    """Return the pixels in the box of a thing's shadow, and the seconds its chords take."""
    import numpy as np

    from kerma.science.simulate.bodies import corners_of
    from kerma.science.simulate.document import Mesh

    corners = corners_of(thing)
    shadow = float(_pixels(corners[None], rays)[0])
    if isinstance(thing.shape, Mesh):
        faces = corners[np.asarray(thing.shape.faces, dtype=np.intp).reshape(-1, 3)]
        return shadow, float(_pixels(faces, rays).sum()) * TRIANGLE_S * scene.geometry.rays_per_pixel**2
    points = sum(len(getattr(thing.shape, name, ())) for name in ("points_mm", "outline_mm"))
    return shadow, shadow * CHORD_S * _rays(thing, scene) ** 2 * (1 + points / POINTS)


def _rays(thing: Thing, scene: Scene) -> float:
    """Return how many rays along each side of a pixel a thing gets: more, the thinner it is against the pixel."""
    from kerma.science.simulate.shapes import BODIES, MOST_RAYS, THIN_SHARE

    asked = scene.geometry.rays_per_pixel
    if type(thing.shape) not in BODIES:
        return asked
    thin = THIN_SHARE * scene.detector.pitch_mm / max(BODIES[type(thing.shape)](thing.shape).thinnest_mm, 1e-9)
    return min(max(asked, thin), max(MOST_RAYS, asked))


def _pixels(groups: NDArray[np.float64], rays: Rays) -> NDArray[np.float64]:
    """Return the pixels in the box round each group of points (group, point, [x, y, z]) as it is drawn.

    A group that reaches the source may be drawn anywhere: it counts for the whole picture.
    """
    import numpy as np

    from kerma.science.simulate.view import projected

    rows, columns, depth = (each.reshape(groups.shape[:2]) for each in projected(rays, groups.reshape(-1, 3)))
    before_source = (depth < NEAREST_DEPTH).all(axis=1)
    size: float | NDArray[np.float64] = 1.0
    with np.errstate(invalid="ignore"):
        for values, most in ((rows, rays.rows), (columns, rays.columns)):
            spread = np.clip(values.max(axis=1) + 1, 0, most) - np.clip(values.min(axis=1) - 1, 0, most)
            size = size * np.where(before_source, spread, most)
    result: NDArray[np.float64] = np.asarray(size)
    return result
