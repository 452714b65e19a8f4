"""A person records a read of their own: the first, before software is shown; or one of two independent ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerma.areas.review import actions, actions_reading, queries, queries_judge, rules, rules_reading
from kerma.areas.review.actions_reading import Standing
from kerma.areas.review.rules_reading import (
    AGAIN,
    AGREE,
    DOUBLE,
    FINDINGS,
    FIRST,
    INDEPENDENT,
    NO_FINDINGS,
    SECOND_READER,
    WAITING,
)
from kerma.areas.review.rules_reading_record import checked_record
from kerma.errors import Conflict, WrongUsage
from kerma.kernel.action import Act, action


@action("review.first_read")
def first_read(
    act: Act,
    *,
    exam_pk: int,
    no_findings: bool,
    judgement_id: int | None = None,
    reading: Mapping[str, Any] | None = None,
) -> int:
    """Record one's own read of an exam before what software found in it is shown.

    Parameters
    ----------
    no_findings : whether the person says to have found nothing; else their findings must be recorded
    judgement_id : id of the person's own judgement that was on screen, None when there was none

    Raises
    ------
    Conflict
        Nothing is hidden that this read would open, or the findings are not as it is said.
    """
    record = checked_record(reading)
    actions_reading.lock(act, exam_pk)
    stand = _standing(act, exam_pk)
    if stand.policy.algorithm != SECOND_READER or stand.sight.algorithm:
        raise Conflict("what the software found is not waiting for your first read of this exam: reload it")
    known = _known(act, stand, judgement_id)
    found = _own_findings(act, stand)
    if no_findings and found:
        raise Conflict(f"you recorded {found} findings on this exam; they are your read, or dismiss them first")
    if not no_findings and not found:
        raise Conflict("you recorded no finding on this exam; record what you found, or say that you found nothing")
    conclusion = NO_FINDINGS if no_findings else FINDINGS
    reading_id = actions_reading.keep(act, stand, known, FIRST, conclusion, record=record)
    act.record(exam_pk=exam_pk, conclusion=conclusion, judgement_id=known.judgement_id)
    return reading_id


@action("review.independent_read")
def independent_read(
    act: Act,
    *,
    exam_pk: int,
    conclusion: str,
    reason: str = "",
    judgement_id: int | None = None,
    reading: Mapping[str, Any] | None = None,
) -> int:
    """Record one of the two independent reads of an exam; when both are there and agree, they decide it.

    Raises
    ------
    Conflict
        The exam is not read twice, this person has read it, both reads are there, or the first read is missing.
    """
    record = checked_record(reading)
    industry = actions_reading.lock(act, exam_pk)
    stand = _standing(act, exam_pk)
    _demand_readable(stand)
    known = _known(act, stand, judgement_id)
    proposed = known.document["decision_proposed"] or ""
    decisions = act.kernel.industries[industry].decisions
    rules.check_decision(conclusion, reason, decisions=decisions, decision_proposed=proposed)
    words = reason.strip()
    reading_id = actions_reading.keep(act, stand, known, INDEPENDENT, conclusion, record=record, reason=words)
    act.record(exam_pk=exam_pk, conclusion=conclusion, judgement_id=known.judgement_id)
    act.record(reason_sha256=rules.text_digest(words))
    after = actions_reading.standing(act, exam_pk)
    if after.outcome != WAITING:
        act.record(outcome=after.outcome)
    if after.outcome == AGREE:
        _decide(act, after, conclusion, words)
    return reading_id


@action("review.consensus_read")
def consensus_read(
    act: Act,
    *,
    exam_pk: int,
    conclusion: str,
    reason: str,
    judgement_id: int | None = None,
    reading: Mapping[str, Any] | None = None,
) -> int:
    """Record what one of two readers who differed concludes after seeing both; when both say the same, it is decided.

    Raises
    ------
    Conflict
        The two reads do not differ, this person made neither of them, or has said it already.
    WrongUsage
        There is no reason.
    """
    record = checked_record(reading)
    industry = actions_reading.lock(act, exam_pk)
    stand = _standing(act, exam_pk)
    if rules_reading.wanted(stand.policy, stand.sight, stand.own, stand.sees_all, stand.outcome) != AGAIN:
        raise Conflict("there is nothing to come to one conclusion about, or you have said yours: reload the exam")
    known = _known(act, stand, judgement_id)
    words = reason.strip()
    if not words:
        raise WrongUsage("say why you come to this conclusion: the other reader and whoever asks later read it")
    decisions = act.kernel.industries[industry].decisions
    rules.check_decision(conclusion, words, decisions=decisions, decision_proposed="")
    reading_id = actions_reading.keep(act, stand, known, AGAIN, conclusion, record=record, reason=words)
    act.record(exam_pk=exam_pk, conclusion=conclusion, reason_sha256=rules.text_digest(words))
    after = actions_reading.standing(act, exam_pk)
    agreed, is_complete = rules_reading.consensus_of(after.facts.reads, after.facts.newest_image_pk)
    if agreed:
        _decide(act, after, agreed, words)
    elif is_complete:
        act.record(consensus=False)
    return reading_id


def _standing(act: Act, exam_pk: int) -> Standing:
    if act.actor.kind != "person":
        raise WrongUsage("only a person reads an exam; what software finds is an analysis")
    stand = actions_reading.standing(act, exam_pk)
    if stand.sees_all:
        raise Conflict("you may see everything (permission 'review.see_all'), so a read of yours is not independent")
    return stand


def _demand_readable(stand: Standing) -> None:
    if stand.policy.reading != DOUBLE:
        raise Conflict("this exam is not read twice: decide it")
    if stand.policy.algorithm == SECOND_READER and not stand.sight.algorithm:
        raise Conflict("record your first read first; then what the software found is shown, and you conclude")
    if INDEPENDENT in stand.own:
        raise Conflict("your read of this exam is recorded already")
    if stand.outcome != WAITING:
        raise Conflict("both reads of this exam are recorded: reload it")


def _known(act: Act, stand: Standing, judgement_id: int | None) -> queries.Current:
    """Return what was on the person's page; refuse where it is not that any more."""
    known = queries.current(act.connection, stand.exam_pk, stand.sight)
    if known is None:
        raise Conflict("the exam is still being analysed: record your read a moment later")
    if known.judgement_id != judgement_id:
        raise Conflict("the exam was judged anew meanwhile: reload it, then record your read")
    return known


def _own_findings(act: Act, stand: Standing) -> int:
    """Return how many findings the person has recorded on the exam as it is now, and not dismissed."""
    known = queries_judge.known(act.connection, stand.exam_pk, stand.sight)
    if known is None:
        return 0
    laid = known.laid
    own = [one["finding"]["id"] for one in laid["findings"] if one["by"] == act.actor.key]
    return sum(name not in laid["dismissed"] for name in own)


def _decide(act: Act, stand: Standing, conclusion: str, reason: str) -> None:
    """Decide what two people concluded alike, in the hand of the second."""
    latest = next(iter(queries.decisions(act.connection, stand.exam_pk, stand.sight)), None)
    known = queries.current(act.connection, stand.exam_pk, stand.sight)
    actions.decide.within(
        act,
        exam_pk=stand.exam_pk,
        decision_code=conclusion,
        reason=reason or AGREED,
        supersedes=latest["id"] if latest else None,
        judgement_id=known.judgement_id if known else None,
    )


AGREED = "Two independent reads came to the same conclusion."
"""The reason of a decision that two reads made, where the second gave none."""
