"""Checks of what the archive does with a peer that breaks the rules of the network (PS3.8, 9.2 and 9.3)."""

from __future__ import annotations

import struct

from kerma.areas.exchange.conformance import raw
from kerma.areas.exchange.conformance.model import Broken, NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import PLAIN, STUDY_FIND, VERIFICATION, query
from kerma.areas.exchange.conformance.objects import DX, body_of
from kerma.areas.exchange.conformance.raw import Wire
from kerma.areas.exchange.conformance.target import Target

PATIENCE = 1.5
"""How many time-outs the archive may keep a peer that says nothing sensible; ARTIM is 30 s in many archives."""
QUICK_S = 10.0


def _offered(target: Target) -> str:
    target.network.knock()
    return ""


SERVICE = Service("robust", "DIMSE: peers that break the rules", "network", _offered)


def _patience(target: Target) -> float:
    return PATIENCE * target.network.timeout_s


def _still_alive(target: Target) -> None:
    """Expect a well-behaved peer to be served as before."""
    with target.network.association([(VERIFICATION, PLAIN)]) as line:
        expect_equal(target.network.status_of(line.send_c_echo(), "C-ECHO afterwards"), 0x0000, "status")


def _expect_end(wire: Wire, wait_s: float) -> None:
    """Expect A-ABORT or the end of the connection."""
    kind, _ = wire.hear(wait_s)
    expect(kind in (0, raw.ABORT, raw.ASSOCIATE_RJ), "A-ABORT or the end of the connection", f"PDU {kind:02X}H")


def _accepted(wire: Wire, target: Target, sop_class_uid: str, **more: int) -> None:
    wire.send(raw.associate(target.network, sop_class_uid, **more), "A-ASSOCIATE-RQ")
    kind, _ = wire.hear(QUICK_S)
    if kind != raw.ASSOCIATE_AC:
        raise NotOffered(f"the association is answered with PDU {kind:02X}H")


@check("robust.garbage", "PS3.8, 9.2 (AA-1)", needs="nothing")
def garbage(target: Target) -> None:
    """Bytes that are no PDU are answered with A-ABORT or the end of the connection."""
    with Wire(target.network) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: archive\r\n\r\n" + bytes(100), "an HTTP request")
        _expect_end(wire, _patience(target))
    _still_alive(target)


@check("robust.unknown-pdu", "PS3.8, 9.2 (AA-8)", needs="nothing")
def unknown_pdu(target: Target) -> None:
    """A PDU of an unknown type on an association is answered with A-ABORT."""
    with Wire(target.network) as wire:
        _accepted(wire, target, VERIFICATION)
        wire.send(raw.pdu(0x55, b"?" * 20), "a PDU of type 55H")
        _expect_end(wire, _patience(target))
    _still_alive(target)


@check("robust.data-first", "PS3.8, 9.2 (AA-1)", needs="nothing")
def data_first(target: Target) -> None:
    """Data before any association are answered with A-ABORT or the end of the connection."""
    with Wire(target.network) as wire:
        wire.send(raw.echo(), "a C-ECHO without association")
        _expect_end(wire, _patience(target))
    _still_alive(target)


@check("robust.length-lies", "PS3.8, 9.3.1", needs="nothing")
def length_lies(target: Target) -> None:
    """A first PDU that says it is 4 GiB long does not keep the archive busy; others are served meanwhile."""
    with Wire(target.network) as wire:
        wire.send(raw.pdu(raw.ASSOCIATE_RQ, b"\0\1" + bytes(4000), length=0xFFFFFFFF), "A-ASSOCIATE-RQ of 4 GiB")
        _still_alive(target)
        _expect_end(wire, _patience(target))


@check("robust.data-length-lies", "PS3.8, 9.3.1 and D.1", "should", needs="nothing")
def data_length_lies(target: Target) -> None:
    """A data PDU far beyond what the archive said it takes ends the association."""
    with Wire(target.network) as wire:
        _accepted(wire, target, VERIFICATION)
        wire.send(raw.pdu(raw.P_DATA, bytes(2000), length=0xFFFFFFF0), "P-DATA-TF of 4 GiB")
        _expect_end(wire, _patience(target))
    _still_alive(target)


