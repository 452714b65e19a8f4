"""An exam under custody is not deleted, whatever the retention rules say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from custodies import POLICE, Custody, custody_of
from films import Archive, film
from kerma.app import subscriptions
from kerma.areas.archive import actions_deletion as deletion
from kerma.areas.archive import actions_keeping as keeping
from kerma.areas.archive.model import exam, image
from kerma.areas.custody.actions import ItemTold
from kerma.errors import Conflict
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.clock import HeldClock

YEARS_S = 10 * 366 * 86_400.0


@pytest.fixture
def custody(kernel: Kernel, quick_hashes: None) -> Custody:
    return custody_of(replace(kernel, subscriptions=subscriptions()))


def test_an_exam_stays_while_its_custody_is_open(custody: Custody, actor: Actor, clock: HeldClock) -> None:
    archive = Archive(custody.kernel, actor)
    stored = archive.ingest(film())
    free = archive.ingest(film(exam=2))
    keeping.add_retention_rule(custody.kernel, actor, industry="medical", kept_days=3650, source="hospital law")
    clock.advance(YEARS_S)
    item = custody.collect(item=ItemTold("exam", "Chest", exam_pk=stored.exam_pk)).item
    digest = deletion.plan_deletion(custody.kernel, actor).digest
    done = deletion.delete_planned(custody.kernel, replace(actor, id="9"), digest=digest)
    assert [one.exam_pk for one in done.deleted] == [free.exam_pk]
    assert [(one.exam_pk, one.reason) for one in done.kept] == [
        (stored.exam_pk, f"exam {stored.exam_pk} stays: it is under custody ({item})")
    ]
    with pytest.raises(Conflict, match=item):
        deletion.delete(custody.kernel, actor, exam_pk=stored.exam_pk)
    assert archive.count(image) == 1
    custody.step("hand_over", item, party=POLICE, signature="J. N.")
    with pytest.raises(Conflict, match=item):  # whoever has it may want to bring it back
        deletion.delete(custody.kernel, actor, exam_pk=stored.exam_pk)
    custody.step("release", item, custody.lead, text="case closed", party=POLICE, signature="J. N.")
    deletion.delete(custody.kernel, actor, exam_pk=stored.exam_pk)
    assert archive.count(image) == 0
    assert archive.count(exam) == 1  # the bare entry, to which the record of custody refers
    assert custody.chain(item).standing.state == "released"
