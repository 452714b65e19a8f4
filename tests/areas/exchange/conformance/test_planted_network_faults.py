"""Peers of the DICOM network that break one clause each are caught by the check of that clause."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt

from archives import free_port
from kerma.areas.exchange.conformance import suite
from kerma.areas.exchange.conformance.inbox import COMMITMENT
from kerma.areas.exchange.conformance.model import CHECKS, Result
from kerma.areas.exchange.conformance.network import (
    PATIENT_FIND,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    VERIFICATION,
    Network,
)
from kerma.areas.exchange.conformance.objects import TestSet
from kerma.areas.exchange.conformance.perform import STEP
from kerma.areas.exchange.conformance.target import Target

suite.services()
Handler = tuple[Any, Callable[..., Any]]


@contextmanager
def server(*handlers: Handler) -> Iterator[Network]:
    """Run an archive of which only some messages are answered, some of them wrongly."""
    entity = AE("FAULTY")
    for uid in (VERIFICATION, STUDY_FIND, PATIENT_FIND, STUDY_MOVE, STUDY_GET, COMMITMENT, STEP):
        entity.add_supported_context(uid)
    for context in AllStoragePresentationContexts[:120]:
        entity.add_supported_context(context.abstract_syntax, scu_role=True, scp_role=True)
    port = free_port()
    running = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=list(handlers))
    try:
        yield Network("FAULTY", "127.0.0.1", port, "KERMACONFORM", timeout_s=30.0)
    finally:
        running.shutdown()


def asked(network: Network, name: str, test_set: TestSet | None = None) -> Result:
    target = Target((None, network), network.trace, test_set or TestSet())
    return suite.run_check(target, CHECKS[name])


def studies(test_set: TestSet, matches: Callable[[Dataset, Dataset], bool]) -> Handler:
    """Answer C-FIND from the test set, with matching of the test's own."""

    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for one in (test_set.alpha[0], test_set.beta[0], test_set.gamma[0]):
            if matches(event.identifier, one.dataset):
                answer = Dataset()
                answer.QueryRetrieveLevel = "STUDY"
                answer.StudyInstanceUID, answer.PatientID = one.study_uid, one.dataset.PatientID
                yield 0xFF00, answer
        yield 0x0000, None

    return evt.EVT_C_FIND, find


def right_dates(asked_for: Dataset, have: Dataset) -> bool:
    low, dash, high = str(asked_for.get("StudyDate", "")).partition("-")
    if not dash:
        return low in ("", have.StudyDate)
    return (low or "0") <= have.StudyDate <= (high or "9")


def end_left_out(asked_for: Dataset, have: Dataset) -> bool:
    _, dash, high = str(asked_for.get("StudyDate", "")).partition("-")
    return right_dates(asked_for, have) and not (dash and have.StudyDate == high)


def test_echo_that_fails_is_found() -> None:
    with server((evt.EVT_C_ECHO, lambda _: 0x0122)) as network:
        assert asked(network, "echo.echo").outcome == "fail"
    with server() as network:
        assert asked(network, "echo.echo").outcome == "pass"


def test_a_range_that_leaves_out_its_end_is_found() -> None:
    test_set = TestSet()
    with server(studies(test_set, end_left_out)) as network:
        assert asked(network, "find.date-range", test_set).outcome == "fail"
    with server(studies(test_set, right_dates)) as network:
        assert asked(network, "find.date-range", test_set).outcome == "pass"


def test_a_query_that_ignores_its_keys_is_found() -> None:
    test_set = TestSet()
    with server(studies(test_set, lambda *_: True)) as network:
        result = asked(network, "find.single-value", test_set)
    assert result.outcome == "fail"
    assert result.got == "abc"


def test_an_archive_that_acknowledges_what_it_cannot_read_is_found() -> None:
    with server((evt.EVT_C_STORE, lambda _: 0x0000)) as network:
        assert asked(network, "store.garbage").outcome == "fail"
        assert asked(network, "store.other-uid").outcome == "warn"
    with server((evt.EVT_C_STORE, lambda _: 0xC000)) as network:
        assert asked(network, "store.garbage").outcome == "pass"
        assert asked(network, "store.other-uid").outcome == "pass"


def test_an_unknown_destination_that_is_called_success_is_found() -> None:
    def move(_: Any) -> Iterator[Any]:
        yield "127.0.0.1", free_port()
        yield 0

    def unknown(_: Any) -> Iterator[Any]:
        yield None, None

    with server((evt.EVT_C_MOVE, move)) as network:
        assert asked(network, "move.unknown-destination").outcome == "fail"
    with server((evt.EVT_C_MOVE, unknown)) as network:
        assert asked(network, "move.unknown-destination").outcome == "pass"


def test_a_performed_step_that_may_do_anything_is_found() -> None:
    create = (evt.EVT_N_CREATE, lambda event: (0x0000, event.attribute_list))
    change = (evt.EVT_N_SET, lambda event: (0x0000, event.modification_list))
    with server(create, change) as network:
        assert asked(network, "perform.complete").outcome == "pass"
        for name in ("create-twice", "create-completed", "set-unknown", "final-is-final", "bad-status"):
            assert asked(network, f"perform.{name}").outcome == "fail", name


def test_commitment_without_a_report_is_not_run_where_none_could_come_and_else_found() -> None:
    agree = (evt.EVT_N_ACTION, lambda event: (0x0000, event.action_information))
    refuse = (evt.EVT_N_ACTION, lambda _: (0x0110, None))
    with server(agree) as network:
        result = asked(network, "commit.safe")
        assert (result.outcome, "--listen" in result.reason) == ("not-run", True)
    with server(refuse) as network:
        assert asked(network, "commit.safe").outcome == "fail"


@contextmanager
def wire(answer: Callable[[socket.socket], None]) -> Iterator[Network]:
    """Run a listener that does with each connection what the test says."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.2)
    ends = threading.Event()

    def serve() -> None:
        while not ends.is_set():
            try:
                line, _ = listening.accept()
            except TimeoutError:
                continue
            with line:
                answer(line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Network("FAULTY", "127.0.0.1", listening.getsockname()[1], "KERMACONFORM", timeout_s=1.0)
    finally:
        ends.set()
        thread.join()
        listening.close()


def test_an_archive_that_never_answers_garbage_is_found() -> None:
    heard = threading.Event()
    with wire(lambda _: heard.wait(60)) as network:
        result = asked(network, "robust.garbage")
        heard.set()
    assert (result.outcome, result.got) == ("fail", "silence")


def test_an_absurd_answer_does_not_fill_the_memory() -> None:
    with wire(lambda line: line.sendall(b"\x07\x00\xff\xff\xff\xff" + bytes(100))) as network:
        result = asked(network, "robust.garbage")
    assert result.outcome == "fail"
    assert "4294967295" in result.got


@pytest.mark.parametrize("name", ["echo.unknown-abstract-syntax", "echo.unknown-transfer-syntax", "echo.most-contexts"])
def test_what_pynetdicom_does_right_passes(name: str) -> None:
    with server() as network:
        assert asked(network, name).outcome == "pass"
