"""From an image's technique to its order, gauges and entries; and of several images the poorest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import radiographs
from kerma.industries import INDUSTRIES
from kerma.science.analysis import analyse
from kerma.science.image_quality import GAUGES, SHEETS, entries_in, judged_quality, measured_gauges, order_for
from kerma.science.judge.quality_ndt import SHOT_NUMBERS, SHOT_WORDS, STANDARDS
from kerma.science.measure import MEASURES, OPTIONS
from kerma.science.results import Measurement
from kerma.science.simulate import simulate
from kerma.standards import table


@pytest.mark.parametrize(
    ("technique", "pack", "standard"),
    [
        ({}, "fr_arrete_1978/acceptance", "arrete-1978"),
        ({}, "french-arrete-1978", "arrete-1978"),
        ({}, "asme-viii-uw-51", "asme"),
        ({}, "iso-10675-1-level-2", "iso"),
        ({}, "somebody/acceptance", ""),
        ({}, None, ""),
        ({"testing_class": "A"}, "fr_arrete_1978/acceptance", "iso"),
        ({"technique_standard": "asme", "testing_class": "A"}, "fr_arrete_1978/acceptance", "asme"),
    ],
)
def test_the_standard_named_goes_before_the_class_and_that_before_the_pack(
    technique: dict[str, str], pack: str | None, standard: str
) -> None:
    assert order_for(technique, industry="ndt", pack=pack).standard == standard


def test_every_pack_of_the_table_goes_with_a_sheet_that_exists_and_gauges_with_measurements() -> None:
    assert {row["standard"] for row in table(SHEETS)} <= set(STANDARDS)
    for row in table(GAUGES):
        assert row["measurement"] in MEASURES
        assert {pair.split("=")[0] for pair in row["options"].split()} <= set(OPTIONS)


def test_only_what_a_person_has_read_counts_as_entered() -> None:
    technique = {"read_wire": 14, "read_density_lowest": 2.4, "snr_n": 300.0, "read_weather": 3.0, "read_duplex": "ten"}
    said, strange = entries_in(technique)
    assert said == {"wire": 14.0, "density_lowest": 2.4}
    assert len(strange) == 2 and "read_weather" in strange[0] and "read_duplex" in strange[1]


@pytest.mark.parametrize("reading", [{"read_wire": 99}, {"read_wire": -1}, {"read_wire": "W14"}, {"read_mood": 3.0}])
def test_a_reading_that_makes_no_sense_is_told_and_leaves_the_quality_unjudged(reading: dict[str, object]) -> None:
    technique = {"thickness_mm": 10.0, "read_wire_mm": 0.1, **reading}
    found = judged_quality([(technique, ())], industry="ndt", pack="french-arrete-1978")
    outcomes = {one.rule: one.outcome for one in found.verdicts}
    assert outcomes == {"wire seen": "pass", "readings of the technique": "not-judged"}
    assert next(iter(reading)) in found.verdicts[1].reason


values = st.one_of(st.floats(), st.integers(), st.text(max_size=6), st.booleans(), st.none())


@settings(max_examples=150, deadline=None)
@given(
    technique=st.dictionaries(
        st.sampled_from([*SHOT_NUMBERS, *SHOT_WORDS, "testing_class", "source", "technique_standard", "read_wire",
                         "read_srb_um", "agreed", "exposure_mas"]),
        values, max_size=14,
    ),
    sane=st.booleans(),
)  # fmt: skip
def test_no_technique_however_strange_breaks_the_judgement(technique: dict[str, object], sane: bool) -> None:
    known = {"thickness_mm": 10.0, "testing_class": "B", "tube_voltage_kv": 100.0, "focal_spot_mm": 1.0} if sane else {}
    found = judged_quality([({**known, **technique}, ())], industry="ndt", pack="fr_arrete_1978/acceptance")
    assert found.verdicts
    json.dumps([found.as_json(), found.sheet_json()])


def test_what_the_parties_agreed_is_read_from_the_technique() -> None:
    assert order_for({"agreed": "third-pair reduced-distance"}, industry="ndt").agreed == (
        "third-pair",
        "reduced-distance",
    )


def test_without_a_place_no_gauge_is_searched() -> None:
    image = radiographs.flat(1)
    assert measured_gauges(image, 0) == ([], image)


def test_a_duplex_that_is_read_gives_its_resolution_to_the_snr() -> None:
    simulated = simulate("duplex", 1)
    row, column, height, width = simulated.truth["region"]
    marked = replace(simulated.image, technique={"duplex_region": f"{row},{column},{height},{width}"})
    (found,), known = measured_gauges(marked, 0)
    assert isinstance(found, Measurement) and found.name == "duplex"
    assert known.technique["srb_image_um"] == found.values["isrb_um"]
    assert "srb_image_um" not in marked.technique
    snr_n = next(one for one in analyse([marked], INDUSTRIES["ndt"].plan).images[0].measurements if one.name == "snr_n")
    assert isinstance(snr_n, Measurement)
    assert snr_n.inputs["srb_um"] == found.values["isrb_um"]


def test_of_each_rule_the_gravest_image_counts_and_is_named() -> None:
    thickness = {"thickness_mm": 10.0}
    images = [({**thickness, "read_wire": wire}, ()) for wire in (14, 12, 13)]
    found = judged_quality(images, industry="ndt", pack="fr_arrete_1978/acceptance")
    (wire,) = found.verdicts
    assert (wire.outcome, wire.measured) == ("fail", 0.25)
    assert wire.reason.startswith("Image 2:")
    assert wire.action
    assert {line["line"] for line in found.sheet_json()["lines"]} == {"wire, diameter", "or hole, diameter"}
    unread = judged_quality([*images[:1], (thickness, ())], industry="ndt", pack="fr_arrete_1978/acceptance")
    assert unread.verdicts[0].outcome == "not-judged"


def test_what_is_entered_for_the_exam_goes_before_what_its_images_say() -> None:
    found = judged_quality(
        [({"thickness_mm": 10.0, "read_wire": 12}, ())], industry="ndt", pack="fr_arrete_1978/acceptance",
        entered={"wire": 15},
    )  # fmt: skip
    assert found.verdicts[0].outcome == "pass"
