"""What people say to each other about an exam: comments with mentions, hand-offs told, entries of inboxes read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.review import queries_talk, rules, rules_talk
from kerma.areas.review.model_talk import exam_comment, inbox_entry
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Act, action
from kerma.kernel.sight import sight_of

if TYPE_CHECKING:
    from kerma.areas.worklist.model import ItemHandedOver


@action("review.view_inbox")
def view_inbox(act: Act) -> None:
    """See what colleagues want one to know: mentions, hand-offs, questions, answers, feedback."""
    act.record(list="inbox")


@action("review.comment")
def comment(act: Act, *, exam_pk: int, text: str, place: dict[str, Any] | None = None) -> int:
    """Write a comment on an exam; whom it mentions by @login finds it in the inbox.

    Parameters
    ----------
    place : what it is about, as ``exam_comment.place``; None for the whole exam

    Returns
    -------
    the comment's number in the exam

    Raises
    ------
    NotFound
        There is no such exam, or somebody who is mentioned does not work here.
    """
    demand_person(act, "comment")
    lock_exam(act, exam_pk)
    written = rules_talk.checked(text, "the comment")
    about = checked_place(act, exam_pk, place)
    last = act.connection.scalar(sa.select(sa.func.max(exam_comment.c.number)).where(exam_comment.c.exam_pk == exam_pk))
    number = int(last or 0) + 1
    _write(act, exam_pk, number, 1, written, place=about)
    _mention(act, exam_pk, number, written, ())
    return number


@action("review.edit_comment")
def edit_comment(act: Act, *, exam_pk: int, number: int, text: str, supersedes: int) -> int:
    """Write a comment of one's own anew; the text before stays in its history.

    Returns
    -------
    the version it has now

    Raises
    ------
    Conflict
        It was changed in another window meanwhile, or is withdrawn.
    """
    written = rules_talk.checked(text, "the comment")
    before = _own(act, exam_pk, number)
    if before["version"] != supersedes:
        raise Conflict("this comment was changed in another window meanwhile; reload it, then change it")
    _write(act, exam_pk, number, supersedes + 1, written, place=before["place"])
    told = _tell_anew(act, exam_pk, number, written)
    _mention(act, exam_pk, number, written, told)
    return supersedes + 1


@action("review.withdraw_comment")
def withdraw_comment(act: Act, *, exam_pk: int, number: int) -> None:
    """Withdraw a comment of one's own; what it said stays in its history."""
    before = _own(act, exam_pk, number)
    _write(act, exam_pk, number, before["version"] + 1, "", place=before["place"], is_withdrawn=True)
    _tell_anew(act, exam_pk, number, "This comment was withdrawn.")


@action("review.mark_inbox")
def mark_inbox(act: Act, *, entry_ids: Sequence[int], is_read: bool = True) -> None:
    """Mark entries of one's own inbox as read, or as unread again."""
    own = (inbox_entry.c.person == act.actor.key, inbox_entry.c.id.in_(list(entry_ids)))
    read_at = act.at_text if is_read else ""
    done = act.connection.execute(sa.update(inbox_entry).where(*own).values(read_at=read_at)).rowcount
    if done != len(set(entry_ids)):
        raise NotFound("one of these entries is not in your inbox; reload it")
    act.record(entries=done, is_read=is_read)


def on_item_handed_over(act: Act, event: ItemHandedOver) -> None:
    """Tell the colleague who was given an exam."""
    tell(act, event.to, rules_talk.HAND_OFF, event.exam_pk, event.item_id, event.reason)


def tell(act: Act, person: str, kind: str, exam_pk: int, ref_id: int, words: str) -> None:
    """Put an entry into a person's inbox, as a part of the action under way."""
    _put(act, {"person": person, "kind": kind, "exam_pk": exam_pk, "ref_id": ref_id, "words": words})


def tell_nameless(act: Act, person: str, kind: str, exam_pk: int, ref_id: int, words: str) -> None:
    """Put an entry into a person's inbox that does not say from whom it is."""
    _put(act, {"person": person, "kind": kind, "exam_pk": exam_pk, "ref_id": ref_id, "words": words, "by": ""})


