"""What a site usually judges by: set by its lead, used by analyses and judgements, and never beyond what there is."""

import pytest

import exams
import judgements as made
from judgements import SHA
from kerma.areas.archive.model import ExamArrived
from kerma.areas.review import actions_defaults, actions_judge, actions_packs, queries, queries_defaults
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.routes_defaults import router as defaults
from kerma.areas.review.rules_judge import Asked
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.industries import INDUSTRIES
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import WHOLE

SECURITY, NDT = "security", "ndt"


def usual(kernel: Kernel, actor: Actor, industry: str, **values: str) -> int:
    return actions_defaults.set_default(kernel, actor, industry=industry, values=values)


def arrived(kernel: Kernel, actor: Actor, industry: str, label: str = "porosity") -> int:
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    exam_pk = exams.arrive(listening, actor, industry=industry, subject_id="W-1", sha256s=(SHA,))
    found = [made.finding(1, label, diameter_mm=3.0)] if label else []
    made.analysed(listening, actor, exam_pk, made.document(made.image(SHA, *found)))
    return exam_pk


def judged(kernel: Kernel, actor: Actor, exam_pk: int, conditions: dict | None = None, **quality: object) -> dict:
    with kernel.database.read() as connection:
        known = queries.current(connection, exam_pk, WHOLE)
    given = Given(asked=Asked(conditions or {}, quality), supersedes=known.judgement_id)
    actions_judge.judge_exam(kernel, actor, exam_pk=exam_pk, given=given)
    with kernel.database.read() as connection:
        return queries.current(connection, exam_pk, WHOLE).document


def site(kernel: Kernel, industry: str):
    with kernel.database.read() as connection:
        return queries_defaults.site_rules(connection, industry, INDUSTRIES[industry].plan)


def test_until_somebody_sets_it_the_industry_holds(kernel: Kernel) -> None:
    rules = site(kernel, NDT)
    assert (rules.pack.short_name, rules.technique, rules.travel.regime) == ("french-arrete-1978", {}, "eu")
    assert site(kernel, SECURITY).pack is None


def test_the_usual_pack_and_technique_judge_where_nobody_names_one(kernel: Kernel, actor: Actor) -> None:
    actions_packs.add_pack(kernel, actor, name="yard", text=made.pack())
    usual(kernel, actor, NDT, pack="yard", technique_standard="iso", testing_class="B")
    document = judged(kernel, actor, arrived(kernel, actor, NDT), {"thickness_mm": 12.0})
    assert document["judgement"]["pack"]["name"] == "yard"
    assert {one["rule"]: one["outcome"] for one in document["verdicts"]} == {"pores": "fail", "cracks": "pass"}
    assert document["quality_sheet"]["standard"] == "iso"
    assert site(kernel, NDT).pack.rules[0].rule == "pores"
    with pytest.raises(Conflict, match="usually judged by"):
        actions_packs.withdraw_pack(kernel, actor, name="yard")
    usual(kernel, actor, NDT, testing_class="A")
    assert site(kernel, NDT).pack.short_name == "french-arrete-1978"
    actions_packs.withdraw_pack(kernel, actor, name="yard")


def test_the_usual_regime_and_place_hold_until_a_person_says_otherwise(kernel: Kernel, actor: Actor) -> None:
    usual(kernel, actor, SECURITY, regime="tsa", place="hold")
    exam_pk = arrived(kernel, actor, SECURITY, "knife")
    (knife,) = judged(kernel, actor, exam_pk)["dispositions"]
    assert (knife["rule"]["table"], knife["allowed"]) == ("tsa_prohibited/prohibited", "allowed")
    (knife,) = judged(kernel, actor, exam_pk, {"regime": "eu", "place": "cabin"})["dispositions"]
    assert (knife["rule"]["table"], knife["allowed"]) == ("eu_2015_1998/prohibited", "forbidden")


def test_a_person_reads_the_test_object_and_one_failed_test_takes_the_machine_out(kernel: Kernel, actor: Actor) -> None:
    document = judged(kernel, actor, arrived(kernel, actor, SECURITY, "knife"), wire_display_mm=0.5)
    told = {one["rule"]: one["outcome"] for one in document["quality"]}
    assert (told["wire display"], told["machine fit for service"]) == ("fail", "fail")


