"""The demonstration set is whole, the same every time, readable, and leads where its names say."""

from __future__ import annotations

import functools
import hashlib

import pytest

from kerma.areas.training.demonstration import DemonstrationFile, demonstration_files
from kerma.formats import read, scan
from kerma.industries import INDUSTRIES
from kerma.science.analysis import ExamAnalysis, analyse


@functools.cache
def files() -> dict[str, DemonstrationFile]:
    return {file.name: file for file in demonstration_files()}


@functools.cache
def analysed(name: str) -> ExamAnalysis:
    file = files()[name]
    return analyse([read(file.data, file.name, file.sidecar)], INDUSTRIES[file.industry].plan)


NAMES = (
    "weld-acceptable.tif", "weld-rejectable.tif", "casting.tif", "suitcase-clear.tif", "suitcase-suspect.tif",
    "step-wedge.tif", "RG1_UNCR.dcm", "RG3_UNCR.dcm",
)


def test_the_set_is_whole_and_serves_every_industry() -> None:
    assert tuple(files()) == NAMES
    assert {file.industry for file in files().values()} == set(INDUSTRIES)


def test_the_set_is_the_same_every_time() -> None:
    again = next(iter(demonstration_files()))
    assert hashlib.sha256(again.data).hexdigest() == hashlib.sha256(files()[again.name].data).hexdigest()
    assert again.sidecar == files()[again.name].sidecar


@pytest.mark.parametrize("name", NAMES)
def test_every_file_reads_with_subject_scale_and_kind(name: str) -> None:
    file = files()[name]
    header, image = scan(file.data, file.name, file.sidecar), read(file.data, file.name, file.sidecar)
    assert header.subject_id
    assert header.exam_date
    assert (image.rows, image.columns) == (header.rows, header.columns)
    if file.sidecar:
        assert header.industry_hint == file.industry
        assert image.spacing.is_known
        assert image.meaning == "raw"
        assert image.rises_with_dose is True
        assert "Simulator" in header.model
        assert not [warning for warning in image.warnings if "does not know" in warning]


@pytest.mark.parametrize(
    ("name", "decision"),
    [
        ("weld-acceptable.tif", "accept"), ("weld-rejectable.tif", "reject"), ("casting.tif", "none"),
        ("suitcase-clear.tif", "clear"), ("suitcase-suspect.tif", "suspect"), ("step-wedge.tif", "none"),
        ("RG1_UNCR.dcm", "none"),
    ],
)
def test_the_whole_road_ends_where_the_name_says(name: str, decision: str) -> None:
    analysis = analysed(name)
    assert analysis.decision_proposed == decision, analysis.decision_reason
    assert analysis.decision_reason
