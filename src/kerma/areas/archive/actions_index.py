"""The one action by which bytes become images of the archive, or stand in its quarantine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive import rules, rules_documents
from kerma.areas.archive.actions_memory import Memory
from kerma.areas.archive.actions_terms import TERM_LENGTH, add_exam_terms, add_subject_terms
from kerma.areas.archive.model import (
    GROWN_BY,
    ExamArrived,
    SeriesGrew,
    Stored,
    exam,
    image,
    quarantine,
    series,
    subject,
)
from kerma.areas.archive.queries_keeping import refuses_return
from kerma.areas.archive.rules_find import stored_time
from kerma.kernel.action import Act, action
from kerma.kernel.blobs_removal import ask, claim
from kerma.kernel.prepared import Prepared

if TYPE_CHECKING:
    from kerma.formats.header import Header

_TURN = 0x4B45_524D_4101
"""Key of PostgreSQL's advisory lock: arrivals take turns, as the ledger's head would make them later anyway."""

_IMAGE_KEPT = sa.select(
    image.c.id,
    image.c.sha256,
    image.c.sidecar_sha256,
    image.c.transfer_syntax_uid,
    image.c.exam_pk,
    exam.c.uid.label("exam_uid"),
    exam.c.industry,
).join_from(image, exam, image.c.exam_pk == exam.c.id)
_SAME_IMAGE = Prepared(_IMAGE_KEPT.where(image.c.uid == sa.bindparam("uid")))
_SAME_SUBJECT = Prepared(
    sa.select(subject).where(
        subject.c.subject_id == sa.bindparam("subject_id"),
        subject.c.subject_id != "",  # so that SQLite may use the partial index
        subject.c.issuer == sa.bindparam("issuer"),
        subject.c.industry == sa.bindparam("industry"),
    )
)
_SAME_QUARANTINE = sa.select(quarantine.c.id).where(
    quarantine.c.sha256 == sa.bindparam("sha256"),
    quarantine.c.sidecar_sha256 == sa.bindparam("sidecar_sha256"),
    quarantine.c.reason == sa.bindparam("reason"),
)
_ADD_SUBJECT = Prepared(sa.insert(subject).returning(subject.c.id))
_ADD_EXAM = Prepared(sa.insert(exam).returning(exam.c.id))
_ADD_SERIES = Prepared(sa.insert(series).returning(series.c.id))
_ADD_IMAGE = Prepared(sa.insert(image).returning(image.c.id))
_ADD_QUARANTINE = sa.insert(quarantine).returning(quarantine.c.id)

_SUBJECT_COLUMNS = ("subject_id", "issuer", "name", "name_folded", "birth_date", "sex")
_SERIES_COLUMNS: Mapping[str, int] = {
    "modality": 16, "body_part": 64, "laterality": 16, "protocol": 64, "manufacturer": 64, "model": 64,
    "serial_number": 64, "station": 64, "institution": 64, "series_date": 16, "series_time": 16, "performed_date": 16,
    "performed_time": 16, "performed_id": 64, "requested_id": 64, "scheduled_id": 64,
}  # fmt: skip
"""What a series takes from the first of its images, and how many letters of it."""


@dataclass(frozen=True)
class Received:
    """An arrival whose bytes are durable already: what the index needs to know of it."""

    header: Header | None
    """None when the bytes could not be read; ``reason`` and ``detail`` say why."""
    sha256: str
    sidecar_sha256: str
    size_bytes: int
    file_name: str
    from_: str
    stated_industry: str | None = None
    reason: str = ""
    detail: str = ""
    is_same_as: Callable[[str], bool] | None = None
    """Tells whether a kept blob holds the same data set: on the network objects come without the file meta
    information that makes the bytes differ, so the door's own or another sender's says nothing of the object."""
    returns: bool = False
    """Whether a person has decided that it may come back although its exam was deleted."""


@action("archive.ingest")
def index(act: Act, *, received: Received) -> Stored:
    """Take an image into the archive: keep its bytes, index it, or put it into quarantine.

    Raises
    ------
    WrongUsage
        A new exam's industry is neither stated nor told by the file.
    """
    take_turn(act)
    act.record(sha256=received.sha256, size_bytes=str(received.size_bytes), door=received.from_)
    if received.sidecar_sha256:
        act.record(sidecar_sha256=received.sidecar_sha256)
    if received.header is None or received.reason:
        return _quarantine(act, received, received.reason, received.detail)
    header = received.header
    same = _SAME_IMAGE.first(act.connection, {"uid": header.image_uid})
    if same is not None:
        return _again(act, received, same)
    return _new(act, received, header)


def take_turn(act: Act) -> None:
    """Wait until no other arrival or deletion is under way; on SQLite there is one writer anyway."""
    if act.connection.dialect.name == "postgresql":
        act.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))


def _again(act: Act, received: Received, same: Mapping[str, Any]) -> Stored:
    """An image with this UID is kept: the same bytes change nothing, other bytes never replace it."""
    is_same = (same["sha256"], same["sidecar_sha256"]) == (received.sha256, received.sidecar_sha256)
    if not is_same and _has_same_data_set(act, received, same):
        is_same = True
    if not is_same:
        detail = f"kept {same['sha256']}, arrived {received.sha256}"
        return _quarantine(act, received, "other-bytes", detail, same["sha256"])
    act.record(result="duplicate", image_pk=same["id"], exam_pk=same["exam_pk"])
    return Stored(
        "duplicate",
        received.file_name,
        received.sha256,
        received.size_bytes,
        image_uid=received.header.image_uid if received.header else "",
        series_uid=received.header.series_uid if received.header else "",
        exam_uid=same["exam_uid"],
        sop_class_uid=received.header.sop_class_uid if received.header else "",
        industry=same["industry"],
        image_pk=same["id"],
        exam_pk=same["exam_pk"],
    )


def _has_same_data_set(act: Act, received: Received, same: Mapping[str, Any]) -> bool:
    """Return whether only the file meta information differs; then the bytes that came go, and those kept stay."""
    syntax = received.header.transfer_syntax_uid if received.header else ""
    if received.is_same_as is None or syntax != same["transfer_syntax_uid"] or not received.is_same_as(same["sha256"]):
        return False
    act.record(sha256=same["sha256"], arrived_sha256=received.sha256)
    ask(act, [received.sha256])
    return True


def _new(act: Act, received: Received, header: Header) -> Stored:
    arriving = _subject_of(header)
    memory = Memory.of(act)
    kept = memory.exam(act, header.exam_uid)
    known_series = memory.series(act, header.series_uid)
    reason = rules.contradiction(kept, arriving, received.stated_industry) if kept else ""
    if known_series and (kept is None or known_series["exam_pk"] != kept["id"]):
        reason = "other-exam"
    if not reason and not (kept and kept["image_count"]) and not received.returns:
        reason = "deleted-before" if refuses_return(act.connection, header.exam_uid) else ""
    if reason:
        return _quarantine(act, received, reason, f"exam {header.exam_uid}, series {header.series_uid}")
    claim(act, received.sha256, received.sidecar_sha256)
    adds_series = known_series is None
    if kept is None:
        exam_pk, industry = _add_exam(act, header, arriving, received.stated_industry)
    else:
        exam_pk, industry = kept["id"], kept["industry"]
        _grow_exam(act, header, kept, arriving, adds_series)
    series_pk = _grow_series(act, known_series) if known_series else _add_series(act, header, exam_pk)
    image_pk = _add_image(act, received, header, (exam_pk, series_pk))
    act.record(result="stored", image_uid=header.image_uid, image_pk=image_pk, exam_pk=exam_pk, industry=industry)
    memory.arrived(act, ExamArrived(exam_pk, header.exam_uid, industry, is_new=kept is None))
    return Stored(
        "stored",
        received.file_name,
        received.sha256,
        received.size_bytes,
        image_uid=header.image_uid,
        series_uid=header.series_uid,
        exam_uid=header.exam_uid,
        sop_class_uid=header.sop_class_uid,
        industry=industry,
        image_pk=image_pk,
        exam_pk=exam_pk,
    )


def _quarantine(act: Act, received: Received, reason: str, detail: str, conflicts_with_sha256: str = "") -> Stored:
    """Keep the arrival apart; the same bytes for the same reason are kept once."""
    image_uid = received.header.image_uid if received.header else ""
    same = {"sha256": received.sha256, "sidecar_sha256": received.sidecar_sha256, "reason": reason}
    quarantine_id = act.connection.execute(_SAME_QUARANTINE, same).scalar_one_or_none()
    if quarantine_id is None:
        claim(act, received.sha256, received.sidecar_sha256)
        values = same | {
            "size_bytes": received.size_bytes,
            "file_name": received.file_name,
            "detail": detail,
            "image_uid": image_uid,
            "conflicts_with_sha256": conflicts_with_sha256,
            "received_at": act.at_text,
        }
        quarantine_id = act.connection.execute(_ADD_QUARANTINE, values).scalar_one()
    act.record(result="quarantined", quarantine_id=quarantine_id, reason=reason)
    if conflicts_with_sha256:
        act.record(image_uid=image_uid, conflicts_with_sha256=conflicts_with_sha256)
    return Stored(
        "quarantined",
        received.file_name,
        received.sha256,
        received.size_bytes,
        image_uid=image_uid,
        series_uid=received.header.series_uid if received.header else "",
        exam_uid=received.header.exam_uid if received.header else "",
        sop_class_uid=received.header.sop_class_uid if received.header else "",
        quarantine_id=quarantine_id,
        reason=f"{rules.REASONS[reason]}: {detail}",
        reason_code=reason,
    )


def _add_exam(act: Act, header: Header, arriving: dict[str, str], stated_industry: str | None) -> tuple[int, str]:
    industry = rules.industry_of(stated_industry, header.industry_hint, act.kernel.industries)
    subject_pk, person, flags = _subject(act, arriving, industry)
    row = {
        "uid": header.exam_uid,
        "subject_pk": subject_pk,
        "industry": industry,
        "accession": rules.clean(header.accession, 64),
        "exam_date": rules.clean(header.exam_date, 16),
        "exam_time": rules.clean(stored_time(header.exam_time), 16),
        "timezone": rules.clean(header.timezone, 8),
        "exam_id": rules.clean(header.exam_id, 64),
        "description": rules.clean(header.exam_description, TERM_LENGTH),
        "referring_name": rules.clean(header.referring_name),
        "modalities": rules.clean(header.modality, 16).replace(",", " "),
        "sop_classes": header.sop_class_uid,
        "series_count": 1,
        "image_count": 1,
        "received_at": act.at_text,
        "last_received_at": act.at_text,
        "flags": rules.joined("", flags),
    }
    row["document"] = rules_documents.study_document({**person, **row})
    exam_pk = int(_ADD_EXAM.scalar(act.connection, row))
    add_exam_terms(act, exam_pk, row)
    return exam_pk, industry


def _subject(act: Act, arriving: dict[str, str], industry: str) -> tuple[int, Mapping[str, Any], list[str]]:
    """Return the subject of a new exam, kept or new, and what disagrees; without an id every exam has its own."""
    kept = None
    if arriving["subject_id"]:
        kept = _SAME_SUBJECT.first(act.connection, {**arriving, "industry": industry})
    if kept is not None:
        return kept["id"], kept, rules.differences(kept, arriving)
    row = {**arriving, "key": str(uuid.uuid4()), "industry": industry, "created_at": act.at_text}
    subject_pk = int(_ADD_SUBJECT.scalar(act.connection, row))
    add_subject_terms(act, subject_pk, arriving["name"])
    return subject_pk, arriving, rules.differences(arriving, arriving)


def _grow_exam(act: Act, header: Header, kept: dict[str, Any], arriving: dict[str, str], adds_series: bool) -> None:
    changed: dict[str, Any] = {
        "series_count": kept["series_count"] + adds_series,
        "image_count": kept["image_count"] + 1,
        "last_received_at": act.at_text,
    }
    differing = {
        "modalities": rules.joined(kept["modalities"], {rules.clean(header.modality, 16).replace(",", " ")}),
        "sop_classes": rules.joined(kept["sop_classes"], {header.sop_class_uid}),
        "flags": rules.joined(kept["flags"], rules.differences(kept, arriving)),
    }
    person: Mapping[str, Any] = {}
    if arriving["subject_id"] and not kept["subject_id"]:
        differing["subject_pk"], person, flags = _subject(act, arriving, kept["industry"])
        differing["flags"] = rules.joined(differing["flags"], [*flags, "subject-id-missing"])
    differing = {name: value for name, value in differing.items() if value != kept[name]}
    if differing:
        person = {name: person[name] for name in _SUBJECT_COLUMNS} if person else {}
        changed["document"] = rules_documents.study_document({**kept, **changed, **differing, **person})
        add_exam_terms(act, kept["id"], differing, before=kept)
    else:
        changed["document"] = _counted(kept["document"], kept, changed)
    Memory.of(act).change_exam(kept, {**changed, **differing})
    kept.update(person)


def _counted(document: str, kept: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    """Return the document of an exam of which nothing but its counters has changed."""
    counters = {"series_count": rules_documents.STUDY_SERIES_COUNT, "image_count": rules_documents.STUDY_IMAGE_COUNT}
    for name, tag in counters.items():
        document = rules_documents.counted(document, tag, kept[name], changed[name])
    return document


def _grow_series(act: Act, kept: dict[str, Any]) -> int:
    count = kept["image_count"] + 1
    document = rules_documents.counted(kept["document"], rules_documents.SERIES_IMAGE_COUNT, kept["image_count"], count)
    Memory.of(act).change_series(kept, {"image_count": count, "document": document})
    if count % GROWN_BY == 0:
        act.publish(SeriesGrew(kept["id"], count))
    return int(kept["id"])


def _add_series(act: Act, header: Header, exam_pk: int) -> int:
    row = {
        "exam_pk": exam_pk,
        "uid": header.series_uid,
        "number": rules.whole(header.series_number),
        "description": rules.clean(header.series_description),
        "image_count": 1,
        "received_at": act.at_text,
        **{name: rules.clean(getattr(header, name), length) for name, length in _SERIES_COLUMNS.items()},
    }
    row |= {name: stored_time(row[name]) for name in ("series_time", "performed_time")}
    timezone = rules.clean(header.timezone, 8)
    row["document"] = rules_documents.series_document({**row, "timezone": timezone}, header.exam_uid)
    return int(_ADD_SERIES.scalar(act.connection, row))


def _add_image(act: Act, received: Received, header: Header, place: tuple[int, int]) -> int:
    exam_pk, series_pk = place
    row = {
        "uid": header.image_uid,
        "series_pk": series_pk,
        "exam_pk": exam_pk,
        "sop_class_uid": header.sop_class_uid,
        "sop_class_name": rules.clean(header.sop_class_name, 128),
        "transfer_syntax_uid": header.transfer_syntax_uid,
        "number": rules.whole(header.image_number),
        "kind": header.kind,
        "format": header.format,
        "rows": header.rows or None,
        "columns": header.columns or None,
        "planes": header.planes or None,
        "bits": header.bits or None,
        "bits_allocated": header.bits_allocated or None,
        "acquired_at": rules.clean(header.acquired_at, 32),
        "warnings": "\n".join(rules.clean(warning) for warning in header.warnings),
        "sha256": received.sha256,
        "sidecar_sha256": received.sidecar_sha256,
        "size_bytes": received.size_bytes,
        "file_name": received.file_name,
        "received_at": act.at_text,
    }
    return int(_ADD_IMAGE.scalar(act.connection, row))


def _subject_of(header: Header) -> dict[str, str]:
    name = rules.clean(header.subject_name, 324)
    return {
        "subject_id": rules.clean(header.subject_id, 64),
        "issuer": rules.clean(header.subject_issuer, 64),
        "name": name,
        "name_folded": rules.fold(name)[:TERM_LENGTH],
        "birth_date": rules.clean(header.birth_date, 16),
        "sex": rules.clean(header.sex, 16),
    }
