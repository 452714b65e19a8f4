"""``kerma findings`` and ``kerma diconde`` on the command line."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom
import pytest
import typer
from tests.areas.report.samples import weld
from typer.testing import CliRunner

from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.people.actions import create_person
from kerma.areas.report import commands_objects
from kerma.errors import NotFound, Unreadable
from kerma.formats import dicom_new
from kerma.formats.dicom_write import Identity
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import service

Run = Callable[..., Any]
PASSWORD = "blue giraffe 41 crossing"


@pytest.fixture
def run(listening: Kernel, actor: Actor, quick_hashes: None) -> Run:
    """Run one command on an exam W-99; returns exit code and output, read when it is JSON."""
    (data,) = dicom_new.write(weld(seed=3), "diconde", Identity("2.25.991", "W-99"))
    ingest(listening, actor, source=Arrival(data, "weld.dcm", "ndt"))
    create_person(listening, service("test", "*"), login="anna", name="Anna", password=PASSWORD, roles=("analyst",))
    cli = typer.Typer()
    commands_objects.register(cli)
    wiring = SimpleNamespace(kernel=lambda: listening, industries=listening.industries)

    def run(*arguments: object, given: str = "") -> tuple[int, Any]:
        words = [str(one) for one in arguments]
        result = CliRunner().invoke(cli, words, obj=wiring, standalone_mode=False, input=given)
        if result.exception is not None:
            raise result.exception
        told = json.loads(result.stdout) if "--json" in words else result.output
        return result.return_value or 0, told

    return run


def test_findings_go_in_and_out_by_the_command_line(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("label,row,column,height,width,length_mm\ncrack,20,30,4,40,4\n")
    words = ("findings", "import", "W-99", listed, "--login", "anna", "--json")
    _, told = run(*words, given=PASSWORD + "\n")
    assert (told["recorded"], told["already_there"]) == (1, 0)
    out = tmp_path / "f.json"
    run("findings", "export", "W-99", "--as", "json", "--out", out)
    said = json.loads(out.read_text())["exams"][0]["images"][0]["findings"][-1]
    assert (said["label"], said["box"], said["by"]["name"]) == ("crack", [20.0, 30.0, 4.0, 40.0], "Anna")
    _, told = run("findings", "export", "W-99", "--as", "sr", "--out", tmp_path, "--json")
    (path,) = told["files"]
    assert Path(path).parent == tmp_path and pydicom.dcmread(path).Modality == "SR"


def test_what_makes_no_sense_is_one_line(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("label,row,column,height,width\ncrakc,1,2,3,4\n")
    with pytest.raises(Unreadable, match="line 2.*did you mean crack"):
        run("findings", "import", "W-99", bad, "--login", "anna", given=PASSWORD + "\n")
    with pytest.raises(NotFound, match="there are sr, gsps"):
        run("findings", "export", "W-99", "--as", "word", "--out", tmp_path / "f")


def test_diconde_files_are_checked(run: Run, tmp_path: Path) -> None:
    good = tmp_path / "good.dcm"
    run("findings", "export", "W-99", "--as", "diconde", "--out", good)
    code, told = run("diconde", good, "--json")
    assert code == 0, told
    assert {fault["severity"] for fault in told["files"][0]["faults"]} <= {"warning"}
    dataset = pydicom.dcmread(io.BytesIO(good.read_bytes()))
    dataset.CurvatureType = "CONVAVE"
    dataset.save_as(tmp_path / "bad.dcm")
    code, told = run("diconde", good, tmp_path / "bad.dcm")
    assert code == 1 and "CONVAVE" in told and "(0014,0052)" in told
    (tmp_path / "none.dcm").write_bytes(b"no DICOM")
    assert run("diconde", tmp_path / "none.dcm")[0] == 1
