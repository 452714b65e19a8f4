"""``kerma worklist rules``: shown as a table that can be changed, checked, tried and set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import item_rules
from item_rules import come, items_of
from kerma.areas.worklist import commands_rules
from kerma.errors import KermaError, WrongUsage
from kerma.kernel.action import Actor, Kernel


@pytest.fixture
def kerma(kernel: Kernel) -> Any:
    class Wiring:
        def kernel(self) -> Kernel:
            return kernel

    cli = typer.Typer()
    commands_rules.register(cli)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["worklist", "rules", *arguments], obj=Wiring())
        if isinstance(done.exception, KermaError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_the_table_shown_is_changed_checked_tried_and_set(
    kernel: Kernel, actor: Actor, kerma: Any, tmp_path: Path
) -> None:
    room = item_rules.listening(kernel)
    ct, film = (come(room, actor, industry="medical", modality=one, subject=one) for one in ("CT", "DX"))
    file = tmp_path / "rules.csv"
    file.write_text(kerma("show"), encoding="utf-8")
    assert file.read_text(encoding="utf-8").startswith("# as Kerma comes\nname,trigger,makes,")
    assert kerma("check", str(file)) == "rules.csv: 1 rules, and they can be set\n"
    file.write_text("name,modality\ncts,CT\n", encoding="utf-8")
    told = kerma("dry-run", str(file), "--days", "7")
    assert told.startswith("2 exams of 7 days: 1 read, 1 read by nobody,\n0 looked at again")
    assert f"exam {film}  medical  DX: read by nobody, no rule takes it  (now otherwise)" in told
    assert f"exam {ct}  medical  CT: read, cts\n" in told
    assert json.loads(kerma("show", "--json"))["rules_id"] == 0
    assert kerma("set", str(file)).startswith("set 1 rules (set ")
    assert json.loads(kerma("show", "--json"))["rules"][0]["modality"] == "CT"
    assert "by service:cli" in kerma("show")
    assert items_of(room, come(room, actor, industry="medical", modality="DX")) == []
    assert json.loads(kerma("dry-run", "--json"))["unread"] == 2
    assert kerma("end") == "every exam that arrives is read\n"
    assert items_of(room, come(room, actor, industry="medical", modality="DX"))


def test_a_table_that_cannot_be_set_is_refused_and_changes_nothing(kerma: Any, tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text("name,trigger\nx,score\n", encoding="utf-8")
    for command in ("check", "set", "dry-run"):
        with pytest.raises(WrongUsage, match="rule 1 'x': it says at or above"):
            kerma(command, str(file))
    assert json.loads(kerma("show", "--json"))["rules_id"] == 0
