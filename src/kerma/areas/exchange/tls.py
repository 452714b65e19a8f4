"""TLS of the associations that Kerma opens, and the hash by which a certificate's key is known (BCP 195)."""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING, Any

from kerma.errors import NotAllowed, WrongUsage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kerma.kernel.settings import Settings

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2; what TLS 1.3 has is all good (RFC 9325, 4.2)."""


def client(settings: Settings, node: Mapping[str, Any]) -> tuple[ssl.SSLContext, str]:
    """Return the context and server name for calling a node.

    A node whose certificate is listed is known by its key alone; any other needs a certificate that the machine's
    certificate authorities vouch for, and that names its host.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    if settings.dicom_tls_certificate and settings.dicom_tls_key:
        context.load_cert_chain(settings.dicom_tls_certificate, settings.dicom_tls_key)
    if node["certificate_sha256"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the key is compared in demand_key, before a byte of DICOM is said
    else:
        context.load_default_certs()
        if settings.dicom_tls_authorities:
            context.load_verify_locations(settings.dicom_tls_authorities)
    return context, node["host"]


def demand_key(connection: Any, expected_sha256: str) -> None:
    """Refuse a connection whose other side showed another key than the one listed.

    Raises
    ------
    NotAllowed
        It is another one, or none was shown.
    """
    shown = connection.getpeercert(binary_form=True)
    found = key_sha256(shown) if shown else ""
    if found != expected_sha256:
        raise NotAllowed(
            f"showed another certificate than the one it is listed with (key SHA-256 {found or 'none'}): if it was "
            "renewed, list the new one with `kerma node change --certificate FILE`"
        )


def key_sha256(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate's public key (its SPKI), from DER or PEM.

    Raises
    ------
    WrongUsage
        These bytes are no certificate.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    load = x509.load_pem_x509_certificate if b"-----BEGIN" in certificate else x509.load_der_x509_certificate
    try:
        key = load(certificate).public_key()
    except ValueError as error:
        raise WrongUsage("this is no certificate: a PEM or DER file of an X.509 certificate is expected") from error
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
