"""Custody on paper: the chain form and the label with its QR code, as PDF/A. Pure: what is printed is an argument."""

from __future__ import annotations

import functools
import importlib.resources
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from kerma.areas.custody import rules
from kerma.areas.custody.queries import Chain, entry_of
from kerma.errors import WrongUsage
from kerma.kernel import clock, typeset

SIZES = ("62x29", "A4")
"""Labels: one on a strip of a label printer, 62 mm × 29 mm, or a sheet of 24, 70 mm × 36 mm each."""
ON_SHEET = 24
PHOTO_PX = 900
PICTURES = ("photo_sha256", "signature_sha256")
WHAT = {
    "seal_number": "Seal",
    "place": "Place",
    "text": "",
    "reason": "Reason",
    "refers_to": "See",
}
"""What an entry states, in the order it is printed, with its label."""


def qr_text(number: str, check: str) -> str:
    """Return what the QR code of a label says: number and check digest, in letters that keep the code small."""
    return f"KERMA:{number}:{check}"


def label(items: Sequence[Mapping[str, str]], at: datetime, *, size: str = "62x29") -> bytes:
    """Lay out labels; each item has ``number``, ``check``, ``kind``, ``description``, ``collected_at``, ``seal``."""
    if size not in SIZES:
        raise WrongUsage(f"a label is of size {' or '.join(SIZES)}, not '{size[:20]}'")
    import segno

    files, shown = {}, []
    for index, item in enumerate(items):
        buffer = io.BytesIO()
        segno.make_qr(qr_text(item["number"], item["check"]), error="q").save(buffer, kind="svg", border=0)
        files[f"qr{index}.svg"] = buffer.getvalue()
        shown.append({**item, "qr": f"qr{index}.svg"})
    return typeset.pdf(_template("label"), {"size": size, "items": shown, "date": _date(at)}, at, files)


def label_of(chain: Chain) -> dict[str, str]:
    """Return what the label of an item says."""
    first = chain.rows[0]
    return {
        "number": chain.item["number"],
        "check": chain.check,
        "kind": rules.KINDS[chain.item["kind"]],
        "description": chain.item["description"],
        "subject": chain.item["subject"],
        "collected_at": moment(first["happened_at"]) + "Z",
        "collected_by": chain.names.get(first["by"], first["by"]),
        "seal": chain.item["seal_number"],
    }


def form(chain: Chain, at: datetime, printed_by: str, photos: Mapping[str, bytes]) -> bytes:
    """Lay out the chain form; ``photos`` are JPEG pictures by the SHA-256 of the photo or signature they show."""
    import segno

    buffer = io.BytesIO()
    segno.make_qr(qr_text(chain.item["number"], chain.check), error="q").save(buffer, kind="svg", border=0)
    files = {"qr.svg": buffer.getvalue()} | {f"{sha256}.jpg": data for sha256, data in photos.items()}
    return typeset.pdf(_template("form"), _texts(chain, at, printed_by, set(photos)), at, files)


def _texts(chain: Chain, at: datetime, printed_by: str, pictured: set[str]) -> dict[str, Any]:
    item, standing = chain.item, chain.standing
    exam = chain.exam
    facts = [
        ("Kind", rules.KINDS[item["kind"]]),
        ("Description", item["description"]),
        ("Subject", item["subject"]),
        ("Exam", f"{exam['id']} · {exam['subject_id']} · {exam['description']}" if exam else ""),
        ("Image", item["image_uid"]),
        ("Image SHA-256", item["image_sha256"]),
        ("Copy of", chain.original["number"] if chain.original else ""),
        ("Copies", ", ".join(copy["number"] for copy in chain.copies)),
        ("State", rules.STATE_WORDS[standing.state]),
        ("Held by", chain.names.get(standing.holder, standing.holder)),
        ("Seal", standing.seal_number or "none"),
        ("Legal hold", "; ".join(chain.holds)),
    ]
    return {
        "number": item["number"],
        "check": chain.check,
        "date": _date(at),
        "printed_at": moment(clock.text(at)) + " UTC",
        "printed_by": printed_by,
        "facts": [list(fact) for fact in facts if fact[1]],
        "state": standing.state,
        "faults": [
            {"severity": one.severity, "words": one.words, "numbers": list(one.numbers), "span": _span(one)}
            for one in chain.faults
        ],
        "entries": [_entry(row, chain, pictured) for row in chain.rows],
        "parties": [{"key": key, **_party(row)} for key, row in sorted(chain.parties.items())],
        "disclosures": [_disclosure(row) for row in chain.disclosures],
        "digest": chain.rows[-1]["digest"] if chain.rows else "",
    }


def _entry(row: Mapping[str, Any], chain: Chain, pictured: set[str]) -> dict[str, Any]:
    facts = [[word, str(row[name])] for name, word in WHAT.items() if row[name]]
    if row["kind"] == rules.DISCLOSED:
        facts.pop()  # its text names the disclosure already
    if row["kind"] == rules.CORRECTED:
        facts.insert(0, ["Corrects", f"entry {row['corrects']}" + (", which is struck" if row["is_struck"] else "")])
    elif entry_of(row).is_late:
        facts.append(["Late entry", ""])
    picture = {name: f"{row[name]}.jpg" if row[name] in pictured else "" for name in PICTURES}
    return {
        "number": row["number"],
        "kind": row["kind"].replace("-", " "),
        "happened_at": moment(row["happened_at"]),
        "recorded_at": moment(row["recorded_at"]),
        "by": chain.names.get(row["by"], row["by"]),
        "giver": chain.names.get(row["giver"], ""),
        "receiver": chain.names.get(row["receiver"], ""),
        "confirmed": bool(row["confirmed_at"]),
        "facts": facts,
        "photo_picture": picture["photo_sha256"],
        "signature_picture": picture["signature_sha256"],
        "signature": row["signature"],
        "signature_of": _signer(row),
        "photo": row["photo_sha256"],
        "struck": any(one["corrects"] == row["number"] and one["is_struck"] for one in chain.rows),
        "corrected": [one["number"] for one in chain.rows if one["corrects"] == row["number"]],
        "digest": row["digest"],
    }


def _signer(row: Mapping[str, Any]) -> str:
    """Return which side of an entry has signed without an account."""
    if not (row["signature"] or row["signature_sha256"]):
        return ""
    return "giver" if row["giver"].startswith(rules.PARTY) else "receiver"


def _party(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in ("name", "organisation", "document")}


def _disclosure(row: Mapping[str, Any]) -> dict[str, Any]:
    same = ("id", "what", "recipient", "legal_basis", "receipt", "files")
    return {name: row[name] for name in same} | {"at": moment(row["disclosed_at"]), "by": row["by_name"]}


def _span(fault: Any) -> str:
    if fault.start is None:
        return ""
    until = f" to {moment(clock.text(fault.end))}" if fault.end else ", lasting"
    return moment(clock.text(fault.start)) + until


def moment(written: str) -> str:
    """Return a stored moment as it is printed: to the minute, in UTC."""
    return clock.moment(written).astimezone(UTC).strftime("%Y-%m-%d %H:%M") if written else ""


def _date(at: datetime) -> list[int]:
    return [at.year, at.month, at.day]


@functools.cache
def _template(name: str) -> bytes:
    return importlib.resources.files("kerma.areas.custody").joinpath("templates", f"{name}.typ").read_bytes()
