"""Keeping over HTTP: a lead plans, an administrator deletes, two persons lift a hold, an auditor only looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from films import Archive, film
from kerma.areas.archive.model import image, quarantine, subject
from kerma.areas.archive.routes_keeping import router
from kerma.kernel import alarms, requests
from kerma.kernel.action import Actor
from kerma.kernel.clock import HeldClock
from kerma.kernel.identity import patterns_of

ORIGIN = "http://127.0.0.1"
API = "/api/v1/keeping"
As = Callable[..., TestClient]


@pytest.fixture
def ask(archive: Archive) -> Iterator[As]:
    """Returns a client that asks as a person of a role: ``ask("lead", 3)``."""
    app = FastAPI()
    app.state.kernel = archive.kernel
    app.include_router(router)
    requests.install(app)
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:

        def one(role: str = "administrator", number: int = 1) -> TestClient:
            with archive.kernel.database.read() as connection:
                permissions = patterns_of(connection, [role])
            actor = Actor("person", str(number), f"Person {number}", permissions)
            app.dependency_overrides[requests.actor_of] = lambda: actor
            return client

        yield one


def rows(client: TestClient, path: str) -> list[dict[str, Any]]:
    answer = client.get(f"{API}/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def sent(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_the_road_of_a_deletion(ask: As, archive: Archive, clock: HeldClock) -> None:
    stored = archive.ingest(film())
    rule = {"industry": "medical", "kept_days": 3650, "source": "hospital law"}
    sent(ask("lead", 2).post(f"{API}/retention-rules", json=rule), 403)
    number = sent(ask().post(f"{API}/retention-rules", json=rule), 201)["id"]
    assert sent(ask("lead", 2).post(f"{API}/dry-runs", json={}), 201)["exams"] == []
    clock.advance(86_400 * 3700)
    plan = sent(ask("lead", 2).post(f"{API}/dry-runs", json={"industry": "medical"}), 201)
    assert [row["exam_pk"] for row in plan["exams"]] == [stored.exam_pk]
    sent(ask("lead", 2).post(f"{API}/deletions", json={"digest": plan["digest"]}), 403)
    sent(ask().post(f"{API}/deletions", json={"digest": "x"}), 422)
    done = sent(ask().post(f"{API}/deletions", json={"digest": plan["digest"]}), 200)
    assert [row["exam_pk"] for row in done["deleted"]] == [stored.exam_pk]
    assert archive.count(image) == 0
    assert [row["rule_id"] for row in rows(ask("auditor", 5), "deletions")] == [number]
    assert "document" not in rows(ask("auditor", 5), "deletions")[0]
    sent(ask().delete(f"{API}/retention-rules/{number}"), 204)
    assert [row["state"] for row in rows(ask("auditor", 5), "retention-rules")] == ["off"]
    sent(ask("analyst", 6).get(f"{API}/retention-rules"), 403)


def test_two_persons_lift_a_hold(ask: As, archive: Archive) -> None:
    stored = archive.ingest(film())
    asked = {"target": "exam", "thing": str(stored.exam_pk), "reason": "law suit"}
    number = sent(ask("lead", 2).post(f"{API}/holds", json=asked), 201)["id"]
    sent(ask().delete(f"{API}/exams/{stored.exam_pk}"), 403)
    sent(ask("lead", 2).put(f"{API}/holds/{number}/lift-request", json={"reason": "settled"}), 204)
    sent(ask("lead", 2).post(f"{API}/holds/{number}/lift"), 403)
    sent(ask("auditor", 5).post(f"{API}/holds/{number}/lift"), 403)
    sent(ask("lead", 3).delete(f"{API}/holds/{number}/lift-request"), 204)
    sent(ask("lead", 3).post(f"{API}/holds/{number}/lift"), 409)
    sent(ask("lead", 2).put(f"{API}/holds/{number}/lift-request", json={"reason": "settled"}), 204)
    sent(ask("lead", 3).post(f"{API}/holds/{number}/lift"), 204)
    (row,) = rows(ask("auditor", 5), "holds")
    assert (row["lift_requested_by"], row["lifted_by"]) == ("person:2", "person:3")


def test_one_exam_is_deleted_when_the_rules_allow(ask: As, archive: Archive) -> None:
    stored = archive.ingest(film())
    rule = {
        "industry": "medical",
        "kept_days": 0,
        "source": "contract 7",
        "counted_from": "arrival",
        "source_kind": "contract",
    }
    sent(ask().post(f"{API}/retention-rules", json=rule), 201)
    assert sent(ask().delete(f"{API}/exams/{stored.exam_pk}"), 200)["images"] == 1
    sent(ask().delete(f"{API}/exams/{stored.exam_pk}"), 404)
    sent(ask().delete(f"{API}/exams/{10**30}"), 422)


def test_alarms_tiers_scrub_and_backups_are_shown(ask: As, archive: Archive) -> None:
    number = alarms.raise_alarm(
        archive.kernel, archive.actor, kind="blob-missing", thing="a" * 64, detail="image 1: gone"
    )
    assert [row["id"] for row in rows(ask("auditor", 5), "alarms")] == [number]
    sent(ask("auditor", 5).put(f"{API}/alarms/{number}/acknowledgement", json={"reason": "seen"}), 403)
    sent(ask("lead", 2).put(f"{API}/alarms/{number}/acknowledgement", json={"reason": "restored"}), 204)
    assert rows(ask("auditor", 5), "alarms") == []
    assert len(rows(ask("auditor", 5), "alarms?every=true")) == 1
    assert sent(ask("auditor", 5).get(f"{API}/tiers"), 200) == {"tiers": [], "rules": [], "places": []}
    assert rows(ask("auditor", 5), "tiers/dry-run") == []
    wrong = {"industry": "medical", "after_days": 3, "tier": "cold"}
    assert "KERMA_BLOBS_TIERS" in sent(ask().post(f"{API}/tier-rules", json=wrong), 400)["detail"]
    assert sent(ask("auditor", 5).get(f"{API}/scrub"), 200) == {"days": 30, "progress": None}
    assert rows(ask("auditor", 5), "backups") == []


def test_the_quarantine_is_resolved_and_subjects_are_classified(ask: As, archive: Archive) -> None:
    stored = archive.ingest(b"junk")
    asked = {"resolution": "discard", "reason": "not ours"}
    sent(ask("analyst", 6).put(f"{API}/quarantine/{stored.quarantine_id}", json=asked), 403)
    sent(ask("lead", 2).put(f"{API}/quarantine/{stored.quarantine_id}", json=asked), 200)
    assert archive.count(quarantine) == 0
    archive.ingest(film())
    (row,) = archive.rows(sa.select(subject))
    sent(ask("lead", 2).put(f"{API}/subjects/{row['key']}/class", json={"subject_class": "casting"}), 204)
    sent(ask("lead", 2).put(f"{API}/subjects/nobody/class", json={"subject_class": "casting"}), 404)
