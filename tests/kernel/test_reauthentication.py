"""Stating the password again: right, wrong, too often, by whom it may be done."""

from __future__ import annotations

import pytest

from films import Archive
from kerma.areas.people.actions import create_person
from kerma.errors import NotAllowed, TooManyRequests
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock, text
from kerma.kernel.identity import actor_of_person, service
from kerma.kernel.reauthentication import confirm

PASSWORD = "blue giraffe 41 crossing"


@pytest.fixture
def anna(kernel: Kernel, quick_hashes: None) -> Actor:
    made = create_person(kernel, service("test", "*"), login="anna", name="Anna", password=PASSWORD, roles=("analyst",))
    with kernel.database.read() as connection:
        return actor_of_person(connection, made)


def test_the_right_password_gives_the_moment(kernel: Kernel, anna: Actor, clock: HeldClock) -> None:
    assert confirm(kernel, anna, PASSWORD, "::1") == text(clock.now())
    (record,) = Archive(kernel, anna).records("identity.confirm")
    assert record["details"]["is_right"] is True
    assert record["actor"] == anna.key


def test_a_wrong_password_is_refused_recorded_and_slowed_down(kernel: Kernel, anna: Actor, clock: HeldClock) -> None:
    tries = kernel.settings.sign_in_per_account
    for _ in range(tries):
        with pytest.raises(NotAllowed, match="nothing was signed"):
            confirm(kernel, anna, "wrong", "::1")
    with pytest.raises(TooManyRequests):
        confirm(kernel, anna, PASSWORD, "::1")
    clock.advance(3600)
    confirm(kernel, anna, PASSWORD, "::1")
    records = Archive(kernel, anna).records("identity.confirm")
    assert [one["details"]["is_right"] for one in records] == [False] * tries + [True]
    assert PASSWORD not in str(records)


def test_programs_cannot_sign(kernel: Kernel, quick_hashes: None) -> None:
    for actor in (service("cli", "*"), Actor("token", "1", "a viewer", frozenset({"*"}))):
        with pytest.raises(NotAllowed, match="only a person"):
            confirm(kernel, actor, PASSWORD, "::1")
