"""One connection of the DICOM network: bytes in and out, each wait with an end."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time

from kerma.kernel.dimse import Peer

RECEIVE_BUFFER_BYTES = 1 << 20


class GoneError(Exception):
    """The peer closed the connection, or it broke."""


class SilentError(Exception):
    """The peer sent nothing for too long."""


class Wire:
    """A socket whose every wait ends: after ``patience_s`` of silence, or at a moment given."""

    def __init__(self, connection: socket.socket, patience_s: float) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.wait_at_most(patience_s)

    def wait_at_most(self, seconds: float) -> None:
        """Set how long one wait may last."""
        seconds = max(seconds, 0.001)
        if isinstance(self.socket, ssl.SSLSocket):
            self.socket.settimeout(seconds)
            return
        # The system's own time limits save a call of poll() before each read.
        self.socket.settimeout(None)
        limit = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def secure(self, context: ssl.SSLContext, until_s: float) -> None:
        """Begin TLS; the handshake ends in time or raises."""
        self.wait_at_most(until_s - time.monotonic())
        self.socket.settimeout(max(until_s - time.monotonic(), 0.001))
        try:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        except (OSError, ValueError) as error:
            raise GoneError(f"TLS was not agreed on: {getattr(error, 'reason', None) or error}") from error

    def receive(self, target: memoryview) -> int:
        """Read what is there into a buffer and return how much it was, at least 1."""
        try:
            count = self.socket.recv_into(target)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError) as error:
            raise SilentError from error
        except OSError as error:
            raise GoneError from error
        if not count:
            raise GoneError
        return count

    def exactly(self, count: int, until_s: float) -> bytes:
        """Read so many bytes before a moment (of the monotonic clock)."""
        data = bytearray(count)
        view, filled = memoryview(data), 0
        while filled < count:
            if time.monotonic() >= until_s:
                raise SilentError
            self.wait_at_most(until_s - time.monotonic())
            filled += self.receive(view[filled:])
        return bytes(data)

    def send(self, data: bytes) -> None:
        """Write all bytes."""
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise GoneError from error

    def try_to_send(self, data: bytes) -> None:
        """Write a last word to a peer that may have gone."""
        with contextlib.suppress(GoneError):
            self.send(data)

    def stop(self) -> None:
        """Let the thread that reads find the end, from another thread; an answer can still be sent."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RD)  # an SSL socket would forget its keys

    def close(self) -> None:
        """Close the connection, first letting the last word reach the peer."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            self.socket.close()


def key_digest(connection: socket.socket) -> str | None:
    """Return the SHA-256 of the public key (SPKI) of the certificate that the peer showed; None when it showed none."""
    certificate = connection.getpeercert(binary_form=True) if isinstance(connection, ssl.SSLSocket) else None
    if not certificate:
        return None
    import hashlib

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def is_dicos(peer: Peer, application_context: str) -> bool:
    """Return whether the repairs of DICOS apply: the node is listed so, or is unlisted and says so itself."""
    from kerma.kernel.dimse_dicos import dialect_of

    return peer.dialect != "dicom" or (peer.node_id is None and dialect_of(application_context) != "dicom")
