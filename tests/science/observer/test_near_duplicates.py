"""Copies are known again whatever was done to them; other images of the same scene are not taken for copies."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.observer.near_duplicates import fingerprint, joined_groups, likenesses, near_duplicates, refuse
from kerma.science.simulate import simulate


@pytest.fixture(scope="module")
def welds() -> list[np.ndarray]:
    return [simulate("weld-plate", seed, size_px=256).image.pixels[0] for seed in range(1, 7)]


def _eight_bit(plane: np.ndarray) -> np.ndarray:
    low, high = np.percentile(plane, (1, 99))
    return np.clip((plane - low) / (high - low) * 255, 0, 255).astype(np.uint8)


CHANGES = {
    "same": lambda plane: plane,
    "8 bit": _eight_bit,
    "inverted": lambda plane: 65_535 - plane,
    "brighter": lambda plane: plane * 0.7 + 100,
    "half as large": lambda plane: cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "flipped": np.fliplr,
    "upside down": np.flipud,
    "turned": np.rot90,
    "gamma": lambda plane: (_eight_bit(plane) / 255.0) ** 0.5,
    "jpeg": lambda plane: cv2.imdecode(cv2.imencode(".jpg", _eight_bit(plane))[1], cv2.IMREAD_GRAYSCALE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found(welds: list[np.ndarray], change: str) -> None:
    copy = fingerprint(np.ascontiguousarray(CHANGES[change](welds[0])), "copy")
    found = near_duplicates([fingerprint(one, str(n)) for n, one in enumerate(welds)], [copy])
    assert [(pair.one, pair.other) for pair in found] == [("0", "copy")]
    assert found[0].likeness > 0.8


def test_other_welds_of_the_same_kind_are_no_copies(welds: list[np.ndarray]) -> None:
    prints = [fingerprint(one, str(n)) for n, one in enumerate(welds)]
    assert not near_duplicates(prints[:3], prints[3:])
    assert likenesses(prints[:3], prints[3:]).max() < 0.6


def test_likeness_is_one_for_itself_and_symmetric(welds: list[np.ndarray]) -> None:
    prints = [fingerprint(one, str(n)) for n, one in enumerate(welds[:3])]
    found = likenesses(prints, prints)
    np.testing.assert_allclose(np.diag(found), 1, atol=1e-5)
    np.testing.assert_allclose(found, found.T, atol=1e-5)
    assert likenesses([], prints).shape == (0, 3)


def test_images_of_one_group_are_refused_however_they_look(welds: list[np.ndarray]) -> None:
    one, other = fingerprint(welds[0], "a", "film 7"), fingerprint(welds[1], "b", "film 7")
    with pytest.raises(WrongUsage, match=r"a and b \(same group\)"):
        refuse([one], [other], ("training", "test"))
    refuse([fingerprint(welds[0], "a")], [fingerprint(welds[1], "b")], ("training", "test"))


def test_copies_within_a_set_join_the_groups_they_are_in(welds: list[np.ndarray]) -> None:
    planes = [welds[0], welds[1], np.fliplr(welds[0]), welds[2], np.flipud(welds[1]), welds[3]]
    prints = [
        fingerprint(np.ascontiguousarray(plane), str(n), group)
        for n, (plane, group) in enumerate(zip(planes, "abbcde", strict=True))
    ]
    assert joined_groups(prints) == ("a", "a", "a", "c", "a", "e"), "a and b share a weld, b and d another"
    assert joined_groups([]) == ()


def test_flat_images_are_alike_to_nothing_and_no_plane_is_refused() -> None:
    flat = fingerprint(np.full((40, 40), 7, np.uint16), "flat")
    assert not near_duplicates([flat], [flat])
    with pytest.raises(WrongUsage):
        fingerprint(np.zeros((3, 4, 5)), "three planes")
