"""An exam in which software and another person have left unmistakable words, and readers who must not meet them."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

import exams
import judgements
import presentations
from films import film, uid
from kerma import app as wiring
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.exchange.actions import NodeGiven, add_node
from kerma.areas.exchange.actions_deliver import Order, send
from kerma.areas.people.actions import create_person
from kerma.areas.report.actions import keep as keep_report
from kerma.areas.report.rules_versions import record_digest
from kerma.areas.review import (
    actions,
    actions_consult,
    actions_guest,
    actions_judge,
    actions_marks,
    actions_read,
    actions_reading,
    actions_talk,
    queries,
)
from kerma.areas.review.actions_judge import Given
from kerma.areas.review.rules_consult import Asked, Guest, Leave
from kerma.areas.review.rules_findings import Added, Changes
from kerma.doors.web import create_app, description, routers_of_areas
from kerma.kernel import sight
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import service
from kerma.kernel.sight import sight_of

PASSWORD = "blue giraffe 41 crossing"
ORIGIN = "http://127.0.0.1:8080"
SR = "1.2.840.10008.5.1.4.1.1.88.33"
BY_SOFTWARE = ("needlelabel", "needledetector", "0.7312946", "needlewhy")
"""What software left: label, detector, score, reason."""
BY_OTHERS = ("Needle Othername", "needlenote", "needlemark", "needlereason", "needlereport", "Needle decision")
"""What the other person left: their name, a note, a mark, a reason, a report."""
RESULT_UID = uid(1, 9, 1)
OF_RESULT = (RESULT_UID, uid(1, 9), "needlestate")
"""What the structured report and the presentation state in the exam are known by."""
NO_PIXELS = dict.fromkeys(
    ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
     "PixelRepresentation", "PixelData")
)  # fmt: skip


@dataclass
class Room:
    """A kernel with all handlers, one exam, and people who read it."""

    kernel: Kernel
    exam_pk: int = 0
    image_pk: int = 0
    sha256: str = ""
    node_id: int = 0
    actors: dict[str, Actor] = field(default_factory=dict)
    clients: dict[str, TestClient] = field(default_factory=dict)
    application: FastAPI | None = None

    def policy(self, algorithm: str, reading: str, **more: Any) -> int:
        """Set how the exam's industry is read."""
        lead = exams.person(999)
        return actions_reading.set_policy(
            self.kernel, lead, industry="ndt", algorithm=algorithm, reading=reading, **more
        )

    def sight(self, name: str) -> sight.Sight:
        """Return what a person may see."""
        with self.kernel.database.read() as connection:
            return sight_of(connection, self.actors[name], self.exam_pk)

    def judge(self, name: str, note: str = "", label: str = "porosity") -> int:
        """Record a finding as a person."""
        actor = self.actors[name]
        with self.kernel.database.read() as connection:
            now = sight_of(connection, actor, self.exam_pk)
            made = queries.queries_judge.newest_judgement(connection, self.exam_pk, now)
        changes = Changes(added=(Added(self.sha256, label, (2.0, 2.0, 4.0, 4.0), note=note),))
        given = Given(changes=changes, supersedes=made["id"] if made else None, reason=note)
        return actions_judge.judge_exam(self.kernel, actor, exam_pk=self.exam_pk, given=given)

    def seen(self, name: str) -> tuple[int | None, int | None]:
        """Return the ids of the decision and the judgement that a person has on the page."""
        with self.kernel.database.read() as connection:
            now = sight_of(connection, self.actors[name], self.exam_pk)
            known = queries.current(connection, self.exam_pk, now)
            decided = queries.decisions(connection, self.exam_pk, now)
        return (decided[0]["id"] if decided else None), (known.judgement_id if known else None)

    def decide(self, name: str, code: str = "reject", reason: str = "seen", **more: Any) -> int:
        """Decide as a person, on what they see."""
        supersedes, judgement_id = self.seen(name)
        return actions.decide(
            self.kernel, self.actors[name], exam_pk=self.exam_pk, decision_code=code, reason=reason,
            supersedes=supersedes, judgement_id=judgement_id, **more,
        )  # fmt: skip

    def first(self, name: str, *, no_findings: bool = True, **more: Any) -> int:
        """Record a first read as a person."""
        return actions_read.first_read(
            self.kernel, self.actors[name], exam_pk=self.exam_pk, no_findings=no_findings,
            judgement_id=self.seen(name)[1], **more,
        )  # fmt: skip

    def independent(self, name: str, conclusion: str = "reject", reason: str = "seen") -> int:
        """Record an independent read as a person."""
        return actions_read.independent_read(
            self.kernel, self.actors[name], exam_pk=self.exam_pk, conclusion=conclusion, reason=reason,
            judgement_id=self.seen(name)[1],
        )  # fmt: skip

    def arrive(self, data: bytes, name: str = "film.dcm") -> Any:
        """Take one more object into the archive."""
        return ingest(self.kernel, service("test", "*"), source=Arrival(data, name, industry="ndt"))

    def analyse(self) -> None:
        """Have software find what it finds in all images there are."""
        with self.kernel.database.read() as connection:
            rows = queries.images_to_analyse(connection, self.exam_pk)
        found = judgements.finding(1, BY_SOFTWARE[0]) | {"score": float(BY_SOFTWARE[2])}
        found["by"] = {"kind": "algorithm", "name": BY_SOFTWARE[1], "version": "1"}
        images = [judgements.image(row["sha256"], *([found] if row["sha256"] == self.sha256 else [])) for row in rows]
        document = judgements.document(*images) | {"decision_proposed": "reject", "decision_reason": BY_SOFTWARE[3]}
        document["analysis"]["detectors"] = {BY_SOFTWARE[1]: "1"}
        document["warnings"] = [f"{BY_SOFTWARE[1]} found one"]
        judgements.analysed(self.kernel, service("test", "*"), self.exam_pk, document)

    def result(self) -> Any:
        """Have a presentation state and a structured report arrive for the exam."""
        self.arrive(presentations.state(film(), ContentDescription="needlestate"), "state.dcm")
        return self.arrive(film(series=9, Modality="SR", SOPClassUID=SR, **NO_PIXELS), "report.dcm")

    def report(self) -> int | None:
        """Keep a draft that says what is known."""
        with self.kernel.database.read() as connection:
            known = queries.current(connection, self.exam_pk, sight.WHOLE)
            decided = next(iter(queries.decisions(connection, self.exam_pk, sight.WHOLE)), None)
        assert known is not None
        rests_on = {
            "analysis_id": known.analysis_id, "judgement_id": known.judgement_id, "template": "", "language": "en",
            "decision_id": decided["id"] if decided else None, "record_sha256": record_digest({}), "hides": "",
            "marks_sha256": "", "criticals_sha256": "", "written_by": "",
        }  # fmt: skip
        address = self.kernel.blobs.put(f"%PDF {BY_OTHERS[4]} {BY_SOFTWARE[0]}".encode())
        return keep_report(
            self.kernel, service("test", "*"), exam_pk=self.exam_pk, rests_on=rests_on, record={}, pdf_sha256=address
        )

    def client(self, name: str) -> TestClient:
        """Return a browser in which a person is signed in."""
        if name not in self.clients:
            if self.application is None:
                self.application = create_app(self.kernel, routers_of_areas())
            made = TestClient(self.application, base_url=ORIGIN, headers={"Origin": ORIGIN})
            answer = made.post("/api/v1/session", json={"login": name, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
            self.clients[name] = made
        return self.clients[name]


def room(kernel: Kernel, *people: tuple[str, str, str]) -> Room:
    """Return a room with one analysed exam and people (login, name, role)."""
    sight.RULES[:] = []
    wiring.set_sight()
    made = Room(replace(kernel, subscriptions=wiring.subscriptions()))
    stored = made.arrive(film())
    made.exam_pk, made.image_pk, made.sha256 = stored.exam_pk, stored.image_pk, stored.sha256
    made.analyse()
    made.node_id = add_node(made.kernel, service("test", "*"), given=NodeGiven("PACS", "127.0.0.1", 4242))
    for login, name, role in people:
        number = create_person(kernel, service("test", "*"), login=login, name=name, password=PASSWORD, roles=(role,))
        made.actors[login] = Actor("person", str(number), name, granted(kernel, role))
    return made


def granted(kernel: Kernel, role: str) -> frozenset[str]:
    """Return what a role may do."""
    from kerma.kernel.identity_model import role_permission

    with kernel.database.read() as connection:
        statement = sa.select(role_permission.c.pattern).where(role_permission.c.role == role)
        return frozenset(connection.scalars(statement))


def another_reads(made: Room, name: str) -> None:
    """Have another person leave everything that a person can: a finding, a mark, a decision or a read, a report."""
    actor = made.actors[name]
    mark = {
        "id": "m1", "image_sha256": made.sha256, "plane": 0, "points": [[2.0, 2.0]], "text": BY_OTHERS[2], "at": "",
        "shape": "text", "measurement": "", "options": {}, "runs": [], "values": [], "scale": "", "source": "",
        "reason": "",
    }  # fmt: skip
    document = {"marks": [mark], "calibrations": [], "draft": None}
    actions_marks.keep_marks(made.kernel, actor, exam_pk=made.exam_pk, document=document)
    made.judge(name, note=BY_OTHERS[1])
    send(made.kernel, actor, order=Order(made.node_id, made.exam_pk))
    another_talks(made, actor)


def another_talks(made: Room, actor: Actor) -> None:
    """Have another person comment, mention everybody, and ask everybody and a guest."""
    everybody = [login for login, one in made.actors.items() if one.key != actor.key]
    called = " ".join(f"@{login}" for login in everybody)
    actions_talk.comment(made.kernel, actor, exam_pk=made.exam_pk, text=f"{BY_OTHERS[1]} {called}")
    due_at = made.kernel.clock.now() + timedelta(hours=4)
    for login in everybody:
        asked = Asked("other", BY_OTHERS[1], due_at, made.actors[login].key)
        actions_consult.ask_consult(made.kernel, actor, exam_pk=made.exam_pk, asked=asked)
    asked = Asked("other", BY_OTHERS[1], due_at, guest=Guest(BY_OTHERS[0]))
    consult_id = actions_consult.ask_consult(made.kernel, actor, exam_pk=made.exam_pk, asked=asked)
    leave = Leave(2, BY_OTHERS[1], shows_findings=True, shows_subject=True)
    actions_guest.admit_guest(made.kernel, actor, consult_id=consult_id, leave=leave)


def doors(made: Room) -> Iterator[str]:
    """Yield the address of every door that can be read, with the exam's own numbers and names in it.

    A new door is tried without a word here: a part of an address that is not known gets the exam's numbers, or 1.
    """
    known: dict[str, list[Any]] = {
        "exam_pk": [made.exam_pk], "image_pk": [made.image_pk, made.image_pk + 1, made.image_pk + 2],
        "number": ["C-1"], "sha256": [made.sha256], "batch_id": [1], "name": ["sr", "findings-csv", "exam"],
        "body": ["iso_6520-1"], "industry": ["ndt"], "performed_id": [1], "tag": ["x"], "plane": [0], "level": [0],
        "row": [0], "column": [0], "series_pk": [1, 2], "study": [uid(1)], "series": [uid(1, 1), uid(1, 9)],
        "instance": [uid(1, 1, 1), RESULT_UID], "exam_uid": [uid(1)], "series_uid": [uid(1, 1), uid(1, 9)],
        "numbers": ["1"], "uid": [uid(5)], "path": ["7FE00010"], "part": ["0", "pixels"],
        "display_id": [1], "check_id": [1], "machine_id": [1], "pattern": ["ramp"],
    }  # fmt: skip
    for path in sorted(_paths(made)):
        filled = [path]
        for part in [one for one in path.split("/") if one.startswith("{")]:
            name = part.strip("{}").partition(":")[0]
            values = known.get(name, known["exam_pk"] + known["image_pk"] if name.endswith("_pk") else [1])
            filled = [one.replace(part, str(value), 1) for one in filled for value in values]
        yield from filled
    yield from _questions(made)


def _questions(made: Room) -> Iterator[str]:
    """Yield addresses with questions that lead to what is hidden."""
    for view in ("open", "waiting", "closed"):
        yield f"/api/v1/worklist?view={view}"
    yield f"/api/v1/worklist?only={made.exam_pk}&modality=SR"
    yield "/api/v1/worklist?priority=1"
    yield "/api/v1/exams?text=P-17&modality=SR"
    yield f"/api/v1/exams/{made.exam_pk}/report.pdf?version=1"
    for asked in ("ModalitiesInStudy=SR", "Modality=SR", f"SOPClassesInStudy={SR}", "includefield=all"):
        yield f"/dicom-web/studies?{asked}"
        yield f"/dicom-web/instances?{asked}"
    yield f"/dicom-web/studies/{uid(1)}/instances?includefield=all"
    wado = f"requestType=WADO&studyUID={uid(1)}&seriesUID={uid(1, 9)}&objectUID={RESULT_UID}"
    yield f"/wado?{wado}&contentType=application/dicom"


def _paths(made: Room) -> set[str]:
    made.client(next(iter(made.actors)))
    assert made.application is not None
    listed = {path for path, ways in description(made.application)["paths"].items() if "get" in ways}
    unlisted = {
        route.path for one in routers_of_areas() for route in one.routes if "GET" in getattr(route, "methods", ())
    }
    every = listed | {path for path in unlisted if path.startswith(("/dicom-web", "/wado"))}
    return {path for path in every if not path.endswith("/news")}


@dataclass(frozen=True)
class Answer:
    """What a door answered: everything that a browser can tell apart."""

    address: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def holds(self, needle: str) -> bool:
        """Return whether a text stands anywhere in the answer, however it is written."""
        plain = [self.body, str(self.headers).encode()]
        with contextlib.suppress(ValueError):
            plain.append(json.dumps(json.loads(self.body), ensure_ascii=False).encode())
        return any(needle.encode() in one for one in plain)


def answers(made: Room, name: str) -> dict[str, Answer]:
    """Return what every door answers a person."""
    client = made.client(name)
    found = {}
    for address in doors(made):
        got = client.get(address)
        headers = tuple(sorted((key, value) for key, value in got.headers.items()))
        found[address] = Answer(address, got.status_code, headers, _settled(got.content, got.headers))
    return found


def _settled(body: bytes, headers: Any) -> bytes:
    """Return a body without the boundary that each answer of several parts draws anew."""
    _, _, boundary = headers.get("content-type", "").partition("boundary=")
    return body.replace(boundary.strip('"').encode(), b"BOUNDARY") if boundary else body


def digest(answer: Answer) -> str:
    """Return a short name of an answer, to compare by."""
    return f"{answer.status} {hashlib.sha256(answer.body).hexdigest()[:12]}"
