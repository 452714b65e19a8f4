"""What may be simulated for somebody on the network."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from kerma.areas.training import rules
from kerma.areas.training.effort import seconds_of
from kerma.errors import TooLarge, WrongUsage
from kerma.science.simulate.document import Box, Detector, Geometry, Mesh, Relief, Scene, Stroke, Thing

SMALL = Scene("block", (Thing("block", Box((10.0, 10.0, 10.0)), "iron"),), Detector(64, 64, 0.2))


def test_a_small_scene_is_let_through() -> None:
    rules.demand_small(SMALL)
    rules.demand_small(replace(SMALL, detector=Detector(rules.MAX_SIDE_PX, rules.MAX_SIDE_PX, 0.2)))


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        (replace(SMALL, detector=Detector(64, rules.MAX_SIDE_PX + 1, 0.2)), "columns"),
        (replace(SMALL, detector=Detector(1024, 64, 0.2), geometry=Geometry(subpixels=4)), "rows of parts"),
        (replace(SMALL, geometry=Geometry(angles_deg=(0.0,) * 9)), "views"),
        (replace(SMALL, geometry=Geometry(rays_per_pixel=50)), "rays per pixel"),
        (replace(SMALL, things=SMALL.things * (rules.MAX_THINGS + 1)), "things"),
        (replace(SMALL, things=(Thing("wire", Stroke(((0.0, 0.0, 0.0),) * 300_000, 1.0), "iron"),)), "points"),
        (replace(SMALL, things=(Thing("skin", Relief("bead", (1e6, 1e6), 1e-9), "iron"),)), "samples of reliefs"),
    ],
)
def test_what_is_too_large_is_refused_with_its_limit(scene: Scene, said: str) -> None:
    with pytest.raises(TooLarge, match=said):
        rules.demand_small(scene)


def plates(count: int, size: int, **more: object) -> Scene:
    """Plates as large as the picture, one behind the other, each a finding."""
    things = tuple(
        Thing(f"plate {number}", Box((900.0, 900.0, 0.1)), "iron", (0.0, 0.0, number / 10.0), label="plate")
        for number in range(count)
    )
    return replace(SMALL, things=things, detector=Detector(size, size, 0.2), **more)


def test_a_scene_of_minutes_is_refused_in_words_and_a_quick_one_is_not() -> None:
    rules.demand_small(plates(20, 512))
    with pytest.raises(TooLarge, match=r"about .* s of a processor.* use `kerma simulate`"):
        rules.demand_small(plates(200, 2048))


def test_the_time_told_grows_with_pixels_views_rays_and_channels() -> None:
    once = seconds_of(plates(5, 256))
    assert seconds_of(plates(5, 512)) == pytest.approx(4 * once)
    assert seconds_of(plates(5, 256, geometry=Geometry(angles_deg=(0.0, 5.0)))) == pytest.approx(2 * once, rel=0.01)
    assert seconds_of(plates(5, 256, geometry=Geometry(rays_per_pixel=16))) > 1.5 * once
    assert seconds_of(plates(10, 256)) > 1.8 * once


def test_a_thing_beside_the_picture_costs_next_to_nothing_and_one_round_the_source_the_whole() -> None:
    aside, around = (replace(SMALL, things=(Thing("block", Box((10.0, 10.0, high)), "iron", (at, 0.0, 0.0)),))
                     for at, high in ((5000.0, 10.0), (0.0, 5000.0)))  # fmt: skip
    assert seconds_of(aside) < seconds_of(SMALL) < seconds_of(around)


def test_the_time_told_is_not_less_than_the_time_taken() -> None:
    """Told for an ordinary processor and rounded up; a slow one may take three times as long."""
    from kerma.science.simulate.render import render

    scene = plates(6, 384)
    render(scene)
    begun_s = time.process_time()
    render(scene)
    assert time.process_time() - begun_s < 3.0 * seconds_of(scene) + 0.3


def test_many_materials_are_refused() -> None:
    things = tuple(
        Thing(f"{number}", Box((1.0, 1.0, 1.0)), "iron", density_g_cm3=1.0 + number)
        for number in range(rules.MAX_MATERIALS + 1)
    )
    with pytest.raises(TooLarge, match="materials"):
        rules.demand_small(replace(SMALL, things=things))


def test_no_file_of_the_machine_is_read() -> None:
    with pytest.raises(WrongUsage, match="vertices and faces"):
        rules.demand_small(replace(SMALL, things=(Thing("part", Mesh(file="/etc/passwd"), "iron"),)))


@pytest.mark.parametrize(
    ("name", "stem"), [("Weld plate", "weld-plate"), ("../../etc/passwd", "etc-passwd"), ("", "scene"), ("ß", "scene")]
)
def test_a_name_becomes_a_file_name(name: str, stem: str) -> None:
    assert rules.file_stem(name) == stem
