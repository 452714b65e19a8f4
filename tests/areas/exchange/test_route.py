"""Rules as rows: what they send, what a dry run says they would have sent, and that both agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dcmtk import free_port
from films import Archive, film
from kerma.areas.archive.model_keeping import ExamDeleted
from kerma.areas.exchange import (
    actions_commit,
    actions_deletion,
    actions_deliver,
    actions_route,
    jobs,
    queries_deliver,
    queries_route,
)
from kerma.areas.exchange.actions_deliver import Order
from kerma.areas.exchange.actions_route import RuleGiven
from kerma.areas.exchange.model import commitment, delivery, exam_source
from kerma.areas.worklist.model_orders import OrderPlaced
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Action, Actor
from kerma.kernel.clock import HeldClock

DAY = 86_400


@pytest.fixture
def archive(archive: Archive) -> Archive:
    held = HeldClock(archive.kernel.clock.now())
    archive.kernel = replace(archive.kernel, clock=held)
    return archive


def rule(archive: Archive, name: str = "chest", **given: Any) -> int:
    return actions_route.add_rule(archive.kernel, archive.actor, given=RuleGiven(name, **{"nodes": ["PEER"]} | given))


def routed(archive: Archive, exam_pk: int = 1, after_s: float = 60) -> list[dict[str, Any]]:
    archive.kernel.clock.advance(after_s)
    jobs.route_exam(archive.kernel, exam_pk=exam_pk)
    with archive.kernel.database.read() as connection:
        return queries_deliver.deliveries(connection, archive.actor)


def dry(archive: Archive, since: str = "", **given: Any) -> Any:
    with archive.kernel.database.read() as connection:
        asked = actions_route.checked(connection, RuleGiven("dry", **{"nodes": ["PEER"]} | given))
        return queries_route.dry_run(connection, asked, since)


def test_an_exam_is_sent_once_it_is_quiet_and_only_once(archive: Archive, lists: Any) -> None:
    lists("PEER", free_port())
    rule(archive, condition={"modality": ["DX"], "description": ["*thorax*"]}, quiet_s=30)
    archive.ingest(film(image=1))
    assert routed(archive, after_s=10) == [], "it may still be arriving"
    archive.ingest(film(image=2))
    assert routed(archive, after_s=29) == []
    (delivery,) = routed(archive, after_s=2)
    assert (delivery["reason"], delivery["image_count"]) == ("rule", 2)
    assert routed(archive) == [delivery]


def test_images_that_come_late_are_sent_alone(archive: Archive, lists: Any) -> None:
    lists("PEER", free_port())
    rule(archive)
    archive.ingest(film(image=1))
    (first,) = routed(archive)
    jobs.deliver(archive.kernel, delivery_id=first["id"], attempt=0)  # it was begun, so it will not take more along
    archive.ingest(film(image=2))
    late = routed(archive)[0]
    assert late["id"] != first["id"]
    with archive.kernel.database.read() as connection:
        (row,) = queries_deliver.still_to_send(connection, late)
    assert row["number"] == 2


def test_an_exam_never_goes_back_to_the_node_it_came_from(archive: Archive, lists: Any) -> None:
    peer, other = lists("PEER", free_port()), lists("OTHER", free_port())
    rule(archive, nodes=["PEER", "OTHER"])
    sender = Archive(archive.kernel, Actor("node", str(peer["id"]), "PEER", frozenset({"archive.ingest"})))
    sender.ingest(film())
    assert [delivery["node_id"] for delivery in routed(archive)] == [other["id"]]
    run = dry(archive, nodes=["PEER", "OTHER"])
    assert [exam["nodes"] for exam in run.exams] == [["OTHER"]]


def test_a_rule_may_ask_who_sent_the_exam(archive: Archive, lists: Any) -> None:
    lists("PEER", free_port())
    ct = lists("CT1", free_port())
    rule(archive, condition={"calling_ae": ["CT*"]})
    archive.ingest(film(exam=1))
    Archive(archive.kernel, Actor("node", str(ct["id"]), "CT1", frozenset({"archive.ingest"}))).ingest(film(exam=2))
    assert routed(archive, 1) == []
    assert len(routed(archive, 2)) == 1


def test_rules_and_nodes_that_are_off_do_nothing(archive: Archive, lists: Any) -> None:
    lists("PEER", free_port())
    rule(archive)
    archive.ingest(film())
    actions_route.switch_rule(archive.kernel, archive.actor, name="chest", state="off")
    assert routed(archive) == []
    actions_route.switch_rule(archive.kernel, archive.actor, name="chest", state="on")
    assert len(routed(archive)) == 1
    actions_route.remove_rule(archive.kernel, archive.actor, name="chest")
    assert len(routed(archive)) == 1, "what was asked for is still done"
    with pytest.raises(NotFound):
        actions_route.remove_rule(archive.kernel, archive.actor, name="chest")


def test_a_dry_run_says_what_would_have_been_sent(archive: Archive, lists: Any) -> None:
    lists("PEER", free_port())
    sizes = [archive.ingest(film(exam=1, image=image)).size_bytes for image in (1, 2)]
    archive.ingest(film(exam=2, Modality="CT"))
    archive.ingest(film(exam=3, StudyDescription="Knie"))
    run = dry(archive, condition={"modality": ["DX"], "description": ["Thorax*"]})
    assert (run.looked_at, run.exam_count, run.image_count, run.size_bytes) == (3, 1, 2, sum(sizes))
    assert run.per_node == {"PEER": {"exam_count": 1, "image_count": 2, "size_bytes": sum(sizes)}}
    assert run.missed == {"modality": 1, "description": 1}
    assert [exam["id"] for exam in run.exams] == [1]
    assert "Dupont" not in str(run)
    with archive.kernel.database.read() as connection:
        assert queries_deliver.deliveries(connection, archive.actor) == [], "nothing is sent"


def test_a_dry_run_looks_back_no_further_than_asked(archive: Archive, lists: Any) -> None:
    from kerma.kernel import clock

    lists("PEER", free_port())
    archive.ingest(film(exam=1))
    archive.kernel.clock.advance(10 * DAY)
    now = clock.text(archive.kernel.clock.now())
    archive.ingest(film(exam=2))
    assert [exam["id"] for exam in dry(archive, since=now).exams] == [2]
    assert dry(archive).exam_count == 2


def test_what_a_dry_run_says_is_what_the_rule_then_does(archive: Archive, lists: Any) -> None:
    lists("PEER", free_port())
    conditions = {"modality": ["DX", "C?"], "station": ["A*"]}
    rule(archive, condition=conditions)
    kinds = (("DX", "A1"), ("CT", "A2"), ("CT", "B1"), ("US", "A1"))
    for exam, (modality, station) in enumerate(kinds, start=1):
        archive.ingest(film(exam=exam, Modality=modality, StationName=station))
    foretold = {exam["id"] for exam in dry(archive, condition=conditions).exams}
    for exam_pk in range(1, 5):
        done = routed(archive, exam_pk)
    assert {delivery["exam_pk"] for delivery in done} == foretold == {1, 2}


@pytest.mark.parametrize(
    ("error", "given"),
    [
        (Conflict, {}),
        (NotFound, {"name": "b", "nodes": ["NOBODY"]}),
        (WrongUsage, {"name": "b", "nodes": []}),
        (WrongUsage, {"name": " "}),
        (WrongUsage, {"name": "b", "kind": "move"}),
        (WrongUsage, {"name": "b", "quiet_s": -1}),
        (WrongUsage, {"name": "b", "condition": {"weather": ["rain"]}}),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    archive: Archive, lists: Any, error: type[Exception], given: dict[str, Any]
) -> None:
    lists("PEER", free_port())
    rule(archive)
    with pytest.raises(error):
        rule(archive, **{"name": "chest"} | given)


def test_an_order_asks_for_earlier_exams_once(archive: Archive, lists: Any) -> None:
    lists("PEER", free_port())
    rule(archive, kind="prior", condition={"modality": ["CT"]}, limits={"number": 2})
    placed = Action("test.place", lambda act, event: actions_route.on_order_placed(act, event))
    event = OrderPlaced(7, "medical", "P-17", "", "CT", "CT1", "1.2.3")
    for one in (event, event, replace(event, order_pk=8, modality="MR"), replace(event, order_pk=9, subject_id="")):
        placed(archive.kernel, archive.actor, one)
    with archive.kernel.database.read() as connection:
        (row,) = queries_route.fetches(connection)
    assert (row["cause"], row["state"]) == ("order:7", "waiting")


def test_an_exam_that_is_deleted_takes_its_deliveries_along(archive: Archive, lists: Any) -> None:
    node = lists("PEER", free_port())
    archive.ingest(film())
    actions_deliver.send(archive.kernel, archive.actor, order=Order(node["id"], 1))
    actions_commit.ask(archive.kernel, archive.actor, node_id=node["id"], exam_pk=1, transaction_uid="1.2.3")
    delete = Action("test.delete", lambda act, event: actions_deletion.on_exam_deleted(act, event))
    delete(archive.kernel, archive.actor, ExamDeleted(1, "1.2", (1,)))
    assert [archive.count(table) for table in (delivery, exam_source, commitment)] == [0, 0, 1]
    jobs.deliver(archive.kernel, delivery_id=1, attempt=0)
