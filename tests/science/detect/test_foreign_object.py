"""Foreign objects: found by what they take and how large they are; holes and faint or small things are none."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from good_parts import MU_1_MM, part, reference
from kerma.errors import WrongUsage
from kerma.science.detect import detect


def _found(image: object, **options: float) -> tuple:
    return detect("foreign_object", image, reference=reference(), **options)


@pytest.mark.parametrize("more_mm", [0.8, 2.0, 6.0])
def test_a_thing_left_in_the_part_is_one_alarm_with_what_it_takes(more_mm: float) -> None:
    (found,) = _found(part(5, shift_px=(2.0, -3.0), extra=(150.0, 100.0, 6.0, more_mm)))
    assert found.label == "foreign-object"
    taken = -100 * np.expm1(-MU_1_MM * more_mm)
    assert -found.measurements["contrast_percent"] == pytest.approx(taken, rel=0.2)
    assert abs(found.box.row + found.box.height / 2 - 152) < 3 and abs(found.box.column + found.box.width / 2 - 97) < 3


def test_good_parts_and_holes_do_not_alarm() -> None:
    assert _found(part(6, shift_px=(1.2, 3.4), turn_deg=1.0)) == ()
    assert _found(part(7, extra=(150.0, 100.0, 6.0, -3.0))) == ()


def test_a_larger_limit_never_alarms_more() -> None:
    image = part(8, extra=(150.0, 100.0, 6.0, 2.0))
    assert len(_found(image)) == 1
    assert _found(image, contrast_percent=30) == ()
    assert _found(image, area_mm2=20) == ()
    assert len(_found(image, area_mm2=2)) == 1


def test_without_a_scale_the_area_is_in_pixels() -> None:
    image = dataclasses.replace(part(8, extra=(150.0, 100.0, 6.0, 2.0)), spacing=type(part(1).spacing)())
    bare = dataclasses.replace(reference(), spacing=image.spacing)
    (found,) = detect("foreign_object", image, reference=bare)
    assert not [key for key in found.measurements if "mm" in key]
    assert detect("foreign_object", image, reference=bare, area_px=400) == ()


def test_where_the_sense_of_the_values_is_not_known_it_is_refused() -> None:
    with pytest.raises(WrongUsage, match="not known whether brighter means more radiation"):
        _found(dataclasses.replace(part(8), rises_with_dose=None))
