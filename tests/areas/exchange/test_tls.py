"""TLS to a node: its certificate is known by its key, ours is shown, and what does not hold is refused before DICOM."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dcmtk import storescp
from films import Archive, film, uid
from kerma.areas.archive.queries_find import images_at
from kerma.areas.exchange import tls
from kerma.areas.exchange.send import Errand, Outcome, send_images
from kerma.errors import WrongUsage


@pytest.fixture
def backend() -> str:
    """What goes over the wire is the same whatever the database: it is tried on one."""
    return "sqlite"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate that vouches for itself; returns its file and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def send(archive: Archive, node: dict[str, Any]) -> Outcome:
    with archive.kernel.database.read() as connection:
        rows = images_at(connection, exam_uids=[uid(1)])
    return send_images(archive.kernel, node, rows, Errand(archive.actor))


@pytest.fixture
def secure(archive: Archive, tmp_path: Path) -> tuple[Archive, list[str], Path]:
    """An archive with a certificate, the options of a storescp that demands it, and that one's certificate."""
    own, own_key = certificate(tmp_path, "kerma")
    theirs, their_key = certificate(tmp_path, "peer")
    settings = replace(archive.kernel.settings, dicom_tls_certificate=own, dicom_tls_key=own_key)
    archive.kernel = replace(archive.kernel, settings=settings)
    archive.ingest(film())
    return archive, ["+tls", str(their_key), str(theirs), "+cf", str(own)], theirs


def test_a_node_that_is_listed_with_its_certificate(secure: Any, lists: Any, tmp_path: Path) -> None:
    archive, options, theirs = secure
    with storescp(tmp_path / "in", *options) as port:
        node = lists("PEER", port, is_tls=True, certificate_sha256=tls.key_sha256(theirs.read_bytes()))
        outcome = send(archive, node)
    assert (outcome.sent_count, outcome.error) == (1, "")


def test_another_certificate_is_refused_before_anything_is_said(secure: Any, lists: Any, tmp_path: Path) -> None:
    archive, options, _ = secure
    with storescp(tmp_path / "in", *options) as port:
        outcome = send(archive, lists("PEER", port, is_tls=True, certificate_sha256="a" * 64))
    assert outcome.sent_count == 0
    assert "another certificate" in outcome.error
    assert archive.records("archive.export") == []


def test_a_certificate_nobody_vouches_for_is_refused(secure: Any, lists: Any, tmp_path: Path) -> None:
    archive, options, _ = secure
    with storescp(tmp_path / "in", *options) as port:
        outcome = send(archive, lists("PEER", port, is_tls=True))
    assert outcome.sent_count == 0
    assert "nobody vouches for" in outcome.error


def test_a_node_that_speaks_plain_is_told(archive: Archive, lists: Any, tmp_path: Path) -> None:
    archive.ingest(film())
    with storescp(tmp_path / "in") as port:
        outcome = send(archive, lists("PEER", port, is_tls=True, certificate_sha256="a" * 64))
    assert outcome.sent_count == 0
    assert "TLS" in outcome.error


def test_a_key_is_the_same_in_both_forms_and_after_renewal(tmp_path: Path) -> None:
    path, _ = certificate(tmp_path, "one")
    pem = path.read_bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    assert tls.key_sha256(pem) == tls.key_sha256(der)
    with pytest.raises(WrongUsage):
        tls.key_sha256(b"no certificate")
