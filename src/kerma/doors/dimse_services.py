"""Everything but storing: an association is handed, with its first PDU, to pynetdicom and dispatched to the areas.

pynetdicom reads the request again, so that its own state is right; who calls and what is offered was decided before.
"""

from __future__ import annotations

import functools
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.doors import dimse_command as commands
from kerma.doors import dimse_pdu as pdu
from kerma.doors.dimse_command import Command
from kerma.doors.dimse_negotiation import services
from kerma.doors.dimse_object import Door, Incoming
from kerma.doors.dimse_wire import SilentError, Wire
from kerma.errors import KermaError, NotAllowed
from kerma.kernel.blobs import CHUNK_BYTES
from kerma.kernel.dimse import Asked, Peer

if TYPE_CHECKING:
    from kerma.doors.dimse_association import Asking

log = logging.getLogger(__name__)

ACSE_S = 10.0
MESSAGES = {
    "C-FIND": "EVT_C_FIND",
    "C-GET": "EVT_C_GET",
    "C-MOVE": "EVT_C_MOVE",
    "N-ACTION": "EVT_N_ACTION",
    "N-CREATE": "EVT_N_CREATE",
    "N-DELETE": "EVT_N_DELETE",
    "N-EVENT-REPORT": "EVT_N_EVENT_REPORT",
    "N-GET": "EVT_N_GET",
    "N-SET": "EVT_N_SET",
}
_MANY_ANSWERS = ("C-FIND", "C-GET", "C-MOVE")


def serve(door: Door, wire: Wire, asking: Asking) -> None:
    """Serve the association to its end.

    Raises
    ------
    SilentError
        The peer said nothing for too long.
    """
    wire.socket.settimeout(None)
    association = _association(door, wire.socket, asking)
    for event, handler in _handlers(door, asking.peer):
        association.bind(event, handler)
    association.start()
    association.join()
    _remove_unfinished(association)
    if association.dul.idle_timer_expired() and not association.is_released:
        raise SilentError


def _association(door: Door, connection: socket.socket, asking: Asking) -> Any:
    """Make the acceptor's side of an association, as pynetdicom's own server does for a new connection."""
    from pynetdicom import AE, _config
    from pynetdicom.association import MODE_ACCEPTOR, Association
    from pynetdicom.transport import AddressInformation

    _config.STORE_RECV_CHUNKED_DATASET = True
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_RESPONSE_IDENTIFIERS = _config.LOG_REQUEST_IDENTIFIERS = False
    settings = door.kernel.settings
    entity = AE(settings.ae_title)
    entity.acse_timeout = ACSE_S
    entity.dimse_timeout = entity.network_timeout = settings.dicom_idle_s
    entity.maximum_pdu_size = pdu.PDU_BYTES
    entity.implementation_class_uid = pdu.IMPLEMENTATION_UID
    entity.implementation_version_name = pdu.IMPLEMENTATION_VERSION
    association = Association(entity, MODE_ACCEPTOR)
    association.set_socket(_replaying(association, connection, asking.raw))
    acceptor = association.acceptor
    acceptor.maximum_length = pdu.PDU_BYTES
    acceptor.ae_title = settings.ae_title
    acceptor.address_info = AddressInformation.from_tuple(connection.getsockname())
    acceptor.implementation_class_uid = pdu.IMPLEMENTATION_UID
    acceptor.implementation_version_name = pdu.IMPLEMENTATION_VERSION
    acceptor.supported_contexts = _contexts(asking)
    association.requestor.address_info = AddressInformation.from_tuple(connection.getpeername())
    return association


def _contexts(asking: Asking) -> list[Any]:
    """Return what is offered: the classes agreed on, each with its transfer syntaxes in the order of the peer."""
    from pynetdicom.presentation import build_context

    offered: dict[str, dict[str, None]] = {}
    for context in asking.request.contexts:
        if context.id in asking.agreement.contexts:
            first = asking.agreement.contexts[context.id][1]
            offered.setdefault(context.abstract, {}).update(dict.fromkeys((first, *context.transfers)))
    built = [build_context(abstract, list(transfers)) for abstract, transfers in offered.items()]
    for context in built:
        # PS3.7, D.3.3.4: who asks for C-GET takes the part of the provider of storage, and we that of its user.
        if context.abstract_syntax in asking.request.roles:
            context.scu_role = context.scp_role = True
    return built


