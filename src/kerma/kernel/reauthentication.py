"""A person who has signed in states the password again, to sign something: who sits there is who signed in."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.errors import NotAllowed
from kerma.kernel import clock, passwords
from kerma.kernel.action import Act, Actor, Kernel, action
from kerma.kernel.identity_model import login_attempt, person
from kerma.kernel.sign_in_attempts import Attempt, begin_attempt

WRONG = "the password is wrong: nothing was signed"


def confirm(kernel: Kernel, actor: Actor, password: str, address: str) -> str:
    """Check the password of a person who has signed in; returns the moment, as it is stored.

    Tries are counted and slowed down together with sign-ins.

    Raises
    ------
    NotAllowed
        The password is wrong, or the actor is no person; the attempt is in the ledger.
    TooManyRequests
        Too many tries; says how long to wait.
    """
    if actor.kind != "person":
        raise NotAllowed("only a person who has signed in can sign, not a program or a command of the machine")
    with kernel.database.read() as connection:
        login = connection.scalar(sa.select(person.c.login).where(person.c.id == int(actor.id)))
    attempt = begin_attempt(kernel, login or "", address)
    is_right = passwords.is_right(attempt.stored, password)
    speaking = Actor(actor.kind, actor.id, actor.name, frozenset({_note.name}))
    _note(kernel, speaking, attempt=attempt, is_right=is_right)
    if not is_right or attempt.is_disabled:
        raise NotAllowed(WRONG)
    return clock.text(kernel.clock.now())


@action("identity.confirm")
def _note(act: Act, *, attempt: Attempt, is_right: bool) -> None:
    """State the password again, to sign something."""
    if is_right:
        same = login_attempt.c.id == attempt.id
        act.connection.execute(login_attempt.update().where(same).values(succeeded=True))
    act.record(attempt_id=attempt.id, is_right=is_right)
