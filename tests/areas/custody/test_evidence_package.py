"""An evidence package: what is in it, that it proves itself, and what may never enter it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import bagit
import pytest
import sqlalchemy as sa
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO
from tests.areas.custody.packages import ERRAND, arrived, packed, picture

from kerma.areas.archive.actions import ingest_many
from kerma.areas.archive.model import Arrival
from kerma.areas.custody import evidence_package
from kerma.areas.custody.actions_evidence import Errand
from kerma.areas.custody.evidence_package import export
from kerma.areas.custody.evidence_parts import SOURCES, Part
from kerma.areas.custody.evidence_redact import Redaction, redact
from kerma.areas.custody.evidence_verify import verify_package
from kerma.areas.custody.model_evidence import evidence_package as table
from kerma.errors import Altered, Conflict, NotAllowed, NotFound, Unusable, WrongUsage
from kerma.formats import dicom_new
from kerma.formats.dicom_write import Identity
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.verify import Trust


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the parts of higher areas, which have tests of their own."""
    monkeypatch.setattr(evidence_package, "SOURCES", [])


def unpacked(package: Path, folder: Path) -> Path:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return next(folder.iterdir())


def test_it_is_a_bag_that_holds_the_bytes_as_they_came(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    package = packed(kernel, actor, tmp_path)
    bag = unpacked(package.path, tmp_path / "bag")
    assert bagit.Bag(str(bag)).is_valid()
    originals = sorted((bag / "data/originals").rglob("*.dcm"))
    kept = {file.read_bytes() for file in originals}
    identity = Identity(exam_uid="2.25.4711", subject_id="W-1", subject_name="Weld 1")
    assert kept == {dicom_new.write(picture(number), "dicom", identity)[0] for number in range(2)}
    assert (bag / "data/cover.pdf").read_bytes().startswith(b"%PDF")


def test_it_says_of_every_file_since_when_from_whom_and_by_which_action(
    kernel: Kernel, actor: Actor, tmp_path: Path
) -> None:
    package = packed(kernel, actor, tmp_path)
    answer = verify_package(package.path, Trust(key=package.key))
    assert answer.is_unaltered and not answer.warnings
    by_kind = {str(one["kind"]): one for one in answer.files}
    original = by_kind["original"]
    assert (original["action"], original["by"], original["unchanged"]) == ("archive.ingest", "person:1", True)
    assert original["since"] == "2026-03-02T12:00:00.000000Z"
    assert by_kind["cover"]["action"] == "custody.export_evidence"
    assert by_kind["cover"]["record"] == package.record
    assert {one["path"] for one in answer.files} | {"data/evidence.json"} == {
        name.partition("/")[2] for name in zipfile.ZipFile(package.path).namelist() if "/data/" in name
    }


def test_anybody_can_check_it_with_python_alone(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    package = packed(kernel, actor, tmp_path)
    bag = unpacked(package.path, tmp_path / "bag")
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(bag)!r}); import runpy; "
               "runpy.run_module('verify', run_name='__main__')"]  # fmt: skip
    good = subprocess.run([*command, "--key", package.key], capture_output=True, text=True, cwd=bag)
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.splitlines()[-2] == "UNALTERED"
    next((bag / "data/originals").rglob("*.dcm")).write_bytes(b"something else")
    bad = subprocess.run(command, capture_output=True, text=True, cwd=bag)
    assert bad.returncode == 1
    assert "ALTERED  data/originals/" in bad.stdout
    (bag / "bagit.txt").unlink()
    assert subprocess.run(command, capture_output=True, text=True, cwd=bag).returncode == 2


def test_the_verifier_imports_nothing_of_kerma() -> None:
    for file in evidence_package.VERIFIER.glob("*.py"):
        assert "import kerma" not in file.read_text() and "from kerma" not in file.read_text()


