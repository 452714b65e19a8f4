"""Signing a report's PDF (PAdES B-B) and checking a signed one, without a network.

The key of a new home is made on first use: a demonstration key, which says so in its certificate. A site puts its
own key and certificate chain (PEM) in the same place.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.errors import Unusable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

KEY_FILE = "report-signing.pem"
FIELD = "ReportSignature"
DEMONSTRATION = "demonstration"
VALID_DAYS = 3650
KEY_BITS = 3072


@dataclass(frozen=True)
class SigningKey:
    """A private key and the certificates that vouch for it, the key's own first."""

    key: Any
    certificates: tuple[Certificate, ...]

    @property
    def certificate_sha256(self) -> str:
        """The fingerprint of the key's certificate."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return hashlib.sha256(self.certificates[0].public_bytes(Encoding.DER)).hexdigest()

    @property
    def label(self) -> str:
        """The certificate in words: its common name and the start of its fingerprint."""
        from cryptography.x509.oid import NameOID

        subject = self.certificates[0].subject
        named = [str(one.value) for one in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return f"{named[0] if named else subject.rfc4514_string()} · SHA-256 {self.certificate_sha256[:16]}"


@dataclass(frozen=True)
class SignatureState:
    """What a signed PDF proves."""

    who: str
    """The name the signature gives."""
    meaning: str
    when: str
    """The time the signer states, ISO 8601; it is not a third party's time."""
    is_intact: bool
    """The signed bytes are unchanged and the signature belongs to the certificate."""
    covers_whole_document: bool
    """Nothing was appended after signing."""
    certificate: str
    certificate_sha256: str
    is_demonstration: bool
    """Signed with a key Kerma made for itself: it proves that nothing was changed, not who signed."""

    @property
    def is_unaltered(self) -> bool:
        """Whether the document is exactly as it was signed."""
        return self.is_intact and self.covers_whole_document


