"""Truth as data sets really have it: folders of YOLO, words in YAML, boxes over the edge, crowds, missing images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerma.areas.flagging.evaluation_truth import read_truth
from kerma.errors import Unreadable, WrongUsage
from kerma.formats.findings_found import ImagePlace


def _places(*names: str) -> list[ImagePlace]:
    return [ImagePlace(number, "", "", name, 100, 200) for number, name in enumerate(names, start=1)]


def _coco(path: Path, images: list, annotations: list) -> Path:
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "Gas Pore"}]}
    path.write_text(json.dumps(document))
    return path


def test_coco_quantities_regions_and_labels(tmp_path: Path) -> None:
    file = _coco(
        tmp_path / "truth.json",
        [{"id": 7, "file_name": "sub/a.png"}, {"id": 8, "file_name": "gone.png"}],
        [
            {"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 20, 30, 40], "detectability": 12.5},
            {"id": 2, "image_id": 7, "category_id": 1, "bbox": [0, 0, 50, 50], "iscrowd": 1},
            {"id": 3, "image_id": 8, "category_id": 1, "bbox": [0, 0, 5, 5]},
        ],
    )
    told = read_truth(file, "coco", _places("a.png", "b.png"))
    (finding,) = told.findings[1]
    assert finding.label == "gas-pore" and finding.measurements == {"detectability": 12.5}
    assert finding.box.as_json() == [20, 10, 40, 30]
    assert len(told.ignored[1]) == 1
    assert told.numbers == {1}, "an image the truth does not speak of has no truth"
    assert "gone.png" in told.warnings[0] and "b.png" in told.warnings[1]
    assert read_truth(file, "coco", _places("a.png"), (), {"gas-pore": "porosity"}).findings[1][0].label == "porosity"


def test_boxes_over_the_edge_are_cut_there(tmp_path: Path) -> None:
    file = _coco(
        tmp_path / "truth.json",
        [{"id": 1, "file_name": "a.png"}],
        [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [-3, 90, 20, 30]}],
    )
    assert read_truth(file, "coco", _places("a.png")).findings[1][0].box.as_json() == [90, 0, 10, 17]
    (tmp_path / "a.xml").write_text(
        "<annotation><filename>a.png</filename><object><name>gun</name><bndbox><xmin>0</xmin><ymin>0</ymin>"
        "<xmax>50</xmax><ymax>40</ymax></bndbox></object></annotation>"
    )
    assert read_truth(tmp_path / "a.xml", "voc", _places("a.png")).findings[1][0].box.as_json() == [0, 0, 40, 50]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "gun\nknife\n"),
        ("data.yaml", "path: .\nnames: ['gun', \"knife\"]\nnc: 2\n"),
        ("data.yaml", "names:\n  0: gun\n  1: knife\ntrain: images\n"),
        ("data.yaml", "nc: 2\nnames:\n- gun\n- knife # sharp\n"),
    ],
)
def test_yolo_words_are_found_where_data_sets_have_them(tmp_path: Path, name: str, text: str) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    (tmp_path / name).write_text(text)
    (labels / "a.txt").write_text("1 0.5 0.5 0.1 0.2\n")
    told = read_truth(tmp_path, "yolo", _places("a.png", "b.png"))
    assert told.findings[1][0].label == "knife"
    assert told.findings[1][0].box.as_json() == pytest.approx([40, 90, 20, 20])
    assert told.numbers == {1, 2} and "b.png" in told.warnings[0], "no file of labels: nothing on the image"
    assert read_truth(labels, "yolo", _places("a.png"), ("x", "y")).findings[1][0].label == "y"


def test_one_yolo_file_of_one_image(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1 0.2\n")
    assert read_truth(tmp_path / "a.txt", "yolo", _places("a.png", "b.png"), ("gun",)).numbers == {1}


def test_voc_leaves_out_images_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<annotation><filename>other.jpg</filename></annotation>")
    told = read_truth(tmp_path, "voc", _places("a.png", "b.png"))
    assert told.numbers == {1} and not told.findings and "b.png" in told.warnings[0]


def test_voc_does_not_count_what_is_difficult(tmp_path: Path) -> None:
    objects = "".join(
        f"<object><name>gun</name><difficult>{hard}</difficult><bndbox><xmin>{at}</xmin><ymin>5</ymin>"
        f"<xmax>{at + 9}</xmax><ymax>20</ymax></bndbox></object>"
        for hard, at in ((0, 5), (1, 50))
    )
    (tmp_path / "a.xml").write_text(f"<annotation><filename>a.png</filename>{objects}</annotation>")
    told = read_truth(tmp_path, "voc", _places("a.png"))
    assert [one.box.column for one in told.findings[1]] == [4] and [one.box.column for one in told.ignored[1]] == [49]


def test_gdxray_images_without_a_line_have_no_flaw(tmp_path: Path) -> None:
    (tmp_path / "ground_truth.txt").write_text("2 11 20 21 30\n")
    told = read_truth(tmp_path, "gdxray", _places("C0001_0001.png", "C0001_0002.png"))
    assert told.numbers == {1, 2}
    assert told.findings[2][0].box.as_json() == [20, 10, 10, 10] and told.findings[2][0].label == "flaw"


def test_what_cannot_be_read_names_the_file_and_what_speaks_of_other_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1\n")
    with pytest.raises(Unreadable, match=r"a\.txt: line 1"):
        read_truth(tmp_path, "yolo", _places("a.png"), ("gun",))
    file = _coco(tmp_path / "truth.json", [{"id": 1, "file_name": "x.png"}], [])
    with pytest.raises(WrongUsage, match="none of the 1 images"):
        read_truth(file, "coco", _places("a.png"))
    with pytest.raises(WrongUsage, match=r"called a\.png"):
        read_truth(file, "coco", _places("a.png", "a.png"))
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(Unreadable, match="no COCO document"):
        read_truth(tmp_path / "list.json", "coco", _places("a.png"))
