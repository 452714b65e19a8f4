"""Counters in the text form that Prometheus reads, without identities: requests, worklist, jobs, ledger, network."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kerma.areas.worklist import queries as worklist
from kerma.doors.dimse_child import NetworkChild
from kerma.doors.news import ledger_size
from kerma.kernel import jobs
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from kerma.kernel.action import Kernel

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTER = service("metrics")


class Metrics:
    """Counts the requests of this process; wraps the application."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._seconds: defaultdict[tuple[str, str], float] = defaultdict(float)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        with self._turn:
            self._requests[method, route, str(status)] += 1
            self._seconds[method, route] += seconds

    def text(self, kernel: Kernel, listeners: int) -> str:
        """Return everything counted so far and what the database says now."""
        with self._turn:
            requests, seconds = dict(self._requests), dict(self._seconds)
        with kernel.database.read() as connection:
            items = worklist.counts(connection, COUNTER)
            job_counts = jobs.counts(connection)
        lines = [
            *_family("kerma_http_requests_total", "counter", "Requests", ("method", "route", "status"), requests),
            *_family("kerma_http_request_seconds_total", "counter", "Time in requests", ("method", "route"), seconds),
            *_family("kerma_worklist_items", "gauge", "Items of the worklist", ("industry", "state"), items),
            *_family("kerma_jobs", "gauge", "Jobs", ("state",), {(state,): n for state, n in job_counts.items()}),
            *_family("kerma_ledger_records", "gauge", "Records of the ledger", (), {(): ledger_size(kernel)}),
            *_network(NetworkChild.counts),
            *_family("kerma_news_listeners", "gauge", "Browsers that listen for news", (), {(): listeners}),
        ]
        return "\n".join(lines) + "\n"


class Counting:
    """Has every request counted under its route, never under its path: paths hold ids."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, begun_s = 500, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.count(scope["method"], route, status, time.perf_counter() - begun_s)


def _network(counts: Mapping[str, int]) -> Iterable[str]:
    """Yield what the DICOM network door has told of itself; nothing while it is switched off."""
    if not counts:
        return
    objects = {(result,): counts.get(f"objects_{result}", 0) for result in ("kept", "apart", "refused")}
    yield from _family("kerma_dicom_objects_total", "counter", "Objects that came by C-STORE", ("result",), objects)
    for name, kind, help_text in (
        ("associations", "counter", "Associations begun"),
        ("bytes_received", "counter", "Bytes of objects that came by C-STORE"),
        ("open_associations", "gauge", "Associations open now"),
    ):
        total = "_total" if kind == "counter" else ""
        yield from _family(f"kerma_dicom_{name}{total}", kind, help_text, (), {(): counts.get(name, 0)})


def _family(
    name: str, kind: str, help_text: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]
) -> Iterable[str]:
    yield f"# HELP {name} {help_text}."
    yield f"# TYPE {name} {kind}"
    for key, value in sorted(values.items()):
        inside = ",".join(f'{label}="{_escaped(part)}"' for label, part in zip(labels, key, strict=True))
        yield f"{name}{{{inside}}} {value:g}" if inside else f"{name} {value:g}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
