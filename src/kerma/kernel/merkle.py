"""The Merkle tree of RFC 9162 (SHA-256): hashing, a growing root, proofs, and their checks.

::

    empty tree  SHA-256("")
    leaf        SHA-256(0x00 || data)
    node        SHA-256(0x01 || left || right)        split at the largest power of two smaller than n

Nothing here recurses, so that a hostile proof or a large tree cannot exhaust the stack. A *perfect subtree* is named
by its level and index: level 0 are the leaves, ``(level, index)`` covers the leaves ``index << level`` up to
``(index + 1) << level``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from kerma.errors import Altered, WrongUsage

HASH_BYTES = 32

EMPTY_ROOT = sha256(b"").digest()

PROOF_LIMIT = 63
"""No tree of fewer than 2^63 leaves needs a longer proof (C2SP tlog-witness)."""

Subtree = Callable[[int, int], bytes]
"""Gives the hash of the perfect subtree (level, index)."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A tree that only remembers what it needs to grow: one hash for each one-bit of its size, largest first."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size < 0 or size.bit_count() != len(hashes) or any(len(part) != HASH_BYTES for part in hashes):
            raise WrongUsage(f"a tree of {size} leaves is remembered by {size.bit_count()} hashes, not {len(hashes)}")
        self.size = size
        self.hashes = list(hashes)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> CompactRange:
        """Read what :meth:`packed` wrote."""
        return cls(size, [packed[start : start + HASH_BYTES] for start in range(0, len(packed), HASH_BYTES)])

    def packed(self) -> bytes:
        """Return the hashes as one run of bytes, to be stored beside the size."""
        return b"".join(self.hashes)

    def append(self, leaf: bytes, completed: list[tuple[int, int, bytes]] | None = None) -> None:
        """Add one leaf by its hash; every perfect subtree this completes is added to ``completed`` if given."""
        node, level, size, hashes = leaf, 0, self.size, self.hashes
        while size & 1:
            node = sha256(b"\x01" + hashes.pop() + node).digest()
            size >>= 1
            level += 1
            if completed is not None:
                completed.append((level, size, node))
        hashes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def range_root(start: int, stop: int, subtree: Subtree) -> bytes:
    """Return the hash over the leaves from start to stop, where start is a multiple of the largest power inside."""
    parts = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        parts.append(subtree(level, start >> level))
        start += 1 << level
    root = parts[-1]
    for left in reversed(parts[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that show leaf ``index`` to be in the tree of ``size`` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise WrongUsage(f"there is no record {index} in a ledger of {size} records")
    start, stop = 0, size
    proof = []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(range_root(middle, stop, subtree))
            stop = middle
        else:
            proof.append(range_root(start, middle, subtree))
            start = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that show the tree of ``first`` leaves to begin that of ``second`` (RFC 9162, 2.1.4.1)."""
    if not 0 <= first <= second:
        raise WrongUsage(f"a ledger of {second} records cannot contain an earlier one of {first}")
    if first in (0, second):
        return []
    start, stop = 0, second
    proof = []
    while stop != first:
        middle = start + _split(stop - start)
        if first <= middle:
            proof.append(range_root(middle, stop, subtree))
            stop = middle
        else:
            proof.append(range_root(start, middle, subtree))
            start = middle
    if start:
        proof.append(range_root(start, stop, subtree))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that a leaf hash is at ``index`` of the tree with this size and root (RFC 9162, 2.1.3.2).

    Raises
    ------
    Altered
        The proof does not hold, or is no proof at all.
    """
    if not 0 <= index < size:
        raise Altered(f"record {index} cannot be in a ledger of {size} records")
    _refuse_misshapen([leaf, root, *proof], len(proof))
    node, position, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise Altered(f"the proof of record {index} is longer than a ledger of {size} records allows")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last or node != root:
        raise Altered(f"record {index} is not what the ledger of {size} records holds at that place")


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the first tree is the unchanged beginning of the second (RFC 9162, 2.1.4.2).

    Raises
    ------
    Altered
        The proof does not hold, or is no proof at all.
    """
    if not 0 <= first <= second:
        raise Altered(f"a ledger of {second} records cannot continue one of {first}: records were taken away")
    _refuse_misshapen([first_root, second_root, *proof], len(proof))
    if first in (0, second):
        _verify_trivial(first, second, first_root, second_root, proof)
        return
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        raise Altered(f"nothing shows that the ledger of {second} records continues the one of {first}")
    if _climb(first, second, path) != (first_root, second_root):
        raise Altered(f"the ledger of {second} records does not continue the one of {first}: its history was rewritten")


def _climb(first: int, second: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first_node = second_node = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Altered(f"the proof from {first} to {second} records is longer than it can be")
        if position & 1 or position == last:
            first_node, second_node = node_hash(sibling, first_node), node_hash(sibling, second_node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second_node = node_hash(second_node, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise Altered(f"the proof from {first} to {second} records is shorter than it must be")
    return first_node, second_node


def _verify_trivial(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise Altered(f"a proof from {first} to {second} records must be empty, this one has {len(proof)} hashes")
    if first == 0 and first_root != EMPTY_ROOT:
        raise Altered("the root of an empty ledger is not the one given")
    if first == second and first_root != second_root:
        raise Altered(f"two ledgers of {first} records have different roots: one of them was rewritten")


def _refuse_misshapen(hashes: Sequence[bytes], length: int) -> None:
    if length > PROOF_LIMIT:
        raise Altered(f"a proof of {length} hashes is longer than any tree needs ({PROOF_LIMIT})")
    if any(len(part) != HASH_BYTES for part in hashes):
        raise Altered(f"a hash in the proof is not {HASH_BYTES} bytes long")


def _split(size: int) -> int:
    """Return the largest power of two smaller than size (RFC 9162, 2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)
