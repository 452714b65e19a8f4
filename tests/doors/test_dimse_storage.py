"""The receive loop: an object is kept whole however its bytes are cut; whatever else comes ends the association."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import callers
from films import film, uid
from kerma.areas.archive.actions_gather import Gatherer
from kerma.areas.archive.model import image
from kerma.doors import dimse_pdu as pdu
from kerma.doors.dimse_negotiation import Agreement
from kerma.doors.dimse_object import Door
from kerma.doors.dimse_storage import StorageLoop
from kerma.doors.dimse_wire import GoneError, SilentError, Wire
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.dimse import Peer

AGREED = Agreement((), {1: (callers.VERIFICATION, callers.IMPLICIT), 3: (callers.DX, callers.EXPLICIT)})
RELEASE = b"\5\0\0\0\0\4\0\0\0\0"


class Loop:
    """A receive loop in this process, fed with bytes."""

    def __init__(self, kernel: Kernel, actor: Actor) -> None:
        self.kernel = kernel
        self.door = Door(kernel, Gatherer(kernel))
        self.peer = Peer("TESTER", "127.0.0.1", actor, frozenset({"store", "echo"}))

    def feed(self, pieces: list[bytes], *, is_dicos: bool = False) -> tuple[bytes, BaseException | None]:
        """Feed pieces one by one, then end; returns what was answered and what ended the loop."""
        ours, theirs = socket.socketpair()
        ours_tcp, ended = _Unconfigured(ours), []

        def serve() -> None:
            try:
                StorageLoop(self.door, ours_tcp, self.peer, AGREED, is_dicos=is_dicos).run()
            except BaseException as error:
                ended.append(error)
            ours.close()

        thread = threading.Thread(target=serve)
        thread.start()
        with contextlib.suppress(OSError):
            for piece in pieces:
                theirs.sendall(piece)
            theirs.shutdown(socket.SHUT_WR)
        answered = b""
        with contextlib.suppress(ConnectionError):
            while part := theirs.recv(65_536):
                answered += part
        thread.join(60)
        assert not thread.is_alive()
        theirs.close()
        return answered, ended[0] if ended else None

    def kept(self) -> list[str]:
        with self.kernel.database.read() as connection:
            return list(connection.scalars(sa.select(image.c.uid)))

    def unfinished(self) -> list[Path]:
        return list((self.kernel.settings.home / "blobs" / "temporary").iterdir())


class _Unconfigured(Wire):
    """A wire on a socket that is no TCP connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.wait_at_most(5)


@pytest.fixture
def loop(kernel: Kernel, actor: Actor):
    made = Loop(kernel, actor)
    yield made
    made.door.gatherer.close()


SMALL = callers.data_set_of(film(side=8))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 3000), max_size=30), piece=st.integers(1, 2000), exam=st.integers(1, 10**9))
def test_an_object_is_kept_however_its_bytes_are_cut(loop: Loop, cuts: list[int], piece: int, exam: int) -> None:
    data_set = callers.data_set_of(film(exam=exam, side=8))
    sent = callers.echo() + callers.store(data_set, uid(exam, 1, 1), piece=piece) + RELEASE
    places = [0, *sorted({min(cut, len(sent)) for cut in cuts}), len(sent)]
    pieces = [sent[start:end] for start, end in zip(places, places[1:], strict=False) if start < end]
    answered, ended = loop.feed(pieces)
    assert ended is None and answered.endswith(pdu.released())
    assert uid(exam, 1, 1) in loop.kept() and loop.unfinished() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_garbage_ends_the_association_and_leaves_nothing(loop: Loop, pieces: list[bytes]) -> None:
    _, ended = loop.feed(pieces)
    assert ended is None or isinstance(ended, (pdu.GarbledError, GoneError, SilentError))
    assert loop.kept() == [] and loop.unfinished() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10**6), written=st.binary(min_size=1, max_size=6))
def test_a_damaged_stream_keeps_nothing_half(loop: Loop, position: int, written: bytes) -> None:
    sent = bytearray(callers.store(SMALL, uid(1, 1, 1), piece=300) + RELEASE)
    position %= len(sent)
    sent[position : position + len(written)] = written
    _, ended = loop.feed([bytes(sent)])
    assert ended is None or isinstance(ended, (pdu.GarbledError, GoneError, SilentError))
    assert loop.unfinished() == [] and set(loop.kept()) <= {uid(1, 1, 1)}


