"""`kerma simulate` writes images that examine can read, beside the truth about them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from areas.training.scenes import LITTLE, PLATE
from kerma import cli
from kerma.app import open_kernel
from kerma.areas.training import commands
from kerma.errors import KermaError
from kerma.formats import read
from kerma.science import simulate as simulating

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    code = cli.run(open_kernel, list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(simulating.SCENES, LITTLE.name, LITTLE)  # type: ignore[arg-type]


def truth(folder: Path) -> dict:
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def decoded(segmentation: dict) -> np.ndarray:
    """An independent reader of COCO's run lengths: column after column, outside first."""
    rows, columns = segmentation["size"]
    flat: list[bool] = []
    for number, count in enumerate(segmentation["counts"]):
        flat += [number % 2 == 1] * count
    return np.array(flat).reshape(columns, rows).T


def test_images_sidecars_masks_and_truth_belong_together(tmp_path: Path, capsys: Capture) -> None:
    code, out, _ = run(capsys, "simulate", "weld", "--seed", "5", "--count", "2", "--out", str(tmp_path), "--json")
    assert code == 0
    document = json.loads(out)
    assert document == truth(tmp_path)
    assert [entry["seed"] for entry in document["images"]] == [5, 6]
    masks = np.load(tmp_path / document["masks"])
    for entry in document["images"]:
        path = tmp_path / entry["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
        image = read(path.read_bytes(), path.name, (tmp_path / f"{path.name}.json").read_bytes())
        assert image.spacing.row_mm == entry["pixel_mm"]
        assert image.technique["thickness_mm"] == entry["thickness_mm"]
        assert masks[path.name].max() == len(entry["findings"])


@pytest.mark.usefixtures("little")
def test_the_truth_has_the_layout_of_coco_and_the_physics(tmp_path: Path, capsys: Capture) -> None:
    assert run(capsys, "simulate", "little_scene", "--seed", "3", "--count", "2", "--out", str(tmp_path))[0] == 0
    document = truth(tmp_path)
    assert {"info", "images", "annotations", "categories", "scene", "masks", "version"} <= document.keys()
    assert [(one["id"], one["name"], one["supercategory"]) for one in document["categories"]] == [
        (1, "crack", "ndt"), (2, "porosity", "ndt"),
    ]  # fmt: skip
    assert [one["id"] for one in document["annotations"]] == [1, 2, 3, 4]
    masks = np.load(tmp_path / document["masks"])
    names = {entry["id"]: entry for entry in document["images"]}
    for number, one in enumerate(document["annotations"]):
        entry = names[one["image_id"]]
        mask = decoded(one["segmentation"])
        assert mask.shape == (entry["height"], entry["width"]) == (24, 32)
        assert np.array_equal(mask, masks[entry["file_name"]] == number % 2 + 1)
        rows, columns = np.nonzero(mask)
        x, y, width, height = one["bbox"]
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
        assert one["area"] == rows.size and one["iscrowd"] == 0
    first, second = document["annotations"][:2]
    assert (first["category_id"], first["cnr"], first["length_mm"]) == (2, 3.5, 0.7)
    assert (second["category_id"], second["cnr"]) == (1, None)
    assert all((entry["snr"], entry["industry"]) == (100.0, "ndt") for entry in document["images"])


@pytest.mark.usefixtures("little")
def test_every_view_is_a_file_and_size_and_options_reach_the_scene(tmp_path: Path, capsys: Capture) -> None:
    words = ("--set", "views=2", "--size", "32", "--thickness")
    assert run(capsys, "simulate", "little-scene", "--out", str(tmp_path), *words)[0] == 0
    document = truth(tmp_path)
    files = [f"little-scene-000001-view{number}.tif" for number in (1, 2)]
    assert [entry["file_name"] for entry in document["images"]] == files
    assert {entry["height"] for entry in document["images"]} == {32}
    thickness = np.load(tmp_path / document["thickness"])
    assert sorted(thickness) == [f"{name}/steel" for name in files]
    assert thickness[f"{files[0]}/steel"].shape == (32, 40)


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(
    ("form", "kind", "ending"), [("dicom", "DICOM", "dcm"), ("diconde", "DICONDE", "dcm"), ("dicos", "DICOS", "dcs")]
)
def test_dicom_forms_have_a_file_for_each_energy(
    form: str, kind: str, ending: str, tmp_path: Path, capsys: Capture
) -> None:
    assert run(capsys, "simulate", "little-scene", "--format", form, "--out", str(tmp_path))[0] == 0
    document = truth(tmp_path)
    names = [entry["file_name"] for entry in document["images"]]
    assert names == [f"little-scene-000001-{energy}.{ending}" for energy in ("low", "high")]
    expected = LITTLE.build(1)[0].image.pixels
    for plane, entry in enumerate(document["images"]):
        data = (tmp_path / entry["file_name"]).read_bytes()
        image = read(data, entry["file_name"])
        assert image.format == kind
        assert np.array_equal(image.pixels[0], expected[plane])
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert len(document["annotations"]) == 4


def test_the_same_seed_gives_the_same_bytes_whatever_count_and_processes(tmp_path: Path, capsys: Capture) -> None:
    many, one = tmp_path / "many", tmp_path / "one"
    count = str(commands.POOL_FROM)
    assert run(capsys, "simulate", "step-wedge", "--seed", "3", "--count", count, "--out", str(many))[0] == 0
    assert run(capsys, "simulate", "step_wedge", "--seed", "4", "--out", str(one))[0] == 0
    name = "step-wedge-000004.tif"
    assert (one / name).read_bytes() == (many / name).read_bytes()
    alike = [{key: value for key, value in truth(folder)["images"][at].items() if key != "id"}
             for folder, at in ((one, 0), (many, 1))]  # fmt: skip
    assert alike[0] == alike[1]


@pytest.mark.usefixtures("little")
def test_two_runs_write_the_same_bytes(tmp_path: Path, capsys: Capture) -> None:
    for name in ("one", "two"):
        for form in ("tiff", "dicom"):
            out = str(tmp_path / name / form)
            assert run(capsys, "simulate", "little-scene", "--out", out, "--thickness", "--format", form)[0] == 0
    for form in ("tiff", "dicom"):
        assert bytes_of(tmp_path / "one" / form) == bytes_of(tmp_path / "two" / form)


@pytest.mark.usefixtures("little")
def test_a_set_that_breaks_off_has_no_truth_and_can_be_written_again(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("simulate", "little-scene", "--count", "3", "--out", str(tmp_path))
    assert run(capsys, *words)[0] == 0
    whole = bytes_of(tmp_path)
    build = type(LITTLE)._made

    def breaks(self: object, seed: int, options: dict) -> object:
        if seed == 2:
            raise KermaError("the power is gone")
        return build(self, seed, options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(LITTLE), "_made", breaks)
        assert run(capsys, *words)[0] == 3
    assert not (tmp_path / "truth.json").exists() and (tmp_path / "truth.json.unfinished").exists()
    assert run(capsys, *words)[0] == 0
    assert bytes_of(tmp_path) == whole


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("name", ["truth.json", "little-scene-000001.tif", "masks.npz"])
def test_files_of_others_are_not_destroyed(name: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / name).write_text('["somebody else\'s"]')
    (tmp_path / "notes.txt").write_text("keep me")
    before = bytes_of(tmp_path)
    code, _, err = run(capsys, "simulate", "little-scene", "--out", str(tmp_path))
    assert code == 2 and name in err and "--out" in err
    kept = bytes_of(tmp_path)
    assert {key: kept[key] for key in before} == before
    assert not (tmp_path / "truth.json.unfinished").exists()


def test_the_list_names_scenes_and_their_options(capsys: Capture) -> None:
    code, out, _ = run(capsys, "simulate", "--list")
    assert code == 0 and "weld" in out and "flaws: how many flaws (random, few, many)" in out
    code, out, _ = run(capsys, "simulate", "--list", "--json")
    listed = {entry["name"]: entry for entry in json.loads(out)["scenes"]}
    assert listed.keys() == simulating.SCENES.keys()
    assert listed["bag"]["industry"] == "security"


def test_an_unknown_scene_is_wrong_usage_and_lists_the_known(tmp_path: Path, capsys: Capture) -> None:
    code, _, err = run(capsys, "simulate", "chess", "--out", str(tmp_path / "none"))
    assert code == 2
    assert "step-wedge" in err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "words",
    [("--count", "0"), ("--seed", "-1"), ("--format", "gif"), ("--set", "flaws"), ("--set", "flaws=heaps"),
     ("--set", "colour=red"), ("--size", "256"), ("--document",)],
)  # fmt: skip
def test_what_makes_no_sense_is_wrong_usage(words: tuple[str, ...], tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "none"
    assert run(capsys, "simulate", "weld", *words, "--out", str(out))[0] == 2
    assert not out.exists()


def test_images_need_a_folder(capsys: Capture) -> None:
    code, _, err = run(capsys, "simulate", "weld")
    assert code == 2 and "--out" in err


def test_standards_lists_tables_with_their_status(capsys: Capture) -> None:
    code, out, _ = run(capsys, "standards", "--json")
    assert code == 0
    listed = {entry["name"]: entry["status"] for entry in json.loads(out)["tables"]}
    assert listed["fr_arrete_1978/acceptance"] == "public-law"


def test_standards_shows_one_table(capsys: Capture) -> None:
    code, out, _ = run(capsys, "standards", "iso_19232-1/wires", "--json")
    assert code == 0
    assert json.loads(out)["rows"][0] == {"wire": "W1", "diameter_mm": "3.2"}
    code, out, _ = run(capsys, "standards", "iso_19232-1/wires")
    assert "W19" in out
    assert run(capsys, "standards", "no/table")[0] == 3


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    path = tmp_path / "pore-plate.json"
    path.write_text(json.dumps(PLATE))
    return path


def test_a_scene_document_is_rendered_and_its_pictures_are_named_after_it(plate: Path, capsys: Capture) -> None:
    out = plate.parent / "set"
    assert run(capsys, "simulate", str(plate), "--seed", "3", "--count", "2", "--thickness", "--out", str(out))[0] == 0
    document = truth(out)
    assert [entry["file_name"] for entry in document["images"]] == ["pore-plate-000003.tif", "pore-plate-000004.tif"]
    assert [one["name"] for one in document["categories"]] == ["porosity"]
    thickness = np.load(out / "thickness.npz")["pore-plate-000003.tif/iron"]
    assert thickness.shape == (48, 64) and 8.0 < thickness[24, 32] < 10.0
    pixels = [read((out / entry["file_name"]).read_bytes()).pixels for entry in document["images"]]
    assert not np.array_equal(*pixels)


def test_the_document_of_a_scene_can_be_had_and_given_back(plate: Path, capsys: Capture) -> None:
    code, out, _ = run(capsys, "simulate", str(plate), "--seed", "8", "--document")
    assert code == 0 and json.loads(out)["seed"] == 8
    again = plate.parent / "again.json"
    again.write_text(out)
    assert run(capsys, "simulate", str(again), "--document")[1] == out


@pytest.mark.parametrize(
    ("content", "said"), [("{", "no JSON"), ('{"thing": 1}', "thing"), ('{"version": 99, "name": "a"}', "version 99")]
)
def test_a_document_that_is_none_is_wrong_usage(content: str, said: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "bad.json").write_text(content)
    code, _, err = run(capsys, "simulate", str(tmp_path / "bad.json"), "--out", str(tmp_path / "set"))
    assert code == 2 and said in err
    assert not (tmp_path / "set").exists()


def test_a_document_takes_no_options_of_ready_scenes(plate: Path, capsys: Capture) -> None:
    code, _, err = run(capsys, "simulate", str(plate), "--size", "64", "--out", str(plate.parent / "set"))
    assert code == 2 and "--size" in err
    assert run(capsys, "simulate", "nowhere.json", "--out", str(plate.parent / "set"))[0] == 2
