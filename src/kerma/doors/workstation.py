"""The browser workstation as files: the page, its hashed parts, and the page again for every address inside it."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response

from kerma.errors import NotFound

FOLDER = Path(__file__).parent.parent / "workstation"
"""Built by ``make ui`` from ``ui/``, and part of the wheel."""

FOR_A_YEAR = "public, max-age=31536000, immutable"
"""For files whose name holds the hash of their content."""
ASK_EACH_TIME = "no-cache"
OWN_PLACES = ("api/", "dicom-web/", "assets/", "guest/")
"""Addresses below these are never addresses inside the workstation."""
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}

NOT_BUILT = (
    "The browser workstation has not been built. Run 'make ui' in the source folder, "
    "or install Kerma from a wheel, which contains it. The API answers at /api/v1.\n"
)


def router(folder: Path = FOLDER) -> APIRouter:
    """Return the routes that serve the workstation from a folder."""
    made = APIRouter(include_in_schema=False)

    @made.api_route("/{path:path}", methods=["GET", "HEAD"])
    def workstation(path: str) -> Response:
        """Serve a file of the workstation, or its page for an address inside it."""
        return _answer(folder, path)

    return made


def _answer(folder: Path, path: str) -> Response:
    page = folder / "index.html"
    if not page.is_file():
        return PlainTextResponse(NOT_BUILT, status_code=503)
    file = (folder / path).resolve()
    media_type = MEDIA_TYPES.get(file.suffix)
    if media_type and file.is_relative_to(folder.resolve()) and file.is_file():
        lasting = FOR_A_YEAR if path.startswith("assets/") else ASK_EACH_TIME
        return FileResponse(file, media_type=media_type, headers={"Cache-Control": lasting})
    if path.startswith(OWN_PLACES) or Path(path).suffix:
        raise NotFound(f"there is nothing at /{path}")
    return FileResponse(page, media_type="text/html; charset=utf-8", headers={"Cache-Control": ASK_EACH_TIME})
