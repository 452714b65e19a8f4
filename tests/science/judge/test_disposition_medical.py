"""Critical results and follow-up: every case has one row, published examples, and the scope is kept."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import OutsideTable, WrongUsage
from kerma.science.judge.disposition_medical import (
    COUNTS,
    FINDINGS,
    INCIDENTAL,
    LEVELS,
    NODULE_KINDS,
    NODULES,
    RISKS,
    Nodule,
    critical_result,
    incidental_follow_up,
    nodule_follow_up,
)
from kerma.standards import table


@pytest.mark.parametrize(
    ("nodule", "months", "word"),
    [
        (Nodule("solid", 5.0, risk="low"), (None, None), "No routine"),
        (Nodule("solid", 5.4, risk="high"), (12, 12), "optional"),
        (Nodule("solid", 5.5, risk="low"), (6, 12), "consider"),
        (Nodule("solid", 8.4, risk="high"), (6, 12), "then CT at 18"),
        (Nodule("solid", 8.5, risk="low"), (3, 3), "PET"),
        (Nodule("solid", 7.0, "multiple", "low"), (3, 6), "consider"),
        (Nodule("ground-glass", 5.0), (None, None), "No routine"),
        (Nodule("ground-glass", 6.0), (6, 12), "every 2 years"),
        (Nodule("part-solid", 9.0), (3, 6), "every year"),
        (Nodule("part-solid", 4.0, "multiple"), (3, 6), "2 and 4 years"),
    ],
)
def test_published_rows(nodule: Nodule, months: tuple[float | None, float | None], word: str) -> None:
    found = nodule_follow_up(nodule)
    assert (found.from_months, found.to_months) == months
    assert word in found.words
    assert (found.source.table, found.source.status) == (NODULES, "unverified")


@given(
    kind=st.sampled_from(NODULE_KINDS),
    size=st.floats(0.1, 40),
    count=st.sampled_from(COUNTS),
    risk=st.sampled_from(RISKS),
)
def test_every_nodule_has_a_row_and_a_larger_one_is_never_left_alone(
    kind: str, size: float, count: str, risk: str
) -> None:
    found = nodule_follow_up(Nodule(kind, size, count, risk))
    if found.from_months is not None:
        assert nodule_follow_up(Nodule(kind, size + 1, count, risk)).from_months is not None
    assert abs(found.counted_size_mm - size) <= 0.5


def test_each_case_has_exactly_one_row() -> None:
    for kind, count, risk, size in itertools.product(NODULE_KINDS, COUNTS, RISKS, range(31)):
        rows = [
            row for row in table(NODULES)
            if (row["kind"], row["count"]) == (kind, count) and row["risk"] in (risk, "any")
            and float(row["size_from_mm"]) <= size <= float(row["size_to_mm"] or "inf")
        ]  # fmt: skip
        assert len(rows) == 1, (kind, count, risk, size)


def test_higher_risk_is_never_followed_later() -> None:
    for count, size in itertools.product(COUNTS, range(1, 20)):
        low, high = (nodule_follow_up(Nodule("solid", size, count, risk)).from_months for risk in RISKS)
        assert (high if high is not None else 1e9) <= (low if low is not None else 1e9)


@pytest.mark.parametrize(
    ("patient", "word"),
    [({"age_years": 30}, "35 years"), ({"has_cancer": True}, "cancer"), ({"is_immunosuppressed": True}, "immune")],
)
def test_outside_their_scope_nothing_is_recommended(patient: dict[str, float | bool], word: str) -> None:
    with pytest.raises(OutsideTable, match=word):
        nodule_follow_up(Nodule("solid", 7, risk="low", patient=patient))


def test_unknown_age_and_a_large_solid_part_are_told() -> None:
    assert any("35" in one for one in nodule_follow_up(Nodule("solid", 7, risk="low")).warnings)
    found = nodule_follow_up(Nodule("part-solid", 12, solid_part_mm=6.0, patient={"age_years": 60}))
    assert any("suspicious" in one for one in found.warnings)
    assert not nodule_follow_up(Nodule("part-solid", 12, solid_part_mm=5.0, patient={"age_years": 60})).warnings


@pytest.mark.parametrize(
    "nodule",
    [
        Nodule("liquid", 5), Nodule("solid", 5), Nodule("solid", -1, risk="low"),
        Nodule("solid", float("nan"), risk="low"),
        Nodule("solid", 5, "few", "low"), Nodule("part-solid", 5, solid_part_mm=7.0),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(nodule: Nodule) -> None:
    with pytest.raises(WrongUsage):
        nodule_follow_up(nodule)


@pytest.mark.parametrize(("size", "months"), [(29.9, 60), (30.0, 36), (42.0, 12), (49.0, 6), (55.0, 0), (80.0, 0)])
def test_a_wider_aorta_is_seen_sooner(size: float, months: float) -> None:
    assert incidental_follow_up("aorta", size).from_months == months


def test_ranges_join_without_gap_and_what_is_below_them_is_outside() -> None:
    for kind in {row["kind"] for row in table(INCIDENTAL)}:
        rows = [row for row in table(INCIDENTAL) if row["kind"] == kind]
        assert [row["size_below_mm"] for row in rows[:-1]] == [row["size_from_mm"] for row in rows[1:]]
        assert rows[-1]["size_below_mm"] == ""
    with pytest.raises(OutsideTable):
        incidental_follow_up("aorta", 20.0)
    with pytest.raises(WrongUsage, match="thyroid-nodule"):
        incidental_follow_up("spleen", 20.0)


def test_levels_go_from_minutes_to_days_and_every_finding_has_one() -> None:
    deadlines = [float(row["deadline_minutes"]) for row in table(LEVELS)]
    assert deadlines == sorted(deadlines)
    assert [row["within"] for row in table(LEVELS)] == ["minutes", "hours", "days"]
    for row in table(FINDINGS):
        found = critical_result(row["finding"])
        assert found is not None and found.level == int(row["level"])
        assert found.escalation[0].within_minutes <= found.deadline_minutes
    assert critical_result("freckle") is None


def test_the_labels_of_findings_agree_with_their_levels() -> None:
    levels = {row["finding"]: f"critical-{row['level']}" for row in table(FINDINGS)}
    for row in table("kerma_dispositions/labels"):
        if row["industry"] == "medical" and row["label"] in levels:
            assert row["category"] == levels[row["label"]]
