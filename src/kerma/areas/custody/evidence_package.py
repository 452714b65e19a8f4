"""Composing an evidence package of an exam: gather the parts, write the bag, seal it in the ledger, close it.

Everything is written into a draft beside the target; the target appears whole or not at all. The seal comes before the
package can leave: a kill between the two leaves a record of a package that nobody has.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma import __version__
from kerma.areas.archive import queries
from kerma.areas.archive.rules import export_name
from kerma.areas.custody import evidence_cover, evidence_ledger
from kerma.areas.custody.actions_evidence import Errand, Sealing, check_errand, export_evidence
from kerma.areas.custody.evidence_bag import Bag
from kerma.areas.custody.evidence_parts import NEEDLES, REFUSALS, SOURCES, Part
from kerma.areas.custody.verifier.package import INDEX, KEY, SEAL_PROOF, SEAL_RECORD
from kerma.areas.people.queries import name_of_actor
from kerma.errors import Conflict, NotFound
from kerma.kernel import clock
from kerma.kernel.action import refuse
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    import sqlalchemy as sa

    from kerma.areas.custody.evidence_ledger import ProvenRecord
    from kerma.kernel.action import Action, Actor, Kernel

VERIFIER = Path(__file__).parent / "verifier"
Tick = Callable[[str], None]


@dataclass(frozen=True)
class Package:
    """A package as it was handed out."""

    number: int
    uid: str
    path: Path
    file_count: int
    size_bytes: int
    sealed_at: str
    record: int
    """Place of the sealing record in the ledger."""
    key: str
    """The ledger's public key, which the receiver must get by another way."""


def export(
    kernel: Kernel, actor: Actor, *, exam_pk: int, out: Path, errand: Errand, tick: Tick = lambda name: None
) -> Package:
    """Write the evidence package of an exam to a file.

    Raises
    ------
    NotFound
        There is no such exam.
    NotAllowed
        The permission is missing.
    Conflict
        The file exists already, or the exam holds a projected threat image, which is no evidence of anything.
    Altered
        Bytes kept are no longer those that came.
    """
    if not is_granted(export_evidence.name, actor.permissions):
        refuse(kernel, actor, export_evidence.name)
    check_errand(errand)
    with kernel.database.read() as connection:
        exam = queries.exam_by_pk(connection, exam_pk)
        rows = queries.images_of_exam(connection, exam_pk, WHOLE)
    if exam is None:
        raise NotFound(f"there is no exam {exam_pk}")
    _refuse_projected(kernel, exam_pk, rows)
    uid = new_uid("evidence", kernel, exam_pk)
    about = {"kind": "evidence", "exam": _about_exam(exam), **asdict(errand)}
    with Draft(out) as draft, Bag(draft.path, uid) as bag:
        parts = [*_originals(kernel, rows), *(part for source in SOURCES for part in source(kernel, exam_pk))]
        for part in parts:
            tick(part.path)
            add_part(kernel, bag, part)
        # What was just read may have left a record (somebody opened the exam): all up to here is signed and proven.
        kernel.ledger.checkpoint(kernel.database)
        with kernel.database.read() as connection:
            needles = [needle for known in NEEDLES for needle in known(kernel, exam_pk)]
            needles += [part.record_of for part in parts if part.record_of and part.kind != "original"]
            records = evidence_ledger.records_about(connection, exam_pk, exam["received_at"], needles)
        add_ledger(bag, records)
        index = {**about, "files": _entries(bag, parts, records), "actors": _actors(kernel, actor, records)}
        sealing = close_payload(kernel, bag, index, uid, errand)
        first = next_record(kernel)
        number = export_evidence(kernel, actor, exam_pk=exam_pk, sealing=sealing)
        return finish(kernel, draft, bag, sealing, number, (export_evidence, first))


