"""The dialects of DICOM on the network: DICOS peers name another application context and count lengths wrongly.

Every fact here was measured at the toolkit's server; a ``dicom`` node never sees the repairs.
"""

from __future__ import annotations

import struct
from typing import Any

from kerma.kernel.dimse_dicos import context_name

_ACCEPT, _RESULT_ITEM, _TRANSFER_ITEM = 0x02, 0x21, 0x40
_FIXED_BYTES = 74
"""Where the items of an A-ASSOCIATE-AC begin (DICOM PS3.8, 9.3.3)."""


def repair_associate_ac(pdu: bytes) -> bytes:
    """Return an A-ASSOCIATE-AC whose presentation context results say their true length.

    The toolkit counts an item's own header of four bytes to its length. A correct PDU is returned as it came; so is
    anything that is no A-ASSOCIATE-AC.
    """
    if len(pdu) < _FIXED_BYTES or pdu[0] != _ACCEPT:
        return pdu
    mended = bytearray(pdu)
    place = _FIXED_BYTES
    while place + 4 <= len(mended):
        kind, length = mended[place], struct.unpack_from(">H", mended, place + 2)[0]
        if kind == _RESULT_ITEM and place + 12 <= len(mended) and mended[place + 8] == _TRANSFER_ITEM:
            length = 8 + struct.unpack_from(">H", mended, place + 10)[0]
            struct.pack_into(">H", mended, place + 2, length)
        place += 4 + length
    struct.pack_into(">I", mended, 2, len(mended) - 6)
    return bytes(mended)


def adopt(association: Any, dialect: str) -> None:
    """Have an association that is being requested speak a dialect; the request is not encoded yet."""
    if dialect == "dicom":
        return
    from pydicom.uid import UID

    association.requestor.primitive.application_context_name = UID(context_name(dialect))
    provider = association.dul
    decode = provider._decode_pdu
    provider._decode_pdu = lambda received: decode(bytearray(repair_associate_ac(bytes(received))))
