import time

import pytest
import sqlalchemy as sa

from kerma.areas.people import actions as people
from kerma.errors import NotAllowed, NotFound, NotSignedIn, TooManyRequests
from kerma.kernel import identity, passwords
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.ledger_tables import ledger_record

PASSWORD = "blue giraffe 41 crossing"


pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def ann(kernel: Kernel, actor: Actor) -> int:
    return people.create_person(
        kernel, actor, login="Ann", name="Ann Example", password=PASSWORD, roles=["administrator", "analyst"]
    )


def records(kernel: Kernel) -> str:
    with kernel.database.read() as connection:
        return "\n".join(connection.scalars(sa.select(ledger_record.c.body)))


def test_sign_in_gives_a_person_with_the_permissions_of_the_roles(kernel: Kernel, ann: int) -> None:
    begun = identity.sign_in(kernel, " ann ", PASSWORD, "10.0.0.1")
    actor = identity.actor_of_session(kernel, begun.token)
    assert (actor.kind, actor.id, actor.name) == ("person", str(ann), "Ann Example")
    assert "*" in actor.permissions


def test_the_token_is_long_and_nowhere_stored_nor_shown(kernel: Kernel, ann: int) -> None:
    begun = identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1")
    assert len(begun.token) * 6 >= 256
    assert begun.token not in repr(begun)
    with kernel.database.read() as connection:
        stored = [str(tuple(row)) for row in connection.execute(sa.select(identity.session))]
    assert begun.token not in stored[0] and identity.sha256(begun.token) in stored[0]
    assert begun.token not in records(kernel)


def test_each_sign_in_has_a_token_of_its_own_and_ends_the_one_it_replaces(kernel: Kernel, ann: int) -> None:
    first = identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1")
    second = identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1", replaces=first.token)
    assert first.token != second.token
    with pytest.raises(NotSignedIn):
        identity.actor_of_session(kernel, first.token)
    assert identity.actor_of_session(kernel, second.token).id == str(ann)


def test_wrong_password_unknown_login_and_disabled_account_read_the_same(
    kernel: Kernel, actor: Actor, ann: int
) -> None:
    bob = people.create_person(kernel, actor, login="bob", name="Bob", password=PASSWORD)
    people.disable(kernel, actor, person_id=bob)
    said = set()
    for login, password in [("ann", "not the password"), ("nobody", PASSWORD), ("bob", PASSWORD)]:
        with pytest.raises(NotSignedIn) as refused:
            identity.sign_in(kernel, login, password, "10.0.0.1")
        said.add(str(refused.value))
    assert len(said) == 1
    assert records(kernel).count('"action":"identity.sign_in_failed"') == 3


def test_unknown_login_takes_as_long_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    passwords._nobodys.cache_clear()
    stored = passwords.hash_password(PASSWORD)
    passwords.is_right(None, PASSWORD)

    def least_s(kept: str | None) -> float:
        """Processor time, the least of some: what else this machine does is no part of it."""
        times = []
        for _ in range(4):
            start = time.process_time()
            passwords.is_right(kept, "wrong")
            times.append(time.process_time() - start)
        return min(times)

    known_s, unknown_s = least_s(stored), least_s(None)
    assert 0.5 < known_s / unknown_s < 2
    assert known_s > 0.02


