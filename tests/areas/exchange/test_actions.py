"""The list of nodes, and who is let in; what the ledger knows of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from films import Archive
from kerma.areas.exchange import actions, queries, rules
from kerma.areas.exchange.actions import NodeGiven, admit
from kerma.areas.exchange.refusals import PER_MINUTE, Refusals
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel

KEY = "c" * 64


def add(archive: Archive, **given: Any) -> int:
    usual: dict[str, Any] = {"ae_title": "CT1", "host": "127.0.0.1", "port": 104}
    return actions.add_node(archive.kernel, archive.actor, given=NodeGiven(**{**usual, **given}))


def knock(archive: Archive, **call: Any) -> Any:
    usual: dict[str, Any] = {
        "calling_ae": "CT1", "called_ae": "KERMA", "address": "127.0.0.1", "certificate_sha256": None, "is_tls": False,
    }  # fmt: skip
    return admit(archive.kernel, **{**usual, **call})


def test_a_listed_node_is_let_in_with_what_its_services_permit(archive: Archive) -> None:
    node_id = add(archive, services=["store", "find"])
    peer = knock(archive)
    assert peer.node_id == node_id
    assert peer.services == {"echo", "store", "find"}
    assert peer.actor.key == f"node:{node_id}"
    assert peer.actor.permissions == {"archive.ingest", "archive.view"}
    (record,) = archive.records("exchange.associate")
    assert (record["actor"], record["outcome"]) == (f"node:{node_id}", "done")


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("not-listed", {"calling_ae": "STRANGER"}),
        ("address", {"address": "192.0.2.1"}),
        ("called-ae", {"called_ae": "ANY-SCP"}),
    ],
)
def test_a_refusal_says_why_and_stands_in_the_ledger(archive: Archive, code: str, call: dict[str, Any]) -> None:
    add(archive)
    with pytest.raises(NotAllowed, match=f"^{code}: "):
        knock(archive, **call)
    (record,) = archive.records("exchange.associate")
    assert record["outcome"] == "refused"
    assert record["details"]["reason"].startswith(f"{code}: ")


def test_certificates_are_told_apart(archive: Archive) -> None:
    add(archive, certificate_sha256=KEY, is_tls=True)
    add(archive, ae_title="CT2", certificate_sha256="d" * 64, is_tls=True)
    assert knock(archive, is_tls=True, certificate_sha256=KEY, address="192.0.2.1").ae_title == "CT1"
    for code, call in {
        "needs-tls": {},
        "certificate-missing": {"is_tls": True},
        "certificate-differs": {"is_tls": True, "certificate_sha256": "e" * 64},
        "certificate-of-another": {"is_tls": True, "certificate_sha256": "d" * 64},
    }.items():
        with pytest.raises(NotAllowed, match=f"^{code}: "):
            knock(archive, **call)


def test_a_node_added_by_default_may_ask_for_everything(archive: Archive) -> None:
    add(archive)
    peer = knock(archive)
    assert peer.services == set(rules.SERVICE_PERMISSIONS)
    assert "worklist.ups" in peer.actor.permissions


def test_programs_of_this_machine_only_where_they_are_trusted(archive: Archive) -> None:
    with pytest.raises(NotAllowed):
        knock(archive, calling_ae="ANYONE")
    trusting = Archive(
        replace(archive.kernel, settings=replace(archive.kernel.settings, dicom_trust="loopback")), archive.actor
    )
    with pytest.raises(NotAllowed, match="^called-ae: "):
        knock(trusting, calling_ae="ANYONE", called_ae="ANY-SCP")
    peer = knock(trusting, calling_ae="ANYONE")
    assert peer.services == set(rules.SERVICE_PERMISSIONS)
    assert peer.node_id is None
    with pytest.raises(NotAllowed):
        knock(trusting, calling_ae="ANYONE", address="192.0.2.1")


def test_a_scanner_that_does_not_say_who_it_is_is_known_by_its_address(archive: Archive) -> None:
    with pytest.raises(NotAllowed):
        knock(archive, calling_ae="")
    add(archive)
    with pytest.raises(NotAllowed):
        knock(archive, calling_ae="")
    add(archive, ae_title="LANE7", dialect="dicos-v03")
    assert knock(archive, calling_ae=" ").dialect == "dicos-v03"
    add(archive, ae_title="LANE8", dialect="dicos-v03")
    with pytest.raises(NotAllowed, match=r"^not-listed: "):
        knock(archive, calling_ae="")


def test_what_comes_from_the_wire_does_not_spoil_the_ledger(archive: Archive) -> None:
    with pytest.raises(NotAllowed):
        knock(archive, calling_ae="\x1b[31m\x00\ud800é" * 9)
    (record,) = archive.records("exchange.associate")
    assert record["details"]["reason"].isascii()


def test_a_stranger_who_knocks_all_day_does_not_fill_the_ledger(archive: Archive) -> None:
    for _ in range(PER_MINUTE * 3):
        with pytest.raises(NotAllowed, match=r"^not-listed: "):
            knock(archive, address="198.51.100.7")
    assert len(archive.records("exchange.associate")) == PER_MINUTE


def test_what_was_left_out_is_counted() -> None:
    now_s = [0.0]
    refusals = Refusals(lambda: now_s[0])
    assert [refusals.count("a") for _ in range(PER_MINUTE + 7)] == [0] * PER_MINUTE + [None] * 7
    assert refusals.count("b") == 0
    now_s[0] = 61.0
    assert [refusals.count("a") for _ in range(2)] == [7, 0]


def test_switching_off_and_removing(archive: Archive) -> None:
    node_id = add(archive)
    actions.change_node(archive.kernel, archive.actor, node_id=node_id, changes={"state": "off"})
    with pytest.raises(NotAllowed, match=r"^switched-off: "):
        knock(archive)
    actions.remove_node(archive.kernel, archive.actor, node_id=node_id)
    with pytest.raises(NotAllowed, match=r"^not-listed: "):
        knock(archive)
    with pytest.raises(NotFound):
        actions.remove_node(archive.kernel, archive.actor, node_id=node_id)
    assert add(archive) != node_id


@pytest.mark.parametrize(
    ("error", "given"),
    [
        (Conflict, {"ae_title": "KERMA"}),
        (Conflict, {"ae_title": "CT1 "}),
        (Conflict, {"ae_title": "CT2", "port": 11112}),
        (Conflict, {"ae_title": "CT2", "certificate_sha256": KEY, "is_tls": True}),
        (WrongUsage, {"ae_title": "CT2", "certificate_sha256": "e" * 64}),
        (WrongUsage, {"ae_title": "CT2", "services": ["everything"]}),
        (WrongUsage, {"ae_title": "CT2", "max_associations": 0}),
    ],
)
def test_what_cannot_be_listed(archive: Archive, error: type[Exception], given: dict[str, Any]) -> None:
    add(archive, certificate_sha256=KEY, is_tls=True)
    with pytest.raises(error):
        add(archive, **given)
    with archive.kernel.database.read() as connection:
        assert [row["ae_title"] for row in queries.nodes(connection)] == ["CT1"]


def test_changes_are_checked_as_a_whole(archive: Archive) -> None:
    node_id = add(archive, certificate_sha256=KEY, is_tls=True)
    with pytest.raises(WrongUsage):
        actions.change_node(archive.kernel, archive.actor, node_id=node_id, changes={"is_tls": False})
    with pytest.raises(WrongUsage):
        actions.change_node(archive.kernel, archive.actor, node_id=node_id, changes={"id": 7})
    actions.change_node(archive.kernel, archive.actor, node_id=node_id, changes={"services": ["find"], "port": 11113})
    with archive.kernel.database.read() as connection:
        row = queries.known_node(connection, "CT1")
    assert (row["services"], row["port"], row["host"]) == (["echo", "find"], 11113, "127.0.0.1")


def test_nobody_without_the_permission_lists_nodes(kernel: Kernel, stranger: Actor) -> None:
    with pytest.raises(NotAllowed):
        actions.add_node(kernel, stranger, given=NodeGiven("CT1", "127.0.0.1", 104))
