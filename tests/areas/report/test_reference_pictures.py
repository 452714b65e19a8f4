"""The reference image that a casting was graded by stands in the report beside it, with its licence."""

import sqlalchemy as sa
from tests.areas.report.decided import analyse
from tests.areas.report.samples import tiff_bytes, weld

import exams
from kerma.areas.archive.model import image
from kerma.areas.report import prepare, reference_pictures
from kerma.areas.report.document import build
from kerma.areas.report.language import language
from kerma.areas.review import actions_judge, actions_reference, queries_reference
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.actions_reference import NewReference
from kerma.areas.review.rules_judge import Asked
from kerma.areas.review.rules_reference import Graded
from kerma.kernel.action import Act, Action, Actor, Kernel


def _rename(act: Act, *, exam_pk: int) -> None:
    act.connection.execute(sa.update(image).where(image.c.exam_pk == exam_pk).values(file_name="reference.tif"))


rename = Action("test.rename_reference", _rename)


def test_the_reference_image_stands_beside_the_casting_with_its_licence(listening: Kernel, actor: Actor) -> None:
    pixels = listening.blobs.put(tiff_bytes(weld(seed=1)))
    casting = exams.arrive(listening, actor, industry="ndt", subject_id="C-1", sha256s=(pixels,))
    analyse(listening, actor, casting, pixels, analysis={"detectors": {}, "unsearched": []})
    rename(listening, actor, exam_pk=casting)
    sha256 = listening.blobs.put(tiff_bytes(weld(seed=5)))
    rename(listening, actor, exam_pk=exams.arrive(listening, actor, industry="ndt", subject_id="S", sha256s=(sha256,)))
    new = NewReference(
        sha256, "astm_e2422", "aluminium", "gas-hole", 3, "Foundry Ltd", "L-17", "40,40,20,20", "5,5,20,20", 6.35,
        srb_um=100.0,
    )  # fmt: skip
    number = actions_reference.add_reference(listening, actor, new=new)
    with listening.database.read() as connection:
        cnr = queries_reference.by_id(connection)[number]["cnr"]
    asked = Asked({"thickness_mm": 6.0}, {"srb_um": 100.0}, (Graded(number, 3, 3, "aluminium", cnr),))
    actions_judge.judge_exam(listening, actor, exam_pk=casting, given=Given(asked=asked))
    on = prepare.basis(listening, casting)
    report = prepare.compose(listening, on, made_at=listening.clock.now())
    assert len(report.compared) == 2
    assert report.compared[1].title == "ASTM E2422, gas hole, plate 6.35 mm, grade 3, licence L-17 (Foundry Ltd)"
    assert report.compared[0].jpeg != report.compared[1].jpeg and build(report).startswith(b"%PDF")
    first = prepare.pictures.drawings(on.document)[0]
    on.document["judgement"]["grades"][0]["reference"]["image_sha256"] = "0" * 64
    shown, untold = reference_pictures.compared(listening, on.document, (first, None), language("en"))
    assert shown == [] and "no longer in the archive" in untold[0]
