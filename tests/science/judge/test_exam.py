"""Windows run across the edge of a film where the images say where they lie, and only there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.imaging.image import Spacing
from kerma.science.judge import Conditions, judge, judge_images
from kerma.science.results import Finding, Verdict
from planted import PIXEL_MM, conditions, finding, pack

PACK = pack(
    "rule,kind,labels,measure,limit_absolute,unit,window_mm,gap_factor,minimum_count,clause",
    "sum,window-sum,slag,length_mm,10,mm,100,,,1",
    "group,group-length,slag,length_mm,30,mm,,3,2,2",
    "single,size,slag,length_mm,8,mm,,,,3",
)


def by_rule(verdicts: tuple[Verdict, ...]) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in verdicts}


def film(start_mm: float | None, *slag_mm: tuple[float, float], **more: object) -> tuple[list[Finding], Conditions]:
    found = [finding(f"{start_mm}/{n}", "slag", along_mm=at, length_mm=size) for n, (at, size) in enumerate(slag_mm)]
    return found, conditions(weld_start_mm=start_mm, **more)


def test_a_window_runs_from_one_film_into_the_next() -> None:
    films = [film(0, (290, 6)), film(300, (5, 6))]
    known = by_rule(judge_images(films, PACK))
    assert (known["sum"].outcome, known["sum"].measured) == ("fail", pytest.approx(12))
    assert set(known["sum"].finding_ids) == {"0/0", "300/0"}
    assert known["group"].measured == pytest.approx(305 + 6 - 290)
    assert known["single"].outcome == "pass"


def test_films_whose_place_nobody_said_are_judged_by_themselves_and_say_so() -> None:
    unknown = by_rule(judge_images([film(None, (290, 6)), film(None, (5, 6))], PACK))
    assert (unknown["sum"].outcome, unknown["sum"].measured) == ("pass", pytest.approx(6))
    assert "weld_start_mm" in unknown["sum"].reason
    assert "weld_start_mm" not in unknown["single"].reason
    assert "weld_start_mm" not in by_rule(judge_images([film(None, (290, 6))], PACK))["sum"].reason


def test_films_of_another_thickness_are_another_weld() -> None:
    thicker = conditions(20.0, weld_start_mm=300.0)
    films = [film(0, (290, 6)), (film(300, (5, 6))[0], thicker)]
    assert by_rule(judge_images(films, PACK))["sum"].outcome == "pass"


def test_a_film_down_the_rows_and_one_of_coarser_pixels_join_as_well() -> None:
    found, given = film(300, (5, 6))
    coarse = [finding("c", "slag", along_mm=2.5, length_mm=3)]
    doubled = Conditions(12.0, spacing=Spacing(2 * PIXEL_MM, 2 * PIXEL_MM, "calibrated"), weld_start_mm=300.0)
    measured = [Finding("c", "", "slag", coarse[0].box, coarse[0].by, measurements={"length_mm": 6.0})]
    fine = by_rule(judge_images([film(0, (290, 6)), (found, given)], PACK))["sum"]
    other = by_rule(judge_images([film(0, (290, 6)), (measured, doubled)], PACK))["sum"]
    assert other.measured == pytest.approx(fine.measured)
    down = [finding("d", "slag", along_mm=10, length_mm=6, row_mm=5)]
    rows = by_rule(judge_images([film(0, (290, 6)), (down, conditions(weld_start_mm=300.0, axis="row"))], PACK))["sum"]
    assert rows.measured == pytest.approx(12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 590), st.integers(1, 9)), min_size=1, max_size=12),
    st.integers(1, 5),
)
def test_cutting_a_weld_into_films_changes_no_verdict(slag: list[tuple[int, int]], films: int) -> None:
    whole = [finding(f"{n}", "slag", along_mm=at, length_mm=size) for n, (at, size) in enumerate(slag)]
    step = 600 / films
    parts = []
    for number in range(films):
        start = number * step
        inside = [(n, at, size) for n, (at, size) in enumerate(slag) if start <= at < start + step]
        found = [finding(f"{n}", "slag", along_mm=at - start, length_mm=size) for n, at, size in inside]
        parts.append((found, conditions(weld_start_mm=start)))
    together, apart = by_rule(judge(whole, PACK, conditions())), by_rule(judge_images(parts, PACK))
    for rule, verdict in together.items():
        assert apart[rule].outcome == verdict.outcome
        assert apart[rule].measured == pytest.approx(verdict.measured)
