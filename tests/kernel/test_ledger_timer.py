import time

from kerma.kernel.action import Actor, Kernel, action
from kerma.kernel.ledger import read_head
from kerma.kernel.ledger_timer import SigningTimer


@action("test_timer.note")
def note(act) -> None:
    """Do nothing, and leave a record of it."""


def unsigned(kernel: Kernel) -> int:
    with kernel.database.read() as connection:
        head = read_head(connection)
    return head.tree.size - head.checkpoint_size


def test_the_tail_is_signed_while_it_runs_and_when_it_stops(kernel: Kernel, actor: Actor) -> None:
    timer = SigningTimer(kernel.ledger, kernel.database, every_s=0.02)
    note(kernel, actor)
    note(kernel, actor)
    assert unsigned(kernel) == 1
    timer.start()
    deadline = time.monotonic() + 10
    while unsigned(kernel) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert unsigned(kernel) == 0
    timer.every_s = 60
    note(kernel, actor)
    timer.stop()
    assert unsigned(kernel) == 0
