"""What readers said to the marks of models is kept, images are locked for tests, a set for training is taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.flagging.actions_pilot import keep_exam
from kerma.areas.flagging.model import feedback, locked_image
from kerma.errors import WrongUsage
from kerma.kernel.action import Act, action

SET_LETTERS = 64
_MANY = 500


@dataclass(frozen=True)
class Locked:
    """An image to lock: its SHA-256, and the print by which a changed copy is recognised."""

    sha256: str
    print: bytes


@action("flagging.keep_feedback")
def keep_feedback(
    act: Act, *, exam_pk: int, rows: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Keep what readers said to the marks of models on a decided exam, in place of what they said before.

    Parameters
    ----------
    rows : what they said; ``mark`` is the mark that it was said to
    runs : what models marked on the exam, for the pilots under way
    """
    act.connection.execute(sa.delete(feedback).where(feedback.c.exam_pk == exam_pk))
    told = [{key: value for key, value in row.items() if key != "mark"} for row in rows]
    if told:
        act.connection.execute(sa.insert(feedback), [{**row, "exam_pk": exam_pk, "at": act.at_text} for row in told])
    keep_exam(act, exam_pk, runs, rows)
    answers = [row["answer"] for row in rows]
    act.record(exam_pk=exam_pk, **{answer: answers.count(answer) for answer in sorted(set(answers))})


@action("flagging.lock_images")
def lock_images(act: Act, *, image_set: str, images: Sequence[Locked]) -> int:
    """Lock images for tests: no feedback set ever holds one of them or a changed copy. Returns how many are new.

    Raises
    ------
    WrongUsage
        The set has no name, or there are no images.
    """
    name = image_set.strip()
    if not name or len(name) > SET_LETTERS:
        raise WrongUsage(f"give the set a name of 1 to {SET_LETTERS} letters")
    if not images:
        raise WrongUsage("there is no image to lock")
    statement = sa.select(locked_image.c.image_sha256).where(locked_image.c.image_set == name)
    known = set(act.connection.scalars(statement))
    new = {one.sha256: one for one in images if one.sha256 not in known}
    of = {"image_set": name, "by": act.actor.key, "at": act.at_text}
    rows = [{"image_sha256": one.sha256, "print": one.print, **of} for one in new.values()]
    for start in range(0, len(rows), _MANY):
        act.connection.execute(sa.insert(locked_image), rows[start : start + _MANY])
    act.record(image_set=name, images=len(rows), known=len(images) - len(rows))
    return len(rows)


@action("flagging.export_feedback")
def export_feedback(act: Act, *, model_id: int | None, images: int, answers: int, refused: int, sha256: str) -> None:
    """Take out what readers said to the marks of models, with its images, to train on."""
    act.record(model_id=model_id, images=images, answers=answers, refused=refused, annotations_sha256=sha256)
