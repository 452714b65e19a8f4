"""A date of 00000000 in a file is no date; it never stops the objects that Kerma writes about it."""

from __future__ import annotations

import dataclasses

import pytest
from tests.formats.samples import data_set, dicom_bytes, ramp

from kerma.formats import scan
from kerma.formats.dicom_write import Identity


@pytest.mark.parametrize(
    ("written", "kept"),
    [("00000000", ""), ("20150929", "20150929"), ("20150231", ""), ("2015", ""), ("", "")],
)
def test_only_dates_that_exist_are_repeated(written: str, kept: str) -> None:
    header = dataclasses.replace(scan(dicom_bytes(data_set(ramp()))), birth_date=written, exam_date=written)
    identity = Identity.of(header)
    assert (identity.birth_date, identity.exam_date) == (kept, kept)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("120621.000000", "120621.000000"), ("1206", "1206"), ("256161", ""), ("noon", ""), ("1206.x", ""), ("", "")],
)
def test_only_times_that_exist_are_repeated(written: str, kept: str) -> None:
    header = dataclasses.replace(scan(dicom_bytes(data_set(ramp()))), exam_time=written)
    assert Identity.of(header).exam_time == kept
