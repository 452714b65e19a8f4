"""Presentation states in the workstation: grey scale, turn, part, shutters and drawings, as their makers meant them."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import httpx
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

import presentations as made
from engine_pictures import COLUMNS, ROWS, file, grains
from kerma import formats
from kerma.formats.presentation_state_read import read
from kerma.science.imaging import enhance
from kerma.science.imaging.greyscale import display
from pages import Watched, violations
from servers import KERMA, Server, end, start

LOGIN, PASSWORD = "lena", "nine wet otters"
FILM = file(1, 91, grains(91, 4096).astype(np.uint16), BitsStored=12, WindowCenter="900", WindowWidth="1500")
DATA = pydicom.dcmread(io.BytesIO(FILM))
SOFT = made.window(1500, 1800)
GREYS: dict[str, dict[str, Any]] = {
    "INVERSE": {"SoftcopyVOILUTSequence": SOFT, "PresentationLUTShape": "INVERSE"},
    "SIGMOID": {"SoftcopyVOILUTSequence": made.window(1500, 900, "SIGMOID")},
    "VOI_LUT": {"SoftcopyVOILUTSequence": [made.item(VOILUTSequence=[made.lut(np.arange(2000) ** 2 >> 6, 700)])]},
    "TABLE": {
        "PresentationLUTShape": None, "SoftcopyVOILUTSequence": SOFT,
        "PresentationLUTSequence": [made.lut(65535 * np.linspace(1, 0, 4096) ** 0.6)],
    },
    "SCALE": {"RescaleSlope": "-0.5", "RescaleIntercept": "2100", "RescaleType": "US"},
}  # fmt: skip
AREA = (300, 11, 21, 200)
"""Column and row of the two corners, from 1, as they stand after turning."""
DRAWN: dict[str, Any] = {
    "ContentDescription": "Look here", "ImageRotation": 90, "ImageHorizontalFlip": "Y", "SoftcopyVOILUTSequence": SOFT,
    "DisplayedAreaSelectionSequence": [
        made.area(DATA, AREA, PresentationSizeMode="MAGNIFY", PresentationPixelMagnificationRatio=2)
    ],
    "ShutterShape": ["RECTANGULAR", "CIRCULAR", "BITMAP"], "ShutterLeftVerticalEdge": 31,
    "ShutterRightVerticalEdge": 310, "ShutterUpperHorizontalEdge": 21, "ShutterLowerHorizontalEdge": 210,
    "CenterOfCircularShutter": [115, 170], "RadiusOfCircularShutter": 120, "ShutterPresentationValue": 0x6000,
    "GraphicLayerSequence": [
        made.item(GraphicLayer="TOP", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=0xFFFF)
    ],
    "GraphicAnnotationSequence": [
        made.annotation(
            "TOP",
            [
                made.shape("CIRCLE", [(100, 50), (120, 50)]),
                made.shape("ELLIPSE", [(180, 60), (240, 60), (210, 45), (210, 75)], filled="Y"),
                made.shape("POLYLINE", [(100, 120), (140, 150), (180, 120)]),
                made.shape("INTERPOLATED", [(200, 120), (220, 150), (240, 120), (260, 150)]),
                made.shape("POINT", [(0.25, 0.5)], "DISPLAY"),
            ],
            [
                made.item(AnchorPointAnnotationUnits="PIXEL", AnchorPoint=[100, 50], AnchorPointVisibility="N",
                          UnformattedTextValue="crack?\r\nlook again"),
                made.item(BoundingBoxAnnotationUnits="DISPLAY", BoundingBoxTopLeftHandCorner=[0.55, 0.8],
                          BoundingBoxBottomRightHandCorner=[0.95, 0.9], BoundingBoxTextHorizontalJustification="RIGHT",
                          AnchorPointAnnotationUnits="PIXEL", AnchorPoint=[140, 150], AnchorPointVisibility="Y",
                          UnformattedTextValue="weld edge"),
            ],
        )
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def sitting(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Watched, Server, int]]:
    """A page in front of an exam of one film with states."""
    home = tmp_path_factory.mktemp("presentation") / "home"
    server = start(home)
    add = [str(KERMA), "user", "add", LOGIN, "--name", "Lena Three", "--role", "lead"]
    environment = {**os.environ, "KERMA_HOME": str(home)}
    subprocess.run(add, env=environment, input=PASSWORD + "\n", text=True, check=True, capture_output=True)
    states = {**GREYS, "DRAWN": DRAWN, "BROKEN": {"ImageRotation": 45}}
    files = {
        f"{name}.dcm": made.state(FILM, number, ContentLabel=name, **given)
        for number, (name, given) in enumerate(states.items(), start=1)
    }
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    try:
        with httpx.Client(base_url=server.address, headers={"Origin": server.address}, timeout=120) as client:
            client.post("/api/v1/session", json={"login": LOGIN, "password": PASSWORD}).raise_for_status()
            sent = [("files", (name, content)) for name, content in {"film.dcm": FILM, **files}.items()]
            answer = client.post("/api/v1/uploads", files=sent, data={"industry": "ndt"})
            (exam_pk,) = {row["exam_pk"] for row in answer.json()["files"]}
            context.add_cookies(
                [{"name": name, "value": value, "url": server.address} for name, value in client.cookies.items()]
            )
        server.at_rest()
        context.set_default_timeout(120_000)
        page = context.new_page()
        watched = Watched(page)
        page.goto(f"{server.address}/exams/{exam_pk}")
        page.locator("canvas[data-ready]").wait_for()
        yield page, watched, server, exam_pk
    finally:
        context.close()
        end(server)


def seen(page: Page, result: str) -> Any:
    return page.evaluate(f"async () => {{ const seen = window.__kerma.viewports.at(-1); return {result}; }}")


def until(page: Page, holds: Callable[[], bool]) -> None:
    stop = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < stop, seen(page, "({...seen})")
        page.wait_for_timeout(50)


def drawn(page: Page) -> NDArray[np.int64]:
    """What the engine draws now: (row, column) of grey."""
    until(page, lambda: seen(page, "seen.isReady"))
    got = seen(page, "seen.pixels()")
    rgba = np.frombuffer(base64.b64decode(got["rgba"]), np.uint8).reshape(got["height"], got["width"], 4)
    assert (rgba[..., 0] == rgba[..., 1]).all() and (rgba[..., 0] == rgba[..., 2]).all()
    return rgba[..., 0].astype(np.int64)


def upper_left(page: Page) -> tuple[int, int]:
    """Row and column of the frame where the image begins, however it is turned."""
    corners = [seen(page, f"seen.toFrame({row}, {column})") for row, column in ((0, 0), (ROWS, COLUMNS))]
    return round(min(one["y"] for one in corners)), round(min(one["x"] for one in corners))


def standing(page: Page, rows: int, columns: int) -> NDArray[np.int64]:
    """The image as it stands on the screen, one pixel on one pixel."""
    page.locator(".frame").focus()
    page.keyboard.press("1")
    until(page, lambda: seen(page, "seen.zoom") == 1)
    top, left = upper_left(page)
    return drawn(page)[top : top + rows, left : left + columns]


def choose(page: Page, label: str) -> None:
    picker = page.get_by_label("Presentation", exact=True)
    option = picker.locator("option", has_text=label)
    picker.select_option(option.get_attribute("value"))


def test_states_are_shown_as_their_makers_meant(sitting: tuple[Page, Watched, Server, int]) -> None:
    page, watched, _, _ = sitting
    image = formats.read(FILM)
    plain = display(image).astype(int)
    picker = page.get_by_label("Presentation", exact=True)
    expect(picker.locator("option")).to_have_count(2 + len(GREYS))
    expect(page.locator(".viewer")).to_contain_text("turns the image by 45")
    assert (standing(page, ROWS, COLUMNS) == plain).all(), "nothing is applied before it is chosen"

    for number, (label, given) in enumerate(GREYS.items(), start=1):
        choose(page, label)
        expected = made.shown(image, read(made.state(FILM, number, **given))).astype(int)
        got = standing(page, ROWS, COLUMNS)
        assert np.abs(got - expected).max() <= 1, f"{label}: {np.abs(got - expected).max()} levels away"
        assert np.abs(expected - plain).max() > 20, f"{label} changes nothing"
    expect(page.locator(".viewer")).to_contain_text("by Marie Curie")

    # What goes into the record shows the same without the state, where a chain can say it.
    choose(page, "INVERSE")
    shown = standing(page, ROWS, COLUMNS)
    recorded = enhance.parse(seen(page, "seen.recorded"))
    assert np.abs(enhance.run(image, 0, recorded).astype(int) - shown).max() <= 1
    page.get_by_label("Window width").fill("700")
    page.get_by_label("Window width").press("Enter")
    given = {"SoftcopyVOILUTSequence": made.window(1500, 700), "PresentationLUTShape": "INVERSE"}
    narrower = read(made.state(FILM, **given))
    assert np.abs(standing(page, ROWS, COLUMNS) - made.shown(image, narrower)).max() <= 1
    _drawings(page)

    page.locator(".frame").focus()
    page.keyboard.press("k")  # after the last state: as it came
    expect(picker).to_have_value("")
    assert (standing(page, ROWS, COLUMNS) == plain).all()
    page.keyboard.press("k")
    expect(picker.locator("option:checked")).to_contain_text("INVERSE")
    assert watched.errors == []


def _drawings(page: Page) -> None:
    choose(page, "DRAWN")
    # The part asked for, twice as large, in the middle.
    until(page, lambda: seen(page, "seen.zoom") == 2)
    left, top, right, bottom = (min(AREA[0], AREA[2]) - 1, AREA[1] - 1, max(AREA[0], AREA[2]), AREA[3])
    middle, frame = seen(page, f"seen.toFrame({(top + bottom) / 2}, {(left + right) / 2})"), page.locator(".frame")
    size = frame.bounding_box()
    assert size is not None
    assert abs(middle["x"] - size["width"] / 2) <= 1 and abs(middle["y"] - size["height"] / 2) <= 1
    expect(page.locator(".viewer")).to_contain_text("bitmap")
    assert violations(page) == []

    # A quarter turn clockwise, then mirrored: rows and columns are exchanged, here by numpy, there by the engine.
    image = formats.read(FILM)
    expected = np.rot90(made.shown(image, read(made.state(FILM, SoftcopyVOILUTSequence=SOFT))), -1)[:, ::-1]
    assert np.abs(standing(page, COLUMNS, ROWS) - expected).max() <= 1
    top_px, left_px = upper_left(page)

    def middle_of(name: str) -> tuple[float, float]:
        box = page.get_by_role("img", name=name, exact=True).locator("path").last.evaluate(
            "node => { const box = node.getBBox(); return [box.x + box.width / 2, box.y + box.height / 2] }"
        )
        return box[0] - left_px, box[1] - top_px

    assert middle_of("Circle, at row 50, column 100") == pytest.approx((50, 100), abs=0.2)
    assert middle_of("Ellipse, at row 60, column 180") == pytest.approx((60, 210), abs=0.2)
    across, down = 0.25, 0.5
    place = (top + across * (bottom - top), left + down * (right - left))
    assert middle_of("Point, at 50 % down, 25 % across") == pytest.approx(place, abs=0.2)
    text = page.get_by_role("img", name="crack? look again, at row 50, column 100")
    expect(text.locator("tspan")).to_have_text(["crack?", "look again"])

    # What lies outside of either shutter is grey, on the page itself.
    picture = cv2.imdecode(np.frombuffer(frame.screenshot(), np.uint8), cv2.IMREAD_COLOR).astype(int)
    bare = drawn(page)
    for row, column, is_hidden in (
        (5, 170, True), (115, 10, True), (225, 330, True), (30, 60, True), (115, 170, False), (190, 150, False)
    ):  # fmt: skip
        around = (slice(top_px + column - 4, top_px + column + 5), slice(left_px + row - 4, left_px + row + 5))
        if is_hidden:
            assert np.abs(picture[around] - 0x60).max() <= 1, (row, column)
        else:  # the frame may begin between two pixels of the screen
            assert abs(picture[around].mean() - bare[around].mean()) <= 4, (row, column)
