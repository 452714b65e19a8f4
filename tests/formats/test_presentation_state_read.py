"""Presentation states that others made: what they say is read whole, shown as DCMTK shows it, and refused in words."""

import contextlib
import io
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.pixels import apply_windowing
from tests.formats.exam_documents import capture, finding, material
from tests.formats.exam_documents import image as picture

import presentations as made
from dcmtk import program
from engine_pictures import COLUMNS, ROWS, file, grains
from kerma import formats
from kerma.errors import KermaError, Unreadable
from kerma.formats import presentation_state
from kerma.formats.presentation_state_read import read

FILM = file(1, 90, grains(90, 4096).astype(np.uint16), BitsStored=12)
DATA = pydicom.dcmread(io.BytesIO(FILM))
GAMMA = (65535 * np.linspace(0, 1, 4096) ** 0.6).astype(np.uint16)


WAYS: dict[str, dict[str, Any]] = {
    "all values": {},
    "inverse": {"PresentationLUTShape": "INVERSE"},
    "window": {"SoftcopyVOILUTSequence": made.window(1500, 1800)},
    "sigmoid": {"SoftcopyVOILUTSequence": made.window(1500, 1800, "SIGMOID"), "PresentationLUTShape": "INVERSE"},
    "VOI LUT": {
        "SoftcopyVOILUTSequence": [made.item(VOILUTSequence=[made.lut((np.arange(2000) ** 2) >> 6, 700)])],
    },
    "modality": {
        "RescaleSlope": "0.5", "RescaleIntercept": "-300", "RescaleType": "US",
        "SoftcopyVOILUTSequence": made.window(250, 900),
    },
    "modality LUT": {
        "ModalityLUTSequence": [made.lut(np.arange(4096)[::-1] * 3, 0, 16, ModalityLUTType="OD")],
        "SoftcopyVOILUTSequence": made.window(7000, 9000),
    },
    "presentation LUT": {
        "PresentationLUTShape": None, "PresentationLUTSequence": [made.lut(GAMMA)],
        "SoftcopyVOILUTSequence": made.window(1500, 1800),
    },
    "a short presentation LUT of 12 bits": {
        "PresentationLUTShape": None, "PresentationLUTSequence": [made.lut(4095 - 16 * np.arange(256), 0, 12)],
    },
}  # fmt: skip


def by_dcmtk(folder: Path, image: bytes, state: bytes) -> NDArray[Any]:
    (folder / "image.dcm").write_bytes(image)
    (folder / "state.dcm").write_bytes(state)
    words = [program("dcmp2pgm"), "--pstate", "state.dcm", "image.dcm", "shown.pgm"]
    subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    return cv2.imread(str(folder / "shown.pgm"), cv2.IMREAD_UNCHANGED).astype(int)


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("way", [way for way in WAYS if way != "sigmoid"])
def test_the_picture_is_that_of_dcmtk(way: str, photometric: str, tmp_path: Path) -> None:
    """The image's own window and polarity do not count: both tools take the state's (PS3.4, N.2)."""
    film = file(1, 90, grains(90, 4096).astype(np.uint16), BitsStored=12, PhotometricInterpretation=photometric,
                WindowCenter="100", WindowWidth="50")  # fmt: skip
    data = made.state(film, **WAYS[way])
    theirs = by_dcmtk(tmp_path, film, data)
    ours = made.shown(formats.read(film), read(data)).astype(int)
    assert ours.std() > 20  # there is a picture
    assert np.abs(theirs - ours).max() <= 1 + of_an_entry(WAYS[way])


def of_an_entry(way: dict[str, Any]) -> float:
    """Return the grey levels between entries of a presentation LUT: DCMTK cuts the number of an entry, we round it."""
    (table,) = way.get("PresentationLUTSequence", [made.lut([0, 0])])
    step = np.abs(np.diff(np.frombuffer(table.LUTData, "<u2").astype(int))).max()
    return float(np.ceil(255 * step / ((1 << table.LUTDescriptor[2]) - 1)))


def test_a_sigmoid_is_that_of_pydicom() -> None:
    """DCMTK knows no sigmoid in a state; pydicom does (PS3.3, C.11.2.1.3.1)."""
    (voi,) = made.window(1500, 1800, "SIGMOID")
    voi.PhotometricInterpretation, voi.PixelRepresentation, voi.BitsStored = "MONOCHROME2", 0, 8
    theirs = apply_windowing(DATA.pixel_array, voi)
    ours = made.shown(
        formats.read(FILM), read(made.state(FILM, SoftcopyVOILUTSequence=made.window(1500, 1800, "SIGMOID")))
    )
    assert np.abs(theirs - ours).max() <= 1


