"""The tables of peer review: which decisions are looked at again, by whom, what came of it, and what was learnt."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.areas.review.model import decision
from kerma.kernel.database import BigKey, metadata

OPEN, CLAIMED, DONE, WITHDRAWN = CASE_STATES = ("open", "claimed", "done", "withdrawn")

sa.Index("ix_decision_by_at", decision.c.by, decision.c.at)

peer_plan = sa.Table(
    "peer_plan",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("exam_class", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("share_permille", sa.SmallInteger, nullable=False),
    sa.Column("first_count", sa.Integer, nullable=False),
    sa.Column("seed", sa.String(32), nullable=False),
    sa.Column("is_blinded", sa.Boolean, nullable=False),
    sa.Column("hides_reviewer", sa.Boolean, nullable=False),
    sa.Column("due_days", sa.SmallInteger, nullable=False),
    sa.Column("is_ended", sa.Boolean, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("set_at", sa.String(32), nullable=False),
    sa.CheckConstraint("kind IN ('random', 'risk', 'person', 'new-person', 'disagreement')", name="kind"),
    sa.CheckConstraint("share_permille BETWEEN 1 AND 1000", name="share"),
    sa.Index(None, "industry", "exam_class", "kind", "person", "id"),
)
"""Which decisions are looked at again. ``exam_class`` is a modality for which it is otherwise, empty for the rest; the
newest row of an industry, class, kind and person is in force unless it is one that ended it; no row is ever changed."""

peer_case = sa.Table(
    "peer_case",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False, index=True),
    sa.Column("decision_id", BigKey, sa.ForeignKey("decision.id"), nullable=False, unique=True),
    sa.Column("industry", sa.String(32), nullable=False),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("is_blinded", sa.Boolean, nullable=False),
    sa.Column("hides_reviewer", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("due_at", sa.String(32), nullable=False),
    sa.Column("reviewer", sa.String(64), nullable=False, server_default=""),
    sa.Column("claimed_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("had_opened", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("closed_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("withdrawn_why", sa.Text, nullable=False, server_default=""),
    sa.CheckConstraint("state IN ('open', 'claimed', 'done', 'withdrawn')", name="state"),
    sa.CheckConstraint("(state IN ('claimed', 'done')) = (reviewer <> '')", name="reviewer"),
    sa.Index(None, "state", "due_at", "id"),
    sa.Index(None, "reviewer", "state"),
    sa.Index(None, "person", "state"),
)
"""One decision under review, whichever plans took it. ``person`` made the decision; ``had_opened`` says whether the
reviewer had the exam open after it was decided and before they claimed the case: they may know what is hidden now."""

peer_reason = sa.Table(
    "peer_reason",
    metadata,
    sa.Column("case_id", BigKey, sa.ForeignKey("peer_case.id"), primary_key=True),
    sa.Column("plan_id", BigKey, sa.ForeignKey("peer_plan.id"), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
)
"""Every plan that took the decision."""

peer_given_back = sa.Table(
    "peer_given_back",
    metadata,
    sa.Column("case_id", BigKey, sa.ForeignKey("peer_case.id"), primary_key=True),
    sa.Column("person", sa.String(64), primary_key=True),
    sa.Column("at", sa.String(32), nullable=False),
)
"""Who had a case and gave it back: they may have looked since, so they never get it again."""

peer_conclusion = sa.Table(
    "peer_conclusion",
    metadata,
    sa.Column("case_id", BigKey, sa.ForeignKey("peer_case.id"), primary_key=True),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("conclusion", sa.String(32), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("was_blinded", sa.Boolean, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)
"""What a reviewer would have decided, once and for all; ``was_blinded``: they cannot have seen the decision."""

peer_review = sa.Table(
    "peer_review",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("case_id", BigKey, sa.ForeignKey("peer_case.id"), nullable=False, unique=True),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("score", sa.String(32), nullable=False),
    sa.Column("edition", sa.String(32), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("agrees", sa.Boolean, nullable=False),
    sa.Column("is_significant", sa.Boolean, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)
"""The score of a decision, by the form of that ``edition``; no row is ever changed."""

peer_answer = sa.Table(
    "peer_answer",
    metadata,
    sa.Column("review_id", BigKey, sa.ForeignKey("peer_review.id"), primary_key=True),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)
"""The person whose decision it was has taken note, with or without words."""

peer_learning = sa.Table(
    "peer_learning",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("review_id", BigKey, sa.ForeignKey("peer_review.id"), nullable=False, unique=True),
    sa.Column("exam_pk", BigKey, sa.ForeignKey("exam.id"), nullable=False),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("opened_at", sa.String(32), nullable=False),
    sa.Column("done_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("done_words", sa.Text, nullable=False, server_default=""),
    sa.Column("seen_by", sa.String(64), nullable=False, server_default=""),
    sa.Column("seen_at", sa.String(32), nullable=False, server_default=""),
    sa.Index(None, "person", "done_at"),
)
"""What a person is to learn from a review; open until ``done_at``, then to be seen by a lead."""
