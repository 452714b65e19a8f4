"""Check a ledger export: one pass, little memory, no trust in anything but the public key.

Two questions are kept apart, so that the answer can name the record. Do the leaf hashes listed in the file give the
roots that were signed? Does each record give the leaf hash listed for it? A record whose bytes give another hash than
the one under a signed root *was* altered; where the list itself was altered, the records decide.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from kerma.errors import Altered, Unusable
from kerma.kernel.ledger_format import LINE_LIMIT_BYTES, TILE, Header, SignedEnd
from kerma.kernel.merkle import CompactRange
from kerma.kernel.notes import Checkpoint, PublicKey, open_checkpoint
from kerma.kernel.verify import Finding, Trust, Verification
from kerma.kernel.verify_lines import Damaged, Record, Seen, Tile, looked_into

FINDINGS_LIMIT = 20
NAMED_ONE_BY_ONE = 3

OWN_KEY_WARNING = (
    "the public key was taken from the export itself: this shows that the file is whole, not who wrote it. "
    "Ask the ledger's owner for the key by another way and give it with --key"
)


def verify_export(path: Path, trust: Trust) -> Verification:
    """Check a ledger export.

    Raises
    ------
    Unusable
        The key or the checkpoint given is none, or the export is of a newer format.
    """
    given = PublicKey.parse(trust.key) if trust.key else None
    with path.open("rb") as file:
        first = file.readline(LINE_LIMIT_BYTES)
        try:
            header = Header.parse(first)
            key, warnings = _key(header, given, trust)
        except Altered as error:
            finding = Finding(f"the header was altered: {error}", line=1)
            return Verification("ledger export", {}, (finding,))
        check = _Check(header, key, trust)
        check.read(file, first, path.stat().st_size)
    return Verification("ledger export", check.facts(), tuple(check.findings), warnings)


def _key(header: Header, given: PublicKey | None, trust: Trust) -> tuple[PublicKey, tuple[str, ...]]:
    """Decide which key the export must be signed with: the one given, this machine's own, or its own."""
    try:
        own = PublicKey.parse(header.vkey)
    except Unusable as error:
        raise Altered(str(error)) from error
    home = PublicKey.parse(trust.home_key) if trust.home_key else None
    if given is None and home is not None and home.name == header.origin:
        given = home
    if header.origin != own.name:
        raise Altered(f"it speaks of ledger '{header.origin}' but carries the key of '{own.name}'")
    if given is None:
        return own, (OWN_KEY_WARNING,)
    if given != own:
        raise Altered(
            f"it carries the key {own.vkey}, not the one you trust, {given.vkey}. Either somebody signed the "
            "ledger anew with another key, or you gave the key of another ledger"
        )
    return given, ()


@dataclass
class _Segment:
    """What lies between two checkpoints: findings that hold once its end is proved."""

    first: int
    findings: list[Finding]
    actual: CompactRange | None = None
    """The tree over the records as they stand, kept only while it differs from the listed hashes."""


