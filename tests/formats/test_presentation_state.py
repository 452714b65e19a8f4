"""Presentation states: read back as written, applied by us and by DCMTK with the same picture."""

import io
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from tests.formats.exam_documents import AT, DOCUMENTS, POLYGON, capture, finding, image, material

from dcmtk import program
from kerma import formats
from kerma.errors import KermaError, Unreadable, WrongUsage
from kerma.formats import presentation_state as ps
from kerma.science.imaging.greyscale import display
from kerma.science.imaging.image import GreyScale, Lut, Spacing, Window


def states(*shown: ps.Shown, findings: list[dict] = ()) -> list[bytes]:  # type: ignore[assignment]
    images = [image(number=number) for number in range(1, len(shown) + 1)]
    made = material(images, [list(findings) for _ in images])
    references = [replace(one, shown=how) for one, how in zip(made.references, shown, strict=True)]
    # DCMTK's dcmpschk takes every name that is not ASCII for an error
    identity = replace(made.identity, subject_name="Weld^Test", exam_description="")
    return list(ps.write(made.document, references, identity, made_at=AT))


WAYS = {
    "as it came": ps.shown_of(image()),
    "inverted": ps.shown_of(image(), window=Window(900.0, 512.5, "LINEAR_EXACT"), is_inverse=True),
    "sigmoid": ps.shown_of(image(), window=Window(900.0, 512.5, "SIGMOID", "soft")),
    "rescaled": ps.shown_of(image(grey=GreyScale(0.5, -1024.0, "HU", windows=(Window(40.0, 400.0),)))),
    "VOI LUT": ps.shown_of(
        image(grey=GreyScale(voi_luts=(Lut(np.arange(4096, dtype=np.uint16)[::-1].copy(), 0, 12, "x"),)))
    ),
    "modality LUT": ps.shown_of(
        image(grey=GreyScale(modality_lut=Lut((np.arange(4096) // 2).astype(np.uint16), -5, 16), unit="OD"))
    ),
}


@pytest.mark.parametrize("turned_deg", ps.TURNS_DEG)
@pytest.mark.parametrize("is_flipped", [False, True])
def test_part_and_turn_read_back_and_show_the_same(turned_deg: int, is_flipped: bool) -> None:
    shown = replace(WAYS["as it came"], area=(3, 5, 20, 30), turned_deg=turned_deg, is_flipped=is_flipped)
    [data] = states(shown)
    [state] = ps.read(data)
    assert state.shown == shown
    stored = pydicom.dcmread(io.BytesIO(data)).DisplayedAreaSelectionSequence[0]
    corner = stored.DisplayedAreaTopLeftHandCorner
    seen = ps.apply(image(), shown)
    whole = display(replace(image(), grey=shown.grey))
    assert seen.shape == ((20, 30) if turned_deg % 180 == 0 else (30, 20))
    assert seen[0, 0] == whole[corner[1] - 1, corner[0] - 1]


@pytest.mark.parametrize("way", WAYS)
def test_the_chain_reads_back_and_shows_the_same_pixels(way: str) -> None:
    [state] = ps.read(states(WAYS[way])[0])
    was, now = WAYS[way].grey, state.shown.grey
    assert (now.slope, now.intercept, now.is_inverse) == (was.slope, was.intercept, was.is_inverse)
    for back, own in zip(now.windows, was.windows, strict=True):
        assert (back.center, back.width) == pytest.approx((own.center, own.width), rel=1e-9)
        assert back.function == own.function
    assert (ps.apply(image(), state.shown) == display(replace(image(), grey=was))).all()


def test_an_image_without_scale_has_square_pixels_and_reads_back_without() -> None:
    [data] = states(replace(WAYS["as it came"], spacing=Spacing()))
    assert ps.read(data)[0].shown.spacing == Spacing()
    [area] = pydicom.dcmread(io.BytesIO(data)).DisplayedAreaSelectionSequence
    assert list(area.PresentationPixelAspectRatio) == [1, 1]


def test_images_shown_with_different_polarity_have_objects_of_their_own() -> None:
    files = states(WAYS["as it came"], WAYS["inverted"], WAYS["as it came"])
    assert [[state.image_uid for state in ps.read(data)] for data in files] == [["2.25.481", "2.25.483"], ["2.25.482"]]


def test_findings_are_drawn_with_number_and_label_and_dismissed_ones_are_not() -> None:
    told = [finding(7, polygon=POLYGON), finding(8, dismissed={"by": "x", "reason": "y"}), finding(9, label="Lunker ü")]
    [state] = ps.read(states(WAYS["as it came"], findings=told)[0])
    assert [mark.text for mark in state.marks] == ["7 porosity", "9 Lunker ü"]
    assert [list(point) for point in state.marks[0].outline] == POLYGON
    row, column, height, width = told[2]["box"]
    assert state.marks[1].outline[2] == (row + height, column + width)


def test_a_mark_is_on_its_plane() -> None:
    made = DOCUMENTS["several planes"]()
    [data] = ps.write(made.document, made.references, made.identity, made_at=AT)
    first, second = ps.read(data)
    assert [mark.planes for mark in first.marks] == [(3,), (0,)] and [mark.planes for mark in second.marks] == [()]


def test_a_colour_image_is_refused_in_words() -> None:
    with pytest.raises(WrongUsage, match="colour"):
        ps.shown_of(image(pixels=np.zeros((1, 4, 4, 3), np.uint8)))


def test_a_turn_that_does_not_exist_is_refused() -> None:
    stored = pydicom.dcmread(io.BytesIO(states(WAYS["as it came"])[0]))
    stored.ImageRotation = 45
    out = io.BytesIO()
    stored.save_as(out)
    with pytest.raises(Unreadable, match="45"):
        ps.read(out.getvalue())


def test_a_state_cut_short_or_with_wrong_bytes_never_crashes() -> None:
    [data] = states(WAYS["VOI LUT"], findings=[finding(polygon=POLYGON)])
    for end in range(0, len(data) - 1, 97):
        with pytest.raises(KermaError):
            ps.read(data[:end])
    chosen = np.random.default_rng(3)
    for _ in range(300):
        damaged = bytearray(data)
        for at in chosen.integers(132, 1500, 3):
            damaged[at] = chosen.integers(256)
        try:
            found = ps.read(bytes(damaged))
        except KermaError:
            continue
        for state in found:
            assert ps.apply(image(), state.shown).dtype == np.uint8


def test_another_object_is_refused_in_words() -> None:
    with pytest.raises(Unreadable, match="no greyscale presentation state"):
        ps.read(capture(image()).data)


GOLDEN = {
    "as it came": replace(WAYS["as it came"]),
    "inverted": replace(ps.shown_of(image(), window=Window(900.0, 512.0), is_inverse=True)),
    "turned and cut": replace(WAYS["as it came"], turned_deg=90, is_flipped=True, area=(3, 5, 20, 30)),
    "turned": replace(WAYS["as it came"], turned_deg=270),
}


@pytest.mark.parametrize("way", GOLDEN)
def test_dcmtk_finds_no_fault_and_shows_the_same_picture(way: str, tmp_path: Path) -> None:
    """``dcmp2pgm`` of DCMTK computes the same chain: at most one grey level beside ours."""
    file = capture(image())
    (tmp_path / "image.dcm").write_bytes(file.data)
    (tmp_path / "state.dcm").write_bytes(states(GOLDEN[way], findings=[finding()])[0])
    said = subprocess.run([program("dcmpschk"), "state.dcm"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Error" not in said.stdout + said.stderr and "passed" in said.stdout + said.stderr, said
    words = [program("dcmp2pgm"), "--pstate", "state.dcm", "image.dcm", "shown.pgm"]
    subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    theirs = cv2.imread(str(tmp_path / "shown.pgm"), cv2.IMREAD_UNCHANGED).astype(int)
    ours = ps.apply(formats.read(file.data), ps.read((tmp_path / "state.dcm").read_bytes())[0].shown).astype(int)
    if theirs.shape != ours.shape:  # DCMTK turns but does not cut
        ours = ps.apply(image(), replace(GOLDEN[way], area=(0, 0, 40, 60))).astype(int)
    assert theirs.shape == ours.shape
    assert np.abs(theirs - ours).max() <= 1
