"""All that changes a chain of custody: the collection, every further step, corrections. Entries are only ever added."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from kerma.areas.archive.model import exam, image
from kerma.areas.archive.rules import clean
from kerma.areas.custody import queries, rules, rules_number
from kerma.areas.custody.model import custody_entry, custody_item, custody_party
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel import blobs_removal, clock
from kerma.kernel.action import Act, Action, action
from kerma.kernel.identity import person

PERSON = "person"
LONGEST = 4_000


@dataclass(frozen=True)
class PartyTold:
    """A person without an account, as named by whoever deals with them."""

    name: str
    organisation: str = ""
    document: str = ""
    """Refers to the identity document that was shown: kind and number."""


@dataclass(frozen=True)
class Told:
    """What a person states of a step."""

    happened_at: datetime | None = None
    """None: now."""
    place: str = ""
    seal_number: str = ""
    text: str = ""
    reason: str = ""
    receiver: str = ""
    """``person:7``; or ``party`` is stated."""
    party: PartyTold | None = None
    """The other side, when it has no account."""
    signature: str = ""
    """What the other side typed, or empty with ``signature_sha256``, the drawing."""
    signature_sha256: str = ""
    photo_sha256: str = ""
    confirmed_at: str = ""
    """When the person stated the password again; see ``kernel.reauthentication``."""


@dataclass(frozen=True)
class ItemTold:
    """What a person states of an item that is taken into custody."""

    kind: str
    description: str
    subject: str = ""
    exam_pk: int | None = None
    image_uid: str = ""


@dataclass(frozen=True)
class Entered:
    """An entry that was written."""

    item: str
    """The item's number."""
    number: int
    digest: str
    copy: str = ""
    """The number of the copy that was made."""


@action("custody.view")
def view(act: Act, *, item: str = "", purpose: str = "read") -> None:
    """See items under custody, their chains, forms and labels."""
    act.record(**({"item": item} if item else {}), purpose=purpose)


@action("custody.collect")
def collect(act: Act, *, item: ItemTold, told: Told) -> Entered:
    """Take an image or a thing into custody: its record begins."""
    return _begin(act, item, told, original_pk=None)


def _begin(act: Act, item: ItemTold, told: Told, *, original_pk: int | None) -> Entered:
    _demand(item.kind in rules.KINDS, f"an item is one of {', '.join(rules.KINDS)}, not '{clean(item.kind, 40)}'")
    _demand(bool(item.description.strip()), "describe the item: who sees it for the first time must know it again")
    about = _image_of(act, item)
    values = {
        "number": uuid4().hex,  # until its key is known
        "kind": item.kind,
        "description": clean(item.description, LONGEST),
        "subject": clean(item.subject, 256),
        "original_pk": original_pk,
        "state": rules.NONE,
        "created_at": act.at_text,
        "created_by": act.actor.key,
        **about,
    }
    item_pk = act.connection.execute(sa.insert(custody_item).values(values).returning(custody_item.c.id)).scalar_one()
    number = rules_number.number_of(act.at.year, int(item_pk))
    same = custody_item.c.id == item_pk
    act.connection.execute(sa.update(custody_item).where(same).values(number=number))
    about_it = {name: about[name] for name in ("exam_pk", "image_uid", "image_sha256") if about[name]}
    act.record(kind=item.kind, **about_it)
    return enter(act, rules.STEP[rules.COLLECTED], number, told)


def _image_of(act: Act, item: ItemTold) -> dict[str, Any]:
    """Return the exam, image and hash that an item is about."""
    uid = item.image_uid.strip()
    if uid:
        found = act.connection.execute(sa.select(image.c.exam_pk, image.c.sha256).where(image.c.uid == uid)).first()
        if found is None or item.exam_pk not in (None, found.exam_pk):
            raise NotFound(f"there is no image '{clean(uid, 64)}'" + (" in this exam" if found else ""))
        return {"exam_pk": found.exam_pk, "image_uid": uid, "image_sha256": found.sha256}
    _demand(item.kind != "image", "state which image: its SOP Instance UID")
    _demand(item.kind != "exam" or item.exam_pk is not None, "state which exam")
    if item.exam_pk is not None:
        known = sa.select(exam.c.id).where(exam.c.id == item.exam_pk)
        if act.connection.execute(known).first() is None:
            raise NotFound(f"there is no exam {item.exam_pk}")
    return {"exam_pk": item.exam_pk, "image_uid": "", "image_sha256": ""}


def _declare(step: rules.Step) -> Action[..., Entered]:
    """Declare the action of one row of the table of steps."""

    def take(act: Act, *, item: str, told: Told) -> Entered:
        return enter(act, step, item, told)

    take.__doc__ = step.meaning
    return action(f"custody.{step.verb}")(take)


