import io
from pathlib import Path

import pytest
from tests.areas.report import authorities
from tests.areas.report.authorities import AT, authority, der, person_key, root, stamps
from tests.areas.report.samples import text_of

from kerma.areas.report import signature_time
from kerma.areas.report.content import ExamPart
from kerma.areas.report.document import build_for_signing
from kerma.areas.report.parts import Report, SignatureBlock
from kerma.areas.report.signature import Signing, co_sign_pdf, open_slots, sign_pdf, slot_size
from kerma.areas.report.signature_appearance import appearance
from kerma.areas.report.signature_time import Authority
from kerma.areas.report.signature_verify import verify_pdf
from kerma.errors import Conflict, Unreachable, WrongUsage
from kerma.industries import INDUSTRIES

NAME, MEANING = "Zoé Dupont", "Decided: Reject"
WHEN = "2026-03-02T12:00:00.000000Z"
SLOTS = ("author", "level-iii", "witness")


def laid_out(part: ExamPart, *slots: str) -> tuple[bytes, dict]:
    blocks = [SignatureBlock(NAME, MEANING, WHEN, "key"), *(SignatureBlock(slot=slot) for slot in slots)]
    return build_for_signing(Report(INDUSTRIES["ndt"], [part], AT, signatures=blocks))


def signed_by(laid: tuple[bytes, dict], signing: Signing) -> bytes:
    return sign_pdf(laid[0], signing, slot="author", places=laid[1]).pdf


def co_signed(pdf: bytes, slot: str, name: str, **given) -> bytes:
    signing = Signing(given.pop("key", None) or person_key(name), name, f"Reviewed as {slot}", AT, **given)
    block = SignatureBlock(name, signing.meaning, WHEN, signing.key.label, slot)
    return co_sign_pdf(pdf, signing, slot=slot, appearance=appearance(block, slot_size(pdf, slot))).pdf


@pytest.fixture
def laid(part: ExamPart) -> tuple[bytes, dict]:
    return laid_out(part)


@pytest.fixture
def open_laid(part: ExamPart) -> tuple[bytes, dict]:
    return laid_out(part, *SLOTS[1:])


@pytest.mark.parametrize("kind", ["rsa", "curve"])
def test_a_signed_report_tells_who_when_and_as_what(laid, kind: str) -> None:
    key = person_key(key=None if kind == "rsa" else authorities.curve_key("p"))
    pdf = signed_by(laid, Signing(key, NAME, MEANING, AT))
    state = verify_pdf(pdf, [der(root())])
    [one] = state.signatures
    assert state.is_unaltered and one.covers_whole_document and one.is_trusted and not state.open_slots
    assert (one.slot, one.who, one.meaning, one.when) == ("author", NAME, MEANING, AT.isoformat())
    assert one.certificate_sha256 == key.certificate_sha256 and "Test authority" in one.issuer
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:  # a curve must not make it PDF 2.0: PDF/A-2 is PDF 1.7
        assert opened.pdf_version == "1.7" and "/Version" not in opened.Root


def test_whom_nobody_trusted_vouches_for_is_not_trusted(laid) -> None:
    pdf = signed_by(laid, Signing(person_key(), NAME, MEANING, AT))
    other = authorities.certificate("Other authority", authorities.rsa_key("other"), usage=("key_cert_sign",))
    [one] = verify_pdf(pdf, [der(other)]).signatures
    assert one.is_trusted is False and one.is_intact


def test_co_signatures_come_in_their_places_and_each_covers_what_came_before(open_laid, tmp_path: Path) -> None:
    first = signed_by(open_laid, Signing(person_key(), NAME, MEANING, AT))
    assert open_slots(first) == ["level-iii", "witness"] and verify_pdf(first).is_unaltered
    second = co_signed(first, "level-iii", "Ada Lovelace")
    third = co_signed(second, "witness", "Bo Li")
    assert third.startswith(second) and second.startswith(first)
    state = verify_pdf(third, [der(root())])
    assert state.is_unaltered and not state.open_slots
    assert [(one.slot, one.who) for one in state.signatures] == [
        ("author", NAME), ("level-iii", "Ada Lovelace"), ("witness", "Bo Li"),
    ]  # fmt: skip
    assert [one.covers_whole_document for one in state.signatures] == [False, False, True]
    text = text_of(third, tmp_path)
    assert "Ada Lovelace" in text and "Reviewed as witness" in text


def test_a_place_is_signed_once_and_only_where_it_was_left(open_laid, laid) -> None:
    first = signed_by(open_laid, Signing(person_key(), NAME, MEANING, AT))
    second = co_signed(first, "level-iii", "Ada Lovelace")
    with pytest.raises(Conflict, match="no open place"):
        co_sign_pdf(second, Signing(person_key(), "Eve", "x", AT), slot="level-iii", appearance=b"")
    closed = signed_by(laid, Signing(person_key(), NAME, MEANING, AT))
    with pytest.raises(Conflict, match="no open place"):
        co_sign_pdf(closed, Signing(person_key(), "Eve", "x", AT), slot="witness", appearance=b"")


def test_a_long_name_still_fits_its_place(open_laid) -> None:
    first = signed_by(open_laid, Signing(person_key(), NAME, MEANING, AT))
    block = SignatureBlock("Maximiliane " * 12, "Reviewed and approved " * 6, WHEN, "certificate " * 8, "witness")
    import pikepdf

    with pikepdf.open(io.BytesIO(appearance(block, slot_size(first, "witness")))) as page:
        assert len(page.pages) == 1


