"""Displays: added, looked at, measured, due again; the log stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.equipment import actions_display as actions
from kerma.areas.equipment import queries_display as queries
from kerma.areas.equipment import rules_display as rules
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel

SEEN = {row["id"]: True for row in rules.questions()}
GOOD = [0.9, 2.0, 3.5, 5.7, 8.8, 12.9, 18.3, 25.4, 34.5, 46.2, 61.0, 79.8, 103.5, 133.3, 170.7, 217.6, 276.3, 350.0]


@pytest.fixture
def left(kernel: Kernel, actor: Actor) -> int:
    return actions.add_display(kernel, actor, name="Room 2, left", category="diagnostic", serial_number="A-17")


def states(kernel: Kernel) -> dict[str, str]:
    with kernel.database.read() as connection:
        [shown] = queries.displays(connection, kernel.clock.now())
    return {one.kind: one.state for one in shown["standings"]}


def check(kernel: Kernel, actor: Actor, display_id: int, **given: object) -> int:
    kind = "look" if "answers" in given else "measure"
    return actions.check_display(kernel, actor, display_id=display_id, kind=kind, given={"ambient_cd_m2": 0.1, **given})


def test_a_display_is_good_for_a_while_then_due_again(kernel: Kernel, actor: Actor, clock: object, left: int) -> None:
    assert states(kernel) == {"look": "never", "measure": "never"}
    check(kernel, actor, left, answers=SEEN)
    check(kernel, actor, left, readings_cd_m2=GOOD)
    assert states(kernel) == {"look": "good", "measure": "good"}
    clock.advance(seconds=86_400)
    assert states(kernel) == {"look": "due", "measure": "good"}
    clock.advance(seconds=364 * 86_400)
    assert states(kernel) == {"look": "due", "measure": "due"}


def test_what_is_not_seen_fails_and_the_reader_is_told(kernel: Kernel, actor: Actor, left: int) -> None:
    check(kernel, actor, left, answers=SEEN | {"dark": False}, note="5 % patch gone")
    check(kernel, actor, left, readings_cd_m2=[value / 3 for value in GOOD])
    with kernel.database.read() as connection:
        [shown] = queries.displays(connection, kernel.clock.now())
        measured, looked = queries.checks(connection, left)
    assert "failed when it was looked at" in shown["warning"] and "failed when it was measured" in shown["warning"]
    assert looked["document"]["failed"] == ["dark"] and looked["document"]["note"] == "5 % patch gone"
    assert measured["document"]["measurement"]["values"]["luminance_max_cd_m2"] == pytest.approx(350 / 3 + 0.1)


@pytest.mark.parametrize(
    ("kind", "wrong", "says"),
    [
        ("look", {"answers": {}}, "every question"),
        ("look", {"answers": SEEN | {"colour": True}}, "colour"),
        ("measure", {"readings_cd_m2": [1, 2]}, "2 levels"),
        ("measure", {"readings_cd_m2": GOOD[::-1]}, "must rise"),
        ("guess", {}, "look or measure"),
    ],
)
def test_a_check_that_does_not_fit_leaves_nothing(
    kernel: Kernel, actor: Actor, left: int, kind: str, wrong: dict, says: str
) -> None:
    with pytest.raises(WrongUsage, match=says):
        actions.check_display(kernel, actor, display_id=left, kind=kind, given={"ambient_cd_m2": 0.0, **wrong})
    with kernel.database.read() as connection:
        assert queries.checks(connection, left) == [] and queries.newest_check(connection, left) is None


def test_names_are_of_one_display_until_it_is_retired(kernel: Kernel, actor: Actor, left: int) -> None:
    with pytest.raises(Conflict, match="already"):
        actions.add_display(kernel, actor, name=" Room 2, left ", category="ndt")
    with pytest.raises(WrongUsage, match="category"):
        actions.add_display(kernel, actor, name="Room 3", category="cinema")
    number = check(kernel, actor, left, answers=SEEN)
    actions.retire_display(kernel, actor, display_id=left)
    with pytest.raises(NotFound):
        check(kernel, actor, left, answers=SEEN)
    again = actions.add_display(kernel, actor, name="Room 2, left", category="ndt")
    with kernel.database.read() as connection:
        assert [row["id"] for row in queries.checks(connection, left)] == [number]
        assert queries.checks(connection, again) == []


@given(hours=st.floats(0, 24 * 800))
def test_once_due_it_stays_due(hours: float) -> None:
    from datetime import UTC, datetime, timedelta

    at = datetime(2026, 1, 1, tzinfo=UTC)
    now = at + timedelta(hours=hours)
    for kind in ("look", "measure"):
        first = rules.standing(kind, "diagnostic", ("pass", at), now).state
        later = rules.standing(kind, "diagnostic", ("pass", at), now + timedelta(hours=1)).state
        assert (first, later) in {("good", "good"), ("good", "due"), ("due", "due")}
        assert rules.standing(kind, "diagnostic", ("fail", at), now).state == "failed"