def test_a_radiograph_is_rejected_for_a_reason_of_the_table(kernel: Kernel, actor: Actor) -> None:
    document = judged(kernel, actor, arrived(kernel, actor, "medical", ""), reject_reason="rotation")
    (rejected,) = (one for one in document["quality"] if one["rule"] == "rejected")
    assert rejected["outcome"] == "fail" and "rotated" in rejected["reason"]
    assert document["decision_proposed"] == "repeat"


@pytest.mark.parametrize(
    ("industry", "conditions", "quality", "words"),
    [
        ("medical", {}, {"reject_reason": "ugly"}, "no reject reason 'ugly'"),
        (NDT, {}, {"reject_reason": "rotation"}, "none in ndt"),
        (NDT, {}, {"wire_display_mm": 0.5}, "nothing of image quality"),
        (SECURITY, {}, {"wire": 14}, "nothing of image quality"),
        (SECURITY, {"regime": "mars"}, {}, "regime is 'mars'"),
        (SECURITY, {"place": "roof"}, {}, "place is 'roof'"),
    ],
)
def test_what_makes_no_sense_in_the_industry_is_named(
    kernel: Kernel, actor: Actor, industry: str, conditions: dict, quality: dict, words: str
) -> None:
    exam_pk = arrived(kernel, actor, industry)
    with pytest.raises(WrongUsage, match=words):
        judged(kernel, actor, exam_pk, conditions, **quality)


def test_only_what_there_is_can_be_set_and_only_by_who_may(kernel: Kernel, actor: Actor, stranger: Actor) -> None:
    for industry, values, error in (
        (NDT, {"pack": "none-such"}, NotFound),
        (NDT, {"regime": "eu"}, WrongUsage),
        (NDT, {"testing_class": "C"}, WrongUsage),
        (SECURITY, {"regime": "mars"}, WrongUsage),
        ("medical", {"pack": "asme-viii-uw-51"}, WrongUsage),
        ("astronomy", {"pack": "asme-viii-uw-51"}, WrongUsage),
    ):
        with pytest.raises(error):
            usual(kernel, actor, industry, **values)
    with pytest.raises(NotAllowed):
        usual(kernel, stranger, SECURITY, regime="tsa")
    assert site(kernel, SECURITY).travel.regime == "eu"


def test_the_setting_is_read_and_made_over_http(browser) -> None:
    page = browser(defaults)
    page.sign_in("lead")
    rows = {row["industry"]: row for row in page.http.get("/api/v1/usual-rules").json()}
    assert (rows[NDT]["pack"], rows[NDT]["values"], rows["medical"]["choices"]) == ("french-arrete-1978", {}, {})
    kept = page.http.put("/api/v1/usual-rules/security", json={"values": {"regime": "ecac", "place": ""}})
    assert (kept.json()["values"], kept.json()["set_by_name"]) == ({"regime": "ecac"}, "Test Person")
    assert page.http.put("/api/v1/usual-rules/astronomy", json={"values": {}}).status_code == 404
    assert page.http.put("/api/v1/usual-rules/ndt", json={"values": {"testing_class": "C"}}).status_code == 400
    words = page.http.get("/api/v1/judging-words/medical").json()
    assert {"value": "rotation", "words": "The patient is rotated"} in words["reject_reasons"]
    assert page.http.get("/api/v1/judging-words/security").json()["entries"][0]["value"] == "wire_display_mm"


@pytest.mark.parametrize("industry", ["security", "ndt", "medical"])
def test_every_industry_has_reasons_to_dismiss_by(browser, industry: str) -> None:
    page = browser(defaults)
    page.sign_in("analyst")
    told = page.http.get(f"/api/v1/judging-words/{industry}").json()
    codes = [one["value"] for one in told["dismiss_reasons"]]
    assert len(codes) >= 6
    assert len(codes) == len(set(codes))
    assert all(one["words"] for one in told["dismiss_reasons"])
    assert told["severities"] == ["slight", "moderate", "severe", "critical"]
