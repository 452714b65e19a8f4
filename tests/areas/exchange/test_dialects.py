"""DICOS on the network: another application context, and an A-ASSOCIATE-AC that must be mended before it is read."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ASSOCIATE_AC

from films import Archive
from kerma.areas.exchange import fetch
from kerma.areas.exchange.dialects import repair_associate_ac
from kerma.kernel.dimse_dicos import context_name

EXPLICIT = b"1.2.840.10008.1.2.1"
V03 = context_name("dicos-v03").encode()


def item(kind: int, content: bytes, too_many: int = 0) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content) + too_many) + content


def accepted(ids: tuple[int, ...] = (5, 3, 1), too_many: int = 4, result: int = 0) -> bytes:
    """Return an A-ASSOCIATE-AC as the toolkit writes it: ids descending, each result's length too large."""
    results = b"".join(item(0x21, bytes((number, 0, result, 0)) + item(0x40, EXPLICIT), too_many) for number in ids)
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + item(0x59, b"\0\0"))
    body = struct.pack(">HH", 1, 0) + b"SCANNER".ljust(16) + b"KERMA".ljust(16) + bytes(32)
    body += item(0x10, V03) + results + user
    return struct.pack(">BBI", 2, 0, len(body)) + body


@given(st.lists(st.integers(0, 127).map(lambda n: 2 * n + 1), min_size=1, max_size=20, unique=True))
def test_wrong_lengths_are_mended_and_right_ones_left(ids: list[int]) -> None:
    wrong, right = accepted(tuple(ids)), accepted(tuple(ids), too_many=0)
    assert repair_associate_ac(wrong) == right
    assert repair_associate_ac(right) == right
    read = A_ASSOCIATE_AC()
    read.decode(repair_associate_ac(wrong))
    assert [context.presentation_context_id for context in read.presentation_context] == ids


@given(st.binary(max_size=200))
def test_other_bytes_never_break_the_repair(data: bytes) -> None:
    assert len(repair_associate_ac(b"\x02" + data)) == max(6, len(data) + 1) or len(data) < 5
    assert repair_associate_ac(b"\x04" + data) == b"\x04" + data


def scanner(listening: socket.socket, heard: list[bytes]) -> None:
    """Answer one association as the toolkit does: a C-ECHO, then the release."""
    connection, _ = listening.accept()
    with connection:
        heard.append(pdu(connection))
        connection.sendall(accepted((1,)))
        request = pdu(connection)
        heard.append(request)
        command = request[12:]
        message_id = command[command.index(b"\0\0\x10\x01\x02\0\0\0") + 8 :][:2]
        connection.sendall(echo_response(message_id))
        pdu(connection)
        connection.sendall(struct.pack(">BBII", 6, 0, 4, 0))


def pdu(connection: socket.socket) -> bytes:
    head = connection.recv(6, socket.MSG_WAITALL)
    return head + connection.recv(struct.unpack(">I", head[2:])[0], socket.MSG_WAITALL)


def echo_response(message_id: bytes) -> bytes:
    def element(number: int, value: bytes) -> bytes:
        return struct.pack("<HHI", 0, number, len(value)) + value

    command = element(0x0002, b"1.2.840.10008.1.1\0") + element(0x0100, b"\x30\x80")
    command += element(0x0120, message_id) + element(0x0800, b"\x01\x01") + element(0x0900, b"\0\0")
    command = element(0x0000, struct.pack("<I", len(command))) + command
    value = struct.pack(">IBB", len(command) + 2, 1, 3) + command
    return struct.pack(">BBI", 4, 0, len(value)) + value


def test_a_scanner_answers_a_c_echo(archive: Archive, lists: Any) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer = threading.Thread(target=scanner, args=(listening, heard), daemon=True)
        peer.start()
        node = lists("SCANNER", listening.getsockname()[1], dialect="dicos-v03")
        assert fetch.echo(archive.kernel, node) > 0
        peer.join(timeout=60)
    assert not peer.is_alive()
    assert item(0x10, V03) in heard[0]
