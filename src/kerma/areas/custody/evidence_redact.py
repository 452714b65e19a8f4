"""A redacted evidence package: a new one without some files, which proves what it was made of and what was taken out.

A forensic copy is never altered: the old package stays as it is. The new one holds the old manifest with its seal, so
the digest of every file taken out stays proven, and every file that stayed is shown to be the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.custody.actions_evidence import Errand, check_errand, redact_evidence
from kerma.areas.custody.evidence_bag import Bag
from kerma.areas.custody.evidence_package import (
    Draft,
    Package,
    Tick,
    close_payload,
    entry,
    finish,
    new_uid,
    next_record,
)
from kerma.areas.custody.verifier.package import (
    INDEX,
    MANIFEST,
    PREVIOUS,
    REMADE,
    SEAL_PROOF,
    SEAL_RECORD,
    check,
)
from kerma.areas.custody.verifier.source import FolderSource, UnusableError, ZipSource
from kerma.errors import Altered, NotFound, Unusable, WrongUsage
from kerma.kernel.action import refuse
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel

KEPT_OF_SEAL = {MANIFEST: MANIFEST, SEAL_RECORD: "record.json", SEAL_PROOF: "record.tlog-proof"}
"""What the new package keeps of the old one's seal, and under which name."""


@dataclass(frozen=True)
class Redaction:
    """What is taken out of which package, and why."""

    package: Path
    remove: tuple[str, ...]
    reason: str


def redact(
    kernel: Kernel, actor: Actor, wanted: Redaction, *, out: Path, errand: Errand, tick: Tick = lambda name: None
) -> Package:
    """Write a new package without some files of an old one.

    Raises
    ------
    Altered
        The old package is not as it was sealed: nothing is made of it.
    NotFound
        A file to take out is not in the package.
    WrongUsage
        No reason or no file is given, or a file that every package needs.
    """
    if not is_granted(redact_evidence.name, actor.permissions):
        refuse(kernel, actor, redact_evidence.name)
    check_errand(errand)
    old, index = _open(kernel, wanted)
    _check_wanted(wanted, old)
    uid = new_uid("redacted", kernel, str(index["package"]).split("-")[1])
    with Draft(out) as draft, Bag(draft.path, uid) as bag:
        stay = _copy(bag, old, wanted, tick)
        known = {one["path"]: one for one in index["files"]}
        files = [known[name] for name in stay if name in known]
        for name, kept_as in KEPT_OF_SEAL.items():
            bag.add(PREVIOUS + kept_as, _whole(old, name))
            files.append(entry(bag, PREVIOUS + kept_as, "previous", f"{name} of the package this one was made of"))
        document = _document(index, wanted, errand, known, files)
        sealing = close_payload(kernel, bag, document, uid, errand)
        first = next_record(kernel)
        number = redact_evidence(
            kernel, actor, sealing=sealing, made_of=str(index["package"]), removed=len(wanted.remove)
        )
        return finish(kernel, draft, bag, sealing, number, (redact_evidence, first))


def _open(kernel: Kernel, wanted: Redaction) -> tuple[FolderSource | ZipSource, dict[str, Any]]:
    try:
        answer = check(wanted.package, kernel.ledger.signer.public.vkey)
        old = FolderSource(wanted.package) if wanted.package.is_dir() else ZipSource(wanted.package)
    except (UnusableError, OSError) as error:
        raise Unusable(str(error)) from error
    if not answer.is_unaltered:
        first = answer.problems[0]
        raise Altered(f"{wanted.package} is not as this ledger sealed it ({first['file']}: {first['text']})")
    return old, json.loads(_whole(old, INDEX))


def _check_wanted(wanted: Redaction, old: FolderSource | ZipSource) -> None:
    if not wanted.reason.strip() or not wanted.remove:
        raise WrongUsage("say which files are taken out (remove) and why (reason)")
    for name in wanted.remove:
        if name not in old.names or not name.startswith("data/"):
            raise NotFound(f"the package holds no file '{name}'; `kerma verify` lists them")
        if name in REMADE or name.startswith(PREVIOUS):
            raise WrongUsage(f"'{name}' is a part of every package; only what was gathered can be taken out")


def _copy(bag: Bag, old: FolderSource | ZipSource, wanted: Redaction, tick: Tick) -> list[str]:
    """Copy what stays, byte for byte; a package redacted twice keeps only the newest proof of what it was made of."""
    stay = [
        name
        for name in old.names
        if name.startswith("data/") and name not in (*wanted.remove, *REMADE) and not name.startswith(PREVIOUS)
    ]
    for name in stay:
        tick(name)
        bag.add_stream(name, old.chunks(name), old.size(name))
    return stay


def _document(
    index: Mapping[str, Any],
    wanted: Redaction,
    errand: Errand,
    known: Mapping[str, Mapping[str, Any]],
    files: list[Mapping[str, Any]],
) -> dict[str, Any]:
    removed = [{"path": name, "sha256": known[name]["sha256"], "reason": wanted.reason} for name in wanted.remove]
    # a file whose ledger record was taken out refers to it no longer: the digest in the old manifest proves it
    records = {name for name in wanted.remove if name.startswith("data/ledger/")}
    lost = {int(name.rpartition("/")[2].partition(".")[0]) for name in records}
    kept = [dict(one) | ({"record": None} if one.get("record") in lost else {}) for one in files]
    return {
        "kind": "redacted",
        "made_of": index["package"],
        "reason": wanted.reason,
        "exam": index.get("exam"),
        **asdict(errand),
        "files": kept,
        "redacted": removed,
        "actors": index.get("actors"),
    }


def _whole(source: FolderSource | ZipSource, name: str) -> bytes:
    return b"".join(source.chunks(name))