class Draft:
    """A file under way beside its target; renamed at the end, removed when something fails."""

    def __init__(self, out: Path) -> None:
        if out.exists():
            raise Conflict(f"{out} exists already; evidence is never overwritten: choose another name")
        out.parent.mkdir(parents=True, exist_ok=True)
        self.out = out
        self.path = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)

    def publish(self) -> None:
        """Make the file durable under its name; one that somebody else made meanwhile is never overwritten.

        Raises
        ------
        Conflict
            The name was taken meanwhile.
        """
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        try:
            try:
                self.out.hardlink_to(self.path)
            except FileExistsError:
                raise
            except OSError:  # a memory stick has no hard links: the name is reserved first, then given the file
                self.out.touch(exist_ok=False)
                self.path.replace(self.out)
        except FileExistsError as error:
            raise Conflict(f"{self.out} was made meanwhile; nothing is overwritten: choose another name") from error


def add_part(kernel: Kernel, bag: Bag, part: Part) -> None:
    """Add one part to a bag."""
    if part.blob:
        bag.add_stream(part.path, kernel.blobs.stream(part.blob), kernel.blobs.size(part.blob), part.blob)
    else:
        bag.add(part.path, part.data or b"")


def add_ledger(bag: Bag, records: Iterable[ProvenRecord]) -> None:
    """Add ledger records with their proofs."""
    for name, data in evidence_ledger.files_of(records):
        bag.add(name, data)


def close_payload(kernel: Kernel, bag: Bag, index: Mapping[str, Any], uid: str, errand: Errand) -> Sealing:
    """Write cover page, index, manifest, key and verifier; returns what the seal says."""
    now = kernel.clock.now()
    vkey = kernel.ledger.signer.public.vkey
    document = {
        "version": 1,
        "package": uid,
        "made_at": clock.text(now),
        "software": f"Kerma {__version__}",
        "ledger_key": vkey,
        **index,
    }
    bag.add("data/cover.pdf", evidence_cover.build(document, bag.digests, now))
    files = [*document["files"], entry(bag, "data/cover.pdf", "cover", "This package in words")]
    bag.add(INDEX, json.dumps(document | {"files": files}, ensure_ascii=False, indent=1).encode() + b"\n")
    manifest = bag.close_payload()
    bag.add("bag-info.txt", _bag_info(document, bag).encode())
    bag.add(KEY, f"{vkey}\n".encode())
    for file in sorted(VERIFIER.glob("*.py")):
        bag.add(f"verify/{file.name}", file.read_bytes())
    count, size = len(bag.payload()), int(bag.payload_oxum().partition(".")[0])
    return Sealing(uid, manifest, bag.tags_sha256(), count, size, errand)


def finish(
    kernel: Kernel, draft: Draft, bag: Bag, sealing: Sealing, number: int, sealed: tuple[Action[..., Any], int]
) -> Package:
    """Add the proof of the sealing record, close the bag and let the file appear."""
    action, first = sealed
    kernel.ledger.checkpoint(kernel.database)
    with kernel.database.read() as connection:
        seal = evidence_ledger.sealing_record(connection, sealing.uid, action.name, first)
    bag.add(SEAL_RECORD, seal.body)
    bag.add(SEAL_PROOF, seal.proof.encode())
    bag.close()
    draft.publish()
    vkey = kernel.ledger.signer.public.vkey
    at = str(seal.content["at"])
    return Package(number, sealing.uid, draft.out, sealing.file_count, sealing.size_bytes, at, seal.index, vkey)


