"""A site's packs and a Level III's confirmation on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import judgements as made
from kerma.areas.people.actions import create_person
from kerma.areas.review import commands_packs, commands_rules
from kerma.errors import NotAllowed, NotSignedIn, WrongUsage
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service

PASSWORD = "blue giraffe 41 crossing"
Run = Callable[..., Any]


@pytest.fixture
def run(kernel: Kernel, quick_hashes: None) -> Run:
    for login, role in (("lena", "lead"), ("ana", "analyst")):
        create_person(kernel, service("test", "*"), login=login, name="Lena Three", password=PASSWORD, roles=(role,))
    cli = typer.Typer()
    for module in (commands_rules, commands_packs):
        module.register(cli)
    wiring = SimpleNamespace(kernel=lambda: kernel)

    def run(*arguments: object, typed: str = "") -> Any:
        words = ["rules", *(str(one) for one in arguments)]
        result = CliRunner().invoke(cli, words, obj=wiring, standalone_mode=False, input=typed + "\n")
        if result.exception is not None:
            raise result.exception
        return json.loads(result.stdout)["pack"] if "--json" in arguments else result.output

    return run


def test_a_pack_is_added_confirmed_by_a_person_and_withdrawn(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "yard.csv"
    table.write_bytes(made.pack("unverified").encode("utf-16"))
    assert "version 1" in run("add", "yard", table)
    stated = ("confirm", "yard", "--login", "lena", "--edition", "2024")
    confirmed = run(*stated, "--json", typed=PASSWORD)
    assert (confirmed["status"], confirmed["confirmation_id"]) == ("confirmed", 1)
    assert "now unverified" in run("unconfirm", "yard", "--login", "lena", typed=PASSWORD)
    assert "withdrew yard" in run("withdraw", "yard")


def test_who_may_not_confirm_or_types_another_password_is_refused(run: Run) -> None:
    stated = ("confirm", "asme-viii-uw-51", "--edition", "2017", "--login")
    with pytest.raises(NotSignedIn):
        run(*stated, "lena", typed="something else")
    with pytest.raises(NotAllowed):
        run(*stated, "ana", typed=PASSWORD)


def test_a_table_with_a_mistake_is_not_added(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "yard.csv"
    table.write_text(made.pack().replace("forbidden,crack", "forbidden,crakc"))
    with pytest.raises(WrongUsage, match="line 8"):
        run("add", "yard", table)


def test_tables_of_image_quality_are_listed_and_confirmed(run: Run) -> None:
    listed = run("tables")
    assert "iso_17636-2/wires" in listed and "unverified" in listed and "iso_19232-1/wires" in listed
    stated = ("confirm", "iso_19232-1/wires", "--login", "lena", "--edition", "ISO 19232-1:2013")
    assert "now confirmed" in run(*stated, typed=PASSWORD)
    assert "now unverified" in run("unconfirm", "iso_19232-1/wires", "--login", "lena", typed=PASSWORD)
