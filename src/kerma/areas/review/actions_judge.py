"""A person records findings and judges an exam: each time a new version, and nothing is overwritten."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.review import (
    queries,
    queries_defaults,
    queries_judge,
    queries_packs,
    queries_reference,
    queries_tables,
    rules,
    rules_lots,
)
from kerma.areas.review.actions import keep_lots
from kerma.areas.review.model import ExamJudged
from kerma.areas.review.model_judge import judgement
from kerma.areas.review.rules_findings import Changes, Hand, lay_over, merge
from kerma.areas.review.rules_judge import Asked, Basis, checked, count_standing, judge
from kerma.areas.review.rules_reference import Graded, Reference, check_grades
from kerma.areas.worklist import actions as worklist
from kerma.areas.worklist.queries import holder_of
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import sight_of

if TYPE_CHECKING:
    from kerma.areas.review.queries_judge import Known
    from kerma.areas.review.queries_packs import Chosen

NO_PACK = ""
KEPT_OF_REFERENCE = (
    "image_set", "volume", "discontinuity", "plate_thickness_mm", "grade", "image_sha256", "image_pk", "exam_pk",
    "rows", "columns", "srb_um", "cnr", "licence_holder", "licence", "label",
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """What a person gives to judge an exam."""

    changes: Changes = Changes()
    pack: str | None = None
    """Name of the pack to judge by; None: the one before, at first the industry's; "": none."""
    asked: Asked | None = None
    """Conditions and image-quality entries; None: those before."""
    reason: str = ""
    supersedes: int | None = None
    """Id of the judgement in force that the person has seen, None when none has been seen."""


@dataclass(frozen=True)
class Prepared:
    """A judgement worked out, not yet recorded."""

    analysis_id: int
    document: dict[str, Any]
    chosen: Chosen | None
    shown: dict[str, Any] = field(default_factory=dict)
    """What is known of the exam with this judgement laid over, as an element of ``exams`` of ``result.json``."""


def judge_exam(kernel: Kernel, actor: Actor, *, exam_pk: int, given: Given) -> int:
    """Record a person's findings and judge the exam by them; returns the judgement's id.

    Raises
    ------
    NotAllowed
        The permission is missing, or the actor is no person: what software finds is an analysis.
    Conflict
        Somebody else holds the exam, or it was analysed or judged meanwhile.
    """
    if not is_granted(keep_judgement.name, actor.permissions):
        refuse(kernel, actor, keep_judgement.name)
    if actor.kind != "person":
        refuse(kernel, actor, keep_judgement.name, "only a person judges an exam; what software finds is an analysis")
    if len(given.reason) > rules.MAX_REASON_LETTERS:
        raise WrongUsage(f"the reason has {len(given.reason)} letters; keep it within {rules.MAX_REASON_LETTERS}")
    prepared = prepare(kernel, actor, exam_pk=exam_pk, given=given)
    return keep_judgement(kernel, actor, exam_pk=exam_pk, prepared=prepared, given=given)


def prepare(kernel: Kernel, actor: Actor, *, exam_pk: int, given: Given) -> Prepared:
    """Work out what a judgement would say, without recording it.

    Raises
    ------
    Conflict
        The exam has not been analysed, or has been judged by somebody else meanwhile.
    """
    with kernel.database.read() as connection:
        industry = connection.scalar(sa.select(exam.c.industry).where(exam.c.id == exam_pk))
        if industry is None:
            raise NotFound(f"there is no exam {exam_pk}")
        sight = sight_of(connection, actor, exam_pk)
        on = queries_judge.known(connection, exam_pk, sight)
        if on is None:
            raise Conflict("the exam is still being analysed: it can be judged a moment later")
        _check_seen(on.newest, given.supersedes)
        plan = kernel.industries[industry].plan
        usual = queries_defaults.usual_pack(connection, industry, plan)
        name = pack_name(on, usual) if given.pack is None else given.pack
        chosen = queries_packs.chosen(connection, name) if name else None
        confirmed = queries_tables.confirmed_tables(connection)
        references = queries_reference.by_id(connection)
        site = queries_defaults.site_rules(connection, industry, plan)
    asked = checked(given.asked if given.asked is not None else _asked_before(on), industry)
    if asked.grades:
        check_grades(asked.grades, references)
    words = {row["label"]: row["code"] for row in queries_judge.words(industry)}
    hand = Hand(actor.key, actor.name, clock.text(kernel.clock.now()))
    laid = merge(on.analysed, on.laid, given.changes, hand, words)
    shown = lay_over(on.analysed, laid)
    basis = Basis(industry, plan.quality, plan.decision_table, chosen.pack if chosen else None, references, site)
    judged = judge(shown, basis, asked)
    document = {
        "laid": laid,
        "by_name": actor.name,
        "pack": chosen.as_json() if chosen else None,
        "confirmed_tables": confirmed,
        "conditions": dict(asked.conditions),
        "quality_entries": dict(asked.quality),
        "grades": [_graded(one, references[one.reference_id]) for one in asked.grades],
        "looked_at_all": asked.looked_at_all,
        **({} if sight.algorithm else {queries_judge.SAW_ALGORITHM: False}),
        **judged,
    }
    told = {"id": None, "version": 0, "by": actor.key, "at": hand.at, "reason": given.reason, "document": document}
    return Prepared(on.analysis_id, document, chosen, queries_judge.with_judgement(shown, told))