def remind(act: Act, person: str, kind: str, exam_pk: int, ref_id: int, words: str) -> None:
    """Put an entry into a person's inbox about something of their own, which is never hidden from them."""
    _put(act, {"person": person, "kind": kind, "exam_pk": exam_pk, "ref_id": ref_id, "words": words, "by": person})


def _put(act: Act, entry: dict[str, Any]) -> None:
    values = {"by": act.actor.key, "at": act.at_text, **entry, "words": rules_talk.excerpt(entry["words"])}
    act.connection.execute(sa.insert(inbox_entry).values(values))


def demand_person(act: Act, what: str) -> None:
    """Refuse programs and parts of Kerma what only a person does."""
    if act.actor.kind != "person":
        raise WrongUsage(f"only a person who has signed in can {what}")


def lock_exam(act: Act, exam_pk: int) -> sa.Row[Any]:
    """Return an exam's key and industry, and let nobody else number anything in it until this transaction ends."""
    statement = sa.select(exam.c.id, exam.c.industry).where(exam.c.id == exam_pk).with_for_update()
    found = act.connection.execute(statement).first()
    if found is None:
        raise NotFound(f"there is no exam {exam_pk}")
    return found


def checked_place(act: Act, exam_pk: int, place: dict[str, Any] | None) -> dict[str, Any]:
    """Return a place in an exam without what is empty, once it is sure that it lies there for the one who acts."""
    about = {name: value for name, value in (place or {}).items() if value not in (None, "")}
    sight = sight_of(act.connection, act.actor, exam_pk)
    names = [one["id"] for one in queries_talk.findings_of(act.connection, exam_pk, sight)]
    rules_talk.place_on(names, about, queries_talk.places_of(act.connection, exam_pk, sight))
    return about


def _own(act: Act, exam_pk: int, number: int) -> dict[str, Any]:
    lock_exam(act, exam_pk)
    found = queries_talk.newest_version(act.connection, exam_pk, number)
    is_seen = found is not None and (
        found["by"] == act.actor.key or sight_of(act.connection, act.actor, exam_pk).people
    )
    if found is None or not is_seen:
        raise NotFound(f"exam {exam_pk} has no comment {number}")
    if found["by"] != act.actor.key:
        raise NotAllowed("only who wrote a comment changes or withdraws it; answer it with one of your own")
    if found["is_withdrawn"]:
        raise Conflict("this comment is withdrawn; write another one")
    return found


def _write(  # noqa: PLR0913 - one row
    act: Act,
    exam_pk: int,
    number: int,
    version: int,
    text: str,
    *,
    place: dict[str, Any],
    is_withdrawn: bool = False,
) -> None:
    values = {
        "exam_pk": exam_pk,
        "number": number,
        "version": version,
        "text": text,
        "place": place,
        "is_withdrawn": is_withdrawn,
        "by": act.actor.key,
        "at": act.at_text,
    }
    act.connection.execute(sa.insert(exam_comment).values(values))
    # The text may name a person: the ledger holds its hash.
    act.record(exam_pk=exam_pk, comment=number, version=version, text_sha256=rules.text_digest(text))


def _mention(act: Act, exam_pk: int, number: int, text: str, told: Collection[str]) -> None:
    keys = queries_talk.logins(act.connection, rules_talk.mentions(text))
    fresh = [key for key in keys if key not in told and key != act.actor.key]
    for key in fresh:
        tell(act, key, rules_talk.MENTION, exam_pk, number, text)
    if fresh:
        act.record(mentions=fresh)


def _tell_anew(act: Act, exam_pk: int, number: int, text: str) -> set[str]:
    """Let the entries about a comment say what it says now; returns whose inboxes they are in."""
    same = (
        inbox_entry.c.exam_pk == exam_pk, inbox_entry.c.kind == rules_talk.MENTION, inbox_entry.c.ref_id == number,
    )  # fmt: skip
    changed = sa.update(inbox_entry).where(*same).values(words=rules_talk.excerpt(text))
    return set(act.connection.scalars(changed.returning(inbox_entry.c.person)))
