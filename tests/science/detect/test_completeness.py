"""Completeness: each bolt that is left out is missed by its name, the share is the one that was put in."""

from __future__ import annotations

import dataclasses

import pytest

from good_parts import part, reference
from kerma.errors import WrongUsage
from kerma.science.detect import detect
from kerma.science.detect.completeness import features
from kerma.science.detect.part_reference import with_regions
from kerma.science.measure.region import Region


def _found(image: object) -> tuple:
    return detect("completeness", image, reference=reference())


def test_of_a_complete_part_nothing_is_said_and_every_share_is_one() -> None:
    image = part(4, shift_px=(3.3, -4.1), turn_deg=2.0)
    assert _found(image) == ()
    for one in features(image, reference()):
        assert one.state == "present" and one.share == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("missing", [1, 2, 3, 4])
def test_a_missing_bolt_is_missed_by_its_name_and_no_other(missing: int) -> None:
    (found,) = _found(part(4, shift_px=(3.3, -4.1), turn_deg=2.0, without=(missing,)))
    assert (found.code, found.label) == (f"bolt-{missing}", "missing")
    assert found.measurements["share"] == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(("share", "state"), [(0.9, "present"), (0.6, "unclear"), (0.3, "missing")])
def test_a_shorter_bolt_shows_its_share(share: float, state: str) -> None:
    one = features(part(5, bolt_share=share), reference())[0]
    assert one.share == pytest.approx(share, abs=0.02) and one.state == state


def test_what_shows_too_little_cannot_be_told_and_that_is_said() -> None:
    own = with_regions(reference(), {"air": Region(2, 100, 12, 12), "speck": Region(60, 60, 4, 4)})
    found = detect("completeness", part(4), reference=own)
    assert {one.code: one.label for one in found} == {"air": "cannot-be-told", "speck": "cannot-be-told"}
    assert all(one.reason for one in features(part(4), own))


def test_a_reference_without_named_places_is_refused() -> None:
    with pytest.raises(WrongUsage, match="names no features"):
        detect("completeness", part(4), reference=dataclasses.replace(reference(), regions={}))
