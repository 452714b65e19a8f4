from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from kerma.doors.web import create_app, routers_of_areas
from kerma.kernel.action import Kernel


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """A built workstation in small."""
    folder = tmp_path / "workstation"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Kerma</title>")
    (folder / "assets" / "index-abc123.js").write_text("let a = 1;")
    (folder / "mark.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("outside")
    return folder


@pytest.fixture
def page(browser: Callable, kernel: Kernel, station: Path) -> object:
    """A page of the whole application; ``page.serve(router)`` adds routes."""
    made = browser()

    def serve(*routers: APIRouter, address: str = "127.0.0.1") -> TestClient:
        app = create_app(kernel, [*routers_of_areas(), *routers], folder=station)
        made.http = TestClient(
            app, base_url=made.ORIGIN, headers={"Origin": made.ORIGIN}, client=(address, 50_000)
        )
        return made.http

    made.serve = serve
    serve()
    return made
