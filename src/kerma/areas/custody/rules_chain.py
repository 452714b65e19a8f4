"""Gaps and overlaps of a chain: every time somebody may ask "and who had it then?", found and put into words.

Unlike ``rules.follow`` this reads any chain to its end, also one that should not exist: rows that were imported,
brought in by another way, or tampered with. Where an entry does not fit, the finding says so and the reading goes on
with what the entry claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kerma.areas.custody import rules
from kerma.areas.custody.rules import Entry, Standing

BREACH, ATTENTION, NOTE = "breach", "attention", "note"
"""The chain is broken there; somebody must explain; good to know."""
SEVERITIES = (BREACH, ATTENTION, NOTE)
LONGEST_WAY = timedelta(minutes=30)
"""A hand-over that takes longer than this leaves a time in which nobody signs for the item."""

Names = Callable[[str], str]


@dataclass(frozen=True)
class Fault:
    """One gap, overlap or contradiction of a chain."""

    code: str
    severity: str
    words: str
    start: datetime | None
    end: datetime | None
    """None: it lasts."""
    numbers: tuple[int, ...]
    """The entries it is about."""


def faults(entries: Sequence[Entry], now: datetime, names: Names = str) -> list[Fault]:
    """Return everything that is wrong with a chain, the worst first, then in order of time.

    ``names`` turns ``person:7`` into what a reader knows the person by.
    """
    found = [*_written(entries, now), *_followed(rules.effective(entries), now, names)]
    return sorted(
        found,
        key=lambda one: (SEVERITIES.index(one.severity), one.start or datetime.min.replace(tzinfo=now.tzinfo)),
    )


def _written(entries: Sequence[Entry], now: datetime) -> Iterable[Fault]:
    """Yield what is wrong with how the chain was written down."""
    for number in rules.numbers_missing(entries):
        yield Fault("entry-missing", BREACH, f"entry {number} is missing: it was taken away", None, None, (number,))
    newest: Entry | None = None
    for entry in sorted(entries, key=lambda one: one.number):
        span = (entry.happened_at, entry.recorded_at)
        if entry.happened_at > entry.recorded_at + rules.AHEAD:
            words = f"entry {entry.number} was written down before it happened"
            yield Fault("out-of-order", BREACH, words, entry.recorded_at, entry.happened_at, (entry.number,))
        if entry.kind == rules.CORRECTED:
            continue
        if entry.is_late:
            late = _lasting(entry.recorded_at - entry.happened_at)
            words = f"entry {entry.number} ({_word(entry)}) was written down {late} after it happened"
            told = f": {entry.reason}" if entry.reason else ", without a reason"
            yield Fault("late", NOTE if entry.reason else ATTENTION, words + told, *span, (entry.number,))
        if newest is not None and entry.happened_at < newest.happened_at:
            words = (
                f"entry {entry.number} ({_word(entry)}) happened before entry {newest.number} ({_word(newest)}), "
                "which was written down earlier"
            )
            both = (newest.number, entry.number)
            yield Fault("out-of-order", NOTE, words, entry.happened_at, newest.happened_at, both)
        else:
            newest = entry


def _followed(entries: Sequence[Entry], now: datetime, names: Names) -> Iterable[Fault]:
    """Yield what is wrong with what happened, in order of happening."""
    standing = Standing()
    last: Entry | None = None
    offered: Entry | None = None
    for entry in entries:
        reading = _Reading(standing, entry, last, offered, names)
        yield from reading.faults()
        standing = _after(standing, entry)
        if entry.kind != rules.DISCLOSED:
            last = entry
        if entry.kind == rules.HANDED_OVER:
            offered = entry
        elif standing.state != rules.OFFERED:
            offered = None
    if offered is not None and now - offered.happened_at > LONGEST_WAY:
        words = (
            f"handed over to {names(offered.receiver)} {_lasting(now - offered.happened_at)} ago and never accepted; "
            f"{names(standing.holder)} still answers for it"
        )
        yield Fault("never-accepted", ATTENTION, words, offered.happened_at, None, (offered.number,))


@dataclass(frozen=True)
class _Reading:
    """One entry, read against where the item stood before it."""

    standing: Standing
    entry: Entry
    last: Entry | None
    offered: Entry | None
    names: Names

    def faults(self) -> Iterable[Fault]:
        if self.last is None:
            if self.entry.kind != rules.COLLECTED:
                yield self._fault("no-holder", BREACH, "the chain does not begin with the collection", None)
            return
        if self.standing.state in (rules.DESTROYED, rules.RELEASED):
            if self.entry.kind != rules.DISCLOSED:
                over = rules.STATE_WORDS[self.standing.state]
                yield self._fault("after-end", BREACH, f"{_word(self.entry)} after the item was {over}")
            return
        yield from self._seals()
        yield from self._holders()

    def _seals(self) -> Iterable[Fault]:
        known, read, kind = self.standing.seal_number, self.entry.seal_number, self.entry.kind
        if kind == rules.SEALED and known:
            yield self._fault("seal-changed", BREACH, f"sealed with {read} while seal {known} was not opened")
        elif kind == rules.UNSEALED and not known:
            yield self._fault("seal-changed", BREACH, f"seal {read} was opened, but no sealing is recorded")
        elif kind != rules.SEALED and read and read != known:
            was = f"was sealed with {known}" if known else "was not sealed"
            yield self._fault("seal-changed", BREACH, f"seal {read} was read on an item that {was}")
        if kind == rules.EXAMINED and known:
            yield self._fault("examined-under-seal", BREACH, f"examined while under seal {known}")
        if kind == rules.EXAMINED and self.standing.state == rules.STORED:
            yield self._fault("examined-in-storage", BREACH, f"examined while stored in {self.standing.place}")

    def _holders(self) -> Iterable[Fault]:
        step = rules.STEP.get(self.entry.kind)
        if step is None:
            yield self._fault("unknown", BREACH, f"there is no step '{self.entry.kind}'")
            return
        claims, holder = self._claims(step), self.standing.holder
        if self.entry.kind == rules.COLLECTED:
            yield self._two(claims, "collected a second time")
        elif self.standing.state == rules.OFFERED and self.entry.kind not in ANSWERS and step.kind != rules.DISCLOSED:
            receiver = self.names(self.standing.offered_to)
            words = f"{_word(self.entry)} while the hand-over to {receiver} was not answered"
            yield self._fault("never-accepted", BREACH, words)
        elif claims and claims != holder:
            if holder.startswith(rules.PLACE) or self.standing.state == rules.OUT:
                words = (
                    f"{self.names(claims)} had it, the chain last knows it {_at(holder, self.names)}: nobody is "
                    "recorded to have taken it"
                )
                yield self._fault("no-holder", BREACH, words)
            else:
                yield self._two(claims, _word(self.entry))
        elif self.entry.kind == rules.ACCEPTED:
            yield from self._acceptance()
        elif self.entry.kind == rules.TAKEN_OVER:
            words = f"taken over by {self.names(self.entry.by)} without a signature of {self.names(holder)}"
            yield self._fault("not-signed", ATTENTION, f"{words}: {self.entry.reason}")

    def _acceptance(self) -> Iterable[Fault]:
        taker = self.entry.receiver or self.entry.by
        if self.offered is None:
            yield self._fault("no-holder", BREACH, f"accepted by {self.names(taker)}, but never handed over")
            return
        if taker != self.offered.receiver:
            yield self._two(taker, f"accepted, but handed over to {self.names(self.offered.receiver)}")
        way = self.entry.happened_at - self.offered.happened_at
        if way > LONGEST_WAY:
            words = (
                f"{_lasting(way)} between handing over by {self.names(self.offered.giver or self.offered.by)} and "
                f"accepting by {self.names(taker)}: nobody signs for that time"
            )
            numbers = (self.offered.number, self.entry.number)
            yield Fault("no-holder", ATTENTION, words, self.offered.happened_at, self.entry.happened_at, numbers)

    def _claims(self, step: rules.Step) -> str:
        """Return who this entry says had the item just before it; empty when it says nothing about that."""
        if self.entry.kind == rules.RETURNED:
            return self.entry.giver
        if self.entry.kind == rules.HANDED_OVER:
            return self.entry.giver or self.entry.by
        if step.by == "holder":
            return self.entry.by
        return self.entry.by if self.entry.kind == rules.COLLECTED else ""

    def _two(self, claims: str, what: str) -> Fault:
        words = f"two holders at once: {what} by {self.names(claims)} while {self.names(self.standing.holder)} held it"
        return self._fault("two-holders", BREACH, words)

    def _fault(self, code: str, severity: str, words: str, since: object = ...) -> Fault:
        start = self.last.happened_at if self.last is not None and since is ... else None
        numbers = (self.last.number, self.entry.number) if self.last is not None else (self.entry.number,)
        return Fault(code, severity, words, start, self.entry.happened_at, numbers)


ANSWERS = ("accepted", "refused", "withdrawn", rules.TAKEN_OVER)


def _after(standing: Standing, entry: Entry) -> Standing:
    """Return where the item stands if the entry is believed, whether or not it could follow."""
    return rules.after(standing, entry) if entry.kind in rules.STEP else standing


def _at(holder: str, names: Names) -> str:
    return f"in {holder.removeprefix(rules.PLACE)}" if holder.startswith(rules.PLACE) else f"with {names(holder)}"


def _word(entry: Entry) -> str:
    return entry.kind.replace("-", " ")


def _lasting(time: timedelta) -> str:
    """Return a duration as a person says it: 45 min, 3 h 05 min, 2 d 4 h."""
    minutes = int(time.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60:02d} min" if hours else f"{minutes} min"


def worst(found: Iterable[Fault]) -> str:
    """Return the worst severity of some faults; empty when there is none."""
    severities: Mapping[str, int] = {one.severity: SEVERITIES.index(one.severity) for one in found}
    return min(severities, key=lambda one: severities[one], default="")