class _Check:
    def __init__(self, header: Header, key: PublicKey, trust: Trust) -> None:
        self.header = header
        self.key = key
        self.trust = trust
        self.witness = _witness(trust.witness, key) if trust.witness else None
        self.findings: list[Finding] = []
        self.digest = hashlib.sha256()
        self.tree = CompactRange()
        self.tile: list[bytes] = []
        self.tile_first = 0
        self.is_unlisted = False
        self.is_stopped = False
        self.strangers: list[tuple[int, bytes]] = []
        self.segment = _Segment(0, [])
        self.is_broken = False
        self.earliest = ""
        self.last_at = ""
        self.checkpoints = 0
        self.proved = 0
        self.end: SignedEnd | None = None
        self.line = 1

    def facts(self) -> dict[str, object]:
        """Return what was seen, for the answer."""
        end = self.end.checkpoint if self.end else None
        return {
            "origin": self.key.name,
            "key": self.key.vkey,
            "records": self.tree.size,
            "root": end.root.hex() if end else "",
            "signed_at": end.at if end else "",
            "checkpoints": self.checkpoints,
            "last_record_at": self.last_at,
        }

    def read(self, file: IO[bytes], first: bytes, total: int) -> None:
        """Go through the lines after the header."""
        self.digest.update(first)
        done = len(first)
        with closing(looked_into(file, total, self.key.vkey)) as chunks:
            for lines, seen in chunks:
                for line, thing in zip(lines, seen, strict=True):
                    self.line += 1
                    self._take(thing)
                    self.digest.update(line)
                    if self.is_stopped:
                        break
                if self.is_stopped:
                    break
                done += sum(map(len, lines))
                self.trust.progress(done, total)
        self._close()

    def _take(self, thing: Seen) -> None:
        if self.end is not None:
            self._find("the export goes on after its signed end; what follows was added", line=self.line)
            self.is_stopped = True
        elif isinstance(thing, Record):
            self._record(thing)
        else:
            try:
                self._other(thing)
            except Altered as error:
                self._find(f"line {self.line} was altered: {error}", line=self.line)
        if len(self.findings) + len(self.segment.findings) >= FINDINGS_LIMIT:
            self.is_stopped = True

    def _other(self, thing: Tile | Checkpoint | SignedEnd | Damaged) -> None:
        if isinstance(thing, Checkpoint):
            self._checkpoint(thing)
        elif isinstance(thing, Tile):
            self._tile(thing)
        elif isinstance(thing, SignedEnd):
            self._end(thing)
        else:
            if thing.mark == b"[":
                self._unlist()
            raise Altered(thing.problem)

    def _record(self, record: Record) -> None:
        place = self.tree.size - self.tile_first
        leaf = record.leaf
        if self.is_unlisted or (place < len(self.tile) and self.tile[place] == leaf and not self.strangers):
            self._advance(leaf)
            self._content(record)
        elif leaf in self.tile[max(place, 0) :]:
            self._settle(self.tile_first + self.tile.index(leaf, place))
            self._advance(leaf)
            self._content(record)
        else:
            self.strangers.append((self.line, leaf))
            if len(self.strangers) > TILE:
                self._settle(self.tree.size)

    def _advance(self, leaf: bytes) -> None:
        """Add the leaf hash listed for the next record to the tree."""
        self.tree.append(leaf)
        if self.segment.actual is not None:
            self.segment.actual.append(leaf)
        if self.witness is not None and self.tree.size == self.witness.size and self.tree.root() != self.witness.root:
            self._find(
                f"up to record {self.tree.size - 1} the ledger is not the one whose checkpoint you kept: "
                "its history was rewritten",
                records=(0, self.tree.size - 1),
            )

    def _content(self, record: Record) -> None:
        """Look at what a record that is at its place says of itself: number and time."""
        index = self.tree.size - 1
        earliest = max(self.last_at, self.earliest)
        problem = record.problem
        if not problem and record.number != index:
            problem = f"it calls itself record {record.number}"
        elif not problem and record.at < earliest:
            problem = (
                f"it is back-dated to {record.at}, before {earliest}, when what precedes it was recorded or signed"
            )
        if problem:
            self._find(f"record {index} is not as a ledger writes it: {problem}", self.line, (index, index))
        self.last_at = max(self.last_at, record.at)

    def _settle(self, upto: int) -> None:
        """Say what became of the records from the next one up to ``upto``, and what stands there instead."""
        strangers, self.strangers = self.strangers, []
        first = self.tree.size
        if upto == first and not strangers:
            return
        line = strangers[0][0] if strangers else self.line
        if self.segment.actual is None:
            self.segment.actual = CompactRange(self.tree.size, self.tree.hashes)
        for _, leaf in strangers:
            self.segment.actual.append(leaf)
        actual, self.segment.actual = self.segment.actual, None
        for index in range(first, upto):
            self._advance(self.tile[index - self.tile_first])
        self.segment.actual = actual
        self.segment.findings += _differences(first, upto, [number for number, _ in strangers], line)

    def _unlist(self) -> None:
        """Go on without a list of hashes: the records themselves must give the next signed root."""
        self._settle(self.tile_first + len(self.tile))
        self.tile, self.is_unlisted = [], True

    def _tile(self, tile: Tile) -> None:
        self._unlist()
        first, leaves = tile
        if first != self.tree.size or first % TILE or len(leaves) > TILE:
            text = (
                f"the hashes of records from {first} on stand after {self.tree.size} records: some are missing or moved"
            )
            self._find(text, self.line, (min(first, self.tree.size), max(first, self.tree.size)))
            self.is_stopped = True
            return
        self.tile_first, self.tile, self.is_unlisted = first, leaves, False

    def _checkpoint(self, checkpoint: Checkpoint) -> None:
        self.checkpoints += 1
        self._reach(checkpoint.size)
        self._prove(checkpoint)
        if checkpoint.at < max(self.last_at, self.earliest):
            raise Altered(f"the checkpoint over {checkpoint.size} records was signed before what it covers")
        self.earliest = checkpoint.at

    def _end(self, end: SignedEnd) -> None:
        self.end = end
        self._reach(end.checkpoint.size)
        self._prove(end.checkpoint)
        if (end.checkpoint.origin, end.checkpoint.size) != (self.key.name, self.header.size):
            self._find("the header and the signed end speak of different ledgers or sizes", self.line)
        if end.checkpoint.at < max(self.last_at, self.earliest):
            self._find("the export was signed before its last record", self.line)
        if end.checkpoints != self.checkpoints and not self.findings:
            self._find(f"{end.checkpoints} checkpoints were exported, {self.checkpoints} are here", self.line)
        if end.sha256 != self.digest.hexdigest() and not self.findings:
            self._find("a line of this export is not as it was written, though every record is: see its SHA-256")

    def _reach(self, size: int) -> None:
        """Close the records before a checkpoint that covers ``size`` of them."""
        listed = self.tree.size if self.is_unlisted else self.tile_first + len(self.tile)
        if not self.tree.size <= size <= listed:
            raise Altered(
                f"a checkpoint over {size} records stands after record {self.tree.size - 1}: "
                "records or checkpoints were removed, added or moved"
            )
        self._settle(size)

    def _prove(self, checkpoint: Checkpoint) -> None:
        """Compare the tree with a signed root, and let that decide which findings of the segment hold."""
        segment, self.segment = self.segment, _Segment(checkpoint.size, [])
        if self.is_broken:
            return
        actual = segment.actual
        if self.tree.root() == checkpoint.root:
            self.findings += segment.findings
            self.proved = checkpoint.size
        elif actual is not None and actual.size == checkpoint.size and actual.root() == checkpoint.root:
            self.tree = actual
            self.proved = checkpoint.size
            self._find(
                f"the list of hashes of {_span(segment.first, checkpoint.size)} was altered; the records were not",
                line=self.line,
                records=(segment.first, checkpoint.size - 1),
            )
        else:
            self.is_broken = True
            self.findings += segment.findings
            self._find(
                f"{_span(segment.first, checkpoint.size)} no longer give what was signed: at least one was altered, "
                "its listed hash with it, and nothing after them can be proved",
                line=self.line,
                records=(segment.first, checkpoint.size - 1),
            )

    def _close(self) -> None:
        self.findings += self.segment.findings
        if self.is_stopped:
            self._find("the check stopped here; what follows was not looked at", line=self.line)
            return
        if self.end is None:
            self._find(
                f"the export ends after record {self.tree.size - 1} of {self.header.size}, without its signed end: "
                "the end was cut off, or the export never finished",
                line=self.line,
            )
        known = max(self.trust.at_least, self.witness.size if self.witness else 0)
        if self.tree.size < known:
            self._find(
                f"the ledger is known to have had {known} records already, this export has {self.tree.size}: "
                "it is an older state, or records were taken from the end"
            )

    def _find(self, text: str, line: int | None = None, records: tuple[int, int] | None = None) -> None:
        finding = Finding(text, line)
        if records is not None:
            finding = replace(finding, first_record=records[0], last_record=records[1])
        self.findings.append(finding)


