import stat
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import Altered, Unusable
from kerma.kernel.ledger_key import KEY_FILE, Signer
from kerma.kernel.notes import Checkpoint, Note, PublicKey, open_checkpoint

# The example in the documentation of golang.org/x/mod/sumdb/note: the same format, another implementation.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    GO_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SIGNER = Signer.generate("kerma/test")
CHECKPOINT = Checkpoint("kerma/test", 12, bytes(32), "2026-03-02T12:00:00.000000Z")


def test_signs_byte_for_byte_what_go_signs() -> None:
    assert Signer.parse(GO_SECRET).sign(GO_TEXT) == GO_NOTE
    assert Signer.parse(GO_SECRET).text == GO_SECRET
    assert Signer.parse(GO_SECRET).public.vkey == GO_PUBLIC
    Note.parse(GO_NOTE).check(PublicKey.parse(GO_PUBLIC))


@given(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs"]), min_size=1))
def test_what_is_signed_is_read_again(line: str) -> None:
    note = Note.parse(SIGNER.sign(line + "\n"))
    note.check(SIGNER.public)
    assert note.text == line + "\n"


def test_checkpoint_lines_are_those_of_the_format() -> None:
    root = b64encode(bytes(32)).decode()
    assert CHECKPOINT.text == f"kerma/test\n12\n{root}\ntime 2026-03-02T12:00:00.000000Z\n"
    assert open_checkpoint(SIGNER.sign(CHECKPOINT.text), SIGNER.public) == CHECKPOINT


def test_a_foreign_checkpoint_may_have_no_time_or_other_lines() -> None:
    root = b64encode(bytes(32)).decode()
    assert Checkpoint.parse(f"example.org/log\n7\n{root}\n") == Checkpoint("example.org/log", 7, bytes(32), "")
    assert Checkpoint.parse(f"example.org/log\n7\n{root}\nextra\n").size == 7


@pytest.mark.parametrize("size", ["", "-1", "+1", "01", "1.0", " 1", "1 ", "one", "٣", "9" * 19, "1" * 40])
def test_refused_sizes(size: str) -> None:
    with pytest.raises(Altered):
        Checkpoint.parse(CHECKPOINT.text.replace("\n12\n", f"\n{size}\n"))


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ("kerma/test\n", ""),
        ("kerma/test\n", "kerma test\n"),
        ("kerma/test\n", "kerma+test\n"),
        ("AAAA=", "AAAB="),
        ("AAAA=", "AAAA"),
        ("AAAAAAAA", "AAAA"),
        ("00Z\n", "00Z"),
        ("time 2026", "time 26"),
        ("000Z\n", "000Z\ntime 2026-03-02T12:00:00.000000Z\n"),
        ("time", "\ntime"),
    ],
)
def test_refused_checkpoints(found: str, put: str) -> None:
    text = CHECKPOINT.text.replace(found, put, 1)
    assert text != CHECKPOINT.text
    with pytest.raises(Altered):
        Checkpoint.parse(text)


def test_a_checkpoint_of_another_ledger_is_refused_even_with_a_good_signature() -> None:
    with pytest.raises(Altered, match="speaks of ledger 'kerma/other'"):
        open_checkpoint(SIGNER.sign(replace(CHECKPOINT, origin="kerma/other").text), SIGNER.public)


def test_signatures_of_unknown_keys_are_passed_over_but_a_known_one_must_fit() -> None:
    note = SIGNER.sign(CHECKPOINT.text)
    others = "".join(Signer.generate(f"witness/{n}").sign("x\n").split("\n\n")[1] for n in range(16))
    Note.parse(note + others).check(SIGNER.public)
    same_name = Signer.generate("kerma/test").sign(CHECKPOINT.text).split("\n\n")[1]
    Note.parse(note + same_name).check(SIGNER.public)
    wrong = SIGNER.sign("another text\n").split("\n\n")[1]
    for lines in (note + wrong, CHECKPOINT.text + "\n" + wrong + note.split("\n\n")[1]):
        with pytest.raises(Altered, match="does not fit"):
            Note.parse(lines).check(SIGNER.public)
    with pytest.raises(Altered, match="not signed by kerma/test"):
        Note.parse(CHECKPOINT.text + "\n" + others).check(SIGNER.public)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        "\n\n— a AAAAAAA=\n",
        "text\n\n— a AAAAAAA=",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n—a AAAAAAA=\n",
        "text\n\n— a  AAAAAAA=\n",
        "text\n\n— a AAAA\n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a+b AAAAAAA=\n",
        "te\rxt\n\n— a AAAAAAA=\n",
        "te\x00xt\n\n— a AAAAAAA=\n",
        "text\n\n" + "— a AAAAAAA=\n" * 65,
        "x" * 70_000 + "\n\n— a AAAAAAA=\n",
    ],
)
def test_refused_notes(written: str) -> None:
    with pytest.raises(Altered):
        Note.parse(written)


def test_every_changed_byte_of_a_note_is_found() -> None:
    note = SIGNER.sign(CHECKPOINT.text).encode()
    for place in range(len(note)):
        changed = note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :]
        with pytest.raises((Altered, UnicodeDecodeError)):
            open_checkpoint(changed.decode(), SIGNER.public)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "kerma",
        "a+b+c",
        GO_PUBLIC[:-4],
        GO_PUBLIC.replace("c74f", "c74e"),
        GO_PUBLIC.replace("ARpc", "ARpd"),
        "a b+" * 3,
    ],
)
def test_refused_public_keys(vkey: str) -> None:
    with pytest.raises(Unusable):
        PublicKey.parse(vkey)


@pytest.mark.parametrize("text", ["", GO_PUBLIC, GO_SECRET[:-4], GO_SECRET.replace("c74f", "c74e")])
def test_refused_secret_keys(text: str) -> None:
    with pytest.raises(Unusable, match="damaged"):
        Signer.parse(text)


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = Signer.load(tmp_path / "keys")
    assert Signer.load(tmp_path / "keys") == first
    assert stat.S_IMODE((tmp_path / "keys/ledger.key").stat().st_mode) == 0o600
    assert (tmp_path / "keys/ledger.vkey").read_text() == first.public.vkey + "\n"
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["ledger.key", "ledger.vkey"]
    assert first.public.name.startswith("kerma/")
    assert b64encode(first.seed).decode() not in repr(first)


def test_a_key_that_others_may_use_is_refused(tmp_path: Path) -> None:
    Signer.load(tmp_path)
    (tmp_path / "ledger.key").chmod(0o644)
    with pytest.raises(Unusable, match="chmod 600"):
        Signer.load(tmp_path)


def test_many_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        signers = list(pool.map(lambda _: Signer.load(tmp_path / "keys"), range(32)))
    assert len({signer.public.vkey for signer in signers}) == 1


def test_a_key_that_another_process_makes_between_two_looks_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Path.exists
    others: list[Signer | None] = []

    def exists(path: Path) -> bool:
        found = looks(path)
        if path.name == KEY_FILE and not found and not others:
            others.append(None)
            others[0] = Signer.load(path.parent)
        return found

    monkeypatch.setattr(Path, "exists", exists)
    assert Signer.load(tmp_path / "keys") == others[0]
