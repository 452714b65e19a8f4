"""Programs that others wrote, as nodes on this machine: DCMTK's storescp and dcmqrscp, each on a free port."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BIN = Path("/usr/bin")
"""DCMTK's own programs by full path: pynetdicom puts some of the same names beside Python."""
READY_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    path = BIN / name
    if not path.exists():
        pytest.skip(f"{path} is not installed (Debian's dcmtk)")
    return str(path)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10):
        return True
    return False


def wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path | None = None) -> None:
    """Wait until a program takes connections, which takes it a moment longer on a busy machine."""
    until = time.monotonic() + READY_S
    while not _listens(port):
        said = log.read_text() if log else ""
        assert process.poll() is None and time.monotonic() < until, f"nothing listens on port {port}; {said}"
        time.sleep(0.02)


@contextlib.contextmanager
def running(*command: str, port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block; it is ready once its port takes connections."""
    with (folder / "peer.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        wait_until_listening(process, port, folder / "peer.log")
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextlib.contextmanager
def storescp(folder: Path, *options: str, port: int | None = None) -> Iterator[int]:
    """DCMTK's storescp, which writes what comes into the folder; yields its port."""
    folder.mkdir(exist_ok=True)
    port = port or free_port()
    with running(program("storescp"), *options, "-od", str(folder), str(port), port=port, folder=folder):
        yield port


@contextlib.contextmanager
def dcmqrscp(folder: Path, known: dict[str, int], port: int | None = None) -> Iterator[int]:
    """DCMTK's dcmqrscp with one store, ARCHIVE, that knows other nodes by AE title and port; yields its port."""
    port = port or free_port()
    store = folder / "store"
    store.mkdir(parents=True, exist_ok=True)
    nodes = "\n".join(f"n{place} = ({title}, 127.0.0.1, {there})" for place, (title, there) in enumerate(known.items()))
    names = ", ".join(f"n{place}" for place in range(len(known)))
    config = folder / "dcmqrscp.cfg"
    config.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\n{nodes}\nall = {names}\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nARCHIVE {store} RW (200, 1024mb) ANY\nAETable END\n"
    )
    with running(program("dcmqrscp"), "-c", str(config), port=port, folder=folder):
        yield port


def has(name: str) -> bool:
    return shutil.which(str(BIN / name)) is not None
