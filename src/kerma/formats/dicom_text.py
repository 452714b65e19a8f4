"""Character sets of DICOM (PS3.3 C.12.1.1.2): single sets, and ISO 2022 code extensions (PS3.5, 6.1.2.5)."""

from __future__ import annotations

import re

# PS3.3 tables C.12-2, C.12-3 and C.12-5: defined terms, those with code extensions written as those without.
_CODECS = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 166": "iso8859-11",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
# PS3.3 tables C.12-3 and C.12-4: escape sequences and the codec of what follows.
_ESCAPES = {
    b"\x1b(B": "ascii",
    b"\x1b(J": "shift_jis",
    b"\x1b)I": "shift_jis",
    b"\x1b-A": "latin-1",
    b"\x1b-B": "iso8859-2",
    b"\x1b-C": "iso8859-3",
    b"\x1b-D": "iso8859-4",
    b"\x1b-L": "iso8859-5",
    b"\x1b-G": "iso8859-6",
    b"\x1b-F": "iso8859-7",
    b"\x1b-H": "iso8859-8",
    b"\x1b-M": "iso8859-9",
    b"\x1b-T": "iso8859-11",
    b"\x1b-b": "iso8859-15",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$(D": "iso2022_jp_2",
    b"\x1b$)C": "euc_kr",
    b"\x1b$)A": "gb2312",
}
_ESCAPE = b"\x1b"
_PARTS = re.compile(rb"\x1b\$?[()\-]?[A-Za-z]|[^\x1b]+|\x1b")
# PS3.5, 6.1.2.5.3: what switches back to the first character set.
_TEXT_DELIMITERS = re.compile(rb"([\t\n\f\r])")
_NAME_DELIMITERS = re.compile(rb"([\t\n\f\r^=\\])")


def decode(value: bytes, charsets: tuple[str, ...], *, is_name: bool = False) -> tuple[str, str]:
    """Return the text of a value and a warning, empty when every byte had a meaning.

    Bytes without a meaning become U+FFFD; they are never guessed. Only where a file names no character set at all are
    they read as Latin-1, with a warning.
    """
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii"), ""
    first = _key(charsets[0]) if charsets else ""
    codec = _CODECS.get(first)
    if codec is None:
        return _replaced(value, "ascii"), f"the character set '{charsets[0][:32]}' is unknown"
    if _ESCAPE in value:
        text = _decode_extended(value, codec, _NAME_DELIMITERS if is_name else _TEXT_DELIMITERS)
    elif not any(charsets):
        return value.decode("latin-1"), "the file names no character set; Latin-1 was assumed"
    else:
        text = _replaced(value, codec)
    return text, "some letters do not fit the character set of the file" if "\ufffd" in text else ""


def _key(term: str) -> str:
    return re.sub(r"^ISO[ _-](2022 )?IR ", "ISO_IR ", term.strip().upper())


def _replaced(value: bytes, codec: str) -> str:
    return value.decode(codec, errors="replace").replace("\x1b", "\ufffd")


def _decode_extended(value: bytes, first: str, delimiters: re.Pattern[bytes]) -> str:
    """Decode a value with escape sequences, each holding until the next one or a delimiter."""
    codec, text = first, []
    escape = b""
    for part in _PARTS.findall(value):
        if part.startswith(_ESCAPE):
            codec, escape = _ESCAPES.get(part, ""), part
            if not codec:
                text.append("\ufffd")
                codec = first
        elif codec.startswith("iso2022"):
            # Two bytes of seven bits a letter: a byte that looks like a delimiter is none.
            text.append(_replaced(escape + part, codec))
        else:
            held, *rest = delimiters.split(part)
            text.append(_replaced(held, codec))
            if rest:
                text.append(_replaced(b"".join(rest), first))
                codec = first
    return "".join(text)
