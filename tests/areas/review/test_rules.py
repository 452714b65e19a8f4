import hashlib

import pytest

from kerma.areas.review.rules import check_decision, images_digest, text_digest
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES

NDT = INDUSTRIES["ndt"].decisions


def test_the_digest_is_the_hash_of_the_hashes_in_reading_order() -> None:
    first, second = "a" * 64, "b" * 64
    assert images_digest([first, second]) == hashlib.sha256(f"{first}\n{second}\n".encode()).hexdigest()
    assert images_digest([first, second]) != images_digest([second, first])
    assert images_digest([]) == hashlib.sha256(b"").hexdigest()


def test_the_ledger_form_of_a_reason_is_its_hash() -> None:
    assert text_digest("crack, Zoë") == hashlib.sha256("crack, Zoë".encode()).hexdigest()


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_every_decision_may_follow_its_own_proposal_without_a_reason(industry: str) -> None:
    decisions = INDUSTRIES[industry].decisions
    for code in decisions:
        check_decision(code, "", decisions=decisions, decision_proposed=code)


@pytest.mark.parametrize("proposed", ["", "none"])
def test_without_a_proposal_no_reason_is_needed(proposed: str) -> None:
    check_decision("reject", "", decisions=NDT, decision_proposed=proposed)


@pytest.mark.parametrize("reason", ["", "   \n"])
def test_departing_from_the_proposal_needs_a_reason(reason: str) -> None:
    with pytest.raises(WrongUsage, match="proposes 'Reject'; to decide 'Accept' instead, write the reason"):
        check_decision("accept", reason, decisions=NDT, decision_proposed="reject")
    check_decision("accept", "scratch on the film", decisions=NDT, decision_proposed="reject")


def test_a_decision_of_another_industry_is_refused_with_the_choices() -> None:
    with pytest.raises(WrongUsage, match="choose one of accept, reject, reshoot"):
        check_decision("clear", "", decisions=NDT, decision_proposed="")


def test_a_reason_has_a_limit() -> None:
    with pytest.raises(WrongUsage, match="4001 letters"):
        check_decision("accept", "x" * 4001, decisions=NDT, decision_proposed="accept")
