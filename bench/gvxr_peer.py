"""gVirtualXray (gvxr, BSD-3) on a scene document: the same bodies as triangles, in a process of its own.

Run as a program it reads a job as JSON from standard input and writes the picture; gvxr is chatty and keeps memory, so
it never runs in the caller's process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.science.physics.attenuation import density_of, mass_fractions
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.document import Box, Cylinder, Ellipsoid, Mesh, Prism, Scene, Stroke, Thing, Tube
from kerma.science.simulate.view import rays_of, turn_of

Field = NDArray[np.float64]
AROUND = 180
"""Triangles round a round body; the pieces are small against a pixel in every scene compared."""


def peer_picture(scene: Scene, *, view: int = 0, repeat: int = 0) -> tuple[Field, list[list[float]]]:
    """Return gvxr's picture of the first channel (shares of the open beam) and each repetition's [CPU, wall] seconds.

    Raises
    ------
    RuntimeError
        gvxr could not run here: no EGL, or not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        job = _job(scene, view, Path(folder)) | {"repeat": repeat}
        done = subprocess.run(
            [sys.executable, "-m", "bench.gvxr_peer"], input=json.dumps(job), capture_output=True, text=True,
            cwd=Path(__file__).parent.parent, timeout=600, check=False,
        )  # fmt: skip
        out = Path(folder) / "picture.npy"
        if done.returncode or not out.exists():
            raise RuntimeError(f"gvxr did not run: {done.stderr[-500:]}")
        # gvxr's first row and column are our last ones.
        return np.load(out)[::-1, ::-1], json.loads((Path(folder) / "seconds.json").read_text())


def _job(scene: Scene, view: int, folder: Path) -> dict[str, Any]:
    rays = rays_of(scene.geometry, scene.detector, view)
    source, _, corner, row_step, column_step = rays.frame
    middle = corner + (rays.rows - 1) / 2 * row_step + (rays.columns - 1) / 2 * column_step
    beam = beam_of(scene.source, scene.detector.channels[0])
    parts = []
    for thing in scene.things:
        if thing.material is None:
            continue
        triangles = [_placed(thing)] + [_placed(other)[:, ::-1] for other in scene.things if other.inside == thing.name]
        path = folder / f"{len(parts)}.stl"
        _write_stl(path, np.concatenate(triangles))
        parts.append({
            "name": f"part{len(parts)}", "file": str(path), "fractions": dict(mass_fractions(thing.material)),
            "density": thing.density_g_cm3 or density_of(thing.material),
        })  # fmt: skip
    return {
        "folder": str(folder), "rows": rays.rows, "columns": rays.columns, "pitch_mm": scene.detector.pitch_mm,
        "source": source.tolist(), "detector": middle.tolist(), "up": (-row_step).tolist(),
        "right": (-column_step).tolist(), "energies_kev": beam.energies_kev.tolist(),
        "photons": (beam.photons * beam.absorbed / (beam.photons * beam.absorbed).max()).tolist(), "parts": parts,
    }  # fmt: skip


def _placed(thing: Thing) -> Field:
    """Return the triangles of a thing in world coordinates, shape (triangle, corner, 3)."""
    turn = np.array(turn_of(thing.turn_deg))
    return _triangles(thing.shape) @ turn.T + np.array(thing.at_mm)


def _triangles(shape: Any) -> Field:
    if isinstance(shape, Box):
        x, y, z = (edge / 2 for edge in shape.size_mm)
        return _walls(np.array([[-x, -y], [x, -y], [x, y], [-x, y]]), -z, z)
    if isinstance(shape, Prism):
        return _walls(np.array(shape.outline_mm), -shape.height_mm / 2, shape.height_mm / 2)
    if isinstance(shape, Ellipsoid):
        return _revolved(_half_circle(1.0)) * np.array(shape.radii_mm)
    if isinstance(shape, Cylinder):
        top = shape.radius_mm if shape.top_radius_mm is None else shape.top_radius_mm
        return _revolved(_rod(shape.radius_mm, top, shape.length_mm))
    if isinstance(shape, Tube):
        inner = shape.outer_radius_mm - shape.wall_mm
        outside = _revolved(_rod(shape.outer_radius_mm, shape.outer_radius_mm, shape.length_mm))
        return np.concatenate([outside, _revolved(_rod(inner, inner, shape.length_mm))[:, ::-1]])
    if isinstance(shape, Mesh):
        return np.array(shape.vertices_mm)[np.array(shape.faces)] * shape.scale
    assert isinstance(shape, Stroke) and len(shape.points_mm) == 2 and isinstance(shape.radius_mm, float)
    return _capsule(*(np.array(point) for point in shape.points_mm), shape.radius_mm)


