"""A weld: reader, Level II, Level III, the customer's witness, report, non-conformance, and the exam after it."""

from __future__ import annotations

from pathlib import Path

import pytest

import sites
from films import film

SKILLS = {"tara": "RT-2", "otto": "RT-3", "wim": "customer"}


@pytest.mark.timeout(300)
def test_a_weld_from_the_reader_to_the_follow_up_exam(tmp_path: Path) -> None:
    people = {"lena": "lead", "rosa": "analyst", "tara": "analyst", "otto": "lead", "wim": "analyst"}
    with sites.running(tmp_path, people) as site:
        lena, rosa, tara, otto, wim = (site[name] for name in people)
        (flow,) = [one for one in lena.get("/flows")["offered"] if one["name"] == "witnessed"]
        lena.put("/flows/ndt", {"name": "witnessed", "stages": flow["stages"]})
        for login, skill in SKILLS.items():
            lena.put(f"/readers/{site[login].key}", {"skills": [skill]})
        exam_pk = lena.upload(film(exam=1, side=96), "ndt")
        lena.analysed(exam_pk)

        # each stage is for another person, with the skill it asks for
        stages = {"Reader": rosa, "Level II": tara, "Level III": otto, "Customer witness": wim}
        for stage, reader in stages.items():
            assert reader.analysis(exam_pk)["stage_label"] == stage
            if stage in ("Level II", "Level III", "Customer witness"):
                assert "with the skill" in rosa.may_not_decide(exam_pk, "reject")
            assert reader.post("/worklist/next")["item"]["exam_pk"] == exam_pk
            page = reader.decide(exam_pk, "reject", "lack of fusion at 120 mm")
        assert page["state"] == "closed" and [one["by"] for one in page["decisions"]] == [
            one.key for one in (wim, otto, tara, rosa)
        ]

        # the report states what was decided last, and is signed
        sites.wait_for(lambda: lena.get(f"/exams/{exam_pk}/report")["state"] == "draft")
        assert otto.http.get(f"/exams/{exam_pk}/report.pdf").content.startswith(b"%PDF")
        otto.post(f"/exams/{exam_pk}/report/sign")
        assert otto.get(f"/exams/{exam_pk}/report")["state"] == "signed"

        # the non-conformance: a disposition, the repair, and the exam that must show it good
        told = {"description": "lack of fusion at 120 mm"}
        number = rosa.post(f"/exams/{exam_pk}/nonconformances", told)["id"]
        rosa.post(f"/nonconformances/{number}/propose", {"disposition": "repair", "reason": "it can be ground out"})
        otto.post(f"/nonconformances/{number}/decide", {"disposition": "repair"})
        assert "is not linked" in otto.refused(f"/nonconformances/{number}/close", {})
        after = lena.upload(film(exam=2, side=96, StudyDate="20260303"), "ndt")
        lena.analysed(after)
        rosa.post(f"/nonconformances/{number}/follow-up", {"exam_pk": after})
        assert "is not accepted" in otto.refused(f"/nonconformances/{number}/close", {})
        for reader in (rosa, tara, otto, wim):
            page = reader.decide(after, "accept", "the repair is good")
        assert page["state"] == "closed"
        assert otto.post(f"/nonconformances/{number}/close", {"words": "repaired"})["state"] == "closed"
