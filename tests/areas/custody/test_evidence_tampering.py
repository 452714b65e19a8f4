"""Every class of byte of an evidence package: changed, cut, added, swapped; none passes as unaltered."""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.areas.custody.packages import packed

from kerma.areas.custody import evidence_package
from kerma.areas.custody.evidence_verify import verify_package
from kerma.areas.custody.verifier.source import entry_of
from kerma.errors import Unusable
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.verify import Trust

FLIPS = 250


def passes(path: Path, key: str = "") -> bool:
    try:
        return verify_package(path, Trust(key=key)).is_unaltered
    except Unusable:
        return False


@pytest.fixture
def package(kernel: Kernel, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(evidence_package, "SOURCES", [])
    return packed(kernel, actor, tmp_path).path


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_flipped_bit_passes(package: Path, tmp_path: Path) -> None:
    """A third of the flips in what lies around the files and in small files, where a checker overlooks most."""
    data, place = package.read_bytes(), tmp_path / "flipped.zip"
    chance = random.Random(7)
    heads = [entry.header_offset + chance.randrange(90) for entry in zipfile.ZipFile(package).infolist()]
    tail = [len(data) - 1 - chance.randrange(2500) for _ in range(60)]
    for at in [*heads, *tail, *(chance.randrange(len(data)) for _ in range(FLIPS))]:
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        place.write_bytes(changed)
        assert not passes(place), f"bit of byte {at} flipped unseen"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_cut_or_longer_file_passes(package: Path, tmp_path: Path) -> None:
    data, place = package.read_bytes(), tmp_path / "cut.zip"
    for changed in (data[:-1], data[: len(data) // 2], data[:30], b"", data + b"\0", data + data, b"PK\3\4" + data):
        place.write_bytes(changed)
        assert not passes(place)


def rewritten(package: Path, out: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write a package anew with changed files, its container just as Kerma writes one."""
    with zipfile.ZipFile(package) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    change(files)
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(entry_of(name), data)
    return out


def _name(files: dict[str, bytes], end: str) -> str:
    return next(name for name in files if name.endswith(end))


def _with_manifests(files: dict[str, bytes]) -> None:
    """Make both manifests agree with the files, as a careful forger would."""
    import hashlib

    root = next(iter(files)).partition("/")[0]

    def lines(names: list[str]) -> bytes:
        listed = ((hashlib.sha256(files[name]).hexdigest(), name.partition("/")[2]) for name in names)
        return "".join(f"{digest}  {name}\n" for digest, name in sorted(listed, key=lambda one: one[1])).encode()

    tags = (f"{root}/manifest-sha256.txt", f"{root}/tagmanifest-sha256.txt")
    files[tags[0]] = lines([name for name in files if "/data/" in name])
    files[tags[1]] = lines([name for name in files if "/data/" not in name and name != tags[1]])


def _swap_originals(files: dict[str, bytes]) -> None:
    first, second = [name for name in files if "/originals/" in name]
    files[first], files[second] = files[second], files[first]


FORGERIES: dict[str, Callable[[dict[str, bytes]], None]] = {
    "an original changed": lambda files: files.update({_name(files, ".dcm"): b"x"}),
    "two originals swapped": _swap_originals,
    "a file added": lambda files: files.update({next(iter(files)).partition("/")[0] + "/data/extra.txt": b"x"}),
    "a file removed": lambda files: files.pop(_name(files, "cover.pdf")) and None,
    "the index changed": lambda files: files.update(
        {_name(files, "evidence.json"): files[_name(files, "evidence.json")].replace(b"court", b"curt!")}
    ),
    "a record changed": lambda files: files.update(
        {_name(files, "000000000.json"): files[_name(files, "000000000.json")].replace(b"person:1", b"person:2")}
    ),
    "the seal of another": lambda files: files.update(
        {_name(files, "seal/record.json"): files[_name(files, "000000000.json")],
         _name(files, "seal/record.tlog-proof"): files[_name(files, "000000000.tlog-proof")]}
    ),
    "the verifier changed": lambda files: files.update({_name(files, "verify/package.py"): b"print('UNALTERED')"}),
    "the description changed": lambda files: files.update({_name(files, "bag-info.txt"): b"Bagging-Date: 1999\n"}),
}  # fmt: skip


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_careful_forger_is_found(package: Path, tmp_path: Path, forgery: str) -> None:
    """Manifests and container are made to fit; what cannot be made to fit is the ledger."""
    assert passes(rewritten(package, tmp_path / "same.zip", lambda files: None))

    def forge(files: dict[str, bytes]) -> None:
        FORGERIES[forgery](files)
        _with_manifests(files)

    assert not passes(rewritten(package, tmp_path / "forged.zip", forge))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_forger_with_a_ledger_of_his_own_needs_the_key_to_be_believed(
    package: Path, kernel: Kernel, actor: Actor, tmp_path: Path
) -> None:
    from kerma.kernel.ledger import Signer

    honest = Signer.load(kernel.settings.home / "keys").public.vkey
    assert passes(package, honest)
    assert not passes(package, Signer.load(tmp_path / "forger").public.vkey)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_unpacked_package_is_checked_as_strictly(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "bag")
    bag = next((tmp_path / "bag").iterdir())
    assert passes(bag)
    (bag / "data" / "added.txt").write_text("x")
    assert not passes(bag)
    (bag / "data" / "added.txt").unlink()
    (bag / "link").symlink_to("/etc/passwd")
    assert not passes(bag)
    (bag / "link").unlink()
    assert passes(bag)
    shutil.rmtree(bag / "seal")
    assert not passes(bag)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_hostile_zips_are_no_packages(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "hostile.zip"
    for name in ("../../escape", "/etc/passwd", "evil\x00name", "a/../b", "C:\\x"):
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("p/bagit.txt", "BagIt-Version: 1.0\n")
            archive.writestr(f"p/{name}" if not name.startswith("/") else name, b"x")
        assert not passes(out)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/bagit.txt", "BagIt-Version: 1.0\n")
        archive.writestr("p/data/bomb", b"\0" * 50_000_000)
    assert not passes(out)
