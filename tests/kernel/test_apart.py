"""Heavy work in processes of its own: elsewhere, politely, and never in the way of the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerma.errors import Conflict, WrongUsage
from kerma.kernel import apart

STANDING = 30.0


def where() -> tuple[int, int]:
    return os.getpid(), os.nice(0)


def refuse(text: str) -> None:
    raise WrongUsage(text)


def ended_from_outside() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_without_processes_it_runs_here() -> None:
    assert apart.run(where)[0] == os.getpid()


def test_it_runs_elsewhere_and_lets_others_go_first() -> None:
    with apart.processes(1):
        pid, niceness = apart.run(where)
    assert pid != os.getpid()
    assert niceness >= os.nice(0) + apart.LOW_PRIORITY


def test_an_error_comes_back_as_it_was() -> None:
    with apart.processes(1), pytest.raises(WrongUsage, match="no such part"):
        apart.run(refuse, "no such part")


def test_a_killed_process_is_told_and_replaced() -> None:
    with apart.processes(1):
        with pytest.raises(Conflict, match="ended from outside"):
            apart.run(ended_from_outside)
        assert apart.run(where)[0] != os.getpid()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the state of a process is read from /proc")
def test_what_breaks_at_the_end_is_not_begun_again() -> None:
    there = apart._Processes(1)
    broken = there._executor
    there.end()
    there._replace(broken)
    assert there._executor is broken


def test_nothing_outlives_a_parent_that_was_killed() -> None:
    program = (
        "import os, time\nfrom kerma.kernel import apart\n"
        "if __name__ == '__main__':\n"
        "    with apart.processes(1):\n        print(apart.run(os.getpid), flush=True)\n        time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    until = time.monotonic() + STANDING
    while is_alive(child):
        assert time.monotonic() < until, "the process goes on after its parent was killed"
        time.sleep(0.1)
