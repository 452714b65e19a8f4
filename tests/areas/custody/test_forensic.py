"""Forensic checks of an exam: fingerprints of what arrives, the same picture elsewhere, what is kept and proven."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from films import Archive, film
from forensic_pictures import exposed, picture, png, thing, to_8_bit
from kerma.app import subscriptions
from kerma.areas.archive import actions_deletion as deletion
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.actions_keeping import add_retention_rule
from kerma.areas.archive.model import Arrival
from kerma.areas.custody import evidence_custody, queries_forensic
from kerma.areas.custody.actions_forensic import keep_fingerprints, signed
from kerma.areas.custody.forensic_exam import examine
from kerma.areas.custody.jobs_forensic import FINGERPRINTS, make_fingerprints
from kerma.areas.custody.model_forensic import forensic_examination, image_fingerprint
from kerma.areas.custody.routes_forensic import router
from kerma.errors import NotAllowed, NotFound
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock
from kerma.kernel.jobs_model import job_request
from kerma.kernel.ledger_tables import ledger_record


def arrive(kernel: Kernel, actor: Actor, data: bytes, name: str) -> int:
    """Ingest one image as an exam and make its fingerprints; returns the exam's number."""
    stored = ingest(kernel, actor, source=Arrival(data=data, file_name=name, industry="ndt"))
    assert stored.exam_pk is not None
    make_fingerprints(kernel, exam_pk=stored.exam_pk)
    return stored.exam_pk


def count(kernel: Kernel, table: sa.Table) -> int:
    with kernel.database.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_the_same_exposure_under_another_name_is_found_in_the_archive(kernel: Kernel, actor: Actor) -> None:
    original = arrive(kernel, actor, png(picture(1)), "weld-1.png")
    arrive(kernel, actor, png(picture(2)), "weld-2.png")
    again = arrive(kernel, actor, png(to_8_bit(picture(1))[6:-3, 4:-9], Software="GIMP 2.10"), "weld-9.png")
    found = examine(kernel, actor, exam_pk=again)["document"]
    (pair,) = found["duplicates"]
    assert (pair["other_exam_pk"], pair["other"], pair["is_same_exam"]) == (original, "weld-1.png", False)
    assert [trace["outcome"] for trace in pair["traces"]] == ["found", "found"]
    assert "picture-editor" in {one["rule"] for one in found["contradictions"]}
    assert found["not_looked_at"] == [] and "no proof" in found["caveat"]


def test_another_exposure_of_the_object_is_told_as_that(kernel: Kernel, actor: Actor) -> None:
    first = arrive(kernel, actor, png(exposed(thing(3), 1)), "film-1.png")
    arrive(kernel, actor, png(exposed(thing(3), 2)), "film-2.png")
    (pair,) = examine(kernel, actor, exam_pk=first)["document"]["duplicates"]
    assert [trace["outcome"] for trace in pair["traces"]] == ["found", "not-found"]