OWN = (rules.COLLECTED, "copied", rules.DISCLOSED)
"""Steps whose actions do more than write an entry."""
TAKE = {step.verb: _declare(step) for step in rules.STEPS if step.kind not in OWN}
"""The action of each step by its verb."""


@action("custody.copy")
def copy(act: Act, *, item: str, told: Told, kind: str = "", description: str = "") -> Entered:
    """Make a copy of an item: an item of its own that refers to the original."""
    original = _locked(act, item)
    about = ItemTold(
        kind=kind or original["kind"],
        description=description or f"Copy of {original['number']}: {original['description']}",
        subject=original["subject"],
        exam_pk=original["exam_pk"],
        image_uid=original["image_uid"],
    )
    begun = Told(text=f"copy of {original['number']}: {told.text}", happened_at=told.happened_at, reason=told.reason)
    made = _begin(act, about, begun, original_pk=original["id"])
    entered = enter(act, rules.STEP["copied"], item, told, refers_to=made.item)
    act.record(copy=made.item)
    return replace(entered, copy=made.item)


@action("custody.correct")
def correct(act: Act, *, item: str, number: int, told: Told, is_struck: bool = False) -> Entered:
    """Correct an entry of a chain: it stays as it is, and a new one says how it must be read and why."""
    found = _locked(act, item)
    rows = queries.rows_of_chain(act.connection, found["id"])
    wrong = next((row for row in rows if row["number"] == number), None)
    if wrong is None:
        raise NotFound(f"item {found['number']} has no entry {number}")
    _demand(wrong["kind"] != rules.CORRECTED, f"entry {number} is a correction: correct the entry it is about")
    _demand(bool(told.reason.strip()), "say why the entry is wrong")
    _demand(not (is_struck and wrong["kind"] == rules.COLLECTED),
            "the collection is where the record begins: it can be corrected, not struck")  # fmt: skip
    stated = any((told.place, told.seal_number, told.text, told.happened_at))
    _demand(is_struck or stated, "say what is right (time, place, seal number, text), or strike the entry")
    happened_at = told.happened_at or clock.moment(wrong["happened_at"])
    values = _values(act, found, told) | {
        "kind": rules.CORRECTED,
        "happened_at": clock.text(happened_at),
        "corrects": number,
        "is_struck": is_struck,
    }
    act.record(corrects=number, is_struck=is_struck)
    return _write(act, found, rows, values)


def enter(act: Act, step: rules.Step, item: str, told: Told, *, refers_to: str = "") -> Entered:
    """Write the entry of a step, if it is possible, within the action under way."""
    found = _locked(act, item)
    rows = queries.rows_of_chain(act.connection, found["id"])
    happened_at = told.happened_at or act.at
    why = rules.why_not_then(happened_at, act.at, told.reason)
    _demand(not why, why)
    is_copy_made = step.kind == rules.COLLECTED and found["original_pk"] is not None  # its holder has signed for it
    _demand(not step.signs or bool(told.confirmed_at) or is_copy_made,
            f"'{step.words}' is signed: state your password again")  # fmt: skip
    values = _values(act, found, told) | {
        "kind": step.kind, "happened_at": clock.text(happened_at), "refers_to": refers_to,
    }  # fmt: skip
    values |= _sides(act, step, found, told)
    if step.kind == "destroyed":
        demand_no_hold(act, found)
    if step.kind == rules.HANDED_OVER and told.party is not None:
        _write(act, found, rows, values | {"signature": "", "signature_sha256": ""})
        return _accept_for(act, found["id"], values)
    return _write(act, found, rows, values)


def _values(act: Act, found: dict[str, Any], told: Told) -> dict[str, Any]:
    """Return the columns of an entry that are as stated."""
    return {
        "item_pk": found["id"],
        "recorded_at": act.at_text,
        "by": act.actor.key,
        "giver": "",
        "receiver": "",
        "place": clean(told.place, 256),
        "seal_number": clean(told.seal_number, 64),
        "text": clean(told.text, LONGEST),
        "reason": clean(told.reason, LONGEST),
        "photo_sha256": told.photo_sha256,
        "signature": clean(told.signature, 256),
        "signature_sha256": told.signature_sha256,
        "confirmed_at": told.confirmed_at,
        "corrects": None,
        "is_struck": False,
        "refers_to": "",
    }


def _sides(act: Act, step: rules.Step, found: dict[str, Any], told: Told) -> dict[str, str]:
    """Return who gives and who takes in this step."""
    if step.kind in (rules.HANDED_OVER, "released"):
        giver = found["holder"] if found["holder"].startswith(rules.PARTY) else act.actor.key
        if told.party is None:
            _demand(step.kind == rules.HANDED_OVER, "name who it is released to: a person without an account")
            return {"giver": giver, "receiver": _colleague(act, told.receiver)}
        return {"giver": giver, "receiver": _party(act, told)}
    if step.kind == rules.ACCEPTED:
        return {"receiver": act.actor.key, "giver": found["holder"]}
    if step.kind in (rules.RETURNED, rules.TAKEN_OVER):
        return {"giver": found["holder"], "receiver": act.actor.key}
    if step.kind == rules.COLLECTED:
        return {"giver": _party(act, told) if told.party else "", "receiver": act.actor.key}
    return {}


