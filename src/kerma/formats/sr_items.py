"""Content items of structured reports, written as data sets and read from a scanned file (PS3.3, C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_write import plain
from kerma.formats.report_object import Reference, coded, image_item

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CONTAINS, CONTEXT, MODIFIER = "CONTAINS", "HAS OBS CONTEXT", "HAS CONCEPT MOD"
CONTENT = 0x0040A730


class Code(NamedTuple):
    """A coded concept."""

    value: str
    scheme: str
    meaning: str


def item(kind: str, relation: str, name: tuple[str, str, str] | None, children: Sequence[Dataset] = ()) -> Dataset:
    """Return a content item without its value; the root of a tree has no relation."""
    from pydicom.dataset import Dataset

    made = Dataset()
    if relation:
        made.RelationshipType = relation
    made.ValueType = kind
    if name:
        made.ConceptNameCodeSequence = [coded(*name)]
    if children:
        made.ContentSequence = list(children)
    return made


def container(
    name: tuple[str, str, str], children: Sequence[Dataset], *, relation: str = CONTAINS, template: str = ""
) -> Dataset:
    """Return a container; ``template`` is the number of its template of PS3.16."""
    from pydicom.dataset import Dataset

    made = item("CONTAINER", relation, name, children)
    made.ContinuityOfContent = "SEPARATE"
    if template:
        which = Dataset()
        which.MappingResource, which.TemplateIdentifier = "DCMR", template
        made.ContentTemplateSequence = [which]
    return made


def text(relation: str, name: tuple[str, str, str], value: str) -> Dataset:
    """Return a text item; an empty text is a dash, because the value must be there."""
    made = item("TEXT", relation, name)
    made.TextValue = clean_text(value) or "-"
    return made


def clean_text(value: str) -> str:
    """Return text fit for UT: line breaks allowed, other control characters not (PS3.5, 6.2)."""
    return "".join(" " if ord(letter) < 32 and letter not in "\r\n" else letter for letter in value).strip()


def code(
    relation: str, name: tuple[str, str, str], value: tuple[str, str, str], children: Sequence[Dataset] = ()
) -> Dataset:
    """Return a coded item."""
    made = item("CODE", relation, name, children)
    made.ConceptCodeSequence = [coded(*value)]
    return made


def uid_reference(relation: str, name: tuple[str, str, str], value: str) -> Dataset:
    """Return an item that holds a UID."""
    made = item("UIDREF", relation, name)
    made.UID = value
    return made


def person(relation: str, name: tuple[str, str, str], value: str) -> Dataset:
    """Return an item that holds a person's name."""
    made = item("PNAME", relation, name)
    made.PersonName = plain(value) or "-"
    return made


def number(
    name: tuple[str, str, str], value: float, unit: tuple[str, str, str], children: Sequence[Dataset] = ()
) -> Dataset:
    """Return a finite number with its unit."""
    from pydicom.dataset import Dataset

    made = item("NUM", CONTAINS, name, children)
    measured = Dataset()
    measured.MeasurementUnitsCodeSequence = [coded(*unit)]
    # PS3.5, 6.2: DS holds at most 16 characters, so nine or ten digits with sign, point and exponent; the rest is in FD
    rounded = next(text for text in (f"{value:.10g}", f"{value:.9g}") if len(text) <= 16)
    measured.NumericValue = rounded
    if float(rounded) != value:
        measured.FloatingPointValue = float(value)
    made.MeasuredValueSequence = [measured]
    return made


def image(
    relation: str, name: tuple[str, str, str] | None, reference: Reference, planes: Sequence[int] = ()
) -> Dataset:
    """Return a reference to an image or some of its planes."""
    made = item("IMAGE", relation, name)
    made.ReferencedSOPSequence = [image_item(reference, planes)]
    return made


def region(name: tuple[str, str, str], points: Sequence[tuple[float, float]], source: Dataset) -> Dataset:
    """Return a closed polyline of (row, column) points on an image, whose item ``source`` is."""
    made = item("SCOORD", CONTAINS, name, [source])
    # PS3.3, C.18.6.1.1: column first; closed when the first point is repeated
    made.GraphicData = [float(value) for down, across in (*points, points[0]) for value in (across, down)]
    made.GraphicType = "POLYLINE"
    return made


def place(
    relation: str, name: tuple[str, str, str], kind: str, points: Sequence[tuple[float, float]], source: Dataset
) -> Dataset:
    """Return (row, column) points of an image as a graphic of a kind, such as POINT, POLYLINE or ELLIPSE."""
    made = item("SCOORD", relation, name, [source])
    made.GraphicData = [float(value) for down, across in points for value in (across, down)]
    made.GraphicType = kind
    return made


@dataclass(frozen=True)
class Item:
    """A content item as read."""

    data: DataSet

    @property
    def kind(self) -> str:
        """The value type, such as TEXT."""
        return self.data.code(0x0040A040)

    @property
    def name(self) -> Code:
        """The concept name."""
        return code_at(self.data, 0x0040A043)

    @property
    def code(self) -> Code:
        """The coded value."""
        return code_at(self.data, 0x0040A168)

    @property
    def text(self) -> str:
        """The text, name of a person or UID."""
        tag = {"PNAME": 0x0040A123, "UIDREF": 0x0040A124}.get(self.kind, 0x0040A160)
        return self.data.text(tag, is_name=self.kind == "PNAME")

    @property
    def number(self) -> float | None:
        """The number, exactly where the file has it exactly; None when it is unknown."""
        measured = self.data.first(0x0040A300)
        exact = measured.number(0x0040A161, b"FD")
        return measured.number(0x0040A30A) if exact is None else exact

    @property
    def unit(self) -> Code:
        """The unit of the number."""
        return code_at(self.data.first(0x0040A300), 0x004008EA)

    def children(self) -> Iterator[Item]:
        """Yield the items below this one."""
        return (Item(below) for below in self.data.items(CONTENT))

    def walk(self) -> Iterator[Item]:
        """Yield this item and all below it, in order; the file's depth is bounded by its scanner."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += reversed(list(one.children()))

    def points(self) -> list[tuple[float, float]]:
        """Return (row, column) points of a region, as short as single precision tells them apart."""
        import numpy as np

        numbers: list[Any] = [float(str(np.float32(one))) for one in self.data.numbers(0x00700022, b"FL")]
        return list(zip(numbers[1::2], numbers[0::2], strict=False))


def code_at(data: DataSet, tag: int) -> Code:
    """Return the code in a sequence; of empty texts where there is none."""
    found = data.first(tag)
    value = found.text(0x00080100) or found.text(0x00080119) or found.text(0x00080120)
    return Code(value, found.text(0x00080102), found.text(0x00080104))
