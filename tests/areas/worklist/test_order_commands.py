"""``kerma order`` and ``kerma performed``, and the files that orders come from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import worklists
from kerma.areas.worklist import actions_perform, commands, rules_orders
from kerma.areas.worklist.dimse import document_of
from kerma.areas.worklist.importing import orders_of_file
from kerma.errors import Conflict, KermaError, Unreadable, WrongUsage
from kerma.kernel.action import Actor, Kernel

TABLE = (
    "subject_id,name,station_ae,modality,start_date,accession,requested_id,step_id,details.WeldNumber\n"
    "PIPE-1,,XRAY1,DX,20260302,A-1,R-1,S-1,W-12\n"
    'PIPE-2,"Line 4, north",XRAY1,,20260303,A-2,R-2,S-2,\n'
    "PIPE-3,,XRAY1,CR,20260304,A-3,R-3,S-3,W-14\n"
)


@pytest.fixture
def kerma(kernel: Kernel):
    class Wiring:
        def kernel(self) -> Kernel:
            return kernel

    cli = typer.Typer()
    commands.register(cli)

    def run(*arguments: str, code: int = 0) -> Any:
        done = CliRunner().invoke(cli, list(arguments), obj=Wiring(), standalone_mode=False)
        if isinstance(done.exception, KermaError):
            raise done.exception
        assert done.exception is None, done.exception
        assert (done.return_value or 0) == code, done.output
        return done.stdout

    return run


def test_an_order_is_added_listed_and_canceled(kerma) -> None:
    made = kerma(
        "order", "add", "PIPE-1", "--industry", "ndt", "--station", "XRAY1", "--set", "accession=A-1",
        "--set", "details.WeldNumber=W-12", "--set", "requested_description=Weld root",
    )  # fmt: skip
    assert made == "order 1: accession number A-1, step S1 on XRAY1\n"
    listed = kerma("order", "list")
    assert "PIPE-1" in listed
    assert "2026-03-02 " in listed
    assert json.loads(kerma("order", "list", "--json"))[0]["details"] == '{"WeldNumber": "W-12"}'
    assert kerma("order", "arrive", "1") == "the subject of order 1 has arrived\n"
    assert " arrived " in kerma("order", "list", "--state", "arrived")
    assert kerma("order", "cancel", "1", "--reason", "scrapped") == "order 1 is canceled\n"
    assert kerma("order", "list").startswith("no orders")
    with pytest.raises(Conflict, match="order 1 is canceled"):
        kerma("order", "arrive", "1")
    with pytest.raises(WrongUsage, match="FIELD=VALUE"):
        kerma("order", "add", "PIPE-1", "--industry", "ndt", "--station", "XRAY1", "--set", "accession")
    with pytest.raises(WrongUsage, match="no field 'weld'"):
        kerma("order", "add", "PIPE-1", "--industry", "ndt", "--station", "XRAY1", "--set", "weld=1")


def test_a_table_is_imported_and_importing_again_changes_nothing(kerma, tmp_path: Path) -> None:
    table = tmp_path / "orders.csv"
    table.write_text(TABLE, encoding="utf-8-sig")
    first = json.loads(kerma("order", "import", str(table), "--industry", "ndt", "--json", code=1))
    assert first["placed"] == 2
    assert [(one["order"], "'modality' is missing" in one["reason"]) for one in first["refused"]] == [(2, True)]
    again = json.loads(kerma("order", "import", str(table), "--industry", "ndt", "--json", code=1))
    assert (again["placed"], len(again["refused"])) == (0, 3)
    assert len(json.loads(kerma("order", "list", "--json"))) == 2


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("orders.txt", b"", WrongUsage, "end in"),
        ("orders.csv", b"subject_id,colour\nA,red\n", WrongUsage, "no field 'colour'"),
        ("orders.csv", b"subject_id\nA,B\n", Unreadable, "line 2"),
        ("orders.csv", b"subject_id\n\xff\xfe\n", Unreadable, "UTF-8"),
        ("orders.dump", b"(0010,0020) xx [P]\n", Unreadable, "line 1"),
    ],
)
def test_a_file_that_holds_no_orders_says_why(
    tmp_path: Path, name: str, content: bytes, error: type[KermaError], words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=words):
        orders_of_file(path, "ndt")


def test_garbage_that_calls_itself_a_worklist_file_makes_no_orders_of_it(tmp_path: Path) -> None:
    path = tmp_path / "step.wl"
    for content in (b"", b"\0" * 200, b"\x10\x00\x20\x00\xff\xff\xff\x7fxx", bytes(range(256)) * 8):
        path.write_bytes(content)
        try:
            orders = orders_of_file(path, "medical")
        except Unreadable:
            continue
        assert all(rules_orders.problems(asdict(order), ("medical",)) for order in orders)


def test_reports_that_fit_nothing_are_listed_matched_and_dismissed(kerma, kernel: Kernel, actor: Actor) -> None:
    kerma("order", "add", "P-17", "--industry", "medical", "--station", "DX1")
    for number in (1, 2):
        document = document_of(worklists.performed(worklists.order(accession=f"X-{number}")))
        actions_perform.perform(kernel, actor, report=actions_perform.Begin(f"{worklists.ROOT}.{number}", document))
    listed = kerma("performed", "list")
    assert "1: no ordered step has this study UID" in listed
    assert kerma("performed", "match", "1", "1") == "step 1 fulfils order 1\n"
    assert kerma("performed", "dismiss", "2", "--reason", "phantom") == "step 2 is dismissed\n"
    assert kerma("performed", "list") == "nothing to reconcile\n"
    rows = json.loads(kerma("performed", "list", "--all", "--json"))
    assert [(row["matching"], row["decided_by"]) for row in rows] == [
        ("dismissed", "service:cli"),
        ("by-person", "service:cli"),
    ]
