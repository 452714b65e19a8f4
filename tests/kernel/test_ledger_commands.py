import json
import stat
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from kerma.kernel import commands
from kerma.kernel.action import Actor, Kernel, action


@action("test_ledger_commands.note")
def note(act) -> None:
    """Do nothing, and leave a record of it."""


class Wiring:
    """What the commands ask of the command line."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def kernel(self) -> Kernel:
        return self._kernel


class Kerma:
    """Runs a command as the shell would and gives exit code, standard output and standard error."""

    def __init__(self, kernel: Kernel) -> None:
        self.cli = typer.Typer()
        self.wiring = Wiring(kernel)
        commands.register(self.cli)

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        result = CliRunner().invoke(self.cli, [str(part) for part in arguments], obj=self.wiring, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.return_value or 0, result.stdout, result.stderr


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def kerma(kernel: Kernel, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> Kerma:
    monkeypatch.setenv("KERMA_HOME", str(kernel.settings.home))
    for _ in range(5):
        note(kernel, actor)
    return Kerma(kernel)


def test_export_then_verify_then_alter(kerma: Kerma, tmp_path: Path) -> None:
    out = tmp_path / "ledger.export"
    code, shown, _ = kerma("ledger", "export", "--out", out, "--json")
    written = json.loads(shown)
    assert (code, written["size"]) == (0, 6)
    assert b'"action":"ledger.export","actor":"service:cli"' in out.read_bytes()

    code, shown, _ = kerma("verify", out, "--key", written["vkey"], "--json")
    answer = json.loads(shown)
    assert (code, answer["unaltered"], answer["findings"], answer["warnings"]) == (0, True, [], [])
    assert answer["facts"]["root"] == written["root"]

    out.write_bytes(out.read_bytes().replace(b"person:1", b"person:2", 1))
    code, shown, _ = kerma("verify", out, "--key", written["vkey"])
    assert code == 1
    assert "record 0 was altered" in shown
    assert "ALTERED" in shown
    code, shown, errors = kerma("verify", out, "--json")
    answer = json.loads(shown)
    assert (code, answer["unaltered"], answer["findings"][0]["first_record"]) == (1, False, 0)
    assert "ALTERED" in errors


def test_the_key_may_be_text_or_a_file_or_that_of_the_home(kerma: Kerma, tmp_path: Path) -> None:
    out = tmp_path / "ledger.export"
    kerma("ledger", "export", "--out", out)
    key = kerma("ledger", "key")[1].strip()
    (tmp_path / "their.vkey").write_text(key + "\n")
    for option in (["--key", key], ["--key", tmp_path / "their.vkey"], []):
        code, shown, errors = kerma("verify", out, *option)
        assert (code, "UNALTERED" in shown, "WARNING" in errors) == (0, True, False)


def test_without_any_key_the_answer_warns(kerma: Kerma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "ledger.export"
    kerma("ledger", "export", "--out", out)
    monkeypatch.setenv("KERMA_HOME", str(tmp_path / "elsewhere"))
    code, shown, errors = kerma("verify", out)
    assert (code, "UNALTERED" in shown, "not who wrote it" in errors) == (0, True, True)
    assert not (tmp_path / "elsewhere").exists()


def test_what_cannot_be_checked_is_exit_code_2(kerma: Kerma, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("hello")
    code, shown, errors = kerma("verify", other, "--json")
    assert code == 2
    assert json.loads(shown)["unaltered"] is None
    assert "no ledger export" in errors
    assert kerma("verify", tmp_path / "nothing")[0] == 2
    out = tmp_path / "ledger.export"
    kerma("ledger", "export", "--out", out)
    assert kerma("verify", out, "--key", "no key and no file")[0] == 2
    assert kerma("verify", out, "--witness", tmp_path / "nothing")[0] == 2


def test_a_kept_checkpoint_finds_an_older_export(kerma: Kerma, tmp_path: Path, kernel: Kernel, actor: Actor) -> None:
    old, new = tmp_path / "old.export", tmp_path / "new.export"
    kerma("ledger", "export", "--out", old)
    note(kernel, actor)
    (tmp_path / "kept").write_text(kerma("ledger", "checkpoint")[1])
    kerma("ledger", "export", "--out", new)
    assert kerma("verify", new, "--witness", tmp_path / "kept", "--at-least", 7)[0] == 0
    for known in (["--witness", tmp_path / "kept"], ["--at-least", 7]):
        code, shown, _ = kerma("verify", old, *known)
        assert (code, "7 records already" in shown) == (1, True)


def test_the_secret_never_shows(kerma: Kerma, kernel: Kernel, tmp_path: Path) -> None:
    secret = (kernel.settings.home / "keys" / "ledger.key").read_text().strip().split("+")[-1]
    assert stat.S_IMODE((kernel.settings.home / "keys").stat().st_mode) == 0o700
    out = tmp_path / "ledger.export"
    shown = "".join("".join(kerma(*call)[1:]) for call in (["ledger", "key"], ["ledger", "export", "--out", out]))
    assert secret not in shown + out.read_text()
