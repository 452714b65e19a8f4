"""Keeping on the command line: the dry run comes first, a hold is lifted by persons, exit codes tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from films import Archive, film
from kerma.areas.archive import commands, commands_keeping, commands_upkeep
from kerma.areas.archive.model import image
from kerma.areas.people.actions import create_person
from kerma.errors import NotAllowed, NotSignedIn, WrongUsage
from kerma.kernel.blobs import key_of
from kerma.kernel.identity import service

PASSWORD = "blue giraffe 41 crossing"
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "140")
    cli = typer.Typer()
    for module in (commands, commands_keeping, commands_upkeep):
        module.register(cli)
    wiring = SimpleNamespace(kernel=lambda: archive.kernel)

    def run(*arguments: object, typed: str = "") -> tuple[int, Any]:
        words = ["archive", *(str(one) for one in arguments)]
        result = CliRunner().invoke(cli, words, obj=wiring, standalone_mode=False, input=typed)
        if result.exception is not None:
            raise result.exception
        shown = json.loads(result.stdout) if "--json" in arguments else result.output
        return result.return_value or 0, shown

    return run


def test_a_deletion_follows_its_dry_run(run: Run, archive: Archive) -> None:
    stored = archive.ingest(film())
    assert run("retention") == (0, "nothing is due\n")
    run("rule", "add", "--industry", "medical", "--days", 0, "--source", "Hospital law § 12", "--from", "arrival")
    code, shown = run("retention", "--dry-run")
    assert code == 0
    assert "Hospital law § 12" in shown
    assert "Nothing was changed" in shown
    assert archive.count(image) == 1
    plan = run("retention", "--json")[1]
    assert f"--delete {plan['digest']}" in shown
    with pytest.raises(WrongUsage):
        run("retention", "--dry-run", "--delete", plan["digest"])
    code, done = run("retention", "--delete", plan["digest"], "--json")
    assert (code, [one["exam_pk"] for one in done["deleted"]], done["kept"]) == (0, [stored.exam_pk], [])
    assert "1.2.826" in run("deletions")[1]
    code, done = run("retention", "--delete", plan["digest"])
    assert code == 1
    assert "kept: exam 1: there is no exam 1" in done
    assert "off" not in run("rule", "list")[1]
    run("rule", "end", 1)
    assert "off" in run("rule", "list")[1]


def test_a_hold_is_lifted_by_two_persons_who_sign_in(run: Run, archive: Archive, quick_hashes: None) -> None:
    for login in ("anna", "boris"):
        create_person(
            archive.kernel, service("test", "*"), login=login, name=login.title(), password=PASSWORD, roles=["lead"]
        )
    stored = archive.ingest(film())
    run("rule", "add", "--industry", "medical", "--days", 0, "--source", "law", "--from", "arrival")
    run("hold", "place", stored.exam_pk, "--reason", "law suit")
    with pytest.raises(NotAllowed, match="law suit"):
        run("delete", stored.exam_pk)
    run("hold", "request-lift", 1, "--reason", "settled", "--login", "anna", typed=f"{PASSWORD}\n")
    with pytest.raises(NotAllowed, match="another person"):
        run("hold", "lift", 1, "--login", "anna", typed=f"{PASSWORD}\n")
    with pytest.raises(NotSignedIn):
        run("hold", "lift", 1, "--login", "boris", typed="wrong password here\n")
    run("hold", "withdraw-lift", 1)
    run("hold", "request-lift", 1, "--reason", "settled", "--login", "anna", typed=f"{PASSWORD}\n")
    assert run("hold", "lift", 1, "--login", "boris", typed=f"{PASSWORD}\n")[1].endswith("hold 1 is lifted\n")
    assert "person:2" in run("hold", "list")[1]
    assert "1 images" in run("delete", stored.exam_pk)[1]


def test_the_scrub_and_its_alarms(run: Run, archive: Archive) -> None:
    stored = archive.ingest(film())
    code, shown = run("scrub", "--share", 10)
    assert code == 0
    assert "all as they were" in shown
    assert run("alarms") == (0, "no alarm is open\n")
    path = archive.kernel.settings.home / "blobs" / key_of(stored.sha256)
    path.chmod(0o640)
    path.write_bytes(b"?")
    assert run("scrub", "--share", 10, "--json")[0] == 1
    code, shown = run("alarms", "--json")
    assert (code, [one["kind"] for one in shown["alarms"]]) == (1, ["blob-altered"])
    assert run("alarms", "--acknowledge", 1, "--note", "restored")[0] == 0
    assert "restored" in run("alarms", "--all")[1]


def test_the_quarantine_and_tiers(run: Run, archive: Archive) -> None:
    stored = archive.ingest(b"junk")
    assert "stays apart" in run("resolve", stored.quarantine_id, "keep", "--reason", "looked at")[1]
    assert "discarded" in run("resolve", stored.quarantine_id, "discard", "--reason", "not ours")[1]
    assert run("tier", "move") == (0, "nothing is due\n")
    assert run("tier", "list") == (0, "none\n")
    with pytest.raises(WrongUsage, match="KERMA_BLOBS_TIERS"):
        run("tier", "add", "--industry", "medical", "--days", 30, "--tier", "cold")
