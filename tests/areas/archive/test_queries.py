"""Lists page by page, searches by the beginning of what an analyst knows, on both databases alike."""

from __future__ import annotations

import pytest

from films import Archive, film
from kerma.areas.archive import queries
from kerma.areas.archive.queries import Search
from kerma.kernel.sight import WHOLE

PEOPLE = [
    ("Müller^Hans", "P-1", "20260301", "A1"),
    ("MULLER^Anna", "P-2", "20260302", "A2"),
    ("Mulligan^Pat", "P-22", "20260303", "B1"),
    ("Zulu^Tom", "Q-1", "20260304", "B2"),
    ("Ærø^Ib", "Q-2", "20260305", "ß1"),
]


@pytest.fixture
def filled(archive: Archive) -> Archive:
    for number, (name, subject_id, day, accession) in enumerate(PEOPLE, start=1):
        industry = "medical" if number % 2 else "ndt"
        data = film(
            exam=number, PatientName=name, PatientID=subject_id, StudyDate=day, AccessionNumber=accession,
            SpecificCharacterSet="ISO_IR 192",
        )  # fmt: skip
        archive.ingest(data, industry=industry)
    return archive


def found(archive: Archive, **search: object) -> list[str]:
    with archive.kernel.database.read() as connection:
        return [row["subject_id"] for row in queries.exams(connection, Search(**search)).rows]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({}, ["Q-2", "Q-1", "P-22", "P-2", "P-1"]),
        ({"text": "mull"}, ["P-22", "P-2", "P-1"]),
        ({"text": "Muller"}, ["P-2", "P-1"]),
        ({"text": "müller hans"}, ["P-1"]),
        ({"text": "Müller^H"}, ["P-1"]),
        ({"text": "P-2"}, ["P-22", "P-2"]),
        ({"text": "B"}, ["Q-1", "P-22"]),
        ({"text": "ær"}, ["Q-2"]),
        ({"text": "ß"}, ["Q-2"]),
        ({"text": "ull"}, []),
        ({"text": "%"}, []),
        ({"text": "_"}, []),
        ({"industry": "ndt"}, ["Q-1", "P-2"]),
        ({"industry": "ndt", "text": "mu"}, ["P-2"]),
        ({"date_from": "2026-03-02", "date_to": "2026-03-04"}, ["Q-1", "P-22", "P-2"]),
        ({"date_from": "2026-03-06"}, []),
    ],
)
def test_search(filled: Archive, search: dict[str, str], expected: list[str]) -> None:
    assert found(filled, **search) == expected


def test_pages_follow_each_other_while_exams_arrive(filled: Archive) -> None:
    seen: list[str] = []
    before = None
    with_new = 0
    while True:
        with filled.kernel.database.read() as connection:
            page = queries.exams(connection, Search(limit=2, before=before))
        seen += [row["subject_id"] for row in page.rows]
        if page.next_before is None:
            break
        before = page.next_before
        with_new += 1
        filled.ingest(film(exam=100 + with_new, PatientID=f"new-{with_new}"))
    assert seen == ["Q-2", "Q-1", "P-22", "P-2", "P-1"]
    assert with_new == 2


def test_an_exact_last_page_has_no_next(filled: Archive) -> None:
    with filled.kernel.database.read() as connection:
        assert queries.exams(connection, Search(limit=5)).next_before is None
        assert queries.exams(connection, Search(limit=4)).next_before is not None
        assert len(queries.exams(connection, Search(limit=0)).rows) == 1


def test_the_quarantine_is_paged_too(archive: Archive) -> None:
    for number in range(5):
        archive.ingest(b"junk %d" % number)
    with archive.kernel.database.read() as connection:
        first = queries.quarantined(connection, limit=3)
        second = queries.quarantined(connection, first.next_before, limit=3)
    ids = [row["id"] for row in first.rows + second.rows]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    assert second.next_before is None


def test_what_is_not_there_is_none(archive: Archive) -> None:
    with archive.kernel.database.read() as connection:
        assert queries.exam_by_pk(connection, 1) is None
        assert queries.exam_by_uid(connection, "1.2") is None
        assert queries.image_by_pk(connection, 1) is None
        assert queries.images_of_exam(connection, 1, WHOLE) == []
        assert queries.opened_at(connection, "person:1", 1) is None
