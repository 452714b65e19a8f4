"""One process that serves one study: Kerma with its workstation, and OHIF's viewer before the same archive.

``python -m bench.workstation.serving HOME OHIF FILE ...`` takes the files in, makes what is made after arrival, fills
the worklist, and prints one line of JSON: both addresses, the login, and the keys of the first exam and its study.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import secrets
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LOGIN = "bench"
ROWS = 10_000
CONFIG: dict[str, Any] = {
    "routerBasename": "/", "extensions": [], "modes": [], "showStudyList": True, "maxNumberOfWebWorkers": 3,
    "defaultDataSourceName": "kerma", "investigationalUseDialog": {"option": "never"},
    "dataSources": [
        {
            "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
            "sourceName": "kerma",
            "configuration": {
                "friendlyName": "Kerma", "name": "kerma", "wadoUriRoot": "/dicom-web", "qidoRoot": "/dicom-web",
                "wadoRoot": "/dicom-web", "qidoSupportsIncludeField": True, "imageRendering": "wadors",
                "thumbnailRendering": "wadors", "enableStudyLazyLoad": True, "supportsFuzzyMatching": True,
                "supportsWildcard": True, "bulkDataURI": {"enabled": True}, "singlepart": "bulkdata,pdf",
            },
        }
    ],
}  # fmt: skip


class Beside:
    """OHIF's files, and Kerma's DICOMweb under the same address: no proxy and no second process to make it slow."""

    def __init__(self, app: ASGIApp, folder: Path, token: str) -> None:
        self.app, self.folder = app, folder.resolve()
        self.authorization = (b"authorization", f"Bearer {token}".encode("ascii"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        from starlette.responses import FileResponse, Response

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith("/dicom-web"):
            await self.app({**scope, "headers": [*scope["headers"], self.authorization]}, receive, send)
            return
        if path == "/app-config.js":
            await Response(f"window.config = {json.dumps(CONFIG)};", media_type="text/javascript")(scope, receive, send)
            return
        file = (self.folder / path.lstrip("/")).resolve()
        is_known = file.is_file() and file.is_relative_to(self.folder)
        file = file if is_known else self.folder / "index.html"
        caching = "public, max-age=31536000, immutable" if is_known else "no-cache"
        kind = mimetypes.guess_type(file.name)[0]
        headers = {"Cache-Control": caching, "Cross-Origin-Opener-Policy": "same-origin"}
        await FileResponse(file, media_type=kind, headers=headers)(scope, receive, send)


def main(home: str, ohif: str, *files: str) -> None:
    """Take the files in and serve them until the process is ended."""
    from kerma.app import open_kernel
    from kerma.areas.archive import actions, jobs_overviews
    from kerma.areas.archive.model import Arrival
    from kerma.areas.people.actions import create_person, create_token
    from kerma.doors.web import create_app, routers_of_areas
    from kerma.kernel.identity import service
    from kerma.kernel.settings import Settings

    kernel = open_kernel(Settings.load({"KERMA_HOME": home}))
    operator = service("bench", "*")
    taken = [actions.ingest(kernel, operator, source=Arrival(Path(file), "film.dcm", "medical")) for file in files]
    stored = taken[0]
    assert stored.exam_pk is not None, stored
    password = secrets.token_urlsafe(24)
    create_person(kernel, operator, login=LOGIN, name="Bench", password=password, roles=["lead"])
    token = create_token(kernel, operator, name="ohif", role="administrator")
    jobs_overviews.make_overviews(kernel)  # what the process of the jobs does after each arrival
    fill(Path(home) / "kerma.db", ROWS)
    app = create_app(kernel, routers_of_areas())
    told = {"login": LOGIN, "password": password, "exam_pk": stored.exam_pk, "study": stored.exam_uid}
    asyncio.run(_serve({"kerma": app, "ohif": Beside(app, Path(ohif), token)}, told))


def fill(path: Path, rows: int) -> None:
    """Put open items into the worklist, each like the first but for its exam, its subject and when it is due."""
    import sqlalchemy as sa

    from kerma.areas.archive.model import exam, subject
    from kerma.areas.worklist.model import item

    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 60})
    with engine.begin() as connection:
        first = {one: connection.execute(sa.select(one).limit(1)).mappings().one() for one in (subject, exam, item)}
        like = {one: dict(row) for one, row in first.items()}
        waiting = {"state": "waiting", "claimed_by": "", "claimed_at": "", "priority": 5}
        many: dict[sa.Table, list[dict[str, Any]]] = {subject: [], exam: [], item: []}
        for number in range(rows):
            key = 100_000 + number
            due = f"2031-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"
            many[subject].append(like[subject] | {"id": key, "key": str(uuid4()), "subject_id": f"BENCH-{number:05d}"})
            many[exam].append(like[exam] | {"id": key, "uid": f"1.2.3.{number}", "subject_pk": key, "accession": ""})
            many[item].append(like[item] | waiting | {"id": key, "exam_pk": key, "due_at": due})
        for table, values in many.items():
            connection.execute(table.insert(), values)
    engine.dispose()


async def _serve(apps: dict[str, Any], told: dict[str, Any]) -> None:
    import uvicorn

    servers = []
    for name, app in apps.items():
        listening = socket.create_server(("127.0.0.1", 0))
        told[name] = f"http://127.0.0.1:{listening.getsockname()[1]}"
        lifespan = "on" if name == "kerma" else "off"
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan=lifespan)  # type: ignore[arg-type]
        servers.append(uvicorn.Server(config).serve(sockets=[listening]))
    print(json.dumps(told), flush=True)
    await asyncio.gather(*servers)


if __name__ == "__main__":
    main(*sys.argv[1:])
