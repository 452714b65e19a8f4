import pytest
import sqlalchemy as sa

from kerma.errors import NotAllowed
from kerma.kernel.action import ACTIONS, Act, Actor, Kernel, action
from kerma.kernel.identity_model import role
from kerma.kernel.ledger_tables import ledger_record


@pytest.fixture
def declared():
    before = dict(ACTIONS)
    yield
    ACTIONS.clear()
    ACTIONS.update(before)


def size(kernel: Kernel) -> int:
    with kernel.database.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(ledger_record)) or 0)


def roles(kernel: Kernel) -> list[str]:
    with kernel.database.read() as connection:
        return list(connection.scalars(sa.select(role.c.name).where(role.c.name.like("test-%"))))


def test_a_refusal_changes_nothing_and_is_recorded(kernel: Kernel, stranger: Actor, declared: None) -> None:
    @action("test.add_role")
    def add_role(act: Act, *, name: str) -> None:
        """Add a role."""
        act.connection.execute(role.insert().values(name=name, description=""))

    with pytest.raises(NotAllowed, match=r"test\.add_role"):
        add_role(kernel, stranger, name="test-a")
    assert (roles(kernel), size(kernel)) == ([], 1)


def test_an_action_within_another_has_its_own_record_and_falls_with_it(
    kernel: Kernel, actor: Actor, declared: None
) -> None:
    @action("test.inner")
    def inner(act: Act, *, name: str) -> None:
        """Add a role."""
        act.connection.execute(role.insert().values(name=name, description=""))
        act.record(role=name)

    @action("test.outer")
    def outer(act: Act, *, fails: bool) -> None:
        """Add two roles."""
        inner.within(act, name="test-a")
        inner.within(act, name="test-b")
        if fails:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        outer(kernel, actor, fails=True)
    assert (roles(kernel), size(kernel)) == ([], 0)
    outer(kernel, actor, fails=False)
    assert (sorted(roles(kernel)), size(kernel)) == (["test-a", "test-b"], 3)
