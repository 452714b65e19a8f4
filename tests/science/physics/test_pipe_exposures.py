"""Exposures of a girth weld: published pipe cases, and the geometry held against tracing rays through the wall."""

from __future__ import annotations

import math

import pytest

from kerma.errors import WrongUsage
from kerma.science.physics.pipe_exposures import (
    double_image_exposures,
    elliptical_offset_mm,
    is_elliptical_allowed,
    single_image_exposures,
)

PIPES = [(60.3, 3.91), (114.3, 6.02), (219.1, 8.18), (323.9, 9.53), (609.6, 17.48), (609.6, 60.0)]


@pytest.mark.parametrize(
    ("od", "t", "number"),
    [(60.3, 6.0, 2), (60.3, 7.3, 3), (88.9, 10.0, 2), (88.9, 10.7, 3), (33.4, 4.008, 3), (100.0, 12.0, 3)],
)
def test_published_pipes(od: float, t: float, number: int) -> None:
    assert double_image_exposures(thickness_mm=t, outer_diameter_mm=od) == number
    assert double_image_exposures(thickness_mm=t, outer_diameter_mm=od, is_superimposed=True) == 3


def way_mm(axis: float, angle: float, od: float, t: float, is_near: bool) -> float:
    """Follow the ray from the source to a place of the outer surface; return its way through that wall."""
    outer, inner = od / 2, od / 2 - t
    at = (outer * math.cos(angle), outer * math.sin(angle))
    source = (-axis, 0.0)
    step = 20_000
    whole = math.dist(source, at)
    inside = 0
    for n in range(step):
        # walk into the wall: away from a source outside on this side, else towards the source
        share = (n + 0.5) / step * (3 * t)
        sign = 1 if is_near and axis > outer else -1
        point = [at[k] + sign * share * (at[k] - source[k]) / whole for k in (0, 1)]
        if not inner < math.hypot(*point) <= outer + 1e-9:
            break
        inside += 1
    return inside / step * 3 * t


@pytest.mark.parametrize("testing_class", ["A", "B"])
@pytest.mark.parametrize(("od", "t"), PIPES)
@pytest.mark.parametrize("source", ["outside-far", "outside-near", "inside-far", "inside-near"])
def test_the_edge_of_each_section_keeps_the_allowed_way(od: float, t: float, testing_class: str, source: str) -> None:
    axis = od / 2 + 300 if source.startswith("outside") else 0.3 * od
    is_near = source.endswith("near")
    number = single_image_exposures(
        thickness_mm=t, outer_diameter_mm=od, testing_class=testing_class, source_axis_mm=axis, is_near_wall=is_near
    )
    longest = {"A": 1.2, "B": 1.1}[testing_class] * t

    def edge(sections: int) -> float:
        half = math.pi / sections
        return way_mm(axis, math.pi - half if is_near else half, od, t, is_near)

    # steps of the walk are 3 t / 20,000, so 1e-3 of t is ample
    assert edge(number) <= longest + 1e-3 * t
    if number > 2:
        assert edge(number - 1) > longest - 1e-3 * t


def test_class_b_never_needs_fewer_and_a_central_source_needs_one() -> None:
    for od, t in PIPES:
        for axis in (od / 2 + 1, od / 2 + 100, od / 2 + 5000):
            by_class = [
                single_image_exposures(thickness_mm=t, outer_diameter_mm=od, testing_class=name, source_axis_mm=axis)
                for name in "AB"
            ]
            assert by_class[0] <= by_class[1]
        assert single_image_exposures(thickness_mm=t, outer_diameter_mm=od, testing_class="B", source_axis_mm=0) == 1


def test_a_source_in_contact_needs_fewer_than_one_far_away_through_two_walls() -> None:
    near, far = (
        single_image_exposures(thickness_mm=8, outer_diameter_mm=220, testing_class="B", source_axis_mm=axis)
        for axis in (111, 5000)
    )
    assert near < far


def test_ellipse_only_for_small_pipes() -> None:
    pipe = {"thickness_mm": 8.0, "outer_diameter_mm": 100.0, "weld_width_mm": 25.0}
    assert is_elliptical_allowed(**pipe)
    for change in ({"thickness_mm": 8.1}, {"outer_diameter_mm": 100.1}, {"weld_width_mm": 25.1}):
        assert not is_elliptical_allowed(**{**pipe, **change})


def test_the_offset_lays_the_images_one_weld_width_apart() -> None:
    od, f, width = 60.0, 640.0, 8.0
    offset = elliptical_offset_mm(weld_width_mm=width, outer_diameter_mm=od, source_object_mm=f)
    shift = offset * od / f  # of the source-side weld on the detector, by similar triangles
    assert shift - width == pytest.approx(width)


def test_a_wall_thicker_than_the_pipe_is_refused() -> None:
    with pytest.raises(WrongUsage, match="does not fit"):
        single_image_exposures(thickness_mm=30, outer_diameter_mm=50, testing_class="A", source_axis_mm=300)
