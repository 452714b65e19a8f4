"""Asking other archives: what they have (C-FIND), and having it here (C-GET, or C-MOVE to ourselves).

C-GET is tried first: the images come over the association that we opened, so nothing must be listed at the other side
and no firewall stands in the way. Who does not offer it is asked to C-MOVE them to us.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import actions as archive
from kerma.areas.archive.model import Arrival
from kerma.areas.exchange import link
from kerma.areas.exchange.rules_send import EXPLICIT, IMPLICIT
from kerma.errors import KermaError, Unreachable, WrongUsage
from kerma.kernel.action import Actor

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

log = logging.getLogger(__name__)

STUDY_FIND, STUDY_MOVE, STUDY_GET = (f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3))
PENDING = (0xFF00, 0xFF01)
SUCCESS, SOME_FAILED = 0x0000, 0xB000
MOST_FOUND = 10_000
_TRANSFERS = (
    EXPLICIT, IMPLICIT, "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.5",
)  # fmt: skip
"""What we take over C-GET; one context offers them all, and the other side chooses what it has."""
MOST_CLASSES = 127

LEVELS: Mapping[str, Sequence[str]] = {
    "study": (
        "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "PatientID", "PatientName",
        "ModalitiesInStudy", "StudyDescription", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
    ),
    "series": (
        "StudyInstanceUID", "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined",
        "NumberOfSeriesRelatedInstances",
    ),
    "image": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}  # fmt: skip
"""Levels of a query, and what is asked back (DICOM PS3.4, C.6.2)."""


@dataclass
class Fetched:
    """How a fetch stands."""

    expected: int | None = None
    completed: int = 0
    failed: int = 0
    method: str = ""
    refused: list[str] = field(default_factory=list)
    """Why images that came were not kept."""


def find(kernel: Kernel, node: Mapping[str, Any], level: str, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield what a node has, as values by DICOM keyword.

    Parameters
    ----------
    level : "study", "series" or "image"
    asked : matching keys by DICOM keyword

    Raises
    ------
    WrongUsage
        The level or a keyword is none, or what a level needs is missing.
    Unreachable
        The node does not answer, or refuses the query.
    """
    query = query_of(level, asked)
    with link.associated(kernel, node, [(STUDY_FIND, (EXPLICIT, IMPLICIT))]) as association:
        for number, (status, found) in enumerate(association.send_c_find(query, STUDY_FIND)):
            if not status:
                raise Unreachable(f"{node['ae_title']} ended the association, or did not answer in time")
            if status.Status in PENDING and found is not None:
                if number >= MOST_FOUND:
                    raise Unreachable(f"{node['ae_title']} has more than {MOST_FOUND} matches: ask more narrowly")
                yield {keyword: _text(found.get(keyword)) for keyword in (*LEVELS[level], *_extra(level, asked))}
            elif status.Status != SUCCESS:
                raise Unreachable(f"{node['ae_title']} refused the query (status 0x{status.Status:04X})")


def query_of(level: str, asked: Mapping[str, str]) -> Any:
    """Return a query as the data set that asks it.

    Raises
    ------
    WrongUsage
        The level or a keyword is none, a value does not fit its attribute, or what a level needs is missing.
    """
    from pydicom.datadict import tag_for_keyword
    from pydicom.dataset import Dataset

    if level not in LEVELS:
        raise WrongUsage(f"there is no level '{level[:16]}': choose of {', '.join(LEVELS)}")
    for keyword in asked:
        if tag_for_keyword(keyword) is None:
            raise WrongUsage(f"'{keyword[:64]}' is no DICOM keyword; PatientID, StudyDate or Modality are some")
    if level != "study" and not asked.get("StudyInstanceUID"):
        raise WrongUsage(f"a query at the level {level} needs StudyInstanceUID")
    query = Dataset()
    query.QueryRetrieveLevel = level.upper()
    for keyword in LEVELS[level]:
        setattr(query, keyword, "")
    if any(not value.isascii() for value in asked.values()):
        query.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in asked.items():
        _set(query, keyword, value)
    return query


def _set(query: Any, keyword: str, value: str) -> None:
    """Set a matching key; one that cannot be written in the attribute's form is a wrong question."""
    from pydicom.dataset import Dataset
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    alone = Dataset()
    alone.SpecificCharacterSet = query.get("SpecificCharacterSet", "ISO_IR 6")
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    try:
        setattr(alone, keyword, value)
        write_dataset(buffer, alone)
    except Exception as error:  # each kind of value has its own way to refuse
        raise WrongUsage(f"{keyword} cannot be asked for with this value: {type(error).__name__}") from error
    setattr(query, keyword, value)


def _extra(level: str, asked: Mapping[str, str]) -> list[str]:
    return [keyword for keyword in asked if keyword not in LEVELS[level]]


def _text(value: Any) -> str:
    if value is None:
        return ""
    many = value if type(value).__name__ == "MultiValue" else [value]
    return "\\".join(str(one) for one in many)


def fetch(
    kernel: Kernel,
    node: Mapping[str, Any],
    exam_uid: str,
    on_progress: Callable[[Fetched], None] = lambda state: None,
) -> Fetched:
    """Have an exam of another archive here; images that are here already come to no harm.

    Raises
    ------
    Unreachable
        The node does not answer, or offers neither C-GET nor C-MOVE, or could not send.
    """
    found = {row["SOPClassUID"] for row in _images(kernel, node, exam_uid)}
    if not found:
        raise Unreachable(f"{node['ae_title']} has no exam {exam_uid}")
    classes = _usual_classes() if "" in found else sorted(found)[:MOST_CLASSES]
    try:
        return _get(kernel, node, exam_uid, classes, on_progress)
    except (_NotOfferedError, link.NoneAccepted):
        return _move(kernel, node, exam_uid, on_progress)


