"""The roles every installation starts with."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TALKING = [
    "review.view_inbox", "review.mark_inbox", "review.comment", "review.edit_comment", "review.withdraw_comment",
    "review.answer_consult",
]  # fmt: skip
"""What talking about an exam with colleagues takes."""
READING = [
    *TALKING, "review.view_searches", "review.order_search", "review.start_search", "review.end_search",
    "review.cancel_search", "review.link_custody", "review.ask_consult", "review.withdraw_consult",
    "review.admit_guest", "review.revoke_guest", "review.view_specifications", "review.draft_specification",
    "review.change_specification", "review.submit_specification", "review.comment_specification",
    "review.attach_to_specification", "review.detach_from_specification",
    "review.link_specification", "review.view_nonconformances", "review.open_nonconformance",
    "review.propose_disposition", "review.link_follow_up", "review.view_recalls", "review.view_discrepancies",
    "review.record_discrepancy", "review.answer_discrepancy", "review.withdraw_discrepancy",
    "review.view_criticals", "review.record_critical", "review.attempt_critical", "review.notify_critical",
    "review.acknowledge_critical", "review.withdraw_critical",
    "people.prefer", "equipment.view", "equipment.check_display",
    "archive.ingest", "archive.view", "archive.export", "worklist.view", "worklist.claim", "worklist.release",
    "worklist.next", "worklist.hold", "worklist.resume", "worklist.hand_over", "worklist.orders", "worklist.order",
    "worklist.arrive", "worklist.reconciliation", "worklist.ups", "custody.view", "custody.view_contacts",
    "custody.collect", "custody.seal", "custody.unseal", "custody.hand_over", "custody.accept", "custody.refuse",
    "custody.withdraw", "custody.store", "custody.move", "custody.take_out", "custody.examine", "custody.copy",
    "custody.return", "custody.correct", "custody.run_forensics", "review.mark", "review.judge", "review.first_read",
    "review.independent_read", "review.consensus_read", "review.decide", "review.declare",
    "review.withdraw_declaration",
    "review.view_feedback", "review.answer_feedback", "review.finish_learning", "report.view",
    "report.export_objects", "report.draft", "report.write", "report.batch", "report.take_batch", "report.sign",
    "report.amend", "report.import_key", "report.retire_key", "exchange.view", "exchange.send", "exchange.query",
    "exchange.fetch",
]  # fmt: skip
"""What reading an exam takes. Whole areas are not granted: some of their actions belong to the software alone."""
REVIEWING = [
    "review.view_reviews", "review.claim_review", "review.give_back_review", "review.conclude_review",
    "review.score_review",
]  # fmt: skip
"""What reviewing colleagues' decisions takes."""
PROJECTING = [
    "proficiency.view_library", "proficiency.add_threats", "proficiency.retire_threat", "proficiency.set_plan",
    "proficiency.view_results",
]  # fmt: skip
"""What running threat image projection takes."""
LEADING = [
    "custody.release", "custody.take_over", "custody.ask_destruction", "custody.withdraw_destruction",
    "custody.destroy", "custody.export_evidence", "custody.redact_evidence",
    "custody.disclose", "custody.view_disclosures", "custody.add_contact", "custody.end_contact",
    "report.cosign", "report.set_site",
    "equipment.add_display", "equipment.retire_display", "worklist.free", "worklist.assign", "worklist.cancel_order",
    "worklist.set_level", "worklist.set_flow", "worklist.set_reader", "worklist.set_skill", "worklist.set_break",
    "worklist.view_readers", "worklist.set_rules", "worklist.end_rules", "worklist.set_matching",
    "worklist.view_attention", "worklist.take_on", "people.set_posting",
    "worklist.view_late", "worklist.acknowledge_late", "worklist.set_lane", "worklist.set_pool_member",
    "worklist.match_step", "worklist.dismiss_step",
    "review.add_pack", "review.withdraw_pack", "review.confirm_pack", "review.withdraw_confirmation",
    "review.set_handling", "review.set_searches", "review.return_specification", "review.approve_specification",
    "review.approve_for_customer", "review.withdraw_specification", "review.decide_disposition",
    "review.close_nonconformance", "review.withdraw_nonconformance", "review.set_nonconformances",
    "review.recall_exams", "review.recall_exam", "review.settle_discrepancy", "review.close_discrepancy",
    "review.answer_late_critical",
    "review.set_reading", "review.see_all", "review.view_functions",
    "review.set_default", "review.add_reference", "review.withdraw_reference",
    "review.set_review_plan", "review.set_target", "review.withdraw_review", "review.view_review_figures",
    "review.see_learning",
    "flagging.add_model", "flagging.shadow_model", "flagging.activate_model", "flagging.retire_model",
    "flagging.set_threshold", "flagging.withdraw_threshold", "flagging.clear_drift",
    "flagging.train",
    "flagging.lock_images", "flagging.export_feedback", "flagging.begin_pilot", "flagging.sign_off_pilot",
    "flagging.give_up_pilot", "flagging.view_pilot",
    *PROJECTING,
]  # fmt: skip
"""What putting a list in order takes."""
KEEPING = [
    "archive.view_keeping", "archive.hold", "archive.request_lift", "archive.withdraw_lift", "archive.lift",
    "archive.plan_deletion", "archive.classify_subject", "archive.resolve_quarantine", "alarms.acknowledge",
]  # fmt: skip
"""What looking after what is kept takes; who plans a deletion is not who deletes."""
ROLES = {
    "administrator": ("Looks after Kerma: people, roles, nodes, settings", ["*"]),
    "lead": (
        "Leads a team of analysts; Level III",
        [*READING, *REVIEWING, *LEADING, *KEEPING, "archive.check", "training.*", "people.view"],
    ),
    "analyst": (
        "Reads images, decides and reports: screener, radiographer, Level I and II",
        READING,
    ),
    "reviewer": (
        "Reviews colleagues' decisions; given beside another role",
        ["people.prefer", "archive.view", "worklist.view", "review.view_feedback", *REVIEWING],
    ),
    "customer": (
        "Approves specifications for a customer",
        [
            "people.prefer", "review.view_specifications", "review.comment_specification",
            "review.approve_for_customer",
        ],  # fmt: skip
    ),
    "trainer": ("Trains and tests people", ["people.prefer", "archive.view", "training.*", "people.view", *PROJECTING]),
    "auditor": (
        "Checks what was done, changes nothing",
        [
            "people.prefer",
            "archive.view",
            "archive.view_keeping",
            "archive.check",
            "worklist.orders",
            "worklist.reconciliation",
            "exchange.view",
            "custody.view",
            "custody.view_contacts",
            "custody.view_disclosures",
            "ledger.*",
            "people.view",
        ],  # fmt: skip
    ),
    "engineer": (
        "Looks after the X-ray machines",
        [
            *TALKING, "people.prefer", "archive.ingest", "archive.view", "worklist.orders", "equipment.*",
            "flagging.add_model",
        ],  # fmt: skip
    ),
    "lane": (
        "A machine at a belt: fetches what to do with its objects, and nothing else",
        ["worklist.lane_results"],
    ),
    "radiation-safety": (
        "Looks after doses, areas and sources",
        [*TALKING, "people.prefer", "archive.view", "safety.*"],
    ),
}


def upgrade() -> None:
    role = sa.table("role", sa.column("name"), sa.column("description"))
    role_permission = sa.table("role_permission", sa.column("role"), sa.column("pattern"))
    op.bulk_insert(role, [{"name": name, "description": text} for name, (text, _) in ROLES.items()])
    op.bulk_insert(
        role_permission,
        [{"role": name, "pattern": pattern} for name, (_, patterns) in ROLES.items() for pattern in patterns],
    )