def _half_circle(radius: float) -> Field:
    angle = np.linspace(-np.pi / 2, np.pi / 2, AROUND // 2 + 1)
    return radius * np.column_stack([np.abs(np.cos(angle)).round(15), np.sin(angle)])


def _rod(bottom: float, top: float, length: float) -> Field:
    return np.array([[0, -length / 2], [bottom, -length / 2], [top, length / 2], [0, length / 2]])


def _revolved(profile: Field) -> Field:
    """Return the triangles of a profile (radius, height) turned about z, upwards along the profile."""
    angle = np.arange(AROUND + 1) % AROUND * 2 * np.pi / AROUND
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    faces = []
    for (r0, z0), (r1, z1) in zip(profile[:-1], profile[1:], strict=True):
        low, high = (np.column_stack([ring * r, np.full(len(ring), z)]) for r, z in ((r0, z0), (r1, z1)))
        if r0 > 0:
            faces.append(np.stack([low[:-1], low[1:], high[1:] if r1 > 0 else high[:-1]], axis=1))
        if r1 > 0:
            faces.append(np.stack([low[:-1], high[1:], high[:-1]], axis=1))
    return np.concatenate(faces)


def _walls(outline: Field, low: float, high: float) -> Field:
    """Return the triangles of a convex outline between two heights."""
    after = np.roll(outline, -1, axis=0)
    bottom, top = (np.column_stack([outline, np.full(len(outline), z)]) for z in (low, high))
    bottom_after, top_after = (np.column_stack([after, np.full(len(outline), z)]) for z in (low, high))
    sides = [np.stack([bottom, bottom_after, top_after], axis=1), np.stack([bottom, top_after, top], axis=1)]
    fan = [np.stack([face[:1].repeat(len(face) - 2, 0), face[1:-1], face[2:]], axis=1) for face in (top, bottom)]
    return np.concatenate([*sides, fan[0], fan[1][:, ::-1]])


def _capsule(start: Field, end: Field, radius: float) -> Field:
    length = float(np.linalg.norm(end - start))
    circle = _half_circle(radius)
    half = len(circle) // 2
    lower, upper = circle[: half + 1] + [0, -length / 2], circle[half:] + [0, length / 2]
    axis = (end - start) / length
    across = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    turn = np.column_stack([across, np.cross(axis, across), axis])
    return _revolved(np.concatenate([lower, upper])) @ turn.T + (start + end) / 2


def _write_stl(path: Path, triangles: Field) -> None:
    record = np.zeros(len(triangles), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    record["corners"] = triangles
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    record["normal"] = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
    path.write_bytes(b"\0" * 80 + len(triangles).to_bytes(4, "little") + record.tobytes())


def main() -> None:
    """Render the job on standard input."""
    from gvxrPython3 import gvxr

    job = json.load(sys.stdin)
    gvxr.createOpenGLContext()
    gvxr.usePointSource()
    gvxr.setSourcePosition(*job["source"], "mm")
    gvxr.setDetectorPosition(*job["detector"], "mm")
    gvxr.setDetectorUpVector(*job["up"])
    # Left to itself gvxr turns the detector towards the source, which a panel beside the central ray does not.
    gvxr.setDetectorRightVector(*job["right"])
    gvxr.setDetectorNumberOfPixels(job["columns"], job["rows"])
    gvxr.setDetectorPixelSize(job["pitch_mm"], job["pitch_mm"], "mm")
    gvxr.resetBeamSpectrum()
    for energy, photons in zip(job["energies_kev"], job["photons"], strict=True):
        gvxr.addEnergyBinToSpectrum(energy, "keV", photons)
    for part in job["parts"]:
        gvxr.loadMeshFile(part["name"], part["file"], "mm")
        names, shares = list(part["fractions"]), list(part["fractions"].values())
        if len(names) == 1:
            gvxr.setElement(part["name"], names[0])
        else:
            gvxr.setMixture(part["name"], names, shares)
        gvxr.setDensity(part["name"], part["density"], "g/cm3")
    seconds = []
    for _ in range(job["repeat"] + 1):
        start = time.process_time(), time.perf_counter()
        picture = np.array(gvxr.computeXRayImage())
        seconds.append([time.process_time() - start[0], time.perf_counter() - start[1]])
    open_beam = float(np.dot(job["energies_kev"], job["photons"])) / 1000.0
    np.save(Path(job["folder"]) / "picture.npy", picture.astype(np.float64) / open_beam)
    (Path(job["folder"]) / "seconds.json").write_text(json.dumps(seconds[1:]))


if __name__ == "__main__":
    main()
