"""Custody over HTTP: signed steps, photos that are none, who may see what, papers."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from custodies import PASSWORD, Custody
from films import Archive, film
from kerma.areas.custody.model import custody_entry
from kerma.areas.custody.routes import router
from kerma.areas.custody.routes_log import router as log
from kerma.kernel.action import Actor

ITEMS = "/api/v1/custody/items"
KNIFE = {"kind": "object", "description": "Pocket knife", "password": PASSWORD}


@pytest.fixture
def web(custody: Custody, browser: Callable[..., Any]) -> Callable[[str], httpx.Client]:
    """A maker of clients who have signed in."""

    def client(login: str) -> httpx.Client:
        http: httpx.Client = browser(router, log).http
        assert http.post("/api/v1/session", json={"login": login, "password": PASSWORD}).status_code == 201
        return http

    return client


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(buffer, kind)
    return buffer.getvalue()


def test_a_bag_goes_from_hand_to_hand(web: Callable[[str], httpx.Client], custody: Custody) -> None:
    anna, ben = web("anna"), web("ben")
    photo = anna.post("/api/v1/custody/photos", files={"photo": picture("JPEG")}).json()["sha256"]
    made = anna.post(ITEMS, json={**KNIFE, "photo_sha256": photo})
    assert made.status_code == 201, made.text
    number = made.json()["item"]["number"]
    assert "seal" in made.json()["item"]["steps"]
    sealed = anna.post(f"{ITEMS}/{number}/steps/seal", json={"seal_number": "S-1"})
    assert sealed.json()["item"]["seal_number"] == "S-1"
    receiver = next(one["key"] for one in anna.get("/api/v1/custody/people").json() if one["name"] == "Ben Suzuki")
    given = anna.post(f"{ITEMS}/{number}/steps/hand_over", json={"receiver": receiver, "password": PASSWORD})
    assert given.json()["item"]["state"] == "offered"
    waiting = ben.get(ITEMS, params={"mine": True}).json()["items"]
    assert [(one["number"], one["waits_for_me"]) for one in waiting] == [(number, True)]
    taken = ben.post(f"{ITEMS}/{number.lower()}/steps/accept", json={"seal_number": "S-1", "password": PASSWORD})
    assert taken.json()["item"]["is_mine"]
    shown = ben.get(f"{ITEMS}/{number}").json()
    assert shown["faults"] == []
    assert [entry["words"] for entry in shown["entries"]] == ["collected", "sealed", "handed over", "accepted"]
    assert ben.get(f"{ITEMS}/{number}/photos/{photo}").headers["content-type"] == "image/jpeg"
    assert ben.get(f"{ITEMS}/{number}/photos/{'0' * 64}").status_code == 404


def test_a_wrong_password_signs_nothing_and_is_in_the_ledger(
    web: Callable[[str], httpx.Client], custody: Custody, actor: Actor
) -> None:
    anna = web("anna")
    answer = anna.post(ITEMS, json={**KNIFE, "password": "wrong"})
    assert (answer.status_code, answer.json()["detail"]) == (403, "the password is wrong: nothing was signed")
    assert anna.get(ITEMS).json()["items"] == []
    tries = Archive(custody.kernel, actor).records("identity.confirm")
    assert [one["details"]["is_right"] for one in tries] == [False]
    for _ in range(20):
        if (answer := anna.post(ITEMS, json={**KNIFE, "password": "wrong"})).status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


NO_PICTURES = (
    [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(200), picture()[:-30], b"<svg onload='alert(1)'/>",
     b"GIF89a" + bytes(40), film()]
)  # fmt: skip


def test_photos_that_are_none(web: Callable[[str], httpx.Client]) -> None:
    anna = web("anna")
    for data in NO_PICTURES:
        answer = anna.post("/api/v1/custody/photos", files={"photo": data})
        assert answer.status_code == 415, data[:20]
        assert "take the photo again" in answer.json()["detail"]


def test_a_photo_that_would_unfold_is_refused(web: Callable[[str], httpx.Client]) -> None:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    answer = web("anna").post("/api/v1/custody/photos", files={"photo": buffer.getvalue()})
    assert (answer.status_code, answer.json()["title"]) == (415, "Refused as harmful")


def test_who_may_not(web: Callable[[str], httpx.Client], custody: Custody, browser: Callable[..., Any]) -> None:
    number = custody.collect().item
    anna = web("anna")
    assert anna.post(f"{ITEMS}/{number}/steps/release", json={"text": "x", "password": PASSWORD}).status_code == 403
    assert anna.get("/api/v1/custody/disclosures").status_code == 403
    auditor = browser(router, log)
    auditor.sign_in("auditor", login="audra")
    assert auditor.http.get(f"{ITEMS}/{number}").json()["steps"] == []
    assert auditor.http.get("/api/v1/custody/disclosures").status_code == 200
    refused = auditor.http.post(f"{ITEMS}/{number}/steps/seal", json={"seal_number": "S"})
    assert refused.status_code == 403
    trainer = browser(router, log)
    trainer.sign_in("trainer", login="tom")
    for path in (ITEMS, f"{ITEMS}/{number}", f"{ITEMS}/C-0", f"{ITEMS}/{number}/form.pdf", "/api/v1/custody/contacts"):
        assert trainer.http.get(path).status_code == 403
    assert trainer.http.post("/api/v1/custody/photos", files={"photo": picture()}).status_code == 403


SENSELESS = (
    [
        ("/{}/steps/fly", {}, 404),
        ("/{}/steps/collect", {}, 404),
        ("/{}/steps/seal", {"seal_number": "x" * 65}, 422),
        ("/{}/steps/seal", {"seal_number": "x", "state": "destroyed"}, 422),
        ("/{}/steps/seal", {"seal_number": "x", "photo_sha256": "../../etc"}, 422),
        ("/{}/steps/seal", {"seal_number": "x", "happened_at": "2026-03-02T12:00:00"}, 422),
        ("/{}/steps/seal", {"seal_number": "x", "happened_at": "0001-01-01T00:00:00Z"}, 400),
        ("/{}/steps/seal", {"seal_number": "x", "happened_at": "9999-12-31T23:59:59Z"}, 400),
        ("/{}/steps/seal", {}, 409),
        ("/{}/correct", {"number": 99, "reason": "x", "text": "y"}, 404),
        ("/{}/hold", {"on": "item", "reason": "x"}, 403),
        ("/{}/hold", {"on": "exam", "reason": "x"}, 400),
        ("/C-2026-0001-0/steps/seal", {"seal_number": "x"}, 400),
        ("/C-2026-9999-{}/steps/seal", {"seal_number": "x"}, 400),
        ("/{}/steps/seal", {"seal_number": "x", "photo_sha256": "0" * 64}, 404),
    ]
)  # fmt: skip


def test_requests_that_make_no_sense(web: Callable[[str], httpx.Client], custody: Custody) -> None:
    number = custody.collect().item
    anna = web("anna")
    for path, body, status in SENSELESS:
        answer = anna.post(ITEMS + path.format(number), json=body)
        assert answer.status_code == status, (path, body, answer.text)
    with custody.kernel.database.read() as connection:
        assert len(connection.execute(custody_entry.select()).all()) == 1


def test_a_hold_from_the_page_of_an_item(web: Callable[[str], httpx.Client], custody: Custody, actor: Actor) -> None:
    stored = Archive(custody.kernel, actor).ingest(film())
    lead = web("lena")
    asked = {"kind": "exam", "description": "Chest", "exam_pk": stored.exam_pk, "password": PASSWORD}
    number = lead.post(ITEMS, json=asked).json()["item"]["number"]
    for on in ("item", "exam"):
        held = lead.post(f"{ITEMS}/{number}/hold", json={"on": on, "reason": f"court, {on}"})
        assert held.status_code == 201
    assert held.json()["holds"] == ["court, item (hold 1)", "court, exam (hold 2)"]


def test_disclosures_and_contacts(web: Callable[[str], httpx.Client], custody: Custody, actor: Actor) -> None:
    number = custody.collect().item
    lead = web("lena")
    contact = {"kind": "customs", "organisation": "Customs office", "phone": "+49 30 1", "duty_hours": "always"}
    made = lead.post("/api/v1/custody/contacts", json=contact).json()["id"]
    told = {
        "what": "Radiograph",
        "recipient": "Officer Weber, customs",
        "legal_basis": "Customs code, art. 15",
        "item": number,
        "contact_id": made,
        "files": [{"name": "a.dcm", "sha256": "AB" * 32}],
        "receipt": "by hand",
    }
    assert lead.post("/api/v1/custody/disclosures", json=told).status_code == 201
    row = lead.get("/api/v1/custody/disclosures").json()[0]
    assert (row["item"], row["by_name"]) == (number, "Lena Fischer")
    assert row["files"] == [{"name": "a.dcm", "sha256": "ab" * 32}]
    assert lead.get(f"{ITEMS}/{number}").json()["entries"][-1]["kind"] == "disclosed"
    assert lead.post(f"/api/v1/custody/contacts/{made}/end").status_code == 204
    assert lead.post(f"/api/v1/custody/contacts/{made}/end").status_code == 409
    assert lead.get("/api/v1/custody/contacts").json() == []
    assert [one["id"] for one in lead.get("/api/v1/custody/contacts", params={"every": True}).json()] == [made]
    written = str(Archive(custody.kernel, actor).records())
    for secret in ("Weber", "Customs office", "+49", "art. 15", "a.dcm"):
        assert secret not in written


def test_disclosures_and_contacts_that_make_no_sense(web: Callable[[str], httpx.Client]) -> None:
    lead = web("lena")
    for path, body in (
        ("contacts", {"kind": "aliens", "organisation": "x", "phone": "1"}),
        ("contacts", {"kind": "police", "organisation": "x"}),
        ("contacts", {"kind": "police", "organisation": "x", "email": "no address"}),
        ("disclosures", {"what": " ", "recipient": "x", "legal_basis": "x"}),
        ("disclosures", {"what": "x", "recipient": "x", "legal_basis": " "}),
    ):
        assert lead.post(f"/api/v1/custody/{path}", json=body).status_code == 400, body
        assert lead.get(f"/api/v1/custody/{path}").json() == []


def test_search_and_pages(web: Callable[[str], httpx.Client], custody: Custody) -> None:
    numbers = [custody.collect().item for _ in range(5)]
    custody.step("seal", numbers[2], seal_number="ZOLL%7")
    anna = web("anna")
    first = anna.get(ITEMS, params={"limit": 3}).json()
    rest = anna.get(ITEMS, params={"limit": 3, "after": first["next_after"]}).json()
    assert [one["number"] for one in first["items"] + rest["items"]] == numbers[::-1]
    assert rest["next_after"] == 0
    for text, found in (("zoll%", 1), ("%", 1), ("knife black", 5), ("knife xyz", 0), ("'", 0)):
        assert len(anna.get(ITEMS, params={"text": text}).json()["items"]) == found, text
    assert len(anna.get(ITEMS, params={"state": "stored"}).json()["items"]) == 0


def test_every_look_at_an_item_is_in_the_ledger(
    web: Callable[[str], httpx.Client], custody: Custody, actor: Actor
) -> None:
    number = custody.collect().item
    anna = web("anna")
    anna.get(f"{ITEMS}/{number}")
    assert anna.get(f"{ITEMS}/{number}/form.pdf").content.startswith(b"%PDF-")
    assert anna.get(f"{ITEMS}/{number}/label.pdf").content.startswith(b"%PDF-")
    looks = Archive(custody.kernel, actor).records("custody.view")
    assert [(one["details"]["item"], one["details"]["purpose"]) for one in looks] == [
        (number, "read"), (number, "form"), (number, "label"),
    ]  # fmt: skip
