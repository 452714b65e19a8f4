"""What is asked for over DICOMweb, found and opened: the images of a study, of a series, or one (PS3.18, 10.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive import actions, queries_find, rules_media, rules_sight
from kerma.areas.archive.model_keeping import tombstone
from kerma.areas.archive.rules import MEDIA_TYPES
from kerma.errors import Gone, NotFound, WrongUsage
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import sight_of

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel

PURPOSE = "dicomweb"
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_UID_LENGTH = 64
_WORDS = (("instance", "image_uid"), ("series", "series_uid"), ("study", "exam_uid"))
_NOT_AS_IT_IS = ("lacks the DICOM preamble", "VR; read as it is", "names no transfer syntax")
"""Warnings of the reader that tell of bytes which other readers would misunderstand: such files are written anew."""


@dataclass(frozen=True)
class Target:
    """A study, a series of it, or an instance of that."""

    exam_uid: str
    series_uid: str = ""
    image_uid: str = ""

    @property
    def words(self) -> str:
        """What it is, for an error."""
        return next(f"{word} {getattr(self, name)}" for word, name in _WORDS if getattr(self, name))


def images(kernel: Kernel, actor: Actor, target: Target) -> list[dict[str, Any]]:
    """Return the images of a target in reading order, once the opening of their exam is in the ledger.

    Raises
    ------
    WrongUsage
        What is given as a UID is none.
    NotAllowed
        The actor may not see images; the refusal is recorded whether or not there are any.
    NotFound, Gone
        There is no such study, series or instance, or no longer.
    """
    for word, name in _WORDS:
        uid = getattr(target, name)
        if uid and (len(uid) > _UID_LENGTH or not _UID.fullmatch(uid)):
            raise WrongUsage(f"the {word} UID '{uid[:_UID_LENGTH]}' is no UID: digits and dots, at most {_UID_LENGTH}")
    named = {f"{kind}s": [uid] for kind in ("exam_uid", "series_uid", "image_uid") if (uid := getattr(target, kind))}
    with kernel.database.read() as connection:
        rows = queries_find.images_at(connection, **named)
        # What is hidden from the actor is answered as what is not there.
        rows = rules_sight.shown(rows, sight_of(connection, actor, rows[0]["exam_pk"])) if rows else []
    if rows or not is_granted(actions.view.name, actor.permissions):
        actions.open_exam(kernel, actor, exam_pk=rows[0]["exam_pk"] if rows else 0, purpose=PURPOSE)
    if not rows:
        _demand_not_gone(kernel, target)
        raise NotFound(f"there is no {target.words} in this archive")
    return rows


def _demand_not_gone(kernel: Kernel, target: Target) -> None:
    """Say when a study is no longer there because it was deleted (PS3.18, 8.5.1)."""
    statement = sa.select(tombstone.c.deleted_at).where(tombstone.c.exam_uid == target.exam_uid)
    with kernel.database.read() as connection:
        deleted_at = connection.execute(statement.limit(1)).scalar_one_or_none()
    if deleted_at is not None:
        raise Gone(f"study {target.exam_uid} was deleted by a retention rule at {deleted_at}")


def is_dicom(row: dict[str, Any]) -> bool:
    """Return whether an image came as a DICOM file; the others are given as objects made from them."""
    return row["format"] in MEDIA_TYPES


def is_as_it_is(row: dict[str, Any]) -> bool:
    """Return whether the bytes as they came are a file that any DICOM reader understands."""
    return is_dicom(row) and not any(words in row["warnings"] for words in _NOT_AS_IT_IS)


def syntax_of(row: dict[str, Any]) -> str:
    """Return the transfer syntax in which an image lies here: of objects that are made, the one they are made in."""
    return str(row["transfer_syntax_uid"]) if is_dicom(row) else rules_media.EXPLICIT


def address_of(row: dict[str, Any]) -> str:
    """Return the address of an instance, without the host."""
    return f"/dicom-web/studies/{row['exam_uid']}/series/{row['series_uid']}/instances/{row['uid']}"
