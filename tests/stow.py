"""A store service to post to, and what its answers say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pydicom
import pytest

from kerma.areas.archive.routes_stow import router

STUDIES = "/dicom-web/studies"
KIND = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=XX'}
Post = Callable[..., httpx.Response]


def parts(*contents: bytes, head: bytes = b"Content-Type: application/dicom\r\n", end: bytes = b"--XX--\r\n") -> bytes:
    return b"".join(b"--XX\r\n" + head + b"\r\n" + content + b"\r\n" for content in contents) + end


@pytest.fixture
def post(browser: Callable[..., Any]) -> Iterator[Post]:
    """Send a body to the store service as somebody who may bring images in."""
    page = browser(router)
    page.sign_in("administrator")

    def send(content: bytes, path: str = STUDIES, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return page.http.post(path, content=content, headers=KIND | named)

    yield send
    if hasattr(page.http.app.state, "keeper"):
        page.http.app.state.keeper.close()


def told(answer: httpx.Response) -> pydicom.Dataset:
    assert answer.headers["content-type"] == "application/dicom+json"
    return pydicom.Dataset.from_json(answer.text)


def failures(answer: httpx.Response) -> list[int]:
    found = told(answer)
    listed = [*found.get("FailedSOPSequence", ()), *found.get("OtherFailuresSequence", ())]
    return [item.FailureReason for item in listed]
