"""All that changes what the load of an exam is declared as: each time a new version, and nothing is overwritten."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.review import rules
from kerma.areas.review.jobs import ANALYSE
from kerma.areas.review.model_judge import declaration
from kerma.areas.review.queries_declaration import newest_declaration
from kerma.areas.review.rules_declaration import INDUSTRY, Given, checked, document_of
from kerma.areas.worklist.actions import reopen
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel import jobs
from kerma.kernel.action import Act, action


@action("review.declare")
def declare(act: Act, *, exam_pk: int, given: Given, supersedes: int | None = None) -> int:
    """Record what the load of an exam is declared as; its images are then held against it.

    Parameters
    ----------
    supersedes : id of the newest declaration, or withdrawal of one, that the person has seen; None where none was seen

    Returns the id of the new version. A decided exam goes back on the worklist: it was decided on something else.

    Raises
    ------
    WrongUsage
        The exam is none of security screening, nothing is known of the goods, or a number makes no sense.
    Conflict
        Somebody has declared something meanwhile, or exactly this is declared already.
    """
    newest = _newest_seen(act, exam_pk, supersedes)
    document = document_of(checked(given))
    if newest and not newest["is_withdrawn"] and newest["document"] == document:
        raise Conflict(f"exactly this is declared already, as version {newest['version']}")
    return _keep(act, exam_pk, newest, {"document": document, "is_withdrawn": False, "reason": ""})


@action("review.withdraw_declaration")
def withdraw_declaration(act: Act, *, exam_pk: int, reason: str, supersedes: int) -> int:
    """Withdraw what the load of an exam was declared as: its images are no longer held against it.

    Parameters
    ----------
    supersedes : id of the declaration in force that the person has seen

    Returns the id of the row that withdraws; what was declared before stays on record.

    Raises
    ------
    WrongUsage
        There is no reason, or it is too long.
    NotFound
        Nothing is declared.
    Conflict
        Somebody has declared something else meanwhile.
    """
    if not 0 < len(reason.strip()) <= rules.MAX_REASON_LETTERS:
        raise WrongUsage(f"say in 1 to {rules.MAX_REASON_LETTERS} letters why the declaration is withdrawn")
    newest = _newest_seen(act, exam_pk, supersedes)
    if newest is None or newest["is_withdrawn"]:
        raise NotFound("nothing is declared of this exam, so there is nothing to withdraw")
    row = {"document": newest["document"], "is_withdrawn": True, "reason": reason.strip()}
    return _keep(act, exam_pk, newest, row)


def _newest_seen(act: Act, exam_pk: int, supersedes: int | None) -> dict[str, Any] | None:
    """Return the newest row, once the exam is one that has declarations and the person has seen that row."""
    # Locking the exam makes two people with the same exam take turns, so the second one finds the first one's row.
    statement = sa.select(exam.c.industry).where(exam.c.id == exam_pk).with_for_update()
    industry = act.connection.scalar(statement)
    if industry is None:
        raise NotFound(f"there is no exam {exam_pk}")
    if industry != INDUSTRY:
        raise WrongUsage(f"only a {INDUSTRY} exam has a load that somebody declares; this one is '{industry}'")
    newest = newest_declaration(act.connection, exam_pk)
    if (newest["id"] if newest else None) != supersedes:
        raise Conflict("somebody has declared something of this exam meanwhile; reload it, read that, then go on")
    return newest


def _keep(act: Act, exam_pk: int, newest: dict[str, Any] | None, row: dict[str, Any]) -> int:
    version = newest["version"] + 1 if newest else 1
    values = {**row, "exam_pk": exam_pk, "version": version, "by": act.actor.key, "at": act.at_text}
    insert = sa.insert(declaration).values(values).returning(declaration.c.id)
    declaration_id = int(act.connection.execute(insert).scalar_one())
    # Numbers and free words may name a person or a firm: the ledger holds the goods, and the hash of everything.
    act.record(exam_pk=exam_pk, declaration_id=declaration_id, version=version, withdrawn=row["is_withdrawn"])
    act.record(goods=row["document"]["goods"], document_sha256=rules.document_digest(row["document"]))
    act.record(reason_sha256=rules.text_digest(row["reason"]), supersedes=newest["id"] if newest else None)
    reopen(act, exam_pk)
    jobs.request(act, ANALYSE, key=str(exam_pk), arguments={"exam_pk": exam_pk})
    return declaration_id