def _usual_classes() -> list[str]:
    """Return what is offered when an archive does not tell the classes of an exam."""
    from pynetdicom import StoragePresentationContexts

    return [str(context.abstract_syntax) for context in StoragePresentationContexts][:MOST_CLASSES]


class _NotOfferedError(Exception):
    """The node does not offer C-GET."""


def _images(kernel: Kernel, node: Mapping[str, Any], exam_uid: str) -> Iterator[dict[str, Any]]:
    """Ask which classes an exam has, so that no other contexts need be offered."""
    for series in list(find(kernel, node, "series", {"StudyInstanceUID": exam_uid})):
        keys = {"StudyInstanceUID": exam_uid, "SeriesInstanceUID": series["SeriesInstanceUID"]}
        yield from itertools.islice(find(kernel, node, "image", keys), MOST_FOUND)


def _get(
    kernel: Kernel,
    node: Mapping[str, Any],
    exam_uid: str,
    classes: Sequence[str],
    on_progress: Callable[[Fetched], None],
) -> Fetched:
    from pynetdicom import _config, evt

    _config.STORE_RECV_CHUNKED_DATASET = True  # what comes is written to a file, never held whole
    state = Fetched(method="C-GET")
    contexts = [(STUDY_GET, (EXPLICIT, IMPLICIT)), *((uid, _TRANSFERS) for uid in classes)]
    sender = Actor("node", str(node["id"]), node["ae_title"], frozenset({"archive.ingest"}))
    handlers = [(evt.EVT_C_STORE, lambda event: _keep(kernel, sender, event, state))]
    with link.associated(kernel, node, contexts, answering=classes, handlers=handlers) as association:
        if STUDY_GET not in {str(context.abstract_syntax) for context in association.accepted_contexts}:
            raise _NotOfferedError
        _follow(node, association.send_c_get(_retrieve(exam_uid), STUDY_GET), state, on_progress)
    return state


def _keep(kernel: Kernel, sender: Actor, event: Any, state: Fetched) -> int:
    """Take an image that came into the archive; the sender hears whether it is durable."""
    announced = (str(event.request.AffectedSOPClassUID), str(event.request.AffectedSOPInstanceUID))
    arrival = Arrival(event.dataset_path, f"{announced[1]}.dcm", from_="dimse", announced=announced)
    try:
        stored = archive.ingest(kernel, sender, source=arrival)
    except KermaError as error:
        state.refused.append(str(error))
        return 0xC000
    if stored.outcome in ("stored", "duplicate"):
        return SUCCESS
    state.refused.append(stored.reason)
    return 0xC000


def _move(kernel: Kernel, node: Mapping[str, Any], exam_uid: str, on_progress: Callable[[Fetched], None]) -> Fetched:
    state = Fetched(method="C-MOVE")
    with link.associated(kernel, node, [(STUDY_MOVE, (EXPLICIT, IMPLICIT))]) as association:
        answers = association.send_c_move(_retrieve(exam_uid), kernel.settings.ae_title, STUDY_MOVE)
        _follow(node, answers, state, on_progress)
    return state


def _retrieve(exam_uid: str) -> Any:
    from pydicom.dataset import Dataset

    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", exam_uid
    return query


def _follow(node: Mapping[str, Any], answers: Any, state: Fetched, on_progress: Callable[[Fetched], None]) -> None:
    """Follow the responses of a retrieve to their end.

    Raises
    ------
    Unreachable
        It failed as a whole.
    """
    for status, _ in answers:
        if not status:
            raise Unreachable(f"{node['ae_title']} ended the association, or did not answer in time")
        state.completed = int(status.get("NumberOfCompletedSuboperations", None) or state.completed)
        state.failed = int(status.get("NumberOfFailedSuboperations", None) or state.failed)
        remaining = status.get("NumberOfRemainingSuboperations", None)
        if remaining is not None:
            state.expected = state.completed + state.failed + int(remaining)
        on_progress(state)
        if status.Status not in (*PENDING, SUCCESS, SOME_FAILED):
            raise Unreachable(_why(node, state, int(status.Status)))


_UNKNOWN_DESTINATION = 0xA801


def _why(node: Mapping[str, Any], state: Fetched, status: int) -> str:
    if status == _UNKNOWN_DESTINATION:
        return f"{node['ae_title']} does not know our AE title as a destination: list Kerma there, with host and port"
    kept_apart = f": {state.refused[0]}" if state.refused else ""
    return f"{node['ae_title']} could not send all (status 0x{status:04X}){kept_apart}"


def echo(kernel: Kernel, node: Mapping[str, Any]) -> float:
    """Return how many milliseconds a node takes to answer a C-ECHO.

    Raises
    ------
    Unreachable
        It does not; the message says what is wrong.
    """
    import time

    verification = "1.2.840.10008.1.1"
    with link.associated(kernel, node, [(verification, (IMPLICIT, EXPLICIT))]) as association:
        begun = time.monotonic()
        status = association.send_c_echo()
        if not status or status.Status != SUCCESS:
            raise Unreachable(f"{node['ae_title']} took the association but did not answer the C-ECHO")
        return (time.monotonic() - begun) * 1000
