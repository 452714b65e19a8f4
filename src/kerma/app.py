"""The one wiring place: who listens to what, what is switched on, and how a kernel is opened."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.kernel.events import Handler, Subscriptions
    from kerma.kernel.settings import Settings


def open_kernel(settings: Settings | None = None) -> Kernel:
    """Open database (migrated to this version), blobs and ledger as the settings say; settings from the environment
    when none are given.
    """
    from kerma.areas import load_tables
    from kerma.areas.archive import jobs_keeping  # noqa: F401 - declares the standing jobs of keeping
    from kerma.areas.flagging import jobs, jobs_drift, jobs_train  # noqa: F401 - declares the jobs of models
    from kerma.areas.proficiency import jobs as projection_jobs  # noqa: F401 - declares the job of threat projection
    from kerma.areas.report import jobs_batch, jobs_site  # noqa: F401 - declares the jobs of batches and letterheads
    from kerma.areas.review import jobs_critical  # noqa: F401 - declares the job that watches critical results
    from kerma.areas.worklist import jobs as worklist_jobs  # noqa: F401 - declares the job that tends the worklist
    from kerma.industries import INDUSTRIES
    from kerma.kernel.action import Kernel
    from kerma.kernel.backup_restore import demand_complete
    from kerma.kernel.blobs import Blobs
    from kerma.kernel.clock import SystemClock
    from kerma.kernel.database import Database
    from kerma.kernel.ledger import Ledger, Signer
    from kerma.kernel.migrate import migrate
    from kerma.kernel.settings import Settings

    load_tables()
    gather_evidence()
    set_sight()
    set_conflicts()
    set_scores()
    settings = settings or Settings.load()
    demand_complete(settings.home)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database_url)
    migrate(database)
    clock = SystemClock()
    return Kernel(
        settings=settings,
        database=database,
        ledger=Ledger(Signer.load(settings.home / "keys"), clock),
        blobs=Blobs(settings.blobs_url, settings.blobs_tiers),
        clock=clock,
        subscriptions=subscriptions(),
        industries=INDUSTRIES,
    )


def subscriptions() -> Subscriptions:
    """Who listens to what: one row per event, its handlers in the order they run."""
    from kerma.areas.archive import actions_upkeep as upkeep
    from kerma.areas.archive import jobs as archive
    from kerma.areas.archive.model import ExamArrived, SeriesGrew
    from kerma.areas.archive.model_keeping import ExamDeleted
    from kerma.areas.exchange import jobs as exchange
    from kerma.areas.exchange import jobs_ups
    from kerma.areas.proficiency import actions as tip
    from kerma.areas.report import jobs as report
    from kerma.areas.review import actions_lanes as decided_lanes
    from kerma.areas.review import actions_nonconformance as nonconformances
    from kerma.areas.review import actions_peer as peer
    from kerma.areas.review import actions_search, actions_talk, feedback, jobs_lanes
    from kerma.areas.review import actions_spec as specifications
    from kerma.areas.review.model import ExamAnalysed, ExamDecided, ExamJudged, ExamMarked, ExamReferred
    from kerma.areas.review.model_critical import CriticalResultTold
    from kerma.areas.worklist.model import ItemHandedOver
    from kerma.areas.worklist.model_lanes import ExamTimed
    from kerma.areas.worklist.model_orders import OrderPlaced
    from kerma.areas.worklist.model_ups import UpsChanged, UpsSubscribing
    from kerma.kernel.backup_restore import BackupRestored

    return {
        ExamArrived: _when_an_exam_arrives(),
        ItemHandedOver: (actions_talk.on_item_handed_over,),
        OrderPlaced: (exchange.on_order_placed,),
        UpsSubscribing: (jobs_ups.on_ups_subscribing,),
        UpsChanged: (jobs_ups.on_ups_changed,),
        SeriesGrew: (archive.on_series_grew,),
        ExamTimed: (jobs_lanes.on_exam_timed,),
        ExamReferred: (report.on_exam_referred, tip.on_exam_decided),
        ExamAnalysed: (specifications.on_exam_analysed, decided_lanes.on_exam_analysed, report.on_exam_analysed),
        ExamJudged: (peer.on_exam_judged, report.on_exam_judged),
        CriticalResultTold: (report.on_critical_result_told,),
        ExamMarked: (peer.on_exam_marked, report.on_exam_marked),
        ExamDecided: (
            peer.on_exam_decided,
            report.on_exam_decided,
            actions_search.on_exam_decided,
            nonconformances.on_exam_decided,
            feedback.on_exam_decided,
            decided_lanes.on_exam_decided,
            tip.on_exam_decided,
        ),
        BackupRestored: (upkeep.on_backup_restored,),
        ExamDeleted: _when_an_exam_is_deleted(),
    }


def _when_an_exam_arrives() -> tuple[Handler, ...]:
    """Who does something about images of an exam, in the order they come to it."""
    from kerma.areas.archive import jobs_overviews as overviews
    from kerma.areas.custody import jobs_forensic
    from kerma.areas.exchange import jobs as exchange
    from kerma.areas.proficiency import actions as tip
    from kerma.areas.review import jobs as review
    from kerma.areas.worklist import actions as worklist
    from kerma.areas.worklist import actions_lanes as lanes
    from kerma.areas.worklist import actions_orders as orders

    return (
        worklist.on_exam_arrived,
        lanes.on_exam_arrived,
        orders.on_exam_arrived,
        review.on_exam_arrived,
        exchange.on_exam_arrived,
        overviews.on_exam_arrived,
        jobs_forensic.on_exam_arrived,
        tip.on_exam_arrived,
    )


def _when_an_exam_is_deleted() -> tuple[Handler, ...]:
    """Who has something of an exam, in the order they let go of it."""
    from kerma.areas.archive import jobs_overviews as overviews
    from kerma.areas.custody import actions_deletion as custody_deletion
    from kerma.areas.custody import actions_forensic as forensic
    from kerma.areas.exchange import actions_deletion as exchange_deletion
    from kerma.areas.flagging import actions_deletion as flagging_deletion
    from kerma.areas.proficiency import actions as tip
    from kerma.areas.report import actions_deletion as report_deletion
    from kerma.areas.review import actions_critical, actions_spec, actions_talk_deletion
    from kerma.areas.review import actions_deletion as review_deletion
    from kerma.areas.review import actions_peer as peer
    from kerma.areas.review import actions_reference as review_references
    from kerma.areas.worklist import actions_deletion as worklist_deletion
    from kerma.areas.worklist import actions_lanes as lanes

    return (
        custody_deletion.on_exam_deleted,
        forensic.on_exam_deleted,
        overviews.on_exam_deleted,
        exchange_deletion.on_exam_deleted,
        worklist_deletion.on_exam_deleted,
        lanes.on_exam_deleted,
        report_deletion.on_exam_deleted,
        actions_talk_deletion.on_exam_deleted,
        actions_critical.on_exam_deleted,
        actions_spec.on_exam_deleted,
        review_deletion.on_exam_deleted,
        peer.on_exam_deleted,
        flagging_deletion.on_exam_deleted,
        review_references.on_exam_deleted,
        tip.on_exam_deleted,
    )


def gather_evidence() -> None:
    """Say what each area adds to the evidence on an exam, and by what the ledger knows it."""
    from kerma.areas.custody import evidence_custody as custody
    from kerma.areas.custody import evidence_parts
    from kerma.areas.report import evidence as report
    from kerma.areas.review import evidence as review
    from kerma.areas.review import evidence_spec as spec
    from kerma.areas.review import evidence_talk as talk
    from kerma.areas.worklist import evidence as worklist

    evidence_parts.SOURCES[:] = [review.parts, talk.parts, spec.parts, report.parts, custody.parts]
    evidence_parts.NEEDLES[:] = [worklist.needles, custody.needles]


def set_sight() -> None:
    """Say who knows what of an exam is hidden from whom, and what stands in front of its images."""
    from kerma.areas.proficiency.actions import Projecting
    from kerma.areas.proficiency.queries import TipRules
    from kerma.areas.review.queries_peer import PeerRules
    from kerma.areas.review.queries_reading import ReadingRules
    from kerma.kernel import action, projection, sight

    sight.RULES[:] = [PeerRules(TipRules(ReadingRules()))]
    projection.PROJECTIONS[:] = [Projecting()]
    action.GUARDS[:] = [projection.demand_decided]


def set_conflicts() -> None:
    """Say which exams are handed to nobody who has to do with them already."""
    from kerma.areas.proficiency.queries import not_ready
    from kerma.areas.review.actions_stage import had_their_turn
    from kerma.areas.review.queries_reading import read_by
    from kerma.areas.worklist import actions_next
    from kerma.areas.worklist.queries_lanes import of_other_pools

    actions_next.CONFLICTS[:] = [read_by, had_their_turn, of_other_pools, not_ready]


def set_scores() -> None:
    """Say who knows by which score an exam is put on the worklist."""
    from kerma.areas.review.queries_scores import scores_of
    from kerma.areas.worklist import queries_items

    queries_items.SCORES[:] = [scores_of]


def register_verifiers() -> None:
    """Tell ``kerma verify`` about the kinds of file that areas sign."""
    from kerma.areas.custody.evidence_verify import is_package, verify_package
    from kerma.areas.report.verify import is_pdf, verify_report
    from kerma.kernel.verify import VERIFIERS, Verifier

    VERIFIERS.append(Verifier("signed report", is_pdf, verify_report))
    VERIFIERS.append(Verifier("evidence package", is_package, verify_package))


def main() -> None:
    """Run the ``kerma`` command."""
    from kerma.cli import run

    register_verifiers()
    sys.exit(run(open_kernel))
