"""Control charts: what an analysis puts on them, of which machine and of what."""

import pytest

from kerma.areas.equipment import queries_quality as queries
from kerma.areas.equipment import rules_quality as rules
from kerma.areas.equipment.actions_quality import keep_points
from kerma.kernel.action import Act, Actor, Kernel, action
from kerma.science.measure import MEASURES


@action("equipment.test_keep_points")
def keep(act: Act, *, exam_pk: int, document: dict) -> int:
    """Keep points, as the action that records an analysis does."""
    return keep_points(act, exam_pk=exam_pk, document=document)


def image(number: int, snr: float | None = 100.0, **more: object) -> dict:
    measured = [
        {"name": "snr", "values": {} if snr is None else {"snr": snr, "snr_region": 1.0}},
        {"name": "saturation", "values": {"saturated_percent": 0.5, "ceiling_is_clipped": True}},
        {"name": "statistics", "values": {"mean_stored": 1.0}},
    ]
    return {"sha256": f"{number:064d}", "measurements": measured, "modality": "DX", **more}


def document(*images: dict, **more: object) -> dict:
    machine = {"station": "ROOM 2", "serial_number": "77"}
    return {"machine": machine, "technique": {"part": "weld"}, "description": "", "images": list(images), **more}


def charts(kernel: Kernel) -> dict[tuple[str, str, str], int]:
    with kernel.database.read() as connection:
        return {(row["machine"], row["of"], row["value_name"]): row["points"] for row in queries.charts(connection)}


@pytest.fixture
def keeper(actor: Actor) -> Actor:
    return Actor(actor.kind, actor.id, actor.name, frozenset({"equipment.test_keep_points"}))


def test_followed_values_go_on_the_chart_of_their_machine_and_object(kernel: Kernel, keeper: Actor) -> None:
    made = keep(kernel, keeper, exam_pk=1, document=document(image(1), image(2, view="AP", body_part="CHEST")))
    assert made == 4
    assert charts(kernel) == {
        ("ROOM 2 77", "DX weld", "snr.snr"): 1,
        ("ROOM 2 77", "DX weld", "saturation.saturated_percent"): 1,
        ("ROOM 2 77", "DX CHEST AP", "snr.snr"): 1,
        ("ROOM 2 77", "DX CHEST AP", "saturation.saturated_percent"): 1,
    }


def test_each_energy_has_its_own_chart(kernel: Kernel, keeper: Actor) -> None:
    dual = image(1, plane_labels=["low", "high"])
    dual["measurements"] = [{"name": "snr", "values": {"snr": 90.0}}, {"name": "snr", "values": {"snr": 60.0}}]
    keep(kernel, keeper, exam_pk=1, document=document(dual))
    assert set(charts(kernel)) == {("ROOM 2 77", "DX weld low", "snr.snr"), ("ROOM 2 77", "DX weld high", "snr.snr")}


def test_what_was_not_measurable_is_left_out_and_a_second_analysis_replaces(kernel: Kernel, keeper: Actor) -> None:
    keep(kernel, keeper, exam_pk=1, document=document(image(1, snr=None), image(2, snr=float("nan"))))
    assert ("ROOM 2 77", "DX weld", "snr.snr") not in charts(kernel)
    for snr in (80.0, 95.0):
        keep(kernel, keeper, exam_pk=1, document=document(image(1, snr=snr)))
    with kernel.database.read() as connection:
        [point] = queries.points(connection, machine="ROOM 2 77", of="DX weld", value_name="snr.snr")
    assert point["value"] == 95.0 and point["exam_pk"] == 1


def test_points_stand_in_the_order_in_which_images_were_taken(kernel: Kernel, keeper: Actor) -> None:
    for number, day in enumerate((3, 1, 2)):
        taken = image(number, snr=float(day), acquired_at=f"2026-01-0{day}T08:00:00")
        keep(kernel, keeper, exam_pk=number, document=document(taken))
    with kernel.database.read() as connection:
        found = queries.points(connection, machine="ROOM 2 77", of="DX weld", value_name="snr.snr")
    assert [row["value"] for row in found] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ({}, rules.UNNAMED),
        ({"manufacturer": "Acme"}, "Acme"),
        ({"model": "X" * 300, "serial_number": "9"}, "X" * 128),
        ({"station": "A", "model": "B"}, "A"),
    ],
)
def test_a_machine_goes_by_what_its_images_say(machine: dict, name: str) -> None:
    assert rules.machine_of(machine) == name


def test_every_followed_value_is_of_a_measurement_there_is() -> None:
    assert {name.partition(".")[0] for name in rules.words()} <= set(MEASURES)
