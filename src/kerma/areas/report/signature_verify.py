"""Checking a signed report, offline: every signature, what it covers, and what came after it."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kerma.areas.report.der import is_der
from kerma.areas.report.signature import FIELD_PREFIX, STAMPED
from kerma.areas.report.signature_key import DEMONSTRATION
from kerma.errors import Unreachable, Unusable

if TYPE_CHECKING:
    from datetime import datetime

CHANGED = "what was signed has been changed"
PACKED = "the container of the signature has been changed"
APPENDED = "something was added to the file after it was signed"
NOT_ALLOWED = "something other than a co-signature was added to the file after it was signed"
STAMP_GONE = "the time stamp of the signature was taken out"
STAMP_BAD = "the time stamp of the signature does not hold"
LAPSED = "the certificate was not valid at the time of the signature"
FOREIGN = "the file holds a signature in a place that the report never had"
TAKEN_OUT = "the first signature, which the report was made with, is not there any more"


@dataclass(frozen=True)
class SignatureState:
    """What one signature of a PDF proves."""

    slot: str
    """The place it stands in: author, level-iii, witness."""
    who: str
    """The name the signature gives."""
    meaning: str
    when: str
    """The time the signer states, ISO 8601; a third party's time is ``stamped_at``."""
    certificate: str
    certificate_sha256: str
    issuer: str
    covers_whole_document: bool
    """Nothing was appended after this signature."""
    problems: tuple[str, ...] = ()
    """What is not as it was signed, in words."""
    stamped_at: str = ""
    """The time the time-stamping authority gives, ISO 8601; empty without a time stamp."""
    stamped_by: str = ""
    is_trusted: bool | None = None
    """Whether the trusted certificates given vouch for the signer; None when none were given."""
    is_stamp_trusted: bool | None = None

    @property
    def is_intact(self) -> bool:
        """The signed bytes are unchanged and the signature belongs to the certificate."""
        return not self.problems

    @property
    def is_demonstration(self) -> bool:
        """Signed with a key Kerma made for itself: it proves that nothing was changed, not who signed."""
        return DEMONSTRATION in self.certificate.lower()


