"""All that changes threat image projection: the library, plans, exams that come under one, and what readers answer."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.actions import end_openings
from kerma.areas.archive.queries import opened_at
from kerma.areas.proficiency import projecting, queries, rules
from kerma.areas.proficiency.model import ENDED, OPEN, PREPARING, tip_answer, tip_exam, tip_plan, tip_threat
from kerma.areas.review.model import decision
from kerma.areas.review.queries_reading import sees_all
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist.model import item
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import clock, jobs
from kerma.kernel.action import Act, action
from kerma.kernel.sight import READERS, sight_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerma.areas.archive.model import ExamArrived
    from kerma.areas.archive.model_keeping import ExamDeleted
    from kerma.areas.proficiency.projecting import Made
    from kerma.areas.review.model import ExamDecided
    from kerma.science.simulate.threat_library import Threat

PREPARE = "proficiency.prepare"
QUIET_S = 0.25
"""An exam is made ready once no further image of it has come for this long."""
SECRET_BYTES = 32
MOST_ADDED = 100
"""Threats that are simulated in one go."""


@action("proficiency.add_threats")
def add_threats(act: Act, *, made: Sequence[tuple[int, Threat, str]]) -> int:
    """Add threats to the library of threat projection; one that is there already stays as it is.

    Parameters
    ----------
    made : seed, threat, and address of its views among the blobs
    """
    known = {(row.name, row.seed) for row in act.connection.execute(sa.select(tip_threat.c.name, tip_threat.c.seed))}
    rows = [
        {
            "name": threat.name, "category": threat.category, "words": threat.words, "seed": seed,
            "turn_deg": list(threat.turn_deg), "views_sha256": sha256, "added_by": act.actor.key,
            "added_at": act.at_text,
        }
        for seed, threat, sha256 in made
        if (threat.name, seed) not in known
    ]  # fmt: skip
    if rows:
        act.connection.execute(sa.insert(tip_threat), rows)
    act.record(threats=[row["views_sha256"] for row in rows])
    return len(rows)


@action("proficiency.retire_threat")
def retire_threat(act: Act, *, threat_id: int) -> None:
    """Use a threat of the library no more; what was answered to it stays.

    Raises
    ------
    NotFound
        The library has no such threat in use.
    """
    same = (tip_threat.c.id == threat_id, tip_threat.c.retired_at == "")
    if act.connection.execute(sa.update(tip_threat).where(*same).values(retired_at=act.at_text)).rowcount == 0:
        raise NotFound(f"the library has no threat {threat_id} in use")
    act.record(threat_id=threat_id)


@action("proficiency.set_plan")
def set_plan(act: Act, *, given: Mapping[str, Any]) -> int:
    """Set in how many exams of a scanner a threat is projected, and of which categories.

    It takes the place of the plan of the same scanner. The key of its draw is made here and told to nobody. Where a
    plan is ended, exams that wait under it are read as they came from now on.

    Parameters
    ----------
    given : ``station``, ``share_permille``, ``categories``, ``is_ended``

    Raises
    ------
    WrongUsage
        A part of the plan makes no sense, or the library has no threat for it.
    """
    values = rules.checked_plan(given)
    library = queries.threats(act.connection)
    if not values["is_ended"] and not rules.ordered("00", "", library, values["categories"]):
        raise WrongUsage("the library has no threat of these categories: add some first")
    secret = secrets.token_hex(SECRET_BYTES)
    row = {**values, "secret": secret, "set_by": act.actor.key, "set_at": act.at_text}
    if values["is_ended"]:
        same = sa.select(tip_plan.c.id).where(tip_plan.c.station == values["station"])
        waiting = sa.update(tip_exam).where(tip_exam.c.plan_id.in_(same), tip_exam.c.state != ENDED)
        act.connection.execute(waiting.values(state=ENDED, ended_at=act.at_text))
    plan_id = int(act.connection.execute(sa.insert(tip_plan).values(row).returning(tip_plan.c.id)).scalar_one())
    act.record(plan_id=plan_id, secret_sha256=hashlib.sha256(secret.encode("ascii")).hexdigest(), **values)
    return plan_id


@action("proficiency.view_library")
def view_library(act: Act) -> None:
    """See the threats and the plans of threat projection."""
    act.record(list="threats")


@action("proficiency.view_results")
def view_results(act: Act, *, after: str, before: str) -> None:
    """See what readers answered to projected threats."""
    act.record(after=after, before=before)


def on_exam_arrived(act: Act, event: ExamArrived) -> None:
    """Put an exam under the plan of its scanner, drawn or not, and ask for its pixels to be made ready."""
    if event.industry != rules.INDUSTRY:
        return
    found = queries.exam_under_plan(act.connection, event.exam_pk)
    if found is None:
        plan = rules.plan_for(queries.station_of(act.connection, event.exam_pk), queries.plans(act.connection))
        if plan is None or not event.is_new:
            return
        values = {"exam_pk": event.exam_pk, "plan_id": plan["id"], "places": [], "arrived_at": act.at_text}
        act.connection.execute(sa.insert(tip_exam).values(**values, state=PREPARING, nonce=secrets.token_hex()))
    elif found["state"] == ENDED:
        return
    else:  # its images were made ready without the one that has come
        anew = {"state": PREPARING, "nonce": secrets.token_hex(), "is_projected": False, "places": []}
        act.connection.execute(sa.update(tip_exam).where(tip_exam.c.id == found["id"]).values(anew))
    jobs.request(act, PREPARE, key=str(event.exam_pk), arguments={"exam_pk": event.exam_pk}, quiet_s=QUIET_S)


@action("proficiency.settle")
def settle(act: Act, *, exam_pk: int, nonce: str, made: Made | None, why_not: str = "") -> None:
    """Note that the pixels of an exam under a plan are ready to be read; the record does not say of which exam.

    Parameters
    ----------
    nonce : of the images that it was done to; others have come since where it is not the exam's any more
    made : what was put into it; None where nothing could be, and ``why_not`` says why
    """
    found = queries.exam_under_plan(act.connection, exam_pk)
    if found is None or found["state"] != PREPARING or found["nonce"] != nonce:
        act.record(outdated=True)
        return
    values: dict[str, Any] = {"state": OPEN, "ready_at": act.at_text, "why_not": why_not}
    if made is not None:
        values |= {"threat_id": made.threat_id, "places": made.places, "realism": made.realism}
        values["is_projected"] = _is_drawn(act, found)
    act.connection.execute(sa.update(tip_exam).where(tip_exam.c.id == found["id"]).values(values))
    act.record(state_sha256=_digest({**found, **values}))
    _tell(act, exam_pk)


def answered(act: Act, *, exam_pk: int, decision_code: str) -> bool:
    """Keep what a reader answered to a projected threat; the exam stays to be read (``kernel.projection``).

    Returns whether the images in front of the actor held one.

    Raises
    ------
    Conflict
        They held one until somebody else answered, and the actor has not opened the exam since.
    """
    found = queries.exam_under_plan(act.connection, exam_pk)
    if found is None or not found["is_projected"] or not _is_reader(act):
        return False
    if found["state"] == ENDED:
        _demand_opened_since(act, found)
        return False
    if sight_of(act.connection, act.actor, exam_pk).originals:  # it is to be read in a way of its own since
        return False
    kept = _keep(act, found, decision_code, is_projected=True)
    end_openings(act, exam_pk)
    act.record(answer_sha256=_digest(kept))
    return True


def _demand_opened_since(act: Act, found: Mapping[str, Any]) -> None:
    began = opened_at(act.connection, act.actor.key, found["exam_pk"])
    if began is None or began < found["ended_at"]:
        raise Conflict("other images stand here since you opened this exam: open it again, read it, then decide")


def _is_reader(act: Act) -> bool:
    """Return whether the actor is one to whom projected images are shown."""
    return act.actor.kind in READERS and not sees_all(act.actor)


def on_exam_decided(act: Act, event: ExamDecided) -> None:
    """Count what a reader decided on images under a plan into which nothing was projected; the plan is done with it."""
    found = queries.exam_under_plan(act.connection, event.exam_pk)
    if found is None or found["state"] == ENDED:
        return
    if _is_reader(act) and queries.is_open(found) and not found["is_projected"]:
        code = act.connection.scalar(sa.select(decision.c.decision).where(decision.c.id == event.decision_id))
        _keep(act, found, code or "", is_projected=False)
    else:
        _end(act, found)


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Forget which exam was answered; the answers stay, for they are of the reader."""
    of_exam = sa.select(tip_exam.c.id).where(tip_exam.c.exam_pk == event.exam_pk)
    loose = sa.update(tip_answer).where(tip_answer.c.tip_exam_id.in_(of_exam)).values(tip_exam_id=None)
    act.connection.execute(loose)
    act.connection.execute(sa.delete(tip_exam).where(tip_exam.c.exam_pk == event.exam_pk))


