"""A site's own packs, and a Level III's confirmation that makes an unverified table binding, for exactly its text."""

import json
import threading

import pytest
import sqlalchemy as sa

import exams
import judgements as made
from kerma.areas.review import actions_packs, queries_packs
from kerma.areas.review.model_judge import pack_confirmation, site_pack
from kerma.areas.review.rules import text_digest
from kerma.errors import Conflict, NotAllowed, NotFound, WrongUsage
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.identity import service
from kerma.kernel.ledger_tables import ledger_record
from kerma.standards import text_of

YARD = "yard"
UW_51 = "asme-viii-uw-51"
EDITION = "ASME BPVC VIII-1:2017"
STATEMENT = "Compared row by row; they agree."


def add(kernel: Kernel, actor: Actor, text: str, name: str = YARD) -> int:
    return actions_packs.add_pack(kernel, actor, name=name, text=text)


def chosen(kernel: Kernel, name: str) -> queries_packs.Chosen:
    with kernel.database.read() as connection:
        return queries_packs.chosen(connection, name)


def confirm(kernel: Kernel, actor: Actor, name: str, **given: str) -> int:
    given = {"sha256": chosen(kernel, name).sha256, "edition": EDITION, "statement": STATEMENT} | given
    return actions_packs.confirm_pack(kernel, actor, name=name, **given)


def count(kernel: Kernel, table: sa.Table) -> int:
    with kernel.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table))


def test_a_new_text_of_a_name_is_a_new_version_and_the_earlier_stays(kernel: Kernel, actor: Actor) -> None:
    add(kernel, actor, made.pack(limit=2.0))
    add(kernel, actor, made.pack(limit=3.0))
    assert (chosen(kernel, YARD).version, chosen(kernel, YARD).pack.rules[0].limit_absolute) == (2, 3.0)
    with kernel.database.read() as connection:
        versions = queries_packs.versions_of(connection, YARD)
    assert [(row["version"], row["sha256"]) for row in versions] == [
        (2, text_digest(made.pack(limit=3.0))),
        (1, text_digest(made.pack(limit=2.0))),
    ]


def test_every_mistake_is_named_with_its_line_and_nothing_is_kept(kernel: Kernel, actor: Actor) -> None:
    wrong = made.pack().replace("forbidden,crack,", "forbidden,crakc,").replace("pores,size", "pores,sizes")
    with pytest.raises(WrongUsage) as told:
        add(kernel, actor, wrong)
    assert [line.split(":")[0] for line in str(told.value).splitlines()[1:]] == ["line 7", "line 8"]
    assert "sizes" in str(told.value)
    assert "crakc" in str(told.value)
    assert count(kernel, site_pack) == 0


def test_a_name_is_small_letters_digits_dots_and_hyphens(kernel: Kernel, actor: Actor) -> None:
    for name in ("", "Yard 2", "../yard", "x" * 65, "yard\n"):
        with pytest.raises(WrongUsage, match="small letters"):
            add(kernel, actor, made.pack(), name)


def test_a_packs_name_that_comes_with_kerma_is_not_taken(kernel: Kernel, actor: Actor) -> None:
    with pytest.raises(Conflict, match="comes with Kerma"):
        add(kernel, actor, made.pack(), UW_51)
    add(kernel, actor, made.pack())
    with pytest.raises(Conflict, match="in force already"):
        add(kernel, actor, made.pack())


def test_a_withdrawn_pack_judges_nothing_new(kernel: Kernel, actor: Actor) -> None:
    add(kernel, actor, made.pack())
    actions_packs.withdraw_pack(kernel, actor, name=YARD)
    with pytest.raises(NotFound, match="no pack 'yard'"):
        chosen(kernel, YARD)
    with pytest.raises(NotFound, match="no pack 'yard' in force"):
        actions_packs.withdraw_pack(kernel, actor, name=YARD)
    add(kernel, actor, made.pack())
    assert chosen(kernel, YARD).version == 2


