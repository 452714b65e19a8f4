"""Taking a multipart body apart: the same however it is cut, and a refusal for whatever is none."""

from __future__ import annotations

import contextlib
import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import KermaError, TooLarge, WrongUsage
from kerma.kernel import multipart
from kerma.kernel.multipart import Begin, End, Parser

BOUNDARY = b"a-b"
Part = tuple[dict[str, str], bytes]

tricky = st.lists(
    st.sampled_from([b"\r\n--a-b", b"\r\n--a-", b"\r", b"\n", b"--a-b--", b"x", b"\r\n--a-bc\r\n", b"\0"])
    | st.binary(),
    max_size=8,
).map(b"".join)
contents = tricky.filter(lambda content: not _holds_boundary(content))


def _holds_boundary(content: bytes) -> bool:
    """Whether a content holds a line that is a boundary, which a sender must not send."""
    return re.search(rb"\r\n--a-b(--|[ \t]*\r\n)", b"\r\n" + content + b"\r\n") is not None


def body(parts: list[bytes], *, preamble: bytes = b"", epilogue: bytes = b"", headers: bytes = b"") -> bytes:
    head = headers or b"Content-Type: application/dicom\r\n"
    opened = b"".join(b"\r\n--a-b\r\n" + head + b"\r\n" + part for part in parts)
    return (preamble + opened + b"\r\n--a-b--" + epilogue).removeprefix(b"" if preamble else b"\r\n")


def parse(chunks: list[bytes], boundary: bytes = BOUNDARY, **limits: int) -> list[Part]:
    parser, found = Parser(boundary, **limits), []
    content = bytearray()
    for chunk in chunks:
        for event in parser.feed(chunk):
            if isinstance(event, Begin):
                content = bytearray()
                headers = dict(event.headers)
            elif isinstance(event, End):
                found.append((headers, bytes(content)))
            else:
                content += event
    parser.finish()
    return found


@given(parts=st.lists(contents, min_size=1, max_size=4), cuts=st.lists(st.integers(0, 400)), data=st.data())
def test_parts_come_out_as_they_went_in_however_the_body_is_cut(
    parts: list[bytes], cuts: list[int], data: st.DataObject
) -> None:
    whole = body(parts, preamble=data.draw(st.sampled_from([b"", b"hello\r\nthere"])), epilogue=b"\r\nbye")
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    chunks = [whole[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    assert [content for _, content in parse(chunks)] == parts
    assert [content for _, content in parse([bytes([byte]) for byte in whole])] == parts


@given(st.binary(max_size=300) | tricky, st.integers(1, 50))
def test_garbage_is_refused_or_read_but_never_surprises(garbage: bytes, size: int) -> None:
    chunks = [garbage[start : start + size] for start in range(0, len(garbage), size)]
    with contextlib.suppress(KermaError):
        parse(chunks)


def test_a_cut_body_is_no_body() -> None:
    whole = body([b"one", b"two"])
    for end in range(len(whole)):
        with pytest.raises(WrongUsage):
            parse([whole[:end]])
    assert len(parse([whole])) == 2


def test_headers_are_read_as_senders_write_them() -> None:
    headers = (
        b"content-TYPE:application/dicom;\r\n transfer-syntax=1.2\r\nContent-Location: /a/b\r\nContent-Location: x\r\n"
    )
    ((found, content),) = parse([body([b"DICM"], headers=headers)])
    assert found == {"content-type": "application/dicom; transfer-syntax=1.2", "content-location": "/a/b"}
    assert content == b"DICM"
    ((found, content),) = parse([b"--a-b \t\r\n\r\nbare\r\n--a-b--"])
    assert (found, content) == ({}, b"bare")
    with pytest.raises(WrongUsage, match="headers"):
        parse([body([b""], headers=b"no colon here\r\n")])


def test_a_boundary_that_begins_a_longer_one_is_no_boundary() -> None:
    assert parse([body([b"x\r\n--a-bc\r\ny"])])[0][1] == b"x\r\n--a-bc\r\ny"


def test_limits_hold_before_memory_is_taken() -> None:
    many = body([b""] * 60_000)
    chunks = [many[start : start + 65_536] for start in range(0, len(many), 65_536)]
    begun = time.process_time()
    with pytest.raises(TooLarge, match="20000 parts"):
        parse(chunks)
    with pytest.raises(TooLarge, match="headers"):
        parse([b"--a-b\r\n", *[b"X-Long: " + b"x" * 4096] * 100_000])
    with pytest.raises(WrongUsage, match="did not come within"):
        parse([b"x" * 65_536] * 100_000)
    assert time.process_time() - begun < 10


def test_memory_stays_flat_over_a_long_part() -> None:
    chunk, parser = bytes(65_536), Parser(BOUNDARY)
    list(parser.feed(b"--a-b\r\n\r\n"))
    tracemalloc.start()
    passed = sum(len(event) for _ in range(500) for event in parser.feed(chunk) if isinstance(event, memoryview))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert passed == 500 * 65_536
    assert peak < 300_000


@pytest.mark.parametrize(
    ("written", "kind", "parameters"),
    [
        (
            'multipart/related; type="application/dicom"; boundary="x y"',
            "multipart/related",
            {"type": "application/dicom", "boundary": "x y"},
        ),
        (
            "Multipart/Related;type=application/dicom;BOUNDARY=---abc; start=<1@2>",
            "multipart/related",
            {"type": "application/dicom", "boundary": "---abc", "start": "<1@2>"},
        ),
        (
            'a/b; c="say \\"hi; d=e\\""; transfer-syntax=*',
            "a/b",
            {"c": 'say "hi; d=e"', "transfer-syntax": "*"},
        ),
        ("", "", {}),
    ],
)
def test_media_types(written: str, kind: str, parameters: dict[str, str]) -> None:
    assert multipart.media_type(written) == (kind, parameters)


@pytest.mark.parametrize("boundary", ["", "x" * 71, "x" * (1 << 20), "tab\tbed", "ends in space ", "naïve"])
def test_boundaries_that_are_none(boundary: str) -> None:
    with pytest.raises(WrongUsage, match="boundary"):
        multipart.boundary_of({"boundary": boundary})
