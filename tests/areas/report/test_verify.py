"""Every class of byte of a signed report: nothing that was touched verifies as good."""

import functools
import io
import json
import re
from pathlib import Path

import pytest
from tests.areas.report import authorities
from tests.areas.report.authorities import AT, authority, der, person_key, root
from tests.areas.report.samples import exam_document, weld

from kerma.areas.report import pictures
from kerma.areas.report.document import build_for_signing
from kerma.areas.report.parts import ExamPart, Report, SignatureBlock
from kerma.areas.report.signature import Signing, co_sign_pdf, sign_pdf, slot_size
from kerma.areas.report.signature_appearance import appearance
from kerma.areas.report.signature_time import Authority
from kerma.areas.report.signature_verify import verify_pdf
from kerma.areas.report.verify import verify_report
from kerma.errors import Unusable
from kerma.industries import INDUSTRIES
from kerma.kernel.verify import ALTERED, UNALTERED, UNUSABLE, Trust

WHEN = "2026-03-02T12:00:00.000000Z"


@functools.cache
def made() -> tuple[bytes, bytes]:
    """A report signed with a time stamp and a place left free, and the same with the co-signature."""
    document = exam_document()
    part = ExamPart(document, [pictures.for_paper(one, weld()) for one in pictures.drawings(document)])
    blocks = [SignatureBlock("Zoé", "Decided: Reject", WHEN, "key"), SignatureBlock(slot="witness")]
    pdf, places = build_for_signing(Report(INDUSTRIES["ndt"], [part], AT, signatures=blocks))
    with authority() as server:
        signing = Signing(person_key("Zoé"), "Zoé", "Decided: Reject", AT, Authority(server.url))
        first = sign_pdf(pdf, signing, slot="author", places=places).pdf
    block = SignatureBlock("Bo Li", "Witnessed", WHEN, "key", "witness")
    shown = appearance(block, slot_size(first, "witness"))
    co = Signing(person_key("Bo Li"), "Bo Li", "Witnessed", AT)
    return first, co_sign_pdf(first, co, slot="witness", appearance=shown).pdf


def is_good(data: bytes) -> bool:
    try:
        return verify_pdf(data).is_unaltered
    except Unusable:
        return False


def gap(pdf: bytes) -> tuple[int, int]:
    """Start and stop of the newest signature's container, with its brackets."""
    found = re.findall(rb"/ByteRange ?\[0 (\d+) (\d+) (\d+) *\]", pdf)
    return int(found[-1][0]), int(found[-1][1])


