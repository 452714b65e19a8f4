"""What each acceptance pack allows, written a second time from sentences about the standards, not from the tables.

A :class:`Limit` is one sentence: under which facts, for which finding, measured how, at most how much at thickness t.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

INCH = 25.4
FEW = (1.0, 6.35, 19.0, 200.0)
SEAMS = (
    1.0,
    2.0,
    3.0,
    5.0,
    6.0,
    6.35,
    10.0,
    12.5,
    18.99,
    19.0,
    19.01,
    25.0,
    30.0,
    50.0,
    50.01,
    56.99,
    57.0,
    57.01,
    200.0,
)


@dataclass(frozen=True)
class Limit:
    """At most ``at_most(t)`` of ``measure`` for a finding ``label``; the clause of the verdict holds ``clause``."""

    pack: str
    label: str
    measure: str
    at_most: Callable[[float], float]
    clause: str
    beside: dict[str, float] = field(default_factory=dict)
    facts: dict[str, str | float] = field(default_factory=dict)
    thicknesses: tuple[float, ...] = SEAMS


def thin(t: float, over: float = 0.0, up_to: float = 1e9) -> bool:
    return over < t <= up_to


def elongated_51(t: float) -> float:
    """6 mm to 19 mm of thickness, a third of it to 57 mm, 19 mm above."""
    return 6.0 if t <= 19 else t / 3 if t <= 57 else 19.0


def isolated_4(t: float) -> float:
    """Isolated: min(t/3, 6 mm); t > 50: 10 mm."""
    return 10.0 if t > 50 else min(t / 3, 6.0)


def welds_51(pack: str, two: str, rounded: str) -> list[Limit]:
    slim = {"width_mm": 0.2}
    return [
        *(
            Limit(pack, label, "length_mm", elongated_51, two, slim)
            for label in ("slag", "elongated-cavity", "shrinkage", "oxide")
        ),
        *(
            Limit(pack, label, "diameter_mm", isolated_4, rounded)
            for label in ("porosity", "tungsten", "isolated-slag")
        ),
        Limit(pack, "cluster-porosity", "length_mm", lambda t: min(25.0, 2 * t), "cluster"),
    ]


def thirds(inches: float, share: float) -> Callable[[float], float]:
    """MIL-HDBK-1890: the smaller of a share of the thickness and so many inches."""
    return lambda t: min(share * t, inches * INCH)


MIL = {1: thirds(0.060, 1 / 3), 2: thirds(0.080, 1 / 2), 3: thirds(0.100, 1 / 2)}
# ISO 10675-1: share of s, largest d of pores, largest h or d elsewhere, cluster, length in a line or in 100 mm
ISO = {3: (0.4, 5, 4, 25, 75), 2: (0.3, 4, 3, 20, 50), 1: (0.2, 3, 2, 15, 25)}


def share_of(t: float, share: float, most: float) -> float:
    return min(share * t, most)


def iso_rows(pack: str, level: int, thick: tuple[float, ...] = SEAMS) -> list[Limit]:
    k, pore, cap, cluster, line = ISO[level]
    small, length = (lambda t: share_of(t, k, cap)), (lambda t: min(t, line))

    def one(label: str, measure: str, at_most: Callable[[float], float], number: str, **beside: float) -> Limit:
        return Limit(pack, label, measure, at_most, number, beside, thicknesses=thick)

    rows = [
        one("porosity", "diameter_mm", lambda t: share_of(t, k, pore), "2011"),
        one("uniform-porosity", "pore_diameter_mm", lambda t: share_of(t, k, pore), "2012", length_mm=40),
        one("cluster-porosity", "diameter_mm", lambda t: float(cluster), "2013"),
        one("cluster-porosity", "pore_diameter_mm", small, "2013", diameter_mm=1),
        one("linear-porosity", "length_mm", length, "2014"),
        one("linear-porosity", "pore_diameter_mm", small, "2014", length_mm=0.5),
        one("elongated-cavity", "width_mm", small, "2015", length_mm=0.5),
        one("worm-hole", "length_mm", length, "2016"),
        one("worm-hole", "height_mm", small, "2016", length_mm=0.5),
        *(one(word, "length_mm", length, "301") for word in ("slag", "flux", "oxide", "inclusion", "wagon-tracks")),
        one("slag", "width_mm", small, "301", length_mm=0.5),
        one("tungsten", "length_mm", small, "304"),
        one("metallic-inclusion", "diameter_mm", small, "304"),
    ]
    if level == 3:
        rows += [
            one("shrinkage", "length_mm", lambda t: 25.0, "202"),
            one("shrinkage", "width_mm", small, "202", length_mm=0.5),
            one("crater-pipe", "length_mm", lambda t: share_of(t, 0.2, 2), "2024"),
            one("lack-of-fusion", "length_mm", lambda t: 25.0, "401"),
            one("lack-of-penetration", "length_mm", lambda t: 25.0, "402"),
        ]
    return rows


def surface_5817() -> list[Limit]:
    """Surface rows of ISO 5817: above 3 mm, and D, C below where a height is allowed."""
    thick, thin_ = tuple(t for t in SEAMS if t > 3), tuple(t for t in SEAMS if t <= 3)
    height: list[tuple[str, str, str, Callable[[float], float], tuple[float, ...]]] = [
        ("d", "undercut", "5011", lambda t: min(0.2 * t, 1.0), thick),
        ("c", "undercut", "5011", lambda t: min(0.1 * t, 0.5), thick),
        ("b", "intermittent-undercut", "5012", lambda t: min(0.05 * t, 0.5), thick),
        ("c", "undercut", "5011", lambda t: 0.1 * t, thin_),
        ("d", "root-concavity", "515", lambda t: min(0.2 * t, 2.0), thick),
        ("c", "root-concavity", "515", lambda t: min(0.1 * t, 1.0), thick),
        ("d", "root-concavity", "515", lambda t: 0.2 + 0.1 * t, thin_),
        ("d", "misalignment", "507", lambda t: min(0.25 * t, 5.0), thick),
        ("c", "misalignment", "507", lambda t: min(0.15 * t, 4.0), thick),
        ("b", "misalignment", "507", lambda t: min(0.1 * t, 3.0), thick),
        ("c", "incompletely-filled-groove", "511", lambda t: min(0.1 * t, 1.0), thick),
        ("c", "shrinkage-groove", "5013", lambda t: min(0.1 * t, 1.0), thick),
        ("d", "end-crater-pipe", "2025", lambda t: min(0.2 * t, 2.0), thick),
        ("c", "end-crater-pipe", "2025", lambda t: min(0.1 * t, 1.0), thick),
        ("c", "excess-weld-metal", "502", lambda t: min(1 + 0.15 * 12.0, 7.0), SEAMS),
        ("d", "excess-weld-metal", "502", lambda t: min(1 + 0.25 * 12.0, 10.0), SEAMS),
        ("b", "excess-weld-metal", "502", lambda t: min(1 + 0.1 * 12.0, 5.0), SEAMS),
    ]
    width = {"weld_width_mm": 12.0}
    rows = [
        Limit(f"iso-5817-{q}", label, "height_mm", most, n, {"length_mm": 0.3}, dict(width), ts)
        for q, label, n, most, ts in height
    ]
    pores = [("d", lambda t: min(0.3 * t, 3.0)), ("c", lambda t: min(0.2 * t, 2.0))]
    return rows + [
        Limit(f"iso-5817-{q}", "surface-pore", "diameter_mm", most, "2017", thicknesses=thick) for q, most in pores
    ]


def b31_3() -> list[Limit]:
    """Table 341.3.2: normal service and girth welds unless said; severe cyclic; category D."""
    pack, slim, severe = "asme-b31.3", {"width_mm": 0.1}, {"service": "severe-cyclic"}
    d_girth: dict[str, str | float] = {"service": "category-d", "weld": "girth"}

    def rounded(t: float) -> float:
        return isolated_4(t) * (1.5 if t > 6 else 1.0)

    def height(t: float) -> float:
        return 1.5 if t <= 6 else 3.0 if t <= 13 else 4.0 if t <= 25 else 5.0

    return [
        Limit(pack, "lack-of-penetration", "length_mm", lambda t: 38.0, "criterion B"),
        Limit(pack, "lack-of-penetration", "height_mm", lambda t: min(0.2 * t, 1.0), "criterion B", {"length_mm": 10}),
        Limit(pack, "lack-of-fusion", "length_mm", lambda t: 38.0, "criterion C", facts=d_girth),
        Limit(pack, "lack-of-fusion", "height_mm", lambda t: 0.2 * t, "criterion C", {"length_mm": 10}, d_girth),
        Limit(pack, "lack-of-penetration", "length_mm", lambda t: 38.0, "criterion C", facts=d_girth),
        Limit(pack, "slag", "length_mm", lambda t: 2 * t, "criterion G", slim),
        Limit(pack, "slag", "length_mm", lambda t: t / 3, "criterion F", {"width_mm": 0.05}, severe),
        Limit(pack, "porosity", "diameter_mm", rounded, "criterion E"),
        Limit(pack, "porosity", "diameter_mm", isolated_4, "criterion D", facts=severe),
        Limit(pack, "undercut", "height_mm", lambda t: min(1.0, t / 4), "criterion H"),
        Limit(pack, "undercut", "height_mm", lambda t: min(1.5, max(t / 4, 1.0)), "criterion I", facts=d_girth),
        Limit(pack, "excess-penetration", "height_mm", height, "criterion L"),
        Limit(
            pack,
            "excess-weld-metal",
            "height_mm",
            lambda t: 2 * height(t),
            "criterion M",
            facts={"service": "category-d"},
        ),
    ]


def api_1104() -> list[Limit]:
    pack, slim = "api-1104", {"width_mm": 1.0}
    big, tiny = {"outside_diameter_mm": 114.3}, {"outside_diameter_mm": 48.3}
    short = {"weld_length_mm": 200.0}
    darker = {"density_over_parent": 0.2}

    def flat(value: float) -> Callable[[float], float]:
        return lambda t: value

    return [
        Limit(pack, "lack-of-penetration", "length_mm", flat(25), "9.3.1"),
        Limit(pack, "lack-of-penetration", "length_mm", flat(16), "9.3.1", facts=dict(short)),
        Limit(pack, "lack-of-penetration-high-low", "length_mm", flat(50), "9.3.2"),
        Limit(pack, "lack-of-cross-penetration", "length_mm", flat(50), "9.3.3"),
        Limit(pack, "lack-of-fusion", "length_mm", flat(25), "9.3.4"),
        Limit(pack, "lack-of-fusion", "length_mm", flat(16), "9.3.4", facts=dict(short)),
        Limit(pack, "cold-lap", "length_mm", flat(50), "9.3.5"),
        Limit(pack, "cold-lap", "length_mm", flat(0.08 * 400), "9.3.5", facts={"weld_length_mm": 400.0}),
        Limit(pack, "burn-through", "length_mm", lambda t: min(6.0, t), "9.3.7", darker, dict(big)),
        Limit(pack, "root-concavity", "length_mm", lambda t: min(6.0, t), "9.3.6", darker, dict(big)),
        Limit(pack, "slag", "length_mm", flat(50), "9.3.8", slim, dict(big)),
        Limit(pack, "wagon-tracks", "length_mm", flat(50), "9.3.8", slim, dict(big)),
        Limit(
            pack, "slag", "length_mm", lambda t: 3 * t, "9.3.8", {"width_mm": 0.3}, dict(tiny), (2.0, 3.9, 6.0, 10.0)
        ),
        Limit(pack, "elongated-slag", "width_mm", flat(1.6), "9.3.8", {"length_mm": 20}),
        Limit(pack, "isolated-slag", "width_mm", flat(3), "9.3.8", {"length_mm": 4}),
        Limit(pack, "isolated-slag", "length_mm", flat(13), "9.3.8", facts=dict(big)),
        Limit(pack, "porosity", "diameter_mm", lambda t: min(3.0, t / 4), "9.3.9"),
        Limit(pack, "cluster-porosity", "diameter_mm", flat(13), "9.3.9"),
        Limit(pack, "cluster-porosity", "pore_diameter_mm", flat(2), "9.3.9", {"diameter_mm": 5}),
        Limit(pack, "hollow-bead", "length_mm", flat(13), "9.3.9"),
        Limit(pack, "crater-crack", "length_mm", flat(4), "9.3.10"),
        Limit(pack, "star-crack", "length_mm", flat(4), "9.3.10"),
        Limit(pack, "undercut", "length_mm", flat(50), "9.3.11"),
        Limit(pack, "undercut", "length_mm", flat(40), "9.3.11", facts={"weld_length_mm": 240.0}),
        Limit(pack, "undercut", "height_mm", lambda t: min(0.8, t / 8), "9.7.2", {"length_mm": 10}),
    ]


def asme_rows() -> Iterator[Limit]:
    """Pressure vessels, tests of welders, and the Army's classes."""
    yield from welds_51("asme-viii-uw-51", "UW-51(b)(2)", "Appendix 4")
    yield from welds_51("ufgs-15216n", "elongated", "A-250")
    yield from (row for row in welds_51("asme-viii-appendix-4", "", "Appendix 4") if row.measure == "diameter_mm")
    spot, nine, slim = "asme-viii-uw-52", "asme-ix-qw-191", {"width_mm": 0.1}
    for label in ("slag", "elongated-cavity"):
        yield Limit(spot, label, "length_mm", lambda t: min(19.0, max(6.0, 2 * t / 3)), "UW-52(c)(2)", slim)
    yield Limit(nine, "slag", "length_mm", lambda t: 3.0 if t <= 10 else t / 3 if t <= 57 else 19.0, "(a)(2)", slim)
    yield Limit(nine, "porosity", "diameter_mm", lambda t: min(0.2 * t, 3.0), "(b)(1)")
    for number, at_most in MIL.items():
        for label in ("porosity", "shrinkage", "slag", "tungsten", "surface-pore"):
            yield Limit(f"mil-hdbk-1890-class-{number}", label, "diameter_mm", at_most, f"class {number}")


