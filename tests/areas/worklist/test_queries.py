import pytest
import sqlalchemy as sa

import exams
from kerma.areas.archive.model import exam
from kerma.areas.worklist import actions, queries
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.areas.worklist.queries import Search
from kerma.errors import WrongUsage
from kerma.kernel.action import Actor, Kernel

PERSON = exams.person(1)
EXAMS = [
    ("security", "BAG-1", ""),
    ("ndt", "W-17", "Circumferential weld"),
    ("medical", "P100%", "Ångström^Zoë"),
    ("security", "BAG-2", ""),
    ("ndt", "W-18", "Longitudinal weld"),
]


@pytest.fixture
def filled(kernel: Kernel, actor: Actor) -> Kernel:
    listening = exams.subscribed(kernel, on_exam_arrived)
    for industry, subject_id, name in EXAMS:
        exams.arrive(listening, actor, industry=industry, subject_id=subject_id, name=name)
    return listening


def found(kernel: Kernel, **search: object) -> list[str]:
    with kernel.database.read() as connection:
        return [row["subject_id"] for row in queries.items(connection, Search(**search), PERSON).rows]


def test_the_most_urgent_comes_first(filled: Kernel, actor: Actor) -> None:
    with filled.database.read() as connection:
        last = queries.items(connection, Search(), PERSON).rows[-1]
    assert last["industry"] == "ndt"
    actions.rank(filled, actor, exam_pk=last["exam_pk"], decision_proposed="reshoot")
    assert found(filled)[0] == last["subject_id"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_together_are_the_whole_list_without_repeats(filled: Kernel, limit: int) -> None:
    after, seen = "", []
    for _ in range(6):
        with filled.database.read() as connection:
            page = queries.items(connection, Search(limit=limit, after=after), PERSON)
        seen += [row["subject_id"] for row in page.rows]
        after = page.next_after
        if not after:
            break
    assert seen == found(filled)
    assert sorted(seen) == sorted(subject for _, subject, _ in EXAMS)


def test_closed_items_leave_the_open_list_and_page_newest_first(filled: Kernel, actor: Actor, clock: object) -> None:
    with filled.database.read() as connection:
        rows = queries.items(connection, Search(), PERSON).rows
    for row in rows[:3]:
        clock.advance(seconds=1)
        actions.close(filled, actor, exam_pk=row["exam_pk"], decision="clear")
    assert found(filled) == [row["subject_id"] for row in rows[3:]]
    closed = [row["subject_id"] for row in rows[:3]][::-1]
    assert found(filled, view="closed") == closed
    with filled.database.read() as connection:
        first = queries.items(connection, Search(view="closed", limit=2), PERSON)
    assert found(filled, view="closed", after=first.next_after) == closed[2:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w-17", ["W-17"]),
        ("WELD", ["W-17", "W-18"]),
        ("ångström", ["P100%"]),
        ("100%", ["P100%"]),
        ("%", ["P100%"]),
        ("_", []),
        ("' OR 1=1 --", []),
    ],
)
def test_the_text_filter_takes_every_letter_as_it_stands(filled: Kernel, text: str, expected: list[str]) -> None:
    assert sorted(found(filled, text=text)) == expected


def test_the_industry_filter(filled: Kernel) -> None:
    assert sorted(found(filled, industry="security")) == ["BAG-1", "BAG-2"]


def test_counts_by_industry_and_state(filled: Kernel, actor: Actor) -> None:
    with filled.database.read() as connection:
        first = queries.items(connection, Search(industry="ndt"), PERSON).rows[0]
    actions.claim(filled, actor, item_id=first["item_id"])
    with filled.database.read() as connection:
        assert queries.counts(connection, PERSON) == {
            ("security", "waiting"): 2,
            ("ndt", "waiting"): 1,
            ("ndt", "claimed"): 1,
            ("medical", "waiting"): 1,
        }


@pytest.mark.parametrize("search", [{"view": "everything"}, {"after": "1~2"}, {"after": "a~b~c"}])
def test_a_wrong_view_or_cursor_is_refused(filled: Kernel, search: dict[str, str]) -> None:
    with pytest.raises(WrongUsage):
        found(filled, **search)


def test_filters_by_holder_priority_time_modality_and_exam(filled: Kernel, actor: Actor) -> None:
    with filled.database.read() as connection:
        rows = queries.items(connection, Search(), PERSON).rows
    first, second = rows[0], rows[1]
    actions.claim(filled, actor, item_id=first["item_id"])
    assert found(filled, holder=actor.key) == [first["subject_id"]]
    assert found(filled, holder="person:999") == []
    assert first["subject_id"] not in found(filled, holder=queries.NOBODY)
    assert len(found(filled, holder=queries.NOBODY)) == len(rows) - 1
    for priority in {row["priority"] for row in rows}:
        assert found(filled, priority=priority) == [row["subject_id"] for row in rows if row["priority"] == priority]
    assert found(filled, late_at=second["due_at"]) == [
        row["subject_id"] for row in rows if row["due_at"] < second["due_at"]
    ]
    assert found(filled, modality="DX") == []
    with filled.database.write() as connection:
        connection.execute(sa.update(exam).where(exam.c.id == second["exam_pk"]).values(modalities="SR,DX"))
    assert found(filled, modality="DX") == [second["subject_id"]]
    assert found(filled, modality="D") == []
    assert found(filled, only=(second["exam_pk"], 10**9)) == [second["subject_id"]]
