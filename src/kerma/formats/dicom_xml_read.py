"""The Native DICOM Model in XML read as DICOM JSON (PS3.19, annex A.1; PS3.18, F.2). Hostile XML is refused."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from kerma.errors import Hostile, Unreadable
from kerma.formats.dicom_scan import DEPTH_MAX

_NAME_PARTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NUMBERS: dict[str, Any] = {
    **dict.fromkeys(("DS", "FL", "FD"), float),
    **dict.fromkeys(("IS", "SL", "SS", "SV", "UL", "US", "UV"), int),
}


def document_of(content: bytes) -> dict[str, Any]:
    """Return the data set that an XML document holds.

    Raises
    ------
    Unreadable
        It is no XML, or no Native DICOM Model.
    Hostile
        It has a document type or entities, or is nested too deep.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Unreadable(f"the metadata are no XML: {error}") from error
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise Unreadable(f"the metadata are no Native DICOM Model ({type(error).__name__}: {error})") from error
    return reader.document


def _refuse(*_: object) -> None:
    raise Hostile("the XML declares a document type or entities: refused")


class _Reader:
    """Builds DICOM JSON while the parser walks."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self._data_sets: list[dict[str, Any]] = [self.document]
        self._attributes: list[dict[str, Any]] = []
        self._name: dict[str, list[str]] = {}
        self._group = ""
        self._text = ""

    def start(self, written: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        element = written.rsplit(" ", 1)[-1]
        self._text = ""
        if element == "DicomAttribute":
            if len(self._attributes) >= DEPTH_MAX:
                raise Hostile(f"sequences are nested deeper than {DEPTH_MAX}: refused")
            attribute: dict[str, Any] = {"vr": attributes["vr"]}
            self._data_sets[-1][attributes["tag"].upper()] = attribute
            self._attributes.append(attribute)
        elif element == "Item":
            item: dict[str, Any] = {}
            self._values().append(item)
            self._data_sets.append(item)
        elif element == "PersonName":
            self._name = {}
        elif element in _GROUPS:
            self._group = element
            self._name[element] = [""] * len(_NAME_PARTS)
        elif element == "BulkData":
            self._attributes[-1]["BulkDataURI"] = attributes.get("uri") or attributes["uuid"]

    def end(self, written: str) -> None:
        """Close an element."""
        element = written.rsplit(" ", 1)[-1]
        if element == "DicomAttribute":
            self._attributes.pop()
        elif element == "Item":
            self._data_sets.pop()
        elif element == "Value":
            representation = self._attributes[-1]["vr"]
            self._values().append(_NUMBERS.get(representation, str)(self._text) if self._text else None)
        elif element == "InlineBinary":
            self._attributes[-1]["InlineBinary"] = self._text.strip()
        elif element in _NAME_PARTS:
            self._name[self._group][_NAME_PARTS.index(element)] = self._text
        elif element == "PersonName":
            self._values().append({group: "^".join(parts).rstrip("^") for group, parts in self._name.items()})

    def text(self, written: str) -> None:
        """Take characters."""
        self._text += written

    def _values(self) -> list[Any]:
        values: list[Any] = self._attributes[-1].setdefault("Value", [])
        return values
