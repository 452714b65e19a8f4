"""What the DICOM network door and the areas say to each other: who calls, which service, which request.

An area offers network services in its ``dimse.py`` as ``SERVICES``, a tuple of :class:`Service`; ``doors/dimse.py``
collects them, negotiates and calls. Nothing here imports a DICOM library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel


@dataclass(frozen=True)
class Peer:
    """A program at the other end of an association, after the allow-list has been asked."""

    ae_title: str
    """The calling AE title, as it came; a name, never a credential."""
    address: str
    actor: Actor
    """Of the kind "node", with the permissions of its services."""
    services: frozenset[str]
    """Words of the services that it may use, as :attr:`Service.word`."""
    node_id: int | None = None
    """Its row in the list of nodes; None for an unlisted program on this machine (KERMA_DICOM_TRUST=loopback)."""
    dialect: str = "dicom"
    """"dicom", "dicos-v03" or "dicos-v02a"."""


@dataclass(frozen=True)
class Asked:
    """One request on an association."""

    kernel: Kernel
    peer: Peer
    event: Any
    """The pynetdicom event: ``event.identifier``, ``event.context``, ``event.assoc``, ``event.request``."""

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.peer.actor


Handler = Callable[[Asked], Any]
"""Answers one request; returns or yields what pynetdicom's handler of that message must."""


@dataclass(frozen=True)
class Service:
    """A service on the DICOM network: the SOP classes it stands under and who answers which message."""

    word: str
    """What a node's row calls it: "store", "find", "get", "move", "commit", "worklist", "perform", "ups"."""
    sop_classes: tuple[str, ...]
    handlers: Mapping[str, Handler]
    """By message: "C-FIND", "C-GET", "C-MOVE", "N-CREATE", "N-SET", "N-GET", "N-ACTION", "N-EVENT-REPORT"."""
    extensions: bytes = b""
    """What is granted to who negotiates more than a class demands: one byte for each thing, 1 for yes
    (DICOM PS3.7, D.3.3.5; for searches PS3.4, C.5.1.1)."""

    def granted(self, asked: bytes) -> bytes:
        """Return the answer to what a peer negotiates: of what it asked for, what there is."""
        return bytes(int(one == 1 == other) for one, other in zip(asked, self.extensions, strict=False))
