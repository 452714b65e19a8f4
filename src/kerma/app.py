"""The one wiring place: who listens to what, what is switched on, and how a kernel is opened."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.kernel.events import Subscriptions
    from kerma.kernel.settings import Settings


def open_kernel(settings: Settings | None = None) -> Kernel:
    """Open database (migrated to this version), blobs and ledger as the settings say; settings from the environment
    when none are given.
    """
    from kerma.industries import INDUSTRIES
    from kerma.kernel.action import Kernel
    from kerma.kernel.blobs import Blobs
    from kerma.kernel.clock import SystemClock
    from kerma.kernel.database import Database
    from kerma.kernel.ledger import Ledger, Signer
    from kerma.kernel.migrate import migrate
    from kerma.kernel.settings import Settings

    settings = settings or Settings.load()
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    migrate(database)
    clock = SystemClock()
    return Kernel(
        settings=settings,
        database=database,
        ledger=Ledger(Signer.load(settings.home / "keys"), clock),
        blobs=Blobs(settings.blobs_url),
        clock=clock,
        subscriptions=subscriptions(),
        industries=INDUSTRIES,
    )


def subscriptions() -> Subscriptions:
    """Who listens to what: one row per event, its handlers in the order they run."""
    from kerma.areas.archive.model import ExamArrived
    from kerma.areas.report import jobs as report
    from kerma.areas.review import jobs as review
    from kerma.areas.review.model import ExamAnalysed, ExamDecided
    from kerma.areas.worklist.actions import on_exam_arrived

    return {
        ExamArrived: (on_exam_arrived, review.on_exam_arrived),
        ExamAnalysed: (report.on_exam_analysed,),
        ExamDecided: (report.on_exam_decided,),
    }


def main() -> None:
    """Run the ``kerma`` command."""
    from kerma.cli import run

    sys.exit(run(open_kernel))
