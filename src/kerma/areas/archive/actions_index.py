"""The one action by which bytes become images of the archive, or stand in its quarantine."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive import queries, rules
from kerma.areas.archive.model import ExamArrived, Stored, exam, image, quarantine, series, subject
from kerma.kernel.action import Act, action

if TYPE_CHECKING:
    from kerma.formats.header import Header

_TURN = 0x4B45_524D_4101
"""Key of PostgreSQL's advisory lock: arrivals take turns, as the ledger's head would make them later anyway."""

_SAME_IMAGE = sa.select(
    image.c.id, image.c.sha256, image.c.sidecar_sha256, image.c.exam_pk, exam.c.uid.label("exam_uid"), exam.c.industry
).join_from(image, exam, image.c.exam_pk == exam.c.id)
_SAME_IMAGE = _SAME_IMAGE.where(image.c.uid == sa.bindparam("uid"))
_SAME_SERIES = sa.select(series.c.id, series.c.exam_pk).where(series.c.uid == sa.bindparam("uid"))
_SAME_SUBJECT = sa.select(subject).where(
    subject.c.subject_id == sa.bindparam("subject_id"),
    subject.c.subject_id != "",  # so that SQLite may use the partial index
    subject.c.issuer == sa.bindparam("issuer"),
    subject.c.industry == sa.bindparam("industry"),
)
_SAME_QUARANTINE = sa.select(quarantine.c.id).where(
    quarantine.c.sha256 == sa.bindparam("sha256"),
    quarantine.c.sidecar_sha256 == sa.bindparam("sidecar_sha256"),
    quarantine.c.reason == sa.bindparam("reason"),
)
_ADD_SUBJECT = sa.insert(subject).returning(subject.c.id)
_ADD_EXAM = sa.insert(exam).returning(exam.c.id)
_ADD_SERIES = sa.insert(series).returning(series.c.id)
_ADD_IMAGE = sa.insert(image).returning(image.c.id)
_ADD_QUARANTINE = sa.insert(quarantine).returning(quarantine.c.id)
_GROW_SERIES = (
    sa.update(series).where(series.c.id == sa.bindparam("series_pk")).values(image_count=series.c.image_count + 1)
)
_SET_EXAM = sa.update(exam).where(exam.c.id == sa.bindparam("exam_pk"))

_SUBJECT_COLUMNS = ("subject_id", "issuer", "name", "name_folded", "birth_date", "sex")
_SERIES_COLUMNS = ("modality", "body_part", "manufacturer", "model", "serial_number", "station", "institution")


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


@action("archive.ingest")
def index(act: Act, *, received: Received) -> Stored:
    """Take an image into the archive: keep its bytes, index it, or put it into quarantine.

    Raises
    ------
    WrongUsage
        A new exam's industry is neither stated nor told by the file.
    """
    if act.connection.dialect.name == "postgresql":
        act.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
    act.record(sha256=received.sha256, size_bytes=str(received.size_bytes), door=received.from_)
    if received.sidecar_sha256:
        act.record(sidecar_sha256=received.sidecar_sha256)
    if received.header is None:
        return _quarantine(act, received, received.reason, received.detail)
    header = received.header
    same = act.connection.execute(_SAME_IMAGE, {"uid": header.image_uid}).mappings().first()
    if same is not None:
        return _again(act, received, same)
    return _new(act, received, header)


def _again(act: Act, received: Received, same: Mapping[str, Any]) -> Stored:
    """An image with this UID is kept: the same bytes change nothing, other bytes never replace it."""
    if (same["sha256"], same["sidecar_sha256"]) != (received.sha256, received.sidecar_sha256):
        detail = f"kept {same['sha256']}, arrived {received.sha256}"
        return _quarantine(act, received, "other-bytes", detail, same["sha256"])
    act.record(result="duplicate", image_pk=same["id"], exam_pk=same["exam_pk"])
    return Stored(
        "duplicate",
        received.file_name,
        received.sha256,
        received.size_bytes,
        image_uid=received.header.image_uid if received.header else "",
        exam_uid=same["exam_uid"],
        industry=same["industry"],
        image_pk=same["id"],
        exam_pk=same["exam_pk"],
    )


def _new(act: Act, received: Received, header: Header) -> Stored:
    arriving = _subject_of(header)
    kept = queries.exam_by_uid(act.connection, header.exam_uid)
    known_series = act.connection.execute(_SAME_SERIES, {"uid": header.series_uid}).mappings().first()
    reason = rules.contradiction(kept, arriving, received.stated_industry) if kept else ""
    if known_series and (kept is None or known_series["exam_pk"] != kept["id"]):
        reason = "other-exam"
    if reason:
        return _quarantine(act, received, reason, f"exam {header.exam_uid}, series {header.series_uid}")
    adds_series = known_series is None
    if kept is None:
        exam_pk, industry = _add_exam(act, header, arriving, received.stated_industry)
    else:
        exam_pk, industry = kept["id"], kept["industry"]
        _grow_exam(act, header, kept, arriving, adds_series)
    series_pk = known_series["id"] if known_series else _add_series(act, header, exam_pk)
    if known_series:
        act.connection.execute(_GROW_SERIES, {"series_pk": series_pk})
    image_pk = _add_image(act, received, header, (exam_pk, series_pk))
    act.record(result="stored", image_uid=header.image_uid, image_pk=image_pk, exam_pk=exam_pk, industry=industry)
    act.publish(ExamArrived(exam_pk, header.exam_uid, industry, is_new=kept is None))
    return Stored(
        "stored",
        received.file_name,
        received.sha256,
        received.size_bytes,
        image_uid=header.image_uid,
        exam_uid=header.exam_uid,
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
        exam_uid=received.header.exam_uid if received.header else "",
        quarantine_id=quarantine_id,
        reason=f"{rules.REASONS[reason]}: {detail}",
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
        "exam_time": rules.clean(header.exam_time, 16),
        "exam_id": rules.clean(header.exam_id, 64),
        "description": rules.clean(header.exam_description),
        "referring_name": rules.clean(header.referring_name),
        "modalities": rules.clean(header.modality, 16),
        "series_count": 1,
        "image_count": 1,
        "received_at": act.at_text,
        "last_received_at": act.at_text,
        "flags": rules.joined("", flags),
    }
    row["document"] = rules.study_document({**person, **row})
    return int(act.connection.execute(_ADD_EXAM, row).scalar_one()), industry


def _subject(act: Act, arriving: dict[str, str], industry: str) -> tuple[int, Mapping[str, Any], list[str]]:
    """Return the subject of a new exam, kept or new, and what disagrees; without an id every exam has its own."""
    kept = None
    if arriving["subject_id"]:
        kept = act.connection.execute(_SAME_SUBJECT, {**arriving, "industry": industry}).mappings().first()
    if kept is not None:
        return kept["id"], kept, rules.differences(kept, arriving)
    row = {**arriving, "key": str(uuid.uuid4()), "industry": industry, "created_at": act.at_text}
    return int(act.connection.execute(_ADD_SUBJECT, row).scalar_one()), arriving, rules.differences(arriving, arriving)


def _grow_exam(act: Act, header: Header, kept: Mapping[str, Any], arriving: dict[str, str], adds_series: bool) -> None:
    changed: dict[str, Any] = {
        "subject_pk": kept["subject_pk"],
        "series_count": kept["series_count"] + adds_series,
        "image_count": kept["image_count"] + 1,
        "modalities": rules.joined(kept["modalities"], {rules.clean(header.modality, 16)}),
        "last_received_at": act.at_text,
        "flags": rules.joined(kept["flags"], rules.differences(kept, arriving)),
    }
    person: Mapping[str, Any] = {name: kept[name] for name in _SUBJECT_COLUMNS}
    if arriving["subject_id"] and not kept["subject_id"]:
        changed["subject_pk"], person, flags = _subject(act, arriving, kept["industry"])
        changed["flags"] = rules.joined(changed["flags"], [*flags, "subject-id-missing"])
    changed["document"] = rules.study_document({**kept, **person, **changed})
    act.connection.execute(_SET_EXAM, {"exam_pk": kept["id"], **changed})


def _add_series(act: Act, header: Header, exam_pk: int) -> int:
    row = {
        "exam_pk": exam_pk,
        "uid": header.series_uid,
        "number": rules.whole(header.series_number),
        "description": rules.clean(header.series_description),
        "image_count": 1,
        "received_at": act.at_text,
        **{name: rules.clean(getattr(header, name), 64) for name in _SERIES_COLUMNS},
    }
    row["modality"] = row["modality"][:16]
    return int(act.connection.execute(_ADD_SERIES, row).scalar_one())


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
        "acquired_at": rules.clean(header.acquired_at, 32),
        "warnings": "\n".join(rules.clean(warning) for warning in header.warnings),
        "sha256": received.sha256,
        "sidecar_sha256": received.sidecar_sha256,
        "size_bytes": received.size_bytes,
        "file_name": received.file_name,
        "received_at": act.at_text,
    }
    return int(act.connection.execute(_ADD_IMAGE, row).scalar_one())


def _subject_of(header: Header) -> dict[str, str]:
    name = rules.clean(header.subject_name, 324)
    return {
        "subject_id": rules.clean(header.subject_id, 64),
        "issuer": rules.clean(header.subject_issuer, 64),
        "name": name,
        "name_folded": rules.fold(name),
        "birth_date": rules.clean(header.birth_date, 16),
        "sex": rules.clean(header.sex, 16),
    }
