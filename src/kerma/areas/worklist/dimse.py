"""The worklist on the DICOM network: modality worklist, performed steps, unified procedure steps; thin."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kerma.areas.worklist import (
    actions_orders,
    actions_perform,
    actions_ups,
    queries_orders,
    queries_ups,
    rules_match,
    rules_orders,
    rules_ups,
    ups_requests,
)
from kerma.areas.worklist.model_ups import EVERYTHING, FILTERED, StatusRefused
from kerma.areas.worklist.rules_match import Document
from kerma.errors import KermaError, NotAllowed
from kerma.kernel.dimse import Asked, Service

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

log = logging.getLogger(__name__)

SUCCESS, FAILED, NOT_AUTHORIZED = 0x0000, 0x0110, 0x0124
PENDING, PENDING_UNSUPPORTED, CANCELED = 0xFF00, 0xFF01, 0xFE00
UNABLE, UNABLE_TO_READ = 0xC000, 0xC001

WORKLIST = "1.2.840.10008.5.1.4.31"
PERFORMED = "1.2.840.10008.3.1.2.3.3"
PERFORMED_RETRIEVE = "1.2.840.10008.3.1.2.3.4"
UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
UPS_WATCH = "1.2.840.10008.5.1.4.34.6.2"
UPS_PULL = "1.2.840.10008.5.1.4.34.6.3"
UPS_QUERY = "1.2.840.10008.5.1.4.34.6.5"

CHARACTER_SETS: Mapping[str, str] = {
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 166": "iso8859-11",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "\\ISO 2022 IR 87": "iso2022_jp",
    "\\ISO 2022 IR 149": "euc_kr",
}
"""Character sets an answer may be written in, and the codec that says whether a text fits it."""
UTF_8 = "ISO_IR 192"

NAction = Callable[[str, Asked, Document], object]


def find_worklist(asked: Asked) -> Iterator[tuple[Any, Any]]:
    """Answer a modality worklist query (C-FIND)."""
    keys = _keys(asked)
    if keys is None:
        yield UNABLE_TO_READ, None
        return
    document, sets = keys
    try:
        actions_orders.look(asked.kernel, asked.actor, door="dimse")
    except KermaError as error:
        yield _status(error), None
        return
    pending = PENDING if rules_orders.is_supported(document) else PENDING_UNSUPPORTED
    found = queries_orders.worklist(asked.kernel.database.read, document)
    yield from _answers(asked, found, pending, sets)


def find_ups(asked: Asked) -> Iterator[tuple[Any, Any]]:
    """Answer a query for workitems (C-FIND)."""
    keys = _keys(asked)
    if keys is None:
        yield UNABLE_TO_READ, None
        return
    document, sets = keys
    try:
        actions_ups.ups(asked.kernel, asked.actor, request=ups_requests.Search())
    except KermaError as error:
        yield _status(error), None
        return
    found = (queries_ups.answer(one, document) for one in queries_ups.find(asked.kernel.database.read, document))
    yield from _answers(asked, found, PENDING, sets)


def _keys(asked: Asked) -> tuple[Document, list[str]] | None:
    """Return the keys of a query and the character sets it is written in; None when it cannot be read."""
    try:
        identifier = asked.event.identifier
        return document_of(identifier), character_sets(identifier)
    except Exception as error:  # a damaged data set raises whatever it likes
        log.warning("%s sent a query that cannot be read: %s", asked.peer.ae_title, type(error).__name__)
        return None


def _answers(asked: Asked, found: Iterator[Document], pending: int, sets: list[str]) -> Iterator[tuple[Any, Any]]:
    for document in found:
        if asked.event.is_cancelled:
            yield CANCELED, None
            return
        yield pending, dataset_of(document, sets)


def create_performed(asked: Asked) -> tuple[Any, Any]:
    """Take the report that a step begins (N-CREATE)."""
    uid = _uid(asked.event.request.AffectedSOPInstanceUID) or _new_uid()

    def begin() -> Any:
        report = actions_perform.Begin(uid, document_of(asked.event.attribute_list))
        actions_perform.perform(asked.kernel, asked.actor, report=report)
        return _affected(PERFORMED, uid)

    return _answered(asked, begin)


def set_performed(asked: Asked) -> tuple[Any, Any]:
    """Take the report of how a step goes on (N-SET)."""

    def change() -> Any:
        uid = _uid(asked.event.request.RequestedSOPInstanceUID)
        report = actions_perform.Change(uid, document_of(asked.event.modification_list))
        actions_perform.perform(asked.kernel, asked.actor, report=report)
        return None

    return _answered(asked, change)


def get_performed(asked: Asked) -> tuple[Any, Any]:
    """Show a performed step (N-GET)."""

    def read() -> Any:
        report = actions_perform.Read(_uid(asked.event.request.RequestedSOPInstanceUID))
        return _chosen(asked, actions_perform.perform(asked.kernel, asked.actor, report=report))

    return _answered(asked, read)


def create_ups(asked: Asked) -> tuple[Any, Any]:
    """Put a workitem on the list (N-CREATE)."""
    uid = _uid(asked.event.request.AffectedSOPInstanceUID) or _new_uid()

    def create() -> Any:
        request = ups_requests.Create(uid, document_of(asked.event.attribute_list))
        actions_ups.ups(asked.kernel, asked.actor, request=request)
        return _affected(UPS_PUSH, uid)

    return _answered(asked, create)


def set_ups(asked: Asked) -> tuple[Any, Any]:
    """Change a workitem (N-SET)."""

    def change() -> Any:
        document = document_of(asked.event.modification_list)
        lock = str(rules_match.first(document, rules_ups.TRANSACTION))
        uid = _uid(asked.event.request.RequestedSOPInstanceUID)
        actions_ups.ups(asked.kernel, asked.actor, request=ups_requests.Update(uid, document, lock))
        return None

    return _answered(asked, change)


def get_ups(asked: Asked) -> tuple[Any, Any]:
    """Show a workitem (N-GET); never its lock."""

    def read() -> Any:
        request = ups_requests.Retrieve(_uid(asked.event.request.RequestedSOPInstanceUID))
        return _chosen(asked, actions_ups.ups(asked.kernel, asked.actor, request=request).document)

    return _answered(asked, read)


def act_on_ups(asked: Asked) -> tuple[Any, Any]:
    """Change the state of a workitem, ask to cancel it, or subscribe (N-ACTION)."""

    def act() -> Any:
        information = asked.event.action_information if asked.event.request.ActionInformation else None
        document = document_of(information) if information is not None else {}
        chosen = ACTIONS.get(int(asked.event.action_type or 0))
        if chosen is None:
            raise rules_ups.refused(rules_ups.NO_ACTION)
        uid = _uid(asked.event.request.RequestedSOPInstanceUID)
        return actions_ups.ups(asked.kernel, asked.actor, request=chosen(uid, asked, document)).code

    return _answered(asked, act)


def _move(uid: str, _: Asked, document: Document) -> ups_requests.Move:
    state, lock = (str(rules_match.first(document, tag)) for tag in (rules_ups.STATE, rules_ups.TRANSACTION))
    return ups_requests.Move(uid, state, lock)


def _cancel(uid: str, asked: Asked, document: Document) -> ups_requests.Cancel:
    return ups_requests.Cancel(uid, asked.peer.ae_title, document)


def _subscribe(uid: str, _: Asked, document: Document) -> ups_requests.Subscribe:
    own = (rules_ups.RECEIVING_AE, rules_ups.DELETION_LOCK)
    keys = {tag: element for tag, element in document.items() if tag not in (*own, rules_match.CHARACTER_SET)}
    named = FILTERED if uid == EVERYTHING and keys else uid
    is_locking = rules_match.first(document, rules_ups.DELETION_LOCK) == "TRUE"
    return ups_requests.Subscribe(named, _receiver(document), is_locking, keys, is_dimse=True)


def _receiver(document: Document) -> str:
    return str(rules_match.first(document, rules_ups.RECEIVING_AE))


ACTIONS: Mapping[int, NAction] = {
    1: _move,
    2: _cancel,
    3: _subscribe,
    4: lambda uid, _, document: ups_requests.Unsubscribe(uid, _receiver(document)),
    5: lambda uid, _, document: ups_requests.Suspend(uid, _receiver(document)),
}
"""By action type (PS3.4, Tables CC.2.1-1 to CC.2.3-1)."""


def _answered(asked: Asked, do: Callable[[], Any]) -> tuple[Any, Any]:
    """Return the status and data set of an answer; a refusal becomes its status, with a comment that teaches."""
    try:
        found = do()
    except KermaError as error:
        return _status(error), None
    return (found, None) if isinstance(found, int) else (SUCCESS, found)


def _status(error: KermaError) -> Dataset:
    from pydicom.dataset import Dataset

    status = Dataset()
    status.Status = NOT_AUTHORIZED if isinstance(error, NotAllowed) else getattr(error, "code", FAILED)
    status.ErrorComment = str(error).encode("ascii", "replace").decode()[:64]
    if isinstance(error, StatusRefused) and error.error_id:
        status.ErrorID = error.error_id
    return status


def _affected(sop_class_uid: str, uid: str) -> Dataset:
    from pydicom.dataset import Dataset

    answered = Dataset()
    answered.AffectedSOPClassUID, answered.AffectedSOPInstanceUID = sop_class_uid, uid
    return answered


def _chosen(asked: Asked, document: Document) -> Dataset:
    """Return the attributes that an N-GET names, all when it names none."""
    wanted = [f"{int(tag):08X}" for tag in asked.event.attribute_identifiers]
    chosen = {tag: element for tag, element in document.items() if not wanted or tag in wanted}
    return dataset_of(chosen, [])


def _uid(value: Any) -> str:
    return str(value or "")


def _new_uid() -> str:
    from pydicom.uid import generate_uid

    return str(generate_uid(prefix=None))


def document_of(dataset: Dataset) -> Document:
    """Return a data set as a DICOM JSON document with its text decoded."""
    found: Document = dataset.to_json_dict(bulk_data_threshold=1 << 20, suppress_invalid_tags=True)
    return {tag: element for tag, element in found.items() if not tag.startswith(("0000", "0002"))}


def character_sets(dataset: Dataset) -> list[str]:
    """Return the character sets that a query is written in."""
    found = dataset.get("SpecificCharacterSet") or []
    return [found] if isinstance(found, str) else [str(one) for one in found]


def dataset_of(document: Document, sets: list[str]) -> Dataset:
    """Return a document as a data set, in the asker's character set where the text fits it, else in UTF-8."""
    from pydicom.dataset import Dataset

    dataset = Dataset.from_json(document)
    text = "".join(_texts(document))
    if not text.isascii():
        wanted = "\\".join(sets)
        chosen = sets if _fits(text, CHARACTER_SETS.get(wanted, "")) else UTF_8
        dataset.SpecificCharacterSet = chosen
    return dataset


def _fits(text: str, codec: str) -> bool:
    if not codec:
        return False
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _texts(document: Document) -> Iterator[str]:
    for element in document.values():
        for value in rules_match.values(element):
            if isinstance(value, str):
                yield value
            elif isinstance(value, Mapping):
                yield from (one for one in value.values() if isinstance(one, str))
                yield from _texts({tag: dict(one) for tag, one in value.items() if isinstance(one, Mapping)})


SERVICES: tuple[Service, ...] = (
    Service("worklist", (WORKLIST,), {"C-FIND": find_worklist}),
    Service(
        "perform",
        (PERFORMED, PERFORMED_RETRIEVE),
        {"N-CREATE": create_performed, "N-SET": set_performed, "N-GET": get_performed},
    ),
    Service(
        "ups",
        (UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_QUERY),
        {"C-FIND": find_ups, "N-CREATE": create_ups, "N-SET": set_ups, "N-GET": get_ups, "N-ACTION": act_on_ups},
    ),
)
"""What this area offers; see ``kernel/dimse.py``."""
