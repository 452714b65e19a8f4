"""``kerma verify`` of an evidence package: the package's own check, and the signatures of the reports in it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kerma.areas.custody.verifier.package import Answer, check
from kerma.areas.custody.verifier.proofs import Key, WrongError
from kerma.areas.custody.verifier.source import FolderSource, UnusableError, ZipSource
from kerma.errors import KermaError, Unusable
from kerma.kernel.verify import Finding, Trust, Verification
from kerma.kernel.verify import verify as verify_file

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "evidence package"
PDF_HEAD = b"%PDF-"


def is_package(head: bytes) -> bool:
    """Return whether a file (a zip) or folder (its ``bagit.txt``) begins as an evidence package does."""
    return head.startswith((b"PK\x03\x04", b"BagIt-Version:"))


def verify_package(path: Path, trust: Trust) -> Verification:
    """Check a package, zip or folder, and every signed report in it.

    Raises
    ------
    Unusable
        It is no evidence package, or the key given is no ledger's key.
    """
    total = _size(path)
    done = 0

    def tick(name: str) -> None:
        nonlocal done
        done += 1
        trust.progress(min(done, total), total)

    try:
        source = FolderSource(path) if path.is_dir() else ZipSource(path)
        total = len(source.names)
        key, note = _key(source, trust)
        answer = check(path, key, tick)
    except UnusableError as error:
        raise Unusable(str(error)) from error
    if note:
        answer.warnings = [note]
    _check_reports(source, answer, trust)
    findings = tuple(
        Finding(f"{one['file'] or 'the package'}: {one['text']}") for one in sorted(answer.problems, key=str)
    )
    facts = {name: value for name, value in answer.facts.items() if value not in ("", None)}
    return Verification(KIND, facts, findings, tuple(answer.warnings), tuple(answer.files))


def _key(source: FolderSource | ZipSource, trust: Trust) -> tuple[str, str]:
    """Return the key to check with, "" for the package's own, and what must be said of it."""
    if trust.key:
        return trust.key.strip(), ""
    own = b"".join(source.chunks("ledger-key.txt")) if "ledger-key.txt" in source.names else b""
    try:
        named = Key.parse(own.decode("utf-8", "replace")).name
    except WrongError:
        return "", ""
    home = trust.home_key.strip()
    if home and home.partition("+")[0] == named:
        return home, "checked with the key of this machine's own ledger"
    return "", ""


def _check_reports(source: FolderSource | ZipSource, answer: Answer, trust: Trust) -> None:
    """Check the signatures of the reports; one that was never signed is a draft, and is said to be."""
    for name, data in _reports(source, answer):
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(data)
            file.flush()
            try:
                found = verify_file(Path(file.name), Trust())
            except Unusable as error:
                answer.warnings.append(f"{name}: {error}")
                continue
            except KermaError as error:
                answer.add(name, str(error))
                continue
        for finding in found.findings:
            answer.add(name, finding.text)
        verb = "sealed" if "sealed by" in found.facts else "signed"
        signed = f"{verb} by {found.facts.get(f'{verb} by', '?')}, {found.facts.get(f'{verb} at', '?')}"
        for one in answer.files:
            if one["path"] == name:
                one["about"] += f"; {signed}"


def _reports(source: FolderSource | ZipSource, answer: Answer) -> Iterator[tuple[str, bytes]]:
    for one in answer.files:
        if one["kind"] == "report":
            data = b"".join(source.chunks(one["path"]))
            if data.startswith(PDF_HEAD):
                yield one["path"], data


def _size(path: Path) -> int:
    return 1 if path.is_dir() else max(1, path.stat().st_size)
