"""DICOM JSON as the Native DICOM Model in XML (PS3.19, annex A.1), for whoever asks for ``application/dicom+xml``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_NAME_PARTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_CONTROL = {code: None for code in range(0x20) if code not in (0x09, 0x0A, 0x0D)}


def native_xml(document: Mapping[str, Any]) -> bytes:
    """Return one data set as an XML document."""
    body = "".join(_attributes(document))
    model = f'<NativeDicomModel xmlns="{NAMESPACE}" xml:space="preserve">{body}</NativeDicomModel>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{model}'.encode()


def _attributes(document: Mapping[str, Any]) -> Iterator[str]:
    for tag, element in document.items():
        vr = element["vr"]
        keyword = f' keyword="{_keyword(tag)}"' if _keyword(tag) else ""
        yield f'<DicomAttribute tag="{tag}" vr="{vr}"{keyword}>{"".join(_content(vr, element))}</DicomAttribute>'


def _content(vr: str, element: Mapping[str, Any]) -> Iterator[str]:
    if "BulkDataURI" in element:
        yield f"<BulkData uri={quoteattr(element['BulkDataURI'])}/>"
    elif "InlineBinary" in element:
        yield f"<InlineBinary>{element['InlineBinary']}</InlineBinary>"
    for number, value in enumerate(element.get("Value", ()), start=1):
        if value is not None:
            yield _KINDS.get(vr, _value)(number, value)


def _value(number: int, value: Any) -> str:
    return f'<Value number="{number}">{_text(str(value))}</Value>'


def _item(number: int, value: Any) -> str:
    return f'<Item number="{number}">{"".join(_attributes(value))}</Item>'


def _name(number: int, value: Any) -> str:
    groups = []
    for group in _GROUPS:
        parts = zip(_NAME_PARTS, value.get(group, "").split("^"), strict=False)
        written = "".join(f"<{part}>{_text(text)}</{part}>" for part, text in parts if text)
        if written:
            groups.append(f"<{group}>{written}</{group}>")
    return f'<PersonName number="{number}">{"".join(groups)}</PersonName>'


_KINDS: Mapping[str, Callable[[int, Any], str]] = {"SQ": _item, "PN": _name}


def _text(written: str) -> str:
    """Return text that XML can hold: a control character has no place in it, not even escaped."""
    return escape(written.translate(_CONTROL))


@functools.lru_cache(maxsize=8192)
def _keyword(tag: str) -> str:
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(int(tag, 16))
