"""UPS-RS: workitems over HTTP as PS3.18 says, and the channel on which watchers are told."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

import worklists
from kerma.areas.people.actions import create_token
from kerma.areas.worklist.dimse import document_of
from kerma.areas.worklist.routes_ups import router
from kerma.kernel.action import Actor, Kernel
from worklists import ROOT

BASE = "/dicom-web/workitems"
UID, LOCK = f"{ROOT}.80", f"{ROOT}.81"
EVERYTHING = "1.2.840.10008.5.1.4.34.5"
WS = "ws://127.0.0.1:8080/dicom-web/ws"
DICOM = {"Content-Type": "application/dicom+json"}


@pytest.fixture
def page(browser):
    made = browser(router)
    made.sign_in("analyst")
    return made


def create(page: Any, uid: str = UID, **attributes: Any) -> Any:
    body = [document_of(worklists.workitem(**attributes))]
    return page.http.post(f"{BASE}?workitem={uid}", json=body, headers=DICOM)


def move(page: Any, state: str, lock: str = LOCK, uid: str = UID) -> Any:
    body = {"00741000": {"vr": "CS", "Value": [state]}, "00081195": {"vr": "UI", "Value": [lock]}}
    return page.http.put(f"{BASE}/{uid}/state", json=[body], headers=DICOM)


def test_a_workitem_lives_from_creation_to_completion(page) -> None:
    made = create(page)
    assert made.status_code == 201
    assert made.headers["location"].endswith(f"{BASE}/{UID}")
    assert create(page).status_code == 409
    read = page.http.get(f"{BASE}/{UID}")
    assert read.headers["content-type"] == "application/dicom+json"
    assert read.json()[0]["00741000"]["Value"] == ["SCHEDULED"]
    assert move(page, "COMPLETED").status_code == 409
    assert move(page, "IN PROGRESS").status_code == 200
    assert "00081195" not in page.http.get(f"{BASE}/{UID}").json()[0]
    second = move(page, "IN PROGRESS", f"{ROOT}.82")
    assert (second.status_code, "Transaction UID is incorrect" in second.headers["warning"]) == (400, True)
    report = [document_of(worklists.done())]
    assert page.http.post(f"{BASE}/{UID}", json=report, headers=DICOM).status_code == 400
    assert move(page, "COMPLETED").status_code == 409
    changed = page.http.post(f"{BASE}/{UID}?transaction-uid={LOCK}", json=report, headers=DICOM)
    assert changed.status_code == 200, changed.text
    assert move(page, "COMPLETED").status_code == 200
    again = move(page, "COMPLETED")
    assert (again.status_code, "already in the requested state" in again.headers["warning"]) == (200, True)
    assert page.http.put(f"{BASE}/{UID}?transaction-uid={LOCK}", json=report, headers=DICOM).status_code == 400
    assert page.http.post(f"{BASE}/{UID}/cancelrequest").status_code == 409
    assert page.http.get(f"{BASE}/1.2.404").status_code == 404
    assert move(page, "IN PROGRESS", uid="1.2.404").status_code == 404


SEARCHES: dict[str, int] = {
    "": 3,
    "PatientID=P-17": 2,
    "00100020=P-18": 1,
    "PatientName=dupont*": 3,
    "ScheduledProcedureStepPriority=HIGH": 1,
    "ProcedureStepState=SCHEDULED&limit=2": 2,
    "ProcedureStepState=SCHEDULED&offset=2": 1,
    "ScheduledProcedureStepStartDateTime=20260302-20260303": 2,
    "ReferencedRequestSequence.AccessionNumber=A-7": 1,
    "ProcedureStepState=COMPLETED": 0,
    "SOPInstanceUID=1.2.404," + UID: 1,
}


def test_searches_find_by_any_attribute(page) -> None:
    from pydicom.dataset import Dataset

    request = Dataset()
    request.StudyInstanceUID, request.AccessionNumber = f"{ROOT}.1", "A-7"
    create(page)
    create(page, f"{ROOT}.83", PatientID="P-18", ScheduledProcedureStepPriority="HIGH")
    late = "20270101080000"
    create(page, f"{ROOT}.84", ReferencedRequestSequence=[request], ScheduledProcedureStepStartDateTime=late)
    for query, found in SEARCHES.items():
        answer = page.http.get(f"{BASE}?{query}")
        assert answer.status_code == (200 if found else 204), query
        assert len(answer.json() if found else []) == found, query


BODIES: list[tuple[bytes, dict[str, str], int]] = [
    (b"{", DICOM, 400),
    (b"[]", DICOM, 400),
    (b'[{"PatientID": "x"}]', DICOM, 400),
    (b'[{"00100020": {"vr": "LO", "Value": "x"}}]', DICOM, 400),
    (b"<xml/>", {"Content-Type": "application/dicom+xml"}, 400),
    (b"<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>", {"Content-Type": "application/dicom+xml"}, 400),
    (b"{}", {"Content-Type": "text/plain"}, 415),
    (b"[" * 5000, DICOM, 400),
    (b"[{}]", DICOM, 400),
]


def test_what_makes_no_sense_is_refused_and_says_why(page) -> None:
    for body, headers, status in BODIES:
        answer = page.http.post(BASE, content=body, headers=headers)
        assert answer.status_code == status, (body, answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
    for query in ("Nonsense=1", "limit=ten", "offset=-1", "PatientID.AccessionNumber=1"):
        answer = page.http.get(f"{BASE}?{query}")
        assert answer.status_code == 400
        assert "'" in answer.json()["detail"]


def test_a_workitem_is_created_and_given_as_xml_and_what_is_not_offered_is_refused(page) -> None:
    from kerma.formats.dicom_xml import native_xml

    sent = native_xml(document_of(worklists.workitem()))
    made = page.http.post(f"{BASE}?workitem={UID}", content=sent, headers={"Content-Type": "application/dicom+xml"})
    assert made.status_code == 201, made.text
    assert page.http.get(f"{BASE}/{UID}").json()[0]["00100010"]["Value"] == [{"Alphabetic": "Dupont^Zoé"}]
    one = page.http.get(f"{BASE}/{UID}", headers={"Accept": "application/dicom+xml"})
    assert (one.headers["content-type"], b'keyword="ProcedureStepLabel"' in one.content) == (
        "application/dicom+xml", True,
    )  # fmt: skip
    several = page.http.get(BASE, headers={"Accept": 'multipart/related; type="application/dicom+xml"'})
    assert several.headers["content-type"].startswith("multipart/related")
    assert several.content.count(b"<NativeDicomModel") == 1
    for path in (BASE, f"{BASE}/{UID}"):
        assert page.http.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_a_wish_to_cancel_cancels_what_nobody_has_claimed(page) -> None:
    create(page)
    wish = [{"00741238": {"vr": "LT", "Value": ["scrapped"]}}]
    assert page.http.post(f"{BASE}/{UID}/cancelrequest", json=wish, headers=DICOM).status_code == 202
    again = page.http.post(f"{BASE}/{UID}/cancelrequest", json=wish, headers=DICOM)
    assert (again.status_code, "CANCELED" in again.headers["warning"]) == (200, True)
    progress = page.http.get(f"{BASE}/{UID}").json()[0]["00741002"]["Value"][0]
    assert progress["00741238"]["Value"] == ["scrapped"]


def test_a_watcher_is_told_on_its_channel_and_goes_on_where_it_was(page) -> None:
    channel = page.http.post(f"{BASE}/{EVERYTHING}/subscribers/WATCH1?deletionlock=true")
    assert channel.status_code == 201
    assert channel.headers["content-location"].endswith("/dicom-web/ws/subscribers/WATCH1")
    with page.http.websocket_connect(f"{WS}/subscribers/WATCH1") as websocket:
        create(page)
        report = websocket.receive_json()
        assert report["00001000"]["Value"] == [UID]
        assert report["00001002"]["Value"] == [1]
        assert report["00741000"]["Value"] == ["SCHEDULED"]
        move(page, "IN PROGRESS")
        assert websocket.receive_json()["00741000"]["Value"] == ["IN PROGRESS"]
    with page.http.websocket_connect(f"{WS}/subscribers/WATCH1?after=0") as websocket:
        assert [websocket.receive_json()["00741000"]["Value"] for _ in range(2)] == [["SCHEDULED"], ["IN PROGRESS"]]
    assert page.http.delete(f"{BASE}/{EVERYTHING}/subscribers/WATCH1").status_code == 200


def test_subscriptions_to_one_to_a_filter_and_suspension(page) -> None:
    filtered = f"{BASE}/{EVERYTHING}.1/subscribers/HIGHS?filter=ScheduledProcedureStepPriority=HIGH"
    assert page.http.post(filtered).status_code == 201
    assert page.http.post(f"{BASE}/{EVERYTHING}.1/subscribers/EMPTY").status_code == 400
    assert page.http.post(f"{BASE}/1.2.404/subscribers/ONE").status_code == 404
    create(page)
    create(page, f"{ROOT}.83", ScheduledProcedureStepPriority="HIGH")
    assert page.http.post(f"{BASE}/{UID}/subscribers/ONE").status_code == 201
    assert page.http.post(f"{BASE}/{UID}/subscribers/ONE/suspend").status_code == 400
    assert page.http.post(f"{BASE}/{EVERYTHING}/subscribers/HIGHS/suspend").status_code == 200
    with page.http.websocket_connect(f"{WS}/subscribers/HIGHS?after=0") as websocket:
        assert websocket.receive_json()["00001000"]["Value"] == [f"{ROOT}.83"]
    with page.http.websocket_connect(f"{WS}/subscribers/ONE?after=0") as websocket:
        assert websocket.receive_json()["00001000"]["Value"] == [UID]


def test_a_channel_opens_only_for_who_is_signed_in_and_from_a_page_of_ours(browser, page) -> None:
    path = f"{WS}/subscribers/WATCH1"
    with pytest.raises(WebSocketDisconnect), page.http.websocket_connect(path, headers={"Origin": "http://evil.test"}):
        pass
    nobody = browser(router)
    nobody.http.cookies.clear()
    with pytest.raises(WebSocketDisconnect), nobody.http.websocket_connect(path):
        pass
    trainer = browser(router)
    trainer.sign_in("trainer", login="trainer")
    with pytest.raises(WebSocketDisconnect), trainer.http.websocket_connect(path):
        pass


def test_a_program_opens_a_channel_with_its_token(browser, kernel: Kernel, actor: Actor) -> None:
    token = create_token(kernel, actor, name="watcher", role="analyst")
    program = browser(router)
    headers = {"Authorization": f"Bearer {token}", "Origin": "http://elsewhere.test"}
    with program.http.websocket_connect(f"{WS}/subscribers/PROGRAM", headers=headers):
        pass


def test_who_may_not_work_with_workitems_is_refused(browser) -> None:
    trainer = browser(router)
    trainer.sign_in("trainer")
    assert create(trainer).status_code == 403
    assert trainer.http.get(BASE).status_code == 403
