"""Signing a report's PDF: PAdES B-B, or B-T with a time stamp; one certifying signature, then co-signatures.

The first signature certifies the document: from then on nothing may change but that the places left free for
co-signatures are signed (DocMDP level 2; level 1, no change at all, where no place is left free). Each co-signature is
an incremental update into its place and covers all that came before. Their fields are made with the first signature, so
none can be added later.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kerma.areas.report.signature_key import SigningKey, check_key
from kerma.errors import Conflict, Unreachable

if TYPE_CHECKING:
    from kerma.areas.report.document import Place
    from kerma.areas.report.signature_time import Authority

FIELD_PREFIX = "ReportSignature"
SEAL = "seal"
"""The slot of the organisation's seal under a draft."""
CONTAINER_BYTES = 4096
"""Room for a signature besides its certificates."""
STAMP_BYTES = 16_384
"""Room for a time stamp with its certificates."""
STAMPED = "with time stamp"
"""Stands in the signed bytes of a signature that has a time stamp, so that it cannot be taken out unnoticed."""


@dataclass(frozen=True)
class Signing:
    """One signature to be made: who, as what, when, with which key, and who vouches for the time."""

    key: SigningKey
    name: str
    meaning: str
    at: datetime
    authority: Authority | None = None


@dataclass(frozen=True)
class Signed:
    """A signed PDF, and what came of the time stamp."""

    pdf: bytes
    has_time_stamp: bool
    note: str = ""
    """Why there is no time stamp, where one was wanted."""


def field_name(slot: str) -> str:
    """Return the name of the signature field of a slot."""
    return f"{FIELD_PREFIX}-{slot}"


def sign_pdf(pdf: bytes, signing: Signing, *, slot: str, places: Mapping[str, Place]) -> Signed:
    """Sign a report for the first time so that any later change shows; other slots stay open for co-signatures.

    Parameters
    ----------
    pdf : the document with its printed signature block
    slot : the slot that is signed now
    places : for every slot the page from 0 and the rectangle in points from the lower left

    Raises
    ------
    WrongUsage
        The key must not sign now: expired, for another use, or too weak.
    Unreachable
        A time stamp is required and the authority gave none; nothing was signed.
    """
    check_key(signing.key, signing.at)
    return _with_time_stamp(signing, lambda authority: _certify(pdf, signing, authority, slot, places))


def seal_pdf(pdf: bytes, signing: Signing) -> bytes:
    """Seal a draft with the organisation's key, unseen on paper: nobody has signed, but every change shows.

    Raises
    ------
    WrongUsage
        The key must not sign now: expired, for another use, or too weak.
    """
    from pyhanko.sign import fields

    check_key(signing.key, signing.at)
    unseen = fields.SigFieldSpec(field_name(SEAL), readable_field_name="Seal of a draft that nobody has signed")
    meta = {"certify": True, "docmdp_permissions": fields.MDPPerm.NO_CHANGES}
    return _sign(_writer(pdf), signing, None, _Look(SEAL, unseen, meta=meta))


def co_sign_pdf(pdf: bytes, signing: Signing, *, slot: str, appearance: bytes) -> Signed:
    """Sign a signed report in a slot that is still open.

    Parameters
    ----------
    appearance : one page of PDF the size of the slot, shown there: who signs, as what and when

    Raises
    ------
    Conflict
        The report has no such open slot.
    WrongUsage, Unreachable
        As for :func:`sign_pdf`.
    """
    check_key(signing.key, signing.at)
    if slot not in open_slots(pdf):
        raise Conflict(f"this report has no open place for a signature '{slot}'")
    return _with_time_stamp(signing, lambda authority: _approve(pdf, signing, authority, slot, appearance))


def open_slots(pdf: bytes) -> list[str]:
    """Return the slots of a report that nobody has signed yet."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields

    names = [name for name, _, _ in enumerate_sig_fields(PdfFileReader(io.BytesIO(pdf)), filled_status=False)]
    return [name.removeprefix(f"{FIELD_PREFIX}-") for name in names if name.startswith(FIELD_PREFIX)]


def slot_size(pdf: bytes, slot: str) -> tuple[float, float]:
    """Return width and height of a slot's field in points."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields

    for name, _, place in enumerate_sig_fields(PdfFileReader(io.BytesIO(pdf))):
        if name == field_name(slot):
            left, bottom, right, top = (float(one) for one in place.get_object()["/Rect"])
            return right - left, top - bottom
    raise Conflict(f"this report has no place for a signature '{slot}'")


def _with_time_stamp(signing: Signing, sign: Any) -> Signed:
    authority = signing.authority
    if authority is None:
        return Signed(sign(None), False)
    try:
        return Signed(sign(authority), True)
    except Unreachable as error:
        if authority.is_required:
            raise
        # The signature says whether it has a time stamp, so it is made anew without one.
        return Signed(sign(None), False, str(error).removesuffix("; nothing was signed"))


def _certify(
    pdf: bytes, signing: Signing, authority: Authority | None, slot: str, places: Mapping[str, Place]
) -> bytes:
    from pyhanko.sign import fields

    writer = _writer(pdf)
    for name, place in places.items():
        if name != slot:
            fields.append_signature_field(writer, _field(name, place))
    allowed = fields.MDPPerm.FILL_FORMS if len(places) > 1 else fields.MDPPerm.NO_CHANGES
    meta = {"certify": True, "docmdp_permissions": allowed}
    return _sign(writer, signing, authority, _Look(slot, _field(slot, places[slot]), meta=meta))


