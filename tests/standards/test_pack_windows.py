"""Sums, counts, groups and distances of the packs, planted at their limit ± 1 % and outside their window."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from kerma.science.judge import Conditions, judge
from kerma.science.results import NO_BOX, By, Finding

READER = By("person", "reader")
NUMBERS = ("weld_length_mm", "weld_width_mm", "outside_diameter_mm")


@dataclass(frozen=True)
class Sum:
    """Two findings of half the limit each, ``gap`` apart, may just be; ``far`` apart they do not add up."""

    pack: str
    rule: str
    label: str
    thickness: float
    limit: float
    gap: float
    far: float | None
    beside: dict[str, float] = field(default_factory=dict)
    facts: dict[str, str | float] = field(default_factory=dict)


SLIM = {"width_mm": 0.2}
GIRTH_D: dict[str, str | float] = {"service": "category-d", "weld": "girth"}
SEVERE: dict[str, str | float] = {"service": "severe-cyclic"}
SUMS = [
    Sum("asme-viii-uw-52", "elongated indications in line", "slag", 12.0, 12.0, 20.0, 73.0, SLIM),
    Sum(
        "asme-viii-uw-52",
        "elongated indications in line",
        "slag",
        12.0,
        6.0,
        12.0,
        None,
        SLIM,
        {"weld_length_mm": 36.0},
    ),
    Sum("asme-viii-uw-51", "length of clusters together", "cluster-porosity", 30.0, 25.0, 60.0, 151.0),
    Sum("asme-viii-uw-51", "group of elongated indications in line", "slag", 12.0, 12.0, 30.0, 36.5, SLIM),
    Sum("asme-viii-uw-51", "line of rounded indications recorded whole", "linear-porosity", 12.0, 12.0, 30.0, 145.0),
    Sum("ufgs-15216n", "group of elongated indications in line", "slag", 60.0, 60.0, 30.0, 190.0, SLIM),
    Sum("asme-b31.3", "incomplete penetration", "lack-of-penetration", 12.0, 38.0, 90.0, 151.0),
    Sum("asme-b31.3", "lack of fusion", "lack-of-fusion", 12.0, 38.0, 90.0, 151.0, {}, GIRTH_D),
    Sum(
        "asme-b31.3",
        "lack of fusion",
        "lack-of-fusion",
        12.0,
        25.0,
        30.0,
        None,
        {},
        GIRTH_D | {"weld_length_mm": 100.0},
    ),
    Sum("asme-b31.3", "length of elongated indications together", "slag", 12.0, 48.0, 50.0, 151.0, SLIM),
    Sum("asme-b31.3", "length of elongated indications together", "slag", 12.0, 12.0, 50.0, 145.0, SLIM, SEVERE),
    Sum("api-1104", "isolated slag in 300 mm", "isolated-slag", 12.0, 13.0, 100.0, 301.0),
    Sum(
        "api-1104",
        "isolated slag in 300 mm",
        "isolated-slag",
        5.0,
        10.0,
        100.0,
        301.0,
        {},
        {"outside_diameter_mm": 48.3},
    ),
    Sum("api-1104", "slag over the weld", "elongated-slag", 12.0, 40.0, 400.0, None, SLIM, {"weld_length_mm": 500.0}),
    Sum("api-1104", "hollow bead over the weld", "hollow-bead", 12.0, 24.0, 100.0, None, {}, {"weld_length_mm": 300.0}),
    Sum("api-1104", "burn-through in 300 mm", "burn-through", 12.0, 13.0, 100.0, 301.0, {"density_over_parent": 0.1}),
    Sum("api-1104", "undercut over the weld", "undercut", 12.0, 100.0, 400.0, None, {}, {"weld_length_mm": 600.0}),
    *(
        Sum(f"iso-10675-1-level-{level}", rule, label, 30.0, min(30.0, most), 50.0, 101.0)
        for level, most in ((1, 25.0), (2, 50.0), (3, 75.0))
        for rule, label in (("length of solid inclusions", "slag"), ("length of elongated cavities", "worm-hole"))
    ),
    Sum(
        "iso-10675-1-level-3", "lack of fusion", "lack-of-fusion", 20.0, 15.0, 20.0, None, {}, {"weld_length_mm": 60.0}
    ),
    Sum("iso-10675-1-level-3", "lack of penetration", "lack-of-penetration", 20.0, 25.0, 60.0, 101.0),
    Sum("iacs-ur-w33", "length of solid inclusions", "slag", 12.0, 12.0, 80.0, 101.0),
    Sum("iso-5817-c", "undercut, length", "undercut", 2.0, 25.0, 60.0, 101.0, {"height_mm": 0.1}),
    Sum("iso-5817-c", "undercut, length", "undercut", 2.0, 15.0, 20.0, None, {}, {"weld_length_mm": 60.0}),
    Sum("iso-5817-d", "root concavity, length", "root-concavity", 12.0, 25.0, 60.0, 101.0),
    Sum("iso-5817-b", "root concavity, length", "root-concavity", 12.0, 25.0, 60.0, 101.0),
    Sum("aws-d1.1-static", "discontinuities in line", "slag", 20.0, 20.0, 90.0, 121.0, SLIM),
    Sum("aws-d1.1-static", "discontinuities in line", "slag", 20.0, 10.0, 35.0, None, SLIM, {"weld_length_mm": 60.0}),
    Sum("aws-d1.1-static", "piping porosity in 25 mm", "surface-pore", 30.0, 10.0, 10.0, 26.0),
    Sum("aws-d1.1-static", "piping porosity in 300 mm", "surface-pore", 30.0, 20.0, 200.0, 301.0),
    Sum("mil-hdbk-1890-class-1", "inclusions per linear inch", "slag", 12.0, 2 * 1.524, 20.0, 26.0),
]


def outcome(case_pack: str, rule: str, found: list[Finding], thickness: float, facts: dict[str, str | float]) -> str:
    numbers = {name: value for name, value in facts.items() if name in NUMBERS}
    words = {name: value for name, value in facts.items() if name not in NUMBERS}
    made = judge(found, case_pack, Conditions(thickness_mm=thickness, facts=words, **numbers))  # type: ignore[arg-type]
    return next(verdict.outcome for verdict in made if verdict.rule == rule)


def laid(label: str, sizes: list[float], gap: float, **beside: float) -> list[Finding]:
    found, start = [], 3.0
    for number, size in enumerate(sizes):
        measured = {"length_mm": size, "start_mm": start, "offset_mm": 2.0} | beside
        found.append(Finding(f"F{number}", "", label, NO_BOX, READER, measurements=measured))
        start += size + gap
    return found


@pytest.mark.parametrize("case", SUMS, ids=lambda case: f"{case.pack}:{case.rule}:{case.facts}")
def test_what_adds_up_in_the_window_and_what_does_not(case: Sum) -> None:
    pack, rule, facts = case.pack, case.rule, case.facts
    advised = "fail" if pack.startswith(("ufgs", "mil")) else "advisory"
    for share, expected in ((0.99, "pass"), (1.0, "pass"), (1.01, advised)):
        pieces = laid(case.label, [share * case.limit / 2] * 2, case.gap, **case.beside)
        assert outcome(pack, rule, pieces, case.thickness, facts) == expected, share
    if case.far is not None:
        apart = laid(case.label, [1.01 * case.limit / 2] * 2, case.far, **case.beside)
        assert outcome(pack, rule, apart, case.thickness, facts) == "pass"


def test_many_small_pores_in_25_mm_under_cyclic_loads() -> None:
    for share, expected in ((0.99, "pass"), (1.01, "advisory")):
        pores = laid("porosity", [share * 1.25] * 8, 1.8, width_mm=1.25)
        assert outcome("aws-d1.1-cyclic", "small discontinuities in 25 mm", pores, 30.0, {}) == expected


@pytest.mark.parametrize(
    ("pack", "rule"),
    [
        ("asme-viii-uw-51", "rounded indications in thin welds"),
        ("asme-viii-appendix-4", "rounded indications in thin welds"),
        ("asme-ix-qw-191", "number of rounded indications"),
    ],
)
def test_twelve_rounded_indications_in_150_mm_of_a_thin_weld_and_fewer_in_a_shorter_one(pack: str, rule: str) -> None:
    for count, facts, expected in (
        (12, {}, "pass"),
        (13, {}, "advisory"),
        (6, {"weld_length_mm": 75.0}, "pass"),
        (7, {"weld_length_mm": 75.0}, "advisory"),
    ):
        pores = laid("porosity", [0.3] * count, 8.0, width_mm=0.3)
        assert outcome(pack, rule, pores, 2.0, facts) == expected, count  # type: ignore[arg-type]
    spread = laid("porosity", [0.3] * 26, 12.5, width_mm=0.3)
    assert outcome(pack, rule, spread, 2.0, {}) == "pass"


@pytest.mark.parametrize(
    ("thickness", "longest"), [(12.0, 6.0), (19.0, 6.0), (30.0, 10.0), (57.0, 19.0), (100.0, 19.0)]
)
def test_length_of_a_group_of_rounded_indications(thickness: float, longest: float) -> None:
    size = longest / 8
    for share, expected in ((0.99, "pass"), (1.01, "advisory")):
        gap = (share * longest - 4 * size) / 3
        if size <= (1.5 if thickness > 50 else 0.8):
            size = 1.6 if thickness > 50 else 0.9
            gap = (share * longest - 4 * size) / 3
        pores = laid("porosity", [size] * 4, gap, width_mm=size)
        rule = "length of a group of aligned rounded indications"
        assert outcome("asme-viii-uw-51", rule, pores, thickness, {}) == expected


def test_long_hollow_beads_are_50_mm_apart_and_short_ones_need_not_be() -> None:
    rule = "distance between long hollow beads"
    for length, gap, expected in ((7.0, 49.5, "advisory"), (7.0, 50.5, "pass"), (5.9, 10.0, "pass")):
        assert outcome("api-1104", rule, laid("hollow-bead", [length] * 2, gap), 12.0, {}) == expected


def test_piping_porosity_of_cyclic_welds_is_one_in_100_mm() -> None:
    for gap, expected in ((99.0, "pass"), (90.0, "advisory")):
        pores = laid("surface-pore", [2.0] * 2, gap + 1.5)
        assert outcome("aws-d1.1-cyclic", "piping porosity", pores, 30.0, {}) == expected
    pores = laid("surface-pore", [0.2], 1.0)
    assert outcome("aws-d1.1-cyclic", "piping porosity", pores, 30.0, {"transverse_to_tension": "yes"}) == "advisory"