def entry(
    bag: Bag, path: str, kind: str, about: str, *, record: int | None = None, chain: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what the index says of one file."""
    known: dict[str, Any] = {"path": path, "sha256": bag.digests[path], "size_bytes": bag.sizes[path], "kind": kind}
    known |= {"about": about, "record": record}
    return known | ({"chain": dict(chain)} if chain else {})


def _entries(bag: Bag, parts: Iterable[Part], records: list[ProvenRecord]) -> list[dict[str, Any]]:
    """Return the index's line of every file, with the ledger record by which it came."""
    listed = [
        entry(bag, part.path, part.kind, part.about, record=_record_of(part, records), chain=part.chain)
        for part in parts
    ]
    for record in records:
        words = f"{record.content['action']}, record {record.index}"
        name = f"data/ledger/{record.index:09d}"
        listed += [entry(bag, f"{name}{suffix}", "ledger", words) for suffix in (".json", ".tlog-proof")]
    return listed


def _record_of(part: Part, records: Iterable[ProvenRecord]) -> int | None:
    """Return the place of the first record that names the part's digest."""
    if not part.record_of:
        return None
    found = (one.index for one in records if part.record_of in one.body.decode("utf-8"))
    index = next(found, None)
    if index is None:
        raise NotFound(f"the ledger holds no record of the bytes {part.record_of}: run `kerma archive check`")
    return index


def _originals(kernel: Kernel, rows: Iterable[dict[str, Any]]) -> Iterable[Part]:
    for row in rows:
        path = f"data/originals/{export_name(row)}"
        words = f"{row['file_name'] or row['uid']}, received {row['received_at']}"
        yield Part(path, "original", words, blob=row["sha256"], record_of=row["sha256"])
        if row["sidecar_sha256"]:
            sidecar = row["sidecar_sha256"]
            yield Part(f"{path}.json", "original", f"description of {path}", blob=sidecar, record_of=sidecar)


def _refuse_projected(kernel: Kernel, exam_pk: int, rows: Iterable[dict[str, Any]]) -> None:
    reasons = [reason for check in REFUSALS if (reason := check(kernel, exam_pk))]
    reasons += [reason for row in rows if (reason := _projected(kernel, row))]
    if reasons:
        raise Conflict(f"{reasons[0]}: it can never enter an evidence package")


def _projected(kernel: Kernel, row: Mapping[str, Any]) -> str | None:
    from kerma.formats.threat_mark import projected

    if row["format"] not in ("DICOM", "DICONDE", "DICOS"):
        return None
    kind = projected(kernel.blobs.local_path(row["sha256"]) or kernel.blobs.get(row["sha256"]))
    return f"image {row['uid']} is a projected threat image ({kind})" if kind else None


def _actors(kernel: Kernel, actor: Actor, records: Iterable[ProvenRecord]) -> dict[str, str]:
    """Return who the keys in the records are; the ledger itself holds no names."""
    keys = {str(record.content["actor"]) for record in records} | {actor.key}
    with kernel.database.read() as connection:
        return {key: _named(connection, key) for key in sorted(keys)}


def _named(connection: sa.Connection, key: str) -> str:
    kind, _, number = key.partition(":")
    if kind == "service":
        return "Whoever runs commands on the server" if number == "cli" else f"Kerma itself, its part '{number}'"
    return name_of_actor(connection, key)


def _about_exam(exam: Mapping[str, Any]) -> dict[str, Any]:
    known = {"exam_pk": exam["id"], "exam_uid": exam["uid"], "subject": exam["subject_id"]}
    return known | {"subject_name": exam["name"], "industry": exam["industry"], "received_at": exam["received_at"]}


def _bag_info(document: Mapping[str, Any], bag: Bag) -> str:
    """Return the bag's description (RFC 8493, 2.2.2); words of people go on one line each."""
    lines = {
        "Bagging-Date": str(document["made_at"])[:10],
        "Bag-Software-Agent": document["software"],
        "External-Identifier": document["package"],
        "External-Description": " ".join(str(document["purpose"]).split()),
        "Payload-Oxum": bag.payload_oxum(),
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def new_uid(kind: str, kernel: Kernel, number: int | str) -> str:
    """Return what a package is called for ever: kind, exam, moment, and eight random hexadecimal digits."""
    stamp = kernel.clock.now().strftime("%Y%m%dT%H%M%SZ")
    return f"{kind}-{number}-{stamp}-{secrets.token_hex(4)}"


def next_record(kernel: Kernel) -> int:
    """Return the place in the ledger that the next record gets at the earliest."""
    with kernel.database.read() as connection:
        return evidence_ledger.next_index(connection)
