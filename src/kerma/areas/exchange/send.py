"""Sending stored images to a node with C-STORE: as they are stored, in chunks, decoded only where nothing is lost.

The bytes go from the archive to the connection in pieces of one PDU, so a study of any size takes little memory; only
an object that must be decoded for its node is held whole, one at a time. What came as TIFF, PNG, JPEG or raw pixels
goes as the DICOM object that DICOMweb makes of it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerma.areas.archive.actions import release
from kerma.areas.exchange import checkpoint, convert, link, rules_send
from kerma.errors import NotAcceptable, NotFound, Unreachable, Unreadable

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel

NOT_TAKEN = 0x0122
"""Refused: SOP class not supported (DICOM PS3.7, C.5.6)."""
NOT_READABLE = 0xC000
QUEUED_PDUS = 32
"""As many wait for the connection at most: what keeps a large object out of memory."""
STALLED_S = 60.0
PDU_HEADER_BYTES = 6
USUAL_PDU_BYTES = 16_384
_MESSAGE_IDS = 65_535


@dataclass(frozen=True)
class Errand:
    """Why images leave: for whom, for what purpose, and the C-MOVE that asked for it, if one did."""

    actor: Actor
    purpose: str = "send"
    originator_ae: str | None = None
    originator_id: int | None = None


@dataclass(frozen=True)
class Sent:
    """What became of one image."""

    image: Mapping[str, Any]
    status: int
    words: str = ""
    """Why it was not taken; empty when it was."""
    size_bytes: int = 0
    is_converted: bool = False
    is_made: bool = False
    """Whether it did not come as DICOM: the object made of it was sent."""

    @property
    def is_stored(self) -> bool:
        """Whether the node has it now."""
        return rules_send.is_stored(self.status)

    @property
    def is_final(self) -> bool:
        """Whether trying again would end the same."""
        return self.status in (NOT_TAKEN, NOT_READABLE)


@dataclass
class Outcome:
    """What became of all images."""

    sent_count: int = 0
    sent_bytes: int = 0
    converted_count: int = 0
    made_count: int = 0
    failed: list[Sent] = field(default_factory=list)
    error: str = ""
    """Why the rest was not tried; empty when all were."""

    def add(self, sent: Sent) -> None:
        """Count one image."""
        if not sent.is_stored:
            self.failed.append(sent)
            return
        self.sent_count += 1
        self.sent_bytes += sent.size_bytes
        self.converted_count += sent.is_converted
        self.made_count += sent.is_made


def send_images(
    kernel: Kernel,
    node: Mapping[str, Any],
    images: Sequence[Mapping[str, Any]],
    errand: Errand,
    on_progress: Callable[[Sent], None] = lambda sent: None,
) -> Outcome:
    """Send images to a node; a node that cannot be reached, or stops answering, is told in the outcome.

    ``images`` are rows of ``queries_find.images_at``.
    """
    outcome = Outcome()
    try:
        for sent in sending(kernel, node, images, errand):
            outcome.add(sent)
            on_progress(sent)
    except Unreachable as error:
        outcome.error = str(error)
    return outcome


def sending(
    kernel: Kernel, node: Mapping[str, Any], images: Iterable[Mapping[str, Any]], errand: Errand
) -> Iterator[Sent]:
    """Send images one by one, yielding what became of each; closing the generator ends the association.

    The ledger's record of the export stands before the first byte leaves.

    Raises
    ------
    Unreachable
        The node cannot be reached, or the association ended before all were sent.
    """
    sendable = []
    for image in images:
        try:
            words = rules_send.obstacle(image)
            sendable += [] if words else [convert.as_object(kernel, image)]
        except (Unreadable, NotFound) as error:
            words = str(error)
        if words:
            yield Sent(image, NOT_TAKEN, words)
    for group in rules_send.groups(sendable, node["preferred_transfer_syntaxes"]):
        try:
            yield from _send_group(kernel, node, group, errand)
        except link.NoneAccepted:
            yield from (Sent(image, NOT_TAKEN, _not_offered(image)) for image in group.images)


def _send_group(kernel: Kernel, node: Mapping[str, Any], group: rules_send.Group, errand: Errand) -> Iterator[Sent]:
    with link.associated(kernel, node, list(group.contexts)) as association:
        _record(kernel, node, group.images, errand)
        accepted = {
            (str(context.abstract_syntax), str(context.transfer_syntax[0])): context.context_id
            for context in association.accepted_contexts
        }
        for number, image in enumerate(group.images):
            yield _send_one(kernel, _Channel(association, errand, number % _MESSAGE_IDS + 1), image, accepted)


def _record(kernel: Kernel, node: Mapping[str, Any], images: Sequence[Mapping[str, Any]], errand: Errand) -> None:
    """Record the export: one record for each exam and association."""
    for exam_pk in dict.fromkeys(image["exam_pk"] for image in images):
        of_exam = [image for image in images if image["exam_pk"] == exam_pk]
        to = f"node:{node['id']}"
        release(kernel, errand.actor, exam_pk=exam_pk, purpose=errand.purpose, to=to, images=of_exam)


@dataclass(frozen=True)
class _Channel:
    association: Any
    errand: Errand
    message_id: int


def _send_one(
    kernel: Kernel, channel: _Channel, image: Mapping[str, Any], accepted: Mapping[tuple[str, str], int]
) -> Sent:
    chosen = rules_send.choice(image, accepted)
    if chosen is None:
        return Sent(image, NOT_TAKEN, _not_offered(image))
    syntax, context_id = chosen
    is_converted = syntax != image["transfer_syntax_uid"]
    try:
        stored = convert.stored(kernel, image)
        content = convert.native(stored, syntax) if is_converted else convert.data_set(stored)
        first = next(content, b"")  # what cannot be read must be known before the node is told that it comes
        status, comment = _store(channel, image, context_id, itertools.chain((first,), content))
    except (Unreadable, NotFound, NotAcceptable) as error:
        return Sent(image, NOT_READABLE, str(error))
    words = "" if rules_send.is_stored(status) else rules_send.status_words(status, comment)
    return Sent(image, status, words, image["size_bytes"], is_converted, image.get("is_made", False))


def _not_offered(image: Mapping[str, Any]) -> str:
    if image["transfer_syntax_uid"] in rules_send.LOSSLESS:
        return rules_send.status_words(NOT_TAKEN)
    return (
        f"the node does not take it as it is stored ({image['transfer_syntax_uid']}), and a lossy image is never "
        "decoded for sending: that would hide what it is"
    )


def _store(channel: _Channel, image: Mapping[str, Any], context_id: int, content: Iterable[bytes]) -> tuple[int, str]:
    """Send one C-STORE request and wait for its response; returns status and the node's comment."""
    from pynetdicom.dimse_primitives import C_STORE

    association = channel.association
    request = C_STORE()
    request.MessageID, request.Priority = channel.message_id, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = image["sop_class_uid"], image["uid"]
    request.MoveOriginatorApplicationEntityTitle = channel.errand.originator_ae
    request.MoveOriginatorMessageID = channel.errand.originator_id
    # The association's own loop must not take the response before we do.
    with checkpoint.paused(association):
        # The command says that a data set follows; the data set itself follows in pieces.
        _send_command(association, request, context_id)
        _send_pieces(association, context_id, content)
        _, response = association.dimse.get_msg(block=True)
    if response is None or not response.is_valid_response:
        raise Unreachable(f"{association.acceptor.ae_title} ended the association, or did not answer in time")
    return int(response.Status), str(response.ErrorComment or "")


