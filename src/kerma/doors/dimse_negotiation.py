"""What is agreed on when an association begins: which contexts, in which transfer syntax (PS3.8, 9.3.3; PS3.7, D.3)."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kerma.doors.dimse_pdu import ACCEPTED, NO_ABSTRACT, NO_TRANSFER, Context
from kerma.kernel.dimse import Service
from kerma.standards import table

VERIFICATION = "1.2.840.10008.1.1"
DICOM_ROOT = "1.2.840.10008."
STORAGE_ROOT = "1.2.840.10008.5.1.4.1.1."
TRANSFER_ROOT = "1.2.840.10008.1.2"
JPEG_LOSSLESS, EXPLICIT = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.1"
DICOS_FIRST = (JPEG_LOSSLESS, EXPLICIT)
"""A scanner compresses only when asked to: the first that it proposes of these is taken."""

NOT_KEPT = frozenset(
    f"{TRANSFER_ROOT}.{end}" for end in ("4.94", "4.95", "4.204", "4.205", "6.1", "6.2", "7.1", "7.2", "7.3")
)
"""Transfer syntaxes whose bytes are not the whole object: pixels elsewhere (JPIP), live streams, mail and XML forms."""
NOT_STORAGE = frozenset(
    ["1.2.840.10008.1.3.10"]
    + [f"{STORAGE_ROOT}{end}" for end in ("200.4", "200.5", "200.6", "201.2", "201.3", "201.4", "201.5", "201.6")]
)
"""What stands among the storage classes in the standard's table but is none: the directory of a disc, queries."""


@dataclass(frozen=True)
class Agreement:
    """Which contexts an association has."""

    answers: tuple[tuple[int, int, str], ...]
    """For each context proposed its number, result and transfer syntax."""
    contexts: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """By number of each context accepted: class and transfer syntax."""
    needs_services: bool = False
    """Whether one of them is more than Verification and storage."""


@functools.cache
def storage_classes() -> frozenset[str]:
    """Return every storage class that is known by name."""
    return frozenset(row["uid"] for row in table("dicom_ps3.6/sop_classes")) - NOT_STORAGE


def is_storage(uid: str, *, accepts_unknown: bool) -> bool:
    """Return whether a class is one of objects to be kept.

    What stands below the standard's branch of storage classes is one, even when it is newer than our table; private
    classes are taken by setting only.
    """
    if uid.startswith(DICOM_ROOT):
        return uid in storage_classes() or (uid.startswith(STORAGE_ROOT) and uid not in NOT_STORAGE)
    return accepts_unknown


def is_kept_syntax(uid: str, *, accepts_unknown: bool) -> bool:
    """Return whether the bytes of a transfer syntax can be kept as they come: all can that hold the whole object."""
    if uid.startswith(DICOM_ROOT):
        return (uid == TRANSFER_ROOT or uid.startswith(f"{TRANSFER_ROOT}.")) and uid not in NOT_KEPT
    return accepts_unknown


def agree(
    contexts: Collection[Context],
    *,
    words: Collection[str],
    services: Mapping[str, Service],
    accepts_unknown: bool,
    is_dicos: bool = False,
) -> Agreement:
    """Answer the contexts proposed.

    Parameters
    ----------
    words : the services that the peer may use
    services : by SOP class, whatever else is offered here
    """
    answers, agreed, needs_services = [], {}, False
    for context in contexts:
        service = services.get(context.abstract)
        if service is not None:
            is_offered = service.word in words
        else:
            is_offered = context.abstract == VERIFICATION or (
                "store" in words and is_storage(context.abstract, accepts_unknown=accepts_unknown)
            )
        kept = [uid for uid in context.transfers if is_kept_syntax(uid, accepts_unknown=accepts_unknown)]
        if not is_offered or not kept:
            answers.append((context.id, NO_TRANSFER if is_offered else NO_ABSTRACT, context.transfers[0]))
            continue
        wanted = [uid for uid in DICOS_FIRST if uid in kept] if is_dicos else []
        transfer = (wanted or kept)[0]
        answers.append((context.id, ACCEPTED, transfer))
        agreed[context.id] = (context.abstract, transfer)
        needs_services = needs_services or service is not None
    return Agreement(tuple(answers), agreed, needs_services)


@functools.cache
def services() -> Mapping[str, Service]:
    """Return the services of all areas by SOP class."""
    import kerma.areas

    found: dict[str, Service] = {}
    for area in pkgutil.iter_modules(kerma.areas.__path__):
        if importlib.util.find_spec(f"kerma.areas.{area.name}.dimse") is None:
            continue
        module = importlib.import_module(f"kerma.areas.{area.name}.dimse")
        for service in module.SERVICES:
            found |= dict.fromkeys(service.sop_classes, service)
    return found
