"""What a person says of an exam changes what the rules say, and only what was looked at may be called good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import judgements as made
from judgements import SHA
from kerma.areas.review.rules_judge import Asked, Basis, checked, conditions_of, judge, outdated
from kerma.errors import WrongUsage
from kerma.science.judge.pack import load_pack

PACK = load_pack(made.pack())
NDT = Basis("ndt", "", "kerma_decisions/ndt", PACK)


def judged(document: dict, asked: Asked = Asked(), basis: Basis = NDT) -> dict:  # noqa: B008 - it is frozen
    return judge(document, basis, asked)


def outcomes(found: dict) -> dict[str, str]:
    return {one["rule"]: one["outcome"] for one in found["verdicts"]}


def exam(*diameters_mm: float, **analysis: object) -> dict:
    found = (made.finding(number, diameter_mm=value) for number, value in enumerate(diameters_mm, start=1))
    document = made.document(made.image(SHA, *found))
    return document | {"analysis": document["analysis"] | analysis}


def test_a_person_goes_before_the_image_and_the_image_before_nothing() -> None:
    image = made.image() | {"technique": {"thickness_mm": 10.0, "weld_axis": "row", "weld_length_mm": 300}}
    of = conditions_of(image, Asked({"thickness_mm": 12.0, "facts": "joint=butt passes=2"}))
    assert (of.thickness_mm, of.weld_length_mm, of.axis) == (12.0, 300.0, "row")
    assert of.facts == {"joint": "butt", "passes": 2.0}
    assert (of.spacing.row_mm, of.spacing.source) == (0.1, "calibrated")
    assert conditions_of(made.image(), Asked({"axis": "row"})).axis == "row"
    assert conditions_of(made.image() | {"spacing_mm": None}, Asked()).spacing.row_mm is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked({"thickness_mm": 0}), "thickness_mm is 0 mm"),
        (Asked({"thickness_mm": float("nan")}), "thickness_mm is nan"),
        (Asked({"thickness_mm": "10"}), "give a number"),
        (Asked({"thickness_mm": True}), "give a number"),
        (Asked({"colour": "red"}), "'colour' is no condition"),
        (Asked({"extension_stage": 1.5}), "extension_stage is 1.5"),
        (Asked({"axis": "diagonal"}), "axis is 'column'"),
        (Asked({"facts": "joint"}), "no fact"),
        (Asked({"part": "weld\n"}), "on one line"),
        (Asked(quality={"wires": 3}), "'wires' is nothing of image quality"),
        (Asked(quality={"wire": "W14"}), "wire is 'W14'; give a number"),
        (Asked(quality={"testing_class": 3}), "must be a text"),
    ],
)
def test_a_condition_that_makes_no_sense_is_named(asked: Asked, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        checked(asked, "ndt")


def test_what_nothing_has_searched_is_not_called_good_until_a_person_has_looked() -> None:
    blind = exam(detectors={})
    found = judged(blind)
    assert (found["verdicts"], found["decision_proposed"]) == ([], "none")
    assert "no detector ran" in found["notes"][0]
    seen = judged(blind, Asked(looked_at_all=True))
    assert outcomes(seen) == {"pores": "pass", "cracks": "pass"}
    part = judged(exam(unsearched=["image 2 was not searched"]))
    assert "image 2 was not searched" in part["decision_reason"]
    unknown = exam(1.0)
    del unknown["analysis"]["unsearched"]
    assert "not on record" in judged(unknown)["decision_reason"]


def test_one_recorded_finding_is_no_search_of_the_whole() -> None:
    found = judged(exam(1.0, detectors={}))
    assert outcomes(found) == {"pores": "pass", "cracks": "pass"}
    assert found["decision_proposed"] == "none"
    assert "nobody has said to have looked at every image" in found["decision_reason"]


def test_without_a_pack_the_findings_alone_speak() -> None:
    document = exam(3.0)
    found = judged(document, basis=Basis("security", "", "kerma_decisions/security", None))
    assert (found["verdicts"], found["decision_proposed"]) == ([], "suspect")
    assert "no acceptance rules were applied" in found["notes"]


def test_image_quality_is_judged_by_what_a_person_has_read() -> None:
    basis = Basis("ndt", "ndt", "kerma_decisions/ndt", load_pack("french-arrete-1978"))
    document = exam(1.0)
    document["images"][0]["technique"] = {"thickness_mm": 10.0}
    poor = judged(document, Asked(quality={"wire": 6}), basis)["quality"]
    good = judged(document, Asked(quality={"wire": 16}), basis)["quality"]
    assert {one["outcome"] for one in poor if one["rule"] == "wire seen"} == {"fail"}
    assert {one["outcome"] for one in good if one["rule"] == "wire seen"} == {"pass"}
    assert judged(document, Asked(), basis)["decision_proposed"] == "none"


def test_an_outdated_judgement_proposes_nothing() -> None:
    told = outdated(exam(1.0) | {"decision_proposed": "accept"}, 3)
    assert (told["decision_proposed"], "version 3" in told["decision_reason"]) == ("none", True)


def test_what_may_be_done_follows_the_findings_that_stand() -> None:
    document = made.document(made.image(SHA, made.finding(1, label="opacity")))
    basis = Basis("security", "security", "kerma_decisions/security", None)
    (told,) = judged(document, basis=basis)["dispositions"]
    assert told["finding_ids"] == ["1"]
    assert told["decides"]
    document["images"][0]["findings"][0]["dismissed"] = {"reason": "shadow"}
    assert judged(document, basis=basis)["dispositions"] == []


@given(st.lists(st.floats(0.1, 5.0), max_size=6), st.data())
def test_dismissing_a_finding_never_makes_a_verdict_graver(diameters_mm: list[float], data: st.DataObject) -> None:
    document = exam(*diameters_mm)
    gravity = ["pass", "not-judged", "advisory", "fail"]
    before = outcomes(judged(document))
    for finding in document["images"][0]["findings"]:
        if data.draw(st.booleans()):
            finding["dismissed"] = {"reason": "dust"}
    after = outcomes(judged(document))
    assert after.keys() == before.keys()
    assert all(gravity.index(after[rule]) <= gravity.index(before[rule]) for rule in before)
