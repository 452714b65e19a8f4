"""A process that signs a report, or lays a batch out, and stops at a moment to be killed there; for test_killed.py.

Arguments: home, address of the database, what to do (sign, batch), its number, and before what it stops.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from kerma.areas.report import actions, jobs_batch, sign
from kerma.kernel.action import Actor

PERSON = Actor(kind="person", id="1", name="Test Administrator", permissions=frozenset({"*"}))


def stopping(real: Callable[..., Any], calls: int = 1) -> Callable[..., Any]:
    """Return a function that does as the real one until it is called for the last time: then it waits for its end."""
    count = 0

    def stops(*args: Any, **given: Any) -> Any:
        nonlocal count
        count += 1
        if count < calls:
            return real(*args, **given)
        print("here", flush=True)
        time.sleep(60)
        raise AssertionError("nobody killed this process")

    return stops


def main(home: str, database_url: str, what: str, number: int, before: str) -> None:
    from kerma.app import open_kernel
    from kerma.kernel.settings import Settings

    kernel = open_kernel(Settings.load({"KERMA_HOME": home, "KERMA_DATABASE_URL": database_url}))
    if before == "keeping":  # signed and checked, its PDF lies among the blobs, nothing is recorded
        actions.keep_signed.body = stopping(actions.keep_signed.body)
    elif before == "signature":  # inside the transaction: the version's row is written, its signature is not
        actions._insert_signature = stopping(actions._insert_signature)
    elif before == "checking":
        sign._checked = stopping(sign._checked)
    elif before == "settling":  # the second exam's report is kept, the batch does not know of it yet
        jobs_batch.settle = stopping(jobs_batch.settle, calls=2)
    if what == "sign":
        sign.sign(kernel, PERSON, exam_pk=number)
    else:
        jobs_batch.run_batch(kernel, batch_id=number)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
