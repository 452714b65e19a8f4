"""The process that is killed: it ingests every file of a folder and says so, line by line, once each is durable.

Run as ``python ingest_child.py FOLDER``, with the settings in the environment.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kerma.app import open_kernel
from kerma.areas.archive import actions
from kerma.areas.archive.model import Arrival
from kerma.kernel.identity import service


def main(folder: Path) -> None:
    """Ingest and acknowledge."""
    kernel = open_kernel()
    sources = (Arrival(path, path.name, "medical") for path in sorted(folder.iterdir()))
    print("ready", flush=True)
    for result in actions.ingest_many(kernel, service("child", "archive.ingest"), sources):
        print(result.outcome, result.file_name, result.sha256, flush=True)
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
