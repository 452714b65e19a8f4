"""What may be asked of workitems, whichever door it comes through, and the answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from kerma.areas.worklist.model_ups import EVERYTHING
from kerma.areas.worklist.rules_match import Document


@dataclass(frozen=True)
class Create:
    """Put a workitem on the list (N-CREATE, POST workitems)."""

    uid: str
    document: Document


@dataclass(frozen=True)
class Retrieve:
    """Show a workitem (N-GET, GET workitems/{uid})."""

    uid: str


@dataclass(frozen=True)
class Search:
    """Search the workitems; what is found is read after this has been permitted and recorded."""

    uid: str = ""


@dataclass(frozen=True)
class Update:
    """Change what a workitem says (N-SET, POST workitems/{uid})."""

    uid: str
    document: Document
    transaction_uid: str = ""


@dataclass(frozen=True)
class Move:
    """Change its state: claim, complete, cancel (N-ACTION 1, PUT workitems/{uid}/state)."""

    uid: str
    state: str
    transaction_uid: str = ""


@dataclass(frozen=True)
class Cancel:
    """Ask that it be canceled (N-ACTION 2, POST workitems/{uid}/cancelrequest)."""

    uid: str
    requesting_ae: str
    wish: Document = field(default_factory=dict)


@dataclass(frozen=True)
class Subscribe:
    """Be told about one workitem, or about all (N-ACTION 3, POST .../subscribers/{aet})."""

    uid: str
    ae_title: str
    is_locking: bool = False
    keys: Document = field(default_factory=dict)
    is_dimse: bool = False
    """Whether the subscriber is told over DIMSE: then somebody must know how to reach it."""


@dataclass(frozen=True)
class Unsubscribe:
    """Be told no more (N-ACTION 4, DELETE .../subscribers/{aet})."""

    uid: str
    ae_title: str


@dataclass(frozen=True)
class Suspend:
    """Be told about no new workitems, but further about the known ones (N-ACTION 5)."""

    uid: str
    ae_title: str


@dataclass(frozen=True)
class Listen:
    """Open the channel on which a subscriber is told."""

    ae_title: str
    uid: str = EVERYTHING


@dataclass(frozen=True)
class Answer:
    """The status of a request that was not refused, and the workitem where one is asked for."""

    code: int = 0
    document: Document = field(default_factory=dict)
