"""Small flaws on simulated welds and castings of known truth: bead, ripple, ribs, lead letters, wire indicator."""

from __future__ import annotations

import pytest

from kerma.science.detect import detect
from kerma.science.results import Finding
from kerma.science.simulate import simulate
from kerma.science.simulate.weld import weld

SEEDS = range(100, 108)


def _shows(truth: Finding, finding: Finding) -> bool:
    box, seen = truth.box, finding.box
    row, column = seen.row + seen.height / 2, seen.column + seen.width / 2
    return box.row - 3 <= row <= box.row + box.height + 3 and box.column - 3 <= column <= box.column + box.width + 3


@pytest.fixture(scope="module")
def welds() -> list[tuple[tuple[Finding, ...], tuple[Finding, ...]]]:
    made = [weld(seed) for seed in SEEDS]
    return [(one.findings, detect("small_flaws", one.image)) for one in made]


def test_every_planted_flaw_that_can_be_seen_is_found(welds: list) -> None:
    visible = [
        any(_shows(truth, finding) for finding in found)
        for planted, found in welds
        for truth in planted
        if truth.measurements["detectability"] >= 20
    ]
    assert len(visible) >= 20
    assert sum(visible) / len(visible) >= 0.95


def test_beside_the_flaws_and_the_spatter_hardly_anything_is_flagged(welds: list) -> None:
    false = [
        finding
        for planted, found in welds
        for finding in found
        if not any(_shows(truth, finding) for truth in planted) and finding.label != "inclusion"
    ]
    assert len(false) <= 2 * len(welds)


def test_lead_letters_and_wires_are_not_flagged(welds: list) -> None:
    # Letters stand above row 135 and below row 605 and are 30 pixels high or more; wires are longer than that.
    for _, found in welds:
        in_the_letters = [one for one in found if one.box.row < 135 or one.box.row > 605]
        assert all(max(one.box.height, one.box.width) < 20 for one in in_the_letters)
        assert sum(one.label == "metallic-inclusion" for one in found) <= 1


def test_most_lengths_are_right_within_a_millimetre(welds: list) -> None:
    errors = []
    for planted, found in welds:
        for truth in planted:
            shown = [finding for finding in found if _shows(truth, finding)]
            if shown and "length_mm" in truth.measurements:
                longest = max(finding.measurements["length_mm"] for finding in shown)
                errors.append(abs(longest - truth.measurements["length_mm"]))
    errors.sort()
    assert errors[len(errors) // 2] <= 0.5
    assert errors[int(0.8 * len(errors))] <= 1.6


def test_a_nest_of_pores_is_found_in_a_casting_and_its_ribs_are_not_flagged_all_over() -> None:
    made = simulate("casting", 1)
    found = detect("small_flaws", made.image)
    nest = [truth for truth in made.findings if truth.label == "gas" and truth.measurements["detectability"] >= 60]
    clear = [truth for truth in made.findings if truth.label == "inclusion"] + nest
    shown = [any(_shows(truth, finding) for finding in found) for truth in clear]
    assert len(clear) >= 6
    assert sum(shown) / len(shown) >= 0.7
    assert len(found) <= 25
