"""Machine, technique and view of a DICOM image, in our words with their units; only what the file says."""

from __future__ import annotations

from typing import NamedTuple

from kerma.formats.dicom_data import DataSet
from kerma.formats.dicom_scale import detector_spacing_of, magnification_of

_MACHINE = {
    "manufacturer": 0x00080070,
    "model": 0x00081090,
    "serial_number": 0x00181000,
    "station": 0x00081010,
    "software": 0x00181020,
    "institution": 0x00080080,
    "detector_id": 0x0018700A,
}


class _Quantity(NamedTuple):
    name: str
    tag: int
    factor: float = 1.0
    vr: bytes = b"DS"


# The first that the file has wins, so exact attributes stand before rounded ones.
_QUANTITIES = (
    _Quantity("tube_voltage_kv", 0x00180060),
    _Quantity("tube_current_ma", 0x00188151, 1e-3),
    _Quantity("tube_current_ma", 0x00189330, 1.0, b"FD"),
    _Quantity("tube_current_ma", 0x00181151, 1.0, b"IS"),
    _Quantity("exposure_time_ms", 0x00188150, 1e-3),
    _Quantity("exposure_time_ms", 0x00189328, 1.0, b"FD"),
    _Quantity("exposure_time_ms", 0x00181150, 1.0, b"IS"),
    _Quantity("exposure_mas", 0x00181153, 1e-3, b"IS"),
    _Quantity("exposure_mas", 0x00189332, 1.0, b"FD"),
    _Quantity("exposure_mas", 0x00181152, 1.0, b"IS"),
    _Quantity("source_detector_mm", 0x00181110),
    _Quantity("source_detector_mm", 0x30020026),
    _Quantity("source_object_mm", 0x00181111),
    _Quantity("focal_spot_mm", 0x00181190),
    _Quantity("exposure_index", 0x00181411),
    _Quantity("target_exposure_index", 0x00181412),
    _Quantity("deviation_index", 0x00181413),
    _Quantity("relative_exposure", 0x00181405, 1.0, b"IS"),
    _Quantity("sensitivity", 0x00186000),
    _Quantity("dose_area_product_dgy_cm2", 0x0018115E),
    _Quantity("entrance_dose_mgy", 0x00408302),
    _Quantity("body_part_thickness_mm", 0x001811A0),
    _Quantity("compression_force_n", 0x001811A2),
    _Quantity("filter_thickness_mm", 0x00187054),
    _Quantity("slice_thickness_mm", 0x00180050),
    _Quantity("thickness_mm", 0x00140030),
    _Quantity("pipe_diameter_mm", 0x00140032),
    _Quantity("outer_diameter_mm", 0x00140054),
    _Quantity("inner_diameter_mm", 0x00140056),
    _Quantity("frames_integrated", 0x00143011, 1.0, b"DS"),
)
_WORDS = {
    "filter_type": 0x00181160,
    "filter_material": 0x00187050,
    "grid": 0x00181166,
    "anode_material": 0x00181191,
    "detector_type": 0x00187004,
    "protocol": 0x00181030,
}
_COMPONENT_WORDS = {
    "material": 0x00102160,
    "material_grade": 0x00140042,
    "component_shape": 0x00140050,
    "part_number": 0x00100020,
}
_COMPONENT_NAME = 0x00100010
_X_RAY_DETAILS = ((0x52009229, 0x00189325), (0x52009229, 0x00189321), (0x52009230, 0x00189321))
"""CT X-ray details and exposure groups of multi-frame CT (PS3.3 C.8.15.3)."""


def machine_of(data: DataSet) -> dict[str, str]:
    """Return who made the image: the machine's words that the file has."""
    found = {name: data.text(tag).replace("\\", ", ") for name, tag in _MACHINE.items()}
    return {name: text for name, text in found.items() if text and text.lower() != "unknown"}


def technique_of(data: DataSet, *, is_component: bool) -> dict[str, float | str]:
    """Return how the image was taken; ``is_component`` reads DICONDE's renamed words too (ASTM E2339)."""
    technique: dict[str, float | str] = {}
    for source in (data, *(data.first(*path) for path in _X_RAY_DETAILS)):
        for quantity in _QUANTITIES:
            number = source.number(quantity.tag, quantity.vr)
            if number is not None and quantity.name not in technique:
                technique[quantity.name] = number * quantity.factor
        for name, tag in _WORDS.items():
            if (text := source.text(tag)) and name not in technique:
                technique[name] = text.replace("\\", ", ")
    if is_component:
        technique |= {name: text for name, tag in _COMPONENT_WORDS.items() if (text := data.text(tag))}
        if part := data.text(_COMPONENT_NAME, is_name=True):
            technique["part_name"] = part
    _add_geometry(data, technique)
    return technique


def acquisition_of(data: DataSet) -> dict[str, str]:
    """Return what names the acquisition: images of another frame of reference or number are of another one."""
    found = {"frame_of_reference": data.text(0x00200052), "number": data.text(0x00200012)}
    return {name: text for name, text in found.items() if text}


def view_of(data: DataSet) -> str:
    """Return side and projection in a few letters, such as ``L CC`` or ``PA``."""
    side = data.code(0x00200062) or data.code(0x00200060)
    projection = data.text(0x00185101) or data.first(0x00540220).text(0x00080104)
    return " ".join(part for part in (side if side in ("L", "R", "B") else "", projection) if part)


def _add_geometry(data: DataSet, technique: dict[str, float | str]) -> None:
    factor = magnification_of(data)
    if factor is not None:
        technique["magnification"] = factor
    pitch = detector_spacing_of(data)
    if pitch is not None:
        technique["detector_row_spacing_mm"], technique["detector_column_spacing_mm"] = pitch
