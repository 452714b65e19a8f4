"""Which objects of an exam carry what somebody or something found in its images, and are hidden where that is: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kerma.kernel.sight import Sight

STORAGE = "1.2.840.10008.5.1.4.1.1."
HARMLESS = tuple(f"{STORAGE}{end}" for end in ("88.67", "88.68", "88.70", "88.74", "88.75", "88.76"))
"""Objects without pixels that report doses, protocols and procedures, not findings."""
DRAWN = tuple(f"{STORAGE}{end}" for end in ("66", "30"))
"""Objects with pixels that are drawn over other images: segmentations and parametric maps (PS3.4, B.5)."""


def is_result(row: Mapping[str, Any]) -> bool:
    """Return whether an object of an exam may tell of findings: reports, presentation states, segmentations, threat
    reports, documents, and every class without pixels that is not known to be harmless.

    Parameters
    ----------
    row : ``kind`` and ``sop_class_uid``
    """
    class_uid = str(row["sop_class_uid"])
    if row["kind"] == "object":
        return class_uid not in HARMLESS
    return any(class_uid == one or class_uid.startswith(f"{one}.") for one in DRAWN)


def shown(rows: Iterable[dict[str, Any]], sight: Sight) -> list[dict[str, Any]]:
    """Return the images of an exam that an actor may see: all but the results, where something is hidden."""
    return [row for row in rows if sight.is_whole or not is_result(row)]