def test_idle_and_absolute_limits(kernel: Kernel, clock: HeldClock, ann: int) -> None:
    begun = identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1")
    for _ in range(int(kernel.settings.session_absolute_s // 1200) - 1):
        clock.advance(1200)
        identity.actor_of_session(kernel, begun.token)
    clock.advance(1201)
    with pytest.raises(NotSignedIn, match="12 h"):
        identity.actor_of_session(kernel, begun.token)
    again = identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1")
    clock.advance(kernel.settings.session_idle_s)
    with pytest.raises(NotSignedIn, match="30 min"):
        identity.actor_of_session(kernel, again.token)


def test_signing_out_disabling_and_a_new_password_end_sessions(kernel: Kernel, actor: Actor, ann: int) -> None:
    bob = people.create_person(kernel, actor, login="bob", name="Bob", password=PASSWORD)

    def still_in(token: str) -> bool:
        try:
            identity.actor_of_session(kernel, token)
        except NotSignedIn:
            return False
        return True

    def begin() -> list[str]:
        return [identity.sign_in(kernel, "bob", PASSWORD, "10.0.0.1").token for _ in range(2)]

    one, two = begin()
    identity.sign_out(kernel, one)
    assert (still_in(one), still_in(two)) == (False, True)
    people.set_password(kernel, actor, person_id=bob, password="another 77 plain sentence")
    assert not still_in(two)
    people.set_password(kernel, actor, person_id=bob, password=PASSWORD)
    one, two = begin()
    people.disable(kernel, actor, person_id=bob)
    assert (still_in(one), still_in(two)) == (False, False)


def test_own_sessions_are_listed_and_ended_but_nobody_elses(kernel: Kernel, actor: Actor, ann: int) -> None:
    bob = people.create_person(kernel, actor, login="bob", name="Bob", password=PASSWORD)
    desk = identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1", "Desk")
    lane = identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.2", "Lane")
    other = identity.sign_in(kernel, "bob", PASSWORD, "10.0.0.3")
    assert [row["user_agent"] for row in identity.sessions_of(kernel, ann)] == ["Lane", "Desk"]
    with pytest.raises(NotFound):
        identity.end_own_session(kernel, desk.actor, other.id)
    identity.end_own_session(kernel, desk.actor, lane.id)
    with pytest.raises(NotSignedIn):
        identity.actor_of_session(kernel, lane.token)
    assert len(identity.sessions_of(kernel, bob)) == 1


def fail(kernel: Kernel, address: str, login: str = "ann") -> None:
    with pytest.raises(NotSignedIn):
        identity.sign_in(kernel, login, "wrong password", address)


def test_failures_slow_the_account_down_but_never_lock_it(kernel: Kernel, clock: HeldClock, ann: int) -> None:
    for number in range(5):
        fail(kernel, f"10.9.0.{number}")
    waits = []
    for number in range(6):
        with pytest.raises(TooManyRequests) as refused:
            identity.sign_in(kernel, "ann", PASSWORD, f"10.9.1.{number}")
        waits.append(refused.value.retry_after_s)
        clock.advance(refused.value.retry_after_s)
        fail(kernel, f"10.9.2.{number}")
    assert waits == sorted(waits) and waits[0] == 60 and waits[-1] == 300
    clock.advance(300)
    assert identity.sign_in(kernel, "ann", PASSWORD, "10.9.3.1").actor.id == str(ann)


def test_an_attacker_elsewhere_cannot_keep_a_person_from_the_usual_place(kernel: Kernel, ann: int) -> None:
    identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1")
    for number in range(5):
        fail(kernel, f"10.9.0.{number}")
    with pytest.raises(TooManyRequests):
        identity.sign_in(kernel, "ann", PASSWORD, "10.9.0.9")
    assert identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1").actor.id == str(ann)


def test_an_address_may_try_twenty_times_a_minute_over_all_accounts(kernel: Kernel, clock: HeldClock, ann: int) -> None:
    for number in range(20):
        fail(kernel, "10.9.0.1", f"guess-{number}")
        clock.advance(1)
    with pytest.raises(TooManyRequests) as refused:
        identity.sign_in(kernel, "ann", PASSWORD, "10.9.0.1")
    assert refused.value.retry_after_s == pytest.approx(40)
    clock.advance(40)
    assert identity.sign_in(kernel, "ann", PASSWORD, "10.9.0.1").actor.id == str(ann)


def test_what_was_typed_as_login_is_not_kept_in_clear(kernel: Kernel, ann: int) -> None:
    fail(kernel, "10.0.0.1", "my secret typed in the wrong box")
    with kernel.database.read() as connection:
        kept = [str(tuple(row)) for row in connection.execute(sa.select(identity.login_attempt))]
    assert len(kept) == 1 and "secret" not in kept[0]


def test_names_and_addresses_never_reach_the_ledger(kernel: Kernel, actor: Actor, ann: int) -> None:
    identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1", "Browser 7")
    fail(kernel, "10.0.0.2")
    people.create_token(kernel, actor, name="line-3", role="engineer")
    written = records(kernel)
    assert "people.create_person" in written
    for word in ("Ann", "10.0.0", "Browser", "line-3", PASSWORD):
        assert word not in written


def test_a_hash_of_old_parameters_is_made_anew_at_sign_in(
    kernel: Kernel, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    stronger = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: stronger)
    identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1")
    with kernel.database.read() as connection:
        stored = connection.scalar(sa.select(identity.person.c.password_hash))
    assert not stronger.check_needs_rehash(stored)
    assert identity.sign_in(kernel, "ann", PASSWORD, "10.0.0.1").actor.id == str(ann)


def test_a_bearer_token_acts_with_its_role_until_revoked(kernel: Kernel, actor: Actor) -> None:
    bearer = people.create_token(kernel, actor, name="line-3", role="engineer")
    program = identity.actor_of_token(kernel, bearer)
    assert program.kind == "token" and "archive.ingest" in program.permissions
    with pytest.raises(NotAllowed):
        people.view(kernel, program)
    people.revoke_token(kernel, actor, name="line-3")
    with pytest.raises(NotSignedIn):
        identity.actor_of_token(kernel, bearer)
