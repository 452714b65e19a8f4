"""Tables that a Level III may confirm: all that image quality cites are among them, and a verdict is as sure as what
its table rests on."""

from __future__ import annotations

import itertools

import pytest

from kerma.errors import KermaError
from kerma.science.image_quality import judged_quality
from kerma.science.judge.pack import BINDING
from kerma.science.judge.published import published, settled, waits_for
from kerma.science.judge.quality import QualityOrder
from kerma.science.judge.quality_ndt import planned_lines
from kerma.science.judge.quality_reading import read
from kerma.science.judge.reference_image import SETS
from kerma.standards import table

WIRES, DIAMETERS = "iso_17636-2/wires", "iso_19232-1/wires"
TECHNIQUE = {
    "thickness_mm": 12.0, "testing_class": "B", "source": "x-ray", "focal_spot_mm": 1.0, "tube_voltage_kv": 150.0,
    "object_detector_mm": 20.0, "source_object_mm": 800.0, "source_detector_mm": 820.0, "technique_standard": "iso",
}  # fmt: skip


def test_every_table_that_a_sheet_cites_and_that_is_not_verified_can_be_confirmed() -> None:
    kinds = itertools.product(
        ("iso", "asme"), ("film", "dda"), ("x-ray", "Ir-192", "Se-75"), (3.0, 20.0, 45.0), ("A", "B"),
        ("single-wall", "double-wall-double-image"),
    )  # fmt: skip
    cited, sheets = set(), 0
    for standard, detector, source, thickness_mm, testing_class, geometry in kinds:
        planned = TECHNIQUE | {
            "detector": detector, "source": source, "thickness_mm": thickness_mm, "testing_class": testing_class,
            "geometry": geometry, "outer_diameter_mm": 80.0,
        }  # fmt: skip
        try:
            lines = planned_lines(QualityOrder("ndt", standard, planned), read((), {}))
        except KermaError:
            continue
        sheets += 1
        cited |= {line.table for line in lines if line.status not in BINDING}
    assert sheets >= 40
    assert cited - set(published()) == set()
    assert {f"{one}/reference_images" for one in SETS} <= set(published())


def test_every_listed_table_exists_is_not_binding_and_rests_on_listed_ones() -> None:
    for name, row in published().items():
        assert table(name).status not in BINDING
        assert set(row["rests_on"].split()) <= set(published())


def test_a_wire_is_only_as_sure_as_the_diameters_of_the_wires() -> None:
    assert settled((WIRES,)) == () and waits_for(WIRES, (WIRES,)) == (DIAMETERS,)
    assert set(settled((WIRES, DIAMETERS))) == {WIRES, DIAMETERS} and waits_for(WIRES, (DIAMETERS,)) == ()


@pytest.mark.parametrize(
    ("confirmed", "outcome", "status"),
    [((), "advisory", "unverified"), ((WIRES,), "advisory", "unverified"), ((WIRES, DIAMETERS), "fail", "confirmed")],
)
def test_a_confirmed_table_binds_and_an_unconfirmed_one_advises(
    confirmed: tuple[str, ...], outcome: str, status: str
) -> None:
    judged = judged_quality([(TECHNIQUE, ())], industry="ndt", entered={"wire": 10}, confirmed=confirmed)
    (wire,) = (one for one in judged.verdicts if one.rule == "wire seen")
    assert (wire.outcome, wire.source.status) == (outcome, status)
