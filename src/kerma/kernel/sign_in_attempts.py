"""Sign-in attempts: counted before they are checked, and slowed down when there are too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from kerma.errors import TooManyRequests
from kerma.kernel import clock as clocks
from kerma.kernel import sign_in_rules
from kerma.kernel.action import Kernel
from kerma.kernel.identity_model import fold, login_attempt, person, sha256

FAMILIAR_S = 30 * 86_400.0
"""An address from which the account signed in within this time counts its failures apart from all others."""
SIGN_IN_LOCK = 0x6B65726D62
"""The number of the PostgreSQL advisory lock that lets tries count each other."""


@dataclass(frozen=True)
class Attempt:
    """One try, and what is stored about the account it names."""

    id: int
    person_id: int | None
    stored: str | None
    is_disabled: bool


def begin_attempt(kernel: Kernel, login: str, address: str) -> Attempt:
    """Count this try before it is checked, so that tries made at the same moment count each other.

    Raises
    ------
    TooManyRequests
        Too many tries from this address, or too many failures for this account; says how long to wait.
    """
    now = kernel.clock.now()
    account = sha256(fold(login))
    with kernel.database.write() as connection:
        if not kernel.database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(SIGN_IN_LOCK)))
        _check_pace(kernel, connection, account, address, now)
        connection.execute(login_attempt.delete().where(login_attempt.c.at < _before(now, FAMILIAR_S)))
        attempt_id = connection.execute(
            login_attempt.insert()
            .values(account_sha256=account, address=address[:64], at=clocks.text(now), succeeded=False)
            .returning(login_attempt.c.id)
        ).scalar_one()
        row = connection.execute(
            sa.select(person.c.id, person.c.password_hash, person.c.disabled_at).where(
                person.c.login_folded == fold(login)
            )
        ).one_or_none()
    if row is None:
        return Attempt(attempt_id, None, None, False)
    return Attempt(attempt_id, row.id, row.password_hash, row.disabled_at is not None)


def demand_pace(kernel: Kernel, address: str) -> None:
    """Refuse an address from which too many sign-ins, or wrong secrets of another kind, came within a minute.

    Raises
    ------
    TooManyRequests
        Says how long to wait.
    """
    now = kernel.clock.now()
    with kernel.database.read() as connection:
        wait_s = _address_wait_s(kernel, connection, address, now)
    if wait_s > 0:
        raise TooManyRequests(f"too many tries; try again in {wait_s:.0f} s", retry_after_s=wait_s)


def count_guess(kernel: Kernel, kind: str, address: str) -> None:
    """Count a wrong secret that is no password against its address; of the secret itself nothing is kept."""
    now = kernel.clock.now()
    row = {"account_sha256": sha256(f"\n{kind}"), "address": address[:64], "at": clocks.text(now), "succeeded": False}
    with kernel.database.write() as connection:
        connection.execute(login_attempt.insert().values(row))


def _address_wait_s(kernel: Kernel, connection: sa.Connection, address: str, now: datetime) -> float:
    from_address = sa.select(login_attempt.c.at).where(
        login_attempt.c.address == address[:64], login_attempt.c.at > _before(now, sign_in_rules.MINUTE_S)
    )
    ages_s = _ages_s(connection.scalars(from_address).all(), now)
    return sign_in_rules.wait_for_address_s(ages_s, kernel.settings.sign_in_per_address)


def _check_pace(kernel: Kernel, connection: sa.Connection, account: str, address: str, now: datetime) -> None:
    wait_s = max(
        _address_wait_s(kernel, connection, address, now),
        sign_in_rules.wait_after_failures_s(
            _ages_s(_failures(connection, account, address, now), now), kernel.settings.sign_in_per_account
        ),
    )
    if wait_s > 0:
        raise TooManyRequests(f"too many sign-ins; try again in {wait_s:.0f} s", retry_after_s=wait_s)


def _failures(connection: sa.Connection, account: str, address: str, now: datetime) -> Sequence[str]:
    """The failures that count against this try: those from this address if the account is at home there, else those
    from all strange addresses together. So nobody elsewhere can slow down a person at the usual place.
    """
    successes = sa.select(login_attempt.c.address, sa.func.max(login_attempt.c.at).label("at")).where(
        login_attempt.c.account_sha256 == account, login_attempt.c.succeeded
    )
    familiar = {row.address: row.at for row in connection.execute(successes.group_by(login_attempt.c.address))}
    failures = sa.select(login_attempt.c.at).where(
        login_attempt.c.account_sha256 == account,
        ~login_attempt.c.succeeded,
        login_attempt.c.at > _before(now, sign_in_rules.REMEMBERED_S),
    )
    if address[:64] in familiar:
        failures = failures.where(login_attempt.c.address == address[:64], login_attempt.c.at > familiar[address[:64]])
    else:
        failures = failures.where(login_attempt.c.address.not_in(list(familiar)))
    return connection.scalars(failures).all()


def _before(now: datetime, seconds: float) -> str:
    return clocks.text(now - timedelta(seconds=seconds))


def _ages_s(moments: Sequence[str], now: datetime) -> list[float]:
    return [max(0.0, (now - clocks.moment(at)).total_seconds()) for at in moments]
