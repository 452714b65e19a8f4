"""OHIF's viewer, as its makers built it, opens an exam from Kerma in a real browser and shows its pixels."""

from __future__ import annotations

import http.client
import io
import json
import mimetypes
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

import archives
from archives import Peer
from films import film, uid
from kerma.areas.exchange.conformance.multipart import compose
from peers.conftest import node_module

FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-gpu-compositing"]
WITHIN_S = 120.0
NO_TOUR = "localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour']))"
"""The viewer's tour has been seen: on a slow machine it comes before the film, and stands over the middle of it."""
STUDY = uid(7001)
PLACES = dict.fromkeys(("wadoUriRoot", "qidoRoot", "wadoRoot"), "/dicom-web")
CONFIG = {
    "routerBasename": "/", "extensions": [], "modes": [], "showStudyList": True, "maxNumberOfWebWorkers": 2,
    "defaultDataSourceName": "kerma", "investigationalUseDialog": {"option": "never"},
    "dataSources": [
        {
            "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
            "sourceName": "kerma",
            "configuration": {
                "friendlyName": "Kerma", "name": "kerma", **PLACES, "qidoSupportsIncludeField": True,
                "imageRendering": "wadors", "thumbnailRendering": "wadors", "enableStudyLazyLoad": True,
                "supportsFuzzyMatching": True, "supportsWildcard": True, "bulkDataURI": {"enabled": True},
                "singlepart": "bulkdata,pdf",
            },
        }
    ],
}  # fmt: skip


@contextmanager
def site(folder: Path, peer: Peer) -> Iterator[str]:
    """Serve the viewer's files, and hand ``/dicom-web`` on to Kerma with the token: the browser never has it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/dicom-web"):
                self.hand_on()
            elif path == "/app-config.js":
                self.say(200, "text/javascript", f"window.config = {json.dumps(CONFIG)};".encode())
            else:
                file = (folder / path.lstrip("/")).resolve()
                known = file.is_file() and file.is_relative_to(folder)
                file = file if known else folder / "index.html"
                self.say(200, mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.read_bytes())

        def hand_on(self) -> None:
            line = http.client.HTTPConnection(urlsplit(peer.address).netloc, timeout=60)
            line.request("GET", self.path, headers={**peer.headers, "Accept": self.headers.get("Accept", "*/*")})
            response = line.getresponse()
            self.say(response.status, response.getheader("Content-Type", ""), response.read())
            line.close()

        def say(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            # what a viewer with WebAssembly threads asks of its page
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def kerma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A Kerma of its own: the other tests' exams, which are analysed as they come, would keep this machine busy."""
    with archives.kerma(tmp_path_factory.mktemp("ohif")) as peer:
        yield peer


@pytest.fixture(scope="module")
def exam(kerma: Peer) -> str:
    """An exam with one film whose left half is dark and whose right half is bright."""
    side = 256
    pixels = np.full((side, side), 300, "<u2")
    pixels[:, side // 2 :] = 3700
    data = film(
        exam=7001, side=side, PixelData=pixels.tobytes(), BitsStored=12, HighBit=11, BitsAllocated=16,
        WindowCenter=2048, WindowWidth=4096, PatientID="OHIF-1", PatientName="Peer^Ohif",
    )  # fmt: skip
    body, content_type = compose([("application/dicom", data)], "application/dicom")
    answer = httpx.post(
        f"{kerma.web}/studies", content=body, headers={**kerma.headers, "Content-Type": content_type}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return STUDY


@pytest.mark.browser
def test_ohif_lists_and_shows_an_exam_of_kerma(kerma: Peer, exam: str, tmp_path: Path) -> None:
    folder = (node_module("@ohif/app") / "dist").resolve()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium")
    with site(folder, kerma) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(WITHIN_S * 1000)
        page.add_init_script(NO_TOUR)
        refused: list[str] = []
        page.on("response", lambda got: refused.append(f"{got.status} {got.url}") if got.status >= 400 else None)
        page.goto(f"{address}/?patientName=Peer")
        page.get_by_text("Peer, Ohif").first.wait_for()
        page.goto(f"{address}/viewer?StudyInstanceUIDs={exam}")
        canvas = page.locator("canvas.cornerstone-canvas").first
        canvas.wait_for()
        seen = halves(canvas.screenshot())
        until = time.monotonic() + WITHIN_S
        while not is_film(*seen) and time.monotonic() < until:
            page.wait_for_timeout(500)
            seen = halves(canvas.screenshot())
        page.screenshot(path=tmp_path / "ohif.png")
        told = " ".join(page.locator("body").inner_text().split())[:600]
        browser.close()
    assert is_film(*seen), f"halves {seen}, not dark and bright; refused: {refused}; {tmp_path}/ohif.png; page: {told}"
    assert refused == []


def halves(png: bytes) -> tuple[float, float]:
    """How bright the middle of the canvas is, to the left and to the right: medians, which no overlaid word moves."""
    from PIL import Image

    shown = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    height, width = shown.shape
    middle = shown[height // 3 : 2 * height // 3]
    left, right = middle[:, width // 2 - 60 : width // 2 - 20], middle[:, width // 2 + 20 : width // 2 + 60]
    return float(np.median(left)), float(np.median(right))


def is_film(left: float, right: float) -> bool:
    """Whether the halves are as dark and as bright as the film's window makes them (19 and 230 of 255)."""
    return 9 <= left <= 29 and 220 <= right <= 241