def test_a_state_that_dcmtk_makes_is_read(tmp_path: Path) -> None:
    (tmp_path / "image.dcm").write_bytes(FILM)
    subprocess.run([program("dcmpsmk"), "image.dcm", "state.dcm"], cwd=tmp_path, capture_output=True, check=True)
    state = read((tmp_path / "state.dcm").read_bytes())
    assert state.images == ({DATA.SOPInstanceUID: ()},) and state.turned_deg == 0 and not state.is_flipped
    (area,) = state.areas
    assert (area.top, area.left, area.bottom, area.right) == (0, 0, ROWS, COLUMNS)
    assert state.notes == ()


def test_our_own_states_are_read_with_their_findings() -> None:
    document = material([picture()], [[finding(7), finding(9, label="Lunker ü")]])
    (data,) = presentation_state.write(*document.common, made_at=document.made_at)
    state = read(data)
    assert (state.label, state.creator) == ("AS_SHOWN", "")
    texts = [one for one in state.graphics if one.kind == "text"]
    assert [one.text for one in texts] == ["7 porosity", "9 Lunker ü"]
    assert [one.anchor for one in texts] == [tuple(finding(number)["box"][:2]) for number in (7, 9)]
    assert {one.layer for one in state.graphics} == {"FINDINGS"}


RICH: dict[str, Any] = {
    "ImageRotation": 90, "ImageHorizontalFlip": "Y",
    "DisplayedAreaSelectionSequence": [
        made.area(DATA, (300, 11, 21, 200), PresentationSizeMode="MAGNIFY", PresentationPixelMagnificationRatio=2.5)
    ],
    "ShutterShape": ["RECTANGULAR", "CIRCULAR", "POLYGONAL", "BITMAP"], "ShutterLeftVerticalEdge": 11,
    "ShutterRightVerticalEdge": 320, "ShutterUpperHorizontalEdge": 6, "ShutterLowerHorizontalEdge": 220,
    "CenterOfCircularShutter": [115, 170], "RadiusOfCircularShutter": 160,
    "VerticesOfThePolygonalShutter": [1, 1, 1, 340, 230, 170], "ShutterPresentationValue": 0x8000,
    "GraphicLayerSequence": [
        made.item(GraphicLayer="TOP", GraphicLayerOrder=2, GraphicLayerRecommendedDisplayGrayscaleValue=0xFFFF),
        made.item(
            GraphicLayer="LOW", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayCIELabValue=[0xFFFF, 0x8080, 0x8080]
        ),
    ],
    "GraphicAnnotationSequence": [
        made.annotation(
            "TOP", [made.shape("CIRCLE", [(100, 50), (120, 50)]), made.shape("POINT", [(0.25, 0.75)], "DISPLAY")]
        ),
        made.annotation("LOW", [made.shape("ELLIPSE", [(10, 20), (50, 20), (30, 10), (30, 30)], filled="Y")], [
            made.item(
                BoundingBoxAnnotationUnits="DISPLAY", BoundingBoxTopLeftHandCorner=[0.1, 0.2],
                BoundingBoxBottomRightHandCorner=[0.5, 0.3], BoundingBoxTextHorizontalJustification="RIGHT",
                AnchorPointAnnotationUnits="PIXEL", AnchorPoint=[30, 20], AnchorPointVisibility="Y",
                UnformattedTextValue="crack?\r\nlook again",
            )
        ]),
    ],
}  # fmt: skip


