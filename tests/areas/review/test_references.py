"""A casting is graded beside a site's own licensed image, where it may be held beside it; every refusal says why."""

import pytest
import sqlalchemy as sa
from tests.areas.report.samples import tiff_bytes, weld

import exams
import judgements as made
from judgements import SHA
from kerma.areas.archive.model import ExamArrived, image
from kerma.areas.review import actions_judge, actions_packs, actions_reference, queries, queries_reference
from kerma.areas.review import queries_tables as tables
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.actions_reference import NewReference
from kerma.areas.review.routes_judge import router as judging
from kerma.areas.review.routes_reference import router as references
from kerma.areas.review.rules_judge import Asked
from kerma.areas.review.rules_reference import Graded
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Act, Action, Actor, Kernel
from kerma.kernel.sight import WHOLE

SET = "astm_e2422/reference_images"
PLACES = {"cnr_region": "40,40,20,20", "cnr_background": "5,5,20,20"}
GOOD = {"thickness_mm": 6.0}
QUALITY = {"srb_um": 100.0}


def _name_it(act: Act, *, exam_pk: int) -> None:
    act.connection.execute(sa.update(image).where(image.c.exam_pk == exam_pk).values(file_name="reference.tif"))


name_it = Action("test.name_it", _name_it)


@pytest.fixture
def listening(kernel: Kernel) -> Kernel:
    return Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})


@pytest.fixture
def licensed(listening: Kernel, actor: Actor) -> str:
    """A picture in the archive that stands for a site's licensed copy; no reference image comes with Kerma."""
    sha256 = listening.blobs.put(tiff_bytes(weld(seed=5)))
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="E2422", sha256s=(sha256,))
    name_it(listening, actor, exam_pk=exam_pk)
    return sha256


@pytest.fixture
def casting(listening: Kernel, actor: Actor) -> int:
    exam_pk = exams.arrive(listening, actor, industry="ndt", subject_id="C-1", sha256s=(SHA,))
    made.analysed(listening, actor, exam_pk, made.document(made.image(SHA, made.finding(1, "gas-pore"))))
    return exam_pk


def new(sha256: str, **other: object) -> NewReference:
    given = {
        "image_sha256": sha256, "image_set": "astm_e2422", "volume": "aluminium", "discontinuity": "gas-hole",
        "grade": 3, "plate_thickness_mm": 6.35, "licence_holder": "Foundry Ltd", "licence": "L-17", "srb_um": 100.0,
    }  # fmt: skip
    return NewReference(**{**given, **PLACES, **other})


def add(kernel: Kernel, actor: Actor, sha256: str, **other: object) -> int:
    return actions_reference.add_reference(kernel, actor, new=new(sha256, **other))


def row_of(kernel: Kernel, number: int) -> dict:
    with kernel.database.read() as connection:
        return queries_reference.by_id(connection)[number]


def judged(kernel: Kernel, actor: Actor, exam_pk: int, graded: Graded, **told: object) -> dict:
    with kernel.database.read() as connection:
        known = queries.current(connection, exam_pk, WHOLE)
    conditions = GOOD | told.get("conditions", {})
    asked = Asked(conditions, told.get("quality", QUALITY), (graded,), looked_at_all=True)
    given = Given(pack="", asked=asked, supersedes=known.judgement_id)
    actions_judge.judge_exam(kernel, actor, exam_pk=exam_pk, given=given)
    with kernel.database.read() as connection:
        return queries.current(connection, exam_pk, WHOLE).document


def confirm_set(kernel: Kernel, actor: Actor) -> None:
    with kernel.database.read() as connection:
        found = tables.published_table(connection, SET)
    stated = {"sha256": found.sha256, "edition": found.table.edition, "statement": "They agree."}
    actions_packs.confirm_pack(kernel, actor, name=SET, **stated)


def test_a_grade_beside_a_licensed_image_is_judged_with_its_clause(
    listening: Kernel, actor: Actor, licensed: str, casting: int
) -> None:
    number = add(listening, actor, licensed)
    row = row_of(listening, number)
    assert row["cnr"] > 0 and row["measured"]["srb_um"] == "as given with the set"
    assert row["measured"]["cnr"].startswith("measured, region 40,40,20,20")
    graded = Graded(number, found=4, allowed=3, alloy="aluminium", cnr=row["cnr"], finding_ids=("1",))
    document = judged(listening, actor, casting, graded)
    (verdict,) = document["verdicts"]
    told = tuple(verdict[key] for key in ("outcome", "measured", "limit", "margin"))
    assert told == ("advisory", 4.0, 3.0, -1.0)
    assert "gas holes" in verdict["clause"] and verdict["table"] == SET
    confirm_set(listening, actor)
    document = judged(listening, actor, casting, graded)
    assert (document["verdicts"][0]["outcome"], document["decision_proposed"]) == ("fail", "reject")
    assert document["dispositions"][0]["category"] == "rejected"
    good = Graded(number, found=3, allowed=3, alloy="aluminium", cnr=row["cnr"])
    assert judged(listening, actor, casting, good)["verdicts"][0]["outcome"] == "pass"
    (kept,) = document["judgement"]["grades"]
    assert kept["reference"]["image_sha256"] == licensed and "licence L-17 (Foundry Ltd)" in kept["reference"]["label"]
    again = actions_judge.prepare(listening, actor, exam_pk=casting, given=Given(supersedes=3))
    assert again.document["grades"][0]["given"] == {**kept["given"], "found": 3, "finding_ids": []}


