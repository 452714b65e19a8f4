import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import TooLarge, WrongUsage
from kerma.kernel.canonical import RECORD_LIMIT_BYTES, canonical, canonical_record, read_canonical

keys = st.text(st.characters(max_codepoint=127), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]))
integers = st.integers(-(2**53) + 1, 2**53 - 1)
values = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(keys, parts, max_size=4),
    max_leaves=20,
)


@given(values)
def test_agrees_with_the_reference_implementation_of_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_reading_gives_back_what_was_written(value: object) -> None:
    assert read_canonical(canonical(value)) == value


def test_the_string_of_the_rfc_sample() -> None:
    sample = {"string": '€$\x0f\nA\'B"\\\\"/', "literals": [None, True, False]}
    written = '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical(sample) == written.encode()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": {"dose_usv": 0.5}}, "a.dose_usv"),
        ({"a": [1, float("nan")]}, r"a\[1\]"),
        ({"a": 2**53}, "beyond 2\\^53"),
        ({"a": -(2**53)}, "beyond 2\\^53"),
        ({"größe": 1}, "not ASCII"),
        ({1: "a"}, "not ASCII"),
        ({"a": "\ud800"}, "surrogate"),
        ({"a": b"bytes"}, "bytes"),
        ({"a": {1, 2}}, "set"),
    ],
)
def test_refuses_what_has_no_one_spelling_and_says_where(value: object, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        canonical(value)


def test_refuses_endless_nesting() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(WrongUsage, match="nested deeper"):
        canonical(value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
        b"{}\n",
        b'"\xff"',
        b"[" * 60_000,
        b"",
    ],
)
def test_reading_refuses_every_other_spelling(body: bytes) -> None:
    with pytest.raises(WrongUsage):
        read_canonical(body)


def test_a_record_stays_below_65536_bytes() -> None:
    frame = len(json.dumps({"a": ""}, separators=(",", ":")))
    assert len(canonical_record({"a": "x" * (RECORD_LIMIT_BYTES - 1 - frame)})) == RECORD_LIMIT_BYTES - 1
    with pytest.raises(TooLarge, match="65536 bytes"):
        canonical_record({"a": "x" * (RECORD_LIMIT_BYTES - frame)})
