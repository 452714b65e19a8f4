"""Exchange over HTTP: for administrators nodes and rules, for readers sending; nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dcmtk import free_port
from films import Archive, film
from kerma.areas.exchange.routes import router

NODE = {"ae_title": "PEER", "host": "127.0.0.1", "port": 104}


def test_an_administrator_looks_after_nodes(browser: Callable[..., Any]) -> None:
    client = browser(router)
    client.sign_in("administrator")
    made = client.http.post("/api/v1/nodes", json={**NODE, "port": free_port()})
    assert made.status_code == 201, made.text
    node_id = made.json()["id"]
    assert client.http.post("/api/v1/nodes", json=NODE).status_code == 409
    assert client.http.post("/api/v1/nodes", json={**NODE, "ae_title": "A", "services": ["x"]}).status_code == 400
    assert client.http.patch(f"/api/v1/nodes/{node_id}", json={"services": ["find"]}).status_code == 204
    (row,) = client.http.get("/api/v1/nodes").json()
    assert (row["ae_title"], row["services"], row["state"]) == ("PEER", ["echo", "find"], "on")
    echo = client.http.post("/api/v1/nodes/PEER/echo")
    assert echo.status_code == 502
    assert "is not listening" in echo.json()["detail"]
    assert client.http.delete(f"/api/v1/nodes/{node_id}").status_code == 204
    assert client.http.get("/api/v1/nodes").json() == []


def test_rules_deliveries_and_promises(browser: Callable[..., Any], archive: Archive) -> None:
    archive.ingest(film())
    client = browser(router)
    client.sign_in("administrator")
    node_id = client.http.post("/api/v1/nodes", json=NODE).json()["id"]
    rule = {"name": "films", "condition": {"modality": ["DX"]}, "nodes": ["PEER"]}
    run = client.http.post("/api/v1/routes/dry-run?days=3660", json=rule)
    assert run.json()["exam_count"] == 1, run.text
    assert client.http.post("/api/v1/routes", json=rule).status_code == 201
    assert client.http.patch("/api/v1/routes/films", json={"state": "off"}).status_code == 204
    assert [row["state"] for row in client.http.get("/api/v1/routes").json()] == ["off"]
    assert client.http.delete("/api/v1/routes/films").status_code == 204
    sent = client.http.post("/api/v1/deliveries", json={"node_id": node_id, "exam_pk": 1})
    assert sent.status_code == 201, sent.text
    (row,) = client.http.get("/api/v1/deliveries?state=waiting").json()
    assert (row["id"], row["image_count"], row["reason"]) == (sent.json()["id"], 1, "person")
    assert client.http.post(f"/api/v1/deliveries/{row['id']}/retry").status_code == 204
    asked = client.http.post("/api/v1/commitments", json={"node_id": node_id, "exam_pk": 1})
    assert asked.status_code == 201
    (promise,) = client.http.get("/api/v1/commitments").json()
    assert (promise["state"], promise["ae_title"]) == ("waiting", "PEER")


def test_a_reader_sends_but_does_not_list_nodes(browser: Callable[..., Any], archive: Archive, lists: Any) -> None:
    archive.ingest(film())
    node = lists("PEER", 104)
    client = browser(router)
    client.sign_in("analyst")
    assert client.http.post("/api/v1/nodes", json={**NODE, "ae_title": "B"}).status_code == 403
    assert client.http.delete(f"/api/v1/nodes/{node['id']}").status_code == 403
    assert client.http.post("/api/v1/deliveries", json={"node_id": node["id"], "exam_pk": 1}).status_code == 201


def test_a_trainer_sees_nothing_of_it(browser: Callable[..., Any]) -> None:
    client = browser(router)
    assert client.http.get("/api/v1/nodes").status_code == 401
    client.sign_in("trainer")
    for path in ("nodes", "routes", "deliveries", "commitments"):
        assert client.http.get(f"/api/v1/{path}").status_code == 403
