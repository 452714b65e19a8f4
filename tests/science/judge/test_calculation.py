"""The calculation `verdict`: a list of findings in, pass or fail with clause, limit and measured value out."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from kerma.errors import KermaError, TooLarge, WrongUsage
from kerma.science.calculations import calculations, run
from kerma.science.judge.finding_list import MOST_FINDINGS, findings_of
from kerma.science.judge.places import has_place
from kerma.science.results import Measurement
from planted import pack

LAW = "french-arrete-1978"


def verdict(findings: object, rules: str = LAW, **given: object) -> Measurement:
    return run("verdict", rules=rules, findings=findings, **({"thickness_mm": 12} | given))


def pore(diameter_mm: float, **place: float) -> dict[str, object]:
    return {"label": "porosity", "measurements": {"diameter_mm": diameter_mm} | place}


def test_a_broken_rule_names_clause_limit_measured_and_what_to_do() -> None:
    found = verdict([pore(4.5)])
    assert found.values["verdict"] == "fail"
    (row,) = found.values["failed"]  # type: ignore[misc,union-attr]
    assert (row["rule"], row["limit"], row["measured"]) == ("single pore", pytest.approx(4), 4.5)  # type: ignore[index,call-overload]
    assert "Tableau IV" in row["clause"]  # type: ignore[index,call-overload,operator]
    assert row["corrective"] == "repair"  # type: ignore[index,call-overload]
    assert found.source is not None
    assert found.source.status == "public-law"
    json.dumps(found.as_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("findings", "given", "said"),
    [
        ([pore(3.9)], {}, "pass"),
        ([pore(4.1)], {}, "fail"),
        ([], {}, "pass"),
        ([pore(3.9)], {"thickness_mm": None}, "not-judged"),
        ([pore(3.9), {"label": "crack", "measurements": {}}], {"thickness_mm": None}, "fail"),
        ([{"label": "undercut", "measurements": {"length_mm": 3}}], {}, "not-judged"),
        ([pore(1.9)], {"rules": "iso-10675-1-level-1", "weld_width_mm": 10, "facts": "layers=single"}, "advisory-pass"),
        ([pore(3.5)], {"rules": "iso-10675-1-level-1", "weld_width_mm": 10, "facts": "layers=single"}, "advisory-fail"),
        ([pore(3.5)], {"rules": "iso-10675-1-level-1", "weld_width_mm": 10, "confirmed": True}, "fail"),
        ([pore(1.9)], {"rules": "iso-10675-1-level-1", "weld_width_mm": 10, "confirmed": "yes"}, "pass"),
    ],
)
def test_the_verdict_on_the_whole(findings: object, given: dict[str, object], said: str) -> None:
    assert verdict(findings, **given).values["verdict"] == said  # type: ignore[arg-type]


def test_what_no_radiograph_gives_leaves_the_whole_decided_and_is_told() -> None:
    columns = "rule,kind,labels,measure,when_measured,limit_absolute,unit,clause"
    rules = pack(columns, "depth,size,slag,height_mm,yes,1,mm,1", "length,size,slag,length_mm,,9,mm,2")
    found = verdict([{"label": "slag", "measurements": {"length_mm": 3}}], rules)
    assert found.values["verdict"] == "pass"
    assert [row["rule"] for row in found.values["not_judged"]] == ["depth"]  # type: ignore[index,union-attr,call-overload]
    assert any("depth (height_mm)" in warning for warning in found.warnings)


def test_a_pass_binds_where_every_rule_that_looked_at_a_finding_does() -> None:
    columns = "rule,kind,labels,measure,limit_absolute,unit,clause,status"
    rules = pack(columns, "a,size,slag,length_mm,5,mm,1,", "b,size,@gas,diameter_mm,5,mm,2,unverified")
    slag = {"label": "slag", "measurements": {"length_mm": 3}}
    assert verdict([slag], rules).values["verdict"] == "pass"
    assert verdict([slag, pore(1)], rules).values["verdict"] == "advisory-pass"
    assert verdict([], rules).values["verdict"] == "advisory-pass"


def test_findings_may_be_placed_as_a_film_reader_writes_or_by_pixels() -> None:
    near = [pore(3.0, start_mm=10.0 * n) for n in range(5)]
    assert verdict(near).values["verdict"] == "fail"
    by_box = [pore(3.0) | {"box": [10, 100 * n, 30, 30]} for n in range(5)]
    assert verdict(by_box, spacing_mm=0.1).values["verdict"] == "fail"
    assert verdict(by_box).values["verdict"] == "not-judged"
    lost = verdict([pore(3.0) for _ in range(5)])
    assert lost.values["verdict"] == "pass"
    assert any("5 findings have no place" in warning for warning in lost.warnings)


def test_labels_may_be_names_or_numbers_of_iso_6520_1() -> None:
    words = ["porosity", "Gas pore", "2011", 2011, "POROSITY"]
    assert {one.label for one in findings_of([pore(1) | {"label": word} for word in words])} == {"porosity"}
    (by_code,) = findings_of([{"code": "301", "measurements": [{"name": "length_mm", "value": 3}]}])
    assert (by_code.label, by_code.code, by_code.id) == ("slag", "301", "1")
    assert not has_place(by_code)


def test_the_findings_of_a_result_read_as_they_stand() -> None:
    plain = {
        "id": "7",
        "code": "301",
        "label": "slag",
        "box": [1.0, 2.0, 3.0, 4.0],
        "plane": 0,
        "by": {"kind": "person", "name": "reader"},
        "measurements": [{"name": "length_mm", "value": 3.0}, {"name": "cnr", "value": None}],
    }
    (found,) = findings_of([plain])
    assert (found.id, found.box.width, dict(found.measurements)) == ("7", 4.0, {"length_mm": 3.0})


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ([pore(1), {"label": "porosty", "measurements": {}}], ("finding 2", "label", "porosity")),
        ([{"label": "9999", "measurements": {}}], ("finding 1", "9999")),
        ([{"measurements": {}}], ("finding 1", "label is missing")),
        ([{"label": "slag"}], ("finding 1", "measurements are missing")),
        ([{"id": "B7", "label": "slag", "measurements": {"length_mm": -1}}], ("finding B7", "length_mm", "below 0")),
        ([{"label": "slag", "measurements": {"length_mm": "3 mm"}}], ("finding 1", "length_mm", "no number")),
        ([{"label": "slag", "measurements": {"length_mm": True}}], ("finding 1", "length_mm", "no number")),
        ([{"label": "slag", "measurements": {"length_mm": float("nan")}}], ("finding 1", "length_mm", "nan")),
        ([{"label": "slag", "measurements": {"start_mm": -1e300}}], ("finding 1", "start_mm", "unit")),
        ([{"label": "slag", "measurements": {"length_mm": 10**400}}], ("finding 1", "length_mm", "beyond")),
        ([{"label": "slag", "measurements": [["length_mm", 3]]}], ("finding 1", "measurements")),
        ([{"label": "slag", "measurements": 3}], ("finding 1", "measurements")),
        ([{"label": "slag", "measurements": {}, "box": [1, 2, 3]}], ("finding 1", "box", "height, width")),
        ([{"label": "slag", "measurements": {}, "box": [1, 2, -3, 4]}], ("finding 1", "box", "from 0")),
        ([{"label": ["slag"], "measurements": {}}], ("finding 1", "label")),
        ([pore(1) | {"id": "A"}, pore(1) | {"id": "A"}], ("'A'", "two findings")),
        (["slag"], ("finding 1", "no object")),
        ({"label": "slag"}, ("findings", "a list of findings")),
        ("{", ("findings", "a list of findings")),
        ("[" * 100000, ("findings", "a list of findings")),
    ],
)
def test_an_error_names_the_finding_and_the_field(findings: object, words: tuple[str, ...]) -> None:
    with pytest.raises(WrongUsage) as caught:
        verdict(findings)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert len(str(caught.value)) < 500


def test_more_findings_than_a_person_could_find_are_refused() -> None:
    with pytest.raises(TooLarge):
        findings_of([pore(1)] * (MOST_FINDINGS + 1))


def test_slips_in_facts_are_told() -> None:
    given = {"rules": "iso-10675-1-level-1", "weld_width_mm": 10}
    told = verdict([pore(1)], **given, facts="layer=single")  # type: ignore[arg-type]
    assert any("no rule of this pack asks for the fact 'layer'" in warning for warning in told.warnings)
    with pytest.raises(WrongUsage, match="name=value"):
        verdict([pore(1)], **given, facts="joint")  # type: ignore[arg-type]
    with pytest.raises(WrongUsage, match="twice"):
        verdict([pore(1)], **given, facts="joint=butt joint=fillet")  # type: ignore[arg-type]


def test_a_chain_rule_is_told_apart_from_what_broke() -> None:
    found = verdict([pore(4.5)], extension_stage=1).values
    assert [row["rule"] for row in found["failed"]] == ["single pore"]  # type: ignore[index,union-attr,call-overload]
    (follows,) = found["extension"]  # type: ignore[misc,union-attr]
    assert "whole weld" in follows["action"]  # type: ignore[index,call-overload,operator]


def test_unknown_rules_name_those_there_are() -> None:
    with pytest.raises(KermaError, match="french-arrete-1978"):
        verdict([], "arrete")


def test_the_page_tells_the_verdict_of_its_example() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "science" / "calculations" / "verdict.md"
    assert "margin −0.5 mm, `fail`" in page.read_text(encoding="utf-8")
    assert "verdict" in calculations()


def test_ten_thousand_findings_are_judged_without_delay() -> None:
    random = np.random.default_rng(1)
    sizes, starts = random.gamma(2, 0.6, 10_000), random.uniform(0, 100_000, 10_000)
    findings = [
        {"label": "porosity", "measurements": {"length_mm": size, "width_mm": size / 2, "start_mm": start}}
        for size, start in zip(sizes.tolist(), starts.tolist(), strict=True)
    ]
    begun = time.process_time()
    found = verdict(findings, "asme-viii-uw-51", thickness_mm=30)
    assert time.process_time() - begun < 5.0
    assert found.inputs["findings"] == 10_000
