"""What the roles that come with Kerma may do."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from kerma.kernel.database import Database
from kerma.kernel.identity_model import role_permission
from kerma.kernel.permissions import is_granted

SOFTWARE_ALONE = (
    "review.record_analysis", "flagging.record_runs", "flagging.record_drift", "custody.keep_fingerprints",
    "report.keep", "report.settle_batch", "report.renew", "worklist.rank", "worklist.close", "worklist.perform",
    "archive.move", "archive.scrub", "blobs.remove", "alarms.raise", "backup.make", "backup.restore", "archive.delete",
    "flagging.register_shipped", "flagging.keep_feedback", "review.open_review",
    "review.refer_overdue", "review.look_as_guest", "review.show_guest_image", "review.answer_as_guest",
    "proficiency.settle", "review.tell_critical",
)  # fmt: skip


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
        ("analyst", ("report.sign", "worklist.claim", "worklist.ups"), ("worklist.free", "worklist.match_step")),
        ("analyst", ("review.mark", "review.judge", "review.decide"), ("review.confirm_pack", "review.add_pack")),
        ("lead", ("review.judge", "review.confirm_pack", "review.add_pack"), ("review.record_analysis",)),
        ("analyst", ("review.first_read", "review.independent_read"), ("review.see_all", "review.set_reading")),
        ("lead", ("review.see_all", "review.set_reading", "review.view_functions"), ()),
        ("trainer", ("archive.view",), ("review.see_all", "review.first_read")),
        ("analyst", ("review.draft_specification", "review.view_recalls"), ("review.approve_specification",)),
        ("lead", ("review.approve_specification", "review.recall_exams", "review.decide_disposition"), ()),
        ("analyst", ("review.record_discrepancy", "review.answer_discrepancy"), ("review.settle_discrepancy",)),
        ("lead", ("review.settle_discrepancy", "review.set_target", "review.attach_to_specification"), ()),
        ("analyst", ("review.record_critical", "review.notify_critical"), ("review.answer_late_critical",)),
        ("lead", ("review.answer_late_critical",), ("review.tell_critical",)),
        ("customer", ("review.view_specifications",), ("review.attach_to_specification",)),
        ("customer", ("review.approve_for_customer",), ("review.approve_specification", "archive.view")),
        ("analyst", ("review.view_feedback", "review.finish_learning"), ("review.claim_review", "review.view_reviews")),
        ("reviewer", ("review.claim_review", "review.score_review"), ("review.decide", "review.view_review_figures")),
        ("lead", ("review.claim_review", "review.set_review_plan", "review.see_learning"), ("review.open_review",)),
        ("analyst", ("review.comment", "review.ask_consult", "review.admit_guest", "worklist.hand_over"), ()),
        ("engineer", ("review.comment", "review.answer_consult"), ("review.admit_guest", "worklist.hand_over")),
        ("auditor", (), ("review.comment", "review.admit_guest")),
        ("analyst", ("custody.collect", "custody.accept"), ("custody.release", "custody.destroy", "custody.disclose")),
        ("lead", ("custody.release", "custody.ask_destruction", "custody.disclose"), ()),
        ("auditor", ("custody.view", "custody.view_disclosures"), ("custody.collect", "custody.correct")),
        ("lead", ("worklist.free", "worklist.match_step", "archive.check"), ("people.create_person",)),
        ("auditor", ("archive.check", "ledger.export"), ("review.decide", "archive.ingest", "report.sign")),
        ("trainer", ("archive.view",), ("review.decide", "report.sign")),
        ("lead", ("flagging.activate_model", "flagging.set_threshold"), ("flagging.register_shipped",)),
        ("engineer", ("flagging.add_model",), ("flagging.activate_model", "flagging.set_threshold")),
        ("lead", ("worklist.set_lane", "worklist.set_pool_member"), ("worklist.lane_results",)),
        ("lead", ("worklist.set_rules", "worklist.take_on", "worklist.set_matching", "people.set_posting"), ()),
        ("analyst", ("worklist.view",), ("worklist.set_rules", "worklist.view_attention", "people.set_posting")),
        ("lane", ("worklist.lane_results",), ("worklist.view", "worklist.set_lane", "archive.view")),
        ("analyst", ("worklist.view",), ("worklist.set_lane", "worklist.set_pool_member", "worklist.lane_results")),
        ("analyst", (), ("flagging.add_model", "flagging.activate_model", "flagging.retire_model")),
    ],
)
def test_roles_hold_what_their_duty_takes(
    database: Database, role: str, may: tuple[str, ...], may_not: tuple[str, ...]
) -> None:
    patterns = patterns_by_role(database)[role]
    assert all(is_granted(action, patterns) for action in may)
    assert not any(is_granted(action, patterns) for action in may_not)
