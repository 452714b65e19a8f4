"""PDUs and command sets: what others write is read, what we write is read by others, and nothing else gets through."""

from __future__ import annotations

import io
import struct

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

import callers
from kerma.doors import dimse_command as commands
from kerma.doors import dimse_pdu as pdu
from kerma.doors.dimse_pdu import GarbledError

UID = "1.2.826.0.1.3680043.9.7433.1"


def request_of_pynetdicom() -> bytes:
    """Return an association request as pynetdicom writes it, with every item it knows."""
    from pynetdicom import build_context, build_role
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        AsynchronousOperationsWindowNegotiation,
        ImplementationClassUIDNotification,
        ImplementationVersionNameNotification,
        MaximumLengthNotification,
    )

    primitive = A_ASSOCIATE()
    primitive.application_context_name = pdu.DICOM_CONTEXT
    primitive.calling_ae_title, primitive.called_ae_title = "MODALITY 1", "KERMA"
    length = MaximumLengthNotification()
    length.maximum_length_received = 65_536
    uid = ImplementationClassUIDNotification()
    uid.implementation_class_uid = UID
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = "OTHER_1"
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = window.maximum_number_operations_performed = 5
    role = build_role(callers.DX, scu_role=True, scp_role=True)
    primitive.user_information = [length, uid, version, window, role]
    contexts = [build_context(callers.VERIFICATION), build_context(callers.DX, [callers.EXPLICIT, callers.IMPLICIT])]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
    primitive.presentation_context_definition_list = contexts
    sent = A_ASSOCIATE_RQ()
    sent.from_primitive(primitive)
    return sent.encode()


def test_a_request_of_another_program_is_read() -> None:
    raw = request_of_pynetdicom()
    assert pdu.head(raw[:6]) == (pdu.REQUEST, len(raw) - 6)
    asked = pdu.request(raw[6:])
    assert (asked.calling_ae, asked.called_ae, asked.application_context) == ("MODALITY 1", "KERMA", pdu.DICOM_CONTEXT)
    assert (asked.pdu_bytes_max, asked.has_window, asked.implementation) == (65_536, True, "OTHER_1")
    assert asked.roles == {callers.DX: (1, 1)}
    assert [context.abstract for context in asked.contexts] == [callers.VERIFICATION, callers.DX]
    assert asked.contexts[1].transfers == (callers.EXPLICIT, callers.IMPLICIT)


def test_our_acceptance_is_read_by_another_program() -> None:
    from pynetdicom.pdu import A_ASSOCIATE_AC

    raw = request_of_pynetdicom()
    asked = pdu.request(raw[6:])
    answers = [(1, pdu.ACCEPTED, callers.IMPLICIT), (3, pdu.NO_TRANSFER, callers.EXPLICIT)]
    written = A_ASSOCIATE_AC()
    written.decode(pdu.accept(asked, raw[6:], answers))
    results = [(item.context_id, item.result) for item in written.presentation_context]
    assert results == [(1, 0), (3, 4)]
    assert written.user_information.maximum_length == pdu.PDU_BYTES
    assert str(written.user_information.implementation_class_uid) == pdu.IMPLEMENTATION_UID
    window = written.user_information.async_ops_window
    assert (window.maximum_number_operations_invoked, window.maximum_number_operations_performed) == (1, 1)


@given(st.binary(max_size=400))
def test_garbage_is_garbled_and_never_anything_else(body: bytes) -> None:
    try:
        pdu.request(body)
    except GarbledError:
        return
    assert len(body) >= 68


@given(position=st.integers(0, 10_000), replaced=st.binary(min_size=1, max_size=8), cut=st.integers(0, 400))
def test_a_damaged_request_is_read_or_garbled(position: int, replaced: bytes, cut: int) -> None:
    body = bytearray(request_of_pynetdicom()[6:])
    position %= len(body)
    body[position : position + len(replaced)] = replaced
    try:
        asked = pdu.request(bytes(body[: len(body) - cut]))
    except GarbledError:
        return
    assert len(asked.contexts) <= pdu.CONTEXTS_MAX
    assert all(context.id % 2 == 1 and len(context.abstract) <= 64 for context in asked.contexts)


BAD_REQUESTS = {
    "129 contexts": [callers.context(1 + 2 * (number % 128), callers.DX) for number in range(129)],
    "an even number": [callers.context(2, callers.DX)],
    "the same number twice": [callers.context(1, callers.DX), callers.context(1, callers.VERIFICATION)],
    "no transfer syntax": [callers.context(1, callers.DX, [])],
    "a class that is no UID": [callers.context(1, "../../etc/passwd")],
    "a UID of 65 characters": [callers.context(1, "1." + "2" * 63)],
}


@pytest.mark.parametrize("what", BAD_REQUESTS)
def test_a_request_that_cannot_be_is_refused(what: str) -> None:
    with pytest.raises(GarbledError):
        pdu.request(callers.request(BAD_REQUESTS[what])[6:])


def test_an_item_longer_than_the_request_is_refused() -> None:
    body = callers.usual_request()[6:]
    at = body.index(b"\x20\0", 68)
    with pytest.raises(GarbledError, match="are left"):
        pdu.request(body[: at + 2] + b"\xff\xff" + body[at + 4 :])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_command_set_or_garbled(data: bytes) -> None:
    try:
        found = commands.command(data)
    except GarbledError:
        return
    assert 0 <= found.field <= 0xFFFF


def test_a_response_is_read_by_another_program() -> None:
    from pynetdicom.dsutils import decode

    asked = commands.command(callers.command(commands.C_STORE, callers.DX, UID, has_data=True))
    assert asked == commands.Command(commands.C_STORE, 7, callers.DX, UID, True)
    written = decode(io.BytesIO(commands.response(asked, 0xA900, "kept apart" * 20)), True, True)
    assert (written.CommandField, written.MessageIDBeingRespondedTo, written.Status) == (0x8001, 7, 0xA900)
    assert (written.AffectedSOPClassUID, written.AffectedSOPInstanceUID) == (callers.DX, UID)
    assert written.CommandDataSetType == commands.NO_DATA_SET and len(written.ErrorComment) == 64
    rest = commands.response(asked, 0)[12:]
    assert struct.unpack_from("<I", commands.response(asked, 0), 8)[0] == len(rest)


def test_the_file_meta_information_names_class_instance_syntax_and_sender() -> None:
    meta = commands.file_meta(callers.DX, UID, callers.EXPLICIT, "MODALITY 1")
    read = pydicom.dcmread(io.BytesIO(meta)).file_meta
    assert read.FileMetaInformationGroupLength == len(meta) - 144
    assert (read.MediaStorageSOPClassUID, read.MediaStorageSOPInstanceUID) == (callers.DX, UID)
    assert (read.TransferSyntaxUID, read.SourceApplicationEntityTitle) == (callers.EXPLICIT, "MODALITY 1")
    assert len(meta) % 2 == 0 and read.ImplementationClassUID == pdu.IMPLEMENTATION_UID
