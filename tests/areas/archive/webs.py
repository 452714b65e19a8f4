"""DICOMweb in tests: a client with a token, and multipart answers taken apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from films import Archive
from kerma.areas.people.actions import create_token
from kerma.kernel import requests

ORIGIN = "http://127.0.0.1"
WEB = "/dicom-web"


@dataclass
class Part:
    headers: dict[str, str]
    content: bytes


def client_of(archive: Archive, routers: Sequence[APIRouter], role: str = "administrator") -> TestClient:
    """Return a client that sends a token of this role."""
    app = FastAPI()
    app.state.kernel = archive.kernel
    for router in routers:
        app.include_router(router)
    requests.install(app)
    token = create_token(archive.kernel, archive.actor, name=f"viewer {role}", role=role)
    token = getattr(token, "token", token)
    return TestClient(app, base_url=ORIGIN, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=True)


def parts_of(answer: Any) -> list[Part]:
    """Take a multipart answer apart, by its boundary and by nothing else."""
    content_type = answer.headers["content-type"]
    assert content_type.startswith("multipart/related;"), content_type
    boundary = re.search(r"boundary=\"?([^\";]+)", content_type)[1].encode()
    first, *middle, last = answer.content.split(b"--" + boundary)
    assert first == b""
    assert last == b"--\r\n"
    parts = []
    for piece in middle:
        assert piece.startswith(b"\r\n")
        assert piece.endswith(b"\r\n")
        head, _, content = piece[2:-2].partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        part = Part({name.lower(): value for name, value in headers.items()}, content)
        if "content-length" in part.headers:
            assert int(part.headers["content-length"]) == len(content)
        parts.append(part)
    return parts
