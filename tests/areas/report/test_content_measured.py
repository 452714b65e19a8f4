"""What a report prints, as the template takes it."""

from __future__ import annotations

from typing import Any

from kerma.areas.report.content_measured import measurements
from kerma.areas.report.language import ENGLISH


def measured(plane: int, mean: float) -> dict[str, Any]:
    return {"name": "statistics", "inputs": {"plane": plane}, "values": {"mean_stored": mean}, "method": ""}


def test_energies_have_a_table_each_so_that_no_number_stands_without_its_plane() -> None:
    image = {"plane_labels": ["low", "high"], "measurements": [measured(0, 10.0), measured(1, 20.0)]}
    tables = measurements({"images": [image]}, ENGLISH)["tables"]
    assert [(table["label"], table["rows"][0]["value"]) for table in tables] == [("low", "10"), ("high", "20")]
    labels = [table["label"] for table in measurements({"images": [image, image]}, ENGLISH)["tables"]]
    assert labels == ["Image 1, low", "Image 1, high", "Image 2, low", "Image 2, high"]


def test_images_of_one_plane_are_told_apart_by_their_number_alone() -> None:
    image = {"plane_labels": [], "measurements": [measured(0, 10.0)]}
    assert [table["label"] for table in measurements({"images": [image]}, ENGLISH)["tables"]] == [""]
    assert [table["label"] for table in measurements({"images": [image, image]}, ENGLISH)["tables"]] == [
        "Image 1",
        "Image 2",
    ]
    matrix = measurements({"images": [image] * 6}, ENGLISH)["matrix"]
    assert [row[0] for row in matrix["rows"]] == ["1", "2", "3", "4", "5", "6"]