@check("robust.fragment-lies", "PS3.8, 9.3.5.1", needs="nothing")
def fragment_lies(target: Target) -> None:
    """A fragment longer than its PDU ends the association."""
    with Wire(target.network) as wire:
        _accepted(wire, target, VERIFICATION)
        wire.send(raw.pdu(raw.P_DATA, struct.pack(">IBB", 100_000, 1, 3) + bytes(20)), "a fragment that lies")
        _expect_end(wire, _patience(target))
    _still_alive(target)


@check("robust.unknown-context", "PS3.8, 9.3.5.1", "should", needs="nothing")
def unknown_context(target: Target) -> None:
    """Data for a presentation context that was not agreed on end the association."""
    with Wire(target.network) as wire:
        _accepted(wire, target, VERIFICATION)
        body = raw.command(0x0030, VERIFICATION)
        wire.send(raw.pdu(raw.P_DATA, struct.pack(">IBB", len(body) + 2, 99, 3) + body), "data for context 99")
        _expect_end(wire, _patience(target))
    _still_alive(target)


@check("robust.wrong-application-context", "PS3.8, Table 9-21", "should", needs="nothing")
def wrong_application_context(target: Target) -> None:
    """Another application context than DICOM's is rejected with reason 2."""
    with Wire(target.network) as wire:
        wire.send(
            raw.associate(target.network, VERIFICATION, context="2.25.1"), "A-ASSOCIATE-RQ of another application"
        )
        kind, body = wire.hear(QUICK_S)
        if kind == raw.ASSOCIATE_AC:
            raise Broken("A-ASSOCIATE-RJ", "A-ASSOCIATE-AC")
        expect(kind in (raw.ASSOCIATE_RJ, raw.ABORT), "A-ASSOCIATE-RJ", f"PDU {kind:02X}H")
        if kind == raw.ASSOCIATE_RJ:
            expect_equal(tuple(body[1:4]), (1, 1, 2), "result, source and reason")


@check("robust.largest-pdu-1", "PS3.8, D.1", needs="nothing")
def largest_pdu_1(target: Target) -> None:
    """A peer that says it takes PDUs of one byte is rejected, aborted or served, and harms nobody."""
    with Wire(target.network) as wire:
        wire.send(raw.associate(target.network, VERIFICATION, max_pdu_bytes=1), "A-ASSOCIATE-RQ with maximum length 1")
        kind, _ = wire.hear(QUICK_S)
        if kind == raw.ASSOCIATE_AC:
            wire.send(raw.echo(), "C-ECHO-RQ")
            try:
                wire.hear(QUICK_S)
            except Broken:
                target.network.note("C-ECHO-RQ", "silence")
    _still_alive(target)


@check("robust.small-pdus", "PS3.8, D.1", needs="nothing")
def small_pdus(target: Target) -> None:
    """What the archive sends keeps to the length that the peer said it takes."""
    with Wire(target.network) as wire:
        _accepted(wire, target, VERIFICATION, max_pdu_bytes=64)
        wire.send(raw.echo(), "C-ECHO-RQ")
        kind, body = wire.hear(QUICK_S)
        expect_equal(kind, raw.P_DATA, "PDU type")
        expect(len(body) <= 64, "at most 64 bytes in a PDU", f"{len(body)} bytes")


@check("robust.many-fragments", "PS3.8, E.1", needs="nothing")
def many_fragments(target: Target) -> None:
    """A command in fragments of two bytes is put together and answered."""
    command = raw.command(0x0030, VERIFICATION)
    pieces = [command[at : at + 2] for at in range(0, len(command), 2)]
    with Wire(target.network) as wire:
        _accepted(wire, target, VERIFICATION)
        sent = b"".join(raw.data(0x03 if piece is pieces[-1] else 0x01, piece) for piece in pieces)
        wire.send(sent, f"C-ECHO-RQ in {len(pieces)} fragments")
        expect_equal(wire.hear(QUICK_S)[0], raw.P_DATA, "PDU type")


