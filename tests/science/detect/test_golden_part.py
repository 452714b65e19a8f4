"""Golden part: good parts pass, a planted change of known place, sign and size is found, nothing passes in silence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from good_parts import MU_1_MM, PIXEL_MM, good, part, reference
from kerma.errors import WrongUsage
from kerma.science.detect import detect
from kerma.science.detect.part_reference import learn
from kerma.science.imaging.image import Image
from kerma.science.results import Finding

PLACES = ((45.0, 140.0), (120.0, 200.0), (150.0, 90.0), (200.0, 150.0), (120.0, 110.0))


def _found(image: Image) -> tuple[Finding, ...]:
    return detect("golden_part", image, reference=reference())


def _placed(seed: int) -> dict:
    random = np.random.default_rng(seed)
    return {"shift_px": tuple(random.uniform(-6, 6, 2)), "turn_deg": float(random.uniform(-3, 3))}


def _moved(place: tuple[float, float], put: dict) -> tuple[float, float]:
    """Return where a place of the part lies in the picture."""
    turn = np.deg2rad(put["turn_deg"])
    down, right = place[0] - 120, place[1] - 140
    return (
        np.cos(turn) * down + np.sin(turn) * right + 120 + put["shift_px"][0],
        -np.sin(turn) * down + np.cos(turn) * right + 140 + put["shift_px"][1],
    )


def _shows(finding: Finding, place: tuple[float, float], put: dict) -> bool:
    row, column = _moved(place, put)
    box = finding.box
    return box.row - 2 <= row <= box.row + box.height + 2 and box.column - 2 <= column <= box.column + box.width + 2


def test_good_parts_pass_with_at_most_one_false_alarm_in_five() -> None:
    alarms = [len(_found(part(7000 + seed, **_placed(seed)))) for seed in range(20)]
    assert sum(alarms) <= 4


@pytest.mark.parametrize("place", PLACES)
def test_more_and_less_material_is_found_in_its_place_with_its_sign_and_contrast(place: tuple[float, float]) -> None:
    for seed, more_mm, label in ((1, 1.0, "extra-material"), (2, -1.0, "missing-material")):
        put = _placed(seed)
        found = _found(part(50 + seed, extra=(*place, 5.0, more_mm), **put))
        assert found and found[0].label == label and _shows(found[0], place, put)
        true = 100 * np.expm1(-MU_1_MM * more_mm)
        assert found[0].measurements["contrast_percent"] == pytest.approx(true, rel=0.25)
        assert np.sign(found[0].measurements["z_score"]) == -np.sign(more_mm)
        assert sum(not _shows(one, place, put) for one in found) <= 1


@pytest.mark.parametrize("radius", [4.0, 8.0, 14.0])
def test_the_size_is_that_of_what_was_planted(radius: float) -> None:
    found = _found(part(9, extra=(150.0, 140.0, radius, 1.5)))
    assert found[0].measurements["diameter_mm"] == pytest.approx(2 * radius * PIXEL_MM, rel=0.15)


def test_the_score_rises_with_the_change() -> None:
    scores = [_found(part(9, extra=(150.0, 90.0, 5.0, more)))[0].measurements["z_score"] for more in (0.4, 0.8, 1.6)]
    assert scores[0] > scores[1] > scores[2]


def test_faint_but_wide_changes_are_found_that_no_pixel_shows() -> None:
    # 0.15 mm changes a pixel by 1.2 % where its noise is 0.75 %, over 700 pixels
    found = _found(part(11, extra=(120.0, 95.0, 15.0, 0.2)))
    assert found and found[0].label == "extra-material"
    assert found[0].measurements["contrast_percent"] == pytest.approx(-1.6, abs=0.5)


def test_gain_and_dose_change_nothing_and_a_quarter_of_the_dose_raises_no_alarms() -> None:
    whole = part(21, extra=(150.0, 90.0, 5.0, 1.0))
    weak = dataclasses.replace(whole, pixels=np.rint(whole.pixels * 0.5).astype(np.uint16))
    assert [one.label for one in _found(weak)] == [one.label for one in _found(whole)]
    assert sum(len(_found(part(30 + seed, quanta=10_000, **_placed(seed)))) for seed in range(5)) <= 2


def test_a_bad_part_among_the_good_ones_does_not_hide_its_flaw() -> None:
    flaw = {"extra": (150.0, 200.0, 4.0, 1.5)}
    own = learn([*good(7), part(31, **flaw)])
    (found,) = detect("golden_part", part(32, **flaw), reference=own)
    assert found.label == "extra-material" and _shows(found, (150.0, 200.0), {"shift_px": (0, 0), "turn_deg": 0.0})


def test_what_cannot_be_compared_is_refused_never_passed() -> None:
    own = reference()
    good = part(3)
    for image, words in (
        (dataclasses.replace(good, pixels=good.pixels[:, :, :270]), "240 x 270 pixels, the reference 240 x 280"),
        (dataclasses.replace(good, spacing=dataclasses.replace(good.spacing, row_mm=0.4)), "pixels of the picture"),
        (dataclasses.replace(good, meaning="for-presentation"), "not of one kind"),
        (dataclasses.replace(good, pixels=good.pixels[:, ::-1, ::-1] * 0 + 500), "shows nothing"),
        (part(3, shift_px=(0.0, 45.0)), "in the view|shifted|does not show"),
        (part(3, quanta=800), "scatters [5-9]\\.\\d times as far as the good parts"),
    ):
        with pytest.raises(WrongUsage, match=words):
            detect("golden_part", image, reference=own)
    with pytest.raises(WrongUsage, match="needs the option 'reference'"):
        detect("golden_part", good)
    with pytest.raises(WrongUsage, match="no reference of good parts"):
        detect("golden_part", good, reference=b"nothing")


def test_where_the_sense_of_the_values_is_not_known_a_change_is_only_a_difference() -> None:
    unknown = dataclasses.replace(part(9, extra=(150.0, 140.0, 6.0, 1.5)), rises_with_dose=None)
    assert detect("golden_part", unknown, reference=reference())[0].label == "difference"
