"""Run every benchmark, or those named, and print one JSON document: figure, measured, reached."""

from __future__ import annotations

import importlib
import json
import platform
import sys

BENCHMARKS = (
    "start", "examine", "ingest", "import_folder", "verify", "simulator", "scenes", "measurements", "kernels",
)  # fmt: skip


def main() -> None:
    """Run the benchmarks in their order; each has ``run() -> dict`` and progress goes to stderr."""
    chosen = sys.argv[1:] or BENCHMARKS
    results = {}
    for name in chosen:
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        results[name] = importlib.import_module(f"bench.{name}").run()
    machine = {"processor": platform.processor() or platform.machine(), "python": platform.python_version()}
    print(json.dumps({"machine": machine, "figures": results}, indent=2))


if __name__ == "__main__":
    main()
