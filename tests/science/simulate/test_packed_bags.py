"""Packed baggage: nothing runs through anything, both views agree, the same seed packs the same bag, truth is true."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from kerma.errors import NotFound, WrongUsage
from kerma.science.physics.effective_number import zeff
from kerma.science.simulate import SCENES, ready_scene
from kerma.science.simulate.bodies import angles_of, corners_of, extent, mass_g, moved, volume_mm3
from kerma.science.simulate.composition import Composition, composed
from kerma.science.simulate.document import Box, Cylinder, Mesh, Prism, Thing
from kerma.science.simulate.line_scanner import OPEN_STORED, Tunnel, scanned, z_plane
from kerma.science.simulate.packing import GAP_MM, SIDES, Room
from kerma.science.simulate.render import render
from kerma.science.simulate.scenes import baggage
from kerma.science.simulate.scenes.pallet import _loaded as loaded_pallet
from kerma.science.simulate.things.parts import ALONG_X, heap, loft
from kerma.science.simulate.view import rays_of, turn_of

BAGS = ("cabin-bag", "hold-bag", "parcel")
SEEDS = (1, 2)


def cuboid(at, half, angle_deg):
    """Return the corners of a footprint, and the heights, of a cuboid turned about the vertical."""
    turn = np.array(turn_of((0.0, 0.0, angle_deg)))[:2, :2]
    corners = np.array([(sx * half[0], sy * half[1]) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]) @ turn.T
    return corners + np.array(at[:2]), (at[2] - half[2], at[2] + half[2]), turn


def overlap_mm(one, other) -> float:
    """Return how deep two cuboids run into each other, by separating axes; 0 or less is apart."""
    (a, (low_a, high_a), turn_a), (b, (low_b, high_b), turn_b) = one, other
    depth = min(high_a - low_b, high_b - low_a)
    for axis in (*turn_a.T, *turn_b.T):
        along_a, along_b = a @ axis, b @ axis
        depth = min(depth, along_a.max() - along_b.min(), along_b.max() - along_a.min())
    return float(depth)


@pytest.mark.parametrize("name", BAGS)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_things_of_a_bag_overlap_and_all_lie_inside(name: str, seed: int) -> None:
    load = baggage.loaded(
        name, seed, threat="any", count=2 if name == "hold-bag" else 1, clutter="high" if name == "parcel" else "medium"
    )
    solids = [cuboid(each.at_mm, each.half_mm, each.turn_deg[2]) for each in load.packed]
    assert len(solids) >= 6
    for one, other in itertools.combinations(solids, 2):
        assert overlap_mm(one, other) <= 0.01
    room = load.container.room.half_mm
    for corners, (low, high), _ in solids:
        assert (np.abs(corners[:, 0]) <= room[0]).all()
        assert (np.abs(corners[:, 1]) <= room[1]).all()
        assert -room[2] <= low < high <= room[2] + 0.01


@pytest.mark.parametrize("name", ["cabin-bag", "parcel"])
def test_every_body_lies_in_the_cuboid_it_was_packed_as(name: str) -> None:
    load = baggage.loaded(name, 4, threat="any")
    for each in load.packed:
        parts = each.article.placed("x", each.at_mm, each.turn_deg, is_labelled=False)
        own = np.concatenate([corners_of(part) for part in parts if not part.inside]) - np.array(each.at_mm)
        flat = own @ np.array(turn_of((0.0, 0.0, each.turn_deg[2])))
        assert (np.abs(flat) <= np.array(each.half_mm) + 0.02).all(), each.name


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cloth_on_top_runs_through_nothing(seed: int) -> None:
    load = baggage.loaded("cabin-bag", seed, clutter="medium")
    filling = load.filling
    assert filling is not None
    assert isinstance(filling.shape, Mesh)
    vertices = np.array(filling.shape.vertices_mm) + np.array(filling.at_mm)
    lower = vertices[: len(vertices) // 2]
    step = np.diff(np.unique(lower[:, 0]))[0]
    for each in load.packed:
        corners, (_, top), turn = cuboid(each.at_mm, each.half_mm, each.turn_deg[2])
        middle = corners.mean(axis=0)
        local = (lower[:, :2] - middle) @ turn
        over = (np.abs(local) <= np.array(each.half_mm[:2]) + step).all(axis=1)
        assert (lower[over, 2] >= top - 0.01).all(), "also beside it, so that no slope cuts a corner"


def test_things_rest_on_something() -> None:
    """Each stands a gap above the floor or above the highest thing below its footprint, as far as cells can tell."""
    load = baggage.loaded("hold-bag", 2, clutter="medium")
    floor = -load.container.room.half_mm[2]
    tops = [floor] + [each.at_mm[2] + each.half_mm[2] for each in load.packed]
    for each in load.packed:
        below = each.at_mm[2] - each.half_mm[2] - GAP_MM
        assert min(abs(below - top) for top in tops) < 0.01


def test_a_pallet_is_packed_without_overlap() -> None:
    things, contents = loaded_pallet(np.random.default_rng(3), "pistol")
    boxes = [thing for thing in things if thing.name.endswith(("/box", "/steel", "/foam"))]
    spans = [extent([thing]) for thing in boxes]
    assert len(boxes) == len(contents) > 20
    for (low_a, high_a), (low_b, high_b) in itertools.combinations(spans, 2):
        assert np.minimum(high_a - low_b, high_b - low_a).min() <= 0.01


def test_a_room_refuses_what_does_not_fit_and_never_fills_beyond_its_lid() -> None:
    room = Room((100.0, 60.0, 40.0), corner_mm=20.0)
    random = np.random.default_rng(1)
    assert room.put((101.0, 10.0, 10.0), random) is None
    assert room.put((10.0, 10.0, 41.0), random) is None
    placed = [room.put((20.0, 12.0, 9.0), random, sides=SIDES) for _ in range(200)]
    assert any(place is None for place in placed)
    assert room.heights.max() <= 40.0


def test_the_same_seed_packs_the_same_bag_and_another_another() -> None:
    first, again, other = (baggage.loaded("cabin-bag", seed, threat="any") for seed in (5, 5, 6))
    assert first.things() == again.things()
    assert first.things() != other.things()


def test_clutter_packs_more() -> None:
    counts = [
        np.mean([len(baggage.loaded("parcel", seed, threat="none", clutter=clutter).packed) for seed in SEEDS])
        for clutter in ("low", "medium", "high")
    ]
    assert counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("threat", ["pistol", "explosive"])
def test_the_threat_asked_for_is_in_both_views_at_the_same_rows(threat: str) -> None:
    top, side = ready_scene("cabin-bag").build(3, threat=threat, size_px=128)
    for view in (top, side):
        assert len(view.findings) == 1
        finding = view.findings[0]
        assert threat in (finding.label, finding.code)
        mask = view.masks[0].over(view.labels.shape)
        assert (view.labels[mask] == 1).all()
        assert {"mass_g", "zeff", "density_g_cm3", "detectability"} <= set(finding.measurements)
    assert abs(top.findings[0].box.row - side.findings[0].box.row) <= 1
    assert abs(top.findings[0].box.height - side.findings[0].box.height) <= 2


def test_all_things_can_be_labelled_and_their_rows_agree_in_both_views() -> None:
    top, side = ready_scene("hold-bag").build(2, threat="none", labels="all", size_px=128)
    assert len(top.findings) == len(side.findings) == len(top.truth["contents"])
    for one, other in zip(top.findings, side.findings, strict=True):
        assert one.label == other.label
        assert abs(one.box.row - other.box.row) <= 1, one.label
        assert abs(one.box.height - other.box.height) <= 2, one.label
    assert not top.truth["outside_picture"]
    assert not top.truth["at_edge_of_picture"]
    assert not side.truth["at_edge_of_picture"]


@pytest.mark.parametrize("name", ["parcel", "pallet", "bag-ct", "tip-bag"])
def test_scenes_repeat_and_tell_their_truth_in_json(name: str) -> None:
    small = {"size_px": 96} | ({"angles": 5} if name == "bag-ct" else {})
    once, again = (ready_scene(name).build(11, **small) for _ in range(2))
    for one, other in zip(once, again, strict=True):
        assert one.image.pixels.tobytes() == other.image.pixels.tobytes()
        assert one.as_json() == other.as_json()
        assert one.image.pixels.dtype == np.uint16
        assert one.image.pixels.shape[1:] == (96, 96)
        assert {"scene", "seed", "pixel_mm", "findings", "contents"} <= set(
            json.loads(json.dumps(one.as_json(), allow_nan=False))
        )
    assert SCENES[name].industry == "security"


def test_none_is_none_and_a_wrong_word_teaches() -> None:
    assert baggage.loaded("cabin-bag", 1, threat="none").contents()
    assert not any(each.is_threat for each in baggage.loaded("cabin-bag", 1, threat="none").packed)
    with pytest.raises(NotFound, match="pistol"):
        baggage.loaded("cabin-bag", 1, threat="cannon")
    with pytest.raises(WrongUsage, match="everyday"):
        baggage.loaded("cabin-bag", 1, threat="laptop")
    with pytest.raises(WrongUsage, match="no room for"):
        baggage.loaded("parcel", 1, threat="bat", count=9)
    with pytest.raises(WrongUsage, match="shielded-box"):
        ready_scene("pallet").build(1, threat="laptop")


def test_about_half_of_the_random_bags_hold_a_threat_that_fits() -> None:
    room = (120.0, 90.0, 60.0)
    drawn = [baggage._threats(("random", 1, ()), room, np.random.default_rng(seed)) for seed in range(100)]
    assert 35 <= sum(map(bool, drawn)) <= 65, "binomial of 100 at a half: three standard deviations"
    for article in itertools.chain(*drawn):
        assert all(half < edge for half, edge in zip(sorted(article.half_mm), sorted(room), strict=True))


@pytest.mark.parametrize(
    ("material", "thickness_mm"),
    [("water", 60), ("pmma", 40), ("tnt", 50), ("rdx", 40), ("aluminium", 25), ("iron", 6), ("copper", 3),
     ("glass", 20)],
)  # fmt: skip
def test_the_number_of_a_known_block_is_right(material: str, thickness_mm: float) -> None:
    block = Thing("block", Box((80.0, 80.0, float(thickness_mm))), material)
    scene = scanned("block", (block,), Tunnel((60.0, 60.0, 40.0), (0.0,), 48, 48), seed=2, words="")
    low, high = render(scene).image.pixels
    number = z_plane(low, high)[18:30, 18:30] / 100.0
    assert np.median(number) == pytest.approx(zeff(material), abs=0.5)


def test_air_has_no_number_and_the_open_beam_is_as_bright_as_told() -> None:
    block = Thing("block", Box((10.0, 10.0, 10.0)), "water")
    scene = scanned("block", (block,), Tunnel((60.0, 60.0, 40.0), (0.0,), 48, 48), seed=2, words="")
    low, high = render(scene).image.pixels
    assert (z_plane(low, high)[:8] == 0).all()
    assert high[:8].mean() == pytest.approx(OPEN_STORED, rel=0.002)


@pytest.mark.parametrize(
    "turn", [(0.0, 0.0, 0.0), (90.0, 0.0, 30.0), (0.0, 90.0, 45.0), (0.0, -90.0, 10.0), (12.0, 34.0, 56.0)]
)
def test_angles_of_a_turn_make_the_turn_again(turn) -> None:
    matrix = np.array(turn_of(turn))
    np.testing.assert_allclose(np.array(turn_of(angles_of(matrix))), matrix, atol=1e-12)


def test_moving_a_group_keeps_its_shape() -> None:
    pair = (Thing("a", Box((10, 20, 30)), "iron", (5, 0, 0)), Thing("b", Cylinder(3, 40), "iron", (-5, 4, 2), ALONG_X))
    turned = moved(pair, at_mm=(7.0, 8.0, 9.0), turn_deg=(90.0, 0.0, 40.0))
    corners = [np.concatenate([corners_of(each) for each in things]) for things in (pair, turned)]
    apart = [np.linalg.norm(each[:, None] - each[None], axis=-1) for each in corners]
    np.testing.assert_allclose(apart[0], apart[1], atol=1e-3)


def test_masses_and_volumes_are_those_of_geometry() -> None:
    cube = heap(np.zeros((4, 5)), np.full((4, 5), 10.0), (10.0, 10.0))
    assert volume_mm3(cube) == pytest.approx(30 * 40 * 10)
    assert volume_mm3(Prism(((0, 0), (4, 0), (0, 3)), 10.0)) == pytest.approx(60.0)
    barrel = loft([(0.0, 20.0, 20.0, 9.9), (10.0, 20.0, 20.0, 9.9)], pieces=40)
    assert volume_mm3(barrel) == pytest.approx(math.pi * 1000.0, rel=0.01), "nearly a cylinder of 10 mm radius"
    hollow = (Thing("shell", Box((20, 20, 20)), "iron"), Thing("air", Box((10, 10, 10)), None, inside="shell"))
    assert mass_g(hollow) == pytest.approx(7.0 * 7.874)


def test_what_its_neighbours_leave_no_room_for_is_missing_and_no_error() -> None:
    """Seed 28 of the cabin bag with a pistol: a chip under the camera of a phone, where the board is too."""
    room = (
        Thing("frame", Box((20.0, 20.0, 6.0)), "aluminium"),
        Thing("room", Box((18.0, 18.0, 6.0)), None, inside="frame"),
    )
    cell = Thing("cell", Box((8.0, 8.0, 6.0)), "silicon", inside="room")
    chip = Thing("chip", Box((2.0, 2.0, 2.0)), "silicon", inside="room")
    assert seen_from_above((*room, cell, chip)).missing == ("chip",)
    assert seen_from_above((*room, chip, cell)).missing == ()
    beside = Thing("chip", Box((2.0, 2.0, 2.0)), "silicon", (9.4, 9.4, 0.0), inside="cell")
    with pytest.raises(WrongUsage, match="lies beside"):
        seen_from_above((*room, cell, beside))


def seen_from_above(things: tuple[Thing, ...]) -> Composition:
    scene = scanned("box", things, Tunnel((10.0, 10.0, 3.0), (0.0,), 64, 64), seed=1, words="")
    return composed(scene, rays_of(scene.geometry, scene.detector, 0))

