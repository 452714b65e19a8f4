"""Where a finding lies: by its box, by what a film reader writes, or nowhere; and facts that rows ask for."""

from __future__ import annotations

import pytest

from kerma.errors import WrongUsage
from kerma.science.imaging.image import Spacing
from kerma.science.judge.conditions import Conditions, NotJudgedError
from kerma.science.judge.facts import clauses_of, facts_of, state
from kerma.science.judge.places import IMAGE, WELD, Placed, has_place, laid_out, placed
from kerma.science.results import NO_BOX, Box, Finding
from planted import PERSON

SCALED = Spacing(0.2, 0.1, "calibrated")


def finding(box: Box = NO_BOX, **measured: float) -> Finding:
    return Finding("1", "", "slag", box, PERSON, measurements=measured)


def edges(item: Placed) -> tuple[float, float, float, float]:
    return item.start_mm, item.end_mm, item.top_mm, item.bottom_mm


def test_a_box_lies_where_its_pixels_are() -> None:
    boxed = finding(Box(10, 100, 5, 40))
    along_columns = placed(boxed, 1.0, Conditions(spacing=SCALED))
    assert edges(along_columns) == pytest.approx((10, 14, 2, 3))
    assert along_columns.strip == IMAGE
    down = placed(boxed, 1.0, Conditions(spacing=SCALED, axis="row"))
    assert edges(down) == pytest.approx((2, 3, 10, 14))
    on_weld = placed(boxed, 1.0, Conditions(spacing=SCALED, weld_start_mm=300.0, weld_offset_mm=-5.0))
    assert edges(on_weld) == pytest.approx((310, 314, -3, -2))
    assert on_weld.strip == WELD


def test_a_box_without_a_scale_asks_for_one() -> None:
    with pytest.raises(NotJudgedError, match="spacing_mm"):
        placed(finding(Box(10, 100, 5, 40)), 1.0, Conditions())


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"start_mm": 20, "length_mm": 4, "width_mm": 1, "offset_mm": 3}, (20, 24, 3, 4)),
        ({"start_mm": 20, "diameter_mm": 2}, (20, 22, 0, 2)),
        ({"start_mm": 20, "end_mm": 15, "offset_mm": -2, "offset_end_mm": 2}, (15, 20, -2, 2)),
        ({"start_mm": -20}, (-20, -20, 0, 0)),
    ],
)
def test_a_film_reader_writes_nearer_edges(measured: dict[str, float], expected: tuple[float, ...]) -> None:
    lies = placed(finding(**measured), 1.0, Conditions())
    assert edges(lies) == pytest.approx(expected)
    assert lies.strip == WELD


def test_what_is_written_down_is_taken_before_the_box() -> None:
    both = finding(Box(10, 100, 5, 40), start_mm=500, length_mm=4)
    assert placed(both, 1.0, Conditions(spacing=SCALED)).start_mm == 500


def test_a_finding_without_a_place_stands_alone() -> None:
    lost = finding(length_mm=4)
    assert placed(lost, 4.0, Conditions()).strip is None
    assert not has_place(lost)
    assert laid_out([lost], Conditions()) == [lost]


def test_laying_out_writes_the_same_place_down() -> None:
    given = Conditions(spacing=SCALED, weld_start_mm=300.0)
    boxed = finding(Box(10, 100, 5, 40), length_mm=4.5)
    (laid,) = laid_out([boxed], given)
    assert edges(placed(laid, 1.0, Conditions())) == pytest.approx(edges(placed(boxed, 1.0, given)))
    assert laid.measurements["length_mm"] == 4.5


@pytest.mark.parametrize(
    ("when", "facts", "holds"),
    [
        ("joint=butt", "joint=butt", True),
        ("joint=butt", "joint=BUTT", True),
        ("joint=butt", "joint=fillet", False),
        ("joint!=butt", "joint=fillet", True),
        ("joint=butt", "", None),
        ("class=2", "class=2.0", True),
        ("angle_deg>=60", "angle_deg=60", True),
        ("angle_deg>60", "angle_deg=60", False),
        ("angle_deg<60", "angle_deg=steep", None),
        ("thickness_mm<=12", "", True),
        ("joint=butt thickness_mm>12", "", False),
        ("joint=butt thickness_mm<=12", "", None),
    ],
)
def test_a_row_is_in_force_where_all_it_asks_holds(when: str, facts: str, holds: bool | None) -> None:
    found, unsaid = state(clauses_of(when), Conditions(thickness_mm=12.0, facts=facts_of(facts)))
    assert found is holds
    assert bool(unsaid) or holds is not None


@pytest.mark.parametrize("words", ["joint", "joint==butt", "=butt", "Joint=butt", "joint=", "a>b"])
def test_what_is_no_condition_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="condition|number"):
        clauses_of(words)
    with pytest.raises(WrongUsage):
        facts_of(words)