def aws_rows() -> Iterator[Limit]:
    """Static: 2 E/3 to 20 mm, rounded E/3 to 6 mm (10 mm above 50 mm). Cyclic, tension: E/3 to 12 mm."""
    static, cyclic, slim, across = (
        "aws-d1.1-static",
        "aws-d1.1-cyclic",
        {"width_mm": 0.1},
        {"transverse_to_tension": "yes"},
    )
    for label in ("slag", "lack-of-fusion"):
        yield Limit(static, label, "length_mm", lambda t: min(2 * t / 3, 20.0), "Figure 8.1", slim)
        yield Limit(cyclic, label, "length_mm", lambda t: min(t / 3, 12.0), "Figure 8.2")
    yield Limit(static, "porosity", "diameter_mm", lambda t: 10.0 if t > 50 else min(t / 3, 6.0), "8.12.1(3)")
    yield Limit(static, "cluster-porosity", "pore_sum_mm", lambda t: min(2 * t / 3, 20.0), "8.12.1(4)")
    yield Limit(static, "linear-porosity", "pore_sum_mm", lambda t: t, "8.12.1(6)")
    yield Limit(static, "undercut", "height_mm", lambda t: 1.0 if t < 25 else 2.0, "Table 8.1 (7)")
    yield Limit(static, "surface-pore", "diameter_mm", lambda t: 10.0, "Table 8.1 (8)", thicknesses=(100.0,))
    yield Limit(cyclic, "porosity", "diameter_mm", lambda t: min(t / 3, 12.0), "Figure 8.2")
    yield Limit(cyclic, "surface-pore", "diameter_mm", lambda t: 2.5, "Table 8.1 (8)", thicknesses=(12.5, 30.0))
    yield Limit(cyclic, "undercut", "height_mm", lambda t: 1.0, "Table 8.1 (7)")
    yield Limit(cyclic, "intermittent-undercut", "depth_mm", lambda t: 1.0, "Table 8.1 (7)")
    yield Limit(cyclic, "undercut", "height_mm", lambda t: 0.25, "Table 8.1 (7)", facts=dict(across))


