"""What the archive offers on the DICOM network beside storing: C-FIND and C-GET (PS3.4, annex C and Y)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import actions, identifiers, retrieve, retrieve_objects, rules_find
from kerma.areas.archive.identifiers import PATIENT_ID, UNIQUE_KEYS, Identifier
from kerma.areas.archive.queries_find import PAGE, Query, documents_of, images_at, is_in_reading_order, rows
from kerma.areas.archive.rules_documents import LEVELS
from kerma.errors import KermaError, Unreadable, WrongUsage
from kerma.kernel.action import refuse
from kerma.kernel.dimse import Asked, Service
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from pydicom import Dataset

log = logging.getLogger(__name__)

PENDING, PENDING_WITHOUT_ALL_KEYS, CANCELLED = 0xFF00, 0xFF01, 0xFE00
NOT_OF_THE_MODEL = 0xA900
"""PS3.4, table C.4-1: the identifier does not match the SOP class."""

PATIENT_ROOT_FIND, PATIENT_ROOT_GET = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_FIND, STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
COMPOSITE_ROOT_GET = "1.2.840.10008.5.1.4.1.2.4.3"
MODELS: Mapping[str, Sequence[str]] = {
    PATIENT_ROOT_FIND: LEVELS,
    PATIENT_ROOT_GET: LEVELS,
    STUDY_ROOT_FIND: LEVELS[1:],
    STUDY_ROOT_GET: LEVELS[1:],
    COMPOSITE_ROOT_GET: LEVELS[3:],
}
"""The levels of each information model, the highest first."""
LOSSLESS = frozenset(
    f"1.2.840.10008.1.2.{end}" for end in ("4.57", "4.70", "4.80", "4.90", "4.110", "4.201", "4.202", "5", "8.1")
)
"""Compressed transfer syntaxes (PS3.6, table A-1) that can be written as native bytes without a value changing."""


def find(asked: Asked) -> Iterator[tuple[Any, Dataset | None]]:
    """Answer C-FIND: every match, the newest first, until there are no more or the peer cancels."""
    sop_class = str(asked.event.context.abstract_syntax)
    try:
        identifier = identifiers.read(asked.event.identifier, MODELS[sop_class])
        if not _is_relational(asked, sop_class):
            identifiers.check_unique_keys(identifier, MODELS[sop_class], exact=False)
        _look(asked)
        yield from _matches(asked, identifier)
    except WrongUsage as error:
        yield _refusal(error), None


def get(asked: Asked) -> Iterator[Any]:
    """Answer C-GET: first the number of objects, then each as it is stored; the association counts what becomes of it.

    The ledger's record of the export stands before the first byte leaves.
    """
    sop_class = str(asked.event.context.abstract_syntax)
    try:
        identifier = identifiers.read(asked.event.identifier, MODELS[sop_class])
        identifiers.check_unique_keys(identifier, MODELS[sop_class], exact=True)
        images = _named(asked, identifier)
    except WrongUsage as error:
        yield 1  # the number must come before a status, and with none pynetdicom would report a success
        yield _refusal(error), None
        return
    _release(asked, images)
    yield len(images)
    for image in images:
        if asked.event.is_cancelled:
            yield CANCELLED, None
            return
        yield PENDING, _object(asked, image)


def _is_relational(asked: Asked, sop_class: str) -> bool:
    """Whether the peer negotiated searches that need no keys of the levels above (PS3.4, C.5.1.1)."""
    wanted: Mapping[Any, bytes] = getattr(asked.event.assoc.requestor, "sop_class_extended", {})
    return wanted.get(sop_class, b"\0")[:1] == b"\1"


def _is_combined(asked: Asked) -> bool:
    """Whether the peer negotiated that a date and a time are matched together (PS3.4, C.5.1.1)."""
    wanted: Mapping[Any, bytes] = getattr(asked.event.assoc.requestor, "sop_class_extended", {})
    return wanted.get(str(asked.event.context.abstract_syntax), b"\0\0")[1:2] == b"\1"


def _look(asked: Asked) -> None:
    """Record that the peer looks through the archive: once for each association."""
    if not is_granted(actions.view.name, asked.actor.permissions):
        refuse(asked.kernel, asked.actor, actions.view.name)
    if not getattr(asked.event.assoc, "kerma_has_looked", False):
        actions.view(asked.kernel, asked.actor, exam_pk=None, purpose="search (C-FIND)")
        asked.event.assoc.kerma_has_looked = True


def _matches(asked: Asked, identifier: Identifier) -> Iterator[tuple[int, Dataset | None]]:
    status = PENDING_WITHOUT_ALL_KEYS if identifier.is_partly_unsupported else PENDING
    ae_title = asked.kernel.settings.ae_title
    query = Query(identifier.level, identifier.matches, combined=_is_combined(asked), with_parents=True)
    for row in _rows(asked, query):
        if asked.event.is_cancelled:
            yield CANCELLED, None
            return
        found: dict[str, Any] = {}
        for document in documents_of(identifier.level, row):
            found |= json.loads(document)
        yield status, identifiers.answer(identifier, found, ae_title)


def _rows(asked: Asked, query: Query) -> Iterator[Mapping[str, Any]]:
    """Yield the rows page by page; no transaction is held open while the peer takes its time."""
    before: int | None = None
    limit = None if is_in_reading_order(query) else PAGE
    while True:
        with asked.kernel.database.read() as connection:
            page = list(rows(connection, Query(**{**vars(query), "limit": limit, "before": before})))
        yield from page
        if limit is None or len(page) < limit:
            return
        before = page[-1]["id"]


def _named(asked: Asked, identifier: Identifier) -> list[dict[str, Any]]:
    """Return the images that a retrieval names."""
    uids = {level: rules_find.uids([identifier.matches.get(UNIQUE_KEYS[level], "")]) for level in LEVELS[1:]}
    with asked.kernel.database.read() as connection:
        if identifier.level == "patient":
            query = Query("study", {PATIENT_ID: identifier.matches[PATIENT_ID]})
            uids["study"] = tuple(row["uid"] for row in rows(connection, query))
        return images_at(connection, exam_uids=uids["study"], series_uids=uids["series"], image_uids=uids["image"])


def _release(asked: Asked, images: Sequence[Mapping[str, Any]]) -> None:
    for exam_pk in dict.fromkeys(image["exam_pk"] for image in images):
        of_exam = [image for image in images if image["exam_pk"] == exam_pk]
        actions.release(asked.kernel, asked.actor, exam_pk=exam_pk, purpose="get", to=asked.actor.key, images=of_exam)


def _object(asked: Asked, image: Mapping[str, Any]) -> Dataset:
    """Return an object as it is stored, or decoded without loss where the peer does not take it so.

    Of what came as TIFF, PNG, JPEG or raw pixels it is the object that DICOMweb makes of it. What cannot be sent is
    named by its UID alone, and so counts as failed.
    """
    from pydicom import Dataset, dcmread
    from pydicom.filebase import DicomBytesIO

    nothing = Dataset()
    nothing.SOPInstanceUID = image["uid"]
    try:
        if not retrieve.is_dicom(dict(image)):
            return dcmread(retrieve_objects.object_file(asked.kernel, dict(image)))
        data = dcmread(DicomBytesIO(asked.kernel.blobs.get(image["sha256"])), force=True)
        return _taken(asked, data, image)
    except KermaError as error:
        log.warning("image %d could not be sent: %s", image["id"], error)
    except Exception as error:  # whatever a damaged object does to the reader, the next one is sent
        log.warning("image %d could not be sent: %s", image["id"], type(error).__name__)
    return nothing


def _taken(asked: Asked, data: Dataset, image: Mapping[str, Any]) -> Dataset:
    """Decode an object whose transfer syntax the peer did not accept for its class."""
    from pydicom.uid import UID

    from kerma.formats import codecs

    accepted = {
        str(context.transfer_syntax[0])
        for context in asked.event.assoc.accepted_contexts
        if context.abstract_syntax == image["sop_class_uid"]
    }
    stored = UID(image["transfer_syntax_uid"])
    if stored in accepted or not stored.is_compressed:
        return data
    if image["transfer_syntax_uid"] not in LOSSLESS:
        raise Unreadable(f"the peer does not take {stored.name}, and a lossy image is never decoded for sending")
    codecs.register()
    data.decompress(as_rgb=False, generate_instance_uid=False)
    return data


def _refusal(error: WrongUsage) -> Dataset:
    from pydicom import Dataset

    status = Dataset()
    status.Status = NOT_OF_THE_MODEL
    status.ErrorComment = str(error)[:64]  # PS3.7, table E.1-1: LO, at most 64 letters
    return status


RELATIONAL_AND_COMBINED = b"\1\1"
"""Searches without the keys of the levels above, and dates matched together with times (PS3.4, C.5.1.1)."""
SERVICES = (
    Service("find", (PATIENT_ROOT_FIND, STUDY_ROOT_FIND), {"C-FIND": find}, RELATIONAL_AND_COMBINED),
    Service("get", (PATIENT_ROOT_GET, STUDY_ROOT_GET, COMPOSITE_ROOT_GET), {"C-GET": get}),
)
