"""Signing a report from end to end: lay out, sign, check what was signed, then keep it in one action.

Everything slow happens before the action: when the process dies in between nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.report import actions, qualification, queries, rules, rules_changes, rules_versions, signature_roles
from kerma.areas.report.actions import Made, Version
from kerma.areas.report.language import language
from kerma.areas.report.parts import AUTHOR, Amendment, SignatureBlock
from kerma.areas.report.sight import demand_stated
from kerma.areas.review.queries_discrepancy import awaiting_addendum
from kerma.errors import Conflict, KermaError, NotFound, Unusable, WrongUsage
from kerma.kernel import clock
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from kerma.areas.report.prepare import Basis
    from kerma.areas.report.signature import Signed
    from kerma.areas.report.signature_key import SigningKey
    from kerma.areas.report.signature_time import Authority


@dataclass(frozen=True)
class Wish:
    """What a signer brings: the passphrase of the own key, places to leave free, and the reason of an amendment."""

    passphrase: str = field(default="", repr=False)
    open_slots: Sequence[str] = ()
    reason: str = ""
    writing: int | None = None
    """Version of what was written that the signer has read in the editor; None for who signs the newest draft."""
    discrepancy_id: int | None = None
    """The discrepancy that an amendment answers; its number stands before the reason."""


def sign(kernel: Kernel, actor: Actor, *, exam_pk: int, wish: Wish | None = None) -> int:
    """Lay out, sign and keep the report of a decided exam; returns the version's id.

    Raises
    ------
    NotAllowed
        The permission is missing, the actor is no person, the passphrase is wrong or a qualification is lacking.
    Conflict
        Nobody has decided the exam, or it changed meanwhile.
    WrongUsage
        A signed version exists and no reason for amending it is given, or the key must not sign.
    Unreachable
        A time stamp is required and was not to be had; nothing was signed.
    """
    wish = wish or Wish()
    _demand(kernel, actor, actions.keep_signed.name)
    from kerma.areas.report import prepare

    _demand_stated(kernel, actor, exam_pk)
    on = prepare.basis(kernel, exam_pk)
    why_not = rules_versions.why_not_signable(on.versions, on.rests_on, on.decision, wish.writing)
    if why_not:
        raise Conflict(why_not)
    holds = rules_versions.in_force(on.versions)
    reason = rules_versions.check_reason(wish.reason, is_amendment=holds is not None)
    if wish.discrepancy_id is not None:
        reason = f"{_answered(kernel, actor, exam_pk, wish.discrepancy_id, holds)}: {reason}"
    keep = actions.keep_signed
    if holds is not None:
        keep = actions.keep_amendment
        _demand(kernel, actor, keep.name)
    entitled_by = _qualified(kernel, actor, on, AUTHOR)
    key = key_of(kernel, actor, wish.passphrase, keep.name)
    before = _stated(kernel, int(holds["id"])) if holds else None
    changes = tuple(rules_changes.changes(before, on.stated, _words(kernel, on, "en"))) if before else ()
    amends_id = int(holds["id"]) if holds else None
    version = Version(on.rests_on, on.form.record, on.stated, amends_id, reason, changes, wish.discrepancy_id)
    signed = _signed(kernel, actor, (on, version, entitled_by), key, wish)
    made = Made(kernel.blobs.put(signed.pdf), key.certificate_sha256, signed.has_time_stamp, signed.note, entitled_by)
    return keep(kernel, actor, exam_pk=exam_pk, version=version, made=made)


def _demand_stated(kernel: Kernel, actor: Actor, exam_pk: int) -> None:
    with kernel.database.read() as connection:
        demand_stated(connection, actor, exam_pk)


def _answered(kernel: Kernel, actor: Actor, exam_pk: int, discrepancy_id: int, holds: Mapping[str, Any] | None) -> str:
    """Return the number of the discrepancy that an amendment answers."""
    if holds is None:
        raise Conflict("this report is not signed yet: only an amendment answers a discrepancy")
    with kernel.database.read() as connection:
        found = {row["id"]: row["number"] for row in awaiting_addendum(connection, actor, exam_pk)}
    if discrepancy_id not in found:
        raise Conflict(f"discrepancy {discrepancy_id} of this exam asks for no addendum")
    return str(found[discrepancy_id])


def co_sign(kernel: Kernel, actor: Actor, *, exam_pk: int, slot: str, passphrase: str = "") -> int:
    """Co-sign the signed report of an exam in a place that was left free; returns the version's id.

    Raises
    ------
    NotFound
        The exam has no signed report.
    NotAllowed, Conflict, WrongUsage, Unreachable
        As for :func:`sign`.
    """
    name = actions.keep_co_signature.name
    _demand(kernel, actor, name)
    from kerma.areas.report import prepare
    from kerma.areas.report.signature import Signing, co_sign_pdf, slot_size
    from kerma.areas.report.signature_appearance import appearance

    _demand_stated(kernel, actor, exam_pk)
    on = prepare.basis(kernel, exam_pk)
    with kernel.database.read() as connection:
        holds = queries.signed_report(connection, exam_pk)
        if holds is None:
            raise NotFound("this exam has no signed report; a co-signature follows the first one")
        signed_by = {one["slot"]: one["signed_by"] for one in queries.signatures_of(connection, holds["id"])}
    why_not = signature_roles.why_not_co_signable(on.exam["industry"], slot, signed_by, actor.key)
    if why_not:
        raise Conflict(why_not)
    entitled_by = _qualified(kernel, actor, on, slot)
    key = key_of(kernel, actor, passphrase, name)
    role = next(one for one in signature_roles.roles_for(on.exam["industry"]) if one.slot == slot)
    now = kernel.clock.now()
    say = language(holds["language"])
    meaning = say.phrase(role.meaning)
    label = "" if role.is_usual else role.label
    block = SignatureBlock(actor.name, meaning, clock.text(now), key.label, slot, label, entitled_by)
    pdf = kernel.blobs.get(holds["pdf_sha256"])
    shown = appearance(block, slot_size(pdf, slot), say)
    signing = Signing(key, actor.name, meaning, now, authority_of(kernel))
    signed = _checked(co_sign_pdf(pdf, signing, slot=slot, appearance=shown))
    made = Made(
        kernel.blobs.put(signed.pdf), key.certificate_sha256, signed.has_time_stamp, signed.note, entitled_by, slot
    )
    actions.keep_co_signature(
        kernel, actor, exam_pk=exam_pk, report_id=holds["id"], before_sha256=holds["pdf_sha256"], made=made
    )
    return int(holds["id"])


def key_of(kernel: Kernel, actor: Actor, passphrase: str, name: str) -> SigningKey:
    """Return the person's own key, opened by the passphrase; where they have none, the organisation's seal.

    A wrong passphrase is a refusal that the ledger keeps under the action's name.
    """
    from cryptography import x509

    from kerma.areas.report.signature_key import SigningKey, load_key
    from kerma.areas.report.signature_sealed import unseal

    with kernel.database.read() as connection:
        held = queries.key_in_use(connection, actor.key)
    if held is None:
        return load_key(kernel.settings.home / "keys", kernel.clock.now())
    if not passphrase:
        raise WrongUsage("your signing key needs its passphrase")
    certificates = tuple(x509.load_pem_x509_certificates(held["certificates"].encode("ascii")))
    try:
        key = unseal(held["sealed"], passphrase, bound_to=f"{actor.key} {held['certificate_sha256']}")
    except WrongUsage as error:
        refuse(kernel, actor, name, str(error))
    return SigningKey(key, certificates)


def authority_of(kernel: Kernel) -> Authority | None:
    """Return the time-stamping authority of the settings, or None where none is set.

    Raises
    ------
    Unusable
        The file of its trusted certificates cannot be read.
    """
    from kerma.areas.report.signature_time import Authority

    settings = kernel.settings
    if not settings.tsa_url:
        return None
    roots = certificates_in(Path(settings.tsa_trust)) if settings.tsa_trust else ()
    return Authority(settings.tsa_url, roots, settings.tsa_demand == "required")


def certificates_in(path: Path) -> tuple[bytes, ...]:
    """Return the certificates (DER) of a PEM or DER file, or of every such file in a folder.

    Raises
    ------
    Unusable
        There is none, or a file cannot be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    found: list[bytes] = []
    for file in files:
        try:
            data = file.read_bytes()
            is_pem = b"-----BEGIN" in data
            read = x509.load_pem_x509_certificates(data) if is_pem else [x509.load_der_x509_certificate(data)]
        except (OSError, ValueError) as error:
            raise Unusable(f"{file} holds no certificates (PEM or DER); give trusted certificates only") from error
        found.extend(one.public_bytes(Encoding.DER) for one in read)
    if not found:
        raise Unusable(f"{path} holds no certificates; put the trusted ones there (PEM or DER)")
    return tuple(found)


