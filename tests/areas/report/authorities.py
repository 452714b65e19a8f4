"""Certificates and a time-stamping authority for tests: real ones, made on the spot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kerma.areas.report.signature_key import SigningKey

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SIGNING = ("digital_signature", "content_commitment")
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@cache
def rsa_key(name: str = "", bits: int = 2048) -> Any:
    """One RSA key for each name: making them is most of the time."""
    return rsa.generate_private_key(65537, bits)


@cache
def curve_key(name: str = "", curve: type = ec.SECP256R1) -> Any:
    return ec.generate_private_key(curve())


def certificate(
    subject: str,
    key: Any,
    issuer: tuple[str, Any] | None = None,
    usage: tuple[str, ...] = SIGNING,
    days: tuple[int, int] = (-30, 365),
    is_stamper: bool = False,
) -> x509.Certificate:
    """A certificate valid from so many days before to so many after ``AT``; self-signed without an issuer."""
    is_authority = "key_cert_sign" in usage
    by, by_key = issuer or (subject, key)
    name = lambda words: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])  # noqa: E731
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT + timedelta(days=days[0]))
        .not_valid_after(AT + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{one: one in usage for one in _USAGES}), critical=True)
    )
    if is_stamper:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(by_key, hashes.SHA256())


AUTHORITY = "Test authority"


@cache
def root() -> x509.Certificate:
    return certificate(AUTHORITY, rsa_key("root"), usage=("key_cert_sign", "crl_sign"))


def person_key(name: str = "Zoé Dupont", key: Any = None, **given: Any) -> SigningKey:
    """A person's key whose certificate the test authority vouches for."""
    own = key or rsa_key(name)
    return SigningKey(own, (certificate(name, own, (AUTHORITY, rsa_key("root")), **given), root()))


def p12(key: SigningKey, passphrase: str) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"own", key.key, key.certificates[0], key.certificates[1:], BestAvailableEncryption(passphrase.encode())
    )


def pem(key: SigningKey, passphrase: str = "") -> bytes:
    locked = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    text = key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
    return text + b"".join(one.public_bytes(Encoding.PEM) for one in key.certificates)


def der(one: x509.Certificate) -> bytes:
    return one.public_bytes(Encoding.DER)


def stamps(request: bytes, *, at: datetime = AT, key: str = "tsa", **changed: Any) -> bytes:
    """Answer a time-stamp request as an authority would; ``changed`` are fields of the request it gets wrong."""
    from asn1crypto import keys, tsp
    from asn1crypto import x509 as asn1
    from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

    maker = certificate(
        "Test time", rsa_key(key), (AUTHORITY, rsa_key("root")), ("digital_signature",), is_stamper=True
    )
    private = rsa_key(key).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    own, above = (asn1.Certificate.load(der(one)) for one in (maker, root()))
    stamper = DummyTimeStamper(own, keys.PrivateKeyInfo.load(private), [above], fixed_dt=at)
    asked = tsp.TimeStampReq.load(request)
    if "nonce" in changed:
        asked["nonce"] = changed["nonce"]
    if "digest" in changed:
        asked["message_imprint"]["hashed_message"] = changed["digest"]
    return stamper.request_tsa_response(asked).dump()


Answer = Callable[[bytes], bytes]


@contextmanager
def authority(
    answer: Answer = stamps, *, kind: str = "application/timestamp-reply", wait_s: float = 0.0, status: int = 200
) -> Iterator[Any]:
    """A time-stamping authority on a free port; ``requests`` of what is yielded lists the headers of who asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.requests.append(dict(self.headers))
            body = answer(asked)
            time.sleep(wait_s)
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status in (301, 302, 307):
                    self.send_header("Location", "http://127.0.0.1:9/")
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the one who asked has gone

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests = []
    server.daemon_threads = True
    server.url = f"http://127.0.0.1:{server.server_address[1]}/tsa"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
