"""Files of arrays are read within limits: no pickles, no bombs, no lying headers."""

from __future__ import annotations

import zipfile
from io import BytesIO

import numpy as np
import pytest

from kerma.science.detect import npz_file

WRITTEN = npz_file.written({"kind": "a"}, {"values": np.arange(6, dtype=np.float32).reshape(2, 3)})


def packed(**parts: bytes) -> bytes:
    kept = BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(f"{name}.npy", data)
    return kept.getvalue()


def saved(values: np.ndarray, **more: object) -> bytes:
    file = BytesIO()
    np.save(file, values, **more)
    return file.getvalue()


def read(content: bytes) -> dict:
    return npz_file.arrays_of(content, most_parts=3, most_bytes=1 << 16)


def test_what_is_written_is_read_and_the_document_alone_too() -> None:
    found = read(WRITTEN)
    assert found["values"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert npz_file.document_of(found) == npz_file.read_document(WRITTEN) == {"kind": "a"}
    assert npz_file.written({"kind": "a"}, {"values": found["values"]}) == WRITTEN


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (packed(values=saved(np.array([{}], dtype=object), allow_pickle=True)), "not what its header says"),
        (packed(values=saved(np.zeros(1 << 20, np.uint8))), "unpacks to more"),
        (packed(**{f"part-{number}": saved(np.zeros(1)) for number in range(4)}), "too many parts"),
        (packed(values=saved(np.zeros(9))[:-8]), "not what its header says"),
        (packed(values=b"\x93NUMPY\x03\x00" + bytes(80)), "unknown version"),
    ],
)
def test_what_is_not_plain_arrays_within_the_limits_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(npz_file.DAMAGES, match=why):
        read(content)


@pytest.mark.parametrize(
    "document", [saved(np.zeros(4)), saved(np.frombuffer(b"[1]", np.uint8)), saved(np.zeros(1 << 18, np.uint8))]
)
def test_a_document_that_is_none_is_refused(document: bytes) -> None:
    with pytest.raises(npz_file.DAMAGES):
        npz_file.read_document(packed(document=document))
