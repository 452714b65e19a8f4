"""`kerma models` without a home and with one; `kerma detect` takes the active version, or the one that is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import evaluation_sets
import registry_models as made
from kerma.areas.flagging import actions_models, commands_detect, commands_models, commands_models_change, registry
from kerma.areas.people.actions import create_person
from kerma.errors import NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service

WEIGHTS = made.weights()
SHA = sha256(WEIGHTS).hexdigest()
PASSWORD = "blue giraffe 41 crossing"
Run = Callable[..., Any]


def _cli() -> typer.Typer:
    cli = typer.Typer()
    for module in (commands_detect, commands_models, commands_models_change):
        module.register(cli)
    return cli


@pytest.fixture
def run(kernel: Kernel, quick_hashes: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the kernel's home; with --json, returns the document."""
    monkeypatch.setenv("KERMA_DATABASE_URL", kernel.settings.database_url)
    monkeypatch.setattr(actions_models, "tried", lambda content, card: {"fake": True})
    who = service("test", "*")
    create_person(kernel, who, login="lena", name="Lena Three", password=PASSWORD, roles=("lead",))
    cli, wiring = _cli(), SimpleNamespace(kernel=lambda: kernel)

    def run(*arguments: object, typed: str = "") -> Any:
        words = [str(one) for one in arguments]
        result = CliRunner().invoke(cli, words, obj=wiring, standalone_mode=False, input=typed + "\n")
        if result.exception is not None:
            raise result.exception
        return json.loads(result.stdout) if "--json" in words else result.output

    return run


@pytest.fixture
def mine(tmp_path: Path) -> Callable[[str], Path]:
    """A maker of a model's two files, and of an evaluation of it."""

    def make(version: str) -> Path:
        path = tmp_path / f"mine-{version}.onnx"
        path.write_bytes(WEIGHTS)
        path.with_suffix(".json").write_text(json.dumps(made.card(version=version)))
        path.with_suffix(".evaluation").write_bytes(made.evaluation(SHA, of=f"yard-weld@{version}"))
        return path

    return make


def test_without_a_home_what_ships_is_told_and_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "none"
    monkeypatch.setenv("KERMA_HOME", str(home))
    monkeypatch.delenv("KERMA_DATABASE_URL", raising=False)

    def never() -> Kernel:
        raise AssertionError("no kernel is opened where there is no home")

    cli, wiring = _cli(), SimpleNamespace(kernel=never)
    for words in (["list"], ["show", "weld"], ["show", "weld@1.0.0"], ["show", "matched-filter"]):
        done = CliRunner().invoke(cli, ["models", *words, "--json"], obj=wiring, catch_exceptions=False)
        assert done.exit_code == 0 and json.loads(done.stdout)
    with pytest.raises(NotFound, match=r"9\.0\.0"):
        CliRunner().invoke(cli, ["models", "show", "weld@9.0.0"], obj=wiring, catch_exceptions=False)
    assert not home.exists()


def test_from_candidate_to_active_to_retired(run: Run, mine: Callable[[str], Path]) -> None:
    file = mine("1.0.0")
    evaluation = file.with_suffix(".evaluation")
    assert run("models", "add", file, "--industry", "ndt", "--json")["state"] == "candidate"
    rows = {row["name"]: row for row in run("models", "list", "--json")["models"]}
    assert (rows["yard-weld"]["state"], rows["weld"]["state"]) == ("candidate", "candidate")
    assert rows["small_flaws"]["kind"] == "classic" and "card" not in rows["weld"]
    assert "is shadow" in run("models", "shadow", "yard-weld", "--reason", "a look")
    approve = ("models", "activate", "yard-weld", "--reason", "tried on our films", "--evaluation", evaluation)
    with pytest.raises(NotAllowed, match="only a person"):
        run(*approve)
    assert run(*approve, "--login", "lena", "--json", typed=PASSWORD)["state"] == "active"
    point = ("--evaluation", evaluation, "--false-per-image", "0.5", "--machine", "YXLON 4711")
    assert run("models", "threshold", "yard-weld", *point, "--json")["thresholds"][0]["score"] == 0.22
    shown = run("models", "show", "yard-weld")
    words_of_trial = ("when it was tried", "fake                   True")
    for words in (
        "active", "Lena Three: tried on our films", "YXLON 4711: score 0.22", "simulated images only", *words_of_trial
    ):  # fmt: skip
        assert words in shown
    run("models", "threshold", "yard-weld", "--machine", "YXLON 4711", "--withdraw")
    with pytest.raises(NotFound, match="no threshold"):
        run("models", "threshold", "yard-weld", "--machine", "YXLON 4711", "--withdraw")
    assert "is retired" in run("models", "retire", "yard-weld", "--reason", "only a trial")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated weld with flaws."""
    folder = evaluation_sets.welds(tmp_path_factory.mktemp("weld"), with_flaws=1, without=0, size_px=160)
    return next(folder.glob("*.tif"))


def test_detect_takes_the_active_version_or_the_one_that_is_named(
    run: Run, mine: Callable[[str], Path], image: Path, kernel: Kernel
) -> None:
    for version in ("1.0.0", "1.1.0"):
        run("models", "add", mine(version))
    with pytest.raises(NotFound, match=r"yard-weld@1\.0\.0 \(candidate\)"):
        run("detect", image, "--model", "yard-weld")
    with pytest.raises(WrongUsage, match="name the version"):
        run("models", "shadow", "yard-weld", "--reason", "a look")
    evaluation = mine("1.1.0").with_suffix(".evaluation")
    stated = ("--reason", "tried", "--evaluation", evaluation, "--login", "lena")
    run("models", "activate", "yard-weld@1.1.0", *stated, typed=PASSWORD)
    found = run("detect", image, "--model", "yard-weld", "--json")
    ours = found["images"][0]["findings"]
    assert ours and (found["name"], found["version"], found["model_sha256"]) == ("yard-weld", "1.1.0", SHA)
    lookup = registry.lookup_in(lambda: kernel)
    named, untried, shipped = lookup("yard-weld@1.0.0"), lookup("weld"), lookup("weld@1.0.0")
    assert named is not None and (named.card["version"], named.content) == ("1.0.0", WEIGHTS)
    assert shipped is not None and shipped.content == WEIGHTS and untried is None is lookup("matched-filter")
    run("models", "threshold", "yard-weld", "--evaluation", evaluation, "--false-per-image", "0.125")
    fewer = run("detect", image, "--model", "yard-weld", "--json")["images"][0]["findings"]
    assert [one["box"] for one in fewer] == [one["box"] for one in ours if one["score"] >= 0.41]
