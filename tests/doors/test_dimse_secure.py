"""TLS with client certificates, and the DICOS dialects with the toolkit that speaks them."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

import callers
from callers import Client
from films import Archive, film, uid
from kerma import formats
from kerma.areas.archive.model import image
from kerma.areas.exchange.actions import NodeGiven, add_node
from kerma.doors import dimse_pdu as pdu
from kerma.doors.dimse import secure_context
from kerma.errors import WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.dimse_dicos import CONTEXTS, command_length, context_name, dialect_of, split_command_pdv
from kerma.kernel.identity import service

DICOS = Path(__file__).parents[3] / "shared" / "data" / "dicos_pydicos"
pytestmark = [
    pytest.mark.parametrize("backend", ["sqlite"]),
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning"),  # the old versions are what is refused
]


class Certificate:
    """A key and a certificate in files: self-signed, or signed by another one."""

    def __init__(self, folder: Path, name: str, issuer: Certificate | None = None, days: int = 2) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=3))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        )
        self.certificate = builder.sign(issuer.key if issuer else self.key, hashes.SHA256())
        self.path, self.key_path = folder / f"{name}.pem", folder / f"{name}.key"
        self.path.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        self.key_path.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    @property
    def sha256(self) -> str:
        """The digest of its public key."""
        spki = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(spki).hexdigest()


@pytest.fixture
def authority(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, "authority")


@pytest.fixture
def secured(kernel: Kernel, tmp_path: Path, authority: Certificate) -> Kernel:
    """A kernel whose door speaks TLS and asks for certificates of the authority."""
    own = Certificate(tmp_path, "kerma", authority)
    settings = replace(
        kernel.settings,
        dicom_tls_certificate=str(own.path),
        dicom_tls_key=str(own.key_path),
        dicom_tls_authorities=str(authority.path),
    )
    return replace(kernel, settings=settings)


class SecureClient(Client):
    """A client that shows a certificate, or none."""

    def __init__(self, port: int, authority: Certificate, shown: Certificate | None, version: object = None) -> None:
        super().__init__(port)
        context = ssl.create_default_context(cafile=str(authority.path))
        if shown:
            context.load_cert_chain(shown.path, shown.key_path)
        if version:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version
        self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")


def test_a_node_with_its_certificate_stores_over_tls(
    secured: Kernel, actor: Actor, tmp_path: Path, authority: Certificate
) -> None:
    node = Certificate(tmp_path, "node", authority)
    given = NodeGiven("TESTER", "127.0.0.1", 104, certificate_sha256=node.sha256, is_tls=True)
    add_node(secured, service("test", "*"), given=given)
    with callers.door(secured, secure_context(secured.settings)) as (_, port):
        with SecureClient(port, authority, node) as client:
            client.ask()
            client.send(callers.store(callers.data_set_of(film(side=300)), uid(1, 1, 1), piece=16_000))
            assert client.status() == 0
            client.release()
        other = Certificate(tmp_path, "other", authority)
        with SecureClient(port, authority, other) as client:
            client.send(callers.usual_request())
            assert client.answer()[0] == pdu.REJECT
    archive = Archive(secured, actor)
    assert archive.count(image) == 1
    first, second = archive.records("exchange.associate")
    assert (first["outcome"], second["outcome"]) == ("done", "refused") and first["details"]["is_tls"] is True


def test_a_node_listed_with_tls_is_not_let_in_without(secured: Kernel, tmp_path: Path, authority: Certificate) -> None:
    node = Certificate(tmp_path, "node", authority)
    given = NodeGiven("TESTER", "127.0.0.1", 104, certificate_sha256=node.sha256, is_tls=True)
    add_node(secured, service("test", "*"), given=given)
    with callers.door(secured) as (_, port), Client(port) as client:
        client.send(callers.usual_request())
        assert client.answer()[0] == pdu.REJECT


@pytest.mark.parametrize("what", ["none", "self-signed", "expired", "plain", "old"])
def test_who_cannot_show_a_good_certificate_does_not_get_as_far_as_asking(
    secured: Kernel, actor: Actor, tmp_path: Path, authority: Certificate, what: str
) -> None:
    shown = {
        "none": None,
        "self-signed": Certificate(tmp_path, "self"),
        "expired": Certificate(tmp_path, "expired", authority, days=-1),
        "old": Certificate(tmp_path, "old", authority),
    }
    with callers.door(secured, secure_context(secured.settings)) as (_, port):
        try:
            old = ssl.TLSVersion.TLSv1_1 if what == "old" else None
            client = Client(port) if what == "plain" else SecureClient(port, authority, shown[what], old)
            with client:
                client.send(callers.usual_request())
                assert client.answer()[0] == 0
        except ssl.SSLError:
            pass  # the handshake itself may fail on our side: that is as good
    assert Archive(secured, actor).records("exchange.associate") == []


def test_a_secure_port_without_certificate_is_told(kernel: Kernel) -> None:
    with pytest.raises(WrongUsage, match="KERMA_DICOM_TLS_CERTIFICATE"):
        secure_context(kernel.settings)
    wrong = replace(kernel.settings, dicom_tls_certificate="/nowhere.pem", dicom_tls_key="/nowhere.key")
    with pytest.raises(WrongUsage, match="cannot be used"):
        secure_context(wrong)


def test_dcmtk_verifies_over_tls(secured: Kernel, tmp_path: Path, authority: Certificate) -> None:
    node = Certificate(tmp_path, "node", authority)
    given = NodeGiven("ECHOSCU", "127.0.0.1", 104, certificate_sha256=node.sha256, is_tls=True)
    add_node(secured, service("test", "*"), given=given)
    with callers.door(secured, secure_context(secured.settings)) as (_, port):
        words = ["/usr/bin/echoscu", "-aec", "KERMA", "+tls", node.key_path, node.path, "+cf", authority.path]
        ran = subprocess.run([*map(str, words), "127.0.0.1", str(port)], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr


def test_a_scanner_s_toolkit_stores_a_ct(kernel: Kernel, actor: Actor) -> None:
    pytest.importorskip("pyDICOS", reason="Stratovan's toolkit (pydicos) is not installed")
    path = DICOS / "SimpleCT" / "SimpleCT0000.dcs"
    if not path.exists():
        pytest.skip(f"the DICOS examples are not at {DICOS}")
    everything = 255
    with callers.door(callers.trusting(kernel)) as (_, port):
        words = [sys.executable, str(Path(__file__).with_name("dicos_sender.py")), str(port), str(path)]
        for mask in (1, everything):
            sent = subprocess.run([*words, str(mask)], capture_output=True, text=True, timeout=120)
            assert sent.returncode == 0, sent.stdout + sent.stderr
    (row,) = Archive(kernel, actor).rows(
        sa.select(image.c.sha256, image.c.format, image.c.transfer_syntax_uid, image.c.planes)
    )
    assert (row["format"], row["transfer_syntax_uid"]) == ("DICOS", "1.2.840.10008.1.2.4.70")
    kept, original = formats.read(kernel.blobs.get(row["sha256"])), formats.read(path.read_bytes())
    assert (kept.pixels == original.pixels).all()


COMMAND = callers.command(1, callers.DX, "1.2.3", has_data=True)


def test_a_command_value_with_data_is_split_and_no_other(backend: str) -> None:
    assert command_length(COMMAND) == len(COMMAND) and command_length(COMMAND[:11]) is None
    assert split_command_pdv(b"\1" + COMMAND + b"data") == [b"\3" + COMMAND, b"\0data"]
    assert split_command_pdv(b"\3" + COMMAND + b"data") == [b"\3" + COMMAND, b"\2data"]
    assert split_command_pdv(b"\1" + COMMAND) == [b"\3" + COMMAND]
    for untouched in (b"\3" + COMMAND, b"\1" + COMMAND[:40], b"\2" + COMMAND, b"\0data", b"\1", b""):
        assert split_command_pdv(untouched) == [untouched]


def test_every_dialect_has_its_application_context(backend: str) -> None:
    assert {dialect_of(context_name(dialect)) for dialect in CONTEXTS} == set(CONTEXTS)
    assert dialect_of("1.2.840.10008.3.1.1.1.2") == "dicos-v02a" and dialect_of("1.2.3") is None


@pytest.mark.parametrize("application", [CONTEXTS["dicos-v03"], CONTEXTS["dicos-v02a"], "1.2.840.10008.3.1.1.1.2"])
def test_the_scanner_s_context_is_answered_and_lossless_jpeg_taken_first(kernel: Kernel, application: str) -> None:
    proposed = ["1.2.840.10008.1.2", callers.EXPLICIT, "1.2.840.10008.1.2.4.70"]
    asked = callers.request(
        [callers.context(1, "1.2.840.10008.5.1.4.1.1.501.1", proposed)], application=application, calling=b"SCANNER"
    )
    with callers.door(callers.trusting(kernel)) as (_, port), Client(port) as client:
        answer = client.ask(asked)
    assert application.encode() in answer and b"1.2.840.10008.1.2.4.70" in answer
