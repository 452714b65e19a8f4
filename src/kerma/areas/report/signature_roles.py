"""Who signs a report, in which order and as what: data, one table per industry.

The first role signs the decision (``report.sign``); the others co-sign (``report.cosign``) in their slots, each once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerma.areas.report.parts import AUTHOR, LEVEL_III, WITNESS


@dataclass(frozen=True)
class Role:
    """One place for a signature: ``after`` are the slots that must be signed before it."""

    slot: str
    label: str
    meaning: str
    """What a co-signature in it states; the author's states the decision."""
    after: tuple[str, ...] = (AUTHOR,)
    is_usual: bool = True
    """Whether the word that each language has for the slot fits; otherwise the label is printed as it is."""


ROLES: Mapping[str, tuple[Role, ...]] = {
    "ndt": (
        Role(AUTHOR, "Interpreted by", "", ()),
        Role(LEVEL_III, "Level III", "Reviewed and approved as Level III"),
        Role(WITNESS, "Witness for the customer", "Witnessed for the customer"),
    ),
    "security": (
        Role(AUTHOR, "Screened by", "", ()),
        Role(LEVEL_III, "Supervisor", "Reviewed and confirmed as supervisor", is_usual=False),
        Role(WITNESS, "Witness", "Witnessed the search"),
    ),
    "medical": (
        Role(AUTHOR, "Read by", "", ()),
        Role(LEVEL_III, "Second reader", "Read independently and agrees", is_usual=False),
    ),
}


def roles_for(industry: str) -> tuple[Role, ...]:
    """Return the places for signatures in the order on paper; an industry without a table has only its author."""
    return ROLES.get(industry, (Role(AUTHOR, "Author", "", ()),))


def why_not_co_signable(industry: str, slot: str, signed: Mapping[str, str], who: str) -> str | None:
    """Return why somebody may not co-sign in a slot now, in words; None when they may.

    Parameters
    ----------
    signed : who (actor key) has signed in which slot
    who : the actor key of the one who wants to sign
    """
    roles = {role.slot: role for role in roles_for(industry)}
    if slot not in roles or slot == AUTHOR:
        others = ", ".join(one for one in roles if one != AUTHOR)
        return f"there is no place '{slot}' for a co-signature; there are: {others or 'none'}"
    if slot in signed:
        return "somebody has signed in this place already; a signature is never replaced"
    missing = [roles[one].label for one in roles[slot].after if one not in signed]
    if missing:
        return f"first signs: {', '.join(missing)}"
    if who in signed.values():
        return "you have signed this report already: a co-signature is somebody else's"
    return None
