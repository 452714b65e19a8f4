"""A bag: the machine, the reader on screen, the search, what it came to, custody, and what the reader hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import sites
from films import film


@pytest.mark.timeout(300)
def test_a_bag_from_the_machine_to_the_feedback(tmp_path: Path) -> None:
    people = {"lena": "lead", "rosa": "analyst", "ravi": "analyst", "sven": "analyst"}
    with sites.running(tmp_path, people) as site:
        lena, rosa, ravi, sven = (site[name] for name in people)
        # level 1, the machine: software looks and proposes; people decide
        exam_pk = lena.upload(film(side=96, Modality="DX"), "security")
        proposed = lena.analysed(exam_pk)
        assert proposed["decision_proposed"] and proposed["decisions"] == []

        # level 2, on screen: the bag is handed to one reader, and nobody else decides it meanwhile
        assert rosa.post("/worklist/next")["item"]["exam_pk"] == exam_pk
        assert ravi.post("/worklist/next")["item"] is None
        assert "held by someone else" in ravi.may_not_decide(exam_pk, "clear")
        decided = rosa.decide(exam_pk, "suspect", "[THREAT_SHAPE] a blade beside the laptop")
        assert decided["state"] == "closed" and decided["decisions"][0]["by"] == rosa.key

        # level 3, the search: ordered by who decided, with the image and the place marked
        (image,) = rosa.get(f"/exams/{exam_pk}")["images"]
        place = {"image_sha256": image["sha256"], "box": [20, 30, 12, 40]}
        wanted = {"suspicion": "unresolved", "reason": "THREAT_SHAPE", "methods": ["manual", "etd"], "places": [place]}
        assert "who decided orders" in ravi.refused(f"/exams/{exam_pk}/searches", wanted)
        order = rosa.post(f"/exams/{exam_pk}/searches", wanted)["id"]
        shown = sven.get(f"/searches/{order}")
        assert shown["state"] == "ordered" and shown["places"][0]["box"] == [20, 30, 12, 40]
        assert shown["images"] and shown["card"]["steps"], "no image, or no step card, for who searches"
        sven.post(f"/searches/{order}/start")
        assert "somebody else has taken it" in ravi.refused(f"/searches/{order}/start", {})

        # what was found goes into custody, and the record hangs on the outcome
        told = {"kind": "object", "description": "Kitchen knife, 18 cm", "exam_pk": exam_pk, "place": "Lane 4"}
        told["password"] = sites.PASSWORD  # a step of custody is signed
        number = sven.post("/custody/items", told)["item"]["number"]
        outcome = {"outcome": "prohibited", "category": "sharp", "words": "a kitchen knife", "custody_number": number}
        assert "not in your hands" in ravi.refused(f"/searches/{order}/end", outcome)
        ended = sven.post(f"/searches/{order}/end", outcome)
        assert (ended["state"], ended["custody_number"]) == ("done", number)

        # feedback: the reader hears what became of the referral, and nobody else does
        (said,) = rosa.inbox("feedback")
        assert "a kitchen knife" in said["words"] and said["exam_pk"] == exam_pk
        assert ravi.inbox("feedback") == []
        referrals = rosa.get("/searches/referrals")
        assert [one["id"] for one in referrals["orders"]] == [order] and referrals["share"]["found"] == 1
