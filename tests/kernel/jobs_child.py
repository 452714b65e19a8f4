"""A process that runs jobs until none is left, or until it is killed: the crash test starts it again and again.

python jobs_child.py HOME DATABASE_URL [WORKER_NAME]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import sqlalchemy as sa

from kerma.kernel import jobs
from kerma.kernel.action import Act, Kernel, action
from kerma.kernel.blobs import Blobs
from kerma.kernel.clock import SystemClock
from kerma.kernel.database import Database
from kerma.kernel.identity import service
from kerma.kernel.ledger import Ledger, Signer
from kerma.kernel.settings import Settings

EFFECT = sa.Table("effect", sa.MetaData(), sa.Column("thing", sa.String(32), primary_key=True))
WORKER = service("test", "crash.*")


@action("crash.effect")
def effect(act: Act, *, thing: str) -> None:
    """Leave the mark of a job that was done."""
    act.connection.execute(EFFECT.insert().values(thing=thing))
    act.record(thing=thing)


@action("crash.ask")
def ask(act: Act, *, things: list[str]) -> None:
    """Ask for many jobs."""
    for thing in things:
        jobs.request(act, "crash.work", thing, {"thing": thing})


@jobs.job("crash.work", attempts=50)
def work(kernel: Kernel, *, thing: str) -> None:
    """Do a little, leave the mark once, do a little more."""
    time.sleep(0.02)
    with kernel.database.read() as connection:
        if connection.execute(EFFECT.select().where(EFFECT.c.thing == thing)).first():
            return
    effect(kernel, WORKER, thing=thing)
    time.sleep(0.02)


def open_kernel(home: Path, url: str, worker_name: str = "main") -> Kernel:
    settings = Settings.load({"KERMA_HOME": str(home), "KERMA_DATABASE_URL": url, "KERMA_WORKER_NAME": worker_name})
    return Kernel(
        settings=settings,
        database=Database(url),
        ledger=Ledger(Signer.load(home / "keys")),
        blobs=Blobs(settings.blobs_url),
        clock=SystemClock(),
    )


@jobs.job("crash.long", attempts=50)
def long(kernel: Kernel, *, thing: str, worker_that_hangs: str) -> None:
    """Take for ever in one worker, no time in any other."""
    if kernel.settings.worker_name == worker_that_hangs:
        print("hanging", flush=True)
        time.sleep(600)
    effect(kernel, WORKER, thing=thing)


@action("crash.ask_long")
def ask_long(act: Act, *, thing: str, worker_that_hangs: str) -> None:
    """Ask for one job that hangs in one worker."""
    jobs.request(act, "crash.long", thing, {"thing": thing, "worker_that_hangs": worker_that_hangs})


def main(home: str, url: str, worker_name: str = "main") -> None:
    runner = jobs.Runner(open_kernel(Path(home), url, worker_name))
    runner.start()
    print("running", flush=True)
    print("idle" if runner.wait_idle(60) else "busy", flush=True)
    runner.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
