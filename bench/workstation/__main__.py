"""``make bench-ui``: time to the first image, frames of window/level, and what is loaded, beside OHIF, as JSON."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil

from bench.examine import radiograph
from bench.workstation import ours

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Response

ROOT = Path(__file__).parents[2]
OHIF = ROOT / "tests" / "peers" / "node_modules" / "@ohif" / "app"
PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
NO_TOUR = "localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour']))"
ROUNDS = 3
MOVES = 60
STILL_MS = 1500
"""A picture that has not changed for so long is taken to be finished."""
WITHIN_S = 120.0
CANVAS = (900, 700)
FIRST_IMAGE_SHARE, FRAME_SHARE, BUNDLE_KB = 1 / 3, 1.0, 350
CODE = ("script", "stylesheet")


@dataclass
class Side:
    """One of the two viewers."""

    name: str
    address: str
    """Of the page that shows the study."""
    cookies: list[dict[str, str]] = field(default_factory=list)


def main() -> None:
    """Measure both in turns and print the figures."""
    from playwright.sync_api import sync_playwright

    demand_parts()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as told, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        sides = [
            Side("kerma", f"{told['kerma']}/exams/{told['exam_pk']}", signed_in(browser, told)),
            Side("ohif", f"{told['ohif']}/viewer?StudyInstanceUIDs={told['study']}"),
        ]
        figures: dict[str, Any] = {side.name: {"rounds": []} for side in sides}
        for number in range(ROUNDS):
            for side in sides:
                print(f"bench: {side.name}, round {number + 1} …", file=sys.stderr, flush=True)
                figures[side.name]["rounds"].append(measured(browser, side))
        figures["kerma"] |= alone(browser, sides[0], told["kerma"])
        browser.close()
    print(json.dumps(document(figures), indent=2))


def document(figures: dict[str, Any]) -> dict[str, Any]:
    """Return medians over the rounds, the ratios, and whether the figures are reached."""
    names = [f"{name}_{what}_ms" for name in ("cold", "warm") for what in ("first", "whole", "cpu")]
    names += ["frame_ms", "frame_cpu_ms", "code_gzip_kb"]
    for one in figures.values():
        one |= {name: round(statistics.median(row[name] for row in one["rounds"]), 1) for name in names}
    own, peer = figures["kerma"], figures["ohif"]
    ratios = {name: round(own[name] / peer[name], 3) for name in names}
    return {
        "machine": {"cores": os.cpu_count(), "renderer": "SwiftShader", "load": os.getloadavg()},
        "peer": f"@ohif/app {json.loads((OHIF / 'package.json').read_text())['version']}, as its makers built it",
        "image": "2500 x 2048, 16 bits, one film",
        **figures,
        "ratios": ratios,
        "reached": {
            "first image, at most a third": ratios["cold_first_ms"] <= FIRST_IMAGE_SHARE,
            "whole image, at most a third": ratios["cold_whole_ms"] <= FIRST_IMAGE_SHARE,
            "frame of window/level, no slower": ratios["frame_ms"] <= FRAME_SHARE,
            f"code for reading, at most {BUNDLE_KB} kB": own["code_gzip_kb"] <= BUNDLE_KB,
            "no frame of the worklist with more than 50 ms of script": not any(
                one["frames_with_more_script"] for one in own["worklist"].values() if isinstance(one, dict)
            ),
        },
    }


def measured(browser: Browser, side: Side) -> dict[str, Any]:
    """Open the study with an empty cache, once more with a full one, and change its window."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies(side.cookies)  # type: ignore[arg-type]
    context.add_init_script(NO_TOUR)
    context.add_init_script(PROBE)
    context.set_default_timeout(WITHIN_S * 1000)
    loaded = loading(context)
    page = context.new_page()
    cold = opened(page, side.address)
    needed = {name: list(addresses) for name, addresses in loaded.items()}
    warm = opened(page, side.address)
    fitted(page)
    frames = dragged(page)
    sizes = {name: compressed_kb(context, addresses) for name, addresses in needed.items()}
    context.close()
    times = {
        f"{name}_{what}_ms": round(found[key], 1)
        for name, found in (("cold", cold), ("warm", warm))
        for what, key in (("first", "first_ms"), ("whole", "changed_ms"), ("cpu", "cpu_ms"))
    }
    return {
        **times,
        "code_gzip_kb": sizes["code"],
        "wasm_gzip_kb": sizes["wasm"],
        **frames,
    }


