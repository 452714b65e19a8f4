"""An exam whose energies came as objects of their own, on the server: analysed as one, told of each object."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival, ExamArrived
from kerma.areas.flagging.jobs import look_in_shadow
from kerma.areas.flagging.model import model_run
from kerma.areas.review import jobs as review
from kerma.areas.review.actions_declaration import declare
from kerma.areas.review.actions_defaults import set_default
from kerma.areas.review.model import analysis
from kerma.areas.review.routes import router as analyses_router
from kerma.areas.review.routes_explanation import router as explanation_router
from kerma.areas.review.routes_judge import router as judging_router
from kerma.areas.review.rules_declaration import Given
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.kernel.action import Actor, Kernel
from kerma.science.detect import detect, learned
from kerma.science.detect.looking import LearnedModel, look
from looking_models import add_model, card_of, rows_of
from split_energies import files, whole

VALUES = {"picture_gate": "off", "number_windows": "all"}


def test_objects_of_one_energy_are_found_on_as_one_image_is(browser, kernel: Kernel, actor: Actor) -> None:
    page = browser(analyses_router, judging_router)
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    set_default(listening, actor, industry="security", values=VALUES)
    stored = [
        ingest(listening, actor, source=Arrival(data=data, file_name=f"{at}.dcs", industry="security"))
        for at, data in enumerate(files(whole()))
    ]
    (exam_pk,) = {one.exam_pk for one in stored}
    review.analyse_exam(listening, exam_pk=exam_pk)
    page.sign_in("analyst")
    shown = page.http.get(f"/api/v1/exams/{exam_pk}/analysis").json()
    images = {image["sha256"]: image for image in shown["document"]["images"]}
    assert len(images) == 6 and shown["is_current"]
    for view, first in zip(whole(), (0, 3), strict=True):
        parts = [one.sha256 for one in stored[first : first + 3]]
        assert [images[sha256]["paired"] for sha256 in parts] == [parts] * 3
        assert [images[sha256]["plane_labels"] for sha256 in parts] == [["low"], ["high"], ["z-effective"]]
        expected = [one.box.as_json() for one in detect("z_window", view)]
        told = [
            [one["box"] for one in images[sha256]["findings"] if one["by"]["name"] == "z_window"] for sha256 in parts
        ]
        assert told == [[], expected, []]
    assert all(any("were analysed together" in note for note in one["warnings"]) for one in images.values())
    listed = page.http.get(f"/api/v1/exams/{exam_pk}/findings").json()
    assert {one["image_sha256"] for one in listed} <= {stored[1].sha256, stored[4].sha256}
    assert [one["id"] for one in listed] == [str(number) for number in range(1, len(listed) + 1)]


@pytest.mark.parametrize("state", ["active", "shadow"])
def test_a_model_looks_at_both_energies_and_its_marks_are_kept_and_explained_on_the_high_one(
    browser, kernel: Kernel, actor: Actor, state: str
) -> None:
    page = browser(analyses_router, explanation_router)
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    add_model(listening, card=card_of("bag"), industry="security", state=state)
    stored = [
        ingest(listening, actor, source=Arrival(data=data, file_name=f"{at}.dcs", industry="security"))
        for at, data in enumerate(files(whole()))
    ]
    exam_pk, homes = stored[0].exam_pk, [stored[1].sha256, stored[4].sha256]
    review.analyse_exam(listening, exam_pk=exam_pk)
    if state == "shadow":
        look_in_shadow(listening, exam_pk=exam_pk)
    model = LearnedModel(card_of("bag"), learned.shipped()["bag"].with_suffix(".onnx").read_bytes())
    expected = [[one.box.as_json() for one in seen.findings] for seen in look(whole(), model).images]
    assert sum(map(len, expected)) > 0
    runs = {row["image_sha256"]: row["findings"] for row in rows_of(listening, model_run)}
    assert [[one["box"] for one in runs[sha256]] for sha256 in homes] == expected and len(runs) == 2
    assert {one["plane"] for found in runs.values() for one in found} == {0}
    page.sign_in("analyst")
    told = page.http.get(f"/api/v1/exams/{exam_pk}/analysis").json()["document"]["images"]
    marked = {image["sha256"]: [one for one in image["findings"] if one["by"].get("model_sha256")] for image in told}
    if state == "shadow":
        assert not any(marked.values())
        return
    assert [[one["box"] for one in marked[sha256]] for sha256 in homes] == expected
    found = next(one for one in (*marked[homes[0]], *marked[homes[1]]))
    heat = page.http.get(f"/api/v1/exams/{exam_pk}/findings/{found['id']}/explanation")
    assert heat.status_code == 200 and heat.content.startswith(b"\x89PNG")


def test_a_late_object_joins_its_other_energy_and_a_declaration_is_held_against_both(
    kernel: Kernel, actor: Actor
) -> None:
    listening = Kernel(**{**kernel.__dict__, "subscriptions": {ExamArrived: (on_exam_arrived,)}})
    set_default(listening, actor, industry="security", values=VALUES)
    objects = files(whole(size_px=256, kept=("low", "high"))[:1])
    stored = None
    for at, data in enumerate(objects):
        stored = ingest(listening, actor, source=Arrival(data=data, file_name=f"{at}.dcs", industry="security"))
        if at == 0:
            declare(listening, actor, exam_pk=stored.exam_pk, given=Given(("textiles", "electronics"), 300.0))
        review.analyse_exam(listening, exam_pk=stored.exam_pk)
    with listening.database.read() as connection:
        alone, both = connection.scalars(sa.select(analysis.c.document).order_by(analysis.c.id))
    assert any("no low and high energy" in why for why in alone["analysis"]["unchecked"])
    assert "paired" not in alone["images"][0] and "manifest" not in alone["analysis"]["detectors"]
    assert both["analysis"]["unchecked"] == []
    assert {one["quantity"] for one in both["images"][1]["declared"]} == {"density_g_cm3", "z_effective", "variation"}