def places(pdf: bytes) -> dict[str, list[int]]:
    """Places of each class of byte in the first revision."""
    start, stop = gap(pdf)
    used = start + len(pdf[start:stop].rstrip(b"0>"))
    stream = pdf.index(b"stream")
    return {
        "header": [1, 6, 10],
        "body object": [pdf.index(b"/Type/Pages") + 8, pdf.index(b"endobj") + 2],
        "content stream": [stream + 40, stream + 300, len(pdf) // 3],
        "metadata": [pdf.index(b"pdfaid:part") + 12],
        "byte range": [pdf.rindex(b"/ByteRange") + 3, pdf.rindex(b"/ByteRange") + 12],
        "name and meaning": [pdf.rindex(b"/Reason") + 9, pdf.rindex(b"(D:") + 9],
        "promise of the time stamp": [pdf.rindex(b"/REx") + 7],
        "bracket": [start, stop - 1],
        "signature container": [*range(start + 1, used, max(1, (used - start) // 90))],
        "padding": [used + 4, (used + stop) // 2, stop - 2],
        "xref": [pdf.rindex(b"xref") + 2, pdf.rindex(b"startxref") + 11],
        "trailer": [pdf.rindex(b"/Root") + 7, pdf.rindex(b"%%EOF") + 3],
    }


def test_untouched_it_is_good() -> None:
    first, second = made()
    assert is_good(first) and is_good(second)
    assert [one.slot for one in verify_pdf(second).signatures] == ["author", "witness"]


KINDS = (
    "header", "body object", "content stream", "metadata", "byte range", "name and meaning",
    "promise of the time stamp", "bracket", "signature container", "padding", "xref", "trailer",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_touched_byte_of_the_first_revision_shows(kind: str) -> None:
    first = made()[0]
    for place in places(first)[kind]:
        for bit in (0x01, 0x20):
            altered = bytearray(first)
            altered[place] ^= bit
            assert not is_good(bytes(altered)), (place, bit, first[place - 8 : place + 8])


def test_a_touched_byte_of_a_co_signature_shows_and_names_it() -> None:
    first, second = made()
    start, stop = gap(second)
    used = start + len(second[start:stop].rstrip(b"0>"))
    swept = [*range(len(first) + 1, start, 900), *range(start, used, 211), used + 3, stop - 2, len(second) - 20]
    for place in swept:
        altered = bytearray(second)
        altered[place] ^= 0x01
        assert not is_good(bytes(altered)), (place, second[place - 8 : place + 8])
    altered = bytearray(second)
    altered[used + 3] ^= 0x01
    [words] = verify_pdf(bytes(altered)).problems
    assert words == "signature of Bo Li (witness): the container of the signature has been changed"


def test_a_byte_of_the_first_revision_breaks_the_co_signature_too() -> None:
    altered = bytearray(made()[1])
    altered[len(made()[0]) // 3] ^= 0x01
    assert {"Zoé", "Bo Li"} == {
        words.split(" (")[0].removeprefix("signature of ") for words in verify_pdf(bytes(altered)).problems
    }


@pytest.mark.parametrize("cut", [1, 30, 400, 5_000, 60_000])
def test_a_cut_file_is_not_good(cut: int) -> None:
    first, second = made()
    assert not is_good(first[:-cut])
    # cut back to before the co-signature it is the report as it was then, which says what is not yet signed
    assert is_good(second[: len(first)]) and verify_pdf(second[: len(first)]).open_slots == ("witness",)
    assert not is_good(second[:-cut])


@pytest.mark.parametrize("tail", [b"\n", b"%%EOF", b"\0" * 64, b"\n%%more\n", b"\n1 0 obj\n<<>>\nendobj\n"])
@pytest.mark.parametrize("which", [0, 1])
def test_what_is_appended_shows(tail: bytes, which: int) -> None:
    assert not is_good(made()[which] + tail)


def updated(pdf: bytes, change) -> bytes:
    """The PDF with an incremental update, as an attacker would append it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def adds_a_page(writer) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.writer import PageObject

    name = generic.pdf_name
    stream = writer.add_object(generic.StreamObject(stream_data=b"0 0 m"))
    writer.insert_page(PageObject(stream, generic.ArrayObject([generic.NumberObject(one) for one in (0, 0, 99, 99)])))
    assert name


def replaces_a_page(writer) -> None:
    from pyhanko.pdf_utils import generic

    page, _ = writer.find_page_for_modification(0)
    page.get_object()["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 m"))
    writer.mark_update(page)


def _fields(writer):
    return {str(one.get_object()["/T"]): one for one in writer.root["/AcroForm"]["/Fields"]}


def replaces_an_appearance(writer) -> None:
    """Shadow attack: another look for a signed or open field."""
    from pyhanko.pdf_utils import generic

    field = _fields(writer)["ReportSignature-author"].get_object()
    shown = generic.StreamObject(stream_data=b"BT (Accept) Tj ET")
    field["/AP"] = generic.DictionaryObject({generic.pdf_name("/N"): writer.add_object(shown)})
    writer.update_container(field)


def moves_a_place(writer) -> None:
    from pyhanko.pdf_utils import generic

    field = _fields(writer)["ReportSignature-witness"].get_object()
    field["/Rect"] = generic.ArrayObject([generic.NumberObject(one) for one in (0, 0, 500, 500)])
    writer.update_container(field)


def changes_the_metadata(writer) -> None:
    from pyhanko.pdf_utils import generic

    writer.root["/Lang"] = generic.TextStringObject("xx")
    writer.update_root()


def removes_a_signature(writer) -> None:
    field = _fields(writer)["ReportSignature-author"].get_object()
    del field["/V"]
    writer.update_container(field)


def adds_a_field(writer) -> None:
    from pyhanko.sign import fields

    fields.append_signature_field(writer, fields.SigFieldSpec("ReportSignature-notary", box=(0, 0, 90, 90)))


ATTACKS = (
    adds_a_page, replaces_a_page, replaces_an_appearance, moves_a_place, changes_the_metadata, removes_a_signature,
    adds_a_field,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=[one.__name__ for one in ATTACKS])
def test_an_incremental_update_shows_even_when_somebody_signs_over_it(attack) -> None:
    from pyhanko.sign import fields, signers

    first = made()[0]
    changed = updated(first, attack)
    assert not is_good(changed)
    # the attacker adds a signature of their own that covers everything
    key = person_key("Mallory")
    from kerma.areas.report.signature import _cms_signer, _writer

    meta = signers.PdfSignatureMetadata(
        field_name="ReportSignature-mallory", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    out = io.BytesIO()
    try:
        signers.PdfSigner(meta, _cms_signer(key)).sign_pdf(_writer(changed), output=out)
    except Exception:
        return  # the library itself refuses to sign such a file
    assert not is_good(out.getvalue())


def test_a_time_stamp_that_was_taken_out_is_missed() -> None:
    from asn1crypto import cms

    first = made()[0]
    start, stop = gap(first)
    container = cms.ContentInfo.load(bytes.fromhex(first[start + 1 : stop - 1].decode()).rstrip(b"\0") + b"\0" * 4)
    [signer] = container["content"]["signer_infos"]
    kept = {
        key: signer[key]
        for key in ("version", "sid", "digest_algorithm", "signed_attrs", "signature_algorithm", "signature")
    }
    container["content"]["signer_infos"] = [cms.SignerInfo(kept)]
    written = container.dump(force=True).hex().upper().encode()
    bare = first[: start + 1] + written.ljust(stop - start - 2, b"0") + first[stop - 1 :]
    assert "the time stamp of the signature was taken out" in " ".join(verify_pdf(bare).problems)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"\x89PNG....", b"%PDF-1.7\n" + b"1 0 obj <<" * 5000])
def test_what_is_no_pdf_cannot_be_checked(data: bytes) -> None:
    with pytest.raises(Unusable):
        verify_pdf(data)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(made()[1])
    return path


def trusted(tmp_path: Path, *certificates) -> str:
    folder = tmp_path / "trusted"
    folder.mkdir()
    for number, one in enumerate(certificates):
        (folder / f"{number}.der").write_bytes(der(one))
    return str(folder)


def test_trusted_certificates_vouch_for_every_signer(file: Path, tmp_path: Path) -> None:
    answer = verify_report(file, Trust(folder=trusted(tmp_path, root())))
    assert answer.is_unaltered and "Bo Li (witness)" in str(answer.facts["signature 2"])
    assert "Test time" in str(answer.facts["time stamp"])


def test_who_is_not_vouched_for_is_named(file: Path, tmp_path: Path) -> None:
    other = authorities.certificate("Other authority", authorities.rsa_key("other"), usage=("key_cert_sign",))
    answer = verify_report(file, Trust(folder=trusted(tmp_path, other)))
    words = [found.text for found in answer.findings]
    assert len(words) == 3 and "signature of Zoé (author): none of the trusted certificates vouches for it" in words


def test_a_certificate_known_from_elsewhere_must_be_among_the_signers(file: Path) -> None:
    own = verify_pdf(file.read_bytes()).signatures[1].certificate_sha256
    assert verify_report(file, Trust(key=own)).is_unaltered
    colons = ":".join(own[at : at + 2] for at in range(0, 64, 2)).upper()
    assert verify_report(file, Trust(key=colons)).is_unaltered
    assert not verify_report(file, Trust(key="0" * 64)).is_unaltered


def test_the_command_says_good_altered_or_unusable(file: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    from kerma.app import open_kernel, register_verifiers
    from kerma.cli import run
    from kerma.kernel import verify

    monkeypatch.setenv("KERMA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(verify, "VERIFIERS", list(verify.VERIFIERS))
    register_verifiers()
    folder = trusted(tmp_path, root())

    def verified(path: Path) -> tuple[int, dict]:
        code = run(open_kernel, ["verify", str(path), "--trust", folder, "--json"])
        return code, json.loads(capsys.readouterr().out)

    code, answer = verified(file)
    assert (code, answer["unaltered"]) == (UNALTERED, True) and answer["facts"]["signed by"] == "Zoé"
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(made()[1] + b"\n")
    code, answer = verified(bad)
    assert code == ALTERED and answer["findings"][0]["text"].startswith(
        "signature of Bo Li (witness): something was added"
    )
    bad.write_bytes(b"%PDF-1.7 nonsense")
    code, answer = verified(bad)
    assert (code, answer["unaltered"]) == (UNUSABLE, None)
