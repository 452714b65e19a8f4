"""Files of specifications: of a kind told by content, part of the approved text, given out as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import readings
from kerma.areas.review import actions_spec, rules_spec_files
from kerma.areas.review.evidence_spec import parts
from kerma.areas.review.model_spec import exam_specification, specification_attachment, specification_text
from kerma.areas.review.rules_spec import Given, Outside
from kerma.areas.review.rules_spec_files import MOST_BYTES, MOST_FILES, Attachment, checked_name, media_type_of
from kerma.errors import Conflict, KermaError, NotFound, TooLarge, WrongUsage
from kerma.kernel import sight
from kerma.kernel.action import Kernel
from kerma.kernel.ledger_tables import ledger_record
from readings import Room

PEOPLE = (
    ("one", "Drafter One", "analyst"), ("two", "Reader Two", "analyst"), ("lead", "Lead Three", "lead"),
    ("other", "Lead Four", "lead"), ("engineer", "Engineer Five", "engineer"),
)  # fmt: skip
PDF = b"%PDF-1.7 a drawing"


@pytest.fixture
def room(kernel: Kernel, quick_hashes: None) -> Iterator[Room]:
    kept = list(sight.RULES)
    made = readings.room(kernel, *PEOPLE)
    about = {"industry": "ndt", "kind": "part", "name": "W-100", "given": Given({"tube_voltage_kv": 160})}
    actions_spec.draft_specification(made.kernel, made.actors["one"], **about)
    yield made
    sight.RULES[:] = kept


def send(room: Room, data: bytes = PDF, name: str = "drawing.pdf", who: str = "one", **more: Any) -> Any:
    told = {"specification": 1, "revision": 1} | more
    return room.client(who).post(
        f"/api/v1/specifications/{told['specification']}/attachments",
        data={"revision": str(told["revision"])},
        files={"file": (name, data, "text/html")},
    )


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PDF, "application/pdf"), (b"\x89PNG\r\n\x1a\n..", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"II*\x00..", "image/tiff"), (b"MM\x00*..", "image/tiff"), (b"PK\x03\x04..", "application/zip"),
        (b"AC1032..", "image/vnd.dwg"), ("Übersicht\r\n\tWand".encode(), "text/plain"),
        (b"<html><script>", "text/plain"), (b"x" * 4095 + "ü".encode() * 9, "text/plain"),
    ],
)  # fmt: skip
def test_the_kind_of_a_file_is_what_its_content_says(data: bytes, media_type: str) -> None:
    assert media_type_of(data) == media_type


@pytest.mark.parametrize("data", [b"MZ\x90\x00", b"\x7fELF\x02", b"\x00\x01", b"\xff\xfe\x00", b"caf\xe9", b"a\x1b[2J"])
def test_what_is_of_no_known_kind_is_refused(data: bytes) -> None:
    with pytest.raises(WrongUsage, match="export it as one of them"):
        media_type_of(data)


def test_names_and_sizes_have_limits() -> None:
    assert checked_name("C:\\plans\\weld 7.pdf") == "weld 7.pdf" and checked_name("../../etc/passwd") == "passwd"
    for wrong in ("", " ", "a/", "x" * 129, "gnp\u202efdp.exe", "a\x07b"):
        with pytest.raises(WrongUsage, match="letters"):
            checked_name(wrong)
    rules_spec_files.checked_size(MOST_BYTES)
    with pytest.raises(TooLarge, match="at most 32 MB"):
        rules_spec_files.checked_size(MOST_BYTES + 1)
    with pytest.raises(WrongUsage, match="empty"):
        rules_spec_files.checked_size(0)


def test_a_specification_has_each_file_once_and_not_too_many() -> None:
    document: dict[str, Any] = {"pack": "p"}
    for number in range(MOST_FILES):
        document = rules_spec_files.with_file(document, Attachment("a", "text/plain", 1, f"{number:064x}"))
    with pytest.raises(WrongUsage, match="at most 20 files"):
        rules_spec_files.with_file(document, Attachment("a", "text/plain", 1, "f" * 64))
    with pytest.raises(Conflict, match="already"):
        rules_spec_files.with_file({**document}, Attachment("b", "text/plain", 1, f"{3:064x}"))
    for number in range(MOST_FILES):
        document = rules_spec_files.without_file(document, f"{number:064x}")
    assert document == {"pack": "p"}
    with pytest.raises(NotFound):
        rules_spec_files.without_file(document, "0" * 64)


def test_a_file_is_given_out_as_a_file_of_the_kind_it_is(room: Room) -> None:
    shown = send(room, b"<html><script>alert(1)</script>", "plan ä.html")
    assert shown.status_code == 201, shown.text
    (file,) = shown.json()["document"]["attachments"]
    assert (file["name"], file["media_type"], file["size_bytes"]) == ("plan ä.html", "text/plain", 31)
    assert shown.json()["revision"] == 2 and shown.json()["steps"][-1]["kind"] == "attached"
    address = f"/api/v1/specifications/1/attachments/{file['sha256']}"
    got = room.client("two").get(address)
    assert got.content == b"<html><script>alert(1)</script>"
    assert got.headers["content-type"].startswith("text/plain")
    assert got.headers["content-disposition"].startswith("attachment;")
    assert "%C3%A4" in got.headers["content-disposition"]
    assert got.headers["x-content-type-options"] == "nosniff" and "sandbox" in got.headers["content-security-policy"]
    assert room.client("engineer").get(address).status_code == 403
    assert room.client("two").get(address[:-4] + "0000").status_code == 404
    assert room.client("two").get(address.replace("/1/", "/9/")).status_code == 404


def test_what_cannot_be_attached_is_told_and_nothing_changes(room: Room) -> None:
    for answer, status in (
        (send(room, b"MZ\x90\x00"), 400), (send(room, b""), 400), (send(room, who="engineer"), 403),
        (send(room, revision="two"), 400), (send(room, revision=7), 409), (send(room, specification=9), 404),
        (send(room, b"x" * (MOST_BYTES + 1)), 413),
    ):  # fmt: skip
        assert answer.status_code == status, answer.text
    assert room.client("one").get("/api/v1/specifications/1").json()["revision"] == 1
    with room.kernel.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(specification_attachment)) == 0


def approve(room: Room, revision: int) -> None:
    about = {"specification_id": 1, "revision": revision}
    actions_spec.submit_specification(room.kernel, room.actors["one"], **about)
    actions_spec.approve_specification(room.kernel, room.actors["lead"], **about)
    outside = Outside("A. Buyer", "Yard Ltd")
    assert actions_spec.approve_for_customer(
        room.kernel, room.actors["other"], **about, words="We agree", outside=outside
    )


def test_a_file_is_a_part_of_the_text_that_both_sides_approve(room: Room) -> None:
    (kept,) = send(room).json()["document"]["attachments"]
    about = {"specification_id": 1, "given": Given({"tube_voltage_kv": 170})}
    assert actions_spec.change_specification(room.kernel, room.actors["one"], revision=2, **about) == 3
    with room.kernel.database.read() as connection:
        rows = connection.execute(sa.select(specification_text).order_by(specification_text.c.id)).mappings().all()
    assert [len(row["document"].get("attachments", ())) for row in rows] == [0, 1, 1]
    assert len({row["sha256"] for row in rows}) == 3
    approve(room, 3)
    for call in (
        lambda: actions_spec.detach(
            room.kernel, room.actors["one"], specification_id=1, revision=3, sha256=kept["sha256"]
        ),
        lambda: actions_spec.attach(
            room.kernel,
            room.actors["one"],
            specification_id=1,
            revision=3,
            file=Attachment("b", "text/plain", 1, "0" * 64),
        ),
    ):
        with pytest.raises(KermaError, match="in-force"):
            call()
    with room.kernel.database.write() as connection:
        row = {"exam_pk": room.exam_pk, "specification_id": 1, "is_automatic": False, "by": "person:1", "at": "2026"}
        connection.execute(sa.insert(exam_specification).values(row))
    assert f"data/decisions/specification-files/{kept['sha256']}" in [
        one.path for one in parts(room.kernel, room.exam_pk)
    ]
    with room.kernel.database.read() as connection:
        written = " ".join(connection.scalars(sa.select(ledger_record.c.body)))
    assert kept["sha256"] in written and "drawing.pdf" not in written


def test_the_next_version_begins_with_the_files_and_may_let_go_of_them(room: Room) -> None:
    (kept,) = send(room).json()["document"]["attachments"]
    approve(room, 2)
    about = {"industry": "ndt", "kind": "part", "name": "w-100", "given": Given({"tube_voltage_kv": 170})}
    number = actions_spec.draft_specification(room.kernel, room.actors["one"], **about)
    address = f"/api/v1/specifications/{number}/attachments/{kept['sha256']}"
    assert room.client("two").get(address).content == PDF
    assert room.client("two").delete(f"{address}?revision=1").status_code == 200
    assert room.client("two").delete(f"{address}?revision=2").status_code == 404
    shown = room.client("two").get(f"/api/v1/specifications/{number}").json()
    assert shown["document"]["attachments"] == [] and shown["steps"][-1]["words"] == "drawing.pdf"
    assert room.client("two").get(address).content == PDF  # it stays with the text that had it
