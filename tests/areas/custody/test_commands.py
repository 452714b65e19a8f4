"""Custody on the command line: persons sign with their password, a broken chain is exit code 1, papers are files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from custodies import PASSWORD, Custody
from kerma.areas.custody import commands, rules, rules_number
from kerma.areas.custody.actions_log import ContactTold, DisclosureTold, add_contact, disclose
from kerma.errors import Conflict, NotFound, NotSignedIn, Unreadable, WrongUsage

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(custody: Custody, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "160")
    cli = typer.Typer()
    cli.callback()(lambda: None)
    commands.register(cli)
    wiring = SimpleNamespace(kernel=lambda: custody.kernel)

    def run(*arguments: object, typed: str = PASSWORD) -> tuple[int, Any]:
        words = ["custody", *(str(one) for one in arguments)]
        result = CliRunner().invoke(cli, words, obj=wiring, standalone_mode=False, input=typed + "\n")
        if result.exception is not None:
            raise result.exception
        shown = json.loads(result.stdout) if "--json" in arguments else result.output
        return result.return_value or 0, shown

    return run


def test_a_chain_from_the_command_line(run: Run, custody: Custody, tmp_path: Path) -> None:
    seal = tmp_path / "seal.png"
    Image.new("RGB", (30, 20), "blue").save(seal)
    code, made = run("collect", "--kind", "bag", "--description", "Blue bag", "--login", "anna", "--json")
    item = made["item"]
    assert (code, made["entry"]) == (0, 1)
    run("seal", item, "--seal", "S-1", "--photo", seal, "--login", "anna")
    run("hand-over", item, "--to", "ben", "--login", "anna")
    assert run("accept", item, "--login", "ben", "--seal", "S-1")[1] == f"{item}: entry 4 written\n"
    code, shown = run("show", item)
    assert code == 0
    assert "no gap and no overlap found" in shown
    document = run("show", item, "--json")[1]
    assert [entry["kind"] for entry in document["entries"]] == ["collected", "sealed", "handed-over", "accepted"]
    assert document["faults"] == []
    with pytest.raises(Conflict, match="only who holds"):
        run("store", item, "--place", "Room 2", "--login", "anna")
    copied = run("copy", item, "--text", "photographed", "--login", "ben", "--json")[1]["copy"]
    assert rules_number.read_number(copied) == copied
    run("unseal", item, "--seal", "S-9", "--text", "to look", "--login", "ben")
    code, shown = run("show", item)
    assert code == 1
    assert "breach: seal S-9 was read on an item that was sealed with S-1" in shown
    assert [row["number"] for row in run("list", "--json")[1]["items"]] == [copied, item]
    assert run("list", "nothing like it")[1] == "no item\n"
    for name in ("form", "label"):
        out = tmp_path / f"{name}.pdf"
        run(name, item, "--out", out)
        assert out.read_bytes().startswith(b"%PDF-")


def test_outside_parties_late_entries_and_corrections(run: Run, custody: Custody) -> None:
    item = run("collect", "--kind", "film", "--description", "Film 12", "--login", "anna", "--json")[1]["item"]
    outside = ("--party", "Jana Novák", "--organisation", "Police", "--document", "card 4711", "--signature", "J. N.")
    with pytest.raises(WrongUsage, match="ago"):
        run("examine", item, "--text", "x", "--at", "2026-03-02T10:00:00+01:00", "--login", "anna")
    with pytest.raises(WrongUsage, match="no moment with its zone"):
        run("examine", item, "--text", "x", "--at", "yesterday", "--login", "anna")
    run("examine", item, "--text", "viewed", "--login", "anna")
    run("correct", item, 2, "--reason", "another film", "--strike", "--login", "anna")
    run("hand-over", item, *outside, "--login", "anna")
    assert custody.chain(item).standing.state == "out"
    assert "strikes entry 2" in run("show", item)[1]
    run("return", item, *outside, "--login", "ben")
    assert custody.chain(item).standing.holder == custody.ben.key


def test_what_is_refused_in_one_line(run: Run, custody: Custody, tmp_path: Path) -> None:
    with pytest.raises(NotSignedIn):
        run("collect", "--kind", "bag", "--description", "x", "--login", "anna", typed="wrong")
    item = custody.collect().item
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(Unreadable):
        run("seal", item, "--seal", "S", "--photo", broken, "--login", "anna")
    with pytest.raises(WrongUsage, match="does not agree"):
        run("show", "C-2026-0001-0")
    with pytest.raises(NotFound):
        run("show", rules_number.number_of(2026, 4711))
    with pytest.raises(WrongUsage, match="a state is"):
        run("list", "--state", "lost")
    assert len(custody.chain(item).rows) == 1


def test_contacts_and_disclosures(run: Run, custody: Custody) -> None:
    assert "no contact yet" in run("contacts")[1]
    assert run("disclosures")[1] == "nothing was disclosed\n"
    add_contact(custody.kernel, custody.lead, told=ContactTold("police", "Airport police", phone="+44 1"))
    disclose(custody.kernel, custody.lead, told=DisclosureTold("List", "Customs", "Order 1"))
    assert "Airport police" in run("contacts")[1]
    assert run("contacts", "--json")[1]["contacts"][0]["phone"] == "+44 1"
    assert "Order 1" in run("disclosures")[1]
    assert run("disclosures", "--json")[1]["disclosures"][0]["by_name"] == "Lena Fischer"


def test_every_step_of_the_table_has_a_command(run: Run) -> None:
    special = {"collect", "disclose"}
    assert set(commands.STEPS) == {step.verb for step in rules.STEPS} - special