def test_another_key_or_none_is_told(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    from kerma.kernel.ledger import Signer

    package = packed(kernel, actor, tmp_path)
    other = Signer.load(tmp_path / "other").public.vkey
    assert not verify_package(package.path, Trust(key=other)).is_unaltered
    assert "package's own key" in verify_package(package.path, Trust()).warnings[0]
    assert "this machine's own ledger" in verify_package(package.path, Trust(home_key=package.key)).warnings[0]
    with pytest.raises(Unusable, match="public key"):
        verify_package(package.path, Trust(key="no+key"))


def test_views_carry_the_chain_that_made_them(
    kernel: Kernel, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = {"made_from": ["ab" * 32], "steps": [{"step": "window", "center": "100"}]}
    view = Part("data/views/view-001.png", "view", "Image 1", b"png", chain=chain)
    monkeypatch.setattr(evidence_package, "SOURCES", [lambda kernel, exam_pk: [view]])
    package = packed(kernel, actor, tmp_path)
    index = json.loads((unpacked(package.path, tmp_path / "bag") / "data/evidence.json").read_text())
    assert next(one for one in index["files"] if one["kind"] == "view")["chain"] == chain
    assert index["purpose"] == ERRAND.purpose and index["recipient"] == ERRAND.recipient


def test_a_projected_threat_image_never_enters(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    data = dicom_new.write(picture(1), "dicos", Identity(exam_uid="2.25.99", subject_id="BAG-1"))[0]
    dataset = dcmread(DicomBytesIO(data))
    dataset.add_new(0x40101039, "CS", "FTI")
    out = DicomBytesIO()
    dataset.save_as(out)
    stored = next(iter(ingest_many(kernel, actor, [Arrival(out.getvalue(), "tip.dcs", "security")])))
    with pytest.raises(Conflict, match="projected threat image"):
        export(kernel, actor, exam_pk=stored.exam_pk or 0, out=tmp_path / "e.zip", errand=ERRAND)
    assert list(tmp_path.glob("*.zip*")) == []


def test_it_is_sealed_once_in_the_ledger_and_kept_in_the_list(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    package = packed(kernel, actor, tmp_path)
    with kernel.database.read() as connection:
        row = connection.execute(sa.select(table)).one()
    assert (row.uid, row.kind, row.purpose, row.made_by) == (package.uid, "evidence", ERRAND.purpose, "person:1")


def test_nothing_is_written_without_permission_purpose_exam_or_room(
    kernel: Kernel, actor: Actor, stranger: Actor, tmp_path: Path
) -> None:
    exam_pk, out = arrived(kernel, actor), tmp_path / "e.zip"
    with pytest.raises(NotAllowed):
        export(kernel, stranger, exam_pk=exam_pk, out=out, errand=ERRAND)
    with pytest.raises(WrongUsage, match="purpose"):
        export(kernel, actor, exam_pk=exam_pk, out=out, errand=Errand(" "))
    with pytest.raises(NotFound):
        export(kernel, actor, exam_pk=exam_pk + 1, out=out, errand=ERRAND)
    out.write_bytes(b"mine")
    with pytest.raises(Conflict, match="never overwritten"):
        export(kernel, actor, exam_pk=exam_pk, out=out, errand=ERRAND)
    assert out.read_bytes() == b"mine" and len(list(tmp_path.glob(".*part"))) == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_it_is_written_where_there_are_no_hard_links_and_never_over_another(
    kernel: Kernel, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A memory stick with FAT refuses hard links (EPERM)."""
    exam_pk, out = arrived(kernel, actor), tmp_path / "stick.zip"

    def refused(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    package = export(kernel, actor, exam_pk=exam_pk, out=out, errand=ERRAND)
    assert verify_package(out, Trust(key=package.key)).is_unaltered
    draft = evidence_package.Draft(tmp_path / "other.zip")
    draft.path.write_bytes(b"new")
    draft.out.write_bytes(b"somebody else's")
    with pytest.raises(Conflict, match="made meanwhile"):
        draft.publish()
    assert draft.out.read_bytes() == b"somebody else's"


def test_altered_bytes_stop_the_export(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    exam_pk = arrived(kernel, actor)
    kept = next(path for path in (kernel.settings.home / "blobs").rglob("*") if path.is_file())
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    with pytest.raises(Altered, match="archive check"):
        export(kernel, actor, exam_pk=exam_pk, out=tmp_path / "e.zip", errand=ERRAND)
    assert list(tmp_path.glob("*.zip")) == []


def test_a_redaction_is_a_new_package_that_refers_to_the_old(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    old = packed(kernel, actor, tmp_path)
    before = old.path.read_bytes()
    gone = next(one for one in verify_package(old.path, Trust()).files if one["kind"] == "original")
    wanted = Redaction(old.path, (str(gone["path"]),), "shows a neighbour's bag")
    new = redact(kernel, actor, wanted, out=tmp_path / "redacted.zip", errand=ERRAND)
    assert old.path.read_bytes() == before
    answer = verify_package(new.path, Trust(key=new.key))
    assert answer.is_unaltered, answer.findings
    assert answer.facts["made of package"] == old.uid and answer.facts["redacted files"] == 1
    assert gone["path"] not in {one["path"] for one in answer.files}
    bag = unpacked(new.path, tmp_path / "bag")
    index = json.loads((bag / "data/evidence.json").read_text())
    assert index["redacted"] == [{"path": gone["path"], "sha256": gone["sha256"], "reason": wanted.reason}]
    assert bagit.Bag(str(bag)).is_valid()
    again = redact(
        kernel, actor, replace(wanted, package=new.path, remove=("data/ledger/000000000.json",)),
        out=tmp_path / "twice.zip", errand=ERRAND,
    )  # fmt: skip
    assert again.path.exists()


def test_a_redaction_that_makes_no_sense_is_refused(kernel: Kernel, actor: Actor, tmp_path: Path) -> None:
    old = packed(kernel, actor, tmp_path)
    wanted = Redaction(old.path, ("data/cover.pdf",), "why")
    with pytest.raises(WrongUsage, match="part of every package"):
        redact(kernel, actor, wanted, out=tmp_path / "r.zip", errand=ERRAND)
    with pytest.raises(NotFound):
        redact(kernel, actor, replace(wanted, remove=("data/none",)), out=tmp_path / "r.zip", errand=ERRAND)
    with pytest.raises(WrongUsage, match="reason"):
        redact(kernel, actor, replace(wanted, reason=" "), out=tmp_path / "r.zip", errand=ERRAND)
    broken = bytearray(old.path.read_bytes())
    broken[len(broken) // 3] ^= 1
    old.path.write_bytes(broken)
    with pytest.raises(Altered, match="not as this ledger sealed it"):
        redact(kernel, actor, wanted, out=tmp_path / "r.zip", errand=ERRAND)


def test_a_difference_that_no_redaction_tells_is_found(
    kernel: Kernel, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the ledger can seal anything; against the package before, the checker finds what differs."""
    from kerma.areas.custody import evidence_redact

    old = packed(kernel, actor, tmp_path)
    first, second = (one["path"] for one in verify_package(old.path, Trust()).files if one["kind"] == "original")
    real = evidence_redact._copy

    def forging(bag, source, wanted, tick):
        stay = real(bag, source, replace(wanted, remove=(first, second)), tick)
        bag.add(str(second), b"something else")
        return [*stay, str(second)]

    monkeypatch.setattr(evidence_redact, "_copy", forging)
    wanted = Redaction(old.path, (str(first),), "shows a neighbour's bag")
    forged = redact(kernel, actor, wanted, out=tmp_path / "forged.zip", errand=ERRAND)
    told = [finding.text for finding in verify_package(forged.path, Trust(key=forged.key)).findings]
    assert any(text.startswith(f"{second}: it differs from the package before") for text in told), told


def test_what_happens_meanwhile_does_not_stop_the_export(
    kernel: Kernel, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody opens the exam between the signing of the ledger and the reading of its records."""
    from kerma.areas.archive.actions import view
    from kerma.areas.custody import evidence_ledger

    exam_pk, real = arrived(kernel, actor), evidence_ledger.records_about

    def meanwhile(_, *given):
        view(kernel, actor, exam_pk=exam_pk, purpose="reading")
        with kernel.database.read() as later:
            return real(later, *given)

    monkeypatch.setattr(evidence_ledger, "records_about", meanwhile)
    package = export(kernel, actor, exam_pk=exam_pk, out=tmp_path / "e.zip", errand=ERRAND)
    assert verify_package(package.path, Trust(key=package.key)).is_unaltered


def test_the_application_says_what_each_area_adds() -> None:
    from kerma.app import gather_evidence
    from kerma.areas.custody import evidence_custody
    from kerma.areas.report import evidence as report
    from kerma.areas.review import evidence as review
    from kerma.areas.review import evidence_spec as spec
    from kerma.areas.review import evidence_talk as talk

    gather_evidence()
    gather_evidence()
    assert [review.parts, talk.parts, spec.parts, report.parts, evidence_custody.parts] == SOURCES