def _accept_for(act: Act, item_pk: int, given: dict[str, Any]) -> Entered:
    """Write the acceptance of a person without an account, who signs on the giver's screen."""
    found = queries.item_by_pk(act.connection, item_pk)
    rows = queries.rows_of_chain(act.connection, item_pk)
    signed = {"kind": rules.ACCEPTED, "text": "signed on the giver's screen", "photo_sha256": "", "refers_to": ""}
    return _write(act, found, rows, given | signed)


def _colleague(act: Act, key: str) -> str:
    """Return the key of a person with an account who is to receive something."""
    kind, _, number = key.partition(":")
    _demand(kind == PERSON and number.isdecimal() and len(number) < 19, "say who receives it: a colleague, or a person "
            "without an account with name, signature and identity document")  # fmt: skip
    active = sa.select(person.c.id).where(person.c.id == int(number), person.c.disabled_at.is_(None))
    if act.connection.execute(active).first() is None:
        raise NotFound(f"there is no person {number} who could accept it")
    return f"{PERSON}:{int(number)}"


def _party(act: Act, told: Told) -> str:
    """Keep a person without an account and return the key; such a person signs and shows an identity document."""
    party = told.party
    _demand(party is not None and bool(party.name.strip()), "name the person")
    assert party is not None  # just demanded
    _demand(bool(told.signature.strip()) or bool(told.signature_sha256), "the other side signs: drawn or typed")
    _demand(bool(party.document.strip()), "say which identity document was shown")
    values = {name: clean(value, 256) for name, value in asdict(party).items()}
    values |= {"made_at": act.at_text, "made_by": act.actor.key}
    made = act.connection.execute(sa.insert(custody_party).values(values).returning(custody_party.c.id)).scalar_one()
    return f"{rules.PARTY}{made}"


def _locked(act: Act, number: str) -> dict[str, Any]:
    """Return an item and let nobody else write its chain until this transaction ends."""
    if act.actor.kind != PERSON:
        raise NotAllowed("a chain of custody is kept by persons who have signed in, not by a program or a command")
    found = queries.item_by_number(act.connection, number)
    turn = sa.select(custody_item).where(custody_item.c.id == found["id"]).with_for_update()
    return dict(act.connection.execute(turn).mappings().one())


def _write(act: Act, found: dict[str, Any], rows: list[dict[str, Any]], values: dict[str, Any]) -> Entered:
    """Add an entry, if the chain is still possible with it, and let the item's row follow."""
    number = max((row["number"] for row in rows), default=0) + 1
    values = values | {"number": number}
    entries = [queries.entry_of(row) for row in [*rows, values]]
    try:
        standing = rules.follow(entries)
    except rules.Misfit as misfit:
        raise Conflict(_misfit_words(misfit, number)) from misfit
    blobs_removal.claim(act, values["photo_sha256"], values["signature_sha256"])
    before = rows[-1]["digest"] if rows else ""
    digest = queries.digest_of(values, before)
    act.connection.execute(sa.insert(custody_entry).values(**values, digest=digest))
    followed = {
        "state": standing.state,
        "holder": standing.holder,
        "offered_to": standing.offered_to,
        "place": standing.place,
        "seal_number": standing.seal_number,
        "entry_count": number,
    }
    act.connection.execute(sa.update(custody_item).where(custody_item.c.id == found["id"]).values(followed))
    act.record(item=found["number"], entry=number, kind_of_entry=values["kind"], digest=digest)
    photo = values["photo_sha256"]
    act.record(happened_at=values["happened_at"], **({"photo_sha256": photo} if photo else {}))
    return Entered(found["number"], number, digest)


def _misfit_words(misfit: rules.Misfit, number: int) -> str:
    if misfit.entry.number == number:
        return misfit.why
    return (
        f"with this, entry {misfit.entry.number} ({misfit.entry.kind}) could not have followed: {misfit.why}; "
        "correct that one first, the last one first"
    )


def demand_no_hold(act: Act, item: dict[str, Any]) -> None:
    """Refuse when a legal hold is on an item or on its exam.

    Raises
    ------
    NotAllowed
        There is one; says its reason.
    """
    reasons = queries.holds_on(act.connection, item)
    if reasons:
        raise NotAllowed(f"item {item['number']} is under legal hold: {'; '.join(reasons)}; two persons can lift it")


def _demand(holds_true: bool, otherwise: str) -> None:
    if not holds_true:
        raise WrongUsage(otherwise)
