"""What DICOS (NEMA IIC 1) does differently from DICOM: its mark in the file, its SOP classes, its words."""

from __future__ import annotations

from kerma.formats.dicom_data import DataSet
from kerma.science.imaging.image import Meaning

VERSION = "V03"
VERSION_TAG = 0x00020004
IMAGE_ORIGIN = (0x00080118, "CS")
COORDINATE_SYSTEM = (0x00082108, "CS")
EFFECTIVE_ENERGY = (0x43000902, "FL")
"""Attributes of NEMA IIC 1 v03 that DICOM does not know, or knows by another name, with their representation."""
PROCESSED = ((0x40101080, "DT"), (0x40101081, "DT"), (0x40101082, "FL"))
"""When the processing of one threat object began and ended, and how many milliseconds it took."""
_UNREGISTERED = {
    0x40101080: ("DT", "1", "PTO Processing Start Time", "", "PTOProcessingStartTime"),
    0x40101081: ("DT", "1", "PTO Processing End Time", "", "PTOProcessingEndTime"),
    0x40101082: ("FL", "1", "PTO Processing Total Time", "", "PTOProcessingTotalTime"),
    0x40102041: ("ST", "1", "TIP Library Name", "", "TIPLibraryName"),
    0x40102043: ("DT", "1", "TIP Library Date", "", "TIPLibraryDate"),
    0x40102045: ("ST", "1", "TIP Image Identifier", "", "TIPImageIdentifier"),
    0x43000902: ("FL", "1", "Effective Energy", "", "DICOSEffectiveEnergy"),
    0x00082108: ("CS", "1", "OOI Image Coordinate System", "", "OOIImageCoordinateSystem"),
}
"""Attributes of version 3 that no registry names: representation, multiplicity, our words, retired, our keyword."""
DX_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.501.2.2"
_SOP_CLASS_ROOT = "1.2.840.10008.5.1.4.1.1.501."
THREAT_REPORT = "1.2.840.10008.5.1.4.1.1.501.3"
# NEMA IIC 1 v03: value 2 of Image Type is the characteristic of the object of inspection.
_ENERGIES = {
    "HIGH_ENERGY": "high",
    "LOW_ENERGY": "low",
    "MULTI_ENERGY": "multi",
    "Z_EFFECTIVE": "z-effective",
    "DENSITY": "density",
    "BASIS_MATERIAL_1": "basis-material-1",
    "BASIS_MATERIAL_2": "basis-material-2",
    "COMPTON": "compton",
    "PHOTOELECTRIC": "photoelectric",
}

_COMPUTED = ("z-effective", "density", "basis-material-1", "basis-material-2", "compton", "photoelectric")
"""Channels that are computed from others."""


def name_attributes() -> None:
    """Make pydicom know, in this process, the attributes that its dictionary lacks."""
    from pydicom.datadict import add_dict_entries, dictionary_has_tag

    missing = {tag: entry for tag, entry in _UNREGISTERED.items() if not dictionary_has_tag(tag)}
    if missing:
        add_dict_entries(missing)


def is_dicos(meta: DataSet, sop_class: str) -> bool:
    """Whether a file is DICOS: by the version in its meta information or by its SOP class."""
    return VERSION_TAG in meta or sop_class.startswith(_SOP_CLASS_ROOT)


def energy(image_type: tuple[str, ...]) -> str:
    """Return the energy channel of an image type, empty when it has none."""
    # Stratovan's toolkit writes HIGH ENERGY where the standard has an underscore.
    return _ENERGIES.get(image_type[1].replace(" ", "_"), "") if len(image_type) > 1 else ""


def image_type(energy_label: str) -> tuple[str, str]:
    """Return the Image Type of a new object that holds an energy channel, or plain intensity where it is none."""
    words = {label: word for word, label in _ENERGIES.items()}
    word = words.get(energy_label, "INTENSITY")
    return ("DERIVED" if energy_label in _COMPUTED else "ORIGINAL", word)


def meaning(image_type: tuple[str, ...]) -> Meaning | None:
    """Return what the numbers mean where the image type alone decides it."""
    return "z-effective" if energy(image_type) == "z-effective" else None
