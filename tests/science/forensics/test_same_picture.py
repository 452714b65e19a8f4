"""Which pictures show the same object, and which come from one exposure: laws, and what a viewer's export changes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from forensic_pictures import exposed, jpeg, opened, picture, thing, to_8_bit
from kerma.science.forensics.fingerprint import NEAR_BITS, distance_bits, fingerprint, fingerprints, looks, nearest
from kerma.science.forensics.same_picture import compare

REWORKED: dict[str, Callable[[Any], Any]] = {
    "unchanged": lambda plane: plane,
    "8 bit": to_8_bit,
    "cropped": lambda plane: plane[9:-4, 5:-8],
    "8 bit and cropped": lambda plane: to_8_bit(plane)[9:-4, 5:-8],
    "negative": lambda plane: 65_535 - plane,
    "mirrored": np.fliplr,
    "window": lambda plane: (plane * 0.5 + 900).astype(np.float32),
    "gamma": lambda plane: (np.sqrt(plane / 65_535.0) * 65_535).astype(np.uint16),
}


@functools.cache
def first() -> Any:
    return picture(1)


@pytest.mark.parametrize("name", REWORKED)
def test_one_exposure_stays_one_whatever_a_viewer_does_to_it(name: str) -> None:
    same_object, same_exposure = compare(first(), REWORKED[name](first()), related="export.png")
    assert (same_object.outcome, same_exposure.outcome) == ("found", "found"), name
    assert same_exposure.related == "export.png" and "suggests" in same_exposure.words


def test_two_exposures_of_one_object_share_the_object_only() -> None:
    for seed in (2, 3, 4):
        one, other = (exposed(thing(seed), number) for number in (1, 2))
        assert [trace.outcome for trace in compare(one, other)] == ["found", "not-found"]


def test_two_objects_share_nothing() -> None:
    for seed in range(5, 11):
        traces = compare(picture(seed), picture(seed + 100))
        assert traces[0].outcome == "not-found" and not traces[1].is_found


def test_strong_compression_takes_the_noise_and_the_object_stays() -> None:
    traces = compare(first(), opened(jpeg(to_8_bit(first()), 40)))
    assert [trace.outcome for trace in traces] == ["found", "not-found"]


@pytest.mark.parametrize("name", REWORKED)
def test_the_fingerprint_finds_what_was_reworked_and_not_another(name: str) -> None:
    known = np.array([bits for seed in range(1, 9) for bits in fingerprints(picture(seed))], dtype=np.uint64)
    found = nearest(looks(REWORKED[name](first())), known)
    assert found and {place for place, _ in found} <= set(range(len(fingerprints(first()))))


def test_a_monotone_tone_curve_changes_no_bit_and_a_negative_all() -> None:
    plane = thing(3)
    bits = fingerprint(plane)
    assert bits is not None and fingerprint(plane * 2.0 + 7.0) == bits
    negative = fingerprint(-plane)
    assert negative is not None and distance_bits(bits, negative) >= 60


def test_turned_pictures_are_found() -> None:
    known = np.array(fingerprints(first()), dtype=np.uint64)
    for turned in (np.rot90(first()), np.flipud(first()), np.rot90(np.fliplr(first()))):
        assert nearest(looks(turned), known)[0][1] <= NEAR_BITS // 2


def test_nothing_is_nearest_to_nothing() -> None:
    assert nearest([], np.array([1], dtype=np.uint64)) == []
    assert nearest([1], np.array([], dtype=np.uint64)) == []


@pytest.mark.parametrize(
    "plane",
    [
        np.zeros((200, 200), dtype=np.uint16),
        np.full((200, 200), np.nan, dtype=np.float32),
        np.zeros((3, 3), dtype=np.uint8),
        np.zeros((100, 100, 3), dtype=np.uint8),
        np.zeros((0, 0), dtype=np.uint8),
    ],
    ids=["constant", "nan", "tiny", "colour", "empty"],
)
def test_pictures_without_content_are_answered(plane: Any) -> None:
    assert fingerprint(plane) is None
    assert {trace.outcome for trace in compare(plane, first())} == {"not-checkable"}
    assert {trace.outcome for trace in compare(first(), plane)} == {"not-checkable"}
