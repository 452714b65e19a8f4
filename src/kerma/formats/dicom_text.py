"""Character sets of DICOM (PS3.3 C.12.1.1.2): single-byte ones and UTF-8 at once, ISO 2022 through pydicom."""

from __future__ import annotations

# PS3.3 tables C.12-2 and C.12-5: defined terms that need no escape sequences.
_PLAIN = {
    "": "latin-1",
    "ISO_IR 6": "latin-1",
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
ESCAPE = b"\x1b"
# PS3.5, 6.1.2.5.3: what switches back to the first character set.
_TEXT_DELIMITERS = frozenset(b"\t\n\f\r")
_NAME_DELIMITERS = _TEXT_DELIMITERS | frozenset(b"^=\\")


def decode(value: bytes, charsets: tuple[str, ...], *, is_name: bool = False) -> tuple[str, str]:
    """Return the text of a value and a warning, empty when every byte had a meaning.

    Bytes without a meaning become U+FFFD; they are never guessed.
    """
    if ESCAPE not in value and value.isascii():
        return value.decode("ascii"), ""
    first = charsets[0] if charsets else ""
    if ESCAPE not in value and len(charsets) <= 1 and _key(first) in _PLAIN:
        return _decode_plain(value, _PLAIN[_key(first)])
    return _decode_iso_2022(value, charsets, is_name=is_name)


def _key(term: str) -> str:
    return term.replace("ISO 2022 IR", "ISO_IR").replace("ISO-IR", "ISO_IR").replace("ISO IR", "ISO_IR").strip()


def _decode_plain(value: bytes, codec: str) -> tuple[str, str]:
    try:
        return value.decode(codec), ""
    except UnicodeDecodeError:
        return value.decode(codec, errors="replace"), f"some letters are not of the character set {codec}"


def _decode_iso_2022(value: bytes, charsets: tuple[str, ...], *, is_name: bool) -> tuple[str, str]:
    # Importing pydicom takes a third of a second, so only texts with escape sequences pay for it.
    import warnings

    from pydicom import charset

    delimiters = _NAME_DELIMITERS if is_name else _TEXT_DELIMITERS
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        try:
            encodings = charset.convert_encodings(list(charsets) or [""])
            text = charset.decode_bytes(value, encodings, set(delimiters))
        except (LookupError, ValueError):
            text, _ = _decode_plain(value.replace(ESCAPE, b"?"), "ascii")
            return text, f"the character set {'/'.join(charsets) or 'default'} is unknown or does not fit the text"
    if noted or "\x1b" in text:
        return text.replace("\x1b", "\ufffd"), "some letters do not fit the character set the file names"
    return text, ""