def test_a_confirmed_pack_binds_until_the_confirmation_is_taken_back(kernel: Kernel, actor: Actor) -> None:
    before = chosen(kernel, UW_51)
    assert (before.status, before.pack.is_binding, before.sha256) == (
        "unverified", False, text_digest(text_of(before.pack.table.name)),
    )  # fmt: skip
    number = confirm(kernel, actor, UW_51)
    after = chosen(kernel, UW_51)
    assert (after.status, after.pack.is_binding, after.confirmation["id"]) == ("confirmed", True, number)
    actions_packs.withdraw_confirmation(kernel, actor, name=UW_51)
    assert chosen(kernel, UW_51).status == "unverified"
    with pytest.raises(NotFound, match="not confirmed"):
        actions_packs.withdraw_confirmation(kernel, actor, name=UW_51)
    assert count(kernel, pack_confirmation) == 1


def test_a_confirmation_holds_for_exactly_the_text_that_was_read(kernel: Kernel, actor: Actor) -> None:
    add(kernel, actor, made.pack("unverified", 2.0))
    read = chosen(kernel, YARD).sha256
    add(kernel, actor, made.pack("unverified", 3.0))
    with pytest.raises(Conflict, match="not the one you have read"):
        confirm(kernel, actor, YARD, sha256=read, edition="2024")
    confirm(kernel, actor, YARD, edition="2024")
    assert chosen(kernel, YARD).status == "confirmed"
    add(kernel, actor, made.pack("unverified", 4.0))
    assert chosen(kernel, YARD).status == "unverified"
    add(kernel, actor, made.pack("unverified", 3.0))
    assert chosen(kernel, YARD).status == "confirmed"


def test_a_confirmation_states_the_tables_own_edition(kernel: Kernel, actor: Actor) -> None:
    for given, error, words in (
        ({"edition": " "}, WrongUsage, "give the edition at hand"),
        ({"statement": ""}, WrongUsage, "give the statement"),
        ({"edition": "x" * 401}, WrongUsage, "401 letters"),
        ({"edition": "ASME BPVC VIII-1:2023"}, WrongUsage, "not ASME BPVC VIII-1:2023"),
        ({"sha256": "0" * 64}, Conflict, "not the one you have read"),
    ):
        with pytest.raises(error, match=words):
            confirm(kernel, actor, UW_51, **given)
    assert count(kernel, pack_confirmation) == 0


def test_what_binds_already_needs_no_confirmation(kernel: Kernel, actor: Actor) -> None:
    with pytest.raises(Conflict, match="needs no confirmation: its status is public-law"):
        confirm(kernel, actor, "french-arrete-1978", edition="1978")
    confirm(kernel, actor, UW_51)
    with pytest.raises(Conflict, match="confirmed already"):
        confirm(kernel, actor, UW_51)


def test_only_a_person_with_the_permission_confirms_or_adds(kernel: Kernel, stranger: Actor) -> None:
    with pytest.raises(NotAllowed):
        confirm(kernel, stranger, UW_51)
    with pytest.raises(NotAllowed, match="only a person"):
        confirm(kernel, service("robot", "*"), UW_51)
    with pytest.raises(NotAllowed):
        add(kernel, stranger, made.pack())
    with kernel.database.read() as connection:
        bodies = [json.loads(body) for body in connection.scalars(sa.select(ledger_record.c.body))]
    assert [(one["action"], one["outcome"]) for one in bodies] == [
        ("review.confirm_pack", "refused"),
        ("review.confirm_pack", "refused"),
        ("review.add_pack", "refused"),
    ]


def test_of_people_who_do_the_same_at_once_one_gets_through(kernel: Kernel) -> None:
    for do, table in (
        (lambda who: confirm(kernel, who, UW_51), pack_confirmation),
        (lambda who: add(kernel, who, made.pack(limit=1.0 + int(who.id))), site_pack),
    ):
        ready, done, refused = threading.Barrier(3), [], []

        def work(number: int, do=do, ready=ready, done=done, refused=refused) -> None:
            ready.wait()
            try:
                done.append(do(exams.person(number)))
            except Conflict as error:
                refused.append(str(error))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) + len(refused) == 3
        assert len(done) == count(kernel, table) >= 1
    assert count(kernel, pack_confirmation) == 1
