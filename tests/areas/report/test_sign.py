import io
import json
import subprocess
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.areas.report import authorities
from tests.areas.report.authorities import AT, authority, der, p12, pem, person_key, root
from tests.areas.report.decided import analyse, decide, decided, records, versions
from tests.areas.report.samples import text_of, tiff_bytes, weld

import exams
from kerma.areas.report import actions, actions_keys, jobs, qualification, queries
from kerma.areas.report import sign as signing
from kerma.areas.report.language import language
from kerma.areas.report.model import report, report_signature, signing_key
from kerma.areas.report.proof import SUFFIX, proof_of
from kerma.areas.report.sign import Wish, co_sign, sign
from kerma.areas.report.signature_sealed import seal, unseal
from kerma.areas.report.signature_verify import verify_pdf
from kerma.areas.report.verify import verify_report
from kerma.errors import Conflict, KermaError, NotAllowed, NotFound, Unreachable, Unusable, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.sight import WHOLE
from kerma.kernel.verify import Trust

PHRASE = "seven grey herons"
BOTH = Wish(open_slots=("level-iii", "witness"))


@pytest.fixture
def one(listening: Kernel, actor: Actor) -> int:
    """A decided exam with its draft."""
    return decided(listening, actor)


def states(kernel: Kernel, exam_pk: int) -> list[str]:
    from kerma.areas.report.rules_versions import states

    with kernel.database.read() as connection:
        return states(queries.versions(connection, exam_pk, WHOLE))


def signed_pdf(kernel: Kernel, exam_pk: int) -> bytes:
    with kernel.database.read() as connection:
        return kernel.blobs.get(queries.signed_report(connection, exam_pk)["pdf_sha256"])


def import_key(kernel: Kernel, actor: Actor, key=None, file: bytes | None = None, **given) -> int:
    given = {"file_passphrase": "file", "passphrase": PHRASE} | given
    data = file if file is not None else p12(key or person_key(), given["file_passphrase"])
    return actions_keys.import_key(kernel, actor, file=data, **given)


def test_a_report_goes_from_draft_to_signed_to_amended_and_every_version_stays(
    listening: Kernel, actor: Actor, one: int, tmp_path
) -> None:
    first = sign(listening, actor, exam_pk=one)
    assert states(listening, one) == ["draft", "signed"]
    kept = signed_pdf(listening, one)
    decide(listening, actor, one, "accept", supersedes=versions(listening, one)[0]["decision_id"])
    jobs.build_report(listening, exam_pk=one)
    # a draft of an amendment does not take the signed report's place
    assert states(listening, one) == ["draft", "signed", "draft"] and signed_pdf(listening, one) == kept
    with pytest.raises(WrongUsage, match="why it is amended"):
        sign(listening, actor, exam_pk=one)
    second = sign(listening, actor, exam_pk=one, wish=Wish(reason="The pore is an artefact of the plate"))
    assert states(listening, one) == ["draft", "amended", "draft", "signed"]
    newest = versions(listening, one)[0]
    assert (newest["id"], newest["amends_id"]) == (second, first)
    assert newest["changes"] == ["decision: Reject → Accept"] and "artefact" in newest["reason"]
    assert signed_pdf(listening, one) != kept and verify_pdf(signed_pdf(listening, one)).is_unaltered
    with listening.database.read() as connection:
        assert listening.blobs.get(queries.report_by_id(connection, first)["pdf_sha256"]) == kept
    text = " ".join(text_of(signed_pdf(listening, one), tmp_path).split())
    assert "The pore is an artefact of the plate" in text and "Reject → Accept" in text
    [record] = records(listening, "report.amend")
    assert record["details"]["amends_id"] == first and "artefact" not in json.dumps(record)


def test_who_may_sign_may_not_amend_without_that_permission(listening: Kernel, actor: Actor, one: int) -> None:
    sign(listening, actor, exam_pk=one)
    decide(listening, actor, one, "accept", supersedes=versions(listening, one)[0]["decision_id"])
    jobs.build_report(listening, exam_pk=one)
    with pytest.raises(NotAllowed, match=r"report\.amend"):
        sign(listening, exams.person(7, "report.sign"), exam_pk=one, wish=Wish(reason="wrong"))
    assert states(listening, one).count("signed") == 1