def test_turn_area_shutters_and_drawings_are_read() -> None:
    state = read(made.state(FILM, **RICH))
    assert (state.turned_deg, state.is_flipped) == (90, True)
    assert (state.creator, state.created_at, state.label) == ("Marie Curie", "2026-03-01T10:15:30", "SHOWN")
    (area,) = state.areas
    assert (area.top, area.left, area.bottom, area.right) == (10, 20, 200, 300)
    assert (area.sizing, area.magnification) == ("MAGNIFY", 2.5)
    assert state.shutter is not None
    assert state.shutter.rectangle == (5, 10, 220, 320) and state.shutter.circle == (114.5, 169.5, 160)
    assert state.shutter.polygon == ((0.5, 0.5), (0.5, 339.5), (229.5, 169.5))
    assert state.shutter.grey == pytest.approx(0.5, abs=1e-4)
    assert [one.kind for one in state.graphics] == ["ellipse", "text", "circle", "point"]  # the lowest layer first
    ellipse, text, circle, point = state.graphics
    assert ellipse.is_filled and ellipse.points == ((20, 10), (20, 50), (10, 30), (30, 30))
    assert ellipse.lab == pytest.approx((100, 0, 0), abs=0.01) and circle.grey == 1
    assert circle.points == ((50, 100), (50, 120)) and circle.units == "PIXEL"
    assert point.points == ((0.75, 0.25),) and point.units == "DISPLAY"
    assert text.text == "crack?\r\nlook again" and text.justified == "RIGHT"
    assert text.anchor == (20, 30) and text.is_anchor_shown
    assert text.points[0] == pytest.approx((0.2, 0.1)) and text.units == "DISPLAY"
    assert any("bitmap" in note for note in state.notes)


def test_frames_have_windows_and_drawings_of_their_own() -> None:
    frames = made.window(100, 10) + made.window(200, 10)
    for number, one in enumerate(frames, start=1):
        one.ReferencedImageSequence = [made.reference(DATA, [number])]
    drawn = made.annotation("A", [made.shape("POINT", [(1, 1)])], ReferencedImageSequence=[made.reference(DATA, [2])])
    state = read(made.state(FILM, SoftcopyVOILUTSequence=frames, GraphicAnnotationSequence=[drawn]))
    uid = DATA.SOPInstanceUID
    assert [state.grey_on(uid, plane).windows[0].center for plane in (0, 1)] == [100, 200]
    assert state.grey_on(uid, 2).windows == () and state.grey_on("1.2", 0).windows == ()
    assert state.graphics[0].on == {uid: (1,)}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"ImageRotation": 45}, "45"),
        ({"ReferencedSeriesSequence": None}, "refers to no image"),
        ({"DisplayedAreaSelectionSequence": [made.item(DisplayedAreaTopLeftHandCorner=[1, 1])]}, "which part"),
        ({"SoftcopyVOILUTSequence": [made.item(VOILUTSequence=[made.lut([1, 2, 3])])]}, ""),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(wrong: dict[str, Any], why: str) -> None:
    if not why:
        wrong["SoftcopyVOILUTSequence"][0].VOILUTSequence[0].LUTDescriptor[0] = 999
        why = "promises 999 entries"
    with pytest.raises(Unreadable, match=why):
        read(made.state(FILM, **wrong))


def test_what_cannot_be_drawn_is_told_and_the_rest_is_drawn() -> None:
    drawn = made.annotation("A", [
        made.shape("CIRCLE", [(1, 1)]), made.shape("SPIRAL", [(1, 1)]), made.shape("POINT", [(float("nan"), 1)]),
        made.shape("POLYLINE", [(1, 1), (2, 2)], "MATRIX"), made.shape("POINT", [(5, 6)]),
    ], [made.item(UnformattedTextValue="nowhere")])  # fmt: skip
    state = read(made.state(FILM, GraphicAnnotationSequence=[drawn]))
    assert [one.points for one in state.graphics] == [((6, 5),)]
    told = " ".join(state.notes)
    for words in ("a circle of 1 points", "'SPIRAL'", "no numbers", "unknown units", "'nowhere', which has no place"):
        assert words in told


def test_another_object_is_refused_in_words() -> None:
    with pytest.raises(Unreadable, match="no greyscale presentation state"):
        read(capture(picture()).data)


def test_a_state_cut_short_or_with_wrong_bytes_never_crashes() -> None:
    data = made.state(FILM, **RICH, **WAYS["presentation LUT"] | {"PresentationLUTSequence": [made.lut(range(99))]})
    for end in range(0, len(data) - 1, 61):
        with contextlib.suppress(KermaError):  # a file that ends between two elements looks whole
            assert read(data[:end]).images
    chosen = np.random.default_rng(5)
    for _ in range(400):
        damaged = bytearray(data)
        for at in chosen.integers(132, len(data), 4):
            damaged[at] = chosen.integers(256)
        try:
            state = read(bytes(damaged))
        except KermaError:
            continue
        assert made.shown(formats.read(FILM), state).dtype == np.uint8
