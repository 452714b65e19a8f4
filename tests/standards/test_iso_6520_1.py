"""The words for imperfections are unique, and their numbers are those that other standards' rows name."""

from __future__ import annotations

import pytest

from kerma.standards import table

ROWS = table("iso_6520-1/imperfections").rows
# Numbers beside words as the rows of ISO 10675-1 and ISO 5817 name them in public excerpts.
NAMED_ELSEWHERE = {
    "crack": 100, "porosity": 2011, "uniform-porosity": 2012, "cluster-porosity": 2013, "linear-porosity": 2014,
    "elongated-cavity": 2015, "worm-hole": 2016, "surface-pore": 2017, "shrinkage": 202, "crater-pipe": 2024,
    "slag": 301, "flux": 302, "oxide": 303, "metallic-inclusion": 304, "copper-inclusion": 3042,
    "lack-of-fusion": 401, "lack-of-penetration": 402,
}
DESIGN_WORDS = (
    "crack", "porosity", "cluster-porosity", "linear-porosity", "elongated-cavity", "slag", "tungsten",
    "lack-of-fusion", "lack-of-penetration", "undercut", "gas", "shrinkage", "inclusion",
)


@pytest.mark.parametrize(("label", "number"), NAMED_ELSEWHERE.items())
def test_numbers_agree_with_a_second_source(label: str, number: int) -> None:
    assert next(row["number"] for row in ROWS if row["label"] == label) == str(number)


@pytest.mark.parametrize("label", DESIGN_WORDS)
def test_every_word_results_may_use_is_there(label: str) -> None:
    assert label in {row["label"] for row in ROWS}


def test_words_and_numbers_are_unique() -> None:
    assert len({row["label"] for row in ROWS}) == len(ROWS)
    assert len({row["number"] for row in ROWS}) == len(ROWS)


def test_the_first_digit_of_a_number_is_its_group() -> None:
    # ISO 6520-1 groups: 1 cracks, 2 cavities, 3 solid inclusions, 4 lack of fusion and penetration, 5 shape, 6 other.
    groups = {"1": "crack", "2": "gas shrinkage", "3": "inclusion", "4": "fusion", "5": "shape", "6": "other"}
    for row in ROWS:
        if not row["number"].startswith("9"):  # from 901 on: Kerma's own numbers, for words the standard does not have
            assert row["group"] in groups[row["number"][0]].split()


def test_a_subdivision_has_the_group_of_the_number_it_divides() -> None:
    group = {row["number"]: row["group"] for row in ROWS}
    for number, of in group.items():
        if len(number) == 4 and number[:3] in group:
            assert group[number[:3]] == of, number


def test_each_word_has_a_shape_for_when_nobody_measured_its_width() -> None:
    shape = {row["label"]: row["shape_unmeasured"] for row in ROWS}
    assert set(shape.values()) == {"rounded", "elongated"}
    assert {shape[word] for word in ("porosity", "gas", "tungsten", "gas-hole", "isolated-slag")} == {"rounded"}
    assert {shape[word] for word in ("slag", "elongated-cavity", "hollow-bead", "wagon-tracks")} == {"elongated"}


def test_cracks_and_lack_of_fusion_are_planar_and_nothing_else_is() -> None:
    assert {row["group"] for row in ROWS if row["planar"] == "yes"} == {"crack", "fusion"}
    assert {row["group"] for row in ROWS if row["planar"] == "no"} & {"crack", "fusion"} == set()
