"""Declared goods: which are known, and the hull of several."""

import math

import numpy as np
import pytest
from tests.science.detect.test_manifest import DEPTH_MM, MEV, cargo

from kerma.errors import WrongUsage
from kerma.science.detect import detect
from kerma.science.detect.declared import Declared, goods_of, limits_of, split
from kerma.science.detect.manifest import UNTOLD, hold

HERE = (64, 80, 128, 160)


@pytest.mark.parametrize(
    ("written", "goods"),
    [
        ("Steel", "steel"),
        (" 72 ", "steel"),
        ("7208.51", "steel"),
        ("0901 21", "food"),
        ("7", "food"),
        ("39", "plastics"),
    ],
)
def test_goods_are_known_by_name_chapter_and_code(written: str, goods: str) -> None:
    assert goods_of(written)["goods"] == goods


@pytest.mark.parametrize("written", ["", "unicorns", "01", "99", "-72", "²"])
def test_what_no_row_takes_in_is_refused_by_name(written: str) -> None:
    with pytest.raises(WrongUsage, match=f"nothing is known of '{written}'"):
        goods_of(written)


def test_one_good_has_its_own_limits_however_often_it_is_named() -> None:
    paper = limits_of(["paper"])
    assert (paper.z, paper.density_g_cm3, paper.most_variation) == ((5.0, 9.0), (0.2, 1.0), 0.45)
    assert limits_of(["48", "paper"]) == paper


def test_several_goods_have_the_hull_of_their_limits() -> None:
    both, paper, steel = limits_of(["paper", "steel"]), limits_of(["paper"]), limits_of(["steel"])
    assert both.z == (paper.z[0], steel.z[1]) and both.density_g_cm3 == (0.2, 5.0)
    assert limits_of(["steel", "paper"]) == both
    with pytest.raises(WrongUsage, match="no goods are declared"):
        limits_of([])


def test_shares_of_two_densities_are_never_less_even_than_the_limit_says() -> None:
    light, dense = 0.6, 2.7  # the middles of paper and steel
    share = np.linspace(0.0, 1.0, 1001)
    mean = share * dense + (1 - share) * light
    spread = np.sqrt(share * (dense - light) ** 2 + 0.0 - (mean - light) ** 2) / mean
    greatest = float(np.nanmax(spread))
    assert limits_of(["paper", "steel"]).most_variation == pytest.approx(math.hypot(0.8, greatest), abs=1e-4)


def test_a_mixed_load_agrees_with_both_goods_and_contradicts_each() -> None:
    """Cartons of paper beside bundles of steel: 40 and 200 g/cm² at 800 mm."""
    image = cargo(("water", 36.0, (64, 80, 128, 80)), ("iron", 150.0, (64, 160, 128, 80)))
    at = {"depth_mm": DEPTH_MM, "end_point_mev": MEV}
    both = detect("manifest", image, declared="paper, 72", **at)
    assert {one.label for one in both} == {UNTOLD}
    alone = detect("manifest", image, declared="paper", **at)
    assert {"denser-piece", "denser-than-declared", "less-even-than-declared"} <= {one.label for one in alone}
    light = detect("manifest", image, declared="textiles,paper", **at)
    (piece,) = [one for one in light if one.label == "denser-piece"]
    assert piece.box.as_json() == pytest.approx([64, 160, 128, 80], abs=8)
    assert "more than the densest of the declared goods" in piece.note


def test_what_contradicts_says_measured_against_declared_limits_and_the_untold_is_apart() -> None:
    image = cargo(("water", 80.0, HERE))
    held = hold(image, Declared(("textiles",), DEPTH_MM, MEV))
    (dense,) = [one for one in held.contradictions if one.code == "density_g_cm3"]
    assert dense.note.startswith("density is 1.09 g/cm³; declared goods have 0.05 to 0.5 g/cm³")
    assert dense.as_json()["note"] == dense.note
    assert [one.code for one in held.findings if one not in held.contradictions] == ["z_effective"]
    (why,) = held.untold
    assert why.startswith("effective number cannot be told")


def test_goods_are_parted_by_commas() -> None:
    assert split(" paper, 72 ,,steel ") == ("paper", "72", "steel")
    with pytest.raises(WrongUsage, match="no goods are declared"):
        detect("manifest", cargo(("water", 40.0, HERE)), declared=" , ", end_point_mev=MEV)
