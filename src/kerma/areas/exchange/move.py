"""C-MOVE: a node asks us to send images to a node; it hears how far we are, and which were not taken.

pynetdicom's own C-MOVE would read each image whole and encode it anew. Here the images go out as everything else does
(:mod:`kerma.areas.exchange.send`); pynetdicom is left with the last response, into which our counts are put.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from kerma.areas.exchange import queries
from kerma.areas.exchange.model import ON
from kerma.areas.exchange.queries_move import LEVELS, images_named
from kerma.areas.exchange.rules import shown
from kerma.errors import KermaError, NotAllowed, Unreachable, WrongUsage

if TYPE_CHECKING:
    from kerma.areas.exchange.send import Sent
    from kerma.kernel.dimse import Asked

log = logging.getLogger(__name__)

SUCCESS, PENDING, CANCELLED, SOME_FAILED = 0x0000, 0xFF00, 0xFE00, 0xB000
UNKNOWN_DESTINATION, WRONG_IDENTIFIER, TOO_MANY, NONE_SENT, NOT_ALLOWED, FAILED = (
    0xA801, 0xA900, 0xA701, 0xA702, 0x0124, 0xC000,
)  # fmt: skip
"""Statuses of C-MOVE (DICOM PS3.4, table C.4-2; PS3.7, annex C)."""
MOST_IMAGES = 65_535
"""The counts of a response are numbers of 16 bits."""
COMMENT_LETTERS = 64


@dataclass
class Tally:
    """How far a C-MOVE is."""

    remaining: int = 0
    completed: int = 0
    failed_uids: list[str] = field(default_factory=list)
    is_cancelled: bool = False
    status: int | None = None
    comment: str = ""

    def add(self, uid: str, is_stored: bool) -> None:
        """Count one image."""
        self.remaining -= 1
        if is_stored:
            self.completed += 1
        else:
            self.failed_uids.append(uid)

    def final_status(self) -> int:
        """Return the status of the last response."""
        if self.status is not None:
            return self.status
        if self.is_cancelled:
            return CANCELLED
        if self.failed_uids:
            return SOME_FAILED if self.completed else NONE_SENT
        return SUCCESS


def move(asked: Asked) -> Iterator[Any]:
    """Answer one C-MOVE request; yields what pynetdicom's handler must."""
    tally = Tally()
    try:
        _carry_out(asked, tally)
    except WrongUsage as error:
        tally.status, tally.comment = WRONG_IDENTIFIER, str(error)
    except NotAllowed as error:
        tally.status, tally.comment = NOT_ALLOWED, str(error)
    except KermaError as error:
        tally.status, tally.comment = NONE_SENT, str(error)
    except Exception:
        log.exception("C-MOVE asked by %s failed", shown(asked.peer.ae_title))
        tally.status = FAILED
    _leave_last_response(asked.event, tally)
    yield "", 0  # where to: no matter, for pynetdicom has nothing to send
    yield 0


def _carry_out(asked: Asked, tally: Tally) -> None:
    from kerma.areas.exchange.send import Errand, sending

    event = asked.event
    level, keys = _identifier(event)
    with asked.kernel.database.read() as connection:
        destination = queries.node(connection, str(event.move_destination))
        images = images_named(connection, level, keys)
    if destination is None or destination["state"] != ON:
        tally.status, tally.comment = UNKNOWN_DESTINATION, "the move destination is no node of ours"
        return
    if len(images) > MOST_IMAGES:
        tally.status, tally.comment = TOO_MANY, f"{len(images)} images are too many for one C-MOVE: ask per series"
        return
    tally.remaining = len(images)
    errand = Errand(asked.actor, "move", shown(asked.peer.ae_title), event.request.MessageID)
    going = sending(asked.kernel, destination, images, errand)
    waiting = {image["uid"] for image in images}
    try:
        for sent in going:
            _count(tally, sent, waiting)
            if event.is_cancelled:
                tally.is_cancelled = True
                break
            if not _is_listening(event):
                return
            if tally.remaining:
                _send_pending(event, tally)
    except Unreachable as error:
        tally.comment = str(error)
        log.warning("C-MOVE asked by %s: %s", shown(asked.peer.ae_title), error)
        tally.failed_uids += [image["uid"] for image in images if image["uid"] in waiting]
        tally.remaining = 0
    finally:
        going.close()  # type: ignore[attr-defined]


def _count(tally: Tally, sent: Sent, waiting: set[str]) -> None:
    tally.add(sent.image["uid"], sent.is_stored)
    tally.comment = sent.words or tally.comment
    waiting.discard(sent.image["uid"])


def _identifier(event: Any) -> tuple[str, Mapping[str, list[str]]]:
    """Return level and unique keys of the request, with lists of UIDs taken apart (DICOM PS3.4, C.2.2.2.2)."""
    try:
        identifier = event.identifier
        values = {keyword: identifier.get(keyword) for keyword, _ in LEVELS.values()}
        level = str(identifier.get("QueryRetrieveLevel", ""))
    except Exception as error:
        raise WrongUsage("the identifier of the request cannot be read") from error
    return level, {keyword: _texts(value) for keyword, value in values.items()}


def _texts(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    many = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
    return [text for text in (str(one).strip() for one in many) if text]


def _is_listening(event: Any) -> bool:
    return bool(event.assoc.dul.is_alive() and event.assoc.dul.state_machine.current_state == "Sta6")


def _send_pending(event: Any, tally: Tally) -> None:
    from pynetdicom.dimse_primitives import C_MOVE

    response = C_MOVE()
    response.MessageIDBeingRespondedTo = event.request.MessageID
    response.AffectedSOPClassUID = event.request.AffectedSOPClassUID
    response.Status = PENDING
    _put_counts(response, tally)
    response.NumberOfRemainingSuboperations = tally.remaining
    event.assoc.dimse.send_msg(response, event.context.context_id)


def _put_counts(response: Any, tally: Tally) -> None:
    response.NumberOfCompletedSuboperations = tally.completed
    response.NumberOfFailedSuboperations = len(tally.failed_uids)
    response.NumberOfWarningSuboperations = 0


def _leave_last_response(event: Any, tally: Tally) -> None:
    """Put status, counts and the UIDs that failed into the next response that pynetdicom sends: its last."""
    service = event.assoc.dimse
    send = service.send_msg

    def send_last(response: Any, context_id: int) -> None:
        del service.send_msg
        response.Status = tally.final_status()
        _put_counts(response, tally)
        if tally.is_cancelled:
            response.NumberOfRemainingSuboperations = tally.remaining
        if tally.comment and response.Status != SUCCESS:
            response.ErrorComment = "".join(letter for letter in tally.comment if " " <= letter <= "~")[
                :COMMENT_LETTERS
            ]
        if tally.failed_uids or tally.is_cancelled:
            response.Identifier = BytesIO(_failed_list(tally.failed_uids, event.context))
        send(response, context_id)

    service.send_msg = send_last


def _failed_list(uids: list[str], context: Any) -> bytes:
    from pydicom.dataset import Dataset
    from pynetdicom.dsutils import encode

    identifier = Dataset()
    identifier.FailedSOPInstanceUIDList = uids
    syntax = context.transfer_syntax
    return encode(identifier, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated) or b""
