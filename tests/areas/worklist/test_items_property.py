"""Whatever the rules and however often things are told: an exam has one item at most, and is never lost from sight."""

from __future__ import annotations

import json

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import item_rules
from item_rules import again, come, items_of, unread_of
from kerma.areas.worklist import actions, actions_rules
from kerma.areas.worklist.rules_items import Rule
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.ledger_tables import ledger_record

_CONDITIONS = st.fixed_dictionaries(
    {
        "makes": st.booleans(),
        "modality": st.sampled_from(("", "CT", "DX; CR")),
        "site": st.sampled_from(("", "north", "s*")),
        "share_permille": st.sampled_from((0, 500, 1000)),
        "urgency": st.sampled_from(("", "stat")),
    }
)
_TRIGGERS = st.sampled_from(
    ({"trigger": "exam"}, {"trigger": "prior"}, {"trigger": "quality"}, {"trigger": "score", "score_at_least": "0.5"})
)


@st.composite
def sets_of_rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    """Return some rules of every kind."""
    count = draw(st.integers(1, 5))
    return tuple(Rule(f"rule {number}", **draw(_TRIGGERS), **draw(_CONDITIONS)) for number in range(count))


EVENTS = st.lists(st.sampled_from(("images", "analysis", "decision", "rules")), max_size=8)


def standing(kernel: Kernel, exam_pk: int) -> tuple[list, list]:
    return items_of(kernel, exam_pk), unread_of(kernel, exam_pk)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=sets_of_rules(),
    other=sets_of_rules(),
    modality=st.sampled_from(("CT", "DX", "MR")),
    site=st.sampled_from(("", "North", "South")),
    score=st.sampled_from((0.2, 0.8)),
    events=EVENTS,
)
def test_an_exam_has_one_item_or_is_told_as_unread_and_repeating_changes_nothing(
    kernel: Kernel,
    actor: Actor,
    rules: tuple[Rule, ...],
    other: tuple[Rule, ...],
    modality: str,
    site: str,
    score: float,
    events: list[str],
) -> None:
    scores = item_rules.scored()
    room = item_rules.listening(kernel)
    actions_rules.set_rules(room, actor, rules=rules)
    exam_pk = come(room, actor, industry="security", modality=modality, institution=site)
    scores.known[exam_pk] = score
    has_item = False
    for event in ("images", *events):
        for repeat in range(2):
            before = standing(room, exam_pk)
            if event == "images":
                again(room, actor, exam_pk=exam_pk)
            elif event == "analysis":
                actions.rank(room, actor, exam_pk=exam_pk, decision_proposed="refer" if score > 0.5 else "clear")
            elif event == "decision":
                actions.close(room, actor, exam_pk=exam_pk, decision="refer")
            elif repeat == 0:
                rules, other = other, rules
                actions_rules.set_rules(room, actor, rules=rules)
            items, unread = standing(room, exam_pk)
            assert len(items) + len(unread) == 1
            assert not has_item or items  # what is on the list never falls off it by a rule
            has_item = bool(items)
            if repeat and event in ("images", "analysis", "rules"):
                assert (items, unread) == before
    with room.database.read() as connection:
        bodies = connection.scalars(sa.select(ledger_record.c.body)).all()
    made = [json.loads(body)["details"] for body in bodies]
    numbers = [one.get("item_id") or (one.get("item_ids") or [None])[0] for one in made]
    assert not has_item or items_of(room, exam_pk)[0]["id"] in numbers
