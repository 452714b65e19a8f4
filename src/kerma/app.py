"""The one wiring place: who listens to what, what is switched on, and how a kernel is opened."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from kerma.kernel.action import Kernel
    from kerma.kernel.events import Subscriptions
    from kerma.kernel.settings import Settings
    from kerma.kernel.verify import Trust, Verification


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
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def register_verifiers() -> None:
    """Tell ``kerma verify`` about the kinds of file that areas sign."""
    from kerma.kernel.verify import VERIFIERS, Verifier

    VERIFIERS.append(Verifier("signed report", lambda head: head.startswith(b"%PDF-"), _verify_report))


def _verify_report(path: Path, trust: Trust) -> Verification:
    from kerma.areas.report.signature import verify_pdf
    from kerma.kernel.verify import Finding, Verification

    signed = verify_pdf(path.read_bytes())
    expected = trust.key.strip().lower().replace(":", "")
    checks = (
        (signed.is_intact, "what was signed has been changed"),
        (signed.covers_whole_document, "something was added to the file after it was signed"),
        (not expected or expected == signed.certificate_sha256, "signed with another certificate than the one given"),
    )
    warnings = () if expected else ("the certificate is the report's own: give its SHA-256 with --key to know whose",)
    facts = {
        "signed by": signed.who,
        "signed at": signed.when,
        "meaning": signed.meaning,
        "certificate": signed.certificate,
        "certificate SHA-256": signed.certificate_sha256,
    }
    findings = tuple(Finding(words) for holds, words in checks if not holds)
    return Verification("signed report", facts, findings, warnings)


def main() -> None:
    """Run the ``kerma`` command."""
    from kerma.cli import run

    register_verifiers()
    sys.exit(run(open_kernel))
