"""Forms, items of standards and reader's sheets as a report prints them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.areas.report.rich import RECORDS, sample

from kerma.areas.report.content import ExamPart, finding_numbers, printed
from kerma.areas.report.content_record import groups, items, sheet
from kerma.areas.report.kinds import kinds
from kerma.areas.report.language import ENGLISH, language
from kerma.areas.report.parts import Report
from kerma.areas.report.wording import THIN, to_uncertainty


def filled(kind: str, **given: object) -> Report:
    return replace(sample(kind), **({"record": RECORDS.get(kind, {})} | given))


def test_what_a_person_wrote_says_who_wrote_it_when() -> None:
    wrote = {"conclusion": "Open\nto the surface"}
    by = {"written_by": "Ada Lovelace", "written_at": "2026-03-01T10:00:00Z"}
    found = groups(kinds()["exam"], filled("exam", record=wrote, **by), language("de"))
    assert found == {
        "written": {
            "by": "Geschrieben von Ada Lovelace, 01.03.2026 10:00:00 UTC",
            "title": "Schriftliche Beurteilung",
            "facts": [],
            "paragraphs": [["Schlussfolgerung", "Open\nto the surface"]],
            "tables": [],
        }
    }
    assert groups(kinds()["exam"], filled("exam", record=wrote), ENGLISH)["written"]["by"] == ""
    # which pictures are shown is no part of what is printed
    assert (
        groups(kinds()["exam"], filled("exam", record={"compared_with": 0, "pictures": [{"plane": 0}]}), ENGLISH) == {}
    )


def test_a_form_prints_facts_paragraphs_and_tables_by_group() -> None:
    found = groups(kinds()["secondary-search"], filled("secondary-search"), language("de"))
    assert list(found) == ["search", "items_found", "statement"]
    assert ["Durchsucht am", "01.03.2026 06:50:00 UTC"] in found["search"]["facts"]
    assert ["Eigentümer anwesend", "ja"] in found["search"]["facts"]
    [table] = found["items_found"]["tables"]
    assert table["rows"] == [["Kitchen knife, 18 cm", "c", "1", "confiscated"]] and table["align"][2] == "right"
    assert ["Freigegeben oder übergeben an", ""] in found["statement"]["facts"]


def test_a_group_nobody_filled_in_is_left_out_unless_it_is_needed() -> None:
    found = groups(kinds()["radiology-preliminary"], filled("radiology-preliminary", record={}), ENGLISH)
    assert list(found) == ["clinical", "reading", "impression"]
    assert found["impression"]["paragraphs"] == [["Impression", ""]]
    bare = groups(kinds()["calibration-certificate"], filled("calibration-certificate", record={}), ENGLISH)
    assert ["Results", ""] in bare["results"]["facts"] and ["Reference standards", ""] in bare["standards"]["facts"]


def test_a_result_has_the_decimals_of_its_uncertainty() -> None:
    found = groups(kinds()["calibration-certificate"], filled("calibration-certificate"), language("fr"))
    [table] = found["results"]["tables"]
    assert table["rows"][0] == ["Density", "1,000", "1,013", "0,013", "0,020"]
    assert ["Température", f"21,2{THIN}°C"] in found["conditions"]["facts"]


@given(some.floats(-1e4, 1e4), some.floats(1e-3, 1e3))
def test_decimals_follow_two_digits_of_the_uncertainty(value: float, uncertainty: float) -> None:
    written = float(to_uncertainty(value, uncertainty).replace(THIN, "").replace("−", "-"))
    assert abs(written - value) <= uncertainty / 18


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("Tube voltage", f"160{THIN}kV"),
        ("Test body", "Example Inspection Ltd"),
        ("Object", "W-4711"),
        ("Acceptance requirements", "Arrêté du 24 mars 1978, 1978"),
        ("IQI reading", "13"),
        ("Normalized SNR or density", "116.3"),
        ("Date of exposure", "2026-03-01 10:00:00"),
        ("Evaluated by, certificate", "Ada Lovelace, RT 2, ISO 9712, no. 4711, valid until 2028-04-30"),
        ("Marking system", ""),
    ],
)
def test_an_item_is_found_where_the_table_says(item: str, value: str) -> None:
    report = sample("weld-rt")
    found = {row["item"]: row["value"] for row in items(report, report.exams[0].document, "Reject", ENGLISH)["rows"]}
    assert found[item] == value


def test_what_a_form_gives_goes_before_what_the_image_says() -> None:
    report = sample("weld-rt")
    told = replace(report, record={**report.record, "tube_voltage": "165 kV (meter)"})
    found = {row["item"]: row["value"] for row in items(told, report.exams[0].document, "", ENGLISH)["rows"]}
    assert found["Tube voltage"] == "165 kV (meter)"


def test_a_readers_sheet_has_one_line_per_image_with_its_own_findings() -> None:
    report = sample("reader-sheet")
    document = report.exams[0].document
    lines = sheet(report, document, finding_numbers(document), ENGLISH)
    assert lines[0] == ["1", "A–B", "0–64", "W13", "2.61", "116.3", "1, 2, 3", "fail"]
    assert lines[1][6:] == ["4", "pass"]
    bare = sheet(replace(report, record={}), document, finding_numbers(document), ENGLISH)
    assert bare[0][1] == "W-4711_0-64.dcm" and bare[0][4] == ""


def test_without_verdicts_a_line_has_no_verdict() -> None:
    report = sample("reader-sheet")
    part = report.exams[0]
    document = {**part.document, "verdicts": []}
    texts = printed(replace(report, exams=[ExamPart(document, part.pictures)]))
    assert [line[7] for line in texts["exams"][0]["sheet"]] == ["", ""]
