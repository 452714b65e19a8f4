from datetime import UTC, datetime, timedelta

import pytest

from kerma.areas.worklist.rules import TURNAROUND, standing, tones
from kerma.errors import OutsideTable
from kerma.industries import INDUSTRIES
from kerma.standards import table

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_every_industry_has_a_turnaround_before_and_after_the_analysis(industry: str) -> None:
    for decision in ("", *INDUSTRIES[industry].decisions):
        assert standing(industry, decision, NOON).due_at > NOON


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_every_decision_has_a_row_and_a_tone_of_its_own(industry: str) -> None:
    shown = tones(industry)
    assert set(shown) == {"", *INDUSTRIES[industry].decisions}
    assert {shown[code] for code in INDUSTRIES[industry].decisions} <= {"calm", "attention", "alarm", "redo"}


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_a_higher_priority_is_never_due_later(industry: str) -> None:
    places = [standing(industry, decision, NOON) for decision in tones(industry)]
    for one in places:
        assert all(one.due_at < other.due_at for other in places if one.priority < other.priority)


def test_a_suspicious_bag_is_read_before_a_routine_one() -> None:
    suspect, routine = standing("security", "suspect", NOON), standing("security", "", NOON)
    assert suspect.priority < routine.priority
    assert suspect.due_at < routine.due_at


def test_the_due_time_moves_with_the_queue_time() -> None:
    later = NOON + timedelta(hours=1)
    assert standing("ndt", "reject", later).due_at - standing("ndt", "reject", NOON).due_at == timedelta(hours=1)


def test_an_unlisted_proposal_counts_as_none_yet() -> None:
    assert standing("ndt", "something-new", NOON) == standing("ndt", "", NOON)


def test_an_industry_without_a_row_is_refused_with_what_to_do() -> None:
    with pytest.raises(OutsideTable, match="no service level .* 'veterinary'.*service_levels.csv"):
        standing("veterinary", "", NOON)


def test_the_table_names_its_source() -> None:
    assert table(TURNAROUND).status == "own"
