"""Orders from files: a table (CSV), and the worklist files of DCMTK's ``wlmscpfs`` (.wl, .dump)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.areas.worklist import rules_orders
from kerma.areas.worklist.model_orders import Order
from kerma.errors import Unreadable, WrongUsage

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MOST_BYTES = 64 << 20
DETAIL = "details."
CODES = ("requested_codes", "protocol_codes")
_COLUMNS = {one.name for one in fields(Order)} - {"details", *CODES}
_LINE = re.compile(r"\(([0-9a-fA-F]{4}),([0-9a-fA-F]{4})\)\s+(\S\S?)\s*(.*)$")
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_CHARACTER_SETS = {"ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}
_IGNORED = 0x0002


def orders_of_file(path: Path, industry: str) -> list[Order]:
    """Return the orders that a file holds.

    Raises
    ------
    WrongUsage
        The kind of file is unknown, or a column of a table.
    Unreadable
        The file is not what its name says.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise WrongUsage(f"{path.name}: orders are read from files that end in {', '.join(READERS)}")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(f"{path.name} is larger than {MOST_BYTES >> 20} MiB; split it")
        return list(reader(path, industry))
    except OSError as error:
        raise WrongUsage(f"{path.name} cannot be read: {error.strerror}") from error


def _of_table(path: Path, industry: str) -> Iterator[Order]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text (byte {error.start}); save the table as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text), dialect="excel-tab" if "\t" in text.partition("\n")[0] else "excel")
    columns = reader.fieldnames or []
    _demand_known(columns)
    for row in reader:
        if None in row or None in row.values():
            wrong = f"{path.name}, line {reader.line_num}: the row has another number of cells than the first line"
            raise Unreadable(wrong)
        yield order_of({"industry": industry, **{name: text for name, text in row.items() if text.strip()}})


def _demand_known(columns: Iterable[str]) -> None:
    unknown = [name for name in columns if name not in _COLUMNS and not name.startswith(DETAIL)]
    if unknown:
        raise WrongUsage(
            f"an order has no field '{unknown[0][:64]}'; the fields are {', '.join(sorted(_COLUMNS))}, and "
            f"'{DETAIL}' with a DICOM keyword, PartNumber, WeldNumber or DrawingNumber"
        )


def order_of(row: Mapping[str, str]) -> Order:
    """Return the order that named fields make; ``details.KEYWORD`` is one of its details.

    Raises
    ------
    WrongUsage
        An order has no such field.
    """
    _demand_known(row)
    values = {name: text.strip() for name, text in row.items() if text.strip()}
    details = {name.removeprefix(DETAIL): values.pop(name) for name in list(values) if name.startswith(DETAIL)}
    fields: dict[str, Any] = {"industry": "", "subject_id": "", "station_ae": "", "modality": "", **values}
    return Order(**fields, details=details)


def _of_dicom(path: Path, industry: str) -> Iterator[Order]:
    from pydicom import dcmread

    try:
        dataset = dcmread(path, force=True)
        yield from _of_dataset(dataset, industry)
    except (ValueError, TypeError, KeyError, AttributeError, EOFError, NotImplementedError) as error:
        raise Unreadable(f"{path.name} is not a DICOM worklist file ({type(error).__name__})") from error


def _of_dump(path: Path, industry: str) -> Iterator[Order]:
    raw = path.read_bytes()
    found = re.search(rb"\(0008,0005\)\s+CS\s+\[?([^\]\r\n#]*)", raw)
    named = found[1].decode("ascii", "replace").strip() if found else ""
    lines = raw.decode(_CHARACTER_SETS.get(named, "latin-1"), "replace").splitlines()
    yield from _of_dataset(_parsed(path, lines), industry)


def _parsed(path: Path, lines: list[str]) -> Dataset:
    """Read the text form of a data set, as ``dcmdump`` writes and ``dump2dcm`` reads it."""
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

    top = Dataset()
    levels: list[tuple[Dataset, list[Dataset]]] = [(top, [])]
    for number, line in enumerate(lines, start=1):
        found = _LINE.match(line.strip())
        if found is None or int(found[1], 16) == _IGNORED:
            continue
        tag, vr = int(found[1] + found[2], 16), found[3]
        if tag == _ITEM:
            item = Dataset()
            levels[-1][1].append(item)
            levels.append((item, []))
        elif tag in (_ITEM_END, _SEQUENCE_END):
            if tag == _ITEM_END and len(levels) > 1:
                levels.pop()
        elif vr == "SQ":
            items: list[Dataset] = []
            levels[-1][0].add(DataElement(tag, "SQ", items))
            levels[-1] = (levels[-1][0], levels[-1][0][tag].value)
        elif vr.isupper():
            levels[-1][0].add(DataElement(tag, vr, _written(found[4])))
        else:
            raise Unreadable(f"{path.name}, line {number}: '{vr}' is no value representation")
    top.pop("SpecificCharacterSet", None)
    return top


def _written(text: str) -> str:
    bracketed = re.match(r"\[([^\]]*)\]", text)
    return bracketed[1].strip() if bracketed else text.partition(" #")[0].strip()


def _of_dataset(dataset: Dataset, industry: str) -> Iterator[Order]:
    from kerma.areas.worklist.dimse import document_of

    for found in rules_orders.order_of(document_of(dataset)):
        codes: dict[str, Any] = {name: tuple(found.pop(name, ())) for name in CODES}
        needed = {"subject_id": "", "station_ae": "", "modality": ""}
        priority = found.pop("priority", "") or "ROUTINE"
        yield Order(industry=industry, priority=priority, **{**needed, **found}, **codes)


READERS = {".csv": _of_table, ".tsv": _of_table, ".wl": _of_dicom, ".dcm": _of_dicom, ".dump": _of_dump}