def _replaying(association: Any, connection: socket.socket, first: bytes) -> Any:
    """Return a socket that reads the first PDU again, and never more of a PDU than was offered."""
    from pynetdicom.transport import AssociationSocket

    class ReplayingSocket(AssociationSocket):
        """Reads bytes that came before, then those of the connection."""

        def __init__(self) -> None:
            self._before = memoryview(first)
            super().__init__(association, client_socket=connection)

        @property
        def ready(self) -> bool:
            """Whether there is something to read."""
            return bool(self._before) or super().ready

        def recv(self, nr_bytes: int) -> bytearray:
            """Read so many bytes, or fewer when the connection ends."""
            if nr_bytes > pdu.PDU_BYTES + 6:
                raise ConnectionAbortedError(f"a PDU of {nr_bytes} bytes, at most {pdu.PDU_BYTES} were offered")
            if self._before:
                taken, self._before = self._before[:nr_bytes], self._before[nr_bytes:]
                return bytearray(taken)
            data = bytearray(nr_bytes)
            view, filled = memoryview(data), 0
            while filled < nr_bytes:
                count = connection.recv_into(view[filled:])
                if not count:
                    break
                filled += count
            return data[:filled]

    return ReplayingSocket()


def _handlers(door: Door, peer: Peer) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    from pynetdicom import evt

    yield evt.EVT_C_ECHO, lambda _: commands.SUCCESS
    yield evt.EVT_C_STORE, functools.partial(_store, door, peer)
    yield evt.EVT_SOP_EXTENDED, functools.partial(_granted, peer)
    for message, name in MESSAGES.items():
        answer = _answers if message in _MANY_ANSWERS else _answer
        yield getattr(evt, name), functools.partial(answer, door, peer, message)


def _granted(peer: Peer, event: Any) -> dict[str, bytes]:
    """Answer what the peer negotiates beyond the classes themselves, such as relational queries (PS3.7, D.3.3.5)."""
    answers = {}
    for sop_class, asked in event.app_info.items():
        service = services().get(str(sop_class))
        if service is not None and service.word in peer.services and service.extensions:
            answers[str(sop_class)] = service.granted(asked)
    return answers


def _handler(peer: Peer, message: str, event: Any) -> Callable[[Asked], Any] | None:
    service = services().get(str(event.context.abstract_syntax))
    return service.handlers.get(message) if service is not None and service.word in peer.services else None


def _answer(door: Door, peer: Peer, message: str, event: Any) -> Any:
    """Answer a request that has one answer: a status and a data set, or the status alone for N-DELETE."""
    handler = _handler(peer, message, event)
    if handler is None:
        return (commands.UNRECOGNISED_OPERATION, None) if message != "N-DELETE" else commands.UNRECOGNISED_OPERATION
    try:
        return handler(Asked(door.kernel, peer, event))
    except Exception as error:
        status = _status_of(message, error)
        return (status, None) if message != "N-DELETE" else status


def _answers(door: Door, peer: Peer, message: str, event: Any) -> Iterator[Any]:
    """Answer a request that has many answers."""
    handler = _handler(peer, message, event)
    if handler is None:
        yield commands.UNRECOGNISED_OPERATION, None
        return
    try:
        yield from handler(Asked(door.kernel, peer, event))
    except Exception as error:
        yield _status_of(message, error), None


def _status_of(message: str, error: Exception) -> int:
    if isinstance(error, NotAllowed):
        return commands.NOT_AUTHORISED
    if isinstance(error, KermaError):
        log.warning("%s could not be answered: %s", message, error)
    else:
        log.error("%s could not be answered", message, exc_info=error)
    return commands.CANNOT_UNDERSTAND if message in _MANY_ANSWERS else commands.PROCESSING_FAILURE


def _store(door: Door, peer: Peer, event: Any) -> Any:
    """Keep an object that came beside other services: from the file that pynetdicom wrote, as the receive loop does."""
    from pydicom.dataset import Dataset

    asked = event.request
    command = Command(
        commands.C_STORE, asked.MessageID, str(asked.AffectedSOPClassUID), str(asked.AffectedSOPInstanceUID), True
    )
    incoming = Incoming(door, peer, command, (str(event.context.abstract_syntax), str(event.context.transfer_syntax)))
    try:
        for chunk in _data_set(event.dataset_path):
            incoming.write((chunk,))
        status, comment = incoming.finish()
    finally:
        incoming.discard()
    answer = Dataset()
    answer.Status = status
    if comment:
        answer.ErrorComment = comment
    return answer


def _data_set(path: Path) -> Iterator[bytes]:
    """Yield the data set of a file, without the file meta information that pynetdicom gave it."""
    with path.open("rb") as file:
        head = file.read(144)
        length = int.from_bytes(head[140:144], "little")
        file.seek(144 + length)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _remove_unfinished(association: Any) -> None:
    """Remove the file of an object whose association ended in the middle of it."""
    message = getattr(association.dimse, "message", None)
    file = getattr(message, "_data_set_file", None)
    if file is not None:
        file.close()
        Path(file.name).unlink(missing_ok=True)