def _approve(pdf: bytes, signing: Signing, authority: Authority | None, slot: str, appearance: bytes) -> bytes:
    import tempfile
    from pathlib import Path

    from pyhanko.pdf_utils.content import ImportedPdfPage

    with tempfile.TemporaryDirectory(prefix="kerma-signature-") as folder:
        page = Path(folder) / "appearance.pdf"
        page.write_bytes(appearance)
        return _sign(_writer(pdf), signing, authority, _Look(slot, background=ImportedPdfPage(str(page))))


@dataclass(frozen=True)
class _Look:
    """Where a signature goes: a field to be made or one that is there, and what it shows."""

    slot: str
    new_field: Any = None
    background: Any = None
    meta: Mapping[str, Any] = field(default_factory=dict)


def _sign(writer: Any, signing: Signing, authority: Authority | None, look: _Look) -> bytes:
    from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
    from pyhanko.sign import fields, signers
    from pyhanko.sign.signers.pdf_byterange import BuildProps
    from pyhanko.stamp import StaticStampStyle

    from kerma.areas.report.signature_time import time_stamper

    fill = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MIN, AxisAlignment.ALIGN_MIN, Margins(0, 0, 0, 0))
    metadata = signers.PdfSignatureMetadata(
        field_name=field_name(look.slot), name=signing.name, reason=signing.meaning, md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES, app_build_props=BuildProps("Kerma", STAMPED if authority else None),
        **look.meta,
    )  # fmt: skip
    signer = _pdf_signer_class(signing.at)(
        metadata,
        signer=_cms_signer(signing.key),
        timestamper=time_stamper(authority, signing.at) if authority else None,
        # A first signature's words stand in the page itself; its field shows nothing of its own.
        stamp_style=StaticStampStyle(border_width=0, background=look.background, background_layout=fill),
        new_field_spec=look.new_field,
    )
    room = CONTAINER_BYTES + sum(len(_der(one)) for one in signing.key.certificates) + (STAMP_BYTES if authority else 0)
    out = io.BytesIO()
    signer.sign_pdf(writer, existing_fields_only=look.new_field is None, bytes_reserved=2 * room, output=out)
    return out.getvalue()


def _pdf_signer_class(at: datetime) -> Any:
    from pyhanko.sign import signers

    class PdfSigner(signers.PdfSigner):
        def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
            session = super().init_signing_session(*args, **kwargs)
            session.system_time = at  # our clock, which tests can hold, is also the time of the ledger record
            return session

        def register_extensions(self, pdf_out: Any, *, md_algorithm: str) -> None:
            """Declare nothing: the extension for elliptic curves (ISO 32002) would make the file PDF 2.0.

            PDF/A-2 is PDF 1.7. The signature is PAdES either way (ETSI EN 319 142-1), whose algorithms are those of
            CMS: ECDSA on the NIST curves is checked by the readers of PDF 1.7 files as well.
            """

    return PdfSigner


def _writer(pdf: bytes) -> Any:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class Writer(IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            """Leave the metadata as they are: a new copy would lose what makes the file PDF/A."""

    return Writer(io.BytesIO(pdf))


def _field(slot: str, place: Place) -> Any:
    from pyhanko.sign import fields

    page, (left, bottom, right, top) = place
    box = (int(left), int(bottom), int(right) + 1, int(top) + 1)
    return fields.SigFieldSpec(field_name(slot), on_page=page, box=box, readable_field_name=f"Signature: {slot}")


def _cms_signer(key: SigningKey) -> Any:
    """Return the signer; every certificate of the chain is named in the signed attributes (RFC 5035, section 4)."""
    from asn1crypto import keys, x509
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from pyhanko.sign.attributes import CMSAttributeProvider
    from pyhanko.sign.general import as_signing_certificate_v2
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko.sign.signers.pdf_cms import CAdESSignedAttributeProviderSpec
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    chain = [x509.Certificate.load(_der(one)) for one in key.certificates]

    class WholeChain(CMSAttributeProvider):
        attribute_type = "signing_certificate_v2"

        async def build_attr_value(self, dry_run: bool = False) -> Any:
            value = as_signing_certificate_v2(chain[0])
            for one in chain[1:]:
                value["certs"].append(as_signing_certificate_v2(one)["certs"][0])
            return value

    class Spec(CAdESSignedAttributeProviderSpec):
        def signed_attr_providers(self, *args: Any, **kwargs: Any) -> Any:
            for one in super().signed_attr_providers(*args, **kwargs):
                yield WholeChain() if one.attribute_type == WholeChain.attribute_type else one

    class CmsSigner(SimpleSigner):
        def _signed_attr_provider_spec(
            self, attr_settings: Any, timestamper: Any = None, use_cades: bool = False, is_pdf_sig: bool = True
        ) -> Any:
            return Spec(
                attr_settings=attr_settings, signing_cert=chain[0], is_pades=is_pdf_sig, timestamper=timestamper
            )

    store = SimpleCertificateStore()
    store.register_multiple(chain[1:])
    private = key.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return CmsSigner(signing_key=keys.PrivateKeyInfo.load(private), signing_cert=chain[0], cert_registry=store)


def _der(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(certificate.public_bytes(Encoding.DER))
