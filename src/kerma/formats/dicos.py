"""What DICOS (NEMA IIC 1) does differently from DICOM: its mark in the file, its SOP classes, its words."""

from __future__ import annotations

from kerma.formats.dicom_data import DataSet
from kerma.science.imaging.image import Meaning

VERSION_TAG = 0x00020004
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


def is_dicos(meta: DataSet, sop_class: str) -> bool:
    """Whether a file is DICOS: by the version in its meta information or by its SOP class."""
    return VERSION_TAG in meta or sop_class.startswith(_SOP_CLASS_ROOT)


def energy(image_type: tuple[str, ...]) -> str:
    """Return the energy channel of an image type, empty when it has none."""
    # Stratovan's toolkit writes HIGH ENERGY where the standard has an underscore.
    return _ENERGIES.get(image_type[1].replace(" ", "_"), "") if len(image_type) > 1 else ""


def meaning(image_type: tuple[str, ...]) -> Meaning | None:
    """Return what the numbers mean where the image type alone decides it."""
    return "z-effective" if energy(image_type) == "z-effective" else None
