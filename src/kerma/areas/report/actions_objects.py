"""Objects of an exam leave, or are kept with it; findings come in from files: all that the ledger knows of it."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.actions import ingest_many
from kerma.areas.archive.model import Arrival, Stored
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.report import objects
from kerma.areas.report.objects import NOT_KEPT, Written
from kerma.areas.report.sight import demand_stated
from kerma.areas.review import actions_judge, queries, queries_judge
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.rules_findings import MAX_ADDED, MAX_MEASUREMENTS, PURE_NUMBERS, Added, Changes
from kerma.errors import Conflict, NotFound, Unreadable, WrongUsage
from kerma.formats import findings_files
from kerma.formats.findings_found import Found, Hints, ImagePlace, known_label
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import sight_of
from kerma.science.units import UNITS

if TYPE_CHECKING:
    from kerma.areas.review.queries_judge import Known

NOTE_MAX = 500


@dataclass(frozen=True)
class Taken:
    """What became of a file of findings: how many were recorded, how many were there already, what was lost."""

    judgement_id: int | None
    recorded: int
    already_there: int
    dismissed: int
    """Findings that the file itself calls dismissed; they are not taken in."""
    lost: tuple[str, ...]


@action("report.export_objects")
def hand_out(act: Act, *, exam_pk: int, written: Written, purpose: str) -> None:
    """Let objects made from an exam's findings leave, or be kept; called before the first byte does."""
    if exam_by_pk(act.connection, exam_pk) is None:
        raise NotFound(f"there is no exam {exam_pk}")
    digests = [hashlib.sha256(data).hexdigest() for _, data in written.files]
    act.record(exam_pk=exam_pk, object=written.offer.name, purpose=purpose, file_count=len(digests))
    act.record(analysis_id=written.analysis_id, judgement_id=written.judgement_id, sha256s=digests)


def give_out(kernel: Kernel, actor: Actor, *, exam_pk: int, name: str) -> Written:
    """Write an object and let it leave; who may not have it causes no work.

    Raises
    ------
    NotAllowed
        The permission is missing.
    NotFound
        No such exam or object, or the exam has nothing of this kind to say.
    """
    if not is_granted(hand_out.name, actor.permissions):
        refuse(kernel, actor, hand_out.name)
    _demand_stated(kernel, actor, exam_pk)
    written = objects.write(kernel, exam_pk, name)
    hand_out(kernel, actor, exam_pk=exam_pk, written=written, purpose="export")
    return written


def _demand_stated(kernel: Kernel, actor: Actor, exam_pk: int) -> None:
    with kernel.database.read() as connection:
        demand_stated(connection, actor, exam_pk)


def keep(kernel: Kernel, actor: Actor, *, exam_pk: int, name: str) -> list[Stored]:
    """Put an object into the archive beside the images, so that it is found and handed out like them.

    Raises
    ------
    WrongUsage
        It is no object that stands beside images.
    Conflict
        The archive did not take it.
    """
    if not is_granted(hand_out.name, actor.permissions):
        refuse(kernel, actor, hand_out.name)
    _demand_stated(kernel, actor, exam_pk)
    written = objects.write(kernel, exam_pk, name)
    if not written.offer.can_be_kept:
        why = NOT_KEPT.get(written.offer.name, "it is no DICOM object")
        raise WrongUsage(f"{written.offer.name} is not kept with the exam: {why}")
    hand_out(kernel, actor, exam_pk=exam_pk, written=written, purpose="keep")
    with kernel.database.read() as connection:
        industry = (exam_by_pk(connection, exam_pk) or {}).get("industry")
    arrivals = [Arrival(data, name, industry, from_="http") for name, data in written.files]
    stored = list(ingest_many(kernel, actor, arrivals))
    for one in stored:
        if one.outcome not in ("stored", "duplicate"):
            raise Conflict(f"the archive did not take {one.file_name}: {one.reason}")
    return stored


