import re
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.areas.report.samples import text_of

from kerma.areas.report import signature
from kerma.areas.report.content import ExamPart, Report, SignatureBlock
from kerma.areas.report.document import build, build_for_signing
from kerma.errors import Unusable
from kerma.industries import INDUSTRIES

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAME, MEANING = "Zoé Dupont", "I made this report and answer for it"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> signature.SigningKey:
    return signature.load_key(tmp_path_factory.mktemp("keys"), AT)


@pytest.fixture
def signed(part: ExamPart, key: signature.SigningKey) -> bytes:
    block = SignatureBlock(NAME, MEANING, "2026-03-02T12:00:00.000000Z", key.label)
    pdf, page, place = build_for_signing(Report(INDUSTRIES["ndt"], [part], AT, signature=block))
    return signature.sign_pdf(pdf, key, name=NAME, meaning=MEANING, at=AT, place=(page, place))


def test_the_demonstration_key_is_made_once_for_its_owner_and_says_what_it_is(tmp_path: Path) -> None:
    first, second = (signature.load_key(tmp_path / "keys", AT) for _ in range(2))
    assert first.certificate_sha256 == second.certificate_sha256
    path = tmp_path / "keys" / signature.KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "demonstration" in first.certificates[0].subject.rfc4514_string()
    assert [one.name for one in path.parent.iterdir()] == [signature.KEY_FILE]


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    signature.load_key(tmp_path, AT)
    (tmp_path / signature.KEY_FILE).chmod(0o644)
    with pytest.raises(Unusable, match="chmod 600"):
        signature.load_key(tmp_path, AT)


def test_what_is_no_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / signature.KEY_FILE).write_text("nonsense")
    (tmp_path / signature.KEY_FILE).chmod(0o600)
    with pytest.raises(Unusable, match="PEM"):
        signature.load_key(tmp_path, AT)


def test_a_signed_report_tells_who_when_and_as_what(signed: bytes, key: signature.SigningKey) -> None:
    state = signature.verify_pdf(signed)
    assert state.is_unaltered and state.is_intact and state.covers_whole_document
    assert (state.who, state.meaning) == (NAME, MEANING)
    assert datetime.fromisoformat(state.when) == AT
    assert state.certificate_sha256 == key.certificate_sha256 and state.is_demonstration


def test_the_printed_block_says_the_same(signed: bytes, tmp_path: Path) -> None:
    text = text_of(signed, tmp_path)
    assert NAME in text and MEANING in text and "2026-03-02 12:00:00 UTC" in text
    assert "Proposed by software, not signed" not in text


def test_any_changed_byte_shows(signed: bytes) -> None:
    [gap] = re.findall(rb"/ByteRange ?\[0 (\d+) (\d+) (\d+)\]", signed)
    start, stop = int(gap[0]), int(gap[1])
    for place in (200, start // 2, start - 40, stop + 20, len(signed) - 30):
        altered = bytearray(signed)
        altered[place] ^= 0x01
        try:
            assert not signature.verify_pdf(bytes(altered)).is_unaltered, place
        except Unusable:
            continue


def test_what_is_appended_shows(signed: bytes) -> None:
    state = signature.verify_pdf(signed + b"\n%%more\n")
    assert state.is_intact and not state.covers_whole_document and not state.is_unaltered


def test_another_key_behind_the_same_name_is_another_certificate(signed: bytes, tmp_path: Path) -> None:
    other = signature.load_key(tmp_path / "other", AT)
    assert signature.verify_pdf(signed).certificate_sha256 != other.certificate_sha256


def test_what_carries_no_signature_cannot_be_checked(part: ExamPart) -> None:
    with pytest.raises(Unusable, match="no signature"):
        signature.verify_pdf(build(Report(INDUSTRIES["ndt"], [part], AT)))


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"\x89PNG....", b"%PDF-1.7\n" + b"1 0 obj <<" * 5000])
def test_what_is_no_pdf_cannot_be_checked(data: bytes) -> None:
    with pytest.raises(Unusable):
        signature.verify_pdf(data)


def test_the_signed_file_stays_archival(signed: bytes) -> None:
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(signed)) as pdf:
        assert "<pdfaid:part>2</pdfaid:part>" in str(pdf.Root.Metadata.read_bytes(), "utf-8")
        assert pdf.pdf_version == "1.7" and "/Version" not in pdf.Root  # PDF/A-2 is PDF 1.7 at most
        [field] = pdf.Root.AcroForm.Fields
        # PDF/A-2, 6.3.3: an annotation that takes up room has an appearance
        assert "/N" in field.AP and field.V.SubFilter == "/ETSI.CAdES.detached"


def test_a_signature_without_reason_would_be_found(part: ExamPart, key: signature.SigningKey) -> None:
    block = SignatureBlock("", "", "", key.label)
    pdf, page, place = build_for_signing(replace(Report(INDUSTRIES["ndt"], [part], AT), signature=block))
    state = signature.verify_pdf(signature.sign_pdf(pdf, key, name="", meaning="", at=AT, place=(page, place)))
    assert "demonstration" in state.who and state.meaning == ""