def _keep(act: Act, found: Mapping[str, Any], decision_code: str, *, is_projected: bool) -> dict[str, Any]:
    began = opened_at(act.connection, act.actor.key, found["exam_pk"])
    threat = queries.threat_by_id(act.connection, found["threat_id"]) if is_projected else None
    values = {
        "person": act.actor.key,
        "result": rules.result_of(decision_code, is_projected=is_projected),
        "decision": decision_code,
        "seconds": (act.at - clock.moment(began)).total_seconds() if began else None,
        "at": act.at_text,
        "threat_id": threat["id"] if threat else None,
        "category": threat["category"] if threat else "",
        "tip_exam_id": found["id"],
    }
    act.connection.execute(sa.insert(tip_answer).values(values))
    _end(act, found)
    return {**values, "nonce": found["nonce"]}


def _end(act: Act, found: Mapping[str, Any]) -> None:
    ended = sa.update(tip_exam).where(tip_exam.c.id == found["id"])
    act.connection.execute(ended.values(state=ENDED, ended_at=act.at_text))


def _is_drawn(act: Act, found: Mapping[str, Any]) -> bool:
    plan = queries.plan_by_id(act.connection, found["plan_id"])
    return rules.is_drawn(plan["secret"], plan["share_permille"], queries.uid_of(act.connection, found["exam_pk"]))


def _tell(act: Act, exam_pk: int) -> None:
    """Have the exam's item ranked where it stands already: so the browsers hear of it."""
    proposed = act.connection.scalar(sa.select(item.c.decision_proposed).where(item.c.exam_pk == exam_pk))
    if proposed is not None:
        worklist.rank.within(act, exam_pk=exam_pk, decision_proposed=proposed)


def _digest(values: Mapping[str, Any]) -> str:
    """Return what proves later what a row was; without its random number it can be guessed from nothing."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


class Projecting:
    """Answers for this area (``kernel.projection.Projections``)."""

    shown = staticmethod(projecting.shown)
    answered = staticmethod(answered)
