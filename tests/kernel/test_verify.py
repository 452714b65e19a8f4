"""Attacks on an exported ledger: whatever is done to the file, the public key alone is enough to find it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.kernel.exports import Log, changed, make_log, seal

from kerma.errors import Unusable
from kerma.kernel import verify_lines
from kerma.kernel.ledger_format import note_line, read_tile, tile_line
from kerma.kernel.ledger_key import Signer
from kerma.kernel.merkle import leaf_hash, root_of
from kerma.kernel.notes import Checkpoint
from kerma.kernel.verify import VERIFIERS, Trust, Verification, Verifier, verify

TOTAL = 10_300
VICTIM = 4_711


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return make_log(tmp_path_factory.mktemp("log"), TOTAL, Signer.generate("kerma/test"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return make_log(tmp_path_factory.mktemp("small"), 7, Signer.generate("kerma/small"), per_second=3)


@pytest.fixture(scope="module")
def fork(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Log:
    """Another ledger of the same key, which tells another story from one record on."""
    return make_log(tmp_path_factory.mktemp("fork"), TOTAL, log.signer, fork_at=VICTIM)


def assert_found(answer: Verification, said: str, first: int | None = None, last: int | None = None) -> None:
    """The first finding says what, and names the records where it knows them."""
    assert not answer.is_unaltered
    finding = answer.findings[0]
    assert said in finding.text, answer.findings
    if first is not None:
        assert (finding.first_record, finding.last_record) == (first, first if last is None else last)


def test_an_honest_export_is_unaltered(log: Log) -> None:
    answer = log.check(log.lines)
    assert answer.findings == answer.warnings == ()
    assert answer.facts["records"] == TOTAL
    assert answer.facts["root"] == root_of([leaf_hash(body) for body in log.bodies()]).hex()
    assert answer.facts["checkpoints"] == len(log.checkpoint_lines()) > 270


def test_every_flipped_byte_of_a_whole_file_is_found(small: Log) -> None:
    whole = b"".join(small.lines)
    for place in range(len(whole)):
        bits = (0x01, 0x20, 0x80)[place % 3]
        altered = whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :]
        assert not small.check(altered).is_unaltered, f"byte {place} ^ {bits}: {altered[max(0, place - 20) :][:40]!r}"


def test_bytes_left_out_or_put_in_are_found(small: Log) -> None:
    whole = b"".join(small.lines)
    for place in range(0, len(whole), 11):
        assert not small.check(whole[:place] + whole[place + 1 :]).is_unaltered
        assert not small.check(whole[:place] + b"\n" + whole[place:]).is_unaltered


def test_flipped_bytes_all_over_a_large_file_are_found(log: Log) -> None:
    whole = b"".join(log.lines)
    draw = random.Random(20260302)
    for _ in range(12):
        place, bit = draw.randrange(len(whole)), draw.randrange(8)
        altered = bytearray(whole)
        altered[place] ^= 1 << bit
        assert not log.check(bytes(altered)).is_unaltered, f"byte {place}, bit {bit}"


@pytest.mark.parametrize("index", [0, 1, 255, 256, VICTIM, TOTAL - 1])
def test_one_flipped_byte_of_a_record_names_just_that_record(log: Log, index: int) -> None:
    lines = list(log.lines)
    place = log.record_line(index)
    lines[place] = lines[place].replace(b'"outcome":"done"', b'"outcome":"dome"')
    answer = log.check(lines)
    assert_found(answer, f"record {index} was altered", index)
    assert [finding.line for finding in answer.findings] == [place + 1]


@pytest.mark.parametrize(("first", "count"), [(0, 1), (VICTIM, 1), (VICTIM, 30), (TOTAL - 1, 1), (500, 12)])
def test_deleted_records_are_named(log: Log, first: int, count: int) -> None:
    gone = {log.record_line(index) for index in range(first, first + count)}
    answer = log.check([line for place, line in enumerate(log.lines) if place not in gone])
    named = [
        index
        for finding in answer.findings
        if "missing" in finding.text and finding.first_record is not None and finding.last_record is not None
        for index in range(finding.first_record, finding.last_record + 1)
    ]
    assert named == list(range(first, first + count))


@pytest.mark.parametrize("kind", ["copy", "forged"])
def test_an_inserted_record_is_placed(log: Log, kind: str) -> None:
    place = log.record_line(VICTIM)
    line = log.lines[place - 1] if kind == "copy" else changed(log.lines[place][:-1], actor="person:999") + b"\n"
    assert_found(log.check([*log.lines[:place], line, *log.lines[place:]]), f"before record {VICTIM}", VICTIM)


def test_swapped_records_are_named(log: Log) -> None:
    lines = list(log.lines)
    one, two = log.record_line(VICTIM), log.record_line(VICTIM + 1)
    lines[one], lines[two] = lines[two], lines[one]
    answer = log.check(lines)
    assert_found(answer, f"record {VICTIM} is missing", VICTIM)
    assert "moved" in answer.findings[1].text


def test_a_back_dated_record_is_named(log: Log) -> None:
    lines = list(log.lines)
    place = log.record_line(VICTIM)
    lines[place] = changed(lines[place][:-1], at="2026-03-01T12:00:00.000000Z") + b"\n"
    assert_found(log.check(lines), f"record {VICTIM} was altered", VICTIM)


def test_a_record_cut_out_with_all_its_tile_is_noticed(log: Log) -> None:
    first = next(place for place, line in enumerate(log.lines) if line.startswith(b"[512,"))
    last = next(place for place, line in enumerate(log.lines) if line.startswith(b"[768,"))
    assert_found(log.check(log.lines[:first] + log.lines[last:]), "records from 768 on stand after 512", 512, 768)


@pytest.mark.parametrize("part", ["line", "checkpoint", "end", "byte", "last byte", "header only"])
def test_a_cut_file_is_noticed_wherever_it_ends(log: Log, part: str) -> None:
    lines = {
        "line": log.lines[: log.record_line(VICTIM)],
        "checkpoint": log.lines[: log.checkpoint_lines()[100] + 1],
        "end": log.lines[:-1],
        "byte": b"".join(log.lines)[:1_234_567],
        "last byte": b"".join(log.lines)[:-1],
        "header only": log.lines[:1],
    }[part]
    answer = log.check(lines)
    assert not answer.is_unaltered
    assert any("signed end" in finding.text for finding in answer.findings), answer.findings


def test_cut_at_every_checkpoint_of_a_small_file(small: Log) -> None:
    for place in small.checkpoint_lines():
        assert_found(small.check(small.lines[: place + 1]), "without its signed end")


def test_a_checkpoint_does_not_pass_for_the_signed_end(log: Log) -> None:
    place = log.checkpoint_lines()[100]
    size = list(log.notes())[100]
    header = log.lines[0].replace(f'"size":{TOTAL}'.encode(), f'"size":{size}'.encode())
    assert_found(log.check([header, *log.lines[1 : place + 1]]), "without its signed end")
    assert not log.check([header, *log.lines[1 : place + 1], log.lines[place]]).is_unaltered
    assert not log.check([header, *log.lines[1 : place + 1], log.lines[-1]]).is_unaltered


def rewritten(log: Log, first: int) -> list[bytes]:
    """Other records from ``first`` on, as somebody without the key would like them."""
    return [changed(body, actor="person:999") if index >= first else body for index, body in enumerate(log.bodies())]


def test_a_rewritten_tail_with_all_hashes_recomputed_is_found(log: Log) -> None:
    forged = seal(log.signer, rewritten(log, VICTIM), log.notes())[:-1] + log.lines[-1:]
    answer = log.check(forged)
    assert_found(answer, "no longer give what was signed")
    finding = answer.findings[0]
    assert finding.first_record is not None and finding.last_record is not None
    assert finding.first_record <= VICTIM <= finding.last_record
    assert finding.last_record - finding.first_record < 40


def test_one_record_and_its_listed_hash_rewritten_is_found(log: Log) -> None:
    bodies = log.bodies()
    bodies[VICTIM] = changed(bodies[VICTIM], actor="person:999")
    forged = seal(log.signer, bodies, log.notes())[:-1] + log.lines[-1:]
    assert_found(log.check(forged), "no longer give what was signed")


def test_a_rewritten_tail_without_its_checkpoints_is_found(log: Log) -> None:
    kept = {size: note for size, note in log.notes().items() if size <= VICTIM}
    forged = seal(log.signer, rewritten(log, VICTIM), kept)[:-1]
    assert_found(log.check(forged), "without its signed end")
    assert not log.check([*forged, log.lines[-1]]).is_unaltered


def test_a_rewritten_tail_signed_by_another_key_is_found(log: Log) -> None:
    stranger = Signer.generate("kerma/test")
    kept = {size: note for size, note in log.notes().items() if size <= VICTIM}
    own_end = seal(stranger, rewritten(log, VICTIM), kept)
    assert not log.check([log.lines[0], *own_end[1:]]).is_unaltered
    assert_found(log.check(own_end), "not the one you trust")


def resigned(log: Log, stranger: Signer) -> list[bytes]:
    notes = {}
    for size, note in log.notes().items():
        checkpoint = Checkpoint.parse(note.split("\n\n")[0] + "\n")
        notes[size] = stranger.sign(Checkpoint(stranger.public.name, size, checkpoint.root, checkpoint.at).text)
    return seal(stranger, log.bodies(), notes)


def test_the_whole_ledger_signed_anew_by_another_key_is_found_with_the_true_key(log: Log) -> None:
    forged = resigned(log, Signer.generate("kerma/test"))
    assert_found(log.check(forged), "not the one you trust")
    assert_found(log.check(forged, Trust(home_key=log.key)), "not the one you trust")
    alone = log.check(forged, Trust())
    assert alone.is_unaltered
    assert "not who wrote it" in alone.warnings[0]


def test_the_home_key_speaks_only_for_its_own_ledger(log: Log) -> None:
    other = Signer.generate("kerma/other").public.vkey
    assert log.check(log.lines, Trust(home_key=log.key)).warnings == ()
    assert log.check(log.lines, Trust(home_key=other)).warnings != ()
    assert_found(log.check(log.lines, Trust(key=other)), "not the one you trust")


def test_a_changed_list_of_hashes_is_told_from_changed_records(log: Log) -> None:
    lines = list(log.lines)
    place = next(place for place, line in enumerate(lines) if line.startswith(b"[512,"))
    first, leaves = read_tile(lines[place])
    lines[place] = tile_line(first, [*leaves[:9], leaf_hash(b"another"), *leaves[10:]])
    answer = log.check(lines)
    assert_found(answer, "the list of hashes of records")
    assert "the records were not" in answer.findings[0].text
    lines[place] = lines[place].replace(b"A", b"*", 1)
    assert_found(log.check(lines), f"line {place + 1} was altered")


def test_checkpoints_taken_out_doubled_or_moved_are_found(log: Log) -> None:
    lines, places = log.lines, log.checkpoint_lines()
    place, later = places[50], places[60]
    assert_found(log.check(lines[:place] + lines[place + 1 :]), "checkpoints were exported")
    assert_found(log.check([*lines[:later], lines[place], *lines[later:]]), "removed, added or moved")
    assert_found(log.check([*lines[:place], lines[later], *lines[place:]]), "moved")
    swapped = list(lines)
    swapped[place], swapped[later] = swapped[later], swapped[place]
    assert not log.check(swapped).is_unaltered
    assert not log.check([*lines[: place + 1], lines[place], *lines[place + 1 :]]).is_unaltered


def test_a_checkpoint_with_another_signature_is_found(log: Log) -> None:
    lines = list(log.lines)
    place = log.checkpoint_lines()[50]
    text, signature = json.loads(lines[place]).split("\n\n")
    stranger = Signer.generate("kerma/test").sign(text + "\n")
    lines[place] = note_line(stranger)
    assert_found(log.check(lines), f"line {place + 1} was altered: not signed by kerma/test")
    other = json.loads(lines[log.checkpoint_lines()[51]]).split("\n\n")[1]
    assert other != signature
    lines[place] = note_line(f"{text}\n\n{other}")
    assert_found(log.check(lines), "does not fit the text")


def test_two_logs_of_one_key_cannot_be_joined(log: Log, fork: Log) -> None:
    assert fork.check(fork.lines).is_unaltered
    one, two = log.record_line(VICTIM + 500), fork.record_line(VICTIM + 500)
    assert not log.check(log.lines[:one] + fork.lines[two:]).is_unaltered
    assert not log.check(fork.lines[:two] + log.lines[one:]).is_unaltered


def test_whatever_follows_the_signed_end_is_found(log: Log) -> None:
    for more in (log.lines[-1], log.lines[10], b"\n", b"x"):
        assert_found(log.check([*log.lines, more]), "goes on after its signed end")


def test_an_older_export_is_found_by_what_is_known_of_the_ledger(log: Log, tmp_path: Path) -> None:
    older = make_log(tmp_path / "older", 9_990, log.signer)
    assert older.check(older.lines).is_unaltered
    assert_found(older.check(older.lines, Trust(key=log.key, at_least=TOTAL)), "10300 records already")
    witness = list(log.notes().values())[-1]
    assert_found(older.check(older.lines, Trust(key=log.key, witness=witness)), "10300 records already")
    assert log.check(log.lines, Trust(key=log.key, at_least=9_990, witness=witness)).is_unaltered


def test_a_rewritten_history_is_found_by_a_kept_checkpoint(log: Log, fork: Log) -> None:
    before = [note for size, note in log.notes().items() if size <= VICTIM][-1]
    after = list(log.notes().values())[-1]
    assert fork.check(fork.lines, Trust(key=log.key, witness=before)).is_unaltered
    assert_found(fork.check(fork.lines, Trust(key=log.key, witness=after)), "history was rewritten")
    with pytest.raises(Unusable, match="checkpoint you kept"):
        fork.check(fork.lines, Trust(key=log.key, witness="no checkpoint"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": "2026-03-02T11:00:00.000000Z"}, "back-dated"),
        ({"at": "yesterday"}, "no time"),
        ({"index": 6}, "calls itself record 6"),
        ({"index": "5"}, "no index"),
    ],
)
def test_what_the_holder_of_the_key_may_not_sign_is_found(small: Log, change: dict[str, object], said: str) -> None:
    bodies = small.bodies()
    bodies[5] = changed(bodies[5], **change)
    assert_found(small.check(seal(small.signer, bodies, {})), said, 5)


def test_signed_but_not_canonical_is_found(small: Log) -> None:
    bodies = small.bodies()
    bodies[5] = bodies[5].replace(b":", b": ", 1)
    assert_found(small.check(seal(small.signer, bodies, {})), "canonical", 5)


def test_records_older_than_the_checkpoint_before_them_are_found(small: Log) -> None:
    bodies = small.bodies()
    late = Checkpoint(
        "kerma/small", 4, root_of([leaf_hash(body) for body in bodies[:4]]), "2026-03-02T13:00:00.000000Z"
    )
    early = Checkpoint("kerma/small", 4, late.root, "2026-03-02T11:00:00.000000Z")
    notes = {4: small.signer.sign(late.text)}
    assert_found(small.check(seal(small.signer, bodies, notes)), "back-dated", 4)
    notes = {4: small.signer.sign(early.text)}
    assert_found(small.check(seal(small.signer, bodies, notes)), "signed before what it covers")
    end_too_early = seal(small.signer, bodies, {}, at="2026-03-02T11:00:00.000000Z")
    assert_found(small.check(end_too_early), "signed before its last record")


def test_several_processes_find_the_same(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = list(log.lines)
    lines[log.record_line(VICTIM)] = lines[log.record_line(VICTIM + 1)]
    alone = log.check(lines)
    monkeypatch.setattr(verify_lines, "PARALLEL_FROM_BYTES", 0)
    assert log.check(lines) == alone
    assert log.check(log.lines).is_unaltered


def test_endless_lines_and_endless_findings_stop_the_check(small: Log) -> None:
    endless = small.check(small.lines[0] + b"{" * 20_000_000)
    assert not endless.is_unaltered
    many = small.check([small.lines[0], *[b'"x"\n'] * 100_000])
    assert "the check stopped here" in many.findings[-1].text
    assert len(many.findings) <= 21


@pytest.mark.parametrize("content", [b"", b"\n", b"%PDF-1.7", b'{"a":1}\n', bytes(5000)])
def test_what_is_no_export_cannot_be_checked(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(Unusable, match="is no ledger export"):
        verify(tmp_path / "file")


def test_a_missing_file_a_wrong_key_and_a_newer_format_cannot_be_checked(small: Log, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot be read"):
        verify(tmp_path / "nothing")
    with pytest.raises(Unusable, match="public key reads"):
        small.check(small.lines, Trust(key="no key"))
    with pytest.raises(Unusable, match="newer Kerma"):
        small.check([small.lines[0].replace(b'"v":1', b'"v":2'), *small.lines[1:]])


def test_areas_add_their_own_kinds_of_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Verifier("signed report", lambda head: head.startswith(b"%PDF"), lambda *_: Verification("report", {}))
    monkeypatch.setattr("kerma.kernel.verify.VERIFIERS", [*VERIFIERS, report])
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7\n")
    assert verify(tmp_path / "report.pdf").kind == "report"


def test_checking_loads_no_database(small: Log) -> None:
    small.check(small.lines)
    code = (
        "import sys; from pathlib import Path; from kerma.kernel.verify import verify;"
        "print(verify(Path(sys.argv[1])).is_unaltered, {'sqlalchemy', 'numpy', 'pydicom'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(small.folder / "altered.export")]
    assert subprocess.check_output(command, text=True).strip() == "True set()"
