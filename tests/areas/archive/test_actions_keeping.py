"""Retention rules and legal holds: made, ended, placed, and lifted by two different persons only."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from films import Archive, film
from kerma.areas.archive import actions_keeping as keeping
from kerma.areas.archive.model import subject
from kerma.areas.archive.model_keeping import legal_hold, retention_rule
from kerma.errors import Conflict, KermaError, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor
from kerma.kernel.identity import service


def person(number: int) -> Actor:
    return Actor("person", str(number), f"Person {number}", frozenset({"archive.*"}))


def add(archive: Archive, **values: Any) -> int:
    given = {"industry": "medical", "kept_days": 3650, "source": "hospital law"} | values
    return keeping.add_retention_rule(archive.kernel, archive.actor, **given)


def test_a_rule_is_made_and_ended_and_stays_on_the_list(archive: Archive) -> None:
    number = add(archive, subject_class="child", options={"counted_from": "birth"})
    keeping.end_retention_rule(archive.kernel, archive.actor, rule_id=number)
    (row,) = archive.rows(sa.select(retention_rule))
    assert (row["state"], row["counted_from"], row["made_by"], row["ended_by"]) == (
        "off",
        "birth",
        "person:1",
        "person:1",
    )
    assert [record["action"] for record in archive.records()] == [
        "archive.add_retention_rule",
        "archive.end_retention_rule",
    ]
    with pytest.raises(Conflict):
        keeping.end_retention_rule(archive.kernel, archive.actor, rule_id=number)
    with pytest.raises(NotFound):
        keeping.end_retention_rule(archive.kernel, archive.actor, rule_id=99)


@pytest.mark.parametrize(
    "wrong",
    [
        {"industry": "bakery"},
        {"kept_days": -1},
        {"source": " "},
        {"options": {"counted_from": "easter"}},
        {"options": {"weather": "fine"}},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(archive: Archive, wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongUsage):
        add(archive, **wrong)
    assert archive.count(retention_rule) == 0


def test_holds_name_what_is_there(archive: Archive) -> None:
    stored = archive.ingest(film())
    (row,) = archive.rows(sa.select(subject))
    place = lambda target, thing: keeping.hold(  # noqa: E731
        archive.kernel, archive.actor, target=target, thing=thing, reason="law suit"
    )
    place("exam", str(stored.exam_pk))
    place("exam", stored.exam_uid)
    place("subject", row["key"])
    place("subject", "P-17")
    place("accession", "A-NOT-YET-HERE")
    assert [(found["target"], found["thing"]) for found in archive.rows(sa.select(legal_hold).order_by("id"))] == [
        ("exam", stored.exam_uid),
        ("exam", stored.exam_uid),
        ("subject", row["key"]),
        ("subject", row["key"]),
        ("accession", "A-NOT-YET-HERE"),
    ]
    assert "A-NOT-YET-HERE" not in str(archive.records()), "an accession number is no key and stays out of the ledger"
    for target, thing in (("exam", "99"), ("subject", "P-99"), ("planet", "Mars"), ("accession", "")):
        with pytest.raises((NotFound, WrongUsage)):
            place(target, thing)
    with pytest.raises(WrongUsage):
        keeping.hold(archive.kernel, archive.actor, target="exam", thing=stored.exam_uid, reason=" ")


def test_one_person_asks_and_another_confirms(archive: Archive) -> None:
    number = keeping.hold(archive.kernel, archive.actor, target="accession", thing="A-9", reason="law suit")
    with pytest.raises(Conflict, match="one person asks"):
        keeping.lift(archive.kernel, person(3), hold_id=number)
    keeping.request_lift(archive.kernel, person(3), hold_id=number, reason="settled")
    with pytest.raises(NotAllowed, match="another person"):
        keeping.lift(archive.kernel, person(3), hold_id=number)
    with pytest.raises(NotAllowed, match="program"):
        keeping.lift(archive.kernel, service("cli", "archive.*"), hold_id=number)
    with pytest.raises(NotAllowed, match="program"):
        keeping.lift(archive.kernel, dataclasses.replace(person(4), kind="token"), hold_id=number)
    keeping.lift(archive.kernel, person(4), hold_id=number)
    (row,) = archive.rows(sa.select(legal_hold))
    assert (row["lift_requested_by"], row["lifted_by"]) == ("person:3", "person:4")
    assert archive.records("archive.lift")[-1]["details"]["requested_by"] == "person:3"
    with pytest.raises(Conflict, match="was lifted"):
        keeping.request_lift(archive.kernel, person(3), hold_id=number, reason="again")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("request", "withdraw", "lift")), st.integers(1, 3), st.sampled_from(("person", "token"))
    ),
    max_size=9,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_whatever_is_tried_two_different_persons_have_lifted_a_lifted_hold(
    archive: Archive, steps: list[tuple[str, int, str]]
) -> None:
    number = keeping.hold(archive.kernel, archive.actor, target="accession", thing="A-9", reason="law suit")
    asked_by: Actor | None = None
    for verb, who, kind in steps:
        actor = dataclasses.replace(person(who), kind=kind)
        calls = {
            "request": lambda actor=actor: keeping.request_lift(
                archive.kernel, actor, hold_id=number, reason="settled"
            ),
            "withdraw": lambda actor=actor: keeping.withdraw_lift(archive.kernel, actor, hold_id=number),
            "lift": lambda actor=actor: keeping.lift(archive.kernel, actor, hold_id=number),
        }
        try:
            calls[verb]()
        except KermaError:
            continue
        if verb == "lift":
            assert asked_by is not None
            assert (asked_by.kind, actor.kind) == ("person", "person")
            assert asked_by.id != actor.id
            break
        asked_by = actor if verb == "request" else None
    (row,) = archive.rows(sa.select(legal_hold).where(legal_hold.c.id == number))
    assert not row["lifted_at"] or row["lifted_by"] != row["lift_requested_by"] != ""


def test_the_database_itself_refuses_a_hold_lifted_by_one_person(archive: Archive) -> None:
    number = keeping.hold(archive.kernel, archive.actor, target="accession", thing="A-9", reason="law suit")
    with pytest.raises(sa.exc.IntegrityError), archive.kernel.database.write() as connection:
        values = {"lift_requested_by": "person:1", "lifted_by": "person:1", "lifted_at": "x"}
        connection.execute(sa.update(legal_hold).where(legal_hold.c.id == number).values(values))


def test_a_class_is_given_and_taken_back(archive: Archive) -> None:
    archive.ingest(film())
    (row,) = archive.rows(sa.select(subject))
    for given_class in ("turbine blade", "casting", ""):
        keeping.classify_subject(archive.kernel, archive.actor, subject_key=row["key"], class_=given_class)
    assert archive.records()[-1]["details"] == {"subject": row["key"], "subject_class": ""}
    with pytest.raises(NotFound):
        keeping.classify_subject(archive.kernel, archive.actor, subject_key="P-99", class_="x")


def test_a_subject_is_told_by_its_id_where_only_one_has_it(archive: Archive) -> None:
    archive.ingest(film(exam=1), industry="medical")
    keeping.classify_subject(archive.kernel, archive.actor, subject_key="P-17", class_="turbine blade")
    assert archive.records()[-1]["details"]["subject"] == archive.rows(sa.select(subject))[0]["key"], "never the id"
    archive.ingest(film(exam=2), industry="ndt")
    with pytest.raises(Conflict, match="2 subjects have the id 'P-17': name one by its key"):
        keeping.classify_subject(archive.kernel, archive.actor, subject_key="P-17", class_="x")
