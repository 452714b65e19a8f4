"""What the roles that come with Kerma may do."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from kerma.kernel.database import Database
from kerma.kernel.identity_model import role_permission
from kerma.kernel.permissions import is_granted

SOFTWARE_ALONE = ("review.record_analysis", "report.keep", "worklist.rank", "worklist.close")


def patterns_by_role(database: Database) -> dict[str, list[str]]:
    with database.read() as connection:
        rows = connection.execute(sa.select(role_permission.c.role, role_permission.c.pattern)).all()
    return {role: [pattern for name, pattern in rows if name == role] for role, _ in rows}


@pytest.mark.parametrize("action", SOFTWARE_ALONE)
def test_nobody_but_the_administrator_can_speak_for_the_software(database: Database, action: str) -> None:
    holders = {role for role, patterns in patterns_by_role(database).items() if is_granted(action, patterns)}
    assert holders <= {"administrator"}


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("analyst", ("review.decide", "report.sign", "worklist.claim"), ("worklist.free", "people.view")),
        ("lead", ("review.decide", "worklist.free", "archive.check"), ("people.create_person",)),
        ("auditor", ("archive.check", "ledger.export"), ("review.decide", "archive.ingest", "report.sign")),
        ("trainer", ("archive.view",), ("review.decide", "report.sign")),
    ],
)
def test_roles_hold_what_their_duty_takes(
    database: Database, role: str, may: tuple[str, ...], may_not: tuple[str, ...]
) -> None:
    patterns = patterns_by_role(database)[role]
    assert all(is_granted(action, patterns) for action in may)
    assert not any(is_granted(action, patterns) for action in may_not)
