"""`kerma verify` of a signed report: every signature in words, whom it rests on, and the ledger's proof beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kerma.areas.report.signature import SEAL
from kerma.kernel.verify import Finding, Verification

if TYPE_CHECKING:
    from kerma.areas.report.signature_verify import DocumentState, SignatureState
    from kerma.kernel.verify import Trust

LARGEST_BYTES = 500_000_000


def is_pdf(head: bytes) -> bool:
    """Return whether a file that begins so is a PDF."""
    return head.startswith(b"%PDF-")


def verify_report(path: Path, trust: Trust) -> Verification:
    """Check a signed report: the bytes, each signature, its certificate where one is given, and the proof beside it.

    Raises
    ------
    Unusable
        It is no PDF that can be read, carries no signature, or the trusted certificates cannot be read.
    """
    from kerma.areas.report.proof import check_proof
    from kerma.areas.report.sign import certificates_in
    from kerma.areas.report.signature_verify import verify_pdf
    from kerma.errors import Unusable

    if path.stat().st_size > LARGEST_BYTES:
        raise Unusable(f"{path} has {path.stat().st_size} bytes; a report is never that large")
    data = path.read_bytes()
    document = verify_pdf(data, certificates_in(Path(trust.folder)) if trust.folder else ())
    findings = [*document.problems, *_certificate_findings(document, trust)]
    proof = check_proof(path, data, trust)
    is_draft = document.signatures[0].slot == SEAL
    return Verification(
        "sealed draft of a report" if is_draft else "signed report",
        _facts(document) | dict(proof.facts),
        tuple(Finding(words) for words in [*findings, *proof.problems]),
        (*_warnings(document, trust), *(() if is_draft else proof.warnings)),
    )


def _certificate_findings(document: DocumentState, trust: Trust) -> list[str]:
    """Return what speaks against a signature by what the checker knows from elsewhere."""
    words = []
    expected = _digests(trust.key)
    if expected and not any(one.certificate_sha256 in expected for one in document.signatures):
        words.append("signed with another certificate than the one given")
    for one in document.signatures:
        if one.is_trusted is False and one.certificate_sha256 not in expected:
            words.append(f"signature of {one.who} ({one.slot}): none of the trusted certificates vouches for it")
        if one.is_stamp_trusted is False:
            words.append(f"signature of {one.who} ({one.slot}): no trusted certificate vouches for its time stamp")
    return words


def _digests(key: str) -> list[str]:
    """Return the SHA-256 digests of certificates a key names: one or more, hexadecimal, with or without colons."""
    return [one.lower().replace(":", "") for one in key.replace(",", " ").split() if "+" not in one]


def _warnings(document: DocumentState, trust: Trust) -> list[str]:
    words = []
    if document.signatures[0].slot == SEAL:
        words.append("this is a draft under the organisation's seal: nobody has signed it")
    if not trust.key and not trust.folder:
        words.append(
            "each certificate vouches for itself here: give its SHA-256 with --key, or trusted ones with --trust DIR"
        )
    if any(one.is_demonstration for one in document.signatures):
        words.append("made with a demonstration key: it proves that nothing was changed, not who signed")
    if any(not one.stamped_at for one in document.signatures):
        words.append("a signature has no time stamp: its time is the one the signer's machine states")
    return words


def _facts(document: DocumentState) -> dict[str, object]:
    """Return the facts: of the first signature as ever, and of every signature in its order."""
    first = document.signatures[0]
    verb = "sealed" if first.slot == SEAL else "signed"
    facts: dict[str, object] = {
        f"{verb} by": first.who,
        f"{verb} at": first.when,
        "meaning": first.meaning,
        "certificate": first.certificate,
        "certificate SHA-256": first.certificate_sha256,
    }
    if len(document.signatures) > 1:
        facts["signatures"] = len(document.signatures)
    for number, one in enumerate(document.signatures, start=1):
        if one.stamped_at:
            facts["time stamp" if number == 1 else f"time stamp {number}"] = f"{one.stamped_at}, by {one.stamped_by}"
        if number > 1:
            facts[f"signature {number}"] = _words(one)
    if document.open_slots:
        facts["not yet signed"] = ", ".join(document.open_slots)
    return facts


def _words(one: SignatureState) -> str:
    return f"{one.who} ({one.slot}), {one.when}: {one.meaning}; certificate SHA-256 {one.certificate_sha256}"
