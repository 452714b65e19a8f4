"""`kerma calc`: the command made of a row, and a sweep over every calculation there is."""

from __future__ import annotations

import json
import math
import random
import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from kerma import cli
from kerma.areas.review import commands_calc
from kerma.areas.review.commands_print import print_result
from kerma.errors import KermaError, OutsideTable
from kerma.science import calculations
from kerma.science.options import Option
from kerma.science.physics.calculation import Calculation
from kerma.science.results import Citation, Measurement

PAGES = Path(__file__).resolve().parents[3] / "docs" / "science" / "calculations"
NAMES = list(calculations.calculations())


def _answer(**given: object) -> Measurement:
    thickness = given["thickness_mm"]
    if thickness == 99:
        raise OutsideTable("99 mm is beyond the table")
    lines = [{"layer": key, "thickness_mm": value} for key, value in dict(given.get("filter") or {}).items()]
    values = {"dose_usv": 2.5, "is_safe": True, "lines": lines, "unknown_mm": math.nan}
    source = Citation("A standard", "2022", "4.2", status="verified")
    return Measurement("wall", "1", values, "as told", dict(given), {"dose_usv": 0.5}, source, warnings=("look twice",))


WALL = Calculation(
    "thick-wall",
    "Dose behind a wall",
    (
        Option("thickness_mm", "number", "thickness of the wall", is_required=True),
        Option("class", "choice", "class of testing", default="B", choices=("A", "B")),
        Option("filter", "layers", "layers before the wall"),
    ),
    _answer,
)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calculations, "calculations", lambda: {"thick-wall": WALL})


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.run(lambda: None, ["calc", *words])  # type: ignore[arg-type,return-value]
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("wall")
def test_options_are_the_rows_with_hyphens_and_layers_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--thickness-mm", "4", "--class", "a", "--filter", "Al:3", "--filter", "Cu:0.1,Al:1", "--json")
    code, out, err = _run(capsys, "thick-wall", *words)
    document = json.loads(out)
    assert code == 0
    assert document["inputs"] == {"thickness_mm": 4.0, "class_": "A", "filter": {"Al": 4.0, "Cu": 0.1}}
    assert document["units"] == {"dose_usv": "µSv", "unknown_mm": "mm", "thickness_mm": "mm"}
    assert document["values"]["unknown_mm"] is None
    assert err.splitlines() == ["kerma: look twice"]


@pytest.mark.usefixtures("wall")
def test_for_people_values_have_units_and_a_list_of_rows_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, "thick_wall", "--thickness-mm", "4", "--filter", "Al:3")
    assert code == 0
    assert re.search(r"^dose_usv +2\.5 ± 0\.5 µSv$", out, re.MULTILINE)
    assert re.search(r"^is_safe +yes$", out, re.MULTILINE)
    assert re.search(r"^lines\n  layer  thickness_mm \[mm\]\n  Al     3$", out, re.MULTILINE)
    assert "source: A standard, 2022, 4.2 (verified)" in out
    assert "look twice" in err


