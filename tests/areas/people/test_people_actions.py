import json

import pytest
import sqlalchemy as sa

from kerma.areas.people import actions
from kerma.areas.people.queries import members, name_of_actor, person_by_login
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record

pytestmark = pytest.mark.usefixtures("quick_hashes")
PASSWORD = "blue giraffe 41 crossing"


def add(kernel: Kernel, actor: Actor, login: str, *roles: str, name: str = "Test Person") -> int:
    return actions.create_person(kernel, actor, login=login, name=name, password=PASSWORD, roles=roles)


def recorded(kernel: Kernel) -> list[tuple[str, str, dict]]:
    with kernel.database.read() as connection:
        query = sa.select(ledger_record.c.body).order_by(ledger_record.c.record_index)
        records = [json.loads(body) for body in connection.scalars(query)]
    return [(record["action"], record["outcome"], record["details"]) for record in records]


def roles_of(kernel: Kernel, person_id: int) -> tuple[str, ...]:
    with kernel.database.read() as connection:
        return members(connection, person_id=person_id)[0].roles


def test_a_new_person_has_the_roles_and_each_grant_its_own_record(kernel: Kernel, actor: Actor) -> None:
    number = add(kernel, actor, "Ann", "analyst", "auditor")
    assert roles_of(kernel, number) == ("analyst", "auditor")
    assert recorded(kernel) == [
        ("people.grant_role", "done", {"person_id": number, "role": "analyst"}),
        ("people.grant_role", "done", {"person_id": number, "role": "auditor"}),
        ("people.create_person", "done", {"person_id": number}),
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"login": ""}, WrongUsage),
        ({"login": "two words"}, WrongUsage),
        ({"login": "x" * 129}, WrongUsage),
        ({"name": "  "}, WrongUsage),
        ({"password": "short"}, WrongUsage),
        ({"password": "ann-2026!"}, WrongUsage),
        ({"login": "ANN "}, Conflict),
        ({"roles": ["wizard"]}, NotFound),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(
    kernel: Kernel, actor: Actor, change: dict, error: type[Exception]
) -> None:
    add(kernel, actor, "ann")
    wanted = {"login": "ann2", "name": "Ann", "password": PASSWORD, "roles": []} | change
    if change == {"password": "ann-2026!"}:
        wanted["name"] = "Ann"
    with pytest.raises(error):
        actions.create_person(kernel, actor, **wanted)
    with kernel.database.read() as connection:
        assert [member.login for member in members(connection)] == ["ann"]
    assert len(recorded(kernel)) == 1


def test_the_last_administrator_cannot_be_lost(kernel: Kernel, actor: Actor) -> None:
    ann = add(kernel, actor, "ann", "administrator")
    for attempt in (
        lambda: actions.disable(kernel, actor, person_id=ann),
        lambda: actions.withdraw_role(kernel, actor, person_id=ann, role="administrator"),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            attempt()
    bob = add(kernel, actor, "bob", "administrator")
    actions.disable(kernel, actor, person_id=bob)
    with pytest.raises(Conflict, match="last administrator"):
        actions.disable(kernel, actor, person_id=ann)
    actions.enable(kernel, actor, person_id=bob)
    actions.withdraw_role(kernel, actor, person_id=ann, role="administrator")
    assert (roles_of(kernel, ann), roles_of(kernel, bob)) == ((), ("administrator",))


def test_a_role_is_granted_once_and_only_a_held_one_is_withdrawn(kernel: Kernel, actor: Actor) -> None:
    ann = add(kernel, actor, "ann")
    for _ in range(2):
        actions.grant_role(kernel, actor, person_id=ann, role="trainer")
    assert roles_of(kernel, ann) == ("trainer",)
    with pytest.raises(NotFound, match="held: trainer"):
        actions.withdraw_role(kernel, actor, person_id=ann, role="auditor")
    with pytest.raises(NotFound, match="administrator, analyst"):
        actions.grant_role(kernel, actor, person_id=ann, role="wizard")
    with pytest.raises(NotFound, match="person 99"):
        actions.grant_role(kernel, actor, person_id=99, role="trainer")


def test_nobody_without_the_permission_changes_people(kernel: Kernel, stranger: Actor) -> None:
    with pytest.raises(NotAllowed):
        add(kernel, stranger, "eve", "administrator")
    assert recorded(kernel) == [("people.create_person", "refused", {"reason": "permission missing"})]


def test_tokens_have_names_of_their_own(kernel: Kernel, actor: Actor) -> None:
    first = actions.create_token(kernel, actor, name="line-3", role="engineer")
    assert first.startswith("kerma_")
    with pytest.raises(Conflict, match="line-3"):
        actions.create_token(kernel, actor, name="line-3", role="engineer")
    with pytest.raises(NotFound):
        actions.create_token(kernel, actor, name="line-4", role="wizard")
    with pytest.raises(WrongUsage):
        actions.create_token(kernel, actor, name=" ", role="engineer")
    actions.revoke_token(kernel, actor, name="line-3")
    with pytest.raises(NotFound):
        actions.revoke_token(kernel, actor, name="line-3")


def test_the_name_behind_a_ledger_key(kernel: Kernel, actor: Actor) -> None:
    ann = add(kernel, actor, "ann", name="Ann Example")
    actions.create_token(kernel, actor, name="line-3", role="engineer")
    with kernel.database.read() as connection:
        names = [name_of_actor(connection, key) for key in (f"person:{ann}", "token:1", "person:99", "service:cli")]
        assert person_by_login(connection, " ANN") == ann
        with pytest.raises(NotFound, match="bob"):
            person_by_login(connection, "bob")
    assert names == ["Ann Example", "line-3", "person:99", "service:cli"]
