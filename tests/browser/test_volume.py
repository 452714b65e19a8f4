"""Planes, slabs and rendering of a volume in a real browser, held against the server's reference."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from playwright.sync_api import Page, expect

from kerma.science.imaging.volume import VolumeGeometry
from kerma.science.imaging.volume_overview import reduced
from kerma.science.imaging.volume_planes import PlaneRaster, resample
from kerma.science.imaging.volume_render import first_hit, highest
from pages import Watched, violations
from servers import Server
from volumes import GE, UNEVEN, ct_files, ellipsoid, geometry_of, sampled, slices

OBLIQUE = PlaneRaster((1.0, -3.0, 2.0), (0.8, 0.6, 0.0), (0.0, 0.0, -1.0), 0.9, 70, 80)
SAGITTAL = PlaneRaster((2.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), 0.8, 90, 90)
BYTES_MAX = 2 * 2**28 + 2**26
"""Voxels on the card and beside it, the overview, the body of the rendering."""


def body(points: np.ndarray) -> np.ndarray:
    """A head of sorts: soft inside a shell, a dense ball off its middle, air outside."""
    shell, inside = ellipsoid((0, 0, 0), (34, 40, 36), 3), ellipsoid((0, 0, 0), (30, 36, 32), 3)
    ball = ellipsoid((10, -8, 6), (7, 7, 7), 3)
    return -1000 + 1.9 * shell(points) - 0.85 * inside(points) + 1.5 * ball(points) + 0.4 * points[..., 2]


def uploaded(server: Server, files: list[bytes], industry: str = "medical") -> int:
    with server.client() as client:
        sent = [("files", (f"{number}.dcm", data, "application/dicom")) for number, data in enumerate(files)]
        answer = client.post("/api/v1/uploads", files=sent, data={"industry": industry})
        answer.raise_for_status()
    server.at_rest()
    return int(answer.json()["files"][0]["exam_pk"])


def opened(page: Page, server: Server, exam_pk: int, count: int) -> None:
    page.goto(f"{server.address}/exams/{exam_pk}")
    page.get_by_role("button", name="Planes", exact=True).wait_for()
    page.keyboard.press("Shift+V")
    expect(page.locator(".panes canvas")).to_have_attribute("data-loaded", str(count), timeout=90_000)
    expect(page.get_by_role("region", name="Volume")).not_to_contain_text("is coming")


def shader(page: Page, plane: PlaneRaster, thickness_mm: float = 0.0, mode: str = "mean") -> np.ndarray:
    """What the graphics card computes for a plane."""
    asked = {
        "center": list(plane.center_mm),
        "right": list(plane.right),
        "down": list(plane.down),
        "pitch_mm": plane.pitch_mm,
        "rows": plane.rows,
        "columns": plane.columns,
    }
    script = "([plane, slab]) => window.__kerma.volumes[0].values(plane, slab)"
    values = page.evaluate(script, [asked, {"thickness_mm": thickness_mm, "mode": mode}])
    return np.array(values, dtype=float).reshape(plane.rows, plane.columns)


def assert_alike(found: np.ndarray, expected: np.ndarray, *, within: float) -> None:
    """The same pixels carry data, but for a border where single precision decides, and their values agree."""
    assert np.mean(np.isfinite(found) != np.isfinite(expected)) < 0.003
    both = np.isfinite(found) & np.isfinite(expected)
    assert both.mean() > 0.3
    assert np.abs(found - expected)[both].max() < within


def pane(page: Page, name: str) -> np.ndarray:
    """The picture of a pane, grey (row, column): from the whole pixel at which the browser lays a canvas down.

    A picture of the element alone begins at the pixel that holds its edge, which is another one where the lines of
    text above it are so high that it starts in the lower half of a pixel.
    """
    box = page.get_by_role("group", name=re.compile(f"^{name}")).bounding_box()
    left, top, width, height = (math.floor(box[side] + 0.5) for side in ("x", "y", "width", "height"))
    shot = page.screenshot(clip={"x": left, "y": top, "width": width, "height": height})
    return cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_GRAYSCALE)


def framed(page: Page, name: str) -> PlaneRaster:
    """The plane that a pane shows, one pixel of it a pixel of the screen."""
    frame: dict[str, Any] = page.evaluate("name => window.__kerma.volumes[0].frameOf(name)", name)
    size = round(frame["size"]["height"]), round(frame["size"]["width"])
    return PlaneRaster(tuple(frame["center"]), tuple(frame["right"]), tuple(frame["down"]), 1 / frame["zoom"], *size)


def lengths(page: Page) -> list[float]:
    return page.evaluate("() => window.__kerma.volumes[0].measurements.map(one => one.values.length_mm)")


def kept_and_there_again(page: Page, server: Server, exam_pk: int) -> None:
    """A length is kept with the marks, as points in mm, listed, and there again when the volume is opened anew."""
    expect(page.get_by_role("button", name="Delete this length in the volume")).to_have_count(1)
    kept = "async pk => (await (await fetch(`/api/v1/exams/${pk}/marks`)).json()).people[0]?.spaces"
    for _ in range(100):
        if len(found := page.evaluate(kept, exam_pk) or []) == 1:
            break
        page.wait_for_timeout(200)
    [one] = found
    before = lengths(page)
    assert np.linalg.norm(np.subtract(*one["points"])) == pytest.approx(before[0])
    opened(page, server, exam_pk, len(UNEVEN))
    assert lengths(page) == pytest.approx(before)


@pytest.fixture(scope="module")
def phantom(server: Server) -> tuple[int, VolumeGeometry, np.ndarray]:
    planes = slices(UNEVEN, tilt_deg=18.5)
    geometry = geometry_of(planes)
    values = np.rint(sampled(geometry, body))
    files = ct_files(planes, values + 1000, exam=77, PatientID="TILT", PatientName="Phantom^Tilted", WindowCenter=0)
    return uploaded(server, files[::-1]), geometry, values


def test_a_tilted_uneven_scan_is_read_in_planes_by_keys(
    watched: Watched, cookies: list, server: Server, phantom: tuple
) -> None:
    page = watched.page
    exam_pk, geometry, values = phantom
    opened(page, server, exam_pk, len(UNEVEN))

    # the shader is the reference: planes at any angle, slabs, the whole of a direction
    for plane in (SAGITTAL, OBLIQUE):
        assert_alike(shader(page, plane), resample(values, geometry, plane), within=0.5)
    for mode in ("highest", "mean", "lowest"):
        slab = resample(values, geometry, OBLIQUE, thickness_mm=9, mode=mode)
        assert_alike(shader(page, OBLIQUE, 9, mode), slab, within=1.0)

    # the screen shows those values through the window (width 2000 about 0, PS3.3 C.11.2.1.2)
    until, off = time.monotonic() + 30, 255.0
    while off > 1.5 and time.monotonic() < until:  # drawn coarsely first
        plane = framed(page, "third")
        expected = np.clip((resample(values, geometry, plane) + 0.5) / 1999 + 0.5, 0, 1) * 255
        shown = pane(page, "Sagittal").astype(float)[: plane.rows, : plane.columns]
        off = float(np.quantile(np.abs(shown - np.nan_to_num(expected)), 0.9))
    assert off <= 1.5  # lines, letters and the scale lie over the rest

    # what is read at the cross is the voxel of the middle, in HU
    cross = page.evaluate("() => window.__kerma.volumes[0].cross")
    at = PlaneRaster(tuple(cross), (1, 0, 0), (0, 1, 0), 1.0, 1, 1)
    told = page.locator(".volume .status strong").inner_text()
    assert told.endswith("HU")
    assert float(told.split()[0]) == pytest.approx(resample(values, geometry, at)[0, 0], abs=0.5)

    # a length across slices, by keys: as taken, slice by slice, so that its truth is the positions alone
    for key in ("a", "Home", "l", "Enter", *["PageDown"] * 22, "Enter"):
        page.keyboard.press(key)
    (length,) = lengths(page)
    assert length == pytest.approx(geometry.distances_mm[22] - geometry.distances_mm[0], abs=1e-3)
    expect(page.get_by_role("list", name="Measurements")).to_contain_text(f"Length {length:.2f}")
    naive_mm = 22 * geometry.distances_mm[-1] / (len(UNEVEN) - 1)
    assert abs(length - naive_mm) > 1

    # by the pointer, in the side plane: as many mm as the scale says
    side = page.get_by_role("group", name=re.compile("^Side plane"))
    bar = side.locator(".bar path").get_attribute("d")
    px = float(re.search(r"h([\d.]+)", bar)[1])
    mm = float(re.match(r"[\d.]+", side.locator(".bar text").text_content())[0])
    box = side.bounding_box()
    start = box["x"] + box["width"] / 2 - 60, box["y"] + box["height"] / 2 - 30
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 100, start[1] + 40, steps=4)
    page.mouse.up()
    assert lengths(page)[1] == pytest.approx(np.hypot(100, 40) * mm / px, rel=0.01)
    page.keyboard.press("Backspace")
    assert len(lengths(page)) == 1

    kept_and_there_again(page, server, exam_pk)

    assert page.evaluate("() => window.__kerma.volumes[0].bytes") < BYTES_MAX
    assert violations(page) == []


def test_the_volume_from_outside_is_where_it_is(
    watched: Watched, cookies: list, server: Server, phantom: tuple
) -> None:
    page = watched.page
    exam_pk, geometry, values = phantom
    opened(page, server, exam_pk, len(UNEVEN))
    page.keyboard.press("4")
    for _ in range(2):
        page.keyboard.press("r")
    page.get_by_role("group", name="Volume from outside: Surface").wait_for()
    page.wait_for_timeout(400)
    view = framed(page, "render")
    coarse = PlaneRaster(view.center_mm, view.right, view.down, view.pitch_mm * 4, view.rows // 4, view.columns // 4)
    threshold = page.evaluate("() => window.__kerma.volumes[0].threshold")
    expected = np.isfinite(first_hit(values, geometry, coarse, threshold=threshold, step_mm=1.0))
    shown = pane(page, "Volume from outside: Surface")[: view.rows, : view.columns] > 25
    shown[:50] = shown[-4:] = False  # the caption and the border
    shown[:, :30] = shown[:, -30:] = False
    assert shown.mean() == pytest.approx(expected.mean(), rel=0.05)
    middle = np.argwhere(shown).mean(axis=0) / 4 - np.argwhere(expected).mean(axis=0)
    assert np.abs(middle).max() * coarse.pitch_mm < 2.0  # mm
    page.keyboard.press("r")
    page.keyboard.press("r")
    page.get_by_role("group", name="Volume from outside: Highest").wait_for()
    page.wait_for_timeout(400)
    ray = np.clip((highest(values, geometry, coarse, step_mm=1.0) + 0.5) / 1999 + 0.5, 0, 1) * 255
    seen = cv2.resize(
        pane(page, "Volume from outside: Highest")[: view.rows, : view.columns],
        (coarse.columns, coarse.rows),
        interpolation=cv2.INTER_AREA,
    )
    off = np.abs(seen - np.nan_to_num(ray))
    assert np.median(off) < 4
    assert np.quantile(off, 0.9) < 40  # the even grid blurs the shell


def test_what_is_too_large_is_shown_coarser_and_that_is_told(watched: Watched, cookies: list, server: Server) -> None:
    """More columns than the card takes on a side: means of 2 x 2 pixels, from tiles beside each other."""
    page = watched.page
    planes = slices([0.0, 1.5, 2.5, 5.0], rows=12, columns=2100, column_mm=0.1)
    geometry = geometry_of(planes)
    values = np.rint(sampled(geometry, lambda points: 300 * np.sin(points[..., 0] / 4) + 20 * points[..., 2]))
    exam_pk = uploaded(server, ct_files(planes, values + 1000, exam=78, PatientID="WIDE"), "ndt")
    opened(page, server, exam_pk, len(planes))
    expect(page.locator(".volume .status")).to_contain_text("Reduced to fit: means of 2 × 2 pixels")
    coarse = np.stack([reduced(plane, 2) for plane in values])
    shift = (geometry.along_column * geometry.row_mm + geometry.along_row * geometry.column_mm) / 2
    smaller = replace(
        geometry,
        origin_mm=geometry.origin_mm + shift,
        rows=6,
        columns=1050,
        row_mm=2 * geometry.row_mm,
        column_mm=2 * geometry.column_mm,
    )
    plane = PlaneRaster((0, 0, 2.5), (1, 0, 0), (0, 0, 1), 1.0, 8, 180)
    assert_alike(shader(page, plane), resample(coarse, smaller, plane), within=1.0)


def test_the_real_head_is_upright_and_measured_by_its_header(watched: Watched, cookies: list, server: Server) -> None:
    files = sorted(GE.glob("*.dcm"))
    if not files:
        pytest.skip("the head scan ../shared/data/ct_ge is not here")
    page = watched.page
    exam_pk = uploaded(server, [file.read_bytes() for file in files])
    opened(page, server, exam_pk, len(files))
    volume = page.get_by_role("region", name="Volume")
    volume.get_by_text("2 notes on this volume").click()
    expect(volume).to_contain_text("slices are pushed sideways by 18.5°")
    expect(volume).to_contain_text("1.08 to 7 mm between slices")
    expect(page.get_by_role("group", name="Sagittal plane")).to_contain_text("A")
    for key in ("2", "1", "a", "Home", "l", "Enter", *["PageDown"] * 20, "Enter"):
        page.keyboard.press(key)
    headers = [pydicom.dcmread(file, stop_before_pixels=True) for file in (files[0], files[20])]
    first, last = (np.array(header.ImagePositionPatient, dtype=float) for header in headers)
    normal = np.cross(*np.array(headers[0].ImageOrientationPatient, dtype=float).reshape(2, 3))
    assert lengths(page)[0] == pytest.approx(abs((last - first) @ normal), abs=1e-3)
    # back to the images by the same key, and in again
    page.keyboard.press("Shift+V")
    page.get_by_role("button", name="Planes", exact=True).wait_for()
    assert page.evaluate("() => window.__kerma.volumes.length") == 0
