"""The proof beside a signed report (``report.pdf.tlog-proof``): that its signing stands in the ledger.

C2SP tlog-proof. The line ``extra`` holds the ledger record itself, so that nothing else is needed: its hash is the
leaf, the hashes lead to the root, the root stands in a checkpoint signed by the ledger.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.report import queries
from kerma.errors import KermaError, NotFound, Unusable

if TYPE_CHECKING:
    import sqlalchemy as sa

    from kerma.kernel.action import Kernel
    from kerma.kernel.notes import PublicKey
    from kerma.kernel.verify import Trust

SUFFIX = ".tlog-proof"
LARGEST_BYTES = 1_000_000
SIGNING = ("report.sign", "report.amend", "report.cosign")
HEAD = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class Proof:
    """What the proof beside a report says."""

    facts: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def proof_of(kernel: Kernel, version: Mapping[str, Any]) -> str:
    """Return the proof of the newest signature of a version, signing the ledger as it stands where needed.

    Raises
    ------
    NotFound
        The version is not signed.
    """
    from kerma.kernel.ledger_proofs import proof_file

    with kernel.database.read() as connection:
        found = _signing_record(connection, version)
    if found is None:
        raise NotFound("only a signed report has a proof in the ledger; sign it first")
    index, body = found
    kernel.ledger.checkpoint(kernel.database)
    with kernel.database.read() as connection:
        head, rest = proof_file(connection, index).split("\n", 1)
    return f"{head}\nextra {base64.b64encode(body.encode()).decode('ascii')}\n{rest}"


def check_proof(path: Path, data: bytes, trust: Trust) -> Proof:
    """Check the proof that lies beside a report, if one does; what does not hold is in the answer.

    Raises
    ------
    Unusable
        What lies there is no proof that can be read.
    """
    beside = path.with_name(path.name + SUFFIX)
    if not beside.is_file():
        none = f"no proof of the ledger lies beside it ({beside.name}); `kerma report proof` makes one"
        return Proof(warnings=(none,))
    if beside.stat().st_size > LARGEST_BYTES:
        raise Unusable(f"{beside} is too large to be a proof")
    try:
        return _check(beside.read_text("utf-8"), data, trust)
    except (ValueError, KeyError, TypeError, KermaError) as error:
        return Proof(problems=(f"the proof beside it ({beside.name}) is damaged: {error}",))


def _check(text: str, data: bytes, trust: Trust) -> Proof:
    from kerma.kernel.merkle import leaf_hash, verify_inclusion
    from kerma.kernel.notes import Checkpoint, Note, open_checkpoint

    lines, note = text.split("\n\n", 1)
    head, extra, index, *hashes = lines.split("\n")
    if head != HEAD or not extra.startswith("extra ") or not index.startswith("index "):
        raise ValueError("it does not begin as a proof does")
    body = base64.b64decode(extra.removeprefix("extra "), validate=True)
    record = json.loads(body)
    checkpoint = Checkpoint.parse(Note.parse(note).text)
    known = _known_key(trust, checkpoint.origin)
    if known is not None:
        open_checkpoint(note, known)
    number = int(index.removeprefix("index "))
    path = [base64.b64decode(one, validate=True) for one in hashes if one]
    verify_inclusion(leaf_hash(body), number, checkpoint.size, checkpoint.root, path)
    facts = {"ledger": f"{checkpoint.origin}, record {number}: {record['action']} at {record['at']}"}
    problems = []
    if record["index"] != number or not str(record["action"]).startswith("report."):
        problems.append("the proof beside it is of another record than that of a signature")
    if record["details"].get("pdf_sha256") != hashlib.sha256(data).hexdigest():
        problems.append("the ledger's record is of another file than this one")
    unknown = f"nobody vouches for the ledger '{checkpoint.origin}' here: give its public key with --key as well"
    return Proof(facts, tuple(problems), () if known is not None else (unknown,))


def _known_key(trust: Trust, origin: str) -> PublicKey | None:
    """Return the ledger's key as known from elsewhere: given, or that of this machine's own ledger.

    Raises
    ------
    ValueError
        A ledger's key was given, and the proof is of another ledger.
    """
    from kerma.kernel.notes import PublicKey

    given = [PublicKey.parse(one) for one in trust.key.split() if "+" in one]
    if given and all(key.name != origin for key in given):
        raise ValueError(f"it speaks of ledger '{origin}', not of one whose key was given")
    home = [PublicKey.parse(trust.home_key)] if trust.home_key else []
    return next((key for key in [*given, *home] if key.name == origin), None)


def _signing_record(connection: sa.Connection, version: Mapping[str, Any]) -> tuple[int, str] | None:
    """Return index and text of the ledger record that kept a version's PDF as it is now."""
    import bisect

    import sqlalchemy as sa

    from kerma.kernel.ledger_proofs import records
    from kerma.kernel.ledger_tables import ledger_record

    newest = queries.signatures_of(connection, int(version["id"]))
    if not newest:
        return None
    at, size = (
        newest[-1]["signed_at"],
        int(connection.scalar(sa.select(sa.func.max(ledger_record.c.record_index))) or 0),
    )

    def time_of(index: int) -> str:
        return str(next(records(connection, index, index + 1))["at"])

    # Times of records never go back (``clock_at`` is what the clock said): the first of a time is found by halving.
    index = bisect.bisect_left(range(size + 1), at, key=time_of)
    bodies = sa.select(ledger_record.c.record_index, ledger_record.c.body)
    for found, body in connection.execute(bodies.where(ledger_record.c.record_index >= index).order_by("record_index")):
        record = json.loads(body)
        if record["action"] in SIGNING and record["details"].get("pdf_sha256") == newest[-1]["pdf_sha256"]:
            return int(found), str(body)
    return None
