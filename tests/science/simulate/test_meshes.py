"""Mesh files and the L-buffer: read, refused, and exact to the facets."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Detector, Ellipsoid, Geometry, Mesh, Shape, Thing
from kerma.science.simulate.meshes import checked, read_mesh
from kerma.science.simulate.shapes import patch_of
from kerma.science.simulate.view import rays_of

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float)
FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])


def sphere(pieces: int, radius_mm: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    """A sphere of rings and meridians, closed at its poles."""
    polar = np.linspace(0.0, np.pi, pieces + 1)[1:-1]
    around = np.arange(2 * pieces) * np.pi / pieces
    rings = [[np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)] for p in polar for a in around]
    vertices = radius_mm * np.array([[0, 0, 1], *rings, [0, 0, -1]])
    n, last, faces = 2 * pieces, len(vertices) - 1, []
    for i in range(n):
        j = (i + 1) % n
        faces += [[0, 1 + i, 1 + j], [last, last - n + j, last - n + i]]
        for ring in range(pieces - 2):
            a, b = 1 + ring * n + i, 1 + ring * n + j
            faces += [[a, a + n, b], [b, a + n, b + n]]
    return vertices, np.array(faces)


def as_mesh(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    return Mesh(vertices_mm=tuple(map(tuple, vertices.tolist())), faces=tuple(map(tuple, faces.tolist())))


def picture_of(shape: Shape, geometry: Geometry, folder: Path | None = None, *, turn=(0.0, 0.0, 0.0)) -> np.ndarray:
    detector = Detector(220, 220, 0.1)
    thing = Thing("it", shape, "iron", turn_deg=turn)
    patch = patch_of(thing, rays_of(geometry, detector, 0), rays_per_pixel=1, seed=0, folder=folder)
    picture = np.zeros((220, 220))
    if patch is not None:
        picture[patch.window] = patch.chord_mm
    return picture


def stl(vertices: np.ndarray, faces: np.ndarray) -> bytes:
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *vertices[face].ravel(), 0) for face in faces)
    return b"\0" * 80 + struct.pack("<I", len(faces)) + body


def ascii_stl(vertices: np.ndarray, faces: np.ndarray) -> bytes:
    lines = ["solid it"]
    for face in faces:
        lines += ["facet normal 0 0 0", "outer loop", *("vertex {} {} {}".format(*vertices[i]) for i in face)]
        lines += ["endloop", "endfacet"]
    return "\n".join([*lines, "endsolid it"]).encode()


def obj(vertices: np.ndarray, faces: np.ndarray) -> bytes:
    lines = ["# a mesh", *("v {} {} {}".format(*v) for v in vertices), "vn 0 0 1"]
    return "\n".join([*lines, *("f {}//1 {}//1 {}//1".format(*(face + 1)) for face in faces)]).encode()


def ply(vertices: np.ndarray, faces: np.ndarray, form: str = "ascii") -> bytes:
    order = ">" if "big" in form else "<"
    head = (
        f"ply\nformat {form} 1.0\ncomment it\nelement vertex {len(vertices)}\nproperty double x\nproperty double y\n"
        f"property double z\nproperty uchar grey\nelement face {len(faces)}\nproperty list uchar int vertex_indices\n"
        "end_header\n"
    ).encode()
    if form == "ascii":
        rows = ["{} {} {} 7".format(*v) for v in vertices] + ["3 {} {} {}".format(*face) for face in faces]
        return head + "\n".join(rows).encode()
    body = b"".join(struct.pack(order + "3dB", *v, 7) for v in vertices)
    return head + body + b"".join(struct.pack(order + "B3i", 3, *face) for face in faces)


WRITERS = {
    "stl": ("stl", stl), "ascii stl": ("stl", ascii_stl), "obj": ("obj", obj), "ply": ("ply", ply),
    "little ply": ("ply", lambda v, f: ply(v, f, "binary_little_endian")),
    "big ply": ("ply", lambda v, f: ply(v, f, "binary_big_endian")),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_closed_body(name: str) -> None:
    kind, write = WRITERS[name]
    vertices, faces = checked(*read_mesh(write(VERTICES, FACES), kind))
    corners = vertices[faces]
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert volume == pytest.approx(1 / 6)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_cut_anywhere_is_refused_or_not_closed(name: str) -> None:
    kind, write = WRITERS[name]
    content = write(VERTICES, FACES)
    for length in range(0, len(content) - 2, 7):
        with pytest.raises(WrongUsage):
            checked(*read_mesh(content[:length], kind))


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"\0" * 80 + struct.pack("<I", 2**31), "stl", "truncated"),
        (b"ply\nformat ascii 1.0\nelement vertex 999999999999\nend_header\n", "ply", "999,999,999,999"),
        (b"ply\nformat ascii 1.0\nelement vertex 1\nproperty quad x\nend_header\n0\n", "ply", "quad"),
        (b"v 0 0 0\nf 1 2 3\n", "obj", "no vertex 2"),
        (b"v 0 0\n", "obj", "three coordinates"),
        (b"v 0 nan 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "obj", "no place"),
        (obj(VERTICES, FACES[:3]), "obj", "not closed"),
        (obj(VERTICES, np.vstack([FACES[:3], FACES[3:, ::-1]])), "obj", "turn the same way"),
        (b"", "step", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content: bytes, kind: str, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        checked(*read_mesh(content, kind))


@pytest.mark.parametrize("kind", ["cone", "fan"])
def test_a_sphere_of_triangles_is_a_sphere_to_its_facets(kind: str) -> None:
    geometry = Geometry(kind, source_detector_mm=300.0, source_object_mm=200.0, belt_step_mm=0.08)
    errors = {}
    for pieces in (24, 96):
        mesh = picture_of(as_mesh(*sphere(pieces)), geometry, turn=(20.0, 10.0, 5.0))
        ball = picture_of(Ellipsoid((5.0, 5.0, 5.0)), geometry)
        inner = ball > 3.0
        errors[pieces] = float(np.sqrt(((mesh - ball)[inner] ** 2).mean()))
        assert (mesh[inner] > 0).all(), "no ray slips between two triangles"
        assert mesh[ball == 0].max() == 0.0
    assert errors[96] < 0.01
    assert errors[24] / errors[96] == pytest.approx(16.0, rel=0.2), (
        "the error is that of the facets: it falls with their area"
    )


def test_rays_exactly_through_corners_and_edges_meet_no_hole() -> None:
    """A grid of vertices on pixel centres: the top-left rule gives every pixel to one triangle."""
    geometry = Geometry(source_detector_mm=300.0, source_object_mm=200.0)
    vertices, faces = sphere(16, 4.0)
    pitch = 0.1 / 1.5
    vertices = np.rint(vertices / pitch - 0.5) * pitch + pitch / 2
    picture = picture_of(as_mesh(vertices, faces), geometry)
    assert (picture[100:120, 100:120] > 6.0).all()
    assert picture.min() == 0.0


def test_a_mesh_turned_inside_out_is_the_same_body(tmp_path: Path) -> None:
    geometry = Geometry(source_detector_mm=300.0, source_object_mm=200.0)
    vertices, faces = sphere(16)
    (tmp_path / "ball.stl").write_bytes(stl(vertices, faces[:, ::-1]))
    outward = picture_of(as_mesh(vertices, faces), geometry)
    inward = picture_of(Mesh("ball.stl"), geometry, tmp_path)
    np.testing.assert_allclose(inward, outward, atol=1e-5)


def test_a_file_outside_the_folder_of_the_document_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.stl").write_bytes(stl(VERTICES, FACES))
    (tmp_path / "scenes").mkdir()
    for name in ("../secret.stl", str(tmp_path / "secret.stl"), "absent.stl"):
        with pytest.raises(WrongUsage, match="mesh file"):
            picture_of(Mesh(name), Geometry(), tmp_path / "scenes")
    with pytest.raises(WrongUsage, match="give its folder"):
        picture_of(Mesh("ball.stl"), Geometry())