def take_in(kernel: Kernel, actor: Actor, *, exam_pk: int, data: bytes, hints: Hints, kind: str = "") -> Taken:
    """Record the findings of a file as those of the person who brings it, and judge the exam by them.

    Raises
    ------
    NotAllowed
        The permission is missing, or the actor is no person.
    Unreadable
        The file makes no sense; the message says where.
    WrongUsage
        More findings than one judgement may add, or none at all.
    Conflict
        Somebody else holds the exam, or judged it meanwhile.
    """
    if not is_granted(actions_judge.keep_judgement.name, actor.permissions):
        refuse(kernel, actor, actions_judge.keep_judgement.name)
    with kernel.database.read() as connection:
        exam = exam_by_pk(connection, exam_pk)
        sight = sight_of(connection, actor, exam_pk)
        on = queries_judge.known(connection, exam_pk, sight) if exam else None
        now = queries.current(connection, exam_pk, sight) if exam else None
    if exam is None:
        raise NotFound(f"there is no exam {exam_pk}")
    if on is None or now is None:
        raise Conflict("the exam is still being analysed: findings can be taken in a moment later")
    imported = findings_files.read(data, ImagePlace.of(now.document), hints, kind)
    words = [row["label"] for row in queries_judge.words(exam["industry"])]
    lost: dict[str, None] = dict.fromkeys(imported.lost)
    dismissed = [one for one in imported.found if "dismissed" in one.finding]
    standing = [one for one in imported.found if "dismissed" not in one.finding]
    new = [one for one in standing if not _is_there(one, now.document)]
    added = [_added(one, words, hints.file_name, lost) for one in new]
    if len(added) > MAX_ADDED:
        raise WrongUsage(f"the file has {len(added)} findings; one judgement adds at most {MAX_ADDED}: split it")
    judgement_id = _record(kernel, actor, exam_pk, on, added) if added else None
    return Taken(judgement_id, len(added), len(standing) - len(new), len(dismissed), tuple(lost))


def _record(kernel: Kernel, actor: Actor, exam_pk: int, on: Known, added: list[Added]) -> int:
    supersedes = on.newest["id"] if on.newest else None
    reason = f"taken in from a file: {len(added)} finding{'s' if len(added) != 1 else ''}"
    given = Given(Changes(tuple(added)), reason=reason, supersedes=supersedes)
    return actions_judge.judge_exam(kernel, actor, exam_pk=exam_pk, given=given)


def _is_there(one: Found, document: Mapping[str, Any]) -> bool:
    """Return whether the exam has this very finding: same image, plane, label and box."""
    image = next(image for image in document["images"] if image["sha256"] == one.image.sha256)
    finding = one.finding
    return any(
        there["label"] == finding["label"]
        and (there.get("plane") or 0) == finding["plane"]
        and all(abs(a - b) < 1e-6 for a, b in zip(there["box"], finding["box"], strict=True))
        for there in image.get("findings", ())
    )


def _added(one: Found, words: Iterable[str], file_name: str, lost: dict[str, None]) -> Added:
    finding = one.finding
    label = known_label(finding["label"], list(words), one.where)
    kept: dict[str, float] = {}
    for measured in finding["measurements"]:
        name, value = measured["name"], measured["value"]
        if value is None:
            lost["measurements without a value"] = None
        elif not _is_measure(name) or value < 0 or len(kept) >= MAX_MEASUREMENTS:
            near = difflib.get_close_matches(name, [f"{name.rsplit('_', 1)[0]}_{unit}" for unit in UNITS], 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            lost[f"the measurement '{name[:40]}', which ends in no unit or is no size{hint}"] = None
        else:
            kept[name] = float(value)
    if finding.get("polygon"):
        lost["outlines: a person's finding has a box"] = None
    if finding.get("score") is not None:
        lost["scores: a person's finding has none"] = None
    note = " ".join(filter(None, [finding.get("note", ""), _from(finding, file_name)]))
    if len(note) > NOTE_MAX:
        raise Unreadable(f"{one.where}: the note has {len(note)} letters; keep it within {NOTE_MAX}")
    row, column, height, width = (float(value) for value in finding["box"])
    return Added(one.image.sha256, label, (row, column, height, width), kept, finding["plane"], note)


def _is_measure(name: str) -> bool:
    return name in PURE_NUMBERS or any(name.endswith(f"_{unit}") for unit in UNITS)


def _from(finding: Mapping[str, Any], file_name: str) -> str:
    by = finding["by"]
    who = f" by {by['name']} {by.get('version') or ''}".rstrip() if by.get("name") else ""
    return f"[from {file_name or 'a file'}{who}]"
