"""The suite's HTTP client: plain, without redirects or retries, and it writes down what was asked and answered."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from kerma.areas.exchange.conformance.model import Broken, Exchange, Silent, expect
from kerma.areas.exchange.conformance.multipart import Part, parse
from kerma.areas.exchange.conformance.objects import MARK

JSON = "application/dicom+json"
DICOM = 'multipart/related; type="application/dicom"'
DICOM_AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
OCTETS = 'multipart/related; type="application/octet-stream"'
MAX_ANSWER_BYTES = 64 * 1024 * 1024
SHOWN_HEADERS = ("content-type", "content-length", "content-range", "location", "content-location", "warning", "allow")
EXCERPT = 400

Query = Sequence[tuple[str, str]] | Mapping[str, str]


@dataclass
class Answer:
    """What came back for one request."""

    status: int
    headers: Message
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    def header(self, name: str) -> str:
        """Return a header field, or nothing."""
        return str(self.headers.get(name, ""))

    def expect(self, *statuses: int) -> Answer:
        """Return the answer itself when its status is one of those given."""
        wanted = " or ".join(map(str, statuses))
        expect(self.status in statuses, f"status {wanted}", f"status {self.status}")
        return self

    def expect_type(self, *media_types: str) -> Answer:
        """Return the answer itself when its media type is one of those given."""
        expect(self.media_type in media_types, f"Content-Type {' or '.join(media_types)}", self.media_type or "none")
        return self

    @cached_property
    def datasets(self) -> list[dict[str, Any]]:
        """The DICOM JSON datasets of the body; none for 204."""
        if self.status == 204 or not self.body:
            return []
        try:
            loaded = json.loads(self.body)
        except ValueError as error:
            raise Broken("a JSON array of datasets", f"no JSON: {error}") from None
        loaded = [loaded] if isinstance(loaded, dict) else loaded
        if not isinstance(loaded, list) or not all(isinstance(entry, dict) for entry in loaded):
            raise Broken("a JSON array of datasets", type(loaded).__name__)
        return loaded

    @property
    def dataset(self) -> dict[str, Any]:
        """The only dataset of the body."""
        expect(len(self.datasets) == 1, "one dataset", f"{len(self.datasets)} datasets")
        return self.datasets[0]

    @cached_property
    def parts(self) -> list[Part]:
        """The parts of a multipart/related body."""
        self.expect_type("multipart/related")
        try:
            return parse(self.body, self.header("Content-Type"))
        except ValueError as error:
            raise Broken("a well-formed multipart/related body (RFC 2387)", str(error)) from None

    @property
    def part(self) -> Part:
        """The only part of the body."""
        expect(len(self.parts) == 1, "one part", f"{len(self.parts)} parts")
        return self.parts[0]


@dataclass
class Web:
    """The DICOMweb door of the archive under test."""

    base: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 30.0
    tls: ssl.SSLContext | None = None
    wado_uri: str = ""
    trace: list[Exchange] = field(default_factory=list)

    def get(self, path: str, query: Query = (), *, accept: str | None = JSON, **headers: str) -> Answer:
        """Send GET."""
        return self.ask("GET", path, query=query, accept=accept, headers=_fields(headers))

    def post(
        self, path: str, body: bytes, content_type: str, *, query: Query = (), accept: str | None = JSON
    ) -> Answer:
        """Send POST."""
        return self.ask("POST", path, query=query, accept=accept, body=body, headers={"Content-Type": content_type})

    def ask(
        self, method: str, path: str, *, query: Query = (), accept: str | None = JSON,
        headers: Mapping[str, str] | None = None, body: bytes | None = None,
    ) -> Answer:  # fmt: skip
        """Send a request to a path below the base, or to an address that an answer named, and write it down.

        Raises
        ------
        Silent
            No answer came, or none that HTTP allows.
        """
        url = self.url(path, query)
        sent = {"Accept": accept} if accept is not None else {}
        sent |= headers or {}
        exchange = Exchange(_request_line(method, url, sent, body))
        self.trace.append(exchange)
        try:
            answer = self._send(method, url, sent, body)
        except (OSError, http.client.HTTPException) as error:
            exchange.answer = f"{type(error).__name__}: {error}"
            raise Silent("an answer", exchange.answer) from None
        exchange.answer = f"{answer.status} {http.client.responses.get(answer.status, '')}".strip()
        exchange.headers = {name: answer.header(name) for name in SHOWN_HEADERS if answer.header(name)}
        exchange.excerpt = excerpt(answer)
        return answer

    def url(self, path: str, query: Query = ()) -> str:
        """Return the whole address of a path below the base; a whole address stays as it is."""
        whole = path if path.startswith(("http://", "https://")) else self.base.rstrip("/") + path
        pairs = list(query.items()) if isinstance(query, Mapping) else list(query)
        if not pairs:
            return whole
        return whole + ("&" if "?" in whole else "?") + urlencode(pairs, quote_via=quote, safe="*?^,:/")

    def resolve(self, reference: str, below: str) -> str:
        """Return the whole address of a reference in the answer for a path; it may be relative (RFC 3986, 5.2)."""
        return urljoin(self.url(below), reference)

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        place = urlsplit(url)
        if place.netloc == urlsplit(self.base).netloc:
            headers = {**self.credentials, **headers}
        if place.scheme == "https":
            tls = self.tls or ssl.create_default_context()
            line = http.client.HTTPSConnection(place.netloc, timeout=self.timeout_s, context=tls)
        else:
            line = http.client.HTTPConnection(place.netloc, timeout=self.timeout_s)
        try:
            target = (place.path or "/") + (f"?{place.query}" if place.query else "")
            line.request(method, target, body=body, headers=headers)
            response = line.getresponse()
            content = response.read(MAX_ANSWER_BYTES + 1)
            if len(content) > MAX_ANSWER_BYTES:
                raise http.client.HTTPException(f"an answer beyond {MAX_ANSWER_BYTES} bytes")
            return Answer(response.status, response.headers, content)
        finally:
            line.close()


def values(dataset: Mapping[str, Any], tag: str) -> list[Any]:
    """Return the values of an attribute of a DICOM JSON dataset (PS3.18, F.2.2)."""
    element = dataset.get(tag)
    return list(element.get("Value") or []) if isinstance(element, dict) else []


def value(dataset: Mapping[str, Any], tag: str) -> Any:
    """Return the first value of an attribute of a DICOM JSON dataset, or None."""
    found = values(dataset, tag)
    return found[0] if found else None


def excerpt(answer: Answer) -> str:
    """Return what an answer held, in short; datasets that are not of this suite are counted, never shown."""
    if not answer.body:
        return ""
    if "json" in answer.media_type:
        try:
            loaded = json.loads(answer.body)
        except ValueError:
            return f"{len(answer.body)} bytes that are no JSON"
        if answer.status < 300 and isinstance(loaded, list):
            ours = [entry for entry in loaded if _is_ours(entry)]
            told = f"{len(loaded)} datasets" + (f", {len(ours)} of them ours" if len(ours) != len(loaded) else "")
            return told + (f": {json.dumps(ours[0], ensure_ascii=False)[:EXCERPT]}" if ours else "")
        if answer.status >= 300:
            return json.dumps(loaded, ensure_ascii=False)[:EXCERPT]
        return f"1 dataset: {json.dumps(loaded, ensure_ascii=False)[:EXCERPT]}" if _is_ours(loaded) else "1 dataset"
    if answer.status >= 300 and answer.media_type.startswith("text/"):
        return answer.body[:EXCERPT].decode("utf-8", "replace")
    return f"{len(answer.body)} bytes"


def _is_ours(entry: object) -> bool:
    written = json.dumps(entry)
    return MARK in written or "2.25." in written


def _fields(named: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in named.items()}


def _request_line(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> str:
    told = "".join(f"\n{name}: {value}" for name, value in headers.items())
    return f"{method} {url}{told}" + (f"\n({len(body)} bytes)" if body else "")
