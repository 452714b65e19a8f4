"""Energies that came apart: what is put together, and what stays apart and why."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kerma.science.imaging.energy_pairs import MOST_IMAGES, together, views_of
from kerma.science.imaging.enhance.energies import energies_of
from kerma.science.imaging.image import Image, Spacing
from split_energies import split, whole

BOTH = ("low", "high")


@pytest.fixture(scope="module")
def bag() -> tuple[Image, Image]:
    """Low and high energy of one view as images of their own."""
    low, high = split(whole(size_px=128, kept=BOTH)[:1])
    return low, high


def _alone(images: list[Image]) -> list[str]:
    views = views_of(images)
    assert [view.parts for view in views] == [(at,) for at in range(len(images))]
    assert all(view.image is image for view, image in zip(views, images, strict=True))
    return [view.note for view in views]


@pytest.mark.parametrize("size_px", [96, 300])
def test_objects_of_one_energy_make_the_image_they_came_from(size_px: int) -> None:
    views = whole(size_px=size_px)
    joined = views_of(split(views))
    assert [view.parts for view in joined] == [(0, 1, 2), (3, 4, 5)]
    for view, image in zip(joined, views, strict=True):
        assert np.array_equal(view.image.pixels, image.pixels) and view.image.plane_labels == image.plane_labels
        assert view.image.technique["z_effective_per_stored"] == pytest.approx(0.01)
        assert "energy" not in view.image.technique
        assert energies_of(view.image).calibration == energies_of(image).calibration == "machine"
        assert view.home == view.parts[1] and "were analysed together" in view.note


def test_the_order_in_which_they_came_does_not_matter() -> None:
    images = split(whole(size_px=96, kept=BOTH))
    for order in itertools.permutations(range(4)):
        views = views_of([images[at] for at in order])
        found = {tuple(order[part] for part in view.parts) for view in views}
        assert found == {(0, 1), (2, 3)}
        assert [min(view.parts) for view in views] == sorted(min(view.parts) for view in views)
        assert all(view.image.plane_labels == BOTH for view in views)


def test_two_files_described_beside_them_are_put_together_too(bag: tuple[Image, Image]) -> None:
    plain = [replace(image, format="TIFF", exam_uid="", series_uid="") for image in bag]
    (view,) = views_of(plain)
    assert view.parts == (0, 1)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"machine": {"serial_number": "another"}}, "another machine"),
        ({"view": "side"}, "another view"),
        ({"spacing": Spacing(2.0, 2.0, "geometry")}, "another scale"),
        ({"acquisition": {"number": "8"}}, "another acquisition"),
        ({"acquisition": {"frame_of_reference": "1.2.4", "number": "7"}}, "another acquisition"),
        ({"acquired_at": "2026-03-02T10:00:11"}, "a time more than 10 s away"),
        ({"rises_with_dose": None}, "another kind of values"),
    ],
)
def test_what_the_files_say_differently_keeps_them_apart(
    bag: tuple[Image, Image], changed: dict[str, Any], why: str
) -> None:
    told = {
        "machine": {"serial_number": "one"}, "view": "top", "acquired_at": "2026-03-02T10:00:00+01:00",
        "acquisition": {"frame_of_reference": "1.2.3", "number": "7"},
    }  # fmt: skip
    low, high = (replace(image, **told) for image in bag)
    assert len(views_of([low, high])) == 1
    notes = _alone([low, replace(high, **changed)])
    assert notes == [
        f"this image of the low energy was analysed alone: the high energy has {why}",
        f"this image of the high energy was analysed alone: the low energy has {why}",
    ]


@pytest.mark.parametrize(
    "silent",
    [{"machine": {}}, {"view": ""}, {"acquisition": {}}, {"acquired_at": ""}, {"acquired_at": "2026-03-02"},
     {"acquired_at": "2026-03-02T10:00:09.123456"},
     {"acquired_at": "2026-13-41T25:00:00"}, {"acquisition": {"number": "7"}}],
)  # fmt: skip
def test_what_one_file_does_not_say_is_no_difference(bag: tuple[Image, Image], silent: dict[str, Any]) -> None:
    told = {
        "machine": {"serial_number": "one"}, "view": "top", "acquired_at": "2026-03-02T10:00:00",
        "acquisition": {"frame_of_reference": "1.2.3", "number": "7"},
    }  # fmt: skip
    low, high = (replace(image, **told) for image in bag)
    assert len(views_of([low, replace(high, **silent)])) == 1


def test_another_size_stays_apart(bag: tuple[Image, Image]) -> None:
    low, high = bag
    notes = _alone([low, replace(high, pixels=high.pixels[:, :-1])])
    assert all("has another size" in note for note in notes)


def test_three_candidates_of_one_view_are_told_by_nothing_and_stay_apart(bag: tuple[Image, Image]) -> None:
    low, high = bag
    twice = replace(high, pixels=high.pixels.copy())
    notes = _alone([low, high, twice])
    assert "which of several images of the high energy belongs to it is not told" in notes[0]
    assert all("was analysed alone" in note for note in notes)
    assert all("was analysed alone" in note for note in _alone([low, replace(low), high]))


def test_a_pair_stays_a_pair_beside_an_energy_of_another_view_and_other_images(bag: tuple[Image, Image]) -> None:
    low, high = bag
    other = split(whole(size_px=128, kept=BOTH)[1:])[1]
    grey = replace(high, plane_kind="frame", plane_labels=())
    views = views_of([grey, low, other, high])
    assert [view.parts for view in views] == [(0,), (1, 3), (2,)]
    assert views[0].note == "" and "does not show the same" in views[2].note


def test_energies_of_two_views_are_never_put_together() -> None:
    first, second = split(whole(size_px=128, kept=("low",))), split(whole(size_px=128, kept=("high",)))
    assert all("place for place" in note for note in _alone([first[0], second[1]]))


def test_an_energy_alone_says_so_and_other_images_say_nothing(bag: tuple[Image, Image]) -> None:
    low, high = bag
    assert _alone([low]) == [
        "this image of the low energy was analysed alone: no image of its high energy is in this exam"
    ]
    both = together([low, high])
    colour = Image(np.zeros((1, 8, 8, 3), np.uint8), bits=8)
    number = replace(low, plane_labels=("z-effective",), meaning="z-effective")
    assert _alone([both, colour, number, Image(np.zeros((3, 8, 8), np.uint16), bits=16)]) == [""] * 4
    assert views_of([]) == ()


def test_pictures_without_anything_in_them_stay_apart(bag: tuple[Image, Image]) -> None:
    empty = [replace(image, pixels=np.full_like(image.pixels, 50_000)) for image in bag]
    assert all("place for place" in note for note in _alone(empty))


def test_so_many_images_that_nobody_would_wait_stay_apart(bag: tuple[Image, Image]) -> None:
    notes = _alone([bag[at % 2] for at in range(MOST_IMAGES + 1)])
    assert set(notes) == {f"more than {MOST_IMAGES} images of one energy are in this exam: none were put together"}


def test_two_tube_voltages_have_no_lookup_of_one(bag: tuple[Image, Image]) -> None:
    low, high = (
        replace(image, technique={**image.technique, "tube_voltage_kv": kv})
        for image, kv in zip(bag, (80.0, 160.0), strict=True)
    )
    (view,) = views_of([low, high])
    assert view.image.technique["tube_voltage_kv"] == 160.0 and view.image.technique["tube_voltage_low_kv"] == 80.0
    found = energies_of(view.image)
    assert found.lookup is None and "two voltages, 80.0 and 160.0 kV" in found.warnings[-1]


def _by_voltage(bag: tuple[Image, Image], **more: Any) -> list[Image]:
    """Return both energies as plain images of two tube voltages, which nothing names."""
    return [
        replace(
            image, plane_kind="frame", plane_labels=(), meaning="raw", acquired_at=f"2026-03-02T10:00:0{second}",
            technique={"tube_voltage_kv": kv}, **more,
        )
        for image, kv, second in zip(bag, (90.0, 160.0), (1, 3), strict=True)
    ]  # fmt: skip


def test_two_voltages_of_one_view_are_put_together_where_nothing_names_the_energies(bag: tuple[Image, Image]) -> None:
    low, high = _by_voltage(bag)
    for images, parts in (([low, high], (0, 1)), ([high, low], (1, 0))):
        (view,) = views_of(images)
        assert view.parts == parts and view.image.plane_labels == BOTH and view.image.plane_kind == "energy"
        assert np.array_equal(view.image.pixels, np.concatenate([low.pixels, high.pixels]))
        assert view.image.technique == {"tube_voltage_kv": 160.0, "tube_voltage_low_kv": 90.0}
        assert view.home == parts[1] and "were analysed together" in view.note
    assert together([low, high]).plane_labels == BOTH, "what was put together once can be again"


@pytest.mark.parametrize(
    "changed",
    [
        {"technique": {"tube_voltage_kv": 100.0}},
        {"technique": {}},
        {"technique": {"tube_voltage_kv": "160"}},
        {"acquired_at": ""},
        {"acquired_at": "2026-03-02T10:00:12"},
        {"meaning": "for-presentation"},
        {"view": "side"},
    ],
)
def test_a_voltage_alone_makes_no_energy(bag: tuple[Image, Image], changed: dict[str, Any]) -> None:
    low, high = _by_voltage(bag, view="top")
    notes = _alone([low, replace(high, **changed)])
    assert notes == ["", ""], "nobody said that they were energies"


def test_voltages_count_for_nothing_beside_named_energies_a_third_voltage_or_other_contents(
    bag: tuple[Image, Image],
) -> None:
    low, high = _by_voltage(bag)
    named = replace(bag[0], pixels=bag[0].pixels[:, ::-1])
    assert _alone([low, high, named])[:2] == ["", ""]
    assert _alone([low, high, replace(high, technique={"tube_voltage_kv": 225.0})]) == ["", "", ""]
    assert _alone([low, replace(high, pixels=high.pixels[:, ::-1].copy())]) == ["", ""]
