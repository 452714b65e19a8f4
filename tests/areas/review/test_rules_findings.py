"""What people record is laid over the software's findings: nothing is lost, nothing is judged that was dismissed."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgements import OTHER_SHA, SHA, document, finding, image
from kerma.areas.review.rules_findings import (
    NOTHING_LAID,
    Added,
    Changes,
    Hand,
    carry,
    finding_of,
    lay_over,
    merge,
    standing,
)
from kerma.errors import WrongUsage
from kerma.science.results import Box, By, Finding

ANN, BOB = Hand("person:1", "Ann", "2026-03-02T12:00:00Z"), Hand("person:2", "Bob", "2026-03-02T13:00:00Z")
WORDS = {"crack": "100", "porosity": "2011"}
EXAM = document(image(SHA, finding(1), finding(2)), image(OTHER_SHA, finding(3)))


def added(label: str = "crack", **more: object) -> Added:
    return Added(**{"image_sha256": SHA, "label": label, "box": (1.0, 2.0, 3.0, 4.0)} | more)


def merged(*changes: Changes, hand: Hand = ANN) -> dict:
    laid = NOTHING_LAID
    for one in changes:
        laid = merge(EXAM, laid, one, hand, WORDS)
    return laid


def ids(shown: dict) -> list[str]:
    return [one["id"] for picture in shown["images"] for one in picture["findings"]]


def test_a_persons_finding_has_the_next_number_the_code_of_its_word_and_its_maker() -> None:
    shown = lay_over(EXAM, merged(Changes([added(measurements={"length_mm": 4.5})])))
    made = shown["images"][0]["findings"][-1]
    assert (made["id"], made["code"], made["by"]["kind"], made["by"]["name"]) == ("4", "100", "person", "Ann")
    assert made["measurements"] == [{"name": "length_mm", "value": 4.5}]
    assert ids(shown) == ["1", "2", "4", "3"]


def test_a_changed_finding_replaces_the_softwares_which_stays_as_dismissed() -> None:
    shown = lay_over(EXAM, merged(Changes([added(replaces="2", note="sharp ends")])))
    before = shown["images"][0]["findings"][1]
    assert before["dismissed"]["reason"] == "replaced by finding 4: sharp ends"
    assert before | {"dismissed": None} == finding(2) | {"dismissed": None}
    assert [one.id for one in standing(shown["images"][0])] == ["1", "4"]


def test_who_dismissed_what_and_why_is_told_and_can_be_taken_back() -> None:
    laid = merged(Changes(dismissed={"1": " scratch on the film "}), hand=BOB)
    assert laid["dismissed"]["1"] == {"reason": "scratch on the film", "by": BOB.key, "by_name": "Bob", "at": BOB.at}
    again = merge(EXAM, laid, Changes(restored=["1"]), ANN, WORDS)
    assert again["dismissed"] == {}


def test_a_newer_analysis_keeps_peoples_findings_under_new_numbers_and_nothing_dismissed() -> None:
    laid = merged(Changes([added(), added("porosity"), added(image_sha256=OTHER_SHA)], dismissed={"1": "dust"}))
    laid = merge(EXAM, laid, Changes(dismissed={"5": "dust"}), ANN, WORDS)
    newer = document(image(SHA, *(finding(number) for number in range(1, 8))))
    kept = carry(newer, laid)
    assert [(one["finding"]["id"], one["finding"]["label"]) for one in kept["findings"]] == [("8", "crack")]
    assert kept["dismissed"] == {}


def test_a_finding_read_back_is_the_finding() -> None:
    whole = Finding(
        "7", "100", "crack", Box(1, 2, 3, 4), By("algorithm", "small_flaws", "1", "ab"), 0.5, 1,
        ((0.0, 1.0), (2.0, 3.0)), {"length_mm": 4.0},
    )  # fmt: skip
    assert finding_of(whole.as_json()) == whole


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (Changes([added("crakc")]), "'crakc' is no word"),
        (Changes([added("other")]), "needs a note"),
        (Changes([added(image_sha256="c" * 64)]), "no image of this analysis"),
        (Changes([added(box=(98.0, 0.0, 3.0, 1.0))]), "must lie on the image of 100 x 200"),
        (Changes([added(box=(0.0, 0.0, 0.0, 1.0))]), "must lie on the image"),
        (Changes([added(box=(0.0, 0.0, float("nan"), 1.0))]), "must lie on the image"),
        (Changes([added(plane=1)]), "plane 1 is none of the image's 1"),
        (Changes([added(measurements={"length": 3.0})]), "must end in its unit"),
        (Changes([added(measurements={"length_mm": -1.0})]), "length_mm is -1"),
        (Changes([added(measurements={"length_mm": float("inf")})]), "length_mm is inf"),
        (Changes([added(replaces="9")]), "there is no finding '9'"),
        (Changes([added(replaces="1"), added(replaces="1")]), "finding 1 is dismissed already"),
        (Changes(dismissed={"9": "dust"}), "there is no finding '9'"),
        (Changes(dismissed={"1": "  "}), "say why finding 1 is none"),
        (Changes(dismissed={"1": "x" * 4001}), "4001 letters"),
        (Changes(restored=["1"]), "not dismissed"),
        (Changes([added()] * 501), "501 findings"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(changes: Changes, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        merged(changes)


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.integers(1, 12), max_size=3, unique=True)), min_size=1, max_size=6
)


@given(STEPS)
def test_no_finding_is_ever_lost_and_every_number_is_given_once(steps: list[tuple[int, list[int]]]) -> None:
    before = copy.deepcopy(EXAM)
    laid = NOTHING_LAID
    seen: dict[str, dict] = {one["id"]: one for picture in EXAM["images"] for one in picture["findings"]}
    for count, names in steps:
        out = set(laid["dismissed"])
        known = [str(name) for name in names if str(name) in seen]
        changes = Changes(
            [added()] * count, {name: "dust" for name in known if name not in out}, [n for n in known if n in out]
        )
        laid = merge(EXAM, laid, changes, ANN, WORDS)
        shown = lay_over(EXAM, laid)
        found = [one for picture in shown["images"] for one in picture["findings"]]
        assert len({one["id"] for one in found}) == len(found) == len(seen) + count
        bare = {one["id"]: {key: value for key, value in one.items() if key != "dismissed"} for one in found}
        assert {name: bare[name] for name in seen} == seen
        seen = bare
        judged = {one.id for picture in shown["images"] for one in standing(picture)}
        assert judged == set(seen) - set(laid["dismissed"])
    assert before == EXAM


def test_outline_severity_and_confidence_are_kept_with_who_and_when() -> None:
    outline = ((1.0, 2.0), (1.0, 6.0), (4.0, 6.0))
    laid = merged(Changes([added(polygon=outline, severity="severe", confidence=0.75)]))
    made = lay_over(EXAM, laid)["images"][0]["findings"][-1]
    assert (made["polygon"], made["severity"], made["confidence"]) == ([[1, 2], [1, 6], [4, 6]], "severe", 0.75)
    assert made["at"] == ANN.at
    assert finding_of(made).polygon == outline
    plain = lay_over(EXAM, merged(Changes([added()])))["images"][0]["findings"][-1]
    assert not {"polygon", "severity", "confidence"} & set(plain)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"severity": "awful"}, "severity"),
        ({"confidence": 1.5}, "confidence"),
        ({"confidence": float("nan")}, "confidence"),
        ({"polygon": ((1.0, 2.0), (3.0, 4.0))}, "points"),
        ({"polygon": ((1.0, 2.0), (3.0, 4.0), (1e9, 0.0))}, "outside"),
        ({"polygon": ((1.0, 2.0), (3.0, 4.0), (float("nan"), 0.0))}, "outside"),
    ],
)
def test_an_odd_outline_severity_or_confidence_is_told(more: dict, word: str) -> None:
    with pytest.raises(WrongUsage, match=word):
        merged(Changes([added(**more)]))


def test_who_agrees_with_the_software_is_told_until_it_is_dismissed() -> None:
    laid = merged(Changes(accepted=["2"]))
    seen = lay_over(EXAM, laid)["images"][0]["findings"][1]
    assert seen["accepted"] == {"by": ANN.key, "by_name": "Ann", "at": ANN.at}
    assert [one.id for one in standing(lay_over(EXAM, laid)["images"][0])] == ["1", "2"]
    assert merge(EXAM, laid, Changes(dismissed={"2": "dust"}), BOB, WORDS)["accepted"] == {}
    assert carry(EXAM, laid)["accepted"] == {}
    for wrong in (Changes(accepted=["9"]), Changes([added()], {}, [], ["4"]), Changes([], {"2": "dust"}, [], ["2"])):
        with pytest.raises(WrongUsage):
            merged(wrong)
    mine = merged(Changes([added()]))
    with pytest.raises(WrongUsage, match="person"):
        merge(EXAM, mine, Changes(accepted=["4"]), BOB, WORDS)
