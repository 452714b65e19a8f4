"""A container: checked in against its manifest, read on screen, and checked again by a supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest

import sites
from films import film


@pytest.mark.timeout(300)
def test_a_container_from_check_in_to_the_re_check(tmp_path: Path) -> None:
    people = {"lena": "lead", "carl": "analyst", "rosa": "analyst", "sue": "analyst"}
    with sites.running(tmp_path, people) as site:
        lena, carl, rosa, sue = (site[name] for name in people)
        (cargo,) = [one for one in lena.get("/flows")["offered"] if one["name"] == "cargo"]
        cargo["stages"][-1]["skill"] = "supervisor"
        lena.put("/flows/security", {"name": "cargo", "stages": cargo["stages"]})
        lena.put(f"/readers/{sue.key}", {"skills": ["supervisor"]})

        exam_pk = lena.upload(film(side=96, StudyDescription="Container MSCU 123456-7"), "security")
        lena.analysed(exam_pk)

        # check-in: the load is declared as its papers say, and the images are held against it
        goods = lena.get("/declarable-goods")[0]["goods"]
        declared = {"goods": [goods], "reference": "MRN 26DE0001", "declarant": "Forwarder"}
        carl.post(f"/exams/{exam_pk}/declaration", declared)
        page = sites.wait_for(lambda: (now := carl.analysis(exam_pk))["is_current"] and now)
        assert page["stage_label"] == "Manifest check-in"
        page = carl.decide(exam_pk, "clear", "papers are complete")
        assert (page["state"], page["stage_label"]) == ("waiting", "On screen")
        assert "somebody else decides now" in carl.may_not_decide(exam_pk, "clear")

        # on screen: whoever checked in is not handed the same container
        assert carl.post("/worklist/next")["item"] is None
        assert rosa.post("/worklist/next")["item"]["exam_pk"] == exam_pk
        page = rosa.decide(exam_pk, "refer", "[CLUTTER] dense load behind the doors")
        assert (page["state"], page["stage_label"]) == ("waiting", "Supervisor re-check")

        # supervisor re-check: with the skill, by a third person
        assert "those with the skill 'supervisor'" in lena.may_not_decide(exam_pk, "clear")
        assert sue.post("/worklist/next")["item"]["exam_pk"] == exam_pk
        page = sue.decide(exam_pk, "clear", "engine blocks as declared")
        assert page["state"] == "closed"
        made = [(one["stage_label"], one["decision"], one["by"]) for one in reversed(page["decisions"])]
        assert made == [
            ("Manifest check-in", "clear", carl.key), ("On screen", "refer", rosa.key),
            ("Supervisor re-check", "clear", sue.key),
        ]  # fmt: skip
