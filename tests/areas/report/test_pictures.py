import numpy as np
import pytest
from tests.areas.report.samples import exam_document, weld

from kerma.areas.report import pictures
from kerma.areas.report.language import ENGLISH, language
from kerma.areas.report.parts import ExamPart
from kerma.science.imaging.image import GreyScale, Lut, Spacing


def test_the_scale_is_told_in_the_language_of_the_report() -> None:
    assert "no scale" in pictures.scale_text(Spacing())
    assert pictures.scale_text(Spacing(0.1, 0.1, "geometry")) == "0.1 mm a pixel, from geometry"
    assert pictures.scale_text(Spacing(0.1, 0.2, "calibrated")) == "0.1 × 0.2 mm a pixel, calibrated"
    assert pictures.scale_text(Spacing(0.1, 0.1, "detector"), language("de")) == "0,1 mm je Pixel, am Detektor"


def test_a_picture_names_every_step_that_made_it() -> None:
    from dataclasses import replace

    plain = weld()
    assert pictures.chain(plain) == ("stored values", "window", "no enhancement")
    scaled = replace(plain, grey=GreyScale(slope=2.5, intercept=-1024.0, is_inverse=True))
    assert pictures.chain(scaled) == (
        "stored values", "rescale × 2.5 + −1024", "window", "inverted", "no enhancement"
    )  # fmt: skip
    table = Lut(0, np.arange(256, dtype=np.uint16), 8)
    looked_up = replace(plain, grey=GreyScale(slope=2.5, modality_lut=table, voi_luts=(table,)))
    assert pictures.chain(looked_up) == ("stored values", "Modality LUT", "VOI LUT", "no enhancement")


def test_a_dismissed_finding_has_no_mark_and_takes_no_number() -> None:
    document = exam_document()
    first = document["images"][0]["findings"][0]
    document["images"][0]["findings"] = [
        first | {"dismissed": {"reason": "dust", "by": "person:1", "at": ""}}, first | {"id": "1.2"}
    ]  # fmt: skip
    (drawn,) = pictures.drawings(document)
    assert [(mark.number, mark.label) for mark in drawn.marks] == [(1, "porosity")]
    assert pictures.drawings(document, language("fr"))[0].marks[0].label == "soufflure"


def test_a_finding_that_was_never_marked_on_the_image_is_not_drawn() -> None:
    document = exam_document()
    document["images"][0]["findings"][0]["box"] = [0.0, 0.0, 0.0, 0.0]
    assert pictures.drawings(document)[0].marks == ()


@pytest.mark.parametrize("say", [ENGLISH, language("es")])
def test_two_pictures_side_by_side_fit_the_page(part: ExamPart, say) -> None:
    (drawn,) = pictures.drawings(exam_document(), say)
    half = pictures.beside(drawn, weld(), say, "2025-01-01")
    assert half.title == "2025-01-01" and half.width_mm <= 82.0 and half.height_mm <= 75.0
    assert half.width_mm / half.height_mm == pytest.approx(part.pictures[0].width_mm / part.pictures[0].height_mm)
