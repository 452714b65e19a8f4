"""`kerma enhance`: a picture of a file with a chain, and the chain with every number written out."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from kerma import cli
from kerma.formats import read
from kerma.science.imaging import enhance


def kerma(*words: str | Path) -> int:
    def none() -> None:
        raise AssertionError("no archive is needed")

    return cli.run(none, ["enhance", *map(str, words)])  # type: ignore[arg-type]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.png"
    ramp = np.tile(np.linspace(2_000, 60_000, 90), (70, 1)) + np.random.default_rng(1).normal(0, 300, (70, 90))
    cv2.imwrite(str(path), ramp.astype(np.uint16))
    return path


def test_steps_take_what_they_need_from_the_image_and_write_it_down(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    assert (
        kerma(film, "--out", out, "--step", "log", "--step", "median:window_px=5", "--step", "clahe:tiles=3", "--json")
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    chain = enhance.parse(told["chain"])
    assert [one.step.name for one in chain.steps] == ["log", "median", "clahe"]
    assert chain.steps[1].parameters == {"window_px": "5"}
    assert chain.digest() == told["chain_sha256"]
    expected = enhance.run(read(film.read_bytes()), 0, chain)
    assert np.array_equal(cv2.imread(str(out), cv2.IMREAD_UNCHANGED), expected)

    again, kept = tmp_path / "again.png", tmp_path / "chain.json"
    kept.write_text(json.dumps(told["chain"]))
    for given in (kept, json.dumps(told["chain"])):
        assert kerma(film, "--out", again, "--chain", given) == 0
        assert again.read_bytes() == out.read_bytes()
        again.unlink()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--out picture.png"),
        (("--out", "film.png"), "there already"),
        (("--out", "no/where.png"), "cannot be written"),
        (("--out", "o.png", "--plane", "3"), "planes 0 to 0"),
        (("--out", "o.png", "--step", "sharpen"), "there is no enhancement 'sharpen'"),
        (("--out", "o.png", "--step", "gamma:gamma=many"), "must be a number"),
        (("--out", "o.png", "--step", "gamma:exponent=2"), "has no setting 'exponent'"),
        (("--out", "o.png", "--step", "organic-only"), "energ"),
        (("--out", "o.png", "--chain", "nothing.json"), "a JSON object or a file of it"),
        (("--out", "o.png", "--chain", "{}", "--step", "log"), "not both"),
    ],
)
def test_what_cannot_be_says_why(
    film: Path, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(film.parent)
    before = film.read_bytes()
    assert kerma("film.png", *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert film.read_bytes() == before
    assert not Path("o.png").exists()


def test_the_steps_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert kerma() == 0
    plain = capsys.readouterr().out
    assert kerma("--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in listed] == [step.name for step in enhance.latest()]
    assert all(step["name"] in plain for step in listed)
