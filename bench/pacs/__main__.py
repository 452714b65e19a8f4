"""``make bench-pacs``: every figure of the archive beside its peer, as one JSON document; parts may be named."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

from bench.pacs import peers, query, scale, store, web

PARTS = {
    "store": store.run,
    "stow-wado": web.run,
    "thumbnail": lambda: [web.thumbnails()],
    "query": query.run,
    "flat": scale.run,
}


def main() -> None:
    """Run the parts; progress goes to stderr."""
    chosen = sys.argv[1:] or list(PARTS)
    figures = [line for name in chosen for line in PARTS[name]()]
    said = subprocess.run([peers.ORTHANC, "--version"], capture_output=True, text=True, check=False).stdout
    document = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "peer": {"version": said.splitlines()[0] if said else "", "settings": peers.ORTHANC_SETTINGS},
        "kerma": "file, index row and ledger record flushed before each acknowledgement (SQLite synchronous=FULL)",
        "figures": figures,
        "missed": [line["what"] for line in figures if line["reached"] is False],
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