@pytest.mark.parametrize(
    ("graded", "told", "words"),
    [
        ({"alloy": "steel"}, {}, "the casting is of steel"),
        ({"alloy": ""}, {}, "an alloy nobody has said"),
        ({"cnr": 0.001}, {}, "the image may hide"),
        ({"cnr": None}, {}, "of the image is not measured: give cnr"),
        ({}, {"quality": {"srb_um": 150.0}}, "the image may hide"),
        ({}, {"quality": {}}, "give srb_um"),
        ({}, {"conditions": {"thickness_mm": 40.0}}, "thickness_mm is 40"),
    ],
)
def test_where_the_images_may_not_be_held_beside_each_other_no_grade_counts(
    listening: Kernel, actor: Actor, licensed: str, casting: int, graded: dict, told: dict, words: str
) -> None:
    number = add(listening, actor, licensed)
    given = {"found": 1, "allowed": 8, "alloy": "aluminium", "cnr": row_of(listening, number)["cnr"]} | graded
    document = judged(listening, actor, casting, Graded(number, **given), **told)
    (verdict,) = document["verdicts"]
    assert verdict["outcome"] == "not-judged" and words in verdict["reason"]
    assert document["decision_proposed"] == "none"


def test_only_a_licensed_copy_of_what_the_set_holds_is_added_once(
    listening: Kernel, actor: Actor, stranger: Actor, licensed: str
) -> None:
    for other, error, words in (
        ({"licence": " "}, WrongUsage, "number of the licence"),
        ({"licence_holder": ""}, WrongUsage, "holder of the licence"),
        ({"image_set": "astm_e1"}, WrongUsage, "no set of reference images"),
        ({"discontinuity": "misrun"}, WrongUsage, "has no"),
        ({"grade": 9}, WrongUsage, "grades 1 to 8"),
        ({"plate_thickness_mm": 5.0}, WrongUsage, "which plate"),
        ({"image_sha256": "0" * 64}, NotFound, "ingest the licensed copy"),
        ({"cnr_region": ""}, WrongUsage, "where to measure"),
        ({"srb_um": None}, WrongUsage, "give duplex_region"),
        ({"srb_um": None, "duplex_region": "0,0,60,60"}, WrongUsage, "SRb of the reference image cannot be measured"),
    ):
        with pytest.raises(error, match=words):
            add(listening, actor, licensed, **other)
    with pytest.raises(NotAllowed):
        add(listening, stranger, licensed)
    number = add(listening, actor, licensed)
    with pytest.raises(Conflict, match="already"):
        add(listening, actor, licensed)
    actions_reference.withdraw_reference(listening, actor, reference_id=number)
    with pytest.raises(NotFound):
        actions_reference.withdraw_reference(listening, actor, reference_id=number)
    assert add(listening, actor, licensed) != number


def test_what_is_withdrawn_or_graded_twice_is_refused(
    listening: Kernel, actor: Actor, licensed: str, casting: int
) -> None:
    number = add(listening, actor, licensed)
    one = Graded(number, 1, 2, "aluminium", 5.0)
    with pytest.raises(WrongUsage, match="graded twice"):
        actions_judge.judge_exam(listening, actor, exam_pk=casting, given=Given(asked=Asked(grades=(one, one))))
    actions_reference.withdraw_reference(listening, actor, reference_id=number)
    with pytest.raises(WrongUsage, match=f"no reference image {number} in force"):
        judged(listening, actor, casting, one)


def test_references_are_added_listed_graded_beside_and_withdrawn_over_http(
    browser, licensed: str, casting: int
) -> None:
    page = browser(references, judging)
    page.sign_in("lead")
    made_ = page.http.post("/api/v1/references", json=vars(new(licensed)))
    assert made_.status_code == 201, made_.text
    (row,) = page.http.get("/api/v1/references").json()
    assert row["label"].startswith("ASTM E2422, gas hole, plate 6.35 mm, grade 3, licence L-17")
    grades = [{"reference_id": row["id"], "found": 2, "allowed": 3, "alloy": "aluminium", "cnr": row["cnr"]}]
    asked = {"pack": "", "conditions": GOOD, "quality": QUALITY, "grades": grades}
    kept = page.http.post(f"/api/v1/exams/{casting}/judgement", json=asked).json()["judgements"][0]
    assert kept["grades"][0]["reference"]["image_pk"] == row["image_pk"]
    assert page.http.delete(f"/api/v1/references/{row['id']}").status_code == 204
    assert page.http.get("/api/v1/references").json() == []
