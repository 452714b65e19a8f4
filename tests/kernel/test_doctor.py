from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.database import Database
from kerma.kernel.doctor import BAD, GOOD, WARNING, examine
from kerma.kernel.migrate import migrate
from kerma.kernel.settings import Settings


def states(findings) -> dict[str, str]:
    worst = {GOOD: 0, WARNING: 1, BAD: 2}
    found: dict[str, str] = {}
    for finding in sorted(findings, key=lambda finding: worst[finding.state]):
        found[finding.subject] = finding.state
    return found


def test_a_fresh_machine_is_looked_at_without_leaving_a_trace(tmp_path: Path) -> None:
    findings = examine(Settings.load({"KERMA_HOME": str(tmp_path / "home")}))
    assert BAD not in states(findings).values()
    assert list(tmp_path.iterdir()) == []


def test_a_working_installation_is_good(kernel: Kernel, clock: HeldClock) -> None:
    migrate(kernel.database)
    kernel.settings.home.chmod(0o700)
    findings = examine(kernel.settings, clock)
    expected = {"home", "database", "blobs", "keys", "clock", "disk", "jobs"}
    assert {subject for subject, state in states(findings).items() if state == GOOD} >= expected - {"disk", "clock"}
    assert states(findings)["disk"] in (GOOD, WARNING, BAD)


def test_keys_and_a_home_open_to_others_are_named_with_the_cure(kernel: Kernel) -> None:
    key = next((kernel.settings.home / "keys").glob("*.key"))
    key.chmod(0o644)
    kernel.settings.home.chmod(0o755)
    findings = examine(kernel.settings)
    bad = [finding.detail for finding in findings if finding.state == BAD]
    assert bad and f"chmod 600 {key}" in bad[0]
    assert any("chmod 700" in finding.detail for finding in findings if finding.subject == "home")


def test_a_clock_behind_the_ledger_is_found(kernel: Kernel, actor: Actor, clock: HeldClock) -> None:
    from kerma.areas.people import actions

    actions.view(kernel, actor)
    clock.advance(-86_400)
    assert states(examine(kernel.settings, clock))["clock"] == BAD


def test_a_database_that_does_not_answer_is_a_finding_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://kerma:very-secret@127.0.0.1:1/kerma"
    findings = examine(Settings.load({"KERMA_HOME": str(tmp_path), "KERMA_DATABASE_URL": url}))
    assert states(findings)["database"] == BAD
    assert not any("very-secret" in finding.detail for finding in findings)


def test_a_database_of_a_newer_kerma_is_found(kernel: Kernel) -> None:
    with kernel.database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert states(examine(kernel.settings))["database"] == BAD


@pytest.mark.parametrize("blobs", ["file:///proc/nowhere/blobs"])
def test_blobs_that_cannot_be_written_are_a_finding(tmp_path: Path, blobs: str) -> None:
    settings = replace(Settings.load({"KERMA_HOME": str(tmp_path)}), blobs_url=blobs)
    assert states(examine(settings))["blobs"] == BAD


def test_the_database_is_given_back(kernel: Kernel) -> None:
    examine(kernel.settings)
    other = Database(kernel.settings.database_url)
    with other.write() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    other.close()