@action("review.judge")
def keep_judgement(act: Act, *, exam_pk: int, prepared: Prepared, given: Given) -> int:
    """Record findings, and judge an exam by rules and conditions that one gives."""
    # Locking the exam makes two people with the same exam take turns, so the second one finds the first one's row.
    if act.connection.execute(sa.select(exam.c.id).where(exam.c.id == exam_pk).with_for_update()).first() is None:
        raise NotFound(f"there is no exam {exam_pk}")
    holder, sight = holder_of(act.connection, exam_pk), sight_of(act.connection, act.actor, exam_pk)
    if holder and holder != act.actor.key and not sight.is_shared:
        raise Conflict("the exam is held by someone else; ask for its release first")
    newest = queries_judge.newest_judgement(act.connection, exam_pk, sight)
    _check_seen(newest, given.supersedes)
    _check_unchanged(act, exam_pk, prepared)
    if prepared.document.get(queries_judge.SAW_ALGORITHM, True) != sight.algorithm:
        raise Conflict("what is shown to you of this exam changed meanwhile: look at it again, then judge")
    values = {
        "exam_pk": exam_pk,
        "analysis_id": prepared.analysis_id,
        "version": queries_judge.last_version(act.connection, exam_pk) + 1,
        "document": prepared.document,
        "decision_proposed": prepared.document["decision_proposed"],
        "by": act.actor.key,
        "at": act.at_text,
        "reason": given.reason.strip(),
    }
    insert = sa.insert(judgement).values(values).returning(judgement.c.id)
    judgement_id = int(act.connection.execute(insert).scalar_one())
    act.record(exam_pk=exam_pk, judgement_id=judgement_id, version=values["version"])
    act.record(analysis_id=prepared.analysis_id, supersedes=given.supersedes, **_for_ledger(prepared))
    keep_lots(act, exam_pk, rules_lots.belongs_to({}, prepared.document["conditions"]))
    worklist.rank.within(act, exam_pk=exam_pk, decision_proposed=values["decision_proposed"])
    act.publish(ExamJudged(exam_pk, judgement_id))
    return judgement_id


def _check_seen(newest: dict[str, Any] | None, supersedes: int | None) -> None:
    if (newest["id"] if newest else None) != supersedes:
        raise Conflict("somebody has judged this exam meanwhile; reload it, read that judgement, then judge again")


def _check_unchanged(act: Act, exam_pk: int, prepared: Prepared) -> None:
    """Refuse what was worked out from something that is no longer so."""
    newest = queries.latest_analysis(act.connection, exam_pk)
    if newest is None or newest["id"] != prepared.analysis_id:
        raise Conflict("the exam was analysed anew meanwhile: look at it again, then judge")
    if not queries.is_current(act.connection, exam_pk, newest):
        raise Conflict("further images or another declaration have come: wait for their analysis, then judge")
    if queries_tables.confirmed_tables(act.connection) != prepared.document["confirmed_tables"]:
        raise Conflict("a table of image quality was confirmed, or no longer, meanwhile: judge again")
    chosen = prepared.chosen
    if chosen and queries_packs.chosen(act.connection, chosen.name).as_json() != chosen.as_json():
        raise Conflict(f"the pack '{chosen.name}' or its confirmation was changed meanwhile: judge again")


def pack_name(on: Known | None, usual: str) -> str:
    """Return the pack an exam is judged by where nobody names one: that of the judgement before, else the usual one."""
    if on is None or on.newest is None:
        return usual
    before = on.newest["document"]["pack"]
    return str(before["name"]) if before else NO_PACK


def _asked_before(on: Known) -> Asked:
    if on.newest is None:
        return Asked()
    before = on.newest["document"]
    given = [one["given"] for one in before.get("grades", ())]
    grades = [Graded(**{**one, "finding_ids": tuple(one["finding_ids"])}) for one in given]
    looked_at_all = on.is_of_this_analysis and before["looked_at_all"]
    return Asked(before["conditions"], before["quality_entries"], grades, looked_at_all)


def _graded(one: Graded, row: Reference) -> dict[str, Any]:
    """Return what a judgement keeps of a grade: what was given, and the reference image as it was."""
    told = {key: row[key] for key in KEPT_OF_REFERENCE}
    return {"given": asdict(one) | {"finding_ids": list(one.finding_ids)}, "reference": told}


def _for_ledger(prepared: Prepared) -> dict[str, Any]:
    """Return what the ledger holds: no names and no free words, but the hash of everything that was judged."""
    document, chosen = prepared.document, prepared.chosen
    outcomes = [verdict["outcome"] for verdict in document["verdicts"]]
    return {
        "document_sha256": rules.document_digest(document),
        "pack": chosen.name if chosen else "",
        "pack_sha256": chosen.sha256 if chosen else "",
        "pack_status": chosen.status if chosen else "",
        "confirmation_id": chosen.confirmation["id"] if chosen and chosen.confirmation else None,
        "decision_proposed": document["decision_proposed"],
        "outcomes": {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
        "findings": count_standing(prepared.shown),
        "reference_ids": [one["given"]["reference_id"] for one in document["grades"]],
    }