@pytest.mark.parametrize("slots", [(), SLOTS[1:]])
def test_the_signed_file_stays_archival(part: ExamPart, slots: tuple[str, ...]) -> None:
    import pikepdf

    pdf = signed_by(laid_out(part, *slots), Signing(person_key(), NAME, MEANING, AT))
    for number, slot in enumerate(slots):
        pdf = co_signed(pdf, slot, f"Person {number}")
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert "<pdfaid:part>2</pdfaid:part>" in str(opened.Root.Metadata.read_bytes(), "utf-8")
        assert opened.pdf_version == "1.7" and "/Version" not in opened.Root  # PDF/A-2 is PDF 1.7 at most
        fields = list(opened.Root.AcroForm.Fields)
        # PDF/A-2, 6.3.3: an annotation that takes up room has an appearance
        assert len(fields) == 1 + len(slots) and all("/N" in field.AP for field in fields)
        assert all(field.V.SubFilter == "/ETSI.CAdES.detached" for field in fields)
        assert all(int(field.F) & 4 for field in fields)  # 6.3.2: printed
        fonts = [one for one in opened.objects if isinstance(one, pikepdf.Dictionary) and "/FontName" in one]
        assert fonts and all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)


EXPIRED, EARLY = {"days": (-30, -1)}, {"days": (1, 30)}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (EXPIRED, "expired on 2026-03-01"),
        (EARLY, "not valid before"),
        ({"usage": ("key_encipherment",)}, "not for signing"),
    ],
)
def test_a_key_that_must_not_sign_signs_nothing(open_laid, given: dict, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        sign_pdf(open_laid[0], Signing(person_key(**given), NAME, MEANING, AT), slot="author", places=open_laid[1])
    first = signed_by(open_laid, Signing(person_key(), NAME, MEANING, AT))
    with pytest.raises(WrongUsage, match=words):
        co_signed(first, "witness", "Eve", key=person_key("Eve", **given))


@pytest.mark.parametrize("roots", [(), None])
def test_a_time_stamp_tells_a_third_partys_time(laid, roots) -> None:
    known = [der(root())] if roots is None else roots
    with authority() as server:
        asked = Authority(server.url.replace("//", "//kerma:s%3Acret@"), known)
        made = sign_pdf(laid[0], Signing(person_key(), NAME, MEANING, AT, asked), slot="author", places=laid[1])
        assert len(server.requests) == 1
    assert server.requests[0]["Authorization"] == "Basic a2VybWE6czpjcmV0"
    [one] = verify_pdf(made.pdf, [der(root())]).signatures
    assert made.has_time_stamp and one.stamped_at == AT.isoformat() and one.is_stamp_trusted and one.is_intact
    assert "Test time" in one.stamped_by


def refused(request: bytes) -> bytes:
    words = b"\x0c\x09not today"
    status = b"\x02\x01\x02" + b"\x30" + bytes([len(words)]) + words
    info = b"\x30" + bytes([len(status)]) + status
    return b"\x30" + bytes([len(info)]) + info  # PKIStatus 2, rejection; no token


LIARS = {
    "wrong nonce": lambda request: stamps(request, nonce=7),
    "wrong imprint": lambda request: stamps(request, digest=b"\1" * 32),
    "this machine says": lambda request: stamps(request, at=AT.replace(year=2025)),
    "not today": refused,
    "no time stamp": lambda request: b"<html>",
    "does not hold": lambda request: stamps(request)[:-4] + b"\0\0\0\0",
    "vouch for": stamps,
}


@pytest.mark.parametrize("words", LIARS)
def test_a_lying_authority_signs_nothing(laid, words: str) -> None:
    other = authorities.certificate("Other authority", authorities.rsa_key("other"), usage=("key_cert_sign",))
    known = [der(other)] if words == "vouch for" else []
    with authority(LIARS[words]) as server, pytest.raises(Unreachable, match=words):
        signed_by(laid, Signing(person_key(), NAME, MEANING, AT, Authority(server.url, known)))


def test_an_authority_that_is_down_slow_or_elsewhere_signs_nothing(laid, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(url: str) -> str:
        with pytest.raises(Unreachable) as error:
            signed_by(laid, Signing(person_key(), NAME, MEANING, AT, Authority(url)))
        assert "secret" not in str(error.value)
        return str(error.value)

    assert "cannot be reached" in asked("http://user:secret@127.0.0.1:9/tsa")
    with authority(wait_s=1.0) as server, monkeypatch.context() as hurry:
        hurry.setattr(signature_time, "ANSWER_WITHIN_S", 0.3)
        assert "did not answer within 0.3 s" in asked(server.url)
    with authority(kind="text/html") as server:
        assert "instead of a time stamp" in asked(server.url)
    with authority(status=302) as server:
        assert "cannot be reached" in asked(server.url)
    with authority(status=500) as server:
        assert "cannot be reached" in asked(server.url)
    with authority(lambda _: b"\0" * 1_500_000) as server:
        assert "too long" in asked(server.url)


def test_where_a_time_stamp_is_optional_the_report_is_signed_without_and_says_so(laid) -> None:
    asked = Authority("http://127.0.0.1:9/tsa", is_required=False)
    made = sign_pdf(laid[0], Signing(person_key(), NAME, MEANING, AT, asked), slot="author", places=laid[1])
    [one] = verify_pdf(made.pdf).signatures
    assert not made.has_time_stamp and "cannot be reached" in made.note and one.is_intact and not one.stamped_at
