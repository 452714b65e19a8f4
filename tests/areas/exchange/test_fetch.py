"""Asking other archives: DCMTK's dcmqrscp is queried and fetched from, over C-GET and over C-MOVE to ourselves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dcmtk import dcmqrscp, free_port, program
from films import Archive, film, uid
from kerma.areas.archive.model import image
from kerma.areas.exchange import actions_ask, actions_route, fetch, jobs, queries_deliver, queries_route
from kerma.areas.exchange.actions_route import RuleGiven
from kerma.errors import Conflict, NotAllowed, Unreachable, WrongUsage
from kerma.kernel.action import Actor
from network import door

FILMS = [
    film(exam=1, image=1), film(exam=1, image=2), film(exam=2, StudyDate="20250101"),
    film(exam=3, StudyDate="20200101"), film(exam=4, PatientID="P-18"),
]  # fmt: skip


@pytest.fixture
def other(archive: Archive, lists: Any, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Another archive with five films of two subjects; it knows Kerma as a destination."""
    files = []
    for number, data in enumerate(FILMS):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(data)
        files.append(str(path))
    own = free_port()
    with dcmqrscp(tmp_path / "other", {"KERMA": own}) as port:
        send = [program("storescu"), "-aec", "ARCHIVE", "127.0.0.1", str(port), *files]
        subprocess.run(send, check=True, timeout=60)
        yield lists("ARCHIVE", port, services=["store"]) | {"own": own}


def stored(archive: Archive) -> set[str]:
    return {row["uid"] for row in archive.rows(image.select())}


def query(archive: Archive, level: str = "study", **asked: str) -> list[dict[str, Any]]:
    return actions_ask.query(archive.kernel, archive.actor, ae_title="ARCHIVE", level=level, asked=asked)


def test_queries_at_every_level(archive: Archive, other: dict[str, Any]) -> None:
    assert {row["StudyInstanceUID"] for row in query(archive, PatientID="P-17")} == {uid(1), uid(2), uid(3)}
    assert {row["StudyInstanceUID"] for row in query(archive, StudyDate="20250101-", PatientID="P-17")} == {
        uid(1), uid(2),
    }  # fmt: skip
    (series,) = query(archive, "series", StudyInstanceUID=uid(1))
    assert series["Modality"] == "DX"
    images = query(archive, "image", StudyInstanceUID=uid(1), SeriesInstanceUID=uid(1, 1))
    assert {row["SOPInstanceUID"] for row in images} == {uid(1, 1, 1), uid(1, 1, 2)}
    record = archive.records("exchange.query")[0]
    assert record["details"]["keywords"] == ["PatientID"]
    assert "P-17" not in str(archive.records("exchange.query"))


@pytest.mark.parametrize(
    ("level", "asked"),
    [
        ("room", {}), ("series", {}), ("study", {"Patient ID": "1"}), ("study", {"NoKeyword": "1"}),
        ("study", {"StudyID": "1", "NumberOfStudyRelatedSeries": "many"}), ("study", {"PatientSize": "tall"}),
        ("study", {"ReferencedStudySequence": "1.2"}), ("study", {"PixelData": "1"}), ("study", {"Rows": "-1"}),
    ],
)  # fmt: skip
def test_queries_that_make_no_sense(archive: Archive, other: dict[str, Any], level: str, asked: dict[str, str]) -> None:
    with pytest.raises(WrongUsage):
        query(archive, level, **asked)
    assert archive.records("exchange.query") == []


def test_letters_beyond_ascii_are_asked_for_in_unicode() -> None:
    asked = fetch.query_of("study", {"PatientName": "Dupont^Zoé"})
    assert (asked.SpecificCharacterSet, str(asked.PatientName)) == ("ISO_IR 192", "Dupont^Zoé")
    assert "SpecificCharacterSet" not in fetch.query_of("study", {"PatientName": "Dupont*"})