@pytest.mark.usefixtures("wall")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--thickness-mm", "thick"), 2, "must be a number above 0"),
        ((), 2, "needs the option 'thickness_mm': thickness of the wall"),
        (("--thickness-mm", "1", "--class", "C"), 2, "must be A or B"),
        (("--thickness-mm", "1", "--colour", "red"), 2, "No such option"),
        (("--thickness-mm", "99"), 3, "beyond the table"),
    ],
)
def test_what_makes_no_sense_is_2_and_what_no_table_covers_3(
    words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answered, out, err = _run(capsys, "thick-wall", *words)
    assert (answered, out) == (code, "")
    assert said in err


@pytest.mark.usefixtures("wall")
def test_the_group_lists_its_calculations_and_refuses_others(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "--help")
    assert code == 0 and "thick-wall" in out and "Dose behind a wall" in out
    code, _, err = _run(capsys, "thin-wall")
    assert code == 2 and "thin-wall" in err


@pytest.mark.usefixtures("wall")
def test_help_marks_what_is_required_and_shows_choices_and_defaults() -> None:
    shown = _help("thick-wall")
    assert "Dose behind a wall." in shown
    for words in ("--thickness-mm", "(required)", "A|B", "default B", "--filter", "several times"):
        assert words in shown, words


def _help(name: str) -> str:
    app = typer.Typer()
    commands_calc.register(app)
    done = CliRunner().invoke(app, ["calc", name, "--help"], env={"COLUMNS": "240", "TERM": "dumb"})
    return " ".join(done.stdout.split())


def _example(name: str) -> list[str]:
    page = PAGES / f"{name}.md"
    assert page.is_file(), f"docs/science/calculations/{name}.md is missing"
    found = re.search(r"kerma calc (?:[^`\n]*\\\n)*[^`\n]*", page.read_text(encoding="utf-8"))
    assert found, f"docs/science/calculations/{name}.md shows no `kerma calc …` line"
    words = shlex.split(found[0].replace("\\\n", " "), comments=True)[2:]
    assert words[0].replace("_", "-") == name
    return words


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_its_page_runs_and_is_one_plain_document(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in _example(name) if word != "--json"]
    code, out, err = _run(capsys, *words, "--json")
    assert code == 0, err

    def refuse(constant: str) -> None:
        raise AssertionError(f"{name} answers {constant}")

    document = json.loads(out, parse_constant=refuse)
    assert {"name", "version", "inputs", "values", "units", "source", "warnings"} <= document.keys()
    assert document["values"]
    print_result(document, as_json=False)
    assert next(iter(document["values"])) in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_every_calculation_has_a_page_and_help_with_all_its_options(name: str) -> None:
    entry = calculations.calculations()[name]
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    for heading in ("Law", "Formula", "Source", "Validity"):
        assert re.search(rf"^#+ {heading}", text, re.MULTILINE), f"docs/science/calculations/{name}.md: no '{heading}'"
    shown = _help(name)
    for option in entry.options:
        assert f"--{option.name.replace('_', '-')}" in shown


@pytest.mark.parametrize("name", NAMES)
def test_every_calculation_refuses_an_option_it_does_not_have(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, name, "--colour-of-the-sky", "blue")
    assert (code, out) == (2, "")


EXTREMES = {
    "number": (1e-300, 1e-9, 1.0, 1e9, 1e300),
    "nonnegative": (0.0, 1e-300, 1e300),
    "signed": (-1e300, 0.0, 1e300),
    "whole": (0, 1, 10**18),
    "text": ("", "Fe", "xray", "H1e9", "((", "Fe" * 200),
    "flag": (True, False),
    "rules": ("french-arrete-1978", "asme-viii-uw-51", "nothing", "a\nb", "="),
    "findings": (
        [],
        "[]",
        "{",
        [{"label": "porosity", "measurements": {"diameter_mm": 1e300}}],
        [{"label": "slag", "measurements": {"length_mm": 0, "start_mm": -1e300}}, {"label": "2011"}],
        [{"label": "crack"}],
        ["crack"],
    ),
    "layers": ({}, {"Al": 0.0}, {"Fe": 1e9}, {"Xx": 1.0}, ":3"),
}


@pytest.mark.parametrize("name", NAMES)
def test_extremes_give_an_answer_or_a_reason_and_never_what_is_no_number(name: str) -> None:
    entry, generator = calculations.calculations()[name], random.Random(7)
    for _ in range(25):
        given = {
            option.name: generator.choice(option.choices or EXTREMES[option.kind])
            for option in entry.options
            if option.is_required or generator.random() < 0.4
        }
        try:
            document = entry.run(**given).as_json()
        except KermaError as error:
            assert len(str(error)) > 10, given
            continue
        json.dumps(document, allow_nan=False)
        assert document["values"], given
