"""Corrective actions: the changed parameter meets the limit exactly, by the law it is computed with."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.judge import corrective
from kerma.science.judge.corrective import ACTIONS, COMPUTED, advised, magnification_for, recommend
from kerma.science.judge.quality import QualityOrder, judge_quality
from kerma.science.physics.digital_exposure import snr_factor
from kerma.science.physics.unsharpness import geometric_unsharpness_mm, image_unsharpness_mm
from kerma.science.results import Citation, Verdict
from kerma.standards import table

SOURCE = Citation("S", clause="1", status="own")
STEEL = {
    "thickness_mm": 10.0, "class": "B", "focal_spot_mm": 3.0, "source_detector_mm": 200.0, "object_detector_mm": 40.0,
    "tube_voltage_kv": 160.0, "exposure_mas": 20.0,
}  # fmt: skip
positive = st.floats(0.1, 1000.0)


def failed(code: str, *, limit: float, measured: float, asked: str = "at least") -> Verdict:
    return Verdict("rule", "fail", SOURCE, "", limit=limit, measured=measured, corrective=code, asked=asked)  # type: ignore[arg-type]


@given(measured=positive, limit=positive, exposure=positive)
def test_the_exposure_recommended_brings_the_snr_to_the_limit_by_the_law_of_counting(
    measured: float, limit: float, exposure: float
) -> None:
    found = recommend(failed("more-exposure", limit=limit, measured=measured), {"exposure_mas": exposure}).parameters
    assert measured * math.sqrt(found["exposure_mas"] / exposure) == pytest.approx(limit, rel=1e-12)
    assert found["exposure_factor"] == snr_factor(measured, target_snr_n=limit)


@given(measured=st.floats(0.5, 4), limit=st.floats(0.5, 4), gradient=st.floats(1, 6))
def test_the_film_exposure_recommended_brings_the_density_to_the_limit(
    measured: float, limit: float, gradient: float
) -> None:
    code = "more-density" if limit > measured else "less-density"
    found = recommend(failed(code, limit=limit, measured=measured), {"film_gradient": gradient})
    reached = measured + gradient * math.log10(found.parameters["exposure_factor"])
    assert reached == pytest.approx(limit, rel=1e-9)


def test_without_a_gradient_the_usual_one_is_used_and_said() -> None:
    found = recommend(failed("more-density", limit=2.3, measured=1.8), {})
    assert found.parameters["film_gradient"] == 2.0
    assert "gradient 2" in found.text


@given(
    spot=st.floats(0.1, 6),
    b=st.floats(1, 200),
    f=st.floats(20, 2000),
    limit=st.floats(0.05, 2),
)
def test_distance_or_focal_spot_recommended_bring_the_unsharpness_to_the_limit(
    spot: float, b: float, f: float, limit: float
) -> None:
    ug = geometric_unsharpness_mm(focal_spot_mm=spot, object_detector_mm=b, source_detector_mm=f + b)
    given_shot = {"focal_spot_mm": spot, "object_detector_mm": b, "source_detector_mm": f + b}
    verdict = failed("longer-distance", limit=limit, measured=ug, asked="at most")
    found = recommend(verdict, given_shot).parameters
    farther = geometric_unsharpness_mm(
        focal_spot_mm=spot, object_detector_mm=b, source_detector_mm=found["source_detector_mm"]
    )
    assert farther == pytest.approx(limit, rel=1e-9)
    smaller = geometric_unsharpness_mm(
        focal_spot_mm=found["focal_spot_mm"], object_detector_mm=b, source_detector_mm=f + b
    )
    assert smaller == pytest.approx(limit, rel=1e-9)


@given(spot=st.floats(0.01, 3), srb=st.floats(40, 400), wanted=st.floats(30, 390))
def test_the_magnification_recommended_gives_the_srb_wanted_by_the_square_rule(
    spot: float, srb: float, wanted: float
) -> None:
    assume(wanted < srb * 0.999)
    v = magnification_for(srb_um=srb, focal_spot_mm=spot, wanted_um=wanted)
    if v is None:
        least = min(
            image_unsharpness_mm(focal_spot_mm=spot, srb_mm=srb / 1000, magnification=1 + step / 50)
            for step in range(2000)
        )
        assert 500 * least > wanted * (1 - 1e-3)
        return
    assert v >= 1
    total = image_unsharpness_mm(focal_spot_mm=spot, srb_mm=srb / 1000, magnification=v)
    assert 500 * total == pytest.approx(wanted, rel=1e-6)
    nearer = image_unsharpness_mm(focal_spot_mm=spot, srb_mm=srb / 1000, magnification=1 + (v - 1) * 0.9)
    assert 500 * nearer >= wanted * (1 - 1e-9)


def test_a_focal_spot_as_large_as_the_unsharpness_wanted_has_one_magnification() -> None:
    v = magnification_for(srb_um=100.0, focal_spot_mm=0.1, wanted_um=50.0)
    assert v is not None
    assert 500 * image_unsharpness_mm(focal_spot_mm=0.1, srb_mm=0.1, magnification=v) == pytest.approx(50.0)


def test_carried_out_the_recommendations_pass_the_same_judgement() -> None:
    def judged(planned: dict, snr: float) -> dict[str, Verdict]:
        order = QualityOrder(standard="iso", planned=planned)
        return {one.rule: one for one in judge_quality(order, (), {"snr_n": snr, "srb_um": 80.0, "wire": 14})}

    before = judged(STEEL, 62.0)
    for rule in ("source-to-object distance", "unsharpness against the detector", "normalized SNR"):
        assert before[rule].outcome == "advisory"
    distance = max(
        recommend(before[rule], STEEL).parameters["source_detector_mm"]
        for rule in ("source-to-object distance", "unsharpness against the detector")
    )
    factor = recommend(before["normalized SNR"], STEEL).parameters["exposure_factor"]
    after = judged({**STEEL, "source_detector_mm": distance}, 62.0 * math.sqrt(factor))
    assert {one.outcome for one in after.values()} == {"pass"}


@pytest.mark.parametrize("row", table(ACTIONS).rows, ids=lambda row: row["code"])
def test_every_action_says_something_even_where_nothing_can_be_computed(row: dict[str, str]) -> None:
    bare = Verdict("rule", "fail", SOURCE, "", corrective=row["code"])
    found = recommend(bare, {})
    assert found.text and "{" not in found.text
    assert found.who == row["who"] and found.follows == row["follows"]
    known = failed(row["code"], limit=2.0, measured=1.0)
    full = recommend(known, {**STEEL, "srb_um": 100.0}).text
    assert "{" not in full and len(full) >= len(found.text)
    assert row["computes"] in ("", *COMPUTED)
    assert row["direction"] in ("", "up", "down")


def test_the_codes_of_the_packs_are_all_there() -> None:
    codes = {row["code"] for row in table(ACTIONS)}
    assert codes >= {"repair", "re-shoot", "extend", "quarantine", "notify", "replace", "engineer"}


def test_what_passed_needs_nothing_and_a_rules_own_words_hold() -> None:
    passed = Verdict("rule", "pass", SOURCE, "")
    assert recommend(passed, {}).code == "none"
    assert advised([passed], {}) == (passed,)
    own = Verdict("rule", "fail", SOURCE, "", action="Repair and examine again", corrective="repair")
    assert recommend(own, {}).text == "Repair and examine again"
    quality = advised([failed("more-exposure", limit=100, measured=50)], {"exposure_time_ms": 500.0})
    assert "4 times the exposure" in quality[0].action
    assert "2000 ms in place of 500 ms" in quality[0].action
    assert advised(quality, {}) == quality


def test_a_code_that_no_table_knows_is_refused() -> None:
    with pytest.raises(WrongUsage, match="repair"):
        recommend(failed("pray", limit=1, measured=2), {})
    assert "longer-distance" in {row["code"] for row in table(corrective.ACTIONS)}
