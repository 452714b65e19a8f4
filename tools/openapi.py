"""Write the description of the API that the workstation's types are made of: ``ui/src/api/openapi.json``.

Then ``npm run types`` in ``ui/`` makes ``schema.ts`` of it. A test holds the file and the API together.
"""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import FastAPI

from kerma.doors import web

FILE = Path(__file__).resolve().parent.parent / "ui" / "src" / "api" / "openapi.json"


def document() -> str:
    """Return the description as it stands in the file."""
    app = FastAPI(title="Kerma", version="1")
    web.include_areas(app, web.routers_of_areas())
    return json.dumps(web.description(app), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
    print(f"wrote {FILE}; now run 'npm run types' in ui/")
