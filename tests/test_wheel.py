"""A user without node installs the wheel into an empty environment and has Kerma running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.timeout(900)  # a whole environment is installed, which takes long on a busy machine


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    assert (ROOT / "src/kerma/workstation/index.html").is_file(), "build the workstation first: make ui"
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True, capture_output=True, text=True,
    )
    return next(folder.glob("kerma-*.whl"))


def test_the_wheel_holds_workstation_tables_migrations_and_templates(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "kerma/workstation/index.html" in names
    assert "kerma/standards/fr_arrete_1978/acceptance.csv" in names
    assert any(name.startswith("kerma/kernel/migrations/versions/") for name in names)
    assert any(name.startswith("kerma/areas/report/templates/") for name in names)


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    # Not compiled: most of what is installed is never imported here, and compiling it takes as long as installing it.
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "-q", "--no-compile"]
    installed = subprocess.run(
        [*pip, "-c", str(ROOT / "constraints.txt"), str(wheel)], check=False, capture_output=True, text=True
    )
    assert installed.returncode == 0, installed.stderr
    return folder


@pytest.fixture(scope="module")
def served(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bare = {"PATH": str(environment / "bin"), "HOME": str(home), "KERMA_HOME": str(home / "kerma"), "LANG": "C.UTF-8"}
    bare["KERMA_DICOM_PORT"] = "0"
    if "TMPDIR" in os.environ:
        bare["TMPDIR"] = os.environ["TMPDIR"]
    log = home / "serve.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [str(environment / "bin" / "kerma"), "serve", "--demo", "--port", str(port)],
            env=bare, stdout=output, stderr=subprocess.STDOUT, cwd=home,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(address, server, log)
            yield address, log
        finally:
            server.terminate()
            server.wait(timeout=60)


def _wait_until_ready(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"not ready after three minutes: {log.read_text(encoding='utf-8')}")


def test_serve_demo_runs_in_an_empty_environment(served: tuple[str, Path]) -> None:
    address, log = served
    with urllib.request.urlopen(f"{address}/", timeout=60) as page:
        text = page.read().decode()
    assert "<script" in text and "kerma" in text.lower()
    printed = log.read_text(encoding="utf-8")
    assert address in printed and "password" in printed.lower()


def test_the_installed_command_examines_a_file(environment: Path, tmp_path: Path) -> None:
    kerma = str(environment / "bin" / "kerma")
    simulate = [kerma, "simulate", "weld", "--seed", "1", "--count", "1", "--out", str(tmp_path / "in")]
    subprocess.run(simulate, check=True)
    done = subprocess.run(
        [kerma, "examine", str(tmp_path / "in"), "--industry", "ndt", "--out", str(tmp_path / "out")],
        check=False, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF")
