"""What a person sets for themselves: kept per person, replaced by the next, bounded, and nobody else's."""

import pytest

from kerma.areas.people import actions, queries
from kerma.areas.people.rules_preferences import MAX_BYTES, PREFERENCES
from kerma.errors import NotAllowed, NotFound, TooLarge
from kerma.kernel.action import Actor, Kernel

pytestmark = pytest.mark.usefixtures("quick_hashes")
PASSWORD = "blue giraffe 41 crossing"


@pytest.fixture
def people(kernel: Kernel, actor: Actor) -> list[Actor]:
    numbers = [
        actions.create_person(kernel, actor, login=name, name=name, password=PASSWORD, roles=["analyst"])
        for name in ("ann", "bob")
    ]
    return [Actor("person", str(number), "Test", ("people.prefer",)) for number in numbers]


def kept(kernel: Kernel, who: Actor) -> dict:
    with kernel.database.read() as connection:
        return queries.preferences(connection, int(who.id))


def test_each_person_has_their_own_and_the_last_one_set_is_kept(kernel: Kernel, people: list[Actor]) -> None:
    ann, bob = people
    actions.prefer(kernel, ann, name="display", value={"theme": "light"})
    actions.prefer(kernel, ann, name="keys", value={"keymap": "PACS"})
    actions.prefer(kernel, ann, name="display", value={"theme": "contrast", "brightness": 0.5})
    assert kept(kernel, ann) == {"display": {"theme": "contrast", "brightness": 0.5}, "keys": {"keymap": "PACS"}}
    assert kept(kernel, bob) == {}


def test_what_is_unknown_too_large_or_not_a_persons_is_refused(kernel: Kernel, people: list[Actor]) -> None:
    ann = people[0]
    with pytest.raises(NotFound, match="there are display"):
        actions.prefer(kernel, ann, name="colour", value={})
    with pytest.raises(TooLarge, match="at most 65536"):
        actions.prefer(kernel, ann, name="views", value="x" * MAX_BYTES)
    with pytest.raises(NotAllowed, match="only people"):
        actions.prefer(kernel, Actor("token", "1", "script", ("people.prefer",)), name="keys", value={})
    assert kept(kernel, ann) == {}


def test_every_kind_of_preference_says_what_it_is() -> None:
    assert all(PREFERENCES.values())
