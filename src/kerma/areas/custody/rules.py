"""What custody decides: which step may follow which, who may take it, who holds the item then. No database, no clock.

The steps are rows. A chain is followed in the order in which things happened; an entry written late is put in its
place, and the whole chain must still be possible. Corrections change no entry: they say how it must be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

NONE, HELD, OFFERED, STORED, OUT = "", "held", "offered", "stored", "out"
CONDEMNED, RELEASED, DESTROYED = "condemned", "released", "destroyed"
STATES = (HELD, OFFERED, STORED, OUT, CONDEMNED, RELEASED, DESTROYED)
OPEN = (HELD, OFFERED, STORED, OUT, CONDEMNED)
"""States in which somebody answers for the item; an exam under such a record is not deleted."""
STATE_WORDS = {
    NONE: "not yet collected",
    HELD: "held",
    OFFERED: "handed over, not yet accepted",
    STORED: "stored",
    OUT: "with an outside party",
    CONDEMNED: "waiting for the second person to confirm its destruction",
    RELEASED: "released",
    DESTROYED: "destroyed",
}

KINDS = {
    "image": "image",
    "exam": "exam",
    "bag": "bag",
    "film": "film",
    "coupon": "weld coupon",
    "part": "part",
    "object": "seized object",
    "medium": "storage medium",
    "document": "document",
    "other": "other thing",
}
CONTACT_KINDS = {
    "police": "police",
    "customs": "customs",
    "prosecutor": "prosecutor",
    "court": "court",
    "regulator": "regulator",
    "classification-society": "classification society",
    "customer": "customer",
    "insurer": "insurer",
    "other": "other",
}

COLLECTED, HANDED_OVER, ACCEPTED, RETURNED = "collected", "handed-over", "accepted", "returned"
SEALED, UNSEALED, EXAMINED, TAKEN_OVER = "sealed", "unsealed", "examined", "taken-over"
CORRECTED, DISCLOSED = "corrected", "disclosed"
PARTY = "party:"
PLACE = "place:"
LATE_AFTER = timedelta(minutes=15)
"""What is written down later than this after it happened is a late entry: it needs a reason and is marked."""
AHEAD = timedelta(minutes=2)
"""By how much the clock of another machine may be ahead."""


@dataclass(frozen=True)
class Entry:
    """One entry of a chain as the rules see it."""

    number: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    by: str
    giver: str = ""
    receiver: str = ""
    place: str = ""
    seal_number: str = ""
    text: str = ""
    reason: str = ""
    corrects: int | None = None
    is_struck: bool = False

    @property
    def is_late(self) -> bool:
        """Whether it was written down later than it should have been."""
        return self.recorded_at - self.happened_at > LATE_AFTER


@dataclass(frozen=True)
class Step:
    """One row of the table of steps."""

    kind: str
    """The word in the record: what has happened."""
    verb: str
    """The word of the action ``custody.<verb>``."""
    states: tuple[str, ...]
    to: str = ""
    """The state afterwards; empty: as before."""
    by: str = "anyone"
    """Who may take it: the holder, the receiver of a hand-over, another than who asked, or anyone permitted."""
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    """What may be stated besides a reason, a photo and the seal number read."""
    seal: str = ""
    """"open": it must not be under seal; "closed": it must be."""
    holder: str = ""
    """Who holds it afterwards: the actor, the receiver, or the place; empty: as before."""
    signs: bool = False
    """Whether the person signs by stating the password again."""
    words: str = ""
    meaning: str = ""


STEPS = (
    Step(COLLECTED, "collect", (NONE,), HELD, takes=("giver", "place", "text"), holder="actor", signs=True,
         words="Collect", meaning="Take an image or a thing into custody: its record begins."),
    Step(SEALED, "seal", (HELD,), by="holder", needs=("seal_number",), takes=("text",), seal="open",
         words="Seal", meaning="Put an item under seal, with the seal's number."),
    Step(UNSEALED, "unseal", (HELD,), by="holder", needs=("seal_number", "text"), seal="closed",
         words="Unseal", meaning="Open the seal of an item, with the number read on it and why."),
    Step(HANDED_OVER, "hand_over", (HELD,), OFFERED, by="holder", needs=("receiver",), takes=("text",), signs=True,
         words="Hand over", meaning="Hand an item over: it is the giver's until the receiver accepts."),
    Step(ACCEPTED, "accept", (OFFERED,), HELD, by="receiver", takes=("text",), holder="receiver", signs=True,
         words="Accept", meaning="Accept an item that was handed over: from now on the receiver answers for it."),
    Step("refused", "refuse", (OFFERED,), HELD, by="receiver", needs=("reason",), signs=True,
         words="Refuse", meaning="Refuse an item that was handed over: it stays with the giver."),
    Step("withdrawn", "withdraw", (OFFERED,), HELD, by="holder", needs=("reason",),
         words="Take the hand-over back", meaning="Take back a hand-over that nobody has accepted."),
    Step(TAKEN_OVER, "take_over", (HELD, OFFERED, CONDEMNED), HELD, needs=("reason",), takes=("text",),
         holder="actor", signs=True, words="Take over",
         meaning="Take an item over from a holder who cannot hand it over; the missing signature shows."),
    Step("stored", "store", (HELD,), STORED, by="holder", needs=("place",), takes=("text",), holder="place",
         words="Store", meaning="Put an item into its place of storage."),
    Step("moved", "move", (STORED,), STORED, needs=("place",), takes=("text",), holder="place",
         words="Move", meaning="Move a stored item to another place of storage."),
    Step("taken-out", "take_out", (STORED,), HELD, needs=("text",), holder="actor", signs=True,
         words="Take out", meaning="Take an item out of storage: who takes it holds it."),
    Step(EXAMINED, "examine", (HELD,), by="holder", needs=("text",), seal="open",
         words="Examine", meaning="Record an examination of an item: what was done."),
    Step("copied", "copy", (HELD,), by="holder", needs=("text",),
         words="Copy", meaning="Make a copy of an item: an item of its own that refers to the original."),
    Step(RETURNED, "return", (OUT,), HELD, needs=("giver",), takes=("text",), holder="actor", signs=True,
         words="Take back", meaning="Take an item back from an outside party."),
    Step("released", "release", (HELD, OUT), RELEASED, needs=("receiver", "text"), holder="receiver", signs=True,
         words="Release for good", meaning="Release an item for good: its custody ends."),
    Step("destruction-asked", "ask_destruction", (HELD,), CONDEMNED, by="holder", needs=("reason",), signs=True,
         words="Ask for destruction", meaning="Ask that an item be destroyed; another person must confirm."),
    Step("destruction-withdrawn", "withdraw_destruction", (CONDEMNED,), HELD, needs=("reason",),
         words="Call off the destruction", meaning="Take back, or turn down, that an item be destroyed."),
    Step("destroyed", "destroy", (CONDEMNED,), DESTROYED, by="other", needs=("text",), holder="nobody", signs=True,
         words="Confirm the destruction", meaning="Confirm, as a second person, that an item was destroyed."),
    Step(DISCLOSED, "disclose", STATES, needs=("text",),
         words="Disclose", meaning="Record what was disclosed, to whom and on which legal basis."),
)  # fmt: skip
STEP = {step.kind: step for step in STEPS}
VERB = {step.verb: step for step in STEPS}
NEEDS_WORDS = {
    "place": "the place",
    "seal_number": "the seal's number",
    "text": "what was done",
    "reason": "the reason",
    "receiver": "who receives it",
    "giver": "who gives it back",
}


@dataclass(frozen=True)
class Standing:
    """Where an item stands: its state, its one holder, its place and seal."""

    state: str = NONE
    holder: str = ""
    """``person:7``, ``party:3`` or ``place:…``; empty before custody begins and after the item is destroyed."""
    place: str = ""
    seal_number: str = ""
    offered_to: str = ""
    asked_by: str = ""
    since: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody answers for it."""
        return self.state in OPEN