def test_the_job_run_twice_keeps_once_and_a_bad_image_stops_no_other(
    kernel: Kernel, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_pk = arrive(kernel, actor, png(picture(4)), "a.png")
    kept = count(kernel, image_fingerprint)
    make_fingerprints(kernel, exam_pk=exam_pk)
    assert count(kernel, image_fingerprint) == kept == 3
    good = png(picture(5))
    broken = good[: len(good) // 2] + bytes(200) + good[len(good) // 2 + 200 :]
    spoilt = arrive(kernel, actor, broken, "broken.png")
    assert arrive(kernel, actor, good, "good.png") != spoilt
    with kernel.database.read() as connection:
        none = sa.select(image_fingerprint.c.exam_pk).where(image_fingerprint.c.bits.is_(None))
        assert list(connection.scalars(none)) == [spoilt]
        assert queries_forensic.without_fingerprint(connection, spoilt) == []
    document = examine(kernel, actor, exam_pk=spoilt)["document"]
    assert document["images"][0]["problem"] and document["images"][0]["traces"] == []


def test_arrival_asks_for_the_fingerprints_once(kernel: Kernel, actor: Actor) -> None:
    listening = replace(kernel, subscriptions=subscriptions())
    stored = ingest(listening, actor, source=Arrival(data=png(picture(6)), file_name="a.png", industry="ndt"))
    with kernel.database.read() as connection:
        asked = connection.execute(sa.select(job_request.c.key).where(job_request.c.name == FINGERPRINTS)).scalars()
        assert list(asked) == [str(stored.exam_pk)]
    assert examine(kernel, actor, exam_pk=stored.exam_pk or 0)["document"]["not_looked_at"] == [
        "1 exams whose fingerprints are still to be made"
    ]


def test_the_ledger_holds_the_digest_of_what_was_found(kernel: Kernel, actor: Actor) -> None:
    exam_pk = arrive(kernel, actor, png(picture(7)), "a.png")
    first = examine(kernel, actor, exam_pk=exam_pk)
    assert examine(kernel, actor, exam_pk=exam_pk)["document"] == first["document"]
    assert count(kernel, forensic_examination) == 2
    with kernel.database.read() as connection:
        text = connection.scalar(sa.select(forensic_examination.c.document).limit(1)) or ""
        records = [row for row in connection.scalars(sa.select(ledger_record.c.body)) if "run_forensics" in str(row)]
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == first["document_sha256"] and len(records) == 2 and digest in str(records[0])


def test_the_result_goes_into_the_evidence(kernel: Kernel, actor: Actor) -> None:
    exam_pk = arrive(kernel, actor, png(picture(8)), "a.png")
    assert list(evidence_custody.parts(kernel, exam_pk)) == []
    examine(kernel, actor, exam_pk=exam_pk)
    (part,) = evidence_custody.parts(kernel, exam_pk)
    assert part.path == "data/custody/forensics.json"
    assert json.loads(part.data or b"")["document"]["images"][0]["name"] == "a.png"


def test_who_may_not_is_refused_and_no_exam_is_told(kernel: Kernel, actor: Actor, stranger: Actor) -> None:
    exam_pk = arrive(kernel, actor, png(picture(9)), "a.png")
    with pytest.raises(NotAllowed):
        examine(kernel, stranger, exam_pk=exam_pk)
    with pytest.raises(NotFound):
        examine(kernel, actor, exam_pk=exam_pk + 99)
    assert count(kernel, forensic_examination) == 0


def test_a_deleted_exam_takes_its_rows_along(kernel: Kernel, actor: Actor, clock: HeldClock) -> None:
    listening = replace(kernel, subscriptions=subscriptions())
    exam_pk = Archive(listening, actor).ingest(film()).exam_pk
    assert exam_pk is not None
    make_fingerprints(listening, exam_pk=exam_pk)
    examine(listening, actor, exam_pk=exam_pk)
    assert count(kernel, image_fingerprint) > 0
    add_retention_rule(listening, actor, industry="medical", kept_days=365, source="house rule")
    clock.advance(86_400.0 * 3_660)
    digest = deletion.plan_deletion(listening, actor).digest
    done = deletion.delete_planned(listening, replace(actor, id="9"), digest=digest)
    assert [one.exam_pk for one in done.deleted] == [exam_pk]
    assert (count(kernel, image_fingerprint), count(kernel, forensic_examination)) == (0, 0)


def test_every_fingerprint_survives_the_database_whatever_its_first_bit(kernel: Kernel, actor: Actor) -> None:
    first = arrive(kernel, actor, png(picture(11)), "a.png")
    second = arrive(kernel, actor, png(picture(12)), "b.png")
    with kernel.database.write() as connection:
        connection.execute(sa.delete(image_fingerprint))
    with kernel.database.read() as connection:
        (image_pk,) = queries_forensic.without_fingerprint(connection, first)
        (other_pk,) = queries_forensic.without_fingerprint(connection, second)
    bits = (1 << 64) - 2
    assert signed(bits) == -2 and signed(5) == 5
    assert keep_fingerprints(kernel, actor, exam_pk=first, found=[(image_pk, 0, bits), (image_pk, 1, 7)]) == 1
    assert keep_fingerprints(kernel, actor, exam_pk=first, found=[(image_pk, 0, 1), (9_999, 0, 1)]) == 0
    with kernel.database.read() as connection:
        assert queries_forensic.near(connection, [[bits ^ 3], [bits]], [other_pk, image_pk]) == [[(image_pk, 0, 2)], []]


def test_over_http_it_is_run_by_who_reads_and_shown_as_kept(
    browser: Callable[..., Any], kernel: Kernel, actor: Actor
) -> None:
    exam_pk = arrive(kernel, actor, png(picture(13)), "a.png")
    client = browser(router)
    client.sign_in("analyst")
    address = f"/api/v1/exams/{exam_pk}/forensics"
    assert client.http.get(address).json()["made_at"] == ""
    answer = client.http.post(address)
    assert answer.status_code == 201 and answer.json()["images"][0]["name"] == "a.png"
    assert client.http.get(address).json() == answer.json()
    assert client.http.post(f"/api/v1/exams/{exam_pk + 9}/forensics").status_code == 404
    client.sign_in("auditor", login="other")
    assert client.http.post(address).status_code == 403
