"""An association that Kerma opens itself: over TLS where the node wants it, in the node's dialect, and told in words.

pynetdicom's own reasons for a failure go to its log only; here they become one sentence that says what to do.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerma.areas.exchange import checkpoint, dialects, tls
from kerma.errors import KermaError, Unreachable

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.kernel.settings import Settings

CONNECT_S = 10.0
ANSWER_S = 30.0
RESPONSE_S = 120.0
"""How long a node may take to store an object or to find something."""

Proposed = Sequence[tuple[str, Sequence[str]]]
"""Presentation contexts: an abstract syntax and the transfer syntaxes it is offered in."""


class NoneAccepted(Unreachable):
    """The node answers, but takes none of the presentation contexts that were offered."""

    title = "The other side offers nothing of this"


@contextlib.contextmanager
def associated(
    kernel: Kernel,
    node: Mapping[str, Any],
    proposed: Proposed,
    *,
    answering: Sequence[str] = (),
    handlers: Sequence[Any] = (),
) -> Iterator[Any]:
    """Open an association with a node; it is released at the end, or aborted when the body raises.

    Parameters
    ----------
    answering : abstract syntaxes for which we offer to be the SCP as well (C-GET, storage commitment)
    handlers : pynetdicom's pairs of event and handler

    Raises
    ------
    Unreachable
        The node cannot be reached, or refuses; the message says why and what to do.
    NoneAccepted
        It takes none of what is proposed.
    """
    association = _open(kernel, node, proposed, answering, handlers)
    try:
        yield association
    except BaseException:
        association.abort()
        raise
    if association.is_established:
        association.release()


def _open(
    kernel: Kernel, node: Mapping[str, Any], proposed: Proposed, answering: Sequence[str], handlers: Sequence[Any]
) -> Any:
    from pynetdicom import AE, evt
    from pynetdicom.presentation import build_context, build_role

    entity = AE(ae_title=kernel.settings.ae_title)
    entity.connection_timeout, entity.acse_timeout = CONNECT_S, ANSWER_S
    entity.dimse_timeout, entity.network_timeout = RESPONSE_S, RESPONSE_S
    troubles: list[str] = []
    asked = {
        "contexts": [build_context(abstract, list(transfers)) for abstract, transfers in proposed],
        "ae_title": node["ae_title"],
        "ext_neg": [build_role(uid, scp_role=True, scu_role=True) for uid in answering] or None,
        "tls_args": tls.client(kernel.settings, node) if node["is_tls"] else None,
        "evt_handlers": [(evt.EVT_CONN_OPEN, _prepare, [node, troubles]), *handlers],
    }
    try:
        association = entity.associate(node["host"], node["port"], **asked)
        if _is_unexplained(association) and not troubles:
            association = entity.associate(node["host"], node["port"], **asked)
    except OSError as error:
        raise Unreachable(f"{_name(node)} {_obstacle(kernel.settings, node) or error.strerror or error}") from error
    if not association.is_established:
        if association.rejected_contexts and not association.accepted_contexts:
            raise NoneAccepted(f"{_name(node)} answers, but offers nothing of what is wanted of it")
        reason = troubles[0] if troubles else _why_not(kernel.settings, node, association)
        raise Unreachable(f"{_name(node)} {reason}")
    checkpoint.guard(association)
    return association


def _is_unexplained(association: Any) -> bool:
    """Return whether an association ended without an answer: a peer may close so soon that its refusal is lost."""
    return bool(association.is_aborted and not association.rejected_contexts)


def _prepare(event: Any, node: Mapping[str, Any], troubles: list[str]) -> None:
    """See to the fresh connection before anything is said on it."""
    connection = event.assoc.dul.socket.socket
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if node["is_tls"] and node["certificate_sha256"]:
        try:
            tls.demand_key(connection, node["certificate_sha256"])
        except KermaError as error:
            troubles.append(str(error))
            connection.close()
            return
    dialects.adopt(event.assoc, node["dialect"])


def _why_not(settings: Settings, node: Mapping[str, Any], association: Any) -> str:
    """Return in words why an association was not established."""
    answer = association.acceptor.primitive
    if association.is_rejected and answer is not None:
        return (
            f"refused the association: {_REJECTIONS.get((answer.result_source, answer.diagnostic), answer.reason_str)}"
        )
    found = _obstacle(settings, node)
    if not found and association.is_aborted:
        return "ended the association before it began: look into its log, and whether it wants TLS"
    return found or "gave no answer in time"


_REJECTIONS = {
    (1, 3): "it does not know our AE title; list Kerma there",
    (1, 7): "its AE title is another one than we called; correct it with `kerma node change`",
    (1, 2): "it does not know this application context: the dialect of the node may be wrong",
    (3, 2): "it has as many associations open as it can take; try again later",
    (3, 1): "it is busy; try again later",
}
"""What an A-ASSOCIATE-RJ means, by source and reason (DICOM PS3.8, 9.3.4)."""


def _obstacle(settings: Settings, node: Mapping[str, Any]) -> str:
    """Return in words why a connection to a node fails, by making another one; empty when it does not."""
    try:
        with socket.create_connection((node["host"], node["port"]), timeout=CONNECT_S) as connection:
            if node["is_tls"]:
                context, name = tls.client(settings, node)
                context.wrap_socket(connection, server_hostname=name).close()
            return ""
    except ssl.SSLCertVerificationError as error:
        return f"shows a certificate that nobody vouches for ({error.verify_message}): list it with --certificate"
    except ssl.SSLError as error:
        return f"does not speak TLS with us on this port ({error.reason or 'no answer'}): is it the secure one?"
    except TimeoutError:
        return f"did not answer within {CONNECT_S:.0f} s: is it switched on, does a firewall stand between?"
    except ConnectionRefusedError:
        return f"is not listening on port {node['port']}: start its DICOM service, or correct the port"
    except ConnectionResetError:
        return "ended the connection at once: does it speak TLS on this port, and do we, or the other way round?"
    except socket.gaierror:
        return f"has an unknown host name, {node['host']}: correct it with `kerma node change`"
    except OSError as error:
        return f"cannot be reached: {error.strerror or error}"


def _name(node: Mapping[str, Any]) -> str:
    return f"{node['ae_title']} ({node['host']}:{node['port']})"
