"""The commands as a person types them: nodes, sending, rules; each also as one JSON document."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dcmtk import dcmqrscp, free_port, program, storescp
from films import Archive, film, uid
from kerma import cli
from kerma.areas.exchange import jobs
from kerma.kernel.clock import HeldClock

built = functools.cache(cli.build)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def backend() -> str:
    """What the commands do is tried on both databases elsewhere."""
    return "sqlite"


@pytest.fixture
def kerma(archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr(cli.Wiring, "close", lambda wiring: None)
    monkeypatch.setattr(cli, "build", built)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(lambda: archive.kernel, list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_nodes_are_added_shown_changed_and_removed(kerma: Run, archive: Archive) -> None:
    code, out, _ = kerma(
        "node", "add", "CT1", "ct1.example.org", "104", "--services", "store,find", "--address", "10.1.0.0/16"
    )
    assert code == 0
    assert "listed CT1 at ct1.example.org:104" in out
    code, out, _ = kerma("node", "list", "--json")
    (node,) = json.loads(out)["nodes"]
    assert (node["ae_title"], node["services"], node["addresses"]) == (
        "CT1",
        ["echo", "store", "find"],
        ["10.1.0.0/16"],
    )
    assert "ct1.example.org:104" in kerma("node", "list")[1]
    assert kerma("node", "change", "CT1", "--off", "--port", "11112")[0] == 0
    shown = kerma("node", "show", "CT1")[1]
    assert "11112" in shown
    assert " off" in shown
    assert kerma("node", "remove", "CT1")[0] == 0
    code, _, err = kerma("node", "show", "CT1")
    assert code == cli.EXIT_FAILED
    assert "kerma node add" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("node", "add", "TOO-LONG-A-TITLE-IS", "h", "104"), "no AE title"),
        (("node", "add", "A", "h", "0"), "port 0 does not exist"),
        (("node", "add", "A", "h", "104", "--services", "print"), "there is no service 'print'"),
        (("node", "change", "A"), "say what is to change"),
        (("route", "add", "r"), "--to NODE"),
        (("route", "add", "r", "--to", "A", "--when", "modality"), "NAME=PATTERN"),
        (("route", "dry-run", "--to", "A", "--since", "week"), "7d"),
        (("query", "A", "--match", "PatientID"), "KEYWORD=VALUE"),
    ],
)
def test_wrong_words_are_answered_in_words(kerma: Run, words: tuple[str, ...], said: str) -> None:
    code, _, err = kerma(*words)
    assert code == cli.EXIT_WRONG_USAGE
    assert said in err


def test_an_exam_is_sent_now(kerma: Run, archive: Archive, tmp_path: Path) -> None:
    archive.ingest(film(image=1))
    archive.ingest(film(image=2, SOPClassUID="1.2.826.0.1.3680043.9.7433.99"))
    with storescp(tmp_path / "in") as port:
        kerma("node", "add", "PEER", "127.0.0.1", str(port))
        code, out, err = kerma("send", "1", "PEER", "--now")
        assert code == 1
        assert "sent 1 of 2 images" in out
        assert f"not taken: {uid(1, 1, 2)}" in err
        code, out, _ = kerma("send", uid(1), "PEER", "--now", "--image", uid(1, 1, 1), "--json")
        assert (code, json.loads(out)["sent"]) == (0, 1)
        assert "answers" in kerma("node", "echo", "PEER")[1]
    code, _, err = kerma("send", "1", "PEER", "--now")
    assert code == cli.EXIT_FAILED
    assert "is not listening" in err
    assert "0 of 2 images" in err


def test_an_exam_is_sent_by_the_server(kerma: Run, archive: Archive) -> None:
    archive.ingest(film())
    kerma("node", "add", "PEER", "127.0.0.1", str(free_port()))
    delivery_id = json.loads(kerma("send", "1", "PEER", "--json")[1])["delivery_id"]
    (row,) = json.loads(kerma("deliveries", "list", "--json")[1])["deliveries"]
    assert (row["id"], row["state"], row["sent"]) == (delivery_id, "waiting", "0/1")
    assert kerma("deliveries", "retry", str(delivery_id))[0] == 0
    assert "PEER" in kerma("deliveries", "list")[1]
    assert kerma("commit", "1", "PEER")[0] == 0
    (promise,) = json.loads(kerma("commitments", "--json")[1])["commitments"]
    assert (promise["direction"], promise["asked"]) == ("asked", 1)


def test_rules_and_their_dry_run(kerma: Run, archive: Archive) -> None:
    archive.ingest(film(exam=1))
    archive.ingest(film(exam=2, Modality="CT"))
    kerma("node", "add", "PEER", "127.0.0.1", "104")
    out = kerma("route", "dry-run", "--when", "modality=DX,CR", "--to", "PEER", "--since", "7d")[1]
    assert "1 of 2 exams of the last 7d would have been sent" in out
    assert "PEER: 1 exams, 1 images" in out
    assert "not by modality: 1 exams" in out
    assert kerma("route", "add", "films", "--when", "modality=DX,CR", "--to", "PEER")[0] == 0
    assert kerma("route", "add", "old", "--priors-from", "PEER", "--number", "2")[0] == 0
    run = json.loads(kerma("route", "dry-run", "films", "--json")[1])
    assert (run["exam_count"], run["per_node"]["PEER"]["image_count"]) == (1, 1)
    rules = {row["name"]: row for row in json.loads(kerma("route", "list", "--json")[1])["rules"]}
    assert rules["films"]["condition"] == {"modality": ["CR", "DX"]}
    assert (rules["old"]["kind"], rules["old"]["limits"]) == ("prior", {"number": 2})
    assert kerma("route", "off", "films")[0] == 0
    assert "off" in kerma("route", "list")[1]
    assert kerma("route", "remove", "films")[0] == 0


def test_another_archive_is_queried_and_fetched_from(kerma: Run, archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "film.dcm"
    path.write_bytes(film())
    with dcmqrscp(tmp_path / "other", {"KERMA": free_port()}) as port:
        subprocess.run(
            [program("storescu"), "-aec", "ARCHIVE", "127.0.0.1", str(port), str(path)], check=True, timeout=60
        )
        kerma("node", "add", "ARCHIVE", "127.0.0.1", str(port))
        assert uid(1) in kerma("query", "ARCHIVE", "--match", "PatientID=P-17")[1]
        assert "no match" in kerma("query", "ARCHIVE", "--match", "PatientID=P-99")[1]
        code, out, err = kerma("fetch", "ARCHIVE", uid(1))
    assert code == 0, err
    assert "fetched 1 images from ARCHIVE by C-GET" in out
    assert "no rule has asked" in kerma("route", "fetches")[1]
    kerma("route", "add", "priors", "--when", "modality=DX", "--priors-from", "ARCHIVE", "--quiet-s", "1")
    archive.ingest(film(exam=2))
    jobs.actions_route.route_exam(
        replace(archive.kernel, clock=HeldClock(archive.kernel.clock.now() + timedelta(minutes=1))),
        jobs.ROUTER, exam_pk=2,
    )  # fmt: skip
    jobs.fetch_priors(archive.kernel, fetch_id=1)
    assert re.search(r"priors +ARCHIVE +exam:2 +waiting +0 +1 .*is not listening", kerma("route", "fetches")[1])
    (row,) = json.loads(kerma("route", "fetches", "--state", "waiting", "--json")[1])["fetches"]
    assert (row["rule"], row["state"], row["exam_count"]) == ("priors", "waiting", 0)
    assert json.loads(kerma("route", "fetches", "--state", "done", "--json")[1])["fetches"] == []