def key_rows() -> Iterator[Limit]:
    """A porosity key: the drawing gives the limits."""
    flat: dict[str, str | float] = {"pore_diameter_max_mm": 1.0, "porosity_area_max_percent": 5.0}
    area, volume = "porosity_area_percent", "porosity_volume_percent"
    for key in ("vdg-p201", "bdg-p202"):
        yield Limit(key, "gas-hole", "diameter_mm", lambda t: 1.0, "pore_diameter_max_mm", facts=flat)
        yield Limit(
            key, "shrinkage-sponge", area, lambda t: 5.0, "porosity_area_max_percent", {"diameter_mm": 0.5}, flat
        )
    three: dict[str, str | float] = {"pore_volume_max_mm3": 0.5, "porosity_volume_max_percent": 2.0}
    yield Limit("bdg-p203", "porosity", "volume_mm3", lambda t: 0.5, "pore_volume_max_mm3", facts=three)
    yield Limit("bdg-p203", "porosity", volume, lambda t: 2.0, "porosity_volume_max_percent", facts=three)
    long: dict[str, str | float] = {"pore_length_max_mm": 2.5}
    yield Limit("bdg-p203", "elongated-gas-porosity", "length_mm", lambda t: 2.5, "pore_length_max_mm", facts=long)


def all_limits() -> Iterator[Limit]:
    """Every sentence of every pack."""
    yield from asme_rows()
    yield from b31_3()
    yield from api_1104()
    for level in (1, 2, 3):
        for name in (f"iso-10675-1-level-{level}", f"iso-10675-1-level-{level}@2016", f"iacs-ur-w33-level-{level}"):
            yield from iso_rows(name, level, FEW if "-w33-" in name or "@" in name else SEAMS)
        yield from iso_rows(f"iso-5817-{'bcd'[level - 1]}", level, FEW)
    yield from surface_5817()
    yield from aws_rows()
    yield from key_rows()


