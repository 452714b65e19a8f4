"""The workstation's enhancement steps, run in a real browser on rasters, for the tests that hold them to science."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

Floats = NDArray[np.float32]
BLANK = "<!doctype html><html lang='en'><title>Enhancements</title><body></body></html>"
UI = Path(__file__).parents[1] / "ui"


def built(folder: Path) -> Path:
    """Build the steps alone as one script; skip where the workstation's parts are not installed."""
    node = shutil.which("node") or shutil.which("node", path=str(Path(os.sys.prefix) / "bin" / "node-tools"))
    vite = UI / "node_modules" / "vite" / "bin" / "vite.js"
    if node is None or not vite.is_file():
        pytest.skip("the workstation's parts are not installed: run `make ui`")
    command = [node, str(vite), "build", "-c", "vite.steps.config.ts", "--outDir", str(folder), "--emptyOutDir"]
    done = subprocess.run(command, cwd=UI, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "steps.js"


class StepRuns:
    """A page that holds nothing but the steps."""

    def __init__(self, page: Page, script: Path) -> None:
        self.page = page
        page.route("http://steps.test/", lambda route: route.fulfill(content_type="text/html", body=BLANK))
        page.goto("http://steps.test/")
        page.add_style_tag(content=script.with_suffix(".css").read_text("utf-8"))
        page.add_script_tag(content=script.read_text("utf-8"))

    def call(self, name: str, *given: Any) -> Any:
        """Call one of the harness's functions."""
        return self.page.evaluate("([name, given]) => window.__steps[name](...given)", [name, list(given)])

    def run(
        self,
        planes: Sequence[Floats],
        steps: Sequence[Mapping[str, Any]],
        *,
        scale: float = 1,
        whole: tuple[Any, ...] | None = None,
        parts: Sequence[tuple[int, int, int, int]] = (),
    ) -> list[Floats]:
        """Return what steps make of planes of a level, or of parts of it (row, column, rows, columns).

        ``whole`` is the coarse picture for tables (of both energies, both), and its scale.
        """
        rows, columns = planes[0].shape
        case: dict[str, Any] = {
            "rows": rows, "columns": columns, "planes": [_packed(plane) for plane in planes], "steps": list(steps),
            "scale": scale,
        }  # fmt: skip
        if whole is not None:
            case["whole"] = [_whole(values, whole[-1]) for values in whole[:-1]]
        if parts:
            case["parts"] = [dict(zip(("row", "column", "rows", "columns"), part, strict=True)) for part in parts]
        answer = self.call("run", case)
        sizes = [part[2:] for part in parts] or [(rows, columns)]
        return [
            _unpacked(values, size, is_colour=answer["isColour"])
            for values, size in zip(answer["values"], sizes, strict=True)
        ]


def _whole(values: Floats, scale: float) -> dict[str, Any]:
    known = np.isfinite(values)
    rows, columns = values.shape
    whole = {"rows": rows, "columns": columns, "scale": scale, "values": _packed(np.nan_to_num(values))}
    return whole if known.all() else {**whole, "hasData": known.ravel().astype(int).tolist()}


def _unpacked(values: str, size: tuple[int, ...], *, is_colour: bool) -> Floats:
    found = np.frombuffer(base64.b64decode(values), np.float32)
    return found.reshape(*size, 4)[..., :3] if is_colour else found.reshape(size)


def _packed(values: Floats) -> str:
    return base64.b64encode(np.ascontiguousarray(values, np.float32).tobytes()).decode("ascii")