def _span(first: int, stop: int) -> str:
    return f"record {first}" if stop - first == 1 else f"records {first} to {stop - 1}"


def _differences(first: int, stop: int, lines: list[int], line: int) -> list[Finding]:
    """Say what the lines are that stand in the place of the records from first up to stop."""
    gone, strange = stop - first, len(lines)
    if gone == strange <= NAMED_ONE_BY_ONE:
        return [
            Finding(f"record {index} was altered: it is not the one that was signed", number, index, index)
            for index, number in zip(range(first, stop), lines, strict=True)
        ]
    if gone == strange:
        return [
            Finding(f"{_span(first, stop)} were altered: they are not those that were signed", line, first, stop - 1)
        ]
    are = "is" if gone == 1 else "are"
    if not strange:
        return [Finding(f"{_span(first, stop)} {are} missing: taken out, or moved elsewhere", line, first, stop - 1)]
    if not gone:
        text = f"{strange} line(s) before record {first} do not belong there: put in, repeated, or moved"
        return [Finding(text, line, first, first)]
    text = f"{_span(first, stop)} {are} missing; in their place stand {strange} line(s) that were never signed"
    return [Finding(text, line, first, stop - 1)]


def _witness(written: str, key: PublicKey) -> Checkpoint:
    try:
        return open_checkpoint(written, key)
    except Altered as error:
        raise Unusable(f"the checkpoint you kept cannot be used: {error}") from error
