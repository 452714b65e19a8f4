import pytest
from hypothesis import given
from hypothesis import strategies as some

from kerma.areas.report import rules


@given(
    some.lists(some.tuples(some.text(max_size=80), some.text(min_size=1, max_size=20)), unique_by=lambda one: one[1])
)
def test_every_exam_gets_its_own_safe_file_name(exams: list[tuple[str, str]]) -> None:
    stems = rules.slugs(exams)
    assert len(set(stems)) == len(exams)
    for stem in stems:
        assert stem and set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") and not stem.startswith(".")
        assert stem not in ("report", "result")


def test_a_subject_keeps_its_name_as_far_as_a_file_may() -> None:
    assert rules.slug("W-4711 / Seam Ä.2") == "w-4711-seam-a.2"
    assert rules.slug("../../etc/passwd") == "etc-passwd"
    assert rules.slug("山田") == "exam"


@given(some.integers(1, 3000), some.data())
def test_a_stack_is_pictured_by_its_middle_and_its_findings(planes: int, data: some.DataObject) -> None:
    found = data.draw(some.lists(some.integers(0, planes - 1), max_size=60))
    chosen = rules.pictured_planes(planes, found)
    assert planes // 2 in chosen and chosen == sorted(set(chosen)) and len(chosen) <= rules.PICTURES_MAX
    assert set(chosen) <= {planes // 2, *found}
    if len(set(found)) < rules.PICTURES_MAX:
        assert set(found) <= set(chosen)


@given(some.integers(1, 30), some.floats(0.01, 100))
def test_a_picture_fits_the_page_and_keeps_its_proportion(pictures: int, height_over_width: float) -> None:
    width_mm, height_mm = rules.printed_size_mm(pictures, height_over_width)
    assert width_mm <= rules.TEXT_WIDTH_MM + 1e-9 and height_mm <= 118.0 + 1e-9
    assert height_mm / width_mm == pytest.approx(height_over_width)


def test_texts_beside_images_are_known_by_name() -> None:
    assert all(rules.is_document(name) for name in ("README.md", "LICENSE", "Thumbs.db", ".DS_Store", "a.csv"))
    assert not any(rules.is_document(name) for name in ("scan.dcm", "IM0001", "weld.tif", "chest.png", "x.raw"))
