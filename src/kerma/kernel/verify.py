"""Find out from a file alone whether what it holds is unaltered; needs no database.

Each kind of file that can prove itself has one row in :data:`VERIFIERS`; the first bytes of a file say which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kerma.errors import Unusable

HEAD_BYTES = 4096
"""What a row may look at to recognise its kind of file."""

UNALTERED, ALTERED, UNUSABLE = 0, 1, 2
"""Exit codes of ``kerma verify``."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was signed: where, and in words."""

    text: str
    line: int | None = None
    first_record: int | None = None
    last_record: int | None = None


@dataclass(frozen=True)
class Trust:
    """What the checker knows from elsewhere, and how to show progress."""

    key: str = ""
    """The public key as its one line of text, independently obtained; "" to fall back on what else is at hand."""
    home_key: str = ""
    """The public key of this machine's own ledger, used where the file names that ledger."""
    at_least: int = 0
    """A number of records the ledger is known to have had already."""
    witness: str = ""
    """A signed checkpoint kept elsewhere: the ledger must contain that state."""
    folder: str = ""
    """A folder of trusted certificates (PEM or DER), or one such file."""
    progress: Callable[[int, int], None] = lambda done, total: None
    """Told how many bytes are read, of how many."""


@dataclass(frozen=True)
class Verification:
    """The answer: what was checked, what was found, and what the answer rests on."""

    kind: str
    facts: Mapping[str, object]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    files: tuple[Mapping[str, object], ...] = ()
    """Of a kind that holds files, one line each: path, unchanged, since, by, action, record."""

    @property
    def is_unaltered(self) -> bool:
        """Whether nothing speaks against the file."""
        return not self.findings

    def document(self, path: Path) -> dict[str, object]:
        """Return the answer for machines."""
        return {
            "version": 1,
            "path": str(path),
            "kind": self.kind,
            "unaltered": self.is_unaltered,
            "facts": dict(self.facts),
            "findings": [asdict(finding) for finding in self.findings],
            "warnings": list(self.warnings),
        } | ({"files": [dict(one) for one in self.files]} if self.files else {})


@dataclass(frozen=True)
class Verifier:
    """One kind of file that can prove itself."""

    name: str
    recognises: Callable[[bytes], bool]
    verify: Callable[[Path, Trust], Verification]


def _is_ledger_export(head: bytes) -> bool:
    from kerma.kernel.ledger_format import is_export

    return is_export(head)


def _verify_ledger_export(path: Path, trust: Trust) -> Verification:
    from kerma.kernel.verify_export import verify_export

    return verify_export(path, trust)


VERIFIERS: list[Verifier] = [Verifier("ledger export", _is_ledger_export, _verify_ledger_export)]
"""Every kind of file; ``app.py`` adds those of the areas."""


def verify(path: Path, trust: Trust | None = None) -> Verification:
    """Check a file, or a folder that is a BagIt bag.

    Raises
    ------
    Unusable
        The file cannot be read, is of no kind that can prove itself, or the key given is no key.
    """
    try:
        with (path / "bagit.txt" if path.is_dir() else path).open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from error
    for verifier in VERIFIERS:
        if verifier.recognises(head):
            return verifier.verify(path, trust or Trust())
    kinds = " or ".join(verifier.name for verifier in VERIFIERS)
    raise Unusable(f"{path} is no {kinds}: its beginning is damaged, or it is another kind of file")
