"""Closed triangle meshes: read from STL, OBJ and PLY, checked, and turned into chords.

The readers take bytes and refuse what is truncated, huge, not finite or not closed, with the place where it went wrong.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerma.errors import WrongUsage
from kerma.science.bands import over_rows
from kerma.science.simulate.document import Mesh
from kerma.science.simulate.shapes import Patch
from kerma.science.simulate.view import Rays, projected, window_of

Field = NDArray[np.float64]
Faces = NDArray[np.int64]
Triangles = tuple[Field, Faces]
MOST_FACES = 5_000_000
MOST_BYTES = 512 * 1024 * 1024
LARGEST_MM = 1e6
STL_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
PLY_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip


def read_mesh(content: bytes, kind: str) -> Triangles:
    """Return vertices (vertex, [x, y, z]) and faces (face, 3) of a file's bytes; ``kind`` is stl, obj or ply.

    Raises
    ------
    WrongUsage
        Truncated, malformed, too large, or another format.
    """
    reader = READERS.get(kind.lower().lstrip("."))
    if reader is None:
        raise WrongUsage(f"a mesh of format '{kind}' cannot be read; there are {', '.join(READERS)}")
    if len(content) > MOST_BYTES:
        raise WrongUsage(f"a mesh file of {len(content):,} bytes is larger than {MOST_BYTES:,}")
    try:
        return reader(content)
    except (ValueError, IndexError, struct.error, OverflowError) as error:
        raise WrongUsage(f"this {kind} file is damaged: {error}") from error


def _stl(content: bytes) -> Triangles:
    count = int.from_bytes(content[80:84], "little") if len(content) >= 84 else -1
    if len(content) == 84 + 50 * count:
        corners = np.frombuffer(content, STL_RECORD, count, 84)["corners"].reshape(-1, 3)
    elif content.lstrip()[:5].lower() == b"solid" and b"facet" in content[:4096]:
        corners = _ascii_stl(content)
    else:
        raise WrongUsage(
            f"this STL file says {count:,} triangles, which are {84 + 50 * max(count, 0):,} bytes, but it has "
            f"{len(content):,}: it is truncated, or no STL"
        )
    _few_enough(len(corners) // 3)
    vertices, index = np.unique(corners.astype(np.float64) + 0.0, axis=0, return_inverse=True)
    return vertices, index.reshape(-1, 3).astype(np.int64)


def _ascii_stl(content: bytes) -> Field:
    words = content.split()
    if b"endsolid" not in words:
        raise WrongUsage("this STL file has no 'endsolid': it is truncated")
    numbers = [words[place + 1 : place + 4] for place, word in enumerate(words) if word == b"vertex"]
    if len(numbers) % 3:
        raise WrongUsage(f"this STL file has {len(numbers)} corners, which is no whole number of triangles")
    return np.array([[float(number) for number in triple] for triple in numbers]).reshape(-1, 3)


def _obj(content: bytes) -> Triangles:
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "v":
            if len(words) < 4:
                raise WrongUsage(f"line {number} of this OBJ file: a vertex has three coordinates")
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == "f":
            corners = [_obj_index(word, len(vertices), number) for word in words[1:]]
            faces.extend(_fan(corners, number))
            _few_enough(len(faces))
    return np.array(vertices).reshape(-1, 3), np.array(faces, dtype=np.int64).reshape(-1, 3)


def _obj_index(word: str, count: int, line: int) -> int:
    index = int(word.split("/")[0])
    if not (1 <= index <= count or -count <= index <= -1):
        raise WrongUsage(f"line {line} of this OBJ file: there is no vertex {index}; {count} stand above it")
    return index - 1 if index > 0 else count + index


def _fan(corners: list[int], place: int) -> Iterator[tuple[int, int, int]]:
    if len(corners) < 3:
        raise WrongUsage(f"the face at {place} has {len(corners)} corners; a face has three or more")
    for second, third in zip(corners[1:-1], corners[2:], strict=True):
        yield corners[0], second, third


def _ply(content: bytes) -> Triangles:
    end = content.find(b"end_header")
    start = content.find(b"\n", end) + 1
    if not content.startswith(b"ply") or end < 0 or start == 0:
        raise WrongUsage("this PLY file has no complete header")
    form = ""
    elements: list[tuple[str, int, list[list[str]]]] = []
    for line in content[:end].decode("ascii", "replace").splitlines():
        words = line.split()
        if words[:1] == ["format"]:
            form = words[1]
        elif words[:1] == ["element"]:
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == ["property"]:
            elements[-1][2].append(words[1:])
    for name, count, _ in elements:
        if not 0 <= count <= 3 * MOST_FACES:
            raise WrongUsage(f"this PLY file says {count:,} of '{name}'")
    if form == "ascii":
        values = _ascii_values(content[start:])
    elif form in ("binary_little_endian", "binary_big_endian"):
        values = _binary_values(content[start:], "<" if "little" in form else ">")
    else:
        raise WrongUsage(f"a PLY file of format '{form}' is not known")
    return _ply_body(elements, values)


Take = Callable[[str], float]


def _ascii_values(content: bytes) -> Take:
    words = iter(content.split())

    def take(kind: str) -> float:
        word = next(words, None)
        if word is None:
            raise WrongUsage("this PLY file ends in the middle: it is truncated")
        return float(word)

    return take


def _binary_values(content: bytes, order: str) -> Take:
    place = 0
    forms = {name: struct.Struct(order + np.dtype(code).char) for name, code in PLY_TYPES.items()}

    def take(kind: str) -> float:
        nonlocal place
        form = forms[kind]
        if place + form.size > len(content):
            raise WrongUsage("this PLY file ends in the middle: it is truncated")
        value: float = form.unpack_from(content, place)[0]
        place += form.size
        return value

    return take


def _ply_body(elements: list[tuple[str, int, list[list[str]]]], take: Take) -> Triangles:
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for name, count, properties in elements:
        for kinds in properties:
            unknown = [kind for kind in (kinds[1:3] if kinds[0] == "list" else kinds[:1]) if kind not in PLY_TYPES]
            if unknown:
                raise WrongUsage(f"this PLY file has a property of type '{unknown[0]}'")
        for number in range(count):
            row: dict[str, float] = {}
            for kinds in properties:
                if kinds[0] == "list":
                    corners = [int(take(kinds[2])) for _ in range(int(take(kinds[1])))]
                    if name == "face" and kinds[3] in ("vertex_indices", "vertex_index"):
                        faces.extend(_fan(corners, number))
                else:
                    row[kinds[1]] = take(kinds[0])
            if name == "vertex":
                vertices.append([row[axis] for axis in ("x", "y", "z")])
    return np.array(vertices).reshape(-1, 3), np.array(faces, dtype=np.int64).reshape(-1, 3)


READERS: dict[str, Callable[[bytes], Triangles]] = {"stl": _stl, "obj": _obj, "ply": _ply}


def _few_enough(faces: int) -> None:
    if faces > MOST_FACES:
        raise WrongUsage(f"a mesh of {faces:,} triangles is larger than {MOST_FACES:,}")


def checked(vertices: Field, faces: Faces) -> Triangles:
    """Return a mesh whose every edge has two sides that run against each other, or say why it is none.

    Triangles of no area are dropped only where two corners are the same vertex.
    """
    _few_enough(len(faces))
    if not len(faces):
        raise WrongUsage("a mesh needs triangles")
    if not np.isfinite(vertices).all() or np.abs(vertices).max(initial=0.0) > LARGEST_MM:
        raise WrongUsage(f"a corner of the mesh is no place within {LARGEST_MM:g} mm")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise WrongUsage(f"a triangle names a corner that is none of the {len(vertices)}")
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    starts, ends = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    one_way = np.sort(starts * len(vertices) + ends)
    other_way = np.sort(ends * len(vertices) + starts)
    if not np.array_equal(one_way, other_way):
        open_edges = int(np.setdiff1d(one_way, other_way).size)
        raise WrongUsage(
            f"the mesh is not closed, or its triangles do not all turn the same way ({max(open_edges, 1)} edges lack "
            "their other side): its inside is not defined"
        )
    return vertices, faces


def triangles_of(shape: Mesh, folder: Path | None) -> Triangles:
    """Return the checked triangles of a mesh, in mm; a file is looked for in ``folder`` only."""
    if bool(shape.file) == bool(shape.faces):
        raise WrongUsage("a mesh is a file, or vertices and faces: give one of the two")
    if shape.file:
        vertices, faces = _from_file(_path(shape.file, folder))
    else:
        vertices = np.asarray(shape.vertices_mm, dtype=np.float64).reshape(-1, 3)
        faces = np.asarray(shape.faces, dtype=np.int64).reshape(-1, 3)
    if not (np.isfinite(shape.scale) and shape.scale > 0):
        raise WrongUsage(f"a scale of {shape.scale:g} makes no mesh: give a value above 0")
    return checked(vertices * shape.scale, faces)


def _path(name: str, folder: Path | None) -> Path:
    if folder is None:
        raise WrongUsage(f"the mesh file '{name}' lies beside a document; give its folder")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise WrongUsage(f"the mesh file '{name}' must lie in the folder of the document")
    if not path.is_file():
        raise WrongUsage(f"there is no mesh file '{name}' beside the document")
    if path.stat().st_size > MOST_BYTES:
        raise WrongUsage(f"the mesh file '{name}' is larger than {MOST_BYTES:,} bytes")
    return path


def _from_file(path: Path) -> Triangles:
    return _read_once(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _read_once(path: Path, changed_ns: int) -> Triangles:
    return read_mesh(path.read_bytes(), path.suffix)


def mesh_patch(shape: Mesh, rays: Rays, *, rays_per_pixel: int, folder: Path | None) -> Patch | None:
    """Return the chords of rays through a mesh; ``rays`` are in its own frame.

    Raises
    ------
    WrongUsage
        The mesh is not closed, or reaches behind the source or the detector.
    """
    from kerma.science.simulate.mesh_kernels import l_buffer

    vertices, faces = triangles_of(shape, folder)
    low, high = vertices.min(axis=0).tolist(), vertices.max(axis=0).tolist()
    window = window_of(rays, (low[0], low[1], low[2]), (high[0], high[1], high[2]))
    if window is None:
        return None
    rows, columns = window[0].stop - window[0].start, window[1].stop - window[1].start
    fine = rays.starting_at(window[0].start, window[1].start, (rows, columns)).finer(rays_per_pixel)
    row, column, depth = projected(fine, vertices)
    if (depth >= 1.0).any() or (depth <= 0.0).any():
        raise WrongUsage("the mesh reaches behind the source or the detector")
    weight = 1.0 - depth if fine.frame[1].any() else np.ones_like(depth)
    places = np.ascontiguousarray(np.column_stack([row, column, weight, 1.0 - depth]))
    lengths = np.zeros((fine.rows, fine.columns))
    over_rows(fine.rows, lambda band: l_buffer((vertices, faces), places, fine.frame, lengths, band))
    chord_mm = np.zeros((rows, columns))
    for i in range(rays_per_pixel):
        for j in range(rays_per_pixel):
            chord_mm += lengths[i::rays_per_pixel, j::rays_per_pixel]
    chord_mm /= rays_per_pixel**2
    if -chord_mm.min(initial=0.0) > chord_mm.max(initial=0.0):
        chord_mm = -chord_mm
    return Patch(window, np.maximum(chord_mm, 0.0)) if chord_mm.any() else None