def test_an_exam_is_fetched_over_our_own_association(archive: Archive, other: dict[str, Any]) -> None:
    seen = []
    state = actions_ask.fetch_exam(
        archive.kernel, archive.actor, ae_title="ARCHIVE", exam_uid=uid(1),
        on_progress=lambda now: seen.append(now.completed),
    )  # fmt: skip
    assert (state.method, state.completed, state.failed) == ("C-GET", 2, 0)
    assert stored(archive) == {uid(1, 1, 1), uid(1, 1, 2)}
    assert seen[-1] == 2
    again = actions_ask.fetch_exam(archive.kernel, archive.actor, ae_title="ARCHIVE", exam_uid=uid(1))
    assert again.failed == 0, "a second copy is no error"


def test_an_archive_without_c_get_is_asked_to_move(
    archive: Archive, other: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "STUDY_GET", "1.2.840.10008.5.1.4.1.2.2.99")
    with door(archive.kernel, other["own"]):
        state = actions_ask.fetch_exam(archive.kernel, archive.actor, ae_title="ARCHIVE", exam_uid=uid(1))
    assert (state.method, state.completed) == ("C-MOVE", 2)
    assert stored(archive) == {uid(1, 1, 1), uid(1, 1, 2)}


def test_an_exam_that_is_not_there(archive: Archive, other: dict[str, Any]) -> None:
    with pytest.raises(Unreachable, match="has no exam"):
        actions_ask.fetch_exam(archive.kernel, archive.actor, ae_title="ARCHIVE", exam_uid=uid(9))


def test_who_may_not_ingest_does_not_fetch(archive: Archive, other: dict[str, Any]) -> None:
    looker = Actor("person", "9", "Looker", frozenset({"exchange.fetch"}))
    with pytest.raises(NotAllowed):
        actions_ask.fetch_exam(archive.kernel, looker, ae_title="ARCHIVE", exam_uid=uid(1))
    assert stored(archive) == set()


def test_earlier_exams_are_fetched_by_rule(archive: Archive, other: dict[str, Any]) -> None:
    limits = {"number": 5, "max_age_days": 365 * 4}
    usual: Any = {"kind": "prior", "nodes": ["ARCHIVE"], "quiet_s": 0}
    given = RuleGiven("priors", condition={"modality": ["DX"]}, limits=limits, **usual)
    actions_route.add_rule(archive.kernel, archive.actor, given=given)
    back = RuleGiven("back", nodes=["ARCHIVE"], condition={"calling_ae": ["ARCHIVE"]}, quiet_s=0)
    actions_route.add_rule(archive.kernel, archive.actor, given=back)
    archive.ingest(FILMS[0])
    jobs.route_exam(archive.kernel, exam_pk=1)
    with archive.kernel.database.read() as connection:
        (asked,) = queries_route.fetches(connection)
    jobs.fetch_priors(archive.kernel, fetch_id=asked["id"])
    with archive.kernel.database.read() as connection:
        (done,) = queries_route.fetches(connection)
    assert (done["state"], done["exam_count"], done["error"]) == ("done", 1, "")
    assert (done["rule"], done["ae_title"], done["cause"]) == ("priors", "ARCHIVE", "exam:1")
    assert stored(archive) == {uid(1, 1, 1), uid(2, 1, 1)}, "not the one that is here, too old, or of somebody else"
    jobs.route_exam(archive.kernel, exam_pk=2)
    with archive.kernel.database.read() as connection:
        assert len(queries_route.fetches(connection)) == 1, "what was fetched draws in nothing more"
        (deliveries,) = [queries_deliver.deliveries(connection, archive.actor)]
    assert deliveries == [], "and does not go back to where it came from"


def test_echo_says_what_is_wrong(archive: Archive, lists: Any, other: dict[str, Any]) -> None:
    assert actions_ask.echo(archive.kernel, archive.actor, ae_title="ARCHIVE") > 0
    lists("AWAY", free_port())
    with pytest.raises(Unreachable, match="is not listening on port"):
        actions_ask.echo(archive.kernel, archive.actor, ae_title="AWAY")
    lists("WRONG", other["port"])
    with pytest.raises(Unreachable, match="its AE title is another one"):
        actions_ask.echo(archive.kernel, archive.actor, ae_title="WRONG")
    from kerma.areas.exchange import actions

    actions.change_node(archive.kernel, archive.actor, node_id=other["id"], changes={"state": "off"})
    with pytest.raises(Conflict):
        actions_ask.echo(archive.kernel, archive.actor, ae_title="ARCHIVE")
