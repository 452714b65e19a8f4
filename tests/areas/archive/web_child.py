"""The web door alone, without jobs, as a process whose memory can be measured: ``python web_child.py HOME FILE``.

Takes the file into the archive, then prints its port and a token on one line.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kerma.app import open_kernel
from kerma.areas.archive import actions
from kerma.areas.archive.model import Arrival
from kerma.areas.people.actions import create_token
from kerma.doors import serving
from kerma.kernel.identity import service
from kerma.kernel.settings import Settings

if __name__ == "__main__":
    kernel = open_kernel(Settings.load({"KERMA_HOME": sys.argv[1]}))
    everything = service("test", "*")
    stored = actions.ingest(kernel, everything, source=Arrival(Path(sys.argv[2]), "film.dcm", "medical"))
    assert stored.outcome == "stored", stored
    token = create_token(kernel, everything, name="viewer", role="administrator")
    listening = serving._listen("127.0.0.1", 0)
    print(listening.getsockname()[1], token, flush=True)
    serving._server(kernel).run(sockets=[listening])
    os._exit(0)