ALWAYS_FORBIDDEN: dict[str, tuple[str, ...]] = {
    "french-arrete-1978": ("crack", "lack-of-fusion", "lack-of-penetration"),
    "french-arrete-1978-coefficient-0.85": ("crack", "lack-of-fusion", "lack-of-penetration"),
    "ufgs-15216n": ("crack", "crater-crack", "lack-of-fusion", "lack-of-penetration", "cold-lap"),
    "mil-hdbk-1890-class-1": ("crack", "lack-of-fusion", "lack-of-penetration"),
    "mil-hdbk-1890-class-2": ("crack", "lack-of-fusion", "lack-of-penetration"),
    "mil-hdbk-1890-class-3": ("crack", "lack-of-fusion", "lack-of-penetration"),
    "mil-hdbk-1890": ("crack", "lack-of-fusion"),
    "asme-viii-uw-51": ("crack", "lack-of-fusion", "lack-of-penetration", "incomplete-root-penetration"),
    "asme-viii-uw-52": ("crack", "lack-of-fusion", "lack-of-penetration"),
    "asme-viii-appendix-4": ("crack", "lack-of-fusion"),
    "asme-ix-qw-191": ("crack", "lack-of-fusion", "lack-of-penetration"),
    "asme-b31.3": ("crack", "crater-crack", "lack-of-fusion", "cold-lap"),
    "api-1104": ("crack", "longitudinal-crack", "transverse-crack"),
    "iso-10675-1-level-1": (
        "crack",
        "lack-of-fusion",
        "lack-of-penetration",
        "shrinkage",
        "crater-pipe",
        "copper-inclusion",
    ),
    "iso-10675-1-level-2": (
        "crack",
        "lack-of-fusion",
        "lack-of-penetration",
        "shrinkage",
        "crater-pipe",
        "copper-inclusion",
    ),
    "iso-10675-1-level-3": ("crack", "star-crack", "copper-inclusion"),
    "iso-5817-b": (
        "crack",
        "surface-pore",
        "end-crater-pipe",
        "overlap",
        "burn-through",
        "root-porosity",
        "poor-restart",
        "arc-strike",
    ),
    "iso-5817-c": (
        "crack",
        "overlap",
        "burn-through",
        "root-porosity",
        "poor-restart",
        "arc-strike",
        "copper-inclusion",
    ),
    "iso-5817-d": ("crack", "burn-through", "copper-inclusion"),
    "iacs-ur-w33": ("crack", "lack-of-fusion", "lack-of-penetration"),
    "iacs-ur-w33-level-1": ("crack", "lack-of-fusion"),
    "iacs-ur-w33-level-2": ("crack", "lack-of-fusion"),
    "iacs-ur-w33-level-3": ("crack",),
    "aws-d1.1-static": ("crack", "longitudinal-crack", "burn-through"),
    "aws-d1.1-cyclic": ("crack", "longitudinal-crack", "burn-through"),
    "vdg-p201": ("crack", "hot-tear", "cold-shut", "unfused-insert"),
    "bdg-p202": ("crack", "hot-tear", "cold-shut", "unfused-insert"),
    "bdg-p203": ("crack", "hot-tear", "cold-shut", "unfused-insert"),
}
"""Per pack, findings that are not allowed however small."""
