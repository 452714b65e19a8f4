"""``kerma report`` and ``kerma site`` on the command line."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pikepdf
import pytest
import typer
from tests.areas.report.rich import KINDS
from tests.areas.report.samples import text_of, tiff_bytes, weld
from typer.testing import CliRunner

import exams
from kerma.areas.report import commands_report
from kerma.errors import NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel

Run = Callable[..., Any]


@pytest.fixture
def run(listening: Kernel) -> Run:
    """Run one command and return what it printed, read when it is JSON."""
    cli = typer.Typer()
    commands_report.register(cli)
    wiring = SimpleNamespace(kernel=lambda: listening, industries=listening.industries)

    def run(*arguments: object) -> Any:
        result = CliRunner().invoke(cli, [str(one) for one in arguments], obj=wiring, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return json.loads(result.stdout) if "--json" in arguments else result.output

    return run


@pytest.fixture
def exam_pk(listening: Kernel, actor: Actor) -> int:
    """An exam nobody has analysed yet."""
    sha256 = listening.blobs.put(tiff_bytes(weld()))
    return exams.arrive(listening, actor, industry="ndt", subject_id="W-1", name="Seam 1", sha256s=(sha256,))


def test_an_exam_nobody_has_analysed_yet_gets_its_report(run: Run, exam_pk: int, tmp_path: Path) -> None:
    out = tmp_path / "f.pdf"
    run("site", "set", "--name", "Example Ltd", "--address", "1 Dock Road; Liverpool", "--paper", "us-letter")
    record = tmp_path / "form.json"
    record.write_text(json.dumps({"welding_process": "135", "weld": "Naht 12"}))
    told = run("report", "W-1", "--template", "weld-rt", "--language", "de", "--record", record, "--out", out, "--json")
    assert told["exam"] == exam_pk and told["report"]["state"] == "draft" and told["report"]["number"] == 1
    text = text_of(out.read_bytes(), tmp_path)
    for words in ("Durchstrahlungsprüfung einer", "Example Ltd", "Naht 12", "135", "nicht angegeben", "Seite 1 von"):
        assert words in text
    with pikepdf.open(io.BytesIO(out.read_bytes())) as pdf:
        assert float(pdf.pages[0].mediabox[2]) == 612
    again = tmp_path / "g.pdf"
    run("report", exam_pk, "--template", "weld-rt", "--language", "de", "--record", record, "--out", again)
    assert again.read_bytes() == out.read_bytes()


def test_other_paper_is_the_same_version_laid_out_anew(run: Run, exam_pk: int, tmp_path: Path) -> None:
    run("report", exam_pk, "--out", tmp_path / "a.pdf")
    told = run("report", exam_pk, "--paper", "us-letter", "--out", tmp_path / "l.pdf", "--json")
    assert told["report"]["number"] == 1
    assert "report version 1" in text_of((tmp_path / "l.pdf").read_bytes(), tmp_path)


def test_what_is_asked_for_wrongly_is_told(
    run: Run, listening: Kernel, actor: Actor, exam_pk: int, tmp_path: Path
) -> None:
    out = tmp_path / "f.pdf"
    for arguments, error, says in (
        (("nobody", "--out", out), NotFound, "no exam or subject 'nobody'"),
        (("W-1", "--template", "baggage-incident", "--out", out), WrongUsage, "this exam is ndt"),
        (("W-1", "--language", "tlh", "--out", out), WrongUsage, "no language"),
        (("W-1", "--paper", "a0", "--out", out), WrongUsage, "no paper"),
        (("W-1", "--record", tmp_path / "none.json", "--out", out), WrongUsage, "cannot be read as JSON"),
        (("W-1",), WrongUsage, "say which exam and where to"),
    ):
        with pytest.raises(error, match=says):
            run("report", *arguments)
    other = listening.blobs.put(tiff_bytes(weld(seed=2)))
    exams.arrive(listening, actor, industry="ndt", subject_id="W-2", sha256s=(other,))
    with pytest.raises(WrongUsage, match="names 2 exams; give the number of one: "):
        run("report", "W-", "--out", out)
    assert not out.exists()


def test_the_kinds_are_listed_with_what_they_need(run: Run) -> None:
    listed = run("report", "--list", "--json")
    assert [one["name"] for one in listed["kinds"]] == list(KINDS)
    assert "searched_by" in next(one["needs"] for one in listed["kinds"] if one["name"] == "secondary-search")
    assert "calibration-certificate" in run("report", "--list")


def test_the_letterhead_is_set_and_shown(run: Run, tmp_path: Path) -> None:
    assert "no letterhead is set" in run("site", "show")
    with pytest.raises(WrongUsage, match="say what to set"):
        run("site", "set")
    with pytest.raises(WrongUsage, match="cannot be read"):
        run("site", "set", "--logo", tmp_path / "none.png")
    run("site", "set", "--name", "Example Ltd", "--footer", "VAT 7")
    assert run("site", "show", "--json")["site"]["footer"] == "VAT 7"