class Misfit(Exception):
    """An entry that cannot follow on those before it, and why, in words."""

    def __init__(self, entry: Entry, why: str) -> None:
        super().__init__(why)
        self.entry, self.why = entry, why


def effective(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries as their corrections say they must be read: struck ones left out, in order of happening."""
    read: dict[int, Entry] = {}
    for entry in sorted(entries, key=lambda one: one.number):
        if entry.kind != CORRECTED or entry.corrects is None:
            read[entry.number] = entry
        elif entry.is_struck:
            read.pop(entry.corrects, None)
        elif entry.corrects in read:
            read[entry.corrects] = _amended(read[entry.corrects], entry)
    return sorted(read.values(), key=lambda one: (one.happened_at, one.number))


def _amended(wrong: Entry, right: Entry) -> Entry:
    stated = {name: getattr(right, name) for name in ("place", "seal_number", "text") if getattr(right, name)}
    return replace(wrong, happened_at=right.happened_at, **stated)


def follow(entries: Iterable[Entry]) -> Standing:
    """Return where the item stands after all its entries.

    Raises
    ------
    Misfit
        An entry that cannot follow on those before it.
    """
    standing = Standing()
    for entry in effective(entries):
        if entry.kind == CORRECTED:
            continue
        why = why_not(standing, entry)
        if why:
            raise Misfit(entry, why)
        standing = after(standing, entry)
    return standing


def why_not(standing: Standing, entry: Entry) -> str:
    """Return why an entry cannot follow here, in words; empty when it can."""
    step = STEP.get(entry.kind)
    if step is None:
        return f"there is no step '{entry.kind}'"
    if standing.state not in step.states:
        allowed = " or ".join(STATE_WORDS[state] for state in step.states[:2])
        return f"the item is {STATE_WORDS[standing.state]}; '{step.words}' is for one that is {allowed}"
    missing = [NEEDS_WORDS[name] for name in step.needs if not getattr(entry, name)]
    if missing:
        return f"state {' and '.join(missing)}"
    if step.seal == "open" and standing.seal_number:
        return f"the item is under seal {standing.seal_number}: unseal it first"
    if step.seal == "closed" and not standing.seal_number:
        return "the item is not under seal"
    return _why_not_by(standing, step, entry)


def _why_not_by(standing: Standing, step: Step, entry: Entry) -> str:
    by_receiver = standing.offered_to == entry.by or standing.offered_to.startswith(PARTY)
    if step.by == "holder" and entry.by != standing.holder:
        return "only who holds the item can do this: have it handed over first"
    if step.by == "receiver" and not by_receiver:
        return "only whom it was handed over to can do this"
    if step.by == "other" and entry.by == standing.asked_by:
        return "who asked for the destruction cannot confirm it: a second person must"
    if entry.kind == HANDED_OVER and entry.receiver == standing.holder:
        return "giver and receiver are the same person"
    if entry.kind == TAKEN_OVER and entry.by == standing.holder:
        return "you hold it already"
    if entry.kind == RETURNED and entry.giver != standing.holder:
        return "it comes back from somebody else than it was handed to: record how it got there first"
    return ""


def after(standing: Standing, entry: Entry) -> Standing:
    """Return where the item stands after an entry that can follow."""
    step = STEP[entry.kind]
    holders = {
        "": standing.holder,
        "actor": entry.by,
        "receiver": entry.receiver or standing.offered_to,
        "place": PLACE + entry.place,
        "nobody": "",
    }
    state, holder = step.to or standing.state, holders[step.holder]
    if state == HELD and holder.startswith(PARTY):
        state = OUT
    seals = {SEALED: entry.seal_number, UNSEALED: ""}
    return Standing(
        state=state,
        holder=holder,
        place=entry.place or ("" if step.holder else standing.place),
        seal_number=seals.get(entry.kind, standing.seal_number),
        offered_to=entry.receiver if state == OFFERED else "",
        asked_by=(standing.asked_by or entry.by) if state == CONDEMNED else "",
        since=entry.happened_at if step.to or step.holder else standing.since,
    )


def possible(standing: Standing, actor: str) -> list[Step]:
    """Return the steps an actor could take now, as far as state, seal and holder decide."""
    probe = Entry(
        0, "", datetime.min, datetime.min, actor, giver=standing.holder, receiver=f"{PARTY}0", place="-",
        seal_number="-", text="-", reason="-",
    )  # fmt: skip
    return [step for step in STEPS if not why_not(standing, replace(probe, kind=step.kind))]


def why_not_then(happened_at: datetime, now: datetime, reason: str) -> str:
    """Return why something cannot be recorded as having happened then; empty when it can."""
    if happened_at > now + AHEAD:
        return "it cannot have happened in the future"
    if now - happened_at > LATE_AFTER and not reason.strip():
        minutes = LATE_AFTER.total_seconds() / 60
        return f"it happened more than {minutes:g} min ago: state the reason why it is written down only now"
    return ""


def numbers_missing(entries: Sequence[Entry]) -> list[int]:
    """Return which entry numbers are missing: entries are counted without gap."""
    known = {entry.number for entry in entries}
    return [number for number in range(1, max(known, default=0) + 1) if number not in known]
