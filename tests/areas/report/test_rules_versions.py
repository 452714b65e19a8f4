import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.areas.report.samples import exam_document

from kerma.areas.report import rules_versions as rules
from kerma.areas.report import signature_roles
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES

BASIS = {
    "analysis_id": 2, "judgement_id": None, "decision_id": 2, "template": "", "language": "en", "record_sha256": "",
    "marks_sha256": "", "criticals_sha256": "", "hides": "", "written_by": "", "writing": 0,
}  # fmt: skip
DECIDED = {"id": 2, "analysis_id": 2, "judgement_id": None}


def version(number: int, state: str = "draft", **given: object) -> dict:
    return {"id": number, "state": state} | BASIS | given


@pytest.mark.parametrize(
    ("versions", "basis", "decision", "word"),
    [
        ([], {"analysis_id": None}, None, "no analysis"),
        ([], {}, DECIDED, "being made"),
        ([version(1, analysis_id=1)], {}, DECIDED, "being made"),
        ([version(1)], {"judgement_id": 5}, DECIDED, "being made"),
        ([version(1)], {"marks_sha256": "2"}, DECIDED, "drew on the images"),
        ([version(1)], {"criticals_sha256": "2"}, DECIDED, "a critical result was recorded or told"),
        ([version(1, writing=2)], {"writing": 3}, DECIDED, "report editor"),
        ([version(1, decision_id=None)], {"decision_id": None}, None, "decide first"),
        ([version(1)], {}, DECIDED | {"analysis_id": 1}, "decide again"),
        ([version(1, judgement_id=5)], {"judgement_id": 5}, DECIDED, "judged anew"),
        ([version(1), version(2, "signed")], {}, DECIDED, "already signed"),
    ],
)
def test_what_may_not_be_signed_says_why(versions, basis, decision, word: str) -> None:
    assert word in (rules.why_not_signable(versions, BASIS | basis, decision) or "")


@pytest.mark.parametrize(
    "changed", [{}, {"decision_id": 1}, {"template": "weld-rt"}, {"language": "de"}, {"record_sha256": "1"}]
)
def test_a_decided_exam_is_signed_once_for_each_thing_it_rests_on(changed: dict) -> None:
    assert rules.why_not_signable([version(1)], BASIS, DECIDED) is None
    held = [version(1), version(2, "signed", **changed)]
    assert (rules.why_not_signable(held, BASIS, DECIDED) is None) == bool(changed)


@pytest.mark.parametrize(("read", "may"), [(3, True), (2, False), (4, False), (0, False)])
def test_who_has_read_what_was_written_last_signs_it(read: int, may: bool) -> None:
    found = rules.why_not_signable([version(1, writing=2)], BASIS | {"writing": 3}, DECIDED, read)
    assert (found is None) == may and (may or "written on meanwhile" in found)


@given(some.lists(some.sampled_from(["draft", "signed"]), max_size=12))
def test_at_most_one_signed_version_holds_and_it_is_the_newest(states: list[str]) -> None:
    versions = [version(number, state) for number, state in enumerate(states)]
    found = rules.states(versions)
    assert found.count("signed") == ("signed" in states) and found.count("draft") == states.count("draft")
    holds = rules.in_force(versions)
    assert (holds is None) == ("signed" not in states)
    if holds:
        assert found[holds["id"]] == "signed" and "signed" not in found[holds["id"] + 1 :]


def test_an_amendment_needs_a_reason_and_a_first_version_none() -> None:
    assert rules.check_reason("", is_amendment=False) == ""
    assert rules.check_reason("  wrong weld  ", is_amendment=True) == "wrong weld"
    with pytest.raises(WrongUsage, match="why it is amended"):
        rules.check_reason(" \n", is_amendment=True)
    with pytest.raises(WrongUsage, match="within 2000"):
        rules.check_reason("x" * 2001, is_amendment=True)


def stated(decision: str = "reject", reason: str = "seen", **given: object) -> dict:
    said = {"record": {}, "template": "", "language": "en"}
    said |= {key: given.pop(key) for key in tuple(given) if key in said}
    return said | {"document": exam_document(**given), "decision": {"decision": decision, "reason": reason}}


def test_every_industry_has_an_author_first_and_co_signers_after() -> None:
    for industry in INDUSTRIES:
        author, *others = signature_roles.roles_for(industry)
        assert author.slot == "author" and not author.after
        assert len({one.slot for one in others}) == len(others) and all(one.after and one.meaning for one in others)


@pytest.mark.parametrize(
    ("slot", "signed", "word"),
    [
        ("author", {}, "no place"),
        ("notary", {}, "no place"),
        ("level-iii", {}, "first signs"),
        ("level-iii", {"author": "person:1", "level-iii": "person:2"}, "already"),
        ("level-iii", {"author": "person:9"}, "somebody else's"),
        ("level-iii", {"author": "person:1"}, None),
    ],
)
def test_who_may_co_sign(slot: str, signed: dict, word: str | None) -> None:
    reason = signature_roles.why_not_co_signable("ndt", slot, signed, "person:9")
    assert reason is None if word is None else word in (reason or "")
