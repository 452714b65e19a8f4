"""Whether a file says of itself that it holds a projected threat: a test of screeners, never evidence."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TIP_TYPE = 0x40101039
"""DICOS TIP Type (NEMA IIC 1 v03, 14.2.8): FTI, a threat put into a real object, or CTI, a whole object with one."""
KINDS = ("FTI", "CTI")


@dataclass(frozen=True)
class ThreatMark:
    """What a projected threat image says of itself: its kind, and the library image it was made with."""

    kind: str
    """One of :data:`KINDS`."""
    library: str
    library_at: datetime
    identifier: str


def put(dataset: Dataset, mark: ThreatMark, *, is_dicos: bool) -> None:
    """Add the module of projected threats (NEMA IIC 1 v03, table 94) to a new object.

    DICOM's registry knows the type alone, so an object that is no DICOS says nothing of the library.
    """
    from kerma.errors import WrongUsage
    from kerma.formats import dicos

    if mark.kind not in KINDS:
        raise WrongUsage(f"a projected threat image is {' or '.join(KINDS)}, not '{mark.kind[:20]}'")
    dataset.add_new(TIP_TYPE, "CS", mark.kind)
    if not is_dicos:
        return
    dicos.name_attributes()
    dataset.add_new(0x40102041, "ST", mark.library)
    dataset.add_new(0x40102043, "DT", mark.library_at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000"))
    dataset.add_new(0x40102045, "ST", mark.identifier)


def projected(source: Path | bytes) -> str:
    """Return the kind of projected threat image a DICOM file says it is, "" for none.

    Raises
    ------
    Unreadable
        The file is no DICOM file.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    from kerma.errors import Unreadable

    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=[TIP_TYPE], force=True)
        element = dataset.get(TIP_TYPE)
    except (InvalidDicomError, ValueError, EOFError, KeyError, AttributeError, TypeError, NotImplementedError) as error:
        raise Unreadable(f"the file cannot be read as DICOM: {error}") from error
    kind = str(element.value).strip().upper() if element is not None else ""
    return kind if kind in KINDS else ""
