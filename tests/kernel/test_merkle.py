from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import Altered, WrongUsage
from kerma.kernel.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The leaves of the test tree of Certificate Transparency (RFC 6962 implementations), and its roots by size.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
sizes = st.integers(1, 70)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


class Tree:
    """Perfect subtrees of a list of leaves."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves

    def __call__(self, level: int, index: int) -> bytes:
        part = self.leaves[index << level : (index + 1) << level]
        assert len(part) == 1 << level
        return naive_root(part)


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_published_roots(size: int, root: str) -> None:
    assert root_of([leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]).hex() == root


@given(st.integers(0, 300))
def test_the_growing_root_is_that_of_the_recursive_definition(size: int) -> None:
    assert root_of(leaves_of(size)) == naive_root(leaves_of(size))


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_tree_put_away_and_taken_out_grows_on(before: int, after: int) -> None:
    leaves = leaves_of(before + after)
    tree = CompactRange()
    for leaf in leaves[:before]:
        tree.append(leaf)
    tree = CompactRange.unpack(tree.size, tree.packed())
    for leaf in leaves[before:]:
        tree.append(leaf)
    assert tree.root() == naive_root(leaves)


def test_every_completed_subtree_is_told_once_and_is_right() -> None:
    leaves = leaves_of(100)
    tree, completed = CompactRange(), []
    for leaf in leaves:
        tree.append(leaf, completed)
    expected = {(level, index) for level in range(1, 7) for index in range(100 >> level)}
    assert {(level, index) for level, index, _ in completed} == expected
    assert len(completed) == len(expected)
    assert all(node == Tree(leaves)(level, index) for level, index, node in completed)


@given(sizes, st.data())
def test_each_leaf_proves_its_place_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    proof = inclusion_proof(index, size, Tree(leaves))
    verify_inclusion(leaves[index], index, size, naive_root(leaves), proof)
    other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index)) if size > 1 else size
    with pytest.raises(Altered):
        verify_inclusion(leaves[index], other, size, naive_root(leaves), proof)


@given(sizes, st.data())
def test_growth_is_proved_for_every_pair_of_sizes(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, second))
    leaves = leaves_of(second)
    proof = consistency_proof(first, second, Tree(leaves))
    verify_consistency(first, second, naive_root(leaves[:first]), naive_root(leaves), proof)


@given(sizes, st.data())
def test_a_rewritten_history_is_no_growth(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    leaves = leaves_of(second)
    rewritten = list(leaves)
    rewritten[data.draw(st.integers(0, first - 1))] = leaf_hash(b"another")
    proof = consistency_proof(first, second, Tree(rewritten))
    with pytest.raises(Altered):
        verify_consistency(first, second, naive_root(leaves[:first]), naive_root(rewritten), proof)


@given(sizes, st.data())
def test_no_proof_survives_a_changed_added_or_missing_hash(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    root, leaf = naive_root(leaves), leaves[index]
    proof = inclusion_proof(index, size, Tree(leaves))
    with pytest.raises(Altered):
        verify_inclusion(leaf, index, size, root, [*proof, leaf])
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:place], leaf_hash(b"another"), *proof[place + 1 :]]
        for wrong in (changed, proof[:place] + proof[place + 1 :]):
            with pytest.raises(Altered):
                verify_inclusion(leaf, index, size, root, wrong)


@given(sizes, st.data())
def test_no_growth_proof_survives_a_changed_added_or_missing_hash(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, second))
    leaves = leaves_of(second)
    roots = naive_root(leaves[:first]), naive_root(leaves)
    proof = consistency_proof(first, second, Tree(leaves))
    wrong = [[*proof, leaves[0]]]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        wrong += [proof[:place] + proof[place + 1 :], [*proof[:place], leaf_hash(b"x"), *proof[place + 1 :]]]
    for attempt in wrong:
        with pytest.raises(Altered):
            verify_consistency(first, second, *roots, attempt)


HASH = bytes(32)


@pytest.mark.parametrize(
    ("index", "size", "proof", "said"),
    [
        (5, 5, [], "cannot be in"),
        (-1, 5, [], "cannot be in"),
        (0, 0, [], "cannot be in"),
        (0, 2**62, [HASH] * 64, "longer than any tree"),
        (0, 2, [b"short"], "32 bytes"),
    ],
)
def test_refused_inclusion_proofs(index: int, size: int, proof: list[bytes], said: str) -> None:
    with pytest.raises(Altered, match=said):
        verify_inclusion(HASH, index, size, HASH, proof)


@pytest.mark.parametrize(
    ("first", "second", "first_root", "proof", "said"),
    [
        (6, 5, HASH, [], "cannot continue"),
        (-1, 5, HASH, [], "cannot continue"),
        (5, 5, HASH, [HASH], "must be empty"),
        (5, 5, leaf_hash(b""), [], "different roots"),
        (0, 5, EMPTY_ROOT, [HASH], "must be empty"),
        (0, 5, HASH, [], "empty ledger"),
        (3, 5, HASH, [], "nothing shows"),
        (3, 5, HASH, [HASH] * 64, "longer than any tree"),
        (3, 5, HASH, [b""], "32 bytes"),
    ],
)
def test_refused_growth_proofs(first: int, second: int, first_root: bytes, proof: list[bytes], said: str) -> None:
    with pytest.raises(Altered, match=said):
        verify_consistency(first, second, first_root, HASH, proof)


def test_asking_for_what_is_not_there_teaches() -> None:
    with pytest.raises(WrongUsage, match="no record 7 in a ledger of 7"):
        inclusion_proof(7, 7, Tree(leaves_of(7)))
    with pytest.raises(WrongUsage, match="cannot contain an earlier one of 8"):
        consistency_proof(8, 7, Tree(leaves_of(7)))
    with pytest.raises(WrongUsage, match="remembered by 2 hashes, not 1"):
        CompactRange(3, [HASH])
