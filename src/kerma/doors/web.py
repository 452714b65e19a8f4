"""The web door: the areas' routes, the workstation, live news, health and counters, in one application.

It collects and never decides: who may do what is asked by the actions behind the routes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from kerma import __version__
from kerma.doors import metrics, news, workstation
from kerma.doors.limits import BodyLimit
from kerma.errors import KermaError, NotAllowed
from kerma.kernel import requests
from kerma.kernel.action import Kernel
from kerma.kernel.permissions import is_granted

router = APIRouter(include_in_schema=False)

API = "/api/v1"
DICOM_WEB = "/dicom-web"
WADO_URI = "/wado"
OWN_PLACES = (API, DICOM_WEB, WADO_URI, requests.GUEST)
"""A router that begins with one of these stands where it says."""
LOOPBACK = ("127.0.0.1", "::1")
OPERATE = "*"
"""What a program on another machine must hold to read counters."""


def create_app(kernel: Kernel, routers: Sequence[APIRouter], folder: Path = workstation.FOLDER) -> FastAPI:
    """Return the application that serves a kernel.

    Parameters
    ----------
    routers : of the areas; a router without a prefix of ``OWN_PLACES`` stands under ``/api/v1``
    folder : the built workstation
    """
    no_pages = {"docs_url": None, "redoc_url": None, "openapi_url": None}
    app = FastAPI(title="Kerma", version=__version__, lifespan=_running, **no_pages)
    app.state.kernel = kernel
    app.state.news = news.News(kernel)
    app.state.metrics = metrics.Metrics()
    include_areas(app, routers)
    for one in (router, workstation.router(folder)):
        app.include_router(one)
    app.add_middleware(BodyLimit, upload_limit_bytes=kernel.settings.upload_limit_bytes)
    requests.install(app)
    app.add_middleware(metrics.Counting, metrics=app.state.metrics)
    return app


def include_areas(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Add the API: the areas' routes and the news."""
    for one in (*routers, news.router):
        app.include_router(one, prefix="" if one.prefix.startswith(OWN_PLACES) else API)


@contextlib.asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(app.state.news.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@router.get("/healthz")
def healthz() -> PlainTextResponse:
    """Say that the process answers."""
    return PlainTextResponse("alive\n")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """Say whether database and ledger answer, so that requests can be served."""
    kernel = requests.kernel_of(request)
    try:
        with kernel.database.read() as connection:
            connection.execute(sa.select(1))
        news.ledger_size(kernel)
    except (sa.exc.SQLAlchemyError, KermaError):
        return PlainTextResponse("the database does not answer\n", status_code=503)
    return PlainTextResponse("ready\n")


def operator_only(request: Request) -> None:
    """Let in programs on this machine, and others that hold every permission.

    Raises
    ------
    NotAllowed
        The asker is elsewhere and holds less.
    """
    behind_proxy = bool(requests.kernel_of(request).settings.origin)
    if not behind_proxy and requests.address_of(request) in LOOPBACK:
        return
    if not is_granted(OPERATE, requests.actor_of(request).permissions):
        raise NotAllowed("counters are read on this machine, or with a token of the role administrator")


@router.get("/metrics", dependencies=[Depends(operator_only)])
def counters(request: Request) -> PlainTextResponse:
    """Show counters for Prometheus."""
    state = request.app.state
    text = state.metrics.text(state.kernel, len(state.news.listeners))
    return PlainTextResponse(text, media_type=metrics.MEDIA_TYPE)


@router.get("/api/openapi.json")
def openapi(request: Request, _: Annotated[object, Depends(requests.actor_of)]) -> JSONResponse:
    """Describe the API, for whoever is signed in."""
    return JSONResponse(description(request.app))


def description(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    return get_openapi(title=app.title, version=app.version, routes=app.routes)


def routers_of_areas() -> list[APIRouter]:
    """Return the routers of the areas: each module whose name begins with ``routes`` has one."""
    import importlib
    import pkgutil

    import kerma.areas

    found = []
    for area in pkgutil.iter_modules(kerma.areas.__path__, "kerma.areas."):
        package = importlib.import_module(area.name)
        for module in pkgutil.iter_modules(package.__path__, f"{area.name}."):
            if module.name.rsplit(".", 1)[-1].startswith("routes"):
                found.append(importlib.import_module(module.name).router)
    return found
