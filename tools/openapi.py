"""Write the description of the API that the workstation's types are made of: ``ui/src/api/openapi.json``.

Then ``npm run types`` in ``ui/`` makes ``schema.ts`` of it. A test holds the file and the API together.
"""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import FastAPI

from kerma.doors import web
from kerma.science.units import UNITS

FILE = Path(__file__).resolve().parent.parent / "ui" / "src" / "api" / "openapi.json"
UNITS_FILE = FILE.with_name("units.ts")


def document() -> str:
    """Return the description as it stands in the file."""
    app = FastAPI(title="Kerma", version="1")
    web.include_areas(app, web.routers_of_areas())
    return json.dumps(web.description(app), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def units() -> str:
    """Return the table of units as the workstation's module."""
    shown = {name: unit.shown for name, unit in UNITS.items()}
    rows = "".join(f'  "{name}": {json.dumps(words, ensure_ascii=False)},\n' for name, words in shown.items())
    words = "/** From the end of a name to the unit as printed; written by tools/openapi.py. */\n"
    return f"{words}export const UNITS: Record<string, string> = {{\n{rows}}};\n"


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
    UNITS_FILE.write_text(units(), encoding="utf-8")
    print(f"wrote {FILE} and {UNITS_FILE}; now run 'npm run types' in ui/")
