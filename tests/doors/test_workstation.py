import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kerma.doors import workstation
from kerma.kernel import requests
from kerma.science.units import UNITS

UI = Path(__file__).parents[2] / "ui"


@pytest.fixture
def http(station: Path) -> TestClient:
    app = FastAPI()
    app.include_router(workstation.router(station))
    requests.install(app)
    app.state.kernel = SimpleNamespace(settings=SimpleNamespace(plain_http="anywhere", origin=""))
    return TestClient(app)


@pytest.mark.parametrize("path", ["/", "/exams/7", "/some/later/place"])
def test_every_address_inside_the_workstation_is_its_page(http: TestClient, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


def test_hashed_files_may_be_kept_for_ever_others_not(http: TestClient) -> None:
    asset = http.get("/assets/index-abc123.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    assert http.get("/mark.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/assets/missing.js", "/api/v1/missing", "/api/missing", "/favicon.ico", "/dicom-web/studies/1", "/assets/"],
)
def test_what_is_not_there_is_not_the_page(http: TestClient, path: str) -> None:
    assert http.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/..%2fsecret.txt"],
)
def test_nothing_outside_the_folder_is_served(http: TestClient, path: str) -> None:
    assert "outside" not in http.get(path).text


def test_without_a_build_it_says_what_to_do(tmp_path: Path) -> None:
    app = FastAPI()
    app.include_router(workstation.router(tmp_path))
    answer = TestClient(app).get("/")
    assert answer.status_code == 503
    assert "make ui" in answer.text


def test_the_units_on_screen_are_those_of_science() -> None:
    text = (UI / "src/api/units.ts").read_text(encoding="utf-8")
    shown = dict(re.findall(r'^  "(\w+)": "([^"]*)",$', text, re.MULTILINE))
    assert shown == {name: unit.shown for name, unit in UNITS.items()}, "run 'python tools/openapi.py'"


def test_the_lock_file_records_no_download_address() -> None:
    text = (UI / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert "tarball" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)


def test_no_inline_style_stands_in_the_pages() -> None:
    for file in (UI / "src").rglob("*.svelte"):
        assert not re.search(r"\sstyle=", file.read_text(encoding="utf-8")), f"{file}: the policy forbids inline styles"
