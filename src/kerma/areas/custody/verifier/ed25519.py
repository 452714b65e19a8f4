"""Check an Ed25519 signature (RFC 8032, 5.1.7) in plain Python, for machines that have nothing but Python."""

from __future__ import annotations

import hashlib

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)

# A point is X, Y, Z, T with x = X/Z, y = Y/Z, x·y = T/Z (RFC 8032, 5.1.4).



def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the holder of the public key's secret half signed exactly this message."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return _is_same(_times(scalar, _BASE), _sum(commitment, _times(challenge, key)))


def _sum(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    a = (first[1] - first[0]) * (second[1] - second[0]) % PRIME
    b = (first[1] + first[0]) * (second[1] + second[0]) % PRIME
    c = 2 * first[3] * second[3] * CURVE % PRIME
    d = 2 * first[2] * second[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def _times(scalar: int, point: tuple[int, ...]) -> tuple[int, ...]:
    result: tuple[int, ...] = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _sum(result, point)
        point = _sum(point, point)
        scalar >>= 1
    return result


def _is_same(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    return not (
        (first[0] * second[2] - second[0] * first[2]) % PRIME or (first[1] * second[2] - second[1] * first[2]) % PRIME
    )


def _point(written: bytes) -> tuple[int, ...] | None:
    """Return the point that 32 bytes stand for, None where they stand for none (RFC 8032, 5.1.3)."""
    y = int.from_bytes(written, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(CURVE * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


_BASE_Y = 4 * pow(5, PRIME - 2, PRIME) % PRIME
_BASE = _point(_BASE_Y.to_bytes(32, "little")) or (0, 1, 1, 0)
