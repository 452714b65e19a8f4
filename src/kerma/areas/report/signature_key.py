"""The keys that sign reports: a person's own, or the organisation's seal; read, checked, described.

Kinds of key: RSA of 2048 bits or more, and ECDSA on the NIST curves. A signature by P-256, P-384 or P-521 makes pyHanko
declare an extension of PDF 2.0 (ISO 32002), which PDF/A-2 does not know; the file stays PDF 1.7 and PDF/A-2 allows
extensions a reader may ignore. Ed25519 is refused: readers of PDF 1.7 cannot check it at all.

The seal of a new home is made on first use: a demonstration key, which says so in its certificate. A site puts its own
key and certificate chain (PEM) in the same place.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.errors import Unusable, WrongUsage

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

KEY_FILE = "report-signing.pem"
DEMONSTRATION = "demonstration"
VALID_DAYS = 3650
KEY_BITS = 3072
SMALLEST_RSA_BITS = 2048
MOST_CERTIFICATES = 10
LARGEST_FILE_BYTES = 65_536
CURVES = ("secp256r1", "secp384r1", "secp521r1")


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
    def name(self) -> str:
        """The common name of the certificate, or its whole subject where it has none."""
        return _common_name(self.certificates[0].subject)

    @property
    def issuer(self) -> str:
        """The common name of who vouches for the certificate."""
        return _common_name(self.certificates[0].issuer)

    @property
    def label(self) -> str:
        """The certificate in words: its common name and the start of its fingerprint."""
        return f"{self.name} · SHA-256 {self.certificate_sha256[:16]}"

    @property
    def is_demonstration(self) -> bool:
        """Whether Kerma made this key for itself: it proves that nothing was changed, not who signed."""
        return DEMONSTRATION in self.certificates[0].subject.rfc4514_string().lower()


def read_key(data: bytes, passphrase: str) -> SigningKey:
    """Read a private key with its certificates from a PKCS#12 file (.p12, .pfx) or PEM text.

    Raises
    ------
    WrongUsage
        The file is neither, the passphrase is wrong, or key and certificate are missing or do not belong together.
    """
    from cryptography.exceptions import UnsupportedAlgorithm

    if len(data) > LARGEST_FILE_BYTES:
        raise WrongUsage(f"a file of {len(data)} bytes is no signing key; give a PKCS#12 file (.p12, .pfx) or PEM text")
    try:
        key, certificates = _of_pem(data, passphrase) if b"-----BEGIN" in data else _of_pkcs12(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The library's words may quote the file; a wrong passphrase and a damaged file cannot be told apart.
        raise WrongUsage(
            "the key cannot be read: the passphrase of the file is wrong, or it is no PKCS#12 (.p12, .pfx) or PEM file"
        ) from error
    if key is None or not certificates:
        raise WrongUsage("the file must hold a private key and its certificate; export both together, with the chain")
    return SigningKey(key, _ordered(key, certificates))


def check_key(key: SigningKey, now: datetime) -> None:
    """Refuse a key that must not sign at this moment.

    Raises
    ------
    WrongUsage
        The kind of key is not supported, a certificate of the chain is not valid at the moment, its use does not
        include signing, or it was not issued by the next one of the chain.
    """
    _check_kind(key.key)
    for certificate in key.certificates:
        whose = f"the certificate of '{_common_name(certificate.subject)}'"
        if now > certificate.not_valid_after_utc:
            raise WrongUsage(f"{whose} expired on {certificate.not_valid_after_utc:%Y-%m-%d}; import a newer one")
        if now < certificate.not_valid_before_utc:
            raise WrongUsage(f"{whose} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")
    _check_usage(key.certificates[0])
    for issued, issuer in zip(key.certificates, key.certificates[1:], strict=False):
        _check_issued(issued, issuer)


def load_key(folder: Path, now: datetime) -> SigningKey:
    """Return the seal of a home's key folder, making a demonstration key on first use.

    Raises
    ------
    Unusable
        The file holds no private key and certificate, or others may read it.
    """
    path = folder / KEY_FILE
    if not path.exists():
        _make_demonstration_key(path, now)
    if path.stat().st_mode & 0o077:
        raise Unusable(f"{path} holds the key that signs reports but others may use it; run: chmod 600 {path}")
    try:
        return read_key(path.read_bytes(), "")
    except WrongUsage as error:
        raise Unusable(f"{path} holds no usable private key with certificate (PEM): {error}") from error


def chain_pem(certificates: Sequence[Certificate]) -> str:
    """Return certificates as PEM text, the key's own first."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return "".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in certificates)


def _of_pem(data: bytes, passphrase: str) -> tuple[Any, list[Certificate]]:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(data, passphrase.encode() or None)
    except TypeError:  # the key is not encrypted, but a passphrase was given
        key = load_pem_private_key(data, None)
    return key, x509.load_pem_x509_certificates(data)


def _of_pkcs12(data: bytes, passphrase: str) -> tuple[Any, list[Certificate]]:
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    key, own, others = load_key_and_certificates(data, passphrase.encode() or None)
    return key, [*([own] if own else []), *others]


def _ordered(key: Any, certificates: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """Return the chain of the key: its own certificate, then each one's issuer as far as they are there."""
    if len(certificates) > MOST_CERTIFICATES:
        raise WrongUsage(f"the file holds {len(certificates)} certificates; a chain has at most {MOST_CERTIFICATES}")
    public = key.public_key()
    own = [one for one in certificates if one.public_key() == public]
    if not own:
        raise WrongUsage("none of the certificates in the file belongs to its private key; export them together")
    newest = max(own, key=lambda one: one.not_valid_after_utc)
    chain = [newest]
    while chain[-1].issuer != chain[-1].subject:
        above = [one for one in certificates if one.subject == chain[-1].issuer and one not in chain]
        if not above:
            break
        chain.append(above[0])
    return tuple(chain)


def _check_kind(key: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < SMALLEST_RSA_BITS:
            raise WrongUsage(f"an RSA key of {key.key_size} bits is too weak; use {SMALLEST_RSA_BITS} bits or more")
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name not in CURVES:
            raise WrongUsage(f"the curve {key.curve.name} is not supported; use P-256, P-384 or P-521, or RSA")
    else:
        raise WrongUsage("this kind of key cannot sign a PDF that every reader checks; use RSA or ECDSA")


def _check_usage(certificate: Certificate) -> None:
    from cryptography import x509

    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise WrongUsage(
            f"the certificate of '{_common_name(certificate.subject)}' is not for signing "
            "(key usage has neither digitalSignature nor nonRepudiation); ask its issuer for a signing certificate"
        )


def _check_issued(issued: Certificate, issuer: Certificate) -> None:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    names = f"'{_common_name(issued.subject)}'", f"'{_common_name(issuer.subject)}'"
    try:
        is_authority = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        issued.verify_directly_issued_by(issuer)
    except x509.ExtensionNotFound:
        is_authority = False
    except (InvalidSignature, ValueError, TypeError) as error:
        raise WrongUsage(f"the certificate of {names[0]} was not signed by {names[1]}: the chain is broken") from error
    if not is_authority:
        raise WrongUsage(f"{names[1]} is no certificate authority, so it cannot vouch for {names[0]}")


def _common_name(name: Any) -> str:
    from cryptography.x509.oid import NameOID

    named = [str(one.value) for one in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return named[0] if named else str(name.rfc4514_string())


def _make_demonstration_key(path: Path, now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

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