@check("robust.abort-mid-object", "PS3.8, 9.2 (AA-3); PS3.4, B.2", needs="own")
def abort_mid_object(target: Target) -> None:
    """An object whose sending is aborted in the middle is not stored, and sending it again goes well."""
    sent = target.set.another()
    data = body_of(sent.dataset)
    with Wire(target.network) as wire:
        _accepted(wire, target, DX)
        wire.send(raw.data(0x03, raw.store_command(DX, sent.uid)), "C-STORE-RQ")
        wire.send(raw.data(0x00, data[: len(data) // 2]), "half of an object")
        wire.send(raw.pdu(raw.ABORT, bytes(4)), "A-ABORT")
    _expect_not_found(target, sent.study_uid)
    expect_equal(target.network.store([sent]), [0x0000], "statuses of the whole object")


@check("robust.reset-mid-object", "PS3.8, 9.2 (AA-4); PS3.4, B.2", needs="own")
def reset_mid_object(target: Target) -> None:
    """An object whose connection is cut in the middle is not stored, and others are served."""
    sent = target.set.another()
    data = body_of(sent.dataset)
    with Wire(target.network) as wire:
        _accepted(wire, target, DX)
        wire.send(raw.data(0x03, raw.store_command(DX, sent.uid)), "C-STORE-RQ")
        wire.send(raw.data(0x00, data[: len(data) // 2]), "half of an object")
        wire.drop()
    _still_alive(target)
    _expect_not_found(target, sent.study_uid)


@check("robust.release-mid-object", "PS3.8, 9.2", needs="own")
def release_mid_object(target: Target) -> None:
    """An association released in the middle of an object leaves nothing of it."""
    sent = target.set.another()
    with Wire(target.network) as wire:
        _accepted(wire, target, DX)
        wire.send(raw.data(0x03, raw.store_command(DX, sent.uid)), "C-STORE-RQ")
        wire.send(raw.data(0x00, body_of(sent.dataset)[:1000]), "part of an object")
        wire.send(raw.pdu(raw.RELEASE_RQ, bytes(4)), "A-RELEASE-RQ")
        kind, _ = wire.hear(_patience(target))
        expect(kind in (0, raw.RELEASE_RP, raw.ABORT), "A-RELEASE-RP or A-ABORT", f"PDU {kind:02X}H")
    _expect_not_found(target, sent.study_uid)


@check("robust.hostile-aet", "PS3.5, 6.2", needs="nothing")
def hostile_aet(target: Target) -> None:
    """A calling AE title that is a path, or not ASCII, is rejected or served, and harms nobody."""
    for name in (b"../../etc/passwd", b"\xff\xfe\x00\x01", b" " * 16):
        request = bytearray(raw.associate(target.network, VERIFICATION))
        request[26:42] = name.ljust(16)[:16]
        with Wire(target.network) as wire:
            wire.send(bytes(request), "A-ASSOCIATE-RQ with an odd calling AE title")
            kind, _ = wire.hear(_patience(target))
            fits = (0, raw.ASSOCIATE_AC, raw.ASSOCIATE_RJ, raw.ABORT)
            expect(kind in fits, "A-ASSOCIATE-AC, -RJ or A-ABORT", f"PDU {kind:02X}H")
            # the place at the archive is given back: this is about the name, not about how many may call
            wire.send(raw.pdu(raw.ABORT, bytes(4)), "A-ABORT")
    _still_alive(target)


@check("robust.idle-peers", "PS3.8, 9.1.4", "should", needs="nothing")
def idle_peers(target: Target) -> None:
    """Twenty connections that say nothing do not keep others from being served."""
    wires = [Wire(target.network).__enter__() for _ in range(20)]
    try:
        _still_alive(target)
    finally:
        for wire in wires:
            wire.__exit__()


def _expect_not_found(target: Target, study_uid: str) -> None:
    """Expect a study not to be there, where searching is offered."""
    if target.doors[0] is not None:
        answer = target.web.get("/studies", {"StudyInstanceUID": study_uid})
        expect_equal(len(answer.expect(200, 204).datasets), 0, "number of studies")
        return
    last, results = target.network.find(STUDY_FIND, query("STUDY", {"StudyInstanceUID": study_uid}))
    expect_equal((last, len(results)), (0x0000, 0), "final status and number of studies")
