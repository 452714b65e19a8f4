"""A BagIt 1.0 bag (RFC 8493) written straight into a zip: every file hashed on its way, nothing held whole.

Entries are stored, not compressed, with one fixed time, so that the same files give the same bytes on any machine and
the checker can tell a container that was written anew.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from kerma.areas.custody.verifier.package import BAGIT, MANIFEST, TAG_MANIFEST, tags_digest
from kerma.areas.custody.verifier.source import SAFE, entry_of
from kerma.errors import Altered, WrongUsage


class Bag:
    """A bag under way; the digests of what it holds so far are in ``digests``."""

    def __init__(self, path: Path, root: str) -> None:
        self.root = root
        self.digests: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self.add("bagit.txt", BAGIT)

    def __enter__(self) -> Bag:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def add(self, name: str, data: bytes) -> str:
        """Add a file; returns its SHA-256."""
        return self.add_stream(name, (data,), len(data))

    def add_stream(self, name: str, chunks: Iterable[bytes], size_bytes: int, sha256: str = "") -> str:
        """Add a file of known size chunk by chunk; returns its SHA-256.

        Raises
        ------
        Altered
            The bytes are not so many as said, or do not have the SHA-256 they are kept under.
        """
        if not SAFE.fullmatch(name) or name in self.digests:
            raise WrongUsage(f"'{name}' cannot be a file of a package, or is one already")
        entry = entry_of(f"{self.root}/{name}")
        entry.file_size = size_bytes
        digest, written = hashlib.sha256(), 0
        with self._zip.open(entry, "w") as file:
            for chunk in chunks:
                digest.update(chunk)
                written += file.write(chunk)
        found = digest.hexdigest()
        if written != size_bytes or (sha256 and found != sha256):
            raise Altered(f"the bytes of {name} have changed where they are kept: run `kerma archive check`")
        self.digests[name], self.sizes[name] = found, written
        return found

    def payload(self) -> dict[str, str]:
        """Return the digests of the files below ``data/``."""
        return {name: digest for name, digest in self.digests.items() if name.startswith("data/")}

    def payload_oxum(self) -> str:
        """Return the size in bytes and the number of the files below ``data/`` (RFC 8493, 2.2.2)."""
        sizes = [self.sizes[name] for name in self.payload()]
        return f"{sum(sizes)}.{len(sizes)}"

    def close_payload(self) -> str:
        """Write the manifest; nothing is added below ``data/`` afterwards. Returns the manifest's SHA-256."""
        return self.add(MANIFEST, _lines(self.payload()))

    def tags_sha256(self) -> str:
        """Return the digest over the tag files as they are now, which the seal holds."""
        return tags_digest(self.digests)

    def close(self) -> None:
        """Write the manifest of the tag files and end the zip."""
        tags = {name: digest for name, digest in self.digests.items() if not name.startswith("data/")}
        self.add(TAG_MANIFEST, _lines(tags))
        self._zip.close()


def _lines(digests: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()
