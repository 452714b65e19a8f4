"""A scanner under a plan of threat projection: a bag of two views, readers, and what makes its images ready."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import queries_render, retrieve_cache
from kerma.areas.archive.actions import ingest
from kerma.areas.archive.model import Arrival
from kerma.areas.proficiency import actions, adding, jobs, queries
from kerma.areas.proficiency.model import tip_answer, tip_exam
from kerma.areas.training.labelled import labelled_file
from kerma.kernel import action as kernel_action
from kerma.kernel import projection
from kerma.kernel.action import Kernel
from kerma.kernel.identity import service
from readings import Room

SOFTWARE = service("test", "*")
SIZE_PX = 320
WORDS = {"subject": "BAG-7", "subject_name": "Suitcase 7", "exam": "BAG-7", "acquired_at": "2026-03-02T11:20:07"}


@functools.cache
def bag(seed: int = 3) -> tuple[tuple[str, bytes, bytes], ...]:
    """Return the files of both views of a bag without a threat: name, picture, what it says of itself."""
    from kerma.science.simulate import ready_scene

    views = ready_scene("cabin-bag").build(seed, threat="none", size_px=SIZE_PX)
    made = [
        labelled_file(view, f"bag-{seed}-{number}.tif", "security", {**WORDS, "exam": f"BAG-{seed}"})
        for number, view in enumerate(views)
    ]
    return tuple((one.name, one.data, one.sidecar) for one in made)


@dataclass
class Tunnel(Room):
    """A room whose exam is a bag that came while a plan was in force."""

    under: str = "security"

    def scan(self, seed: int = 3) -> int:
        """Take both views of a bag in; returns the exam."""
        stored = [
            ingest(self.kernel, SOFTWARE, source=Arrival(data, name, "security", sidecar))
            for name, data, sidecar in bag(seed)
        ]
        assert stored[0].exam_pk == stored[1].exam_pk
        self.exam_pk, self.image_pk, self.sha256 = stored[0].exam_pk, stored[0].image_pk, stored[0].sha256
        return self.exam_pk

    def prepare(self) -> None:
        """Do what the worker does with an exam that came under a plan."""
        jobs.prepare(self.kernel, exam_pk=self.exam_pk)

    def row(self) -> dict[str, Any]:
        """Return what is known of the exam under its plan."""
        with self.kernel.database.read() as connection:
            found = queries.exam_under_plan(connection, self.exam_pk)
        assert found is not None
        return found

    def flip(self, *, is_projected: bool) -> None:
        """Have the draw come out otherwise, all else alike, and forget what was made of it."""
        with self.kernel.database.write() as connection:
            changed = sa.update(tip_exam).where(tip_exam.c.exam_pk == self.exam_pk)
            connection.execute(changed.values(is_projected=is_projected))
        queries_render.forget()
        for sha256 in {row["sha256"] for row in self.images()}:
            retrieve_cache.forget(self.kernel, sha256)

    def images(self) -> list[dict[str, Any]]:
        """Return the images as they came."""
        from kerma.areas.archive.queries import images_of_exam
        from kerma.kernel.sight import WHOLE

        with self.kernel.database.read() as connection:
            return images_of_exam(connection, self.exam_pk, WHOLE)

    def answers(self) -> list[dict[str, Any]]:
        """Return everything that readers answered."""
        with self.kernel.database.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(tip_answer).order_by(tip_answer.c.id)).mappings()]

    def plan(self, share_permille: int = 1000, **more: Any) -> int:
        """Set how often a threat is projected."""
        given = {"station": "", "share_permille": share_permille, "categories": {}, "is_ended": False} | more
        return actions.set_plan(self.kernel, SOFTWARE, given=given)

    def library(self, name: str = "kitchen-knife", count: int = 1) -> int:
        """Add threats to the library."""
        return adding.added(self.kernel, SOFTWARE, name=name, count=count, seed=1)


def tunnel(kernel: Kernel, *people: tuple[str, str, str], share_permille: int = 1000) -> Tunnel:
    """Return a room with a library of one threat, a plan and people, before anything came."""
    from dataclasses import replace

    from kerma import app as wiring
    from kerma.areas.people.actions import create_person
    from kerma.kernel.action import Actor
    from readings import PASSWORD, granted

    wiring.set_sight()
    wiring.set_conflicts()
    wiring.set_scores()
    wiring.gather_evidence()
    made = Tunnel(replace(kernel, subscriptions=wiring.subscriptions()))
    made.library()
    made.plan(share_permille)
    for login, name, role in people:
        number = create_person(kernel, SOFTWARE, login=login, name=name, password=PASSWORD, roles=(role,))
        made.actors[login] = Actor("person", str(number), name, granted(kernel, role))
    return made


def unwire() -> None:
    """Take away what :func:`tunnel` wired."""
    from kerma.areas.worklist import actions_next
    from kerma.kernel import sight

    sight.RULES[:] = []
    actions_next.CONFLICTS[:] = []
    projection.PROJECTIONS[:] = []
    kernel_action.GUARDS[:] = []
