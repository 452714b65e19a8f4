"""What peer review puts into inboxes: who has a case, whose decision was reviewed, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.review import rules_talk
from kerma.areas.review.actions_talk import tell, tell_nameless
from kerma.areas.review.model_talk import inbox_entry

if TYPE_CHECKING:
    from kerma.areas.review.rules_peer import Score
    from kerma.kernel.action import Act

DAY = len("2026-01-01")


def tell_claimed(act: Act, case: Mapping[str, Any]) -> None:
    """Have the reviewer find what they have taken, until it is done."""
    words = f"Your review is due by {case['due_at'][:DAY]}."
    tell(act, act.actor.key, rules_talk.REVIEW_TASK, case["exam_pk"], case["id"], words)


def tell_ended(act: Act, case: Mapping[str, Any], words: str) -> None:
    """Let the reviewer's entry about a case say what became of it; it asks for nothing any more."""
    same = (
        inbox_entry.c.person == case["reviewer"], inbox_entry.c.kind == rules_talk.REVIEW_TASK,
        inbox_entry.c.exam_pk == case["exam_pk"], inbox_entry.c.ref_id == case["id"],
    )  # fmt: skip
    act.connection.execute(sa.update(inbox_entry).where(*same).values(words=words, read_at=act.at_text))


def tell_scored(act: Act, case: Mapping[str, Any], score: Score, words: str) -> None:
    """Tell who made the decision what a reviewer says of it, without the reviewer's name where that is hidden."""
    put = tell_nameless if case["hides_reviewer"] else tell
    about = (act, case["person"])
    said = f"{'Agreed with' if score.agrees else 'Disagreement'}: {score.words} {words}".strip()
    put(*about, rules_talk.REVIEW, case["exam_pk"], case["id"], said)
    if score.opens_learning:
        put(*about, rules_talk.LEARNING, case["exam_pk"], case["id"], f"Something to learn: {words or score.words}")
    tell_ended(act, case, "You have recorded your review.")


def tell_answered(act: Act, case: Mapping[str, Any], words: str) -> None:
    """Tell the reviewer what the person said whose decision it was."""
    if case["reviewer"] and words:
        tell(act, case["reviewer"], rules_talk.REVIEW, case["exam_pk"], case["id"], f"Answer to your review: {words}")