BAD_STREAMS = {
    "a PDU of 4 GiB": b"\4\0\xff\xff\xff\xff",
    "a PDU above what was offered": b"\4\0" + (pdu.PDU_BYTES + 1).to_bytes(4, "big"),
    "a PDU too short for a value": b"\4\0\0\0\0\3",
    "ten thousand empty values": callers.data_pdu(*[callers.value(3, 0, b"")] * 10_000),
    "a value longer than its PDU": b"\4\0\0\0\0\7" + (100).to_bytes(4, "big") + b"\3\3x",
    "a value of length 1": b"\4\0\0\0\0\7" + (1).to_bytes(4, "big") + b"\3\3x",
    "a context nobody agreed on": callers.data_pdu(callers.value(9, 3, b"x")),
    "a data set without a command": callers.data_pdu(callers.value(3, 2, b"x" * 100)),
    "a command set of 1 MB": b"".join([callers.data_pdu(callers.value(3, 1, bytes(60_000)))] * 17),
    "a command set that is none": callers.data_pdu(callers.value(3, 3, b"\xff" * 64)),
    "a command inside a data set": callers.store(SMALL, "1.2.3", piece=100)[:500] + callers.echo(),
    "a second association request": callers.usual_request(),
    "a PDU type that does not exist": b"\x63\0\0\0\0\4abcd",
    "a response nobody asked for": callers.data_pdu(
        callers.value(3, 3, callers.command(0x8001, callers.DX, "1.2.3", has_data=False))
    ),
}


@pytest.mark.parametrize("what", BAD_STREAMS)
def test_a_stream_that_may_not_be_is_refused(loop: Loop, what: str) -> None:
    _, ended = loop.feed([BAD_STREAMS[what]])
    assert isinstance(ended, pdu.GarbledError), what
    assert loop.kept() == [] and loop.unfinished() == []


def test_an_abort_in_the_middle_of_an_object_leaves_nothing(loop: Loop) -> None:
    sent = callers.store(SMALL, uid(1, 1, 1), piece=200)
    _, ended = loop.feed([sent[: len(sent) // 2 - 50]])
    assert isinstance(ended, GoneError)
    whole = callers.data_pdu(callers.value(3, 3, callers.command(1, callers.DX, uid(1, 1, 1), has_data=True)))
    _, ended = loop.feed([whole + callers.data_pdu(callers.value(3, 0, SMALL[:300])) + pdu.abort()])
    assert isinstance(ended, GoneError)
    assert loop.kept() == [] and loop.unfinished() == []


def dicos_stream(data_set: bytes, uid_of_object: str, first: int) -> bytes:
    """Return the stream of a scanner's toolkit: the command's fragment also holds the first bytes of the data set."""
    command = callers.command(1, callers.DX, uid_of_object, has_data=True)
    start, rest = data_set[:first], data_set[first:]
    if not rest:
        return callers.data_pdu(callers.value(3, 3, command + start))
    return callers.data_pdu(callers.value(3, 1, command + start), callers.value(3, 2, rest))


@pytest.mark.parametrize("first", [0, 1, 7, 200, len(SMALL)])
def test_a_scanner_s_command_fragment_is_split(loop: Loop, first: int) -> None:
    answered, ended = loop.feed([dicos_stream(SMALL, uid(1, 1, 1), first) + RELEASE], is_dicos=True)
    assert ended is None and answered.endswith(pdu.released())
    assert loop.kept() == [uid(1, 1, 1)]


def test_a_scanner_s_fragment_may_be_cut_anywhere(loop: Loop) -> None:
    sent = dicos_stream(SMALL, uid(1, 1, 1), 300)
    for cut in range(1, 200, 13):
        answered, ended = loop.feed([sent[:cut], sent[cut:] + RELEASE], is_dicos=True)
        assert ended is None and answered.endswith(pdu.released()), cut
    assert loop.kept() == [uid(1, 1, 1)]


def test_the_repair_is_not_made_for_others(loop: Loop) -> None:
    _, ended = loop.feed([dicos_stream(SMALL, uid(1, 1, 1), 300) + RELEASE])
    assert isinstance(ended, pdu.GarbledError)
    assert loop.kept() == []
