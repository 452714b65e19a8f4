"""Exams go to people of their site and language as an industry's policy has it; what nobody can take is told."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import exams
import item_rules
from item_rules import come, items_of
from kerma.areas.people import actions as people
from kerma.areas.people.rules_posting import Posting
from kerma.areas.worklist import actions, actions_levels, actions_next, actions_rules, queries_matching
from kerma.areas.worklist.model import item
from kerma.areas.worklist.queries_matching import Stuck
from kerma.areas.worklist.rules_items import Rule
from kerma.areas.worklist.rules_matching import IGNORE, MODES, PREFER, REQUIRE, Matching, lacks, matching_of
from kerma.areas.worklist.rules_next import Reader
from kerma.errors import Conflict, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.identity_model import person, person_role

NORTH, SOUTH = Posting(("Hôpital Nord",), ("fr",)), Posting(("SUD",), ("de", "fr"))


@pytest.fixture
def room(kernel: Kernel, actor: Actor) -> Kernel:
    """People 2 (north) and 3 (south), who are analysts, and 4, who is anywhere and is none."""
    made = item_rules.listening(kernel)
    with made.database.write() as connection:
        for number in (2, 3, 4):
            row = {"login": f"p{number}", "login_folded": f"p{number}", "name": f"P {number}", "created_at": exams.AT}
            connection.execute(sa.insert(person).values(id=number, **row))
        for number in (2, 3):
            connection.execute(sa.insert(person_role).values(person_id=number, role="analyst"))
    for number, where in ((2, NORTH), (3, SOUTH)):
        people.set_posting(made, actor, person_id=number, where=where)
    return made


def policy(kernel: Kernel, actor: Actor, site: str = IGNORE, language: str = IGNORE, industry: str = "medical") -> None:
    actions_rules.set_matching(kernel, actor, industry=industry, policy=Matching(site, language))


def waits(kernel: Kernel, actor: Actor, institution: str = "", industry: str = "medical", **facts: str) -> int:
    exam_pk = come(kernel, actor, industry=industry, institution=institution, **facts)
    return int(items_of(kernel, exam_pk)[0]["id"])


def stuck(kernel: Kernel) -> list[Stuck]:
    with kernel.database.read() as connection:
        return queries_matching.stuck(connection)


WORDS = st.sampled_from(("", "a", "b", "c"))


@given(WORDS, WORDS, st.lists(WORDS.filter(bool)), st.sampled_from(MODES), st.sampled_from(MODES))
def test_only_what_is_required_and_said_keeps_an_exam_from_a_person(
    site: str, language: str, own: list[str], of_site: str, of_language: str
) -> None:
    found = lacks(Posting(tuple(own), tuple(own)), Matching(of_site, of_language), site, language)
    assert (f"site {site}" in found) == (of_site == REQUIRE and bool(site) and bool(own) and site not in own)
    expected = of_language == REQUIRE and bool(language) and bool(own) and language not in own
    assert (f"language {language}" in found) == expected


def test_a_site_is_the_same_whatever_its_letters() -> None:
    assert lacks(NORTH, Matching(site=REQUIRE), "HOPITAL NORD", "") == []
    assert lacks(NORTH, Matching(site=REQUIRE), "HOPITAL SUD", "") == ["site HOPITAL SUD"]
    assert matching_of("ndt", [{"industry": "medical", "site": REQUIRE, "language": IGNORE}]) == Matching()


def test_without_a_policy_everybody_is_handed_everything(room: Kernel, actor: Actor) -> None:
    first, second = waits(room, actor, "Hôpital Nord"), waits(room, actor, "Sud")
    assert [actions_next.take_next(room, exams.person(3)) for _ in range(2)] == [first, second]


def test_what_is_required_is_handed_to_and_claimed_by_those_of_the_site(
    room: Kernel, actor: Actor, clock: HeldClock
) -> None:
    policy(room, actor, site=REQUIRE)
    north = waits(room, actor, "HOPITAL NORD")
    clock.advance(1)
    nowhere = waits(room, actor)
    clock.advance(1)
    other_industry = waits(room, actor, "HOPITAL NORD", industry="ndt")
    south = exams.person(3)
    assert [actions_next.take_next(room, south) for _ in range(3)] == [nowhere, other_industry, None]
    with pytest.raises(Conflict, match=r"for others \(site HOPITAL NORD\)"):
        actions.claim(room, south, item_id=north)
    assert actions_next.take_next(room, exams.person(2)) == north


def test_what_is_assigned_is_theirs_whatever_its_site(room: Kernel, actor: Actor) -> None:
    policy(room, actor, site=REQUIRE)
    claimed, handed = waits(room, actor, "Hôpital Nord"), waits(room, actor, "Hôpital Nord")
    for one in (claimed, handed):
        actions_next.assign(room, actor, item_id=one, person_key="person:3")
    actions.claim(room, exams.person(3), item_id=claimed)
    assert actions_next.take_next(room, exams.person(3)) == handed


def test_what_is_preferred_comes_first_within_its_priority_and_holds_up_nothing(
    room: Kernel, actor: Actor, clock: HeldClock
) -> None:
    policy(room, actor, site=PREFER, language=PREFER)
    actions_rules.set_rules(
        room,
        actor,
        rules=(Rule("acute", kind="acute", urgency="stat"), Rule("german", kind="german", language="de"), Rule("all")),
    )
    order = []
    for institution, description in (("Sud", ""), ("Sud", "german"), ("Hôpital Nord", ""), ("Sud", "acute")):
        order.append(waits(room, actor, institution, description=description))
        clock.advance(1)
    south, south_german, north, acute = order
    handed = [actions_next.take_next(room, exams.person(2)) for _ in range(5)]
    # what is urgent first, wherever it is from; then what is of the north; what is neither comes last
    assert handed == [acute, north, south, south_german, None]


def test_preferring_finds_its_way_through_many_pages(room: Kernel, actor: Actor) -> None:
    policy(room, actor, site=PREFER)
    theirs = [waits(room, actor, "Sud") for _ in range(12)]
    own = [waits(room, actor, "Hôpital Nord") for _ in range(12)]
    assert [actions_next.take_next(room, exams.person(2)) for _ in range(24)] == own + theirs


def test_languages_of_requests_are_matched(room: Kernel, actor: Actor) -> None:
    policy(room, actor, language=REQUIRE)
    actions_rules.set_rules(room, actor, rules=(Rule("german", kind="german", language="de"), Rule("all")))
    german = waits(room, actor, description="german")
    assert actions_next.take_next(room, exams.person(2)) is None
    with pytest.raises(Conflict, match="language de"):
        actions.claim(room, exams.person(2), item_id=german)
    assert actions_next.take_next(room, exams.person(3)) == german


def test_a_policy_of_words_that_there_are_not_is_refused(room: Kernel, actor: Actor) -> None:
    with pytest.raises(WrongUsage, match="site is 'demand'"):
        policy(room, actor, site="demand")
    with pytest.raises(WrongUsage, match="no industry 'zoo'"):
        policy(room, actor, industry="zoo")


def test_what_nobody_in_service_can_take_is_told_with_what_is_lacking(room: Kernel, actor: Actor) -> None:
    policy(room, actor, site=REQUIRE, language=REQUIRE)
    waits(room, actor, "Hôpital Nord")
    assert stuck(room) == []
    east = [waits(room, actor, "Ost") for _ in range(2)]
    actions_levels.set_skill(room, actor, industry="ndt", skill="RT-3")
    weld = waits(room, actor, industry="ndt")
    found = stuck(room)
    assert [(one.industry, one.lacking, one.exams) for one in found] == [
        ("medical", ("site Ost",), 2), ("ndt", ("skill RT-3",), 1),
    ]  # fmt: skip
    with room.database.read() as connection:
        numbers = {row.id: row.exam_pk for row in connection.execute(sa.select(item.c.id, item.c.exam_pk))}
    assert [one.exam_pk for one in found] == [numbers[east[0]], numbers[weld]]
    actions_levels.set_reader(room, actor, person_key="person:2", profile=Reader(skills=("RT-3",)))
    people.set_posting(room, actor, person_id=3, where=Posting(("Ost",)))
    assert stuck(room) == []
    people.disable(room, actor, person_id=2)
    assert [one.lacking for one in stuck(room)] == [("site Hôpital Nord",), ("skill RT-3",)]


def test_each_thing_may_be_there_and_yet_in_nobody_at_once(room: Kernel, actor: Actor) -> None:
    policy(room, actor, site=REQUIRE)
    actions_rules.set_rules(room, actor, rules=(Rule("all", skill="heart"),))
    actions_levels.set_reader(room, actor, person_key="person:3", profile=Reader(skills=("heart",)))
    waits(room, actor, "Hôpital Nord")
    assert [one.lacking for one in stuck(room)] == [()]


def test_what_is_assigned_to_somebody_who_left_is_told(room: Kernel, actor: Actor) -> None:
    one = waits(room, actor)
    actions_next.assign(room, actor, item_id=one, person_key="person:2")
    assert stuck(room) == []
    people.disable(room, actor, person_id=2)
    assert [found.lacking for found in stuck(room)] == [("the person it is assigned to",)]
    people.disable(room, actor, person_id=3)
    waits(room, actor)
    assert ("anybody who may claim exams",) in [found.lacking for found in stuck(room)]