def _send_command(association: Any, request: Any, context_id: int) -> None:
    from io import BytesIO

    from pynetdicom.dimse_messages import C_STORE_RQ

    message = C_STORE_RQ()
    request.DataSet = BytesIO(b"\0")
    message.primitive_to_message(request)
    message.data_set = None
    for piece in message.encode_msg(context_id, association.dimse.maximum_pdu_size or USUAL_PDU_BYTES):
        association.dul.send_pdu(piece)


def _send_pieces(association: Any, context_id: int, content: Iterable[bytes]) -> None:
    """Put the data set on the connection, each PDU as full as the node takes it (DICOM PS3.8, annex E)."""
    from pynetdicom.pdu_primitives import P_DATA

    size = (association.dimse.maximum_pdu_size or USUAL_PDU_BYTES) - PDU_HEADER_BYTES
    for piece, is_last in _pieces(content, size):
        primitive = P_DATA()
        primitive.presentation_data_value_list.append((context_id, (b"\x02" if is_last else b"\x00") + piece))
        _wait_for_room(association)
        association.dul.send_pdu(primitive)


def _pieces(content: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield the content in pieces of one size, and with each whether it is the last."""
    held = b""
    for chunk in content:
        held += chunk
        whole = max(0, (len(held) - 1) // size) * size
        yield from ((held[start : start + size], False) for start in range(0, whole, size))
        held = held[whole:]
    yield held, True


def _wait_for_room(association: Any) -> None:
    until = time.monotonic() + STALLED_S
    while association.dul.to_provider_queue.qsize() >= QUEUED_PDUS:
        if not association.dul.is_alive() or association.dul.state_machine.current_state != _TRANSFER:
            raise Unreachable(f"{association.acceptor.ae_title} ended the association in the middle of an object")
        if time.monotonic() > until:
            raise Unreachable(f"{association.acceptor.ae_title} has taken nothing for {STALLED_S:.0f} s")
        time.sleep(0.0005)


_TRANSFER = "Sta6"
"""Association established and ready for data transfer (DICOM PS3.8, table 9-4)."""
