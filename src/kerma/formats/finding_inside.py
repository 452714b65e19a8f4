"""A finding inside a DICOM item whose attributes cannot hold all of it: a private element with its JSON (PS3.5, 7.8).

Other programs read the public attributes and pass the private ones on. Where one of them has changed the public ones,
those count: :func:`inside` gives the finding only as long as it says the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kerma.errors import Unreadable
from kerma.formats.dicom_data import DataSet
from kerma.formats.findings_check import checked

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

GROUP, BLOCK = 0x0099, 0x10
CREATOR = "KERMA FINDING 1"
CREATOR_TAG = (GROUP << 16) | BLOCK
FINDING_TAG = (GROUP << 16) | (BLOCK << 8) | 0x01


def put(item: Dataset, finding: Mapping[str, Any]) -> None:
    """Add the finding to the item."""
    item.add_new(CREATOR_TAG, "LO", CREATOR)
    item.add_new(FINDING_TAG, "UT", json.dumps(finding, ensure_ascii=False, sort_keys=True, allow_nan=False))


def inside(item: DataSet, is_same: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """Return the finding that was put in; None where there is none, or it no longer agrees with the item.

    Parameters
    ----------
    is_same : whether a finding says what the item's public attributes say
    """
    if item.text(CREATOR_TAG) != CREATOR or FINDING_TAG not in item:
        return None
    try:
        finding = checked(json.loads(item.text(FINDING_TAG)), "finding")
    except (ValueError, RecursionError, Unreadable):
        return None
    return finding if is_same(finding) else None
