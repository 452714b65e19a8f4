"""Who may talk to us on the DICOM network: the list of nodes, and letting an association in or not."""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from kerma.areas.exchange import queries, rules
from kerma.areas.exchange.model import OFF, ON, REMOVED
from kerma.areas.exchange.model import node as node_table
from kerma.areas.exchange.refusals import Refusals
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.dimse import Peer

MOST_ASSOCIATIONS = 32
_OWN_HOSTS = ("localhost", "127.0.0.1", "::1")
ASSOCIATE = "exchange.associate"


@dataclass(frozen=True)
class NodeGiven:
    """A node as it is written down; checked by :func:`add_node`."""

    ae_title: str
    host: str
    port: int
    addresses: Collection[str] = ()
    certificate_sha256: str = ""
    is_tls: bool = False
    dialect: str = "dicom"
    services: Collection[str] = rules.USUAL_SERVICES
    max_associations: int = MOST_ASSOCIATIONS
    preferred_transfer_syntaxes: Collection[str] = field(default=())


@action("exchange.add_node")
def add_node(act: Act, *, given: NodeGiven) -> int:
    """List a node, so that it may talk to us and we to it.

    Raises
    ------
    Conflict
        Its AE title is ours, or its AE title or certificate is listed already.
    """
    values = {name: _CHECKED.get(name, _as_it_is)(value) for name, value in vars(given).items()}
    values |= {"state": ON, "created_at": act.at_text, "changed_at": act.at_text}
    _demand_free(act, values, None)
    statement = sa.insert(node_table).values(**values).returning(node_table.c.id)
    node_id = int(act.connection.execute(statement).scalar_one())
    act.record(node_id=node_id, **_recorded(values))
    return node_id


@action("exchange.change_node")
def change_node(act: Act, *, node_id: int, changes: Mapping[str, Any]) -> None:
    """Change what is listed of a node, or switch it on or off."""
    unknown = sorted(set(changes) - set(NodeGiven.__dataclass_fields__) - {"state"})
    if unknown:
        raise WrongUsage(f"a node has no '{unknown[0]}'")
    values = {name: _CHECKED.get(name, _as_it_is)(value) for name, value in changes.items()}
    found = _listed(act, node_id)
    _demand_free(act, {**found, **values}, node_id)
    statement = sa.update(node_table).where(node_table.c.id == node_id)
    act.connection.execute(statement.values(**values, changed_at=act.at_text))
    act.record(node_id=node_id, **_recorded(values))


@action("exchange.remove_node")
def remove_node(act: Act, *, node_id: int) -> None:
    """Take a node off the list; what the ledger says of it stays."""
    found = _listed(act, node_id)
    statement = sa.update(node_table).where(node_table.c.id == node_id)
    act.connection.execute(statement.values(state=REMOVED, changed_at=act.at_text))
    act.record(node_id=node_id, ae_title=found["ae_title"])


@action(ASSOCIATE)
def _associate(act: Act, *, details: Mapping[str, Any]) -> None:
    """Open an association on the DICOM network."""
    act.record(**details)


def admit(
    kernel: Kernel, *, calling_ae: str, called_ae: str, address: str, certificate_sha256: str | None, is_tls: bool
) -> Peer:
    """Let a caller in, with what its services permit; the ledger knows of it, and of every refusal.

    Raises
    ------
    NotAllowed
        The caller is refused; the message begins with the code of ``rules.REFUSALS`` and a colon.
    """
    return admit_call(kernel, rules.Call(calling_ae, called_ae, address, certificate_sha256, is_tls))


def admit_call(kernel: Kernel, call: rules.Call) -> Peer:
    """Let a caller in as :func:`admit` does, and count the associations that it has open already."""
    with kernel.database.read() as connection:
        listed = queries.node(connection, call.calling_ae) or _unnamed(connection, call)
        owner = _owner(connection, call.certificate_sha256)
    code = rules.refusal(
        call,
        own_ae=kernel.settings.ae_title,
        listed=listed,
        certificate_owner=owner["ae_title"] if owner else "",
        host_addresses=_addresses_of(listed),
    )
    if code == "not-listed" and _trusts_this_machine(kernel, call.address):
        code = "" if rules.is_ours(call.called_ae, kernel.settings.ae_title) else "called-ae"
    details = {"calling_ae": rules.shown(call.calling_ae), "address": call.address, "is_tls": call.is_tls}
    if code:
        who = _actor(listed, "unlisted", frozenset())
        reason = f"{code}: {rules.REFUSALS[code][0]} (AE title '{details['calling_ae']}' from {call.address})"
        left_out = _REFUSALS.count(f"{kernel.settings.home} {call.address}")
        if left_out is None:
            raise NotAllowed(reason)
        refuse(kernel, who, ASSOCIATE, reason + (f"; {left_out} more were not recorded" if left_out else ""))
    services = frozenset(listed["services"] if listed else rules.SERVICE_PERMISSIONS)
    peer = Peer(
        ae_title=call.calling_ae.strip(" \0"),
        address=call.address,
        actor=_actor(listed, "loopback", rules.permissions(services)),
        services=services,
        node_id=listed["id"] if listed else None,
        dialect=listed["dialect"] if listed else "dicom",
    )
    recorded = Actor(peer.actor.kind, peer.actor.id, peer.actor.name, frozenset({ASSOCIATE}))
    _associate(kernel, recorded, details=details)
    return peer