def _demand(kernel: Kernel, actor: Actor, name: str) -> None:
    if not is_granted(name, actor.permissions):
        refuse(kernel, actor, name)
    if actor.kind != "person":
        refuse(kernel, actor, name, "only a person signs a report, not a program with a token")


def _qualified(kernel: Kernel, actor: Actor, on: Basis, slot: str) -> str:
    asked = qualification.Asked(actor, on.exam["industry"], on.form.template, slot, kernel.clock.now())
    answer = qualification.judge(kernel, asked)
    if answer.refusal:
        name = actions.keep_signed.name if slot == AUTHOR else actions.keep_co_signature.name
        refuse(kernel, actor, name, answer.refusal)
    return answer.entitled_by


def _stated(kernel: Kernel, report_id: int) -> dict[str, Any] | None:
    with kernel.database.read() as connection:
        found = queries.report_by_id(connection, report_id)
    return found["stated"] if found else None


def _signed(kernel: Kernel, actor: Actor, what: tuple[Basis, Version, str], key: SigningKey, wish: Wish) -> Signed:
    from kerma.areas.report import prepare
    from kerma.areas.report.document import build_for_signing
    from kerma.areas.report.signature import Signing, sign_pdf
    from kerma.kernel import apart

    on, version, entitled_by = what
    now, decision = kernel.clock.now(), on.decision or {}
    label = kernel.industries[on.exam["industry"]].decisions[decision["decision"]]
    decided_by = "" if decision["by"] == actor.key else on.decided_by
    meaning = rules.signature_meaning(label, decided_by, language(on.form.language))
    blocks = _blocks(on.exam["industry"], wish.open_slots)
    blocks[0] = SignatureBlock(actor.name, meaning, clock.text(now), key.label, AUTHOR, blocks[0].role, entitled_by)
    amendment = _amendment(kernel, on, version, actor) if version.amends_id else None
    composed = prepare.compose(kernel, on, made_at=now, signatures=blocks, amendment=amendment)
    pdf, places = apart.run(build_for_signing, composed)
    signing = Signing(key, actor.name, meaning, now, authority_of(kernel))
    return _checked(sign_pdf(pdf, signing, slot=AUTHOR, places=places))


