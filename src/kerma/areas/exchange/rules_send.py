"""What is decided about sending: which presentation contexts, in how many associations, what may be converted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerma.areas.archive.rules import MEDIA_TYPES

MOST_CONTEXTS = 128
"""Their ids are the odd numbers of one byte (DICOM PS3.8, 9.3.2.2)."""

IMPLICIT, EXPLICIT, EXPLICIT_BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
NATIVE = (EXPLICIT, IMPLICIT)
"""What every node takes, one or the other; offered in one context."""

LOSSLESS = frozenset(
    {
        IMPLICIT,
        EXPLICIT,
        EXPLICIT_BIG,
        "1.2.840.10008.1.2.1.98",
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.4.110",
        "1.2.840.10008.1.2.4.201",
        "1.2.840.10008.1.2.4.202",
        "1.2.840.10008.1.2.5",
        "1.2.840.10008.1.2.8.1",
    }
)
"""Transfer syntaxes (DICOM PS3.6, table A-1) that can be written as native bytes without a value changing.
Lossy ones could be decoded too, but the object would then claim to be what nobody acquired: they are sent as they are
or not at all."""

SUCCESS, DUPLICATE, WARNINGS = 0x0000, 0x0111, range(0xB000, 0xC000)
"""Statuses of a C-STORE after which the node has the object (DICOM PS3.4, B.2.3; PS3.7, C.4.2)."""

STATUS_WORDS: Mapping[range, str] = {
    range(0x0122, 0x0123): "it does not take this kind of object (SOP class)",
    range(0x0124, 0x0125): "we are not allowed to store there",
    range(0xA700, 0xA800): "it is out of space or memory",
    range(0xA900, 0xAA00): "the object does not match its SOP class, it says",
    range(0xC000, 0xD000): "it does not understand the object, it says",
}


@dataclass(frozen=True)
class Group:
    """Images that go over one association, and the contexts that it must propose."""

    images: list[Mapping[str, Any]] = field(default_factory=list)
    contexts: dict[tuple[str, tuple[str, ...]], None] = field(default_factory=dict)


def contexts_of(image: Mapping[str, Any], taken: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the contexts for one image: as it is stored, and native where nothing is lost by it.

    ``taken`` are the transfer syntaxes that the node is known to take; empty when nobody knows.
    """
    sop_class, stored = image["sop_class_uid"], image["transfer_syntax_uid"]
    contexts: list[tuple[str, tuple[str, ...]]] = []
    if stored not in NATIVE and (not taken or stored in taken):
        contexts.append((sop_class, (stored,)))
    if stored == IMPLICIT:
        contexts.append((sop_class, (IMPLICIT,)))
    if stored in LOSSLESS:
        contexts.append((sop_class, NATIVE))
    return contexts or [(sop_class, (stored,))]


def obstacle(image: Mapping[str, Any]) -> str:
    """Return why an image cannot be sent to anybody; empty when it can.

    What did not come as DICOM has a UID; class and transfer syntax are those of the object that is made of it.
    """
    is_dicom = image["format"] in MEDIA_TYPES
    uids = (image["uid"], *((image["sop_class_uid"], image["transfer_syntax_uid"]) if is_dicom else ()))
    return "" if all(_UID.fullmatch(uid) for uid in uids) else "its UIDs are not in the grammar of UIDs"


_UID = re.compile(r"(?=.{1,64}$)[0-9]+(\.[0-9]+)*")


def groups(images: Iterable[Mapping[str, Any]], taken: Sequence[str] = ()) -> Iterator[Group]:
    """Yield the images in their order, cut where the contexts of one association would become too many."""
    group = Group()
    for image in images:
        needed = [context for context in contexts_of(image, taken) if context not in group.contexts]
        if group.images and len(group.contexts) + len(needed) > MOST_CONTEXTS:
            yield group
            group = Group()
            needed = contexts_of(image, taken)
        group.contexts.update(dict.fromkeys(needed))
        group.images.append(image)
    if group.images:
        yield group


def choice(image: Mapping[str, Any], accepted: Mapping[tuple[str, str], int]) -> tuple[str, int] | None:
    """Return the transfer syntax and context id to send an image with; None when the node takes it in no way.

    ``accepted`` maps SOP class and transfer syntax to the id of the context that was accepted.
    """
    stored = image["transfer_syntax_uid"]
    wanted = (stored, *NATIVE) if stored in LOSSLESS else (stored,)
    for syntax in wanted:
        context_id = accepted.get((image["sop_class_uid"], syntax))
        if context_id is not None:
            return syntax, context_id
    return None


def is_stored(status: int) -> bool:
    """Return whether the node has the object after this status; a second copy is no error."""
    return status in (SUCCESS, DUPLICATE) or status in WARNINGS


def status_words(status: int, comment: str = "") -> str:
    """Return in words what a failed C-STORE's status says."""
    said = next((words for statuses, words in STATUS_WORDS.items() if status in statuses), "it did not take the object")
    plain = "".join(letter for letter in comment if " " <= letter <= "~")[:64]
    return f"{said} (status 0x{status:04X}{f', {plain}' if plain else ''})"