def test_a_draft_in_another_language_is_a_version_and_is_what_is_signed(
    listening: Kernel, actor: Actor, one: int
) -> None:
    form = {"template": "", "language": "de", "record": {}}
    actions.ask_for_draft(listening, actor, exam_pk=one, **form)
    jobs.build_report(listening, exam_pk=one, form=form)
    jobs.build_report(listening, exam_pk=one, form=form)
    sign(listening, actor, exam_pk=one)
    assert [row["language"] for row in versions(listening, one)] == ["de", "de", "en"]
    assert states(listening, one) == ["draft", "draft", "signed"]


def test_who_goes_back_to_an_earlier_language_signs_in_that_one(listening: Kernel, actor: Actor, one: int) -> None:
    for code in ("de", "en"):
        jobs.build_report(listening, exam_pk=one, form={"template": "", "language": code, "record": {}})
    sign(listening, actor, exam_pk=one)
    assert [row["language"] for row in versions(listening, one)] == ["en", "en", "de", "en"]


def test_what_changes_between_reading_and_signing_stops_the_signature(
    listening: Kernel, actor: Actor, one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerma.areas.report import signature

    real = signature.sign_pdf

    def meanwhile(*args, **given):
        decide(listening, actor, one, "accept", supersedes=versions(listening, one)[0]["decision_id"])
        return real(*args, **given)

    monkeypatch.setattr(signature, "sign_pdf", meanwhile)
    with pytest.raises(Conflict, match="decided or told of meanwhile"):
        sign(listening, exams.person(7), exam_pk=one)
    assert states(listening, one) == ["draft"] and records(listening, "report.sign") == []


def test_dying_between_layout_and_action_changes_nothing_and_it_can_be_signed_again(
    listening: Kernel, actor: Actor, one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    before = versions(listening, one)
    with monkeypatch.context() as broken:
        broken.setattr(actions.keep_signed, "body", dies)
        with pytest.raises(Killed):
            sign(listening, actor, exam_pk=one)
    assert versions(listening, one) == before and records(listening, "report.sign") == []
    sign(listening, actor, exam_pk=one)
    assert states(listening, one) == ["draft", "signed"]


def test_a_person_signs_with_their_own_key_and_only_with_its_passphrase(
    listening: Kernel, actor: Actor, one: int
) -> None:
    import_key(listening, actor)
    with pytest.raises(WrongUsage, match="needs its passphrase"):
        sign(listening, actor, exam_pk=one)
    with pytest.raises(NotAllowed, match="passphrase of your signing key is wrong"):
        sign(listening, actor, exam_pk=one, wish=Wish("seven grey heron"))
    [refusal] = records(listening, "report.sign")
    assert refusal["outcome"] == "refused" and "heron" not in json.dumps(refusal)
    assert states(listening, one) == ["draft"]
    sign(listening, actor, exam_pk=one, wish=Wish(PHRASE))
    [state] = verify_pdf(signed_pdf(listening, one), [der(root())]).signatures
    assert state.is_trusted and state.certificate_sha256 == person_key_digest(listening, actor)
    # somebody else, who has no key, signs with the organisation's seal
    other = decided(listening, actor, "W-2")
    sign(listening, exams.person(8), exam_pk=other)
    assert verify_pdf(signed_pdf(listening, other)).signatures[0].is_demonstration


def person_key_digest(kernel: Kernel, actor: Actor) -> str:
    with kernel.database.read() as connection:
        return str(queries.key_in_use(connection, actor.key)["certificate_sha256"])


def test_no_secret_of_a_key_is_kept_in_clear_or_told(listening: Kernel, actor: Actor, one: int) -> None:
    key = person_key()
    import_key(listening, actor, key)
    sign(listening, actor, exam_pk=one, wish=Wish(PHRASE))
    secret = pem(key).split(b"-----BEGIN CERTIFICATE")[0].split(b"-----")[2].replace(b"\n", b"")
    with listening.database.read() as connection:
        rows = str([tuple(row) for row in connection.execute(sa.select(signing_key))])
        ledger = json.dumps([records(listening, name) for name in ("report.import_key", "report.sign")])
    for text in (rows, ledger, repr(Wish(PHRASE))):
        assert PHRASE not in text and secret[:60].decode() not in text
    assert "sealed" not in ledger and len(records(listening, "report.import_key")) == 1


def test_a_sealed_key_opens_for_nobody_else_and_not_when_changed() -> None:
    key = authorities.curve_key("sealed")
    box = seal(key, PHRASE, bound_to="person:1 aa")
    assert unseal(box, PHRASE, bound_to="person:1 aa").private_numbers() == key.private_numbers()
    assert seal(key, PHRASE, bound_to="person:1 aa") != box
    for wrong in ({"bound_to": "person:2 aa"}, {"passphrase": "x"}):
        with pytest.raises(WrongUsage, match="wrong"):
            unseal(box, **{"passphrase": PHRASE, "bound_to": "person:1 aa"} | wrong)
    for data in (b"", box[:20], b"\xff" + box[1:], box[:1] + b"\xff\xff\xff\xff" + box[5:]):
        with pytest.raises(Unusable, match="import it again"):
            unseal(data, PHRASE, bound_to="person:1 aa")
    with pytest.raises(WrongUsage, match="wrong"):
        unseal(box[:-1] + bytes([box[-1] ^ 1]), PHRASE, bound_to="person:1 aa")


OTHER = authorities.curve_key("other")
BAD = {
    "wrong passphrase of the file": (lambda: p12(person_key(), "other"), "the passphrase of the file is wrong"),
    "no key at all": (lambda: b"nonsense", "is no PKCS#12"),
    "certificates only": (lambda: pem(person_key()).split(b"KEY-----\n")[-1], "cannot be read"),
    "somebody else's certificate": (lambda: pem(replace(person_key(), key=OTHER)), "belongs to its private key"),
    "expired": (lambda: pem(person_key(days=(-30, -1))), "expired on 2026-03-01"),
    "not for signing": (lambda: pem(person_key(usage=("key_encipherment",))), "not for signing"),
    "too weak": (lambda: pem(person_key(key=authorities.rsa_key("weak", 1024))), "too weak"),
    "broken chain": (lambda: pem(forged()), "the chain is broken"),
    "far too long": (lambda: b"x" * 100_000, "is no signing key"),
}


def forged():
    """A key whose certificate names the authority, but another one signed it."""
    own = authorities.rsa_key("forged")
    issuer = (authorities.AUTHORITY, authorities.rsa_key("not the root"))
    return signing_key_of(own, authorities.certificate("Eve", own, issuer))


def signing_key_of(own, certificate):
    from kerma.areas.report.signature_key import SigningKey

    return SigningKey(own, (certificate, root()))


@pytest.mark.parametrize("what", BAD)
def test_a_key_that_is_none_is_not_imported_and_the_reason_said(listening: Kernel, actor: Actor, what: str) -> None:
    file, words = BAD[what]
    with pytest.raises(WrongUsage, match=words):
        import_key(listening, actor, file=file())
    with listening.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(signing_key)) == 0


def test_keys_of_both_forms_are_taken_and_the_newest_is_in_use(listening: Kernel, actor: Actor) -> None:
    import_key(listening, actor)
    with pytest.raises(WrongUsage):
        import_key(listening, actor, person_key(), passphrase="short")
    curve = person_key("Ada", authorities.curve_key("ada"))
    import_key(listening, actor, file=pem(curve, "file"))
    assert person_key_digest(listening, actor) == curve.certificate_sha256
    with listening.database.read() as connection:
        old = connection.execute(sa.select(signing_key).order_by(signing_key.c.id)).mappings().first()
    assert old["retired_at"] and old["sealed"] == b""
    actions_keys.retire_key(listening, actor)
    with pytest.raises(NotFound):
        actions_keys.retire_key(listening, actor)
    for other in (exams.person(9, "report.sign"), Actor("token", "1", "robot", frozenset({"*"}))):
        with pytest.raises(NotAllowed):
            import_key(listening, other)


def test_a_certificate_that_has_expired_since_it_was_imported_signs_nothing(
    listening: Kernel, actor: Actor, one: int
) -> None:
    import_key(listening, actor, person_key(days=(-30, 1)))
    listening.clock.advance(2 * 86_400)
    with pytest.raises(WrongUsage, match="expired"):
        sign(listening, actor, exam_pk=one, wish=Wish(PHRASE))
    assert states(listening, one) == ["draft"]


def test_co_signatures_take_their_places_once_and_in_order(listening: Kernel, actor: Actor, one: int) -> None:
    with pytest.raises(NotFound, match="no signed report"):
        co_sign(listening, exams.person(8), exam_pk=one, slot="level-iii")
    first = sign(listening, actor, exam_pk=one, wish=BOTH)
    with pytest.raises(Conflict, match="somebody else's"):
        co_sign(listening, actor, exam_pk=one, slot="level-iii")
    with pytest.raises(NotAllowed):
        co_sign(listening, exams.person(9, "report.sign"), exam_pk=one, slot="level-iii")
    assert co_sign(listening, exams.person(8), exam_pk=one, slot="level-iii") == first
    with pytest.raises(Conflict, match="already"):
        co_sign(listening, exams.person(9), exam_pk=one, slot="level-iii")
    co_sign(listening, exams.person(9), exam_pk=one, slot="witness")
    state = verify_pdf(signed_pdf(listening, one))
    assert state.is_unaltered and not state.open_slots
    assert [found.who for found in state.signatures] == [actor.name, "Person 8", "Person 9"]
    done = [one["details"]["slot"] for one in records(listening, "report.cosign") if one["outcome"] == "done"]
    assert done == ["level-iii", "witness"]
    # every state of the file is still there
    with listening.database.read() as connection:
        kept = list(connection.scalars(sa.select(report_signature.c.pdf_sha256).order_by(report_signature.c.id)))
    assert [len(verify_pdf(listening.blobs.get(sha)).signatures) for sha in kept] == [1, 2, 3]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # about words and pages, not about databases
@pytest.mark.parametrize(
    ("code", "decided_as", "approved_as", "unchecked"),
    [
        ("de", "Entschieden: Nicht zulässig", "Als Stufe 3 geprüft und freigegeben", "nicht durch Software geprüft"),
        ("fr", "Décision : Refusé", "Revu et approuvé en tant que niveau 3", "non vérifiée par le logiciel"),
        ("es", "Decidido: Rechazar", "Revisado y aprobado como nivel 3", "no comprobada por el programa"),
    ],
)
def test_signatures_speak_the_language_of_the_report(
    listening: Kernel, actor: Actor, one: int, code: str, decided_as: str, approved_as: str, unchecked: str, tmp_path
) -> None:
    form = {"template": "", "language": code, "record": {}}
    jobs.build_report(listening, exam_pk=one, form=form)
    sign(listening, actor, exam_pk=one, wish=Wish(open_slots=("level-iii",)))
    jobs.build_report(listening, exam_pk=one, form=form | {"language": "en"})  # a newer draft changes nothing of it
    co_sign(listening, exams.person(8), exam_pk=one, slot="level-iii")
    pdf = signed_pdf(listening, one)
    assert [found.meaning for found in verify_pdf(pdf).signatures] == [decided_as, approved_as]
    text = " ".join(text_of(pdf, tmp_path).split())
    # the co-signature lies over the words that asked for it, so a text reader mixes the role with those
    role = language(code)("slot_level-iii").split()[0]
    assert all(words in text for words in (decided_as, approved_as, role)) and text.count(unchecked) == 2
    assert "Decided" not in text and "Level III" not in text and "not checked" not in text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # about words and pages, not about databases
def test_a_co_signature_stands_instead_of_the_words_that_asked_for_it(
    listening: Kernel, actor: Actor, one: int, tmp_path
) -> None:
    import numpy
    import pikepdf
    from PIL import Image

    def place(pdf: bytes) -> numpy.ndarray:
        (tmp_path / "r.pdf").write_bytes(pdf)
        subprocess.run(["pdftoppm", "-r", "72", "-png", tmp_path / "r.pdf", tmp_path / "p"], check=True)
        pages = sorted(tmp_path.glob("p-*.png"))
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            [(left, bottom, right, top)] = [
                [float(edge) for edge in field.Rect] for field in opened.Root.AcroForm.Fields
                if str(field.T).endswith("level-iii")
            ]  # fmt: skip
        page = numpy.asarray(Image.open(pages[-1]).convert("L"))
        high = page.shape[0]
        return page[int(high - top) : int(high - bottom), int(left) : int(right)]

    sign(listening, actor, exam_pk=one, wish=Wish(open_slots=("level-iii",)))
    free = place(signed_pdf(listening, one))
    co_sign(listening, exams.person(8), exam_pk=one, slot="level-iii")
    taken = place(signed_pdf(listening, one))
    assert free.shape == taken.shape and free.min() < 128
    # the dashed frame and the line to sign on were grey; nothing of them shines through
    with_words = (free < 200) & (taken >= 250)
    assert with_words.sum() > 0.3 * (free < 200).sum()


def test_a_place_that_was_not_left_free_cannot_be_signed(listening: Kernel, actor: Actor, one: int) -> None:
    with pytest.raises(WrongUsage, match="no place 'notary'"):
        sign(listening, actor, exam_pk=one, wish=Wish(open_slots=("notary",)))
    sign(listening, actor, exam_pk=one)
    with pytest.raises(Conflict, match="no place|no open place"):
        co_sign(listening, exams.person(8), exam_pk=one, slot="level-iii")


@pytest.mark.parametrize("slots", [("level-iii", "witness"), ("witness", "witness")])
def test_two_co_signers_at_once_never_lose_a_signature(
    listening: Kernel, actor: Actor, one: int, slots: tuple[str, str]
) -> None:
    sign(listening, actor, exam_pk=one, wish=BOTH)
    failed: list[KermaError] = []

    def co(number: int, slot: str) -> None:
        try:
            co_sign(listening, exams.person(number), exam_pk=one, slot=slot)
        except KermaError as error:
            failed.append(error)

    threads = [threading.Thread(target=co, args=pair) for pair in zip((7, 8), slots, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state = verify_pdf(signed_pdf(listening, one))
    assert state.is_unaltered and len(state.signatures) == 3 - len(failed)
    assert all(isinstance(error, Conflict) for error in failed) and len(failed) <= 1
    with listening.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(report_signature)) == len(state.signatures)


def eyesight(kernel: Kernel, asked: qualification.Asked) -> qualification.Answer | None:
    """A real check: the eyesight test of the person was on 1 March 2025 and lasts a year."""
    if asked.industry != "ndt" or asked.actor.id == "8":
        return None
    if asked.at >= AT.replace(year=2026, month=3, day=1):
        return qualification.Answer("the eyesight test of 1 March 2025 has lapsed: have it renewed, then sign")
    return qualification.Answer(entitled_by="RT Level II, certificate 4711")


def test_a_qualification_check_can_refuse_on_that_day(
    listening: Kernel, actor: Actor, one: int, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setattr(qualification, "QUALIFICATION_CHECKS", [eyesight])
    with pytest.raises(NotAllowed, match="eyesight test"):
        sign(listening, actor, exam_pk=one)
    [refused] = records(listening, "report.sign")
    assert refused["outcome"] == "refused" and states(listening, one) == ["draft"]
    sign(listening, exams.person(8), exam_pk=one, wish=BOTH)
    assert qualification.UNCHECKED in " ".join(text_of(signed_pdf(listening, one), tmp_path).split())
    with pytest.raises(NotAllowed, match="eyesight test"):
        co_sign(listening, exams.person(9), exam_pk=one, slot="level-iii")
    asked = qualification.Asked(actor, "ndt", "", "author", AT.replace(month=2))
    assert qualification.judge(listening, asked).entitled_by == "RT Level II, certificate 4711"


def with_authority(kernel: Kernel, url: str, demand: str = "required", trust: str = "") -> Kernel:
    settings = replace(kernel.settings, tsa_url=url, tsa_demand=demand, tsa_trust=trust)
    return Kernel(**{**kernel.__dict__, "settings": settings})


def test_a_time_stamp_is_taken_where_an_authority_is_set(listening: Kernel, actor: Actor, one: int, tmp_path) -> None:
    trusted = tmp_path / "tsa.pem"
    trusted.write_bytes(pem(person_key()).split(b"-----END CERTIFICATE-----\n")[1] + b"-----END CERTIFICATE-----\n")
    with authority() as server:
        sign(with_authority(listening, server.url, trust=str(trusted)), actor, exam_pk=one, wish=BOTH)
        co_sign(with_authority(listening, server.url), exams.person(8), exam_pk=one, slot="witness")
    state = verify_pdf(signed_pdf(listening, one))
    assert state.is_unaltered and all(found.stamped_at for found in state.signatures)
    assert records(listening, "report.sign")[0]["details"]["has_time_stamp"] is True


def test_without_a_required_time_stamp_nothing_is_signed(listening: Kernel, actor: Actor, one: int) -> None:
    down = "http://127.0.0.1:9/tsa"
    with pytest.raises(Unreachable, match="nothing was signed"):
        sign(with_authority(listening, down), actor, exam_pk=one)
    assert states(listening, one) == ["draft"]
    sign(with_authority(listening, down, "optional"), actor, exam_pk=one)
    with listening.database.read() as connection:
        [made] = queries.signatures_of(connection, versions(listening, one)[0]["id"])
    assert not made["has_time_stamp"] and "cannot be reached" in made["note"]
    with pytest.raises(Unusable, match="holds no certificates"):
        signing.authority_of(with_authority(listening, down, trust="/does/not/exist"))


def test_the_proof_beside_a_report_shows_its_signing_in_the_ledger(
    listening: Kernel, actor: Actor, one: int, tmp_path
) -> None:
    with listening.database.read() as connection:
        draft = queries.newest_report(connection, one, WHOLE)
    with pytest.raises(NotFound, match="sign it first"):
        proof_of(listening, draft)
    sign(listening, actor, exam_pk=one, wish=BOTH)
    co_sign(listening, exams.person(8), exam_pk=one, slot="witness")
    with listening.database.read() as connection:
        holds = queries.signed_report(connection, one)
    file = tmp_path / "report.pdf"
    file.write_bytes(listening.blobs.get(holds["pdf_sha256"]))
    beside = tmp_path / f"report.pdf{SUFFIX}"
    text = proof_of(listening, holds)
    beside.write_text(text)
    trust = Trust(key=listening.ledger.signer.public.vkey)
    assert verify_report(file, Trust(home_key=trust.key)).is_unaltered
    answer = verify_report(file, trust)
    assert answer.is_unaltered and "report.cosign" in str(answer.facts["ledger"])
    assert not any("ledger" in words for words in answer.warnings)
    assert any("nobody vouches for the ledger" in words for words in verify_report(file, Trust()).warnings)
    for number, place in enumerate(range(30, len(text), max(1, len(text) // 14))):
        changed = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        beside.write_text(changed)
        assert not verify_report(file, trust).is_unaltered, (number, place, text[place])
    beside.write_text("")
    assert not verify_report(file, trust).is_unaltered


def test_newer_images_after_signing_make_a_draft_and_the_signed_report_stays(
    listening: Kernel, actor: Actor, one: int
) -> None:
    sign(listening, actor, exam_pk=one)
    kept = signed_pdf(listening, one)
    second = listening.blobs.put(tiff_bytes(weld(seed=2)))
    exams.add_image(listening, actor, exam_pk=one, sha256=second)
    with listening.database.read() as connection:
        from kerma.areas.review.queries import images_to_analyse

        both = [row["sha256"] for row in images_to_analyse(connection, one)]
    analyse(listening, actor, one, *both)
    jobs.build_report(listening, exam_pk=one)
    assert states(listening, one) == ["draft", "signed", "draft"] and signed_pdf(listening, one) == kept
    with pytest.raises(Conflict, match="decide again"):
        sign(listening, actor, exam_pk=one, wish=Wish(reason="more images"))


def test_the_table_keeps_one_amendment_of_each_version(listening: Kernel, actor: Actor, one: int) -> None:
    first = sign(listening, actor, exam_pk=one)
    row = versions(listening, one)[0] | {"amends_id": first}
    row.pop("id")
    with listening.database.write() as connection:
        connection.execute(sa.insert(report).values(row))
    with pytest.raises(sa.exc.IntegrityError), listening.database.write() as connection:
        connection.execute(sa.insert(report).values(row))