_REFUSALS = Refusals()


def _unnamed(connection: sa.Connection, call: rules.Call) -> dict[str, Any] | None:
    """Return the scanner that calls from this address without saying who it is, as toolkits of DICOS do."""
    if call.calling_ae.strip(" \0"):
        return None
    dicos = [row for row in queries.nodes(connection) if row["dialect"] != "dicom"]
    there = [row for row in dicos if rules.is_within(call.address, row["addresses"] or _addresses_of(row))]
    return there[0] if len(there) == 1 else None


def _owner(connection: sa.Connection, certificate_sha256: str | None) -> dict[str, Any] | None:
    return queries.node_of_certificate(connection, certificate_sha256) if certificate_sha256 else None


_NAMES = {"unlisted": "an unlisted program", "loopback": "a program on this machine"}


def _actor(listed: Mapping[str, Any] | None, otherwise: str, permissions: frozenset[str]) -> Actor:
    if listed is None:
        return Actor("node", otherwise, _NAMES[otherwise], permissions)
    return Actor("node", str(listed["id"]), listed["ae_title"], permissions)


def _trusts_this_machine(kernel: Kernel, address: str) -> bool:
    return kernel.settings.dicom_trust == "loopback" and rules.is_loopback(address)


def _addresses_of(listed: Mapping[str, Any] | None) -> list[str]:
    """Return the addresses that a node's host name stands for now; none when nobody knows it."""
    if listed is None or listed["addresses"]:
        return []
    try:
        found = socket.getaddrinfo(listed["host"], None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(place[4][0]).split("%", 1)[0] for place in found})


def _demand_free(act: Act, values: Mapping[str, Any], node_id: int | None) -> None:
    """Refuse a node that stands in the way of another, or of ourselves."""
    if values["ae_title"] == act.kernel.settings.ae_title:
        raise Conflict(f"{values['ae_title']} is Kerma's own AE title: a node needs another one")
    if values["host"] in _OWN_HOSTS and values["port"] == act.kernel.settings.dicom_port:
        raise Conflict(f"{values['host']} port {values['port']} is Kerma's own door: correct the node's port")
    same = queries.node(act.connection, values["ae_title"])
    if same is not None and same["id"] != node_id:
        raise Conflict(f"a node {values['ae_title']} is listed already: change or remove it first")
    if values["certificate_sha256"]:
        owner = queries.node_of_certificate(act.connection, values["certificate_sha256"])
        if owner is not None and owner["id"] != node_id:
            raise Conflict(f"this certificate is listed for {owner['ae_title']} already: each node has its own")
        if not values["is_tls"]:
            raise WrongUsage("a node with a certificate is called over TLS: say --tls too")


def _listed(act: Act, node_id: int) -> dict[str, Any]:
    found = queries.node_by_id(act.connection, node_id)
    if found is None or found["state"] == REMOVED:
        raise NotFound(f"there is no node {node_id}")
    return found


def _state(written: str) -> str:
    if written not in (ON, OFF):
        raise WrongUsage(f"a node is '{ON}' or '{OFF}', not '{written[:16]}'")
    return written


def _associations(number: int) -> int:
    if not 1 <= number <= 1000:
        raise WrongUsage(f"{number} associations make no sense: 1 to 1000 are expected")
    return number


def _as_it_is(value: Any) -> Any:
    return value


_CHECKED = {
    "ae_title": rules.ae_title,
    "host": rules.host,
    "port": rules.port,
    "addresses": rules.networks,
    "certificate_sha256": rules.fingerprint,
    "dialect": rules.dialect,
    "services": rules.services,
    "max_associations": _associations,
    "preferred_transfer_syntaxes": list,
    "state": _state,
}
"""What each value of a node must be."""


def _recorded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in ("created_at", "changed_at")}
