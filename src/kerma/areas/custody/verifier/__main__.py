"""``python3 -m verify [PACKAGE] [--key KEY] [--json]``: exit code 0 unaltered, 1 altered, 2 it cannot be checked."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .package import Answer, check
from .source import UnusableError

UNALTERED, ALTERED, UNUSABLE = 0, 1, 2


def main() -> int:
    """Check the package named on the command line, or the one this folder lies in."""
    parser = argparse.ArgumentParser(prog="verify", description="Check an evidence package of Kerma.")
    parser.add_argument("package", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--key", default="", help="the ledger's public key, obtained by another way")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    try:
        answer = check(given.package, given.key)
    except (UnusableError, OSError) as error:
        print(f"verify: {error}", file=sys.stderr)
        return UNUSABLE
    if given.json:
        print(json.dumps({**vars(answer), "unaltered": answer.is_unaltered}, indent=2, ensure_ascii=False))
    else:
        _show(answer)
    return UNALTERED if answer.is_unaltered else ALTERED


def _show(answer: Answer) -> None:
    for name, value in answer.facts.items():
        print(f"{name:>16}  {value}")
    print()
    for file in answer.files:
        state = "unchanged since" if file["unchanged"] else "ALTERED, was of"
        print(f"{file['path']}\n    {state} {file['since']}, {file['action']} by {file['by']}, record {file['record']}")
    for problem in answer.problems:
        print(f"ALTERED  {problem['file'] or 'the package'}: {problem['text']}")
    for warning in answer.warnings:
        print(f"WARNING  {warning}")
    print("UNALTERED" if answer.is_unaltered else "ALTERED")
    print("The signatures of the reports are checked by `kerma verify`, which needs Kerma.")


if __name__ == "__main__":
    sys.exit(main())
