"""What reports add to the evidence on an exam: every version, and of each image a view or why there is none."""

from __future__ import annotations

import pytest

from kerma.areas.report import evidence
from kerma.errors import Unreadable
from kerma.kernel.action import Kernel


def document(*sha256s: str) -> dict:
    images = [
        {"sha256": one, "path": f"{one}.dcm", "rows": 8, "columns": 8, "planes": 1, "plane_labels": [], "findings": []}
        for one in sha256s
    ]
    return {"images": images, "modality": "DX", "subject": "W-1"}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_image_that_cannot_be_drawn_is_named_with_its_reason(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise Unreadable("its frames end before their length says")

    monkeypatch.setattr(evidence, "read_image", broken)
    found = list(evidence._views(kernel, document("aa", "bb"), {"aa": {"sha256": "aa"}}))
    assert [part.path for part in found] == ["data/views/view-001-not-made.txt", "data/views/view-002-not-made.txt"]
    assert found[0].data == b"its frames end before their length says\n"
    assert b"have changed since" in (found[1].data or b"")
