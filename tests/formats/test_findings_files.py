"""Lists of findings out and in: what was written reads back equal, what makes no sense says where."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.exam_documents import AT, DISMISSAL, PERSON, POLYGON, finding, image, material

from kerma.errors import Hostile, Unreadable, WrongUsage
from kerma.formats import findings_files, report_objects
from kerma.formats.findings_files import EXPORTS, IMPORTS
from kerma.formats.findings_found import Hints, ImagePlace, known_label

WORDS = ("porosity", "crack", "slag", "lack-of-fusion")


def document(*findings: dict, rows: int = 40, columns: int = 60) -> dict:
    made = dict(material([image(rows, columns), image(rows, columns, number=2)], [list(findings), []]).document)
    made["images"] = [
        {**one, "path": f"/film/weld_{n:04d}.tif", "sha256": f"{n}" * 64} for n, one in enumerate(made["images"], 1)
    ]
    return made


FINDINGS = (
    finding(1),
    finding(2, polygon=POLYGON, score=0.875),
    finding(
        3, by=PERSON, note='=SUM(A1), Näheres; "so"\nzweite Zeile', measurements=[{"name": "length_mm", "value": 7}]
    ),
    finding(4, label="-", code="", dismissed=DISMISSAL, replaces="1"),
)


def read(data: bytes, made: dict, name: str = "f", **given: object) -> list:
    return list(findings_files.read(data, ImagePlace.of(made), Hints(name, **given)).found)


def same(one: dict) -> dict:
    """A finding whose measurements may stand in another order, as columns of a table do."""
    return {**one, "measurements": sorted(one["measurements"], key=lambda measured: measured["name"])}


@pytest.mark.parametrize("kind", sorted(EXPORTS.keys() & IMPORTS.keys()))
def test_what_is_written_reads_back_equal(kind: str) -> None:
    made = document(*FINDINGS)
    found = read(EXPORTS[kind].write(made), made, f"f{EXPORTS[kind].suffix}")
    expected = [one for one in FINDINGS if kind != "coco" or "dismissed" not in one]
    assert [same(one.finding) for one in found] == [same(one) for one in expected]
    assert {one.image.number for one in found} == {1}
    assert findings_files.kind_of(EXPORTS[kind].write(made), f"f{EXPORTS[kind].suffix}") == kind


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 19, allow_nan=False), min_size=2, max_size=2),
    st.lists(st.floats(1e-3, 20, allow_nan=False), min_size=2, max_size=2),
    st.text(max_size=30).filter(lambda text: text == text.strip() and "\x00" not in text),
)
@pytest.mark.parametrize("kind", sorted(EXPORTS.keys() & IMPORTS.keys()))
def test_boxes_survive_to_the_last_bit(kind: str, corner: list[float], size: list[float], note: str) -> None:
    given_finding = finding(1, box=[*corner, *size], **({"note": note} if note else {}))
    made = document(given_finding)
    try:
        written = EXPORTS[kind].write(made)
    except UnicodeEncodeError:
        return  # half a surrogate is no text, and no person can have written it
    (found,) = read(written, made, f"f{EXPORTS[kind].suffix}")
    assert found.finding["box"] == given_finding["box"]
    assert found.finding.get("note", "").replace("\r", "\n") == note.replace("\r", "\n")


@pytest.mark.parametrize("kind", ["structured-report", "segmentation"])
def test_dicom_objects_are_taken_in_by_what_they_are(kind: str) -> None:
    whole = material([image()], [[finding(1), finding(2)]])
    (data,) = report_objects.write(kind, whole)
    places = ImagePlace.of(whole.document)
    found = findings_files.read(data, places, Hints("object.bin")).found
    assert findings_files.kind_of(data, "object.bin") == kind
    assert [one.finding["label"] for one in found] == ["porosity", "porosity"]


def test_a_threat_report_is_taken_in() -> None:
    from kerma.formats import dicos_tdr

    whole = material([image()], [[finding(1, label="sharp", code="")]])
    (data,) = dicos_tdr.write(*whole.common, made_at=AT, kind="ground-truth")
    (found,) = findings_files.read(data, ImagePlace.of(whole.document), Hints()).found
    assert findings_files.kind_of(data, "") == "tdr" and found.finding["label"] == "sharp"


def test_yolo_voc_and_gdxray_say_the_same_box() -> None:
    """Columns 7 to 16 and rows 3 to 8 of 40 by 60, counted from 1 with the last included."""
    made = document()
    box = [2.0, 6.0, 6.0, 10.0]
    yolo = read(b"1 0.1833333333 0.125 0.1666666667 0.15 0.5\n", made, "weld_0001.txt", labels=WORDS)
    voc = b"""<annotation><filename>weld_0001.png</filename><object><name>crack</name><bndbox><xmin>7</xmin>
    <ymin>3</ymin><xmax>16</xmax><ymax>8</ymax></bndbox></object></annotation>"""
    gdxray = b"1 7 16 3 8\n2 7.0000e+00 1.6e1 3 8\n"
    for found in (*yolo, *read(voc, made), *read(gdxray, made, "ground_truth.txt", labels=("crack",))):
        assert found.finding["box"] == pytest.approx(box, abs=1e-6)
        assert found.finding["label"] == "crack"
    assert [one.image.number for one in read(gdxray, made, "ground_truth.txt")] == [1, 2]
    assert yolo[0].finding["score"] == 0.5


def test_coco_of_others_is_read_and_says_what_is_lost() -> None:
    made = document()
    coco = {
        "images": [{"id": 7, "file_name": "weld_0002.tif", "width": 60, "height": 40}],
        "categories": [{"id": 3, "name": "crack"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [6, 2, 10, 6], "iscrowd": 0, "area": 60, "keypoints": [],
             "segmentation": {"size": [40, 60], "counts": [242, 6, 34, 6, 2112]}},
            {"id": 2, "image_id": 7, "category_id": 3, "bbox": [6.5, 2, 10, 6], "segmentation": [[6, 2, 16, 2, 16, 8]]},
        ],
    }  # fmt: skip
    imported = findings_files.read(json.dumps(coco).encode(), ImagePlace.of(made), Hints("c.json"))
    first, second = (one.finding for one in imported.found)
    assert first["box"] == [2, 6, 6, 10] and {tuple(point) for point in first["polygon"]} <= {
        (row, column) for row in range(2, 8) for column in (6, 7)
    }
    assert second["polygon"] == [[2, 6], [2, 16], [8, 16]]
    assert imported.found[0].image.number == 2 and imported.lost == ("'keypoints' of annotations",)


def test_a_spreadsheet_with_semicolons_and_commas_is_read() -> None:
    made = document()
    text = "image;label;row;column;height;width;length_mm\r\nweld_0001;crack;1,5;2;3;4;12,25\r\n;;;;;;\r\n"
    (found,) = read("\ufeff".encode() + text.encode(), made, "f.csv")
    assert found.finding["box"] == [1.5, 2, 3, 4]
    assert found.finding["measurements"] == [{"name": "length_mm", "value": 12.25}]


HEAD = "label,image,row,column,height,width\n"


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (HEAD + "crack,1,1,2,3\n", "f.csv", "line 2, column width"),
        (HEAD + "crack,1,1,2,x,4\n", "f.csv", "line 2, column height: 'x' is no number"),
        (HEAD + "\ncrack,1,1,2,-3,4\n", "f.csv", "line 3.box.*negative"),
        (HEAD + "crack,1,1,2,inf,4\n", "f.csv", "line 2.box.*no finite"),
        (HEAD + "crack,1,1,2,1e308,4\n", "f.csv", "line 2.box.*beyond any image"),
        (HEAD + "crack,1,1,2,300,4\n", "f.csv", "line 2: the box .* 40 rows and 60 columns"),
        (
            HEAD + "crack,weld_0003,1,2,3,4\n",
            "f.csv",
            "line 2: the exam has no image 'weld_0003'.*mean weld_000",
        ),
        (HEAD + "crack,,1,2,3,4\n", "f.csv", "line 2: it is not said on which of the 2"),
        ("label,row,column,height\n", "f.csv", "line 1: the column width is missing"),
        ("label,row,column,height,width,row\n", "f.csv", "line 1: the column 'row' stands twice"),
        (HEAD + '"crack,1,1,2,3,4\n', "f.csv", "no CSV"),
        ('{"findings": [{"label": "crack",, }]}', "f.json", "line 1, column 33"),
        ('{"findings":\n [{"label": "crack", "box": [1, NaN, 3, 4]}]}', "f.json", "line 2, column 33: NaN"),
        ('{"findings": [{"label": "crack", "box": [1, 2, 3]}]}', "f.json", r"findings\[0\].box: a box is"),
        ('{"findings": [{"label": "crack", "box": [1, 2, 3, true]}]}', "f.json", "True is no number"),
        ('{"findings": [7]}', "f.json", r"findings\[0\]: a finding is an object"),
        ('{"what": 1}', "f.json", "neither exams nor images nor findings"),
        ("[" * 100_000, "f.json", "nested too deeply"),
        ('{"annotations": [], "images": [{"id": 1}, {"id": 1}], "categories": []}', "f.json", "stands twice"),
        ('{"annotations": [{"image_id": 9}], "images": [], "categories": []}', "f.json", "image_id: 9 is none"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', "f.xml", "declares its own entities"),
        ("<annotation><object>", "f.xml", "line 1, column"),
        ("0 0.5 0.5 nan 0.1\n", "weld_0001.txt", "line 1, column 4: nan"),
        ("0 0.5 1.5 0.1 0.1\n", "weld_0001.txt", "line 1: YOLO's numbers are shares"),
        ("9 0.5 0.5 0.1 0.1\n", "weld_0001.txt", "line 1, column 1: class 9"),
        ("1 2 3\n", "ground_truth.txt", "line 1: 3 values"),
        ("7 1 2 3 4\n", "ground_truth.txt", "line 1, column 1: the exam has 2 images"),
        (b"label\xff", "f.csv", "line 1: the file is not UTF-8"),
    ],
)
def test_what_makes_no_sense_says_where(data: str | bytes, name: str, said: str) -> None:
    whole = data if isinstance(data, bytes) else data.encode()
    with pytest.raises((Unreadable, Hostile)) as caught:
        read(whole, document(), name, labels=WORDS if name.startswith("weld") else ())
    assert re.search(said, str(caught.value), re.DOTALL), str(caught.value)


def test_formulas_do_not_run_in_a_spreadsheet() -> None:
    made = document(finding(1, note="=HYPERLINK(1)", label="@cmd", code=""))
    text = EXPORTS["csv"].write(made).decode("utf-8-sig")
    assert "'=HYPERLINK" in text and "'@cmd" in text


def test_a_word_nobody_knows_gets_near_ones() -> None:
    assert known_label("Lack of fusion", WORDS, "line 2") == "lack-of-fusion"
    with pytest.raises(Unreadable, match="line 2: 'crakc' is no label .* did you mean crack"):
        known_label("crakc", WORDS, "line 2")


def test_a_huge_file_and_an_unknown_kind_are_refused() -> None:
    made = document()
    with pytest.raises(Unreadable, match="beyond the"):
        read(b"[" + b" " * (64 * 1024 * 1024), made, "f.json")
    with pytest.raises(WrongUsage, match="json, csv, coco"):
        findings_files.read(b"", ImagePlace.of(made), Hints(), "word")


@pytest.mark.parametrize("kind", IMPORTS)
def test_noise_is_refused_with_one_sentence(kind: str) -> None:
    import numpy as np

    random = np.random.default_rng(3)
    for size in (0, 1, 40, 3000):
        with pytest.raises((Unreadable, Hostile)) as caught:
            findings_files.read(random.bytes(size) + b"\n\xff\x01", ImagePlace.of(document()), Hints("f"), kind)
        assert "\n" not in str(caught.value)