def load_key(folder: Path, now: datetime) -> SigningKey:
    """Return the signing key of a home's key folder, making a demonstration key on first use.

    Raises
    ------
    Unusable
        The file holds no private key and certificate, or others may read it.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = folder / KEY_FILE
    if not path.exists():
        _make_demonstration_key(path, now)
    if path.stat().st_mode & 0o077:
        raise Unusable(f"{path} holds the key that signs reports but others may use it; run: chmod 600 {path}")
    data = path.read_bytes()
    try:
        return SigningKey(load_pem_private_key(data, None), tuple(x509.load_pem_x509_certificates(data)))
    except ValueError as error:
        raise Unusable(f"{path} holds no usable private key with certificate (PEM): {error}") from error


def sign_pdf(
    pdf: bytes, key: SigningKey, *, name: str, meaning: str, at: datetime, place: tuple[int, tuple[float, ...]]
) -> bytes:
    """Sign a PDF so that any later change shows; the signature field lies over the printed signature block.

    Parameters
    ----------
    pdf : the document with its printed block
    key : who vouches
    name, meaning, at : who signs, as what, and when
    place : page from 0, and rectangle in points from the lower left
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko.stamp import StaticStampStyle

    class Writer(IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            """Leave the metadata as they are: a new copy would lose what makes the file PDF/A."""

    class Signer(signers.PdfSigner):
        def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
            session = super().init_signing_session(*args, **kwargs)
            session.system_time = at  # our clock, which tests can hold, is also the time of the ledger record
            return session

    page, (left, bottom, right, top) = place
    box = (int(left), int(bottom), int(right) + 1, int(top) + 1)
    signer = Signer(
        signers.PdfSignatureMetadata(
            field_name=FIELD,
            name=name,
            reason=meaning,
            subfilter=fields.SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        ),
        signer=_cms_signer(key),
        # The words stand in the page itself; the field over them shows nothing of its own.
        stamp_style=StaticStampStyle(border_width=0, background=None),
        new_field_spec=fields.SigFieldSpec(FIELD, on_page=page, box=box),
    )
    out = io.BytesIO()
    signer.sign_pdf(Writer(io.BytesIO(pdf)), output=out)
    return out.getvalue()


def verify_pdf(data: bytes) -> SignatureState:
    """Check a signed report, offline; what is altered is in the answer, not an error.

    Raises
    ------
    Unusable
        This is no PDF that can be read, or it carries no signature.
    """
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.general import SigningError
    from pyhanko_certvalidator.errors import PathError, ValidationError

    try:
        signatures = PdfFileReader(io.BytesIO(data), strict=False).embedded_regular_signatures
    except (PdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise Unusable(f"this file is no readable PDF ({error}); get it again from its sender") from error
    if not signatures:
        raise Unusable("this PDF carries no signature; it is a proposal, or was printed anew")
    try:
        return _state(signatures[-1])
    except (PdfError, SigningError, PathError, ValidationError, ValueError, KeyError, TypeError, IndexError) as error:
        raise Unusable(f"the signature of this PDF is damaged beyond checking ({error})") from error


def _state(signature: Any) -> SignatureState:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    certificate = signature.signer_cert
    # The certificate vouches for itself here: what is asked is whether the bytes are unchanged, not whom to trust.
    trust = ValidationContext(trust_roots=[certificate], allow_fetching=False, revocation_mode="soft-fail")
    status = validate_pdf_signature(signature, signer_validation_context=trust)
    about = signature.sig_object
    when = status.signer_reported_dt
    subject = certificate.subject.human_friendly
    return SignatureState(
        who=str(about.get("/Name", "")) or subject,
        meaning=str(about.get("/Reason", "")),
        when=when.isoformat() if when else "",
        is_intact=bool(status.intact and status.valid and _is_packed_as_written(signature)),
        covers_whole_document=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        certificate=subject,
        certificate_sha256=hashlib.sha256(certificate.dump()).hexdigest(),
        is_demonstration=DEMONSTRATION in subject.lower(),
    )


def _is_packed_as_written(signature: Any) -> bool:
    """Return whether the gap in the signed bytes holds the signature and zeros, in the one way it was written.

    That gap is the only part of the file no digest covers; without this, a byte of its padding, or the version numbers
    and the list of digests in the container, could be changed unnoticed.
    """
    from asn1crypto import cms

    first, length, second, _ = (int(number) for number in signature.sig_object["/ByteRange"])
    stream = signature.reader.stream
    stream.seek(first + length)
    gap = stream.read(second - first - length)
    container = cms.ContentInfo.load(bytes(signature.pkcs7_content))
    written = container.dump().hex().upper().encode()
    content = container["content"]
    versions = {content["version"].native, *(signer["version"].native for signer in content["signer_infos"])}
    digests = cms.DigestAlgorithms([cms.DigestAlgorithm({"algorithm": "sha256"})])
    return (
        bool(gap == b"<" + written.ljust(len(gap) - 2, b"0") + b">")
        and versions == {"v1"}
        and content["digest_algorithms"].dump() == digests.dump()
        and container.dump(force=True) == container.dump()
    )


def _cms_signer(key: SigningKey) -> Any:
    from asn1crypto import keys, x509
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    chain = [x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in key.certificates]
    store = SimpleCertificateStore()
    store.register_multiple(chain)
    private = key.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SimpleSigner(signing_key=keys.PrivateKeyInfo.load(private), signing_cert=chain[0], cert_registry=store)


def _make_demonstration_key(path: Path, now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    # RSA, because a signature by an elliptic curve would make the file PDF 2.0, which PDF/A-2 is not (ISO 32002)
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Kerma demonstration"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Kerma demonstration key, made by this computer for itself"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    _write_once(path, text)


def _write_once(path: Path, data: bytes) -> None:
    """Write a secret for its owner only; where another process was quicker, its file stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        part.unlink()
