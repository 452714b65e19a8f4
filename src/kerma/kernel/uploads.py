"""Files sent over HTTP: a multipart body goes to temporary files as it comes, never into memory.

How many bytes a request may bring is the web door's affair, which counts them before they come here.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kerma.errors import TooLarge, WrongUsage

if TYPE_CHECKING:
    from starlette.requests import Request

PARTS_MAX = 1_000
FIELD_BYTES_MAX = 4_096
LEFT_BEHIND_S = 86_400.0
"""No request lasts this long: what a killed server left is removed by the next upload."""


@dataclass(frozen=True)
class UploadedFile:
    """One file of a request; ``path`` lives as long as the ``receive`` block."""

    field: str
    name: str
    """As the sender called it: never a path to write to."""
    path: Path


@dataclass
class Upload:
    """What a multipart request brought."""

    files: list[UploadedFile] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def receive(request: Request, folder: Path) -> AsyncIterator[Upload]:
    """Receive a multipart request into a temporary folder below ``folder``, which is gone afterwards.

    Raises
    ------
    WrongUsage
        The body is no multipart form.
    TooLarge
        More than 1,000 parts, or a field that is no field; found while reading, not afterwards.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise WrongUsage("send the files as multipart/form-data, each in a part named 'files'")
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    temporary = Path(tempfile.mkdtemp(dir=folder))
    form = _Form(temporary)
    try:
        try:
            parser = MultipartParser(options[b"boundary"], form.callbacks())  # type: ignore[arg-type]
            async for chunk in request.stream():
                parser.write(chunk)
            parser.finalize()
        except FormParserError as error:
            raise WrongUsage(f"the multipart form is broken: {error}") from error
        if not form.is_complete:
            raise WrongUsage("the multipart form ends before its last boundary: send it again")
        yield form.upload
    finally:
        form.close()
        shutil.rmtree(temporary)


def sweep(folder: Path) -> None:
    """Remove what a killed server left behind in a folder of passing files."""
    oldest = time.time() - LEFT_BEHIND_S
    for left in folder.iterdir():
        if left.lstat().st_mtime < oldest:
            shutil.rmtree(left, ignore_errors=True)


class _Form:
    """The parser's callbacks: headers are gathered, fields kept short, files written through."""

    def __init__(self, folder: Path) -> None:
        self.upload = Upload()
        self.is_complete = False
        self._folder = folder
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name = bytearray()
        self._header_text = bytearray()
        self._name = ""
        self._value = bytearray()
        self._file: IO[bytes] | None = None

    def callbacks(self) -> Mapping[str, Callable[..., None]]:
        """Return the callbacks by the names the parser knows."""
        names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end")
        chosen: dict[str, Callable[..., None]] = {f"on_{name}": getattr(self, f"_{name}") for name in names}
        return chosen | {"on_headers_finished": self._headers_finished, "on_end": self._end}

    def close(self) -> None:
        """Close the file that a broken request left open."""
        if self._file is not None:
            self._file.close()

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise TooLarge(f"one request may bring {PARTS_MAX} files and fields at most: send fewer at a time")
        self._headers.clear()
        self._value.clear()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_text += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_text)
        self._header_name.clear()
        self._header_text.clear()

    def _headers_finished(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = _text(options.get(b"name", b""))
        if b"filename" in options:
            path = self._folder / str(self._parts)
            self._file = path.open("xb")
            self.upload.files.append(UploadedFile(self._name, _text(options[b"filename"]), path))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > FIELD_BYTES_MAX:
            raise TooLarge(f"the field '{self._name[:80]}' is longer than {FIELD_BYTES_MAX} bytes")

    def _part_end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        else:
            self.upload.fields[self._name] = _text(bytes(self._value))

    def _end(self) -> None:
        self.is_complete = True


def _text(written: Any) -> str:
    return bytes(written).decode("utf-8", errors="replace")
