"""The disclosure log and the liaison contacts: what was shown to whom, and whom to call for what."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from kerma.areas.archive.model import exam
from kerma.areas.archive.rules import clean
from kerma.areas.custody import queries, rules
from kerma.areas.custody.actions import PERSON, Told, enter
from kerma.areas.custody.model import custody_contact, custody_disclosure
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Act, action

MOST_FILES = 10_000


@dataclass(frozen=True)
class DisclosureTold:
    """What a person states of a disclosure; of an item, of an exam, or of neither (a list, a procedure)."""

    what: str
    recipient: str
    """Who received it: name and organisation."""
    legal_basis: str
    """The law, order, contract or consent that allows or demands it, with its clause or file number."""
    item: str = ""
    exam_pk: int | None = None
    contact_id: int | None = None
    files: Sequence[tuple[str, str]] = ()
    """Name and SHA-256 of each file."""
    receipt: str = ""
    """How the recipient confirmed it."""
    happened_at: datetime | None = None
    reason: str = ""
    """Why it is written down only now."""


@dataclass(frozen=True)
class ContactTold:
    """A liaison contact."""

    kind: str
    organisation: str
    role: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    duty_hours: str = ""
    category: str = ""
    """For which category of incident or finding they are called."""


@action("custody.view_disclosures")
def view_disclosures(act: Act) -> None:
    """See what was disclosed to whom."""


@action("custody.view_contacts")
def view_contacts(act: Act) -> None:
    """See the liaison contacts."""


@action("custody.disclose")
def disclose(act: Act, *, told: DisclosureTold) -> int:
    """Record what was disclosed, to whom and on which legal basis; returns its number."""
    if act.actor.kind != PERSON:
        raise NotAllowed("a disclosure is recorded by a person who has signed in")
    for word, value in (("what was disclosed", told.what), ("who received it", told.recipient),
                        ("the legal basis", told.legal_basis)):  # fmt: skip
        _demand(bool(value.strip()), f"state {word}")
    files = _files(told.files)
    happened_at = told.happened_at or act.at
    why = rules.why_not_then(happened_at, act.at, told.reason)
    _demand(not why, why)
    item = queries.item_by_number(act.connection, told.item) if told.item else None
    exam_pk = item["exam_pk"] if item else told.exam_pk
    _demand_there(act, exam_pk, told.contact_id)
    values = {
        "item_pk": item["id"] if item else None,
        "exam_pk": exam_pk,
        "what": clean(told.what, 4_000),
        "recipient": clean(told.recipient, 512),
        "contact_id": told.contact_id,
        "legal_basis": clean(told.legal_basis, 1_024),
        "files": json.dumps(files),
        "receipt": clean(told.receipt, 1_024),
        "disclosed_at": clock.text(happened_at),
        "recorded_at": act.at_text,
        "by": act.actor.key,
    }
    made = sa.insert(custody_disclosure).values(values).returning(custody_disclosure.c.id)
    number = int(act.connection.execute(made).scalar_one())
    act.record(disclosure_id=number, exam_pk=exam_pk, contact_id=told.contact_id, file_count=len(files))
    act.record(files_sha256=hashlib.sha256(json.dumps(files).encode()).hexdigest())
    if item:
        entry = Told(text=f"disclosure {number}", happened_at=told.happened_at, reason=told.reason)
        enter(act, rules.STEP[rules.DISCLOSED], item["number"], entry, refers_to=str(number))
    return number


def _demand_there(act: Act, exam_pk: int | None, contact_id: int | None) -> None:
    for table, key, word in ((exam, exam_pk, "exam"), (custody_contact, contact_id, "contact")):
        if key is not None and act.connection.execute(sa.select(table.c.id).where(table.c.id == key)).first() is None:
            raise NotFound(f"there is no {word} {key}")


def _files(told: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    _demand(len(told) <= MOST_FILES, f"at most {MOST_FILES} files in one disclosure")
    for name, sha256 in told:
        is_hash = re.fullmatch(r"[0-9a-f]{64}", sha256.lower()) is not None
        _demand(bool(name.strip()) and is_hash, f"'{clean(name, 80)}' needs a name and its SHA-256, 64 figures")
    return [{"name": clean(name, 512), "sha256": sha256.lower()} for name, sha256 in told]


@action("custody.add_contact")
def add_contact(act: Act, *, told: ContactTold) -> int:
    """Add a liaison contact; returns its number."""
    kinds = ", ".join(rules.CONTACT_KINDS)
    _demand(told.kind in rules.CONTACT_KINDS, f"a contact is one of {kinds}, not '{clean(told.kind, 40)}'")
    _demand(bool(told.organisation.strip()), "name the organisation")
    _demand(bool(told.phone.strip() or told.email.strip()), "state a phone number or an e-mail address")
    email = told.email.strip()
    _demand(not email or re.fullmatch(r"[^@\s]+@[^@\s]+", email) is not None, "the e-mail address has no '@' in it")
    told = replace(told, email=email)
    values = {name: clean(value, 512) for name, value in asdict(told).items()}
    values |= {"made_at": act.at_text, "made_by": act.actor.key}
    made = sa.insert(custody_contact).values(values).returning(custody_contact.c.id)
    number = int(act.connection.execute(made).scalar_one())
    act.record(contact_id=number, kind=told.kind)
    return number


@action("custody.end_contact")
def end_contact(act: Act, *, contact_id: int) -> None:
    """End a liaison contact: it is shown no longer, and stays for the disclosures that name it."""
    one = custody_contact.c.id == contact_id
    ended = act.connection.execute(sa.select(custody_contact.c.ended_at).where(one).with_for_update()).scalar()
    if ended is None:
        raise NotFound(f"there is no contact {contact_id}")
    if ended:
        raise Conflict(f"contact {contact_id} was ended before")
    values = {"ended_at": act.at_text, "ended_by": act.actor.key}
    act.connection.execute(sa.update(custody_contact).where(one).values(values))
    act.record(contact_id=contact_id)


def _demand(holds_true: bool, otherwise: str) -> None:
    if not holds_true:
        raise WrongUsage(otherwise)