def alone(browser: Browser, side: Side, address: str) -> dict[str, Any]:
    """Measure what has no counterpart: keys, the next exam, and a long worklist."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies(side.cookies)  # type: ignore[arg-type]
    context.add_init_script(PROBE)
    context.set_default_timeout(WITHIN_S * 1000)
    page = context.new_page()
    opened(page, side.address)
    figures: dict[str, Any] = {"keys": ours.reacted(page), "next_exam_ms": ours.next_exam(page)}
    page.close()
    figures["worklist"] = ours.listed(context, address)
    context.close()
    return figures


def opened(page: Page, address: str) -> dict[str, float]:
    """Go to the study; return when its picture stood, and when it changed for the last time, from the navigation on."""
    begun_s = browser_cpu_s()
    page.goto(address, wait_until="commit")
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        seen = page.evaluate("({...window.__probe.seen, now: performance.now()})")
        if seen["first_ms"] and seen["now"] - seen["changed_ms"] > STILL_MS:
            used_ms = 1000 * (browser_cpu_s() - begun_s)
            return {"first_ms": seen["first_ms"], "changed_ms": seen["changed_ms"], "cpu_ms": used_ms}
        time.sleep(0.2)
    raise RuntimeError(f"{address} showed no picture within {WITHIN_S:g} s: {page.locator('body').inner_text()[:400]}")


def fitted(page: Page) -> None:
    """Size the window so that the canvas has the same size for both."""
    for _ in range(4):
        seen, window = page.evaluate("window.__probe.seen"), page.viewport_size
        assert window is not None
        off = (round(CANVAS[0] - seen["width"]), round(CANVAS[1] - seen["height"]))
        if off == (0, 0):
            return
        page.set_viewport_size({"width": window["width"] + off[0], "height": window["height"] + off[1]})
        time.sleep(1.5)


def dragged(page: Page) -> dict[str, Any]:
    """Change the window with the first button; return the mean time from a move to its picture."""
    box = page.evaluate(
        "(() => { const box = [...document.querySelectorAll('canvas')].map((one) => one.getBoundingClientRect())"
        ".sort((one, other) => other.width * other.height - one.width * one.height)[0];"
        "return [box.left + box.width / 2, box.top + box.height / 2]; })()"
    )
    x, y = (round(value) for value in box)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 1, y + 1)
    time.sleep(0.5)
    begun_s = browser_cpu_s()
    found = page.evaluate(f"window.__probe.drag({MOVES}, {x}, {y})")
    used_ms = 1000 * (browser_cpu_s() - begun_s)
    page.mouse.up()
    if len(found["times"]) < MOVES // 2:
        raise RuntimeError(f"the picture did not follow the pointer: {found}")
    seen = page.evaluate("window.__probe.seen")
    return {
        "frame_ms": round(statistics.fmean(found["times"]), 2),
        "frame_cpu_ms": round(used_ms / MOVES, 2),
        "frame_95_ms": round(statistics.quantiles(found["times"], n=20)[-1], 2),
        "moves_without_change": found["missed"],
        "looks_per_move": round(found["looks"] / MOVES, 2),
        "canvas_px": [seen["width"], seen["height"]],
        "drawn_px": found["size"] or "x".join(map(str, found["canvas"])),
    }


def browser_cpu_s() -> float:
    """Return the processor seconds of all parts of the browser so far: on a machine that others use, times say less."""
    total_s = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "chrom" in process.name():
                times = process.cpu_times()
                total_s += times.user + times.system
    return total_s


def loading(context: BrowserContext) -> dict[str, list[str]]:
    """Gather the addresses of what a page loads to run: scripts and styles, and WebAssembly."""
    loaded: dict[str, list[str]] = {"code": [], "wasm": []}

    def came(response: Response) -> None:
        path = urlsplit(response.url).path
        if path.endswith(".wasm"):
            loaded["wasm"].append(response.url)
        elif response.request.resource_type in CODE or path.endswith((".js", ".css")):
            loaded["code"].append(response.url)

    context.on("response", came)
    return loaded


def compressed_kb(context: BrowserContext, addresses: list[str]) -> float:
    """Return what files come to together, each compressed as for the wire."""
    whole = (context.request.get(address).body() for address in dict.fromkeys(addresses))
    return round(sum(len(gzip.compress(one, 9)) for one in whole) / 1000, 1)


def signed_in(browser: Browser, told: dict[str, Any]) -> list[dict[str, str]]:
    """Return the cookies of somebody who has signed in."""
    context = browser.new_context()
    words = {"login": told["login"], "password": told["password"]}
    answer = context.request.post(f"{told['kerma']}/api/v1/session", data=words, headers={"Origin": told["kerma"]})
    assert answer.ok, answer.text()
    cookies = [{"name": one["name"], "value": one["value"], "url": told["kerma"]} for one in context.cookies()]
    context.close()
    return cookies


@contextmanager
def served(folder: Path) -> Iterator[dict[str, Any]]:
    """Run the server of both; gives what it says of itself."""
    films = [folder / "film.dcm", folder / "next.dcm"]
    for number, film in enumerate(films, start=1):
        film.write_bytes(dicom(f"B-{number}"))
    told = [str(one) for one in (folder / "home", OHIF / "dist", *films)]
    words = [sys.executable, "-m", "bench.workstation.serving", *told]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def dicom(subject: str) -> bytes:
    """Return the radiograph as a plain DICOM film, which both can show at once.

    Each of another subject: an earlier film of the same one would hang beside it, and two would be measured for one.
    """
    import io

    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

    pixels = radiograph()
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = DigitalXRayImageStorageForPresentation, generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = "Bench^Film", subject, "19700102", "F"
    data.StudyDate, data.StudyTime, data.AccessionNumber, data.StudyID = "20260301", "101530", "A-1", "S1"
    data.Modality, data.SeriesNumber, data.InstanceNumber = "DX", 1, 1
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
    data.WindowCenter, data.WindowWidth, data.ImagerPixelSpacing = 30_000, 24_000, [0.15, 0.15]
    data.PixelData = pixels.tobytes()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written = io.BytesIO()
    FileDataset(written, data, preamble=bytes(128), file_meta=meta).save_as(written, enforce_file_format=True)
    return written.getvalue()


def demand_parts() -> None:
    """End with what is missing, before anything is started."""
    from kerma.doors.workstation import FOLDER

    missing = [] if (FOLDER / "index.html").is_file() else ["the workstation: make ui"]
    missing += [] if (OHIF / "dist").is_dir() else ["OHIF's viewer: make setup-test"]
    missing += [] if _chromium() else ["Chromium: apt-get install chromium"]
    if missing:
        sys.exit(f"bench-ui needs {'; '.join(missing)}")


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


if __name__ == "__main__":
    main()
