"""Every acceptance pack against its sentences: planted findings at each limit ± 1 %, seams of thickness, and laws."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.science.judge import Conditions, check_pack, judge, load_pack
from kerma.science.judge.limits import KINDS
from kerma.science.judge.pack import BINDING
from kerma.science.results import NO_BOX, By, Finding, Verdict
from kerma.standards import table, table_names, text_of
from packs_cases import ALWAYS_FORBIDDEN, INCH, MIL, Limit, all_limits

READER = By("person", "reader")
NAMES = [
    f"{row['name']}{'' if row['is_newest'] == 'yes' else '@' + row['edition']}" for row in table("kerma_packs/packs")
]
LABELS = [row["label"] for row in table("iso_6520-1/imperfections")]
NUMBERS = ("thickness_mm", "weld_length_mm", "weld_width_mm", "outside_diameter_mm")


def seen(label: str, number: int = 0, **measured: float) -> Finding:
    return Finding(f"F{number}", "", label, NO_BOX, READER, measurements=measured)


def row_of(label: str, sizes: Sequence[float], gap_mm: float, **more: float) -> list[Finding]:
    """Lay findings along the weld, each as wide as long, with the same gap between them."""
    found, start = [], 5.0
    for number, size in enumerate(sizes):
        found.append(
            seen(label, number, start_mm=start, offset_mm=3.0, **{"length_mm": size, "width_mm": size, **more})
        )
        start += size + gap_mm
    return found


def verdicts(
    pack: str, findings: Sequence[Finding], thickness_mm: float | None, **facts: str | float
) -> tuple[Verdict, ...]:
    numbers = {name: float(facts.pop(name)) for name in NUMBERS if name in facts}
    return judge(findings, pack, Conditions(thickness_mm=thickness_mm, facts=facts, **numbers))  # type: ignore[arg-type]


def failed(found: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in found if verdict.outcome in ("fail", "advisory") and verdict.unit != "rules"]


def outcome(found: Sequence[Verdict], rule: str) -> str:
    return next(verdict.outcome for verdict in found if verdict.rule == rule)


def named(limit: Limit) -> str:
    facts = ",".join(f"{name}={value}" for name, value in limit.facts.items())
    return f"{limit.pack}:{limit.label}:{limit.measure}:{limit.clause}:{facts}"


@pytest.mark.parametrize("limit", list(all_limits()), ids=named)
def test_one_percent_below_is_allowed_and_one_percent_above_is_not(limit: Limit) -> None:
    assert limit.thicknesses
    for thickness in limit.thicknesses:
        most = limit.at_most(thickness)
        for share in (0.99, 1.0, 1.01):
            measured = {**limit.beside, limit.measure: share * most}
            broken = failed(verdicts(limit.pack, [seen(limit.label, **measured)], thickness, **limit.facts))
            told = [(verdict.rule, verdict.limit, verdict.measured) for verdict in broken]
            assert bool(broken) == (share > 1), (thickness, most, share, told)
        mine = [verdict for verdict in broken if verdict.limit == pytest.approx(most)]
        assert mine, (thickness, most, told)
        assert any(limit.clause in verdict.source.clause for verdict in mine)
        assert all(verdict.margin is not None and verdict.margin < 0 for verdict in mine)


@pytest.mark.parametrize("name", NAMES)
def test_forbidden_findings_fail_however_small_and_at_every_thickness(name: str) -> None:
    for label in ALWAYS_FORBIDDEN[name.partition("@")[0]]:
        for thickness in (1.0, 12.0, 200.0):
            assert failed(verdicts(name, [seen(label, length_mm=0.05)], thickness)), (label, thickness)


@pytest.mark.parametrize("name", NAMES)
def test_every_pack_forbids_cracks_by_a_row_of_its_own(name: str) -> None:
    rows = [
        rule for rule in load_pack(name).rules if rule.kind == "forbidden" and "crack" in rule.labels and not rule.when
    ]
    assert rows


@pytest.mark.parametrize("name", NAMES)
def test_no_findings_break_nothing_and_a_strange_word_is_never_passed_over(name: str) -> None:
    assert not failed(verdicts(name, [], 12.0))
    assert any(
        verdict.outcome == "not-judged" for verdict in verdicts(name, [seen("no-such-word", length_mm=1.0)], 12.0)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_clause_unit_known_words_and_a_binding_only_where_it_is_law_or_own(name: str) -> None:
    pack = load_pack(name)
    for rule in pack.rules:
        assert rule.clause
        assert rule.unit or not KINDS[rule.kind].has_limit
        assert set(rule.labels) <= {*LABELS, "*"}
    if pack.table.status == "unverified":
        assert all(rule.status in ("", "own") for rule in pack.rules)
    else:
        assert pack.table.status == "public-law"


def test_the_registry_names_every_table_of_acceptance_once_and_each_loads() -> None:
    known = {row["table"] for row in table("kerma_packs/packs")}
    assert known == {name for name in table_names() if "/acceptance" in name}
    editions = [(row["name"], row["edition"]) for row in table("kerma_packs/packs")]
    assert len(set(editions)) == len(editions)
    newest = [row["name"] for row in table("kerma_packs/packs") if row["is_newest"] == "yes"]
    assert sorted(newest) == sorted(set(newest)) == sorted({row["name"] for row in table("kerma_packs/packs")})
    assert load_pack("iso-10675-1-level-1@2016").table.edition == "2016"
    assert load_pack("iso-10675-1-level-1").table.edition == "2021"


def test_law_and_handbook_bind_and_the_rest_only_advises() -> None:
    long = [seen("slag", length_mm=90.0, width_mm=1.0)]
    for name in ("french-arrete-1978", "ufgs-15216n", "mil-hdbk-1890"):
        assert any(verdict.outcome == "fail" for verdict in verdicts(name, long, 12.0))
    for name in (
        "asme-viii-uw-51",
        "asme-ix-qw-191",
        "api-1104",
        "iso-10675-1-level-2",
        "aws-d1.1-static",
        "iso-5817-c",
    ):
        assert {verdict.outcome for verdict in failed(verdicts(name, long, 12.0))} == {"advisory"}
    pore = failed(verdicts("ufgs-15216n", [seen("porosity", diameter_mm=5.9)], 12.0))
    assert {verdict.outcome for verdict in pore} == {"advisory"}
    assert all(verdict.source.status not in BINDING for verdict in pore)


@pytest.mark.parametrize(("thickness", "limit"), [(10.0, 6.0), (30.0, 10.0)])
def test_published_checks_of_uw_51(thickness: float, limit: float) -> None:
    found = verdicts("asme-viii-uw-51", [seen("slag", length_mm=limit + 0.1, width_mm=0.5)], thickness)
    assert [verdict.limit for verdict in failed(found)] == [pytest.approx(limit)]


def test_published_check_of_mil_hdbk_1890() -> None:
    found = failed(verdicts("mil-hdbk-1890-class-2", [seen("porosity", diameter_mm=0.051 * INCH)], 0.10 * INCH))
    assert [verdict.limit for verdict in found] == [pytest.approx(0.05 * INCH)]


@pytest.mark.parametrize("pack", ["asme-viii-uw-51", "ufgs-15216n", "asme-ix-qw-191"])
@pytest.mark.parametrize("thickness", [12.0, 30.0])
def test_slag_in_line_sums_to_t_within_12_t_unless_six_lengths_apart(pack: str, thickness: float) -> None:
    rule = "group of slag in line" if "ix" in pack else "group of elongated indications in line"
    size = thickness / 5.0
    for count, gap, expected in (
        (5, 5.9, "pass"),
        (5, 0.5, "pass"),
        (6, 0.5, "fail"),
        (6, 1.2, "fail"),
        (9, 6.1, "pass"),
    ):
        line = row_of("slag", [size] * count, gap * size, width_mm=size / 5)
        advised = "advisory" if pack != "ufgs-15216n" else "fail"
        assert outcome(verdicts(pack, line, thickness), rule) == (expected if expected == "pass" else advised), (
            count,
            gap,
        )


@pytest.mark.parametrize("pack", ["asme-viii-uw-51", "asme-viii-appendix-4"])
@pytest.mark.parametrize("thickness", [10.0, 40.0, 60.0])
def test_rounded_indications_of_appendix_4(pack: str, thickness: float) -> None:
    near = 10.0 if thickness > 50 else min(thickness / 4, 4.0)
    for share, expected in ((0.99, "pass"), (1.01, "advisory")):
        pair = row_of("porosity", [share * near, 1.0], 24.0)
        assert outcome(verdicts(pack, pair, thickness), "largest rounded indication") == expected
    apart = row_of("porosity", [1.01 * near, 1.0], 25.5)
    assert outcome(verdicts(pack, apart, thickness), "largest rounded indication") == "pass"
    size = thickness / 8
    for count, expected in ((8, "pass"), (9, "advisory")):
        line = row_of("porosity", [size] * count, 0.2 * size)
        assert outcome(verdicts(pack, line, thickness), "aligned rounded indications") == expected
    three = row_of("porosity", [thickness / 2] * 3, 1.0)
    assert outcome(verdicts(pack, three, thickness), "aligned rounded indications") == "pass"


@pytest.mark.parametrize(
    ("thickness", "least"), [(2.0, 0.2), (4.0, 0.4), (6.0, 0.4), (6.01, 0.8), (50.0, 0.8), (51.0, 1.5)]
)
def test_what_is_not_relevant_by_appendix_4_is_not_counted(thickness: float, least: float) -> None:
    for share, outcomes in ((0.99, {"pass"}), (1.01, {"advisory"})):
        line = row_of("porosity", [share * least] * 400, 0.01)
        assert outcome(verdicts("asme-viii-uw-51", line, thickness), "aligned rounded indications") in outcomes


def test_two_findings_without_a_place_are_not_taken_as_isolated() -> None:
    pore = {"diameter_mm": 3.0}
    assert not failed(verdicts("asme-viii-uw-51", [seen("porosity", 0, **pore)], 10.0))
    both = verdicts("asme-viii-uw-51", [seen("porosity", 0, **pore), seen("porosity", 1, **pore)], 10.0)
    assert [verdict.limit for verdict in failed(both)] == [pytest.approx(2.5)]


@pytest.mark.parametrize("pack", ["asme-viii-uw-51", "asme-ix-qw-191", "asme-b31.3", "api-1104"])
def test_a_chart_is_never_passed_in_silence_and_only_asked_for_where_it_concerns(pack: str) -> None:
    one = verdicts(pack, [seen("porosity", 0, diameter_mm=1.0)], 12.0)
    two = verdicts(pack, row_of("porosity", [1.0, 1.0], 30.0), 12.0)
    charts = {rule.rule for rule in load_pack(pack).rules if rule.kind == "chart"}
    assert not any(verdict.rule in charts and verdict.outcome == "not-judged" for verdict in one)
    assert any(verdict.rule in charts and verdict.outcome == "not-judged" for verdict in two)
    slag = verdicts(pack, [seen("slag", 0, length_mm=2.0, width_mm=0.2)], 12.0)
    assert all(verdict.outcome == "pass" or verdict.unmeasured for verdict in slag)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_mil_hdbk_1890_total_per_inch_and_least_distance(number: int) -> None:
    pack, thickness = f"mil-hdbk-1890-class-{number}", 12.0
    largest = MIL[number](thickness)
    for word, label, times in (("porosity and voids", "porosity", (2, 3, 6)), ("inclusions", "slag", (2, 3, 4))):
        allowed = times[number - 1]
        for share, expected in ((0.99, "pass"), (1.01, "fail")):
            sizes = [share * largest * allowed / 20] * 20
            found = verdicts(pack, row_of(label, sizes, 0.05), thickness)
            assert outcome(found, f"{word} per linear inch") == expected
        gap = {1: 5, 2: 4, 3: 3}[number]
        for share, expected in ((0.99, "fail"), (1.01, "pass")):
            pair = row_of(label, [1.0, 0.5], share * gap * 1.0)
            assert outcome(verdicts(pack, pair, thickness), f"distance between {word}") == expected


@pytest.mark.parametrize(("number", "length", "window", "share"), [(2, 4, 10, 0.4), (3, 10, 20, 0.5)])
def test_mil_hdbk_1890_incomplete_penetration_of_fillet_and_plug_welds(
    number: int, length: int, window: int, share: float
) -> None:
    pack, t = f"mil-hdbk-1890-class-{number}", 5.0
    long = {"joint": "fillet", "weld_length_mm": 1000.0}
    assert not failed(verdicts(pack, [seen("lack-of-penetration", length_mm=0.99 * length * t)], t, **long))
    assert failed(verdicts(pack, [seen("lack-of-penetration", length_mm=1.01 * length * t)], t, **long))
    halves = row_of("lack-of-fusion", [0.6 * length * t] * 2, window * t)
    assert not failed(verdicts(pack, halves, t, **long))
    for part, breaks in ((0.99, False), (1.01, True)):
        short = {"joint": "fillet", "weld_length_mm": 20.0}
        assert bool(failed(verdicts(pack, [seen("lack-of-fusion", length_mm=part * share * 20)], t, **short))) is breaks
        plug = {"joint": "plug", "weld_length_mm": 60.0}
        most = {2: 0.2, 3: 0.5}[number] * 60
        assert bool(failed(verdicts(pack, [seen("lack-of-fusion", length_mm=part * most)], t, **plug))) is breaks
    for joint in ("butt", "corner"):
        assert failed(verdicts(pack, [seen("lack-of-fusion", length_mm=0.1)], t, joint=joint))


def test_uw_52_takes_no_notice_of_rounded_indications_and_asks_for_two_further_spots() -> None:
    assert not failed(verdicts("asme-viii-uw-52", [seen("porosity", diameter_mm=9.0)], 10.0))
    found = verdicts("asme-viii-uw-52", [seen("crack", length_mm=1.0)], 10.0)
    further = next(verdict for verdict in found if verdict.rule == "further spots")
    assert "two further spots" in further.action
    assert further.corrective == "extend"
    near, apart = ([2.0] * 2, 5.0), ([2.0] * 2, 7.0)
    for (sizes, gap), expected in ((near, "advisory"), (apart, "pass")):
        slag = row_of("slag", sizes, gap, width_mm=0.3)
        assert outcome(verdicts("asme-viii-uw-52", slag, 10.0), "distance between elongated indications") == expected


@pytest.mark.parametrize(
    ("label", "rule", "total", "piece"),
    [
        ("lack-of-penetration", "inadequate penetration in 300 mm", 25, 12.4),
        ("lack-of-penetration-high-low", "inadequate penetration due to high-low in 300 mm", 75, 37.4),
        ("lack-of-cross-penetration", "inadequate cross penetration in 300 mm", 50, 24.9),
        ("lack-of-fusion", "incomplete fusion in 300 mm", 25, 12.4),
        ("cold-lap", "incomplete fusion due to cold lap in 300 mm", 50, 24.9),
        ("elongated-slag", "elongated slag in 300 mm", 50, 24.9),
        ("hollow-bead", "hollow bead in 300 mm", 50, 12.4),
        ("undercut", "undercut in 300 mm", 50, 24.9),
        ("cluster-porosity", "clusters in 300 mm", 13, 6.4),
    ],
)
def test_sums_of_api_1104_in_300_mm(label: str, rule: str, total: float, piece: float) -> None:
    count = int(total // piece)
    within = row_of(label, [piece] * count, 60.0 if count < 4 else 50.0, width_mm=0.5)
    over = row_of(label, [piece * 1.02] * count, 60.0 if count < 4 else 50.0, width_mm=0.5)
    apart = row_of(label, [piece * 1.02] * count, 300.0, width_mm=0.5)
    for found, expected in ((within, "pass"), (over, "advisory"), (apart, "pass")):
        assert outcome(verdicts("api-1104", found, 12.0), rule) == expected


def test_accumulation_of_api_1104_counts_all_but_high_low_and_undercut() -> None:
    rule = "accumulation of imperfections in 300 mm"
    mixed = [
        *row_of("lack-of-fusion", [20.0], 1.0),
        *row_of("cold-lap", [20.0], 1.0),
        *row_of("elongated-slag", [11.0], 1.0),
    ]
    mixed = [seen(one.label, n, **{**one.measurements, "start_mm": 40.0 * n}) for n, one in enumerate(mixed)]
    assert outcome(verdicts("api-1104", mixed, 12.0), rule) == "advisory"
    free = [seen("lack-of-penetration-high-low", 0, length_mm=45.0), seen("undercut", 1, length_mm=45.0)]
    assert outcome(verdicts("api-1104", free, 12.0), rule) == "pass"
    whole = "accumulation of imperfections over the weld"
    assert outcome(verdicts("api-1104", mixed[:2], 12.0, weld_length_mm=501.0), whole) == "pass"
    assert outcome(verdicts("api-1104", mixed[:2], 12.0, weld_length_mm=499.0), whole) == "advisory"
    unsaid = next(v for v in verdicts("api-1104", mixed[:2], 12.0) if v.rule == whole)
    assert (unsaid.outcome, bool(unsaid.unmeasured)) == ("not-judged", True)


def test_concavity_of_any_length_is_allowed_where_it_is_not_darker() -> None:
    light = [seen("root-concavity", length_mm=200.0, density_over_parent=-0.1)]
    dark = [seen("root-concavity", length_mm=7.0, density_over_parent=0.1)]
    unknown = [seen("root-concavity", length_mm=7.0)]
    assert not failed(verdicts("api-1104", light, 12.0))
    assert failed(verdicts("api-1104", dark, 12.0))
    assert any(
        verdict.outcome == "not-judged" and not verdict.unmeasured for verdict in verdicts("api-1104", unknown, 12.0)
    )


def test_number_of_burn_throughs_in_small_pipe_and_isolated_slag() -> None:
    two = [seen("burn-through", n, start_mm=100.0 * n, length_mm=2.0, density_over_parent=0.1) for n in range(2)]
    assert failed(verdicts("api-1104", two, 5.0, outside_diameter_mm=48.3))
    assert not failed(verdicts("api-1104", two, 5.0, outside_diameter_mm=114.3))
    for count, expected in ((4, "pass"), (5, "advisory")):
        slag = [seen("isolated-slag", n, start_mm=50.0 * n, length_mm=2.0, width_mm=3.0) for n in range(count)]
        assert outcome(verdicts("api-1104", slag, 12.0), "number of isolated slag inclusions") == expected


@pytest.mark.parametrize(("level", "single", "multi"), [(3, 2.5, 5.0), (2, 1.5, 3.0), (1, 1.0, 2.0)])
def test_area_of_pores_in_100_mm_and_twice_as_much_in_multi_layer_welds(
    level: int, single: float, multi: float
) -> None:
    for layers, limit in (("single", single), ("multi", multi)):
        for share, breaks in ((0.99, False), (1.01, True)):
            area = share * limit / 100 * 100.0 * 12.0
            pores = [seen("uniform-porosity", n, start_mm=20.0 * n, length_mm=0.5, area_mm2=area / 4) for n in range(4)]
            found = verdicts(f"iso-10675-1-level-{level}", pores, 20.0, layers=layers, weld_width_mm=12.0)
            assert bool(failed(found)) is breaks
            assert outcome(found, "area of pores") == ("advisory" if breaks else "pass")


def test_areas_nobody_measured_are_taken_from_diameters_where_the_width_of_the_weld_is_said() -> None:
    # Ten pores of 2 mm in 100 mm are 31.4 mm²: 2.6 % of a weld 12 mm wide, 1.3 % of one 24 mm wide; 1.5 % is allowed.
    pores = [seen("porosity", n, start_mm=9.0 * n, diameter_mm=2.0) for n in range(10)]
    for width, expected in ((12.0, "advisory"), (24.0, "pass")):
        found = verdicts("iso-10675-1-level-2", pores, 20.0, weld_width_mm=width)
        assert outcome(found, "area of pores") == expected
    unsaid = next(one for one in verdicts("iso-10675-1-level-2", pores, 20.0) if one.rule == "area of pores")
    assert unsaid.outcome == "not-judged"
    assert unsaid.unmeasured
    assert "weld_width_mm" in unsaid.reason


@pytest.mark.parametrize("pack", ["iso-10675-1-level-3", "iacs-ur-w33-level-3", "iso-5817-d"])
def test_sums_run_in_the_worst_100_mm(pack: str) -> None:
    rule, within = "lack of fusion", [12.0, 12.0]
    assert outcome(verdicts(pack, row_of("lack-of-fusion", within, 50.0), 20.0), rule) == "pass"
    assert outcome(verdicts(pack, row_of("lack-of-fusion", [12.0, 14.0], 60.0), 20.0), rule) == "advisory"
    assert outcome(verdicts(pack, row_of("lack-of-fusion", [12.0, 14.0], 100.0), 20.0), rule) == "pass"
    assert failed(verdicts(pack, [seen("lack-of-fusion", length_mm=1.0)], 20.0, surface_breaking="yes"))


@pytest.mark.parametrize(("pack", "factor"), [("aws-d1.1-static", 3.0), ("aws-d1.1-cyclic", 9.0)])
def test_clearance_of_aws(pack: str, factor: float) -> None:
    for share, expected in ((0.99, "advisory"), (1.01, "pass")):
        pair = row_of("slag", [3.0, 2.6], share * factor * 3.0, width_mm=0.5)
        assert outcome(verdicts(pack, pair, 30.0), "clearance between discontinuities") == expected


def test_small_discontinuities_and_sums_in_line_of_aws() -> None:
    for share, expected in ((0.99, "pass"), (1.01, "advisory")):
        small = row_of("porosity", [share * 10.0 / 8] * 8, 1.5)
        assert outcome(verdicts("aws-d1.1-static", small, 30.0), "small discontinuities in 25 mm") == expected
        line = row_of("slag", [share * 15.0] * 2, 40.0, width_mm=1.0)
        assert outcome(verdicts("aws-d1.1-static", line, 30.0), "discontinuities in line") == expected
    compressed = verdicts("aws-d1.1-cyclic", [seen("slag", length_mm=2.0)], 30.0, loading="cyclic-compression")
    assert outcome(compressed, "largest discontinuity") == "not-judged"


def test_b31_3_by_its_kinds_of_service_and_weld() -> None:
    pen, fus = [seen("lack-of-penetration", length_mm=5.0)], [seen("lack-of-fusion", length_mm=5.0)]
    pore = [seen("porosity", diameter_mm=20.0)]
    for facts in ({"service": "severe-cyclic"}, {"weld": "longitudinal"}):
        assert failed(verdicts("asme-b31.3", pen, 12.0, **facts))
    for facts in ({}, {"service": "normal"}, {"service": "category-m", "weld": "branch"}, {"weld": "girth"}):
        assert not failed(verdicts("asme-b31.3", pen, 12.0, **facts))
        assert failed(verdicts("asme-b31.3", fus, 12.0, **facts))
        assert failed(verdicts("asme-b31.3", pore, 12.0, **facts))
    for facts in ({"service": "category-d"}, {"weld": "fillet"}):
        assert not failed(verdicts("asme-b31.3", pore, 12.0, **facts))
    slag = row_of("slag", [20.0] * 3, 40.0, width_mm=1.0)
    assert outcome(verdicts("asme-b31.3", slag, 12.0), "length of elongated indications together") == "advisory"
    assert outcome(verdicts("asme-b31.3", slag[:2], 12.0), "length of elongated indications together") == "pass"


@pytest.mark.parametrize("thickness", [2.0, 6.0, 6.35, 19.0, 57.0, 200.0])
def test_width_of_elongated_indications_of_b31_3(thickness: float) -> None:
    for facts, most in (({}, min(3.0, thickness / 2)), ({"service": "severe-cyclic"}, min(2.5, thickness / 3))):
        for share, expected in ((0.99, "pass"), (1.01, "advisory")):
            slag = [seen("slag", length_mm=3.5 * share * most, width_mm=share * most)]
            found = verdicts("asme-b31.3", slag, thickness, **facts)  # type: ignore[arg-type]
            assert outcome(found, "width of an elongated indication") == expected
            assert next(v.limit for v in found if v.rule == "width of an elongated indication") == pytest.approx(most)


def test_a_porosity_key_judges_only_the_slots_the_drawing_fills_and_nothing_where_it_fills_none() -> None:
    pores = [seen("porosity", n, start_mm=10.0 * n, diameter_mm=0.9) for n in range(3)]
    assert not failed(verdicts("vdg-p201", pores, 5.0, pore_diameter_max_mm=1.0))
    for facts in ({"pore_diameter_max_mm": 0.8}, {"pore_count_max": 2.0}, {"pore_distance_min_mm": 9.5}):
        assert failed(verdicts("vdg-p201", pores, 5.0, **facts)), facts
    near = next(one for one in failed(verdicts("vdg-p201", pores, 5.0, pore_distance_min_mm=9.5)))
    assert (near.asked, near.limit, near.measured) == ("at least", 9.5, pytest.approx(9.1))
    none = verdicts("vdg-p201", pores, 5.0)
    assert any(verdict.outcome == "not-judged" and not verdict.unmeasured for verdict in none)


SIZES = st.floats(0.05, 90.0)


@st.composite
def random_findings(draw: st.DrawFn) -> list[Finding]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        names = draw(
            st.lists(
                st.sampled_from(["width_mm", "height_mm", "diameter_mm", "area_mm2", "density_over_parent"]),
                unique=True,
            )
        )
        measured = {name: draw(SIZES) for name in names} | {"length_mm": draw(SIZES)}
        if draw(st.booleans()):
            measured |= {"start_mm": draw(st.floats(0, 500)), "offset_mm": draw(st.floats(0, 12))}
        found.append(seen(draw(st.sampled_from(LABELS)), number, **measured))
    return found


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(findings=random_findings(), thickness=st.one_of(st.none(), st.floats(1.0, 200.0)))
def test_random_findings_never_crash_and_each_is_judged_or_named(
    name: str, findings: list[Finding], thickness: float | None
) -> None:
    found = verdicts(name, findings, thickness)
    assert found
    for verdict in found:
        assert verdict.reason
        assert verdict.source.clause
    rules = load_pack(name).rules
    seen_by_rows = {one.id for one in findings if any(rule.covers(one.label) for rule in rules)}
    named_so = {key for verdict in found if verdict.rule == "findings without a rule" for key in verdict.finding_ids}
    assert {one.id for one in findings} <= seen_by_rows | named_so


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(findings=random_findings(), more=random_findings(), thickness=st.floats(1.0, 200.0))
def test_one_more_finding_never_makes_a_broken_rule_kept(
    name: str, findings: list[Finding], more: list[Finding], thickness: float
) -> None:
    added = [seen(one.label, 100 + number, **one.measurements) for number, one in enumerate(more)]
    facts = {"weld_width_mm": 14.0, "weld_length_mm": 900.0}
    before = {verdict.rule for verdict in failed(verdicts(name, findings, thickness, **facts))}
    assert before <= {verdict.rule for verdict in failed(verdicts(name, [*findings, *added], thickness, **facts))}


@pytest.mark.parametrize("name", NAMES)
def test_every_pack_can_be_copied_by_a_site_and_has_codes_of_corrective_actions(name: str) -> None:
    pack = load_pack(name)
    assert check_pack(text_of(pack.table.name)) == ()
    codes = {row["code"] for row in table("kerma_corrective/actions")}
    assert {rule.corrective for rule in pack.rules} <= {"", *codes}
    assert all(rule.corrective == "extend" for rule in pack.rules if rule.kind == "extension")


TIGHTER = [
    *((f"iso-10675-1-level-{n}", f"iso-10675-1-level-{n + 1}") for n in (1, 2)),
    *((f"iacs-ur-w33-level-{n}", f"iacs-ur-w33-level-{n + 1}") for n in (1, 2)),
    ("iso-5817-b", "iso-5817-c"),
    ("iso-5817-c", "iso-5817-d"),
    *((f"mil-hdbk-1890-class-{n}", f"mil-hdbk-1890-class-{n + 1}") for n in (1, 2)),
    ("aws-d1.1-cyclic", "aws-d1.1-static"),
    ("french-arrete-1978", "french-arrete-1978-coefficient-0.85"),
]


@pytest.mark.parametrize(("tight", "loose"), TIGHTER)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(findings=random_findings(), thickness=st.floats(1.0, 200.0))
def test_a_tighter_level_never_allows_what_a_looser_one_refuses(
    tight: str, loose: str, findings: list[Finding], thickness: float
) -> None:
    facts = {"weld_width_mm": 14.0, "weld_length_mm": 900.0}
    if failed(verdicts(loose, findings, thickness, **facts)):
        assert failed(verdicts(tight, findings, thickness, **facts))


@pytest.mark.parametrize(
    "pack",
    [
        "iso-10675-1-level-2",
        "asme-viii-uw-51",
        "asme-ix-qw-191",
        "mil-hdbk-1890",
        "ufgs-15216n",
        "french-arrete-1978",
        "aws-d1.1-static",
    ],
)
@pytest.mark.parametrize("label", ["porosity", "slag", "tungsten", "elongated-cavity"])
def test_a_thicker_part_never_allows_less(pack: str, label: str) -> None:
    def limits(t: float) -> dict[str, float]:
        found = verdicts(pack, [seen(label, length_mm=0.01, width_mm=0.001, diameter_mm=0.01)], t)
        return {verdict.rule: verdict.limit for verdict in found if verdict.limit and verdict.finding_ids}

    before: dict[str, float] = {}
    for t in (1.0, 2.0, 4.0, 8.0, 16.0, 19.0, 19.5, 30.0, 50.0, 55.0, 57.0, 58.0, 100.0, 200.0):
        now = limits(t)
        assert all(now[rule] >= before[rule] - 1e-9 for rule in now if rule in before), (t, before, now)
        before = now