@dataclass(frozen=True)
class DocumentState:
    """What a signed PDF proves: its signatures in the order they were made, and the slots still open."""

    signatures: tuple[SignatureState, ...]
    open_slots: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it was signed: which signature, and what."""
        return [f"signature of {one.who} ({one.slot}): {words}" for one in self.signatures for words in one.problems]

    @property
    def is_unaltered(self) -> bool:
        """Whether the document is exactly as it was signed."""
        return not self.problems


def verify_pdf(data: bytes, roots: Sequence[bytes] = ()) -> DocumentState:
    """Check a signed report, offline; what is altered is in the answer, not an error.

    Parameters
    ----------
    roots : trusted certificates (DER); without any, each certificate vouches for itself: asked is then only whether the
        bytes are unchanged, not whom to trust

    Raises
    ------
    Unusable
        This is no PDF that can be read, or it carries no signature.
    """
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields
    from pyhanko.sign.general import SigningError
    from pyhanko_certvalidator.errors import PathError, ValidationError

    broken = (PdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, AssertionError)
    try:
        reader = PdfFileReader(io.BytesIO(data), strict=False)
        signatures = reader.embedded_regular_signatures
        fields = [(name, value is not None) for name, value, _ in enumerate_sig_fields(reader)]
    except broken as error:
        raise Unusable(f"this file is no readable PDF ({error}); get it again from its sender") from error
    if not signatures:
        raise Unusable("this PDF carries no signature; it is a draft, or was printed anew")
    try:
        states = [_state(one, is_last=one is signatures[-1], roots=roots) for one in signatures]
    except (SigningError, PathError, ValidationError, Unreachable, NotImplementedError, *broken) as error:
        raise Unusable(f"a signature of this PDF is damaged beyond checking ({error})") from error
    names = [one.field_name for one in signatures]
    found = (
        [FOREIGN] if [name for name, is_filled in fields if is_filled and name not in names] or _foreign(names) else []
    )
    found += [] if _is_whole_sequence(reader, signatures) else [TAKEN_OUT]
    states[-1] = replace(states[-1], problems=(*states[-1].problems, *found))
    free = tuple(name.removeprefix(f"{FIELD_PREFIX}-") for name, is_filled in fields if not is_filled)
    return DocumentState(tuple(states), free)


def _foreign(names: Sequence[str]) -> list[str]:
    """Return fields of signatures that stand in no slot, in a document whose first signature does."""
    return [name for name in names if names[0].startswith(FIELD_PREFIX) and not name.startswith(FIELD_PREFIX)]


def _is_whole_sequence(reader: Any, signatures: Sequence[Any]) -> bool:
    """Return whether the report's first signature is the certifying one, and each revision brought one signature.

    Who takes a signature out and signs over it leaves a revision more, or no signature that certifies.
    """
    if not signatures[0].field_name.startswith(FIELD_PREFIX):
        return True
    certifying = reader.root.get("/Perms", {}).get("/DocMDP")
    is_certified = certifying is not None and certifying.get_object() is signatures[0].sig_object
    revisions = [one.signed_revision for one in signatures]
    return is_certified and revisions == list(range(1, reader.xrefs.total_revisions))


def _state(signature: Any, *, is_last: bool, roots: Sequence[bytes]) -> SignatureState:
    about, certificate = signature.sig_object, signature.signer_cert
    subject = certificate.subject.human_friendly
    stamp = _Stamp.of(signature, roots)
    when = signature.self_reported_timestamp
    status = _validate(signature, roots, stamp.at or when)
    has_lapsed = bool(when) and not certificate.not_valid_before <= (stamp.at or when) <= certificate.not_valid_after
    problems = [
        (CHANGED, not (status.intact and status.valid)),
        (PACKED, not _is_packed_as_written(signature)),
        *_later_changes(status, is_last=is_last),
        (STAMP_GONE, _promises_stamp(about) and stamp.at is None),
        (STAMP_BAD, stamp.at is not None and not stamp.holds),
        (LAPSED, has_lapsed),
    ]
    return SignatureState(
        slot=signature.field_name.removeprefix(FIELD_PREFIX).removeprefix("-") or "author",
        who=str(about.get("/Name", "")) or subject,
        meaning=str(about.get("/Reason", "")),
        when=when.isoformat() if when else "",
        certificate=subject,
        certificate_sha256=hashlib.sha256(certificate.dump()).hexdigest(),
        issuer=certificate.issuer.human_friendly,
        covers_whole_document=_covers_all(status),
        problems=tuple(words for words, holds in problems if holds),
        stamped_at=stamp.at.isoformat() if stamp.at else "",
        stamped_by=stamp.by,
        is_trusted=bool(status.trusted) if roots else None,
        is_stamp_trusted=stamp.is_trusted if roots and stamp.at else None,
    )


def _validate(signature: Any, roots: Sequence[bytes], moment: datetime | None) -> Any:
    from asn1crypto import x509
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    anchors = [x509.Certificate.load(one) for one in roots] or [signature.signer_cert]
    context = ValidationContext(anchors, allow_fetching=False, revocation_mode="soft-fail", moment=moment)
    usage = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
    return validate_pdf_signature(
        signature, signer_validation_context=context, diff_policy=_policy(), key_usage_settings=usage
    )


def _policy() -> Any:
    """Return which changes after a signature are allowed: another signature in a place that was left free for it."""
    from pyhanko.sign.diff_analysis import (
        CatalogModificationRule,
        FormUpdatingRule,
        ModificationLevel,
        ObjectStreamRule,
        SigFieldModificationRule,
        StandardDiffPolicy,
        XrefStreamRule,
    )

    return StandardDiffPolicy(
        global_rules=[
            CatalogModificationRule(),
            XrefStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
            ObjectStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        ],
        form_rule=FormUpdatingRule(field_rules=[SigFieldModificationRule()]),
    )


def _covers_all(status: Any) -> bool:
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    return bool(status.coverage == SignatureCoverageLevel.ENTIRE_FILE)


def _later_changes(status: Any, *, is_last: bool) -> list[tuple[str, bool]]:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if is_last:
        return [(APPENDED, not _covers_all(status))]
    level = getattr(status.diff_result, "modification_level", ModificationLevel.OTHER)
    covers = status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
    return [(NOT_ALLOWED, not (covers and status.docmdp_ok and level <= ModificationLevel.FORM_FILLING))]


def _promises_stamp(about: Any) -> bool:
    try:
        return str(about["/Prop_Build"]["/App"]["/REx"]) == STAMPED
    except (KeyError, TypeError):
        return False


@dataclass(frozen=True)
class _Stamp:
    """The time stamp of a signature, as far as there is one."""

    at: datetime | None = None
    by: str = ""
    holds: bool = False
    is_trusted: bool = False

    @classmethod
    def of(cls, signature: Any, roots: Sequence[bytes]) -> _Stamp:
        from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, extract_tst_data_iter

        from kerma.areas.report.signature_time import stamp_status, stray_certificates

        tokens = list(extract_tst_data_iter(signature.signer_info, signed=False))
        if not tokens:
            return cls()
        info = tokens[0]["encap_content_info"]["content"].parsed
        algorithm = info["message_imprint"]["hash_algorithm"]["algorithm"].native
        digest = hashlib.new(algorithm, signature.signer_info["signature"].native).digest()
        at, maker = info["gen_time"].native, extract_certs_for_validation(tokens[0]).signer_cert
        status = asyncio.run(stamp_status(tokens[0], digest, roots, at))
        holds = len(tokens) == 1 and bool(status.valid and status.intact) and not stray_certificates(tokens[0], maker)
        return cls(at, maker.subject.human_friendly, holds, bool(roots and status.trusted))


def _is_packed_as_written(signature: Any) -> bool:
    """Return whether the gap in the signed bytes holds the signature and zeros, in the one way it was written.

    That gap is the only part of the file no digest covers; without this, a byte of its padding, of a certificate beside
    the signer's, or of the version numbers and the list of digests in the container, could be changed unnoticed.
    """
    from asn1crypto import cms

    first, length, second, _ = (int(number) for number in signature.sig_object["/ByteRange"])
    stream = signature.reader.stream
    stream.seek(first + length)
    gap = stream.read(second - first - length)
    container = cms.ContentInfo.load(bytes(signature.pkcs7_content))
    written = container.dump().hex().upper().encode()
    content = container["content"]
    return (
        bool(gap == b"<" + written.ljust(len(gap) - 2, b"0") + b">")
        and _is_plain(content)
        and all(_is_plain(one, version="v3") for one in _tokens(content))
        and is_der(container.dump())
        and _certificates_are_named(content)
    )


def _tokens(content: Any) -> list[Any]:
    unsigned = content["signer_infos"][0]["unsigned_attrs"].native or ()
    return [one["values"][0]["content"] for one in content["signer_infos"][0]["unsigned_attrs"]] if unsigned else []


def _is_plain(content: Any, version: str = "v1") -> bool:
    """Return whether the parts of a container that its signature does not cover are the only ones they can be."""
    [signer] = content["signer_infos"]
    digests = [(one["algorithm"].native, one["parameters"].native) for one in content["digest_algorithms"]]
    unsigned = [one["type"].native for one in signer["unsigned_attrs"]] if signer["unsigned_attrs"].native else []
    return (
        (content["version"].native, signer["version"].native) == (version, "v1")
        and digests == [(signer["digest_algorithm"]["algorithm"].native, None)]
        and not content["crls"].native
        and unsigned in ([], ["signature_time_stamp_token"] if version == "v1" else [])
    )


def _certificates_are_named(content: Any) -> bool:
    """Return whether the certificates are those that the signed attributes name (RFC 5035, section 4), and no other."""
    [signer] = content["signer_infos"]
    named = [
        one["cert_hash"].native
        for attribute in signer["signed_attrs"]
        if attribute["type"].native == "signing_certificate_v2"
        for one in attribute["values"][0]["certs"]
    ]
    found = [hashlib.sha256(one.chosen.dump()).digest() for one in content["certificates"]]
    return sorted(named) == sorted(found)