def _blocks(industry: str, open_slots: Sequence[str]) -> list[SignatureBlock]:
    roles = signature_roles.roles_for(industry)
    unknown = set(open_slots) - {role.slot for role in roles[1:]}
    if unknown:
        known = ", ".join(role.slot for role in roles[1:]) or "none"
        raise WrongUsage(f"there is no place '{sorted(unknown)[0]}' for a co-signature; there are: {known}")
    return [
        SignatureBlock(slot=role.slot, role="" if role.is_usual else role.label)
        for role in roles
        if role.slot in (AUTHOR, *open_slots)
    ]


def _amendment(kernel: Kernel, on: Basis, version: Version, actor: Actor) -> Amendment:
    words = _words(kernel, on, on.form.language)
    numbers = {one["id"]: number for number, one in enumerate(on.versions, start=1)}
    before = next(one for one in on.versions if one["id"] == version.amends_id)
    stated = _stated(kernel, before["id"])
    told = rules_changes.changes(stated, version.stated, words) if stated else []
    changed = "; ".join(told) or words("nothing")
    return Amendment(numbers[before["id"]], before["signed_at"], changed, version.reason, actor.name)


def _words(kernel: Kernel, on: Basis, code: str) -> rules_changes.Words:
    return rules_changes.Words(language(code), kernel.industries[on.exam["industry"]].decisions)


def _checked(signed: Signed) -> Signed:
    """Return what was signed after checking it as anybody will: nothing leaves that does not verify."""
    from kerma.areas.report.signature_verify import verify_pdf

    problems = verify_pdf(signed.pdf).problems
    if problems:
        raise KermaError(f"the signed report did not pass its own check ({problems[0]}); nothing was kept")
    return signed
