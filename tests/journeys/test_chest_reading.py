"""A chest film: a critical result told in time, both reads, peer review, a discrepancy, and the addendum."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.areas.report.samples import text_of

import sites
from films import film


@pytest.mark.timeout(300)
def test_a_chest_film_from_the_preliminary_read_to_the_addendum(tmp_path: Path) -> None:
    people = {"lena": "lead", "pia": "analyst", "finn": "lead", "petra": "lead"}
    with sites.running(tmp_path, people) as site:
        lena, pia, finn, petra = (site[name] for name in people)
        (flow,) = [one for one in lena.get("/flows")["offered"] if one["name"] == "preliminary-final"]
        lena.put("/flows/medical", {"name": "preliminary-final", "stages": flow["stages"]})
        lena.put(f"/readers/{finn.key}", {"skills": ["radiologist"]})
        lena.post("/peer/plans", {"industry": "medical", "kind": "random", "share_permille": 1000})
        exam_pk = lena.upload(film(side=96), "medical")
        lena.analysed(exam_pk)

        # preliminary, then the radiologist's final read
        assert pia.post("/worklist/next")["item"]["exam_pk"] == exam_pk
        told = _critical_result(pia, finn, exam_pk)
        assert pia.decide(exam_pk, "normal", "no finding")["stage_label"] == "Radiologist final"
        assert "the skill 'radiologist'" in lena.may_not_decide(exam_pk, "normal")
        page = finn.decide(exam_pk, "normal", "no finding")
        assert page["state"] == "closed" and [one["stage"] for one in page["decisions"]] == ["final", "preliminary"]

        # the report is signed by who read it last
        sites.wait_for(lambda: told in _printed(finn, exam_pk, tmp_path))
        finn.post(f"/exams/{exam_pk}/report/sign")
        assert told in _printed(finn, exam_pk, tmp_path)

        # peer review: blinded until one's own conclusion is recorded, then scored; the reader gets the feedback
        cases = petra.get("/peer/cases")
        assert cases and finn.get("/peer/cases") != cases
        case = petra.post(f"/peer/cases/{cases[-1]['id']}/claim")
        assert case["original"] is None
        case = petra.post(f"/peer/cases/{case['id']}/conclusion", {"conclusion": "abnormal", "words": "nodule"})
        assert case["original"]["decision"] == "normal"
        petra.post(f"/peer/cases/{case['id']}/score", {"score": "3b", "words": "nodule in the right upper lobe"})
        heard = [one for reader in (pia, finn) for one in reader.get("/peer/feedback")]
        assert [(one["score"], one["agrees"], one["exam_pk"]) for one in heard] == [("3b", False, exam_pk)]
        learning = [one for reader in (pia, finn) for one in reader.get("/peer/learning")]
        assert [one["score"] for one in learning] == ["3b"]

        # the discrepancy: recorded against the final read, agreed with, answered by an addendum to the signed report
        told = {"source": "second-look", "severity": "major", "what": "nodule in the right upper lobe"}
        seen = petra.post(f"/exams/{exam_pk}/discrepancies", told)
        assert "somebody else's" in pia.refused(f"/discrepancies/{seen['id']}/answer", {"agrees": True})
        agreed = finn.post(f"/discrepancies/{seen['id']}/answer", {"agrees": True, "remedy": "addendum"})
        assert agreed["remedy"] == "addendum"
        (asked,) = finn.get(f"/exams/{exam_pk}/report")["discrepancies"]
        assert asked["number"] == seen["number"]
        assert finn.decide(exam_pk, "abnormal", "nodule in the right upper lobe")["state"] == "closed"
        sites.wait_for(lambda: finn.get(f"/exams/{exam_pk}/report")["state"] == "draft")
        amendment = {"reason": "nodule in the right upper lobe, follow-up CT", "discrepancy_id": seen["id"]}
        report = finn.post(f"/exams/{exam_pk}/report/sign", amendment)
        assert report["state"] == "signed" and report["versions"][0]["amends"] and report["discrepancies"] == []
        closed = petra.post(f"/discrepancies/{seen['id']}/close")
        assert (closed["state"], closed["outcome"]) == ("closed", "amended")


def _critical_result(reader: sites.Worker, other: sites.Worker, exam_pk: int) -> str:
    """Tell a critical result before its deadline: once read back wrongly, then rightly; returns whom it was told to."""
    seen = reader.post(f"/exams/{exam_pk}/critical-results", {"finding": "malplaced-tube"})
    address, ward = f"/critical-results/{seen['id']}", {"whom": "Dr Ward", "role": "ward physician", "means": "phone"}
    assert [one["number"] for one in other.get("/critical-results")] == [seen["number"]]
    reader.post(f"{address}/attempts", {**ward, "words": "no answer"})
    wrong = reader.post(f"{address}/read-back", {**ward, "read_back": "tube in place", "is_right": False})
    assert wrong["state"] == "open" and "is open" in reader.refused(f"{address}/acknowledge", {})
    right = reader.post(f"{address}/read-back", {**ward, "read_back": "tube malplaced", "is_right": True})
    assert right["state"] == "notified" and right["seen_at"] < right["notified_at"] < right["due_at"]
    closed = reader.post(f"{address}/acknowledge", {"words": "tube is being drawn back"})
    assert (closed["state"], closed["is_late"]) == ("closed", False) and other.get("/critical-results") == []
    return ward["whom"]


def _printed(worker: sites.Worker, exam_pk: int, folder: Path) -> str:
    answer = worker.http.get(f"/exams/{exam_pk}/report.pdf")
    return " ".join(text_of(answer.content, folder).split()) if answer.is_success else ""
