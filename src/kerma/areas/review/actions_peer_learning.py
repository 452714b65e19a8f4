"""What becomes of a peer review with the person whose decision it was: feedback, an answer, something learnt."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.review import rules
from kerma.areas.review.actions_peer_inbox import tell_answered
from kerma.areas.review.model_peer import peer_answer, peer_case, peer_learning, peer_review
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Act, action


@action("review.view_feedback")
def view_feedback(act: Act) -> None:
    """See what colleagues said of one's own decisions, and what one is to learn from it."""
    act.record(list="feedback")


@action("review.view_review_figures")
def view_figures(act: Act, *, about: str) -> None:
    """See the plans of peer review, what its scores come to person by person, and everybody's learning items."""
    act.record(about=about)


@action("review.answer_feedback")
def answer(act: Act, *, review_id: int, words: str = "") -> None:
    """Take note of a review of one's own decision, with or without an answer in words.

    Raises
    ------
    NotAllowed
        It is not one's own decision.
    Conflict
        It is answered already.
    """
    written = _words(words, needed=False)
    statement = sa.select(peer_case, peer_answer.c.at.label("answered_at"))
    statement = statement.join_from(peer_review, peer_case, peer_review.c.case_id == peer_case.c.id)
    statement = statement.outerjoin(peer_answer, peer_answer.c.review_id == peer_review.c.id)
    found = act.connection.execute(statement.where(peer_review.c.id == review_id)).first()
    if found is None:
        raise NotFound(f"there is no review {review_id}")
    if found.person != act.actor.key:
        raise NotAllowed("this review is of somebody else's decision: only they answer it")
    if found.answered_at is not None:
        raise Conflict("you have answered this review already")
    row = {"review_id": review_id, "by": act.actor.key, "words": written, "at": act.at_text}
    act.connection.execute(sa.insert(peer_answer).values(row))
    tell_answered(act, found._mapping, written)
    act.record(review_id=review_id, words_sha256=rules.text_digest(written))


@action("review.finish_learning")
def finish(act: Act, *, learning_id: int, words: str) -> None:
    """Say what one has done about a learning item of one's own; it is done then.

    Raises
    ------
    NotAllowed
        It is somebody else's.
    Conflict
        It is done already.
    """
    written = _words(words, needed=True)
    found = _item(act, learning_id)
    if found.person != act.actor.key:
        raise NotAllowed("this learning item is somebody else's: only they say what they did")
    if found.done_at:
        raise Conflict(f"this learning item is done since {found.done_at}")
    _change(act, learning_id, done_at=act.at_text, done_words=written)
    act.record(learning_id=learning_id, words_sha256=rules.text_digest(written))


@action("review.see_learning")
def see(act: Act, *, learning_id: int) -> None:
    """Say as a lead that one has seen what a person did about a learning item.

    Raises
    ------
    Conflict
        It is not done yet, seen already, or one's own.
    """
    found = _item(act, learning_id)
    if found.person == act.actor.key:
        raise Conflict("this learning item is your own: somebody else sees it through")
    if not found.done_at or found.seen_at:
        raise Conflict("this learning item is " + ("seen already" if found.seen_at else "not done yet"))
    _change(act, learning_id, seen_by=act.actor.key, seen_at=act.at_text)
    act.record(learning_id=learning_id)


def _item(act: Act, learning_id: int) -> sa.Row[Any]:
    statement = sa.select(peer_learning).where(peer_learning.c.id == learning_id).with_for_update()
    found = act.connection.execute(statement).first()
    if found is None:
        raise NotFound(f"there is no learning item {learning_id}")
    return found


def _change(act: Act, learning_id: int, **values: str) -> None:
    act.connection.execute(sa.update(peer_learning).where(peer_learning.c.id == learning_id).values(**values))


def _words(words: str, *, needed: bool) -> str:
    written = words.strip()
    if needed and not written:
        raise WrongUsage("say in a sentence what you did about it")
    if len(written) > rules.MAX_REASON_LETTERS:
        raise WrongUsage(f"the words have {len(written)} letters; keep them within {rules.MAX_REASON_LETTERS}")
    return written
