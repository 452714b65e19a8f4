"""Finding by attributes: against a plain matcher on random archives, in pages, on both databases, by indexes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from films import Archive, film, uid
from kerma.areas.archive import queries_find, queries_find_plan
from kerma.areas.archive.queries_find import Query, find, images_at
from kerma.errors import WrongUsage
from kerma.kernel.action import Kernel
from kerma.kernel.database import Database
from plain_matcher import matches

FAMILY = ["Dupont", "Dupond", "Du Pont", "DUPONT", "Müller", "O'Neil", "Yamada", "[x]", "a%b_c", "Du"]
GIVEN = ["Zoé", "Zoe", "Tarou", "", "Anna Maria", "Z"]
IDEOGRAPHIC = ["", "=山田^太郎", "=王^小東=", "=山田^太郎=やまだ^たろう"]
IDS = ["P-17", "P-18", "p-17", "X*Y", "P_17", "17"]
TEXTS = ["Thorax p.a.", "thorax", "Weld 4", "", "100%", "a\u2019b"]
DATES = ["20200101", "20200315", "20210101", ""]
NAMES_ASKED = [
    "dupont*", "DUPONT^ZOE", "du?on*", "*pont*", "Müller^*", "mul*", "=山*", "山田^太郎", "山田*", "=山田^太郎=やまだ*",
    "du pont^*",     "[x]*", "a%*", "a_b*", "*", "", "dup", "yamada^tarou=*", "d*t^z*", "Zo*", "du",
]  # fmt: skip
FUZZY_ASKED = ["zoe", "dup", "maria ann", "zo dup", "山", "mü", "o", "dupont^zoe", "*", "du pont"]


def random_archive(archive: Archive, seed: int, exams: int = 24) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    rows = []
    for number in range(1, exams + 1):
        name = f"{rng.choice(FAMILY)}^{rng.choice(GIVEN)}{rng.choice(IDEOGRAPHIC)}"
        row = {
            "uid": uid(number), "name": name.rstrip("^"),
            "subject_id": f"{rng.choice(IDS)}/{number}" if number % 3 else "",
            "accession": rng.choice(IDS), "description": rng.choice(TEXTS), "date": rng.choice(DATES),
            "referring": f"{rng.choice(FAMILY)}^{rng.choice(GIVEN)}".rstrip("^"),
            "modalities": rng.sample(["CR", "DX", "CT", "OT"], rng.randint(1, 2)),
        }  # fmt: skip
        for series, modality in enumerate(row["modalities"], start=1):
            archive.ingest(
                film(
                    exam=number,
                    series=series,
                    side=2,
                    SpecificCharacterSet="ISO_IR 192",
                    PatientName=row["name"],
                    PatientID=row["subject_id"],
                    AccessionNumber=row["accession"],
                    StudyDate=row["date"],
                    StudyDescription=row["description"],
                    ReferringPhysicianName=row["referring"],
                    Modality=modality,
                )  # fmt: skip
            )
        rows.append(row)
    return rows


def queries(seed: int, count: int) -> Iterator[tuple[dict[str, str], bool]]:
    rng = random.Random(seed)
    choices = {
        "00100010": NAMES_ASKED, "00100020": ["P-17*", "p-*", "X[*]Y*", "*", "P?17*", "X*Y/*", "P-17/1\\P-18/2"],
        "00080050": [*IDS[:3], "P*", "?-17", "17\\P-18"], "00081030": ["thorax", "Thorax*", "*4", "100%", "1*%", "a*b"],
        "00080090": NAMES_ASKED, "00080020": ["20200101", "20200101-20200315", "-20200315", "20200202-"],
        "00080061": ["DX", "CT\\CR", "?T", "D*", "XX"],
    }  # fmt: skip
    for _ in range(count):
        fuzzy = rng.random() < 0.3
        asked = {path: rng.choice(choices[path]) for path in rng.sample(list(choices), rng.randint(1, 2))}
        if fuzzy:
            asked = {
                path: rng.choice(FUZZY_ASKED) if path in ("00100010", "00080090") else v for path, v in asked.items()
            }
        yield asked, fuzzy


def uids(kernel: Kernel, query: Query) -> list[str]:
    with kernel.database.read() as connection:
        return [found["0020000D"]["Value"][0] for found in find(connection, query)]


WAYS = {"lead": (10_000, 20_000), "walk": (0, 20_000), "at length": (0, 3), "mixed": (4, 6)}


def test_the_engine_finds_what_a_plain_matcher_finds(
    archive: Archive, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = random_archive(archive, seed=1)
    for way, (few, walk) in WAYS.items():
        monkeypatch.setattr(queries_find_plan, "FEW", few)
        monkeypatch.setattr(queries_find_plan, "WALK", walk)
        found_any = 0
        for asked, fuzzy in queries(seed=few + walk, count=90):
            expected = [row["uid"] for row in reversed(rows) if matches(row, asked, fuzzy=fuzzy)]
            found = uids(kernel, Query("study", asked, fuzzy=fuzzy))
            assert found == expected, (way, asked, fuzzy)
            found_any += bool(expected)
        assert found_any > 20


def pages(kernel: Kernel, matches: dict[str, str], size: int) -> list[str]:
    found: list[str] = []
    while page := uids(kernel, Query("study", matches, limit=size, offset=len(found))):
        found += page
    return found


def test_pages_of_any_size_are_the_whole_and_cursors_go_on(archive: Archive, kernel: Kernel) -> None:
    random_archive(archive, seed=2, exams=11)
    whole = uids(kernel, Query("study"))
    assert len(whole) == 11
    for size in (1, 3, 50):
        assert pages(kernel, {}, size) == whole
        assert pages(kernel, {"00100020": "*"}, size) == whole
        assert pages(kernel, {"00080061": "C*\\DX\\OT"}, size) == whole
    with kernel.database.read() as connection:
        third = list(queries_find.rows(connection, Query("study", limit=3)))[-1]
        rest = queries_find.rows(connection, Query("study", {"00080061": "C*\\DX\\OT"}, before=third["id"], limit=50))
        assert [row["uid"] for row in rest] == whole[3:]


def test_a_number_of_matches_is_never_counted_beyond_what_is_asked(archive: Archive, kernel: Kernel) -> None:
    random_archive(archive, seed=3, exams=6)
    with kernel.database.read() as connection:
        assert queries_find.counted(connection, Query("study"), 4) == 4
        assert queries_find.counted(connection, Query("study"), 100) == 6
        assert queries_find.counted(connection, Query("study", {"00080061": "nothing"}), 100) == 0


def test_series_and_images_are_found_by_what_stands_above_and_below(archive: Archive, kernel: Kernel) -> None:
    for exam in (1, 2, 3):
        archive.ingest(film(exam=exam, PatientID=f"P-{exam}", BodyPartExamined="CHEST", StationName=f"ROOM{exam}"))
        archive.ingest(film(exam=exam, PatientID=f"P-{exam}", series=2, Modality="CT", BodyPartExamined="SKULL"))

    def found(level: str, tag: str, **matches: str) -> list[Any]:
        asked = {path.strip("_"): value for path, value in matches.items()}
        with kernel.database.read() as connection:
            return [one[tag]["Value"][0] for one in find(connection, Query(level, asked))]

    series_uid, image_uid = "0020000E", "00080018"
    assert found("series", series_uid, _00080060="CT", _00100020="P-2") == [uid(2, 2)]
    assert found("series", series_uid, _00180015="SKULL") == [uid(3, 2), uid(2, 2), uid(1, 2)]
    assert found("series", series_uid, _00081010="ROOM2") == [uid(2, 1)]
    assert found("image", image_uid, _00100010="dupont^zoé", _00080060="CT") == [uid(n, 2, 1) for n in (3, 2, 1)]
    assert found("image", image_uid, _0020000D=uid(1)) == [uid(1, 1, 1), uid(1, 2, 1)]
    assert found("study", "0020000D", _00081010="ROOM3") == [uid(3)]
    assert found("study", "0020000D", _00080018=uid(2, 2, 1)) == [uid(2)]
    assert found("patient", "00100020", _00080060="CT", _00100020="P-1") == ["P-1"]
    assert found("patient", "00100020", _00081010="ROOM1") == ["P-1"]


def test_a_date_and_a_time_are_one_range_when_asked_so(archive: Archive, kernel: Kernel) -> None:
    for exam, (date, time) in enumerate([("20260101", "2300"), ("20260102", "0100"), ("20260102", "2330")], start=1):
        archive.ingest(film(exam=exam, PatientID=f"P-{exam}", StudyDate=date, StudyTime=time))
    asked = {"00080020": "20260101-20260102", "00080030": "2230-0200"}
    assert uids(kernel, Query("study", asked, combined=True)) == [uid(2), uid(1)]
    assert uids(kernel, Query("study", {"00080030": "2230-"})) == [uid(3), uid(1)]
    assert uids(kernel, Query("study", {"00080030": "230000"})) == [uid(1)]


def test_a_request_attributes_sequence_is_matched_by_what_stands_in_it(archive: Archive, kernel: Kernel) -> None:
    from pydicom import Dataset

    item = Dataset()
    item.ScheduledProcedureStepID, item.RequestedProcedureID = "SPS-4", "RP-9"
    archive.ingest(film(RequestAttributesSequence=[item]))
    archive.ingest(film(exam=2, PatientID="P-2"))
    with kernel.database.read() as connection:
        (one,) = find(connection, Query("series", {"00400275.00400009": "SPS-*"}))
    assert one["00400275"]["Value"][0]["00401001"]["Value"] == ["RP-9"]


@pytest.mark.parametrize(
    "matches", [{"00080020": "soon"}, {"0020000D": "1.2.*"}, {"00100010": "*a" * 9}, {"00200011": "x"}]
)
def test_a_value_that_cannot_be_is_told(database: Database, matches: dict[str, str]) -> None:
    with database.read() as connection, pytest.raises(WrongUsage):
        list(find(connection, Query("series", matches)))


def test_what_cannot_be_matched_is_named() -> None:
    assert queries_find.unsupported({"00101030": "70", "00100010": "A", "00080005": ""}) == ["00101030"]


def test_images_are_given_in_reading_order_whatever_names_them(archive: Archive, kernel: Kernel) -> None:
    for series, image in ((2, 1), (1, 2), (1, 1)):
        archive.ingest(film(series=series, image=image))
    archive.ingest(film(exam=2, PatientID="P-2"))
    with kernel.database.read() as connection:
        whole = [row["uid"] for row in images_at(connection, exam_uids=[uid(1)])]
        assert whole == [uid(1, 1, 1), uid(1, 1, 2), uid(1, 2, 1)]
        one = images_at(
            connection, exam_uids=[uid(1)], series_uids=[uid(1, 1)], image_uids=[uid(1, 1, 2), uid(2, 1, 1)]
        )
        assert [row["uid"] for row in one] == [uid(1, 1, 2)]
        assert images_at(connection) == []
        assert len(images_at(connection, image_uids=[uid(1, 1, 1)] * 2 + [uid(9)] * 600 + [uid(2, 1, 1)])) == 2


def test_texts_longer_than_an_index_row_are_kept_and_found(archive: Archive, kernel: Kernel) -> None:
    long = {"StudyDescription": "\U0001f480" * 3000, "PatientName": "\ufdfa" * 300, "ReferringPhysicianName": "Å" * 900}
    stored = archive.ingest(film(SpecificCharacterSet="ISO_IR 192", **long))
    assert stored.outcome == "stored"
    assert uids(kernel, Query("study", {"00081030": "\U0001f480*", "00080090": "å*"})) == [uid(1)]
