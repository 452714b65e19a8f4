"""Check a whole package: bag, seal, ledger records, and what is known of each file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .proofs import Checker, Key, Proven, WrongError
from .source import SAFE, FolderSource, UnusableError, ZipSource

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
INDEX = "data/evidence.json"
KEY = "ledger-key.txt"
SEAL_RECORD, SEAL_PROOF = "seal/record.json", "seal/record.tlog-proof"
PREVIOUS = "data/previous/"
SEAL_ACTIONS = ("custody.export_evidence", "custody.redact_evidence")
SMALL_BYTES = 64 << 20
"""No index, record or proof is larger."""


@dataclass
class Answer:
    """What was found: facts, problems, and one line for each file."""

    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_unaltered(self) -> bool:
        """Whether nothing speaks against the package."""
        return not self.problems

    def add(self, file: str, text: str) -> None:
        """Note a problem with a file ("" for the package as a whole)."""
        self.problems.append({"file": file, "text": text})


def check(path: Path, key: str = "", tick: Callable[[str], None] = lambda name: None) -> Answer:
    """Check a package, zip or folder.

    Parameters
    ----------
    key : the ledger's public key, obtained by another way; "" to take the package's own on trust
    tick : told each file as it is read

    Raises
    ------
    UnusableError
        It is no evidence package, or the key given is no key.
    """
    source = FolderSource(path) if path.is_dir() else ZipSource(path)
    return _Check(source, key, tick).run()


class _Check:
    def __init__(self, source: FolderSource | ZipSource, key: str, tick: Callable[[str], None]) -> None:
        self.source, self.tick, self.answer = source, tick, Answer()
        self.names = set(source.names)
        self.checker = Checker(self._key(key))
        self.digests: dict[str, str] = {}

    def run(self) -> Answer:
        for problem in self.source.problems:
            self.answer.add("", problem)
        for name in self.source.names:
            self.tick(name)
            digest = hashlib.sha256()
            for chunk in self.source.chunks(name):
                digest.update(chunk)
            self.digests[name] = digest.hexdigest()
            if not SAFE.fullmatch(name):
                self.answer.add(name, "no file of a package is called so")
        if self._small("bagit.txt") != BAGIT:
            self.answer.add("bagit.txt", "it is not the first file of a BagIt 1.0 bag as Kerma writes it")
        self._manifest(MANIFEST, {name for name in self.names if name.startswith("data/")})
        self._manifest(TAG_MANIFEST, {name for name in self.names if not name.startswith("data/")} - {TAG_MANIFEST})
        seal, sealed = self._seal()
        index = self._index()
        records = self._records()
        self._files(index, records, seal, sealed)
        if index.get("kind") == "redacted":
            self._previous(index)
        return self.answer

    def _key(self, given: str) -> Key:
        own = self._small(KEY).decode("utf-8", "replace")
        try:
            key = Key.parse(given or own)
        except WrongError as error:
            raise UnusableError(str(error)) from error
        if given and own.strip() != given.strip():
            self.answer.add(KEY, "the package bears another key than the one given")
        if not given:
            self.answer.warnings.append(
                "checked with the package's own key: give the ledger's key, got by another way, to know whose it is"
            )
        self.answer.facts.update({"ledger": key.name, "key": given.strip() or own.strip()})
        return key

    def _small(self, name: str) -> bytes:
        """Return a small file whole; empty where it is missing or too large to be one of ours."""
        parts, size = [], 0
        for chunk in self.source.chunks(name) if name in self.names else ():
            size += len(chunk)
            if size > SMALL_BYTES:
                return b""
            parts.append(chunk)
        return b"".join(parts)

    def _manifest(self, name: str, present: set[str]) -> None:
        """Compare a manifest with the files: every one listed, in order, with its digest."""
        expected = "".join(f"{self.digests[one]}  {one}\n" for one in sorted(present)).encode()
        written = self._small(name)
        if written == expected:
            return
        listed = _listed(written)
        for one in sorted(present):
            if one not in listed:
                self.answer.add(one, f"it is not listed in {name}: it was added")
            elif listed[one] != self.digests[one]:
                self.answer.add(one, f"its SHA-256 is {self.digests[one]}, {name} says {listed[one]}")
        for one in sorted(set(listed) - present):
            self.answer.add(one, f"{name} lists it, but it is not there: it was removed")
        if written != "".join(f"{digest}  {one}\n" for one, digest in sorted(listed.items())).encode():
            self.answer.add(name, "it is not in the form in which it was written")

    def _seal(self) -> tuple[dict[str, Any], Proven | None]:
        """Check that the ledger holds the digest of the manifest."""
        record = _object(self._small(SEAL_RECORD))
        proven = self._prove(SEAL_RECORD, SEAL_PROOF)
        details = record.get("details")
        details = details if isinstance(details, dict) else {}
        if record.get("action") not in SEAL_ACTIONS or record.get("outcome") != "done":
            self.answer.add(SEAL_RECORD, "this record seals no package")
        if details.get("manifest_sha256") != self.digests.get(MANIFEST):
            self.answer.add(MANIFEST, "its SHA-256 is not the one that was sealed in the ledger")
        if details.get("tags_sha256") != tags_digest(self.digests):
            self.answer.add("", "bag-info.txt, the key or the verifier in the package are not those that were sealed")
        self.answer.facts.update(
            {
                "package": str(details.get("package", "")),
                "sealed at": str(record.get("at", "")),
                "sealed by": str(record.get("actor", "")),
                "sealing record": record.get("index"),
            }
        )
        return record, proven

    def _prove(self, record_name: str, proof_name: str) -> Proven | None:
        body = self._small(record_name)
        try:
            proven = self.checker.prove(body, self._small(proof_name).decode("utf-8"))
        except (WrongError, UnicodeDecodeError, ValueError) as error:
            self.answer.add(record_name, f"it is not proven to be in the ledger: {error}")
            return None
        if _object(body).get("index") != proven.index:
            self.answer.add(record_name, "the record names another place in the ledger than its proof")
            return None
        return proven

    def _index(self) -> dict[str, Any]:
        index = _object(self._small(INDEX))
        if not isinstance(index.get("files"), list):
            self.answer.add(INDEX, "the index of the package is missing or damaged")
            return {}
        self.answer.facts["exam"] = str((index.get("exam") or {}).get("exam_uid", ""))
        return index

    def _records(self) -> dict[int, tuple[dict[str, Any], Proven]]:
        """Return the ledger records of the package that hold, by their place."""
        found = {}
        for name in sorted(self.names):
            if name.startswith("data/ledger/") and name.endswith(".json"):
                proven = self._prove(name, name[: -len(".json")] + ".tlog-proof")
                if proven is not None:
                    found[proven.index] = (_object(self._small(name)), proven)
        self.answer.facts["ledger records"] = len(found)
        return found

    def _files(
        self, index: dict[str, Any], records: dict[int, Any], seal: dict[str, Any], sealed: Proven | None
    ) -> None:
        """Say of every file since when it is unchanged, from whom it came and by which action."""
        known = {one.get("path"): one for one in index.get("files", ()) if isinstance(one, dict)}
        actors = index.get("actors") if isinstance(index.get("actors"), dict) else {}
        wrong = {problem["file"] for problem in self.answer.problems}
        for name in sorted(name for name in self.names if name.startswith("data/") and name != INDEX):
            entry = known.get(name)
            if entry is None or entry.get("sha256") != self.digests[name]:
                self.answer.add(name, "the index of the package does not know this file with this SHA-256")
                wrong.add(name)
                continue
            record, proven = records.get(entry.get("record"), (None, None))
            if record is None and entry.get("record") is not None:
                self.answer.add(name, f"ledger record {entry['record']}, by which it came, is not in the package")
                wrong.add(name)
            if record is not None and self.digests[name] not in json.dumps(record.get("details", {})):
                self.answer.add(name, f"ledger record {entry['record']} is about other bytes than these")
                wrong.add(name)
            by = record or seal
            self.answer.files.append(
                {
                    "path": name,
                    "sha256": self.digests[name],
                    "kind": str(entry.get("kind", "")),
                    "about": str(entry.get("about", "")),
                    "unchanged": name not in wrong,
                    "since": str(by.get("at", "")),
                    "proven_since": (proven or sealed).checkpoint_at if proven or sealed else "",
                    "by": _named(actors, str(by.get("actor", ""))),
                    "door": str((by.get("details") or {}).get("door", "")),
                    "action": str(by.get("action", "")),
                    "record": by.get("index"),
                }
            )
        for name in sorted(set(known) - self.names):
            self.answer.add(str(name), "the index of the package lists it, but it is not there")

    def _previous(self, index: dict[str, Any]) -> None:
        """Check a redacted package against the one it was made of: every difference must be told."""
        listed = _listed(self._small(PREVIOUS + MANIFEST))
        record = _object(self._small(PREVIOUS + "record.json"))
        self._prove(PREVIOUS + "record.json", PREVIOUS + "record.tlog-proof")
        if (record.get("details") or {}).get("manifest_sha256") != self.digests.get(PREVIOUS + MANIFEST):
            self.answer.add(PREVIOUS + MANIFEST, "it is not the manifest that was sealed for the package before")
        told = {one.get("path"): one.get("sha256") for one in index.get("redacted", ()) if isinstance(one, dict)}
        for name, digest in listed.items():
            if name in told and (told[name] != digest or name in self.digests):
                self.answer.add(name, "the redaction does not say of it what the package before held")
            if name not in told and name in self.digests and self.digests[name] != digest and name not in REMADE:
                self.answer.add(name, "it differs from the package before, and no redaction says so")
            if name not in told and name not in self.digests and name not in REMADE:
                self.answer.add(name, "it was in the package before, and no redaction says that it was removed")
        self.answer.facts.update(
            {
                "made of package": str((record.get("details") or {}).get("package", "")),
                "redacted files": len(told),
            }
        )


REMADE = (INDEX, "data/cover.pdf")
"""Written anew for each package."""


def _named(actors: dict[str, Any], key: str) -> str:
    name = actors.get(key, key)
    return key if name == key else f"{name} ({key})"


def tags_digest(digests: dict[str, str]) -> str:
    """Return the SHA-256 of the list of all tag files that are there when the package is sealed."""
    later = ("data/", "seal/", MANIFEST, TAG_MANIFEST)
    tags = sorted(one for one in digests if not one.startswith(later))
    return hashlib.sha256("".join(f"{digests[one]}  {one}\n" for one in tags).encode()).hexdigest()


def _listed(manifest: bytes) -> dict[str, str]:
    listed = {}
    for line in manifest.decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    return listed


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
