"""Dose quantities of a radiograph: incident and entrance-surface air kerma, and the kerma-area product."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from kerma.errors import OutsideTable
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.physics.spectrum import tube_spectrum
from kerma.science.physics.table_rows import positive
from kerma.science.results import Citation, Measurement, Value
from kerma.standards import table

VERSION = "1"
BACKSCATTER = "iaea_trs_457/backscatter"
_FIELD = "factor_{:g}_mm"
FIELDS_MM = (100.0, 200.0, 250.0)


def incident_air_kerma_mgy(output_ugy_mas_1m: float, *, mas: float, focus_skin_mm: float) -> float:
    """Return the air kerma on the axis at the skin, without backscatter, by the inverse square."""
    positive("focus-skin-mm", focus_skin_mm)
    return positive("output", output_ugy_mas_1m) * positive("mas", mas) / (focus_skin_mm / 1000.0) ** 2 / 1000.0


def backscatter_factor(hvl_mm_al: float, *, field_side_mm: float) -> float:
    """Return the backscatter factor of water, interpolated in half-value layer and side of a square field.

    Raises
    ------
    OutsideTable
        A half-value layer or a field outside the table.
    """
    rows = table(BACKSCATTER).rows
    layers = [float(row["hvl_mm_al"]) for row in rows]
    if not layers[0] <= hvl_mm_al <= layers[-1]:
        raise OutsideTable(
            f"backscatter is tabulated for half-value layers of {layers[0]:g} to {layers[-1]:g} mm Al; "
            f"this beam has {hvl_mm_al:.3g} mm"
        )
    if not FIELDS_MM[0] <= field_side_mm <= FIELDS_MM[-1]:
        raise OutsideTable(
            f"backscatter is tabulated for fields of {FIELDS_MM[0]:g} to {FIELDS_MM[-1]:g} mm at the skin; "
            f"this one has a side of {field_side_mm:.4g} mm"
        )
    by_field = [np.interp(hvl_mm_al, layers, [float(row[_FIELD.format(side)]) for row in rows]) for side in FIELDS_MM]
    return float(np.interp(field_side_mm, FIELDS_MM, by_field))


def calculate(
    *,
    kvp: float,
    mas: float,
    focus_skin_mm: float,
    field_mm2: float,
    filter: Mapping[str, float] | None = None,
    output_ugy_mas_1m: float | None = None,
) -> Measurement:
    """Answer ``kerma calc patient-dose``; a measured tube output replaces the computed one."""
    beam = tube_spectrum(kvp, filters_mm=filter)
    output = beam.air_kerma_ugy_1m if output_ugy_mas_1m is None else output_ugy_mas_1m
    incident = incident_air_kerma_mgy(output, mas=mas, focus_skin_mm=focus_skin_mm)
    area_cm2 = field_mm2 / 100.0
    hvl = beam.value_layer_mm("Al")
    values: dict[str, Value] = {
        "incident_air_kerma_mgy": incident, "kerma_area_product_gy_cm2": incident / 1000.0 * area_cm2,
        "output_ugy_mas_1m": output, "hvl_mm_al": hvl,
    }  # fmt: skip
    warnings = [] if output_ugy_mas_1m is not None else ["the output is computed for constant potential, not measured"]
    try:
        factor = backscatter_factor(hvl, field_side_mm=math.sqrt(field_mm2))
        values |= {"backscatter_factor": factor, "entrance_surface_air_kerma_mgy": incident * factor}
    except OutsideTable as outside:
        warnings.append(f"no entrance-surface air kerma: {outside}")
    inputs: dict[str, Value] = {
        "kvp": kvp, "mas": mas, "focus_skin_mm": focus_skin_mm, "field_mm2": field_mm2,
        "filter": ",".join(f"{name}:{mm:g}" for name, mm in (filter or {}).items()),
        "output_origin": "computed" if output_ugy_mas_1m is None else "given",
    }  # fmt: skip
    return Measurement(
        "patient-dose", VERSION, values,
        "tube output, inverse square, backscatter factor of water; uniform field, no air in between", inputs,
        source=Citation.of(table(BACKSCATTER)), warnings=tuple(warnings),
    )  # fmt: skip


CALCULATIONS = (
    Calculation(
        "patient-dose", "Air kerma at the skin and kerma-area product of a radiograph",
        (
            Option("kvp", "number", "tube voltage in kV", is_required=True),
            Option("mas", "number", "tube current-time product", is_required=True),
            Option("focus_skin_mm", "number", "distance from focal spot to skin", is_required=True),
            Option("field_mm2", "number", "area of the field at the skin", is_required=True),
            Option("filter", "layers", "total filtration in mm, such as Al:3"),
            Option("output_ugy_mas_1m", "number", "measured tube output at 1 m, instead of the computed one"),
        ),
        calculate,
    ),
)  # fmt: skip
