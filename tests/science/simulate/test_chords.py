"""Chords against analytic volumes, brute-force sampling, and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import NotFound, WrongUsage
from kerma.science.simulate.chord_kernels import chords
from kerma.science.simulate.document import (
    Box,
    Cylinder,
    Detector,
    Ellipsoid,
    Geometry,
    Mesh,
    Prism,
    Relief,
    Shape,
    Sheet,
    Stroke,
    Thing,
    Tube,
)
from kerma.science.simulate.shapes import BODIES, patch_of
from kerma.science.simulate.view import rays_of

FAR_MM = 200_000.0
STAR = (
    (0.0, 5.0),
    (-1.2, 1.5),
    (-5.0, 1.5),
    (-2.0, -1.0),
    (-3.0, -5.0),
    (0.0, -2.5),
    (3.0, -5.0),
    (2.0, -1.0),
    (5.0, 1.5),
    (1.2, 1.5),
)
L_FACES = (
    (0, 2, 1),
    (0, 3, 2),
    (4, 5, 6),
    (4, 6, 7),
    (0, 1, 5),
    (0, 5, 4),
    (2, 3, 7),
    (2, 7, 6),
    (1, 2, 6),
    (1, 6, 5),
    (0, 4, 7),
    (0, 7, 3),
)


def cuboid(x: float, y: float, z: float) -> Mesh:
    corners = tuple(
        (sx * x / 2, sy * y / 2, sz * z / 2) for sz in (-1, 1) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    )
    return Mesh(vertices_mm=corners, faces=L_FACES)


def area_of(outline: tuple[tuple[float, float], ...]) -> float:
    x, y = np.array(outline).T
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2


VOLUMES: list[tuple[str, Shape, float]] = [
    ("box", Box((6.0, 8.0, 5.0)), 240.0),
    ("ellipsoid", Ellipsoid((4.0, 3.0, 5.0)), 4 / 3 * math.pi * 60),
    ("cylinder", Cylinder(3.0, 8.0), math.pi * 72),
    ("frustum", Cylinder(4.0, 8.0, 1.5), math.pi * 8 / 3 * (16 + 6 + 2.25)),
    ("cone", Cylinder(4.0, 6.0, 0.0), math.pi * 32),
    ("tube", Tube(4.0, 1.0, 8.0), math.pi * 7 * 8),
    ("prism", Prism(STAR, 4.0), 4 * area_of(STAR)),
    (
        "capsule",
        Stroke(((-3.0, 0.0, 0.0), (3.0, 1.0, 2.0)), 1.5),
        math.pi * 2.25 * math.sqrt(41) + 4 / 3 * math.pi * 1.5**3,
    ),
    ("ball", Stroke(((1.0, 0.0, 0.0),), 2.0), 4 / 3 * math.pi * 8),
    ("mesh", cuboid(6.0, 8.0, 5.0), 240.0),
    ("relief", Relief("flat", (6.0, 4.0), 0.1, parameters={"height_mm": 2.5}), 60.0),
]
TURNS = [(0.0, 0.0, 0.0), (30.0, 0.0, 0.0), (90.0, 20.0, 0.0), (17.0, 41.0, 63.0), (0.0, 90.0, 45.0)]


def chord_picture(shape: Shape, geometry: Geometry, *, turn=(0.0, 0.0, 0.0), at=(0.0, 0.0, 0.0), size=160, pitch=0.1):
    detector = Detector(size, size, pitch)
    thing = Thing("it", shape, "iron", at_mm=at, turn_deg=turn)
    patch = patch_of(thing, rays_of(geometry, detector, 0), rays_per_pixel=2, seed=1, folder=None)
    picture = np.zeros((size, size))
    if patch is not None:
        picture[patch.window] = patch.chord_mm
    return picture


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize(("shape", "volume"), [row[1:] for row in VOLUMES], ids=[row[0] for row in VOLUMES])
def test_chords_over_parallel_rays_add_up_to_the_volume(shape: Shape, volume: float, turn) -> None:
    """Conservation: whichever way a body is turned, it holds the same matter (2 %: pixels on edges are sampled)."""
    if isinstance(shape, Relief) and 90.0 in turn:
        assert chord_picture(shape, Geometry(), turn=turn).sum() == 0.0, (
            "a relief seen along its own plane has no chord"
        )
        return
    # 200 m away rays are parallel within the 16 mm picture, and the magnification is 1.0005 at most.
    geometry = Geometry(source_detector_mm=FAR_MM, source_object_mm=FAR_MM - 20.0)
    total = chord_picture(shape, geometry, turn=turn).sum() * 0.1**2
    assert total == pytest.approx(volume, rel=0.02)


@pytest.mark.parametrize("kind", ["cone", "fan"])
@pytest.mark.parametrize(
    "shape",
    [row[1] for row in VOLUMES[:9]]
    + [
        Stroke(((-4.0, -1.0, 0.0), (0.0, 2.0, 1.0), (4.0, -1.0, -1.0), (1.0, -3.0, 0.0)), (0.6, 1.8, 0.4, 1.0)),
    ],
    ids=[row[0] for row in VOLUMES[:9]] + ["worm"],
)
def test_chords_agree_with_stepping_along_the_ray(shape: Shape, kind: str) -> None:
    """Brute force: walk 6,000 steps along rays and ask an independent inside test."""
    geometry = Geometry(kind, source_detector_mm=120.0, source_object_mm=80.0, belt_step_mm=0.8)
    frame = rays_of(geometry, Detector(33, 33, 1.0), 0).seen_from((1.0, -0.5, 2.0), (25.0, -35.0, 50.0)).frame
    picture = np.zeros((33, 33))
    chords(BODIES[type(shape)](shape).numbers, frame, 1, np.ones((33, 33), dtype=bool), picture, (0, 33))
    hit = np.argwhere(picture > 0)
    assert len(hit) > 20
    steps = (np.arange(6_000) + 0.5) / 6_000
    for row, column in hit[:: len(hit) // 4]:
        source = frame[0] + row * frame[1]
        way = frame[2] + row * frame[3] + column * frame[4] - source
        length = float(np.linalg.norm(way)) * inside(shape, source + steps[:, None] * way).mean()
        assert picture[row, column] == pytest.approx(length, abs=0.05)


def inside(shape: Shape, points: np.ndarray) -> np.ndarray:
    x, y, z = points.T
    if isinstance(shape, Box):
        return (np.abs(points) <= np.array(shape.size_mm) / 2).all(axis=1)
    if isinstance(shape, Ellipsoid):
        return ((points / shape.radii_mm) ** 2).sum(axis=1) <= 1
    if isinstance(shape, Cylinder):
        top = shape.radius_mm if shape.top_radius_mm is None else shape.top_radius_mm
        radius = shape.radius_mm + (top - shape.radius_mm) * (z / shape.length_mm + 0.5)
        return (np.abs(z) <= shape.length_mm / 2) & (np.hypot(x, y) <= radius)
    if isinstance(shape, Tube):
        far = np.hypot(x, y)
        return (
            (np.abs(z) <= shape.length_mm / 2)
            & (far <= shape.outer_radius_mm)
            & (far >= shape.outer_radius_mm - shape.wall_mm)
        )
    if isinstance(shape, Prism):
        return (np.abs(z) <= shape.height_mm / 2) & in_polygon(shape.outline_mm, x, y)
    assert isinstance(shape, Stroke)
    return in_stroke(shape, points)


def in_polygon(outline, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    answer = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1], strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            answer ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return answer


def in_stroke(shape: Stroke, points: np.ndarray) -> np.ndarray:
    """A limb is every ball between its two ends; 100 balls stand for all of them."""
    ends = np.array(shape.points_mm)
    radii = np.broadcast_to(shape.radius_mm, len(ends))
    answer = np.zeros(len(points), dtype=bool)
    for number in range(max(1, len(ends) - 1)):
        other = min(number + 1, len(ends) - 1)
        for share in np.linspace(0.0, 1.0, 100):
            middle = ends[number] * (1 - share) + ends[other] * share
            radius = radii[number] * (1 - share) + radii[other] * share
            answer |= ((points - middle) ** 2).sum(axis=1) <= radius**2
    return answer


def test_a_thin_wire_far_from_the_source_keeps_its_chord() -> None:
    """The trap of float32 and of quadratics far from home: 50 µm across at 700 mm must be whole, in every row."""
    picture = chord_picture(
        Stroke(((0.0, -6.0, 0.0), (0.0, 6.0, 0.0)), 0.025), Geometry(source_detector_mm=1000.0, source_object_mm=700.0)
    )
    rows = picture[20:140].sum(axis=1) * 0.1 * 0.7
    # The cross-section of the wire, whatever the row; 2 % for the sampling across it.
    np.testing.assert_allclose(rows, math.pi * 0.025**2, rtol=0.02)


def test_limbs_of_a_stroke_do_not_count_twice() -> None:
    """A line cut into pieces is the same line."""
    geometry = Geometry(source_detector_mm=1000.0, source_object_mm=900.0)
    whole = chord_picture(Stroke(((-4.0, -2.0, 1.0), (4.0, 2.0, -1.0)), 0.8), geometry)
    pieces = tuple((-4.0 + 8.0 * i / 7, -2.0 + 4.0 * i / 7, 1.0 - 2.0 * i / 7) for i in range(8))
    np.testing.assert_allclose(chord_picture(Stroke(pieces, 0.8), geometry), whole, atol=1e-9)


@given(
    st.tuples(*[st.floats(-180.0, 180.0)] * 3),
    st.tuples(*[st.floats(-3.0, 3.0)] * 3),
    st.tuples(*[st.floats(0.5, 5.0)] * 3),
)
@settings(max_examples=25, deadline=None)
def test_a_box_a_prism_and_a_mesh_of_the_same_edges_are_one(turn, at, size) -> None:
    """Three kernels, one body: they agree along every ray."""
    # The offset keeps rays off edges: there one kernel may count a ray that another does not.
    geometry = Geometry(source_detector_mm=200.0, source_object_mm=120.0, offset_mm=(0.0137, 0.0071))
    rays = rays_of(geometry, Detector(40, 40, 0.4), 0)
    x, y, z = size
    outline = ((-x / 2, -y / 2), (x / 2, -y / 2), (x / 2, y / 2), (-x / 2, y / 2))
    pictures = np.zeros((3, 40, 40))
    everywhere = np.ones((40, 40), dtype=bool)
    for picture, shape in zip(pictures, (Box(size), Prism(outline[::-1], z)), strict=False):
        chords(BODIES[type(shape)](shape).numbers, rays.seen_from(at, turn).frame, 1, everywhere, picture, (0, 40))
    thing = Thing("it", cuboid(*size), "iron", at_mm=at, turn_deg=turn)
    patch = patch_of(thing, rays, rays_per_pixel=1, seed=1, folder=None)
    if patch is not None:
        pictures[2][patch.window] = patch.chord_mm
    np.testing.assert_allclose(pictures[1], pictures[0], atol=1e-9)
    np.testing.assert_allclose(pictures[2], pictures[0], atol=1e-9)


def test_what_lies_behind_the_detector_or_the_source_is_not_seen() -> None:
    geometry = Geometry(source_detector_mm=100.0, source_object_mm=60.0)
    assert chord_picture(Box((5.0, 5.0, 5.0)), geometry, at=(0.0, 0.0, 80.0)).sum() == 0.0
    assert chord_picture(Box((5.0, 5.0, 5.0)), geometry, at=(0.0, 0.0, -60.0)).sum() == 0.0
    half = chord_picture(Box((50.0, 50.0, 10.0)), geometry, at=(0.0, 0.0, -40.0))
    assert half[80, 80] == pytest.approx(5.0, rel=1e-3), (
        "a body across the detector counts as far as it stands before it"
    )


def test_a_tapered_sheet_holds_the_area_of_an_ellipse() -> None:
    sheet = Sheet(((-4.0, 0.0), (4.0, 0.0)), 0.4, 3.0)
    geometry = Geometry(source_detector_mm=FAR_MM, source_object_mm=FAR_MM - 20.0)
    volume = chord_picture(sheet, geometry).sum() * 0.01
    assert volume == pytest.approx(math.pi * 4.0 * 0.2 * 3.0, rel=0.02)
    straight = Sheet(((-4.0, 0.0), (4.0, 0.0)), 0.4, 3.0, is_tapered=False)
    assert chord_picture(straight, geometry).sum() * 0.01 == pytest.approx(8.0 * 0.4 * 3.0, rel=0.02)


@pytest.mark.parametrize(
    "shape",
    [
        Box((0.0, 1.0, 1.0)),
        Ellipsoid((1.0, math.nan, 1.0)),
        Cylinder(-1.0, 2.0),
        Tube(2.0, 2.0, 5.0),
        Prism(((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), 1.0),
        Prism(((0.0, 0.0), (1.0, 1.0)), 1.0),
        Stroke((), 1.0),
        Stroke(((0.0, 0.0, 0.0),), (1.0, 2.0)),
        Sheet(((0.0, 0.0), (0.0, 0.0)), 0.1, 1.0),
        Relief("bead", (5.0, 5.0), parameters={"hieght_mm": 2.0}),
        Relief("rough", (1e4, 1e4), 1e-3),
        Mesh(vertices_mm=((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), faces=((0, 1, 2),)),
        Mesh(),
    ],
    ids=str,
)
def test_a_shape_that_cannot_be_is_refused_by_name(shape: Shape) -> None:
    with pytest.raises(WrongUsage, match="'it'"):
        chord_picture(shape, Geometry())


def test_an_unknown_relief_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="orange-peel"):
        chord_picture(Relief("moon", (5.0, 5.0)), Geometry())
