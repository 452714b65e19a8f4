"""Every packaged table parses, its numbers are numbers, and its README line exists."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path

import pytest

import kerma.standards
from kerma.science.judge import load_pack
from kerma.standards import STATUSES, Table, table, table_names

NAMES = table_names()
UNITS = ("_mm", "_kv", "_um", "_percent", "_g_cm3", "_s", "_h", "_kev", "_mm2", "_px")
README = (Path(kerma.standards.__file__).parent / "README.md").read_text(encoding="utf-8")
# Preferred numbers of ISO 3, series R10, as the wire gauges use them.
R10_STEP = 10 ** (1 / 10)


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_rows_and_a_status(name: str) -> None:
    read = table(name)
    assert read.rows
    assert read.status in STATUSES
    assert len(read.source) > 3


@pytest.mark.parametrize("name", NAMES)
def test_columns_that_end_in_a_unit_hold_numbers(name: str) -> None:
    for row in table(name):
        for column, text in row.items():
            if column.endswith(UNITS) and text:
                assert math.isfinite(float(text)), (name, column)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_says_how_each_table_was_obtained(name: str) -> None:
    assert re.search(rf"`{re.escape(name)}`", README), f"{name} has no line in standards/README.md"


@pytest.mark.parametrize("name", [name for name in NAMES if "acceptance" in name])
def test_every_acceptance_pack_loads(name: str) -> None:
    assert load_pack(name).rules


def diameters(name: str, key: str) -> list[float]:
    return [float(row["diameter_mm"]) for row in table(f"{name}").rows if row[key]]


@pytest.mark.parametrize(("name", "key"), [("iso_19232-1/wires", "wire"), ("iso_19232-5/duplex_wires", "pair")])
def test_wires_are_neighbours_in_a_series_of_preferred_numbers(name: str, key: str) -> None:
    for thicker, thinner in pairwise(diameters(name, key)):
        assert thicker / thinner == pytest.approx(R10_STEP, rel=0.05)


def ranges(rows: list[dict[str, str]]) -> list[tuple[float, float]]:
    return [(float(row["thickness_over_mm"]), float(row["thickness_up_to_mm"] or "inf")) for row in rows]


def grouped(read: Table, *keys: str) -> dict[tuple[str, ...], list[dict[str, str]]]:
    found: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in read:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


@pytest.mark.parametrize("name", ["iso_17636-2/wires", "iso_17636-2/duplex"])
def test_ranges_of_thickness_join_and_quality_falls_by_one_step(name: str) -> None:
    column = "wire" if name.endswith("wires") else "pair"
    for rows in grouped(table(name), "table").values():
        edges = ranges(rows)
        assert edges[0][0] == 0.0
        assert edges[-1][1] == math.inf
        assert all(first[1] == second[0] for first, second in pairwise(edges))
        numbers = [int(row[column][1:]) for row in rows]
        assert all(first - second == 1 for first, second in pairwise(numbers))


def test_class_b_never_asks_for_a_thicker_wire_than_class_a() -> None:
    read = table("iso_17636-2/wires")
    for first, second in (("B.1", "B.3"), ("B.5", "B.7"), ("B.9", "B.11")):
        for thickness in (1.0, 3.0, 5.5, 9.0, 14.0, 28.0, 60.0, 110.0, 240.0):
            wires = [
                int(row["wire"][1:])
                for name in (first, second)
                for row in read
                if row["table"] == name
                and float(row["thickness_over_mm"]) < thickness <= float(row["thickness_up_to_mm"] or "inf")
            ]
            assert wires[1] >= wires[0]


def test_duplex_resolution_is_the_wire_diameter() -> None:
    diameter = {row["pair"]: float(row["diameter_mm"]) for row in table("iso_19232-5/duplex_wires")}
    for row in table("iso_17636-2/duplex"):
        assert float(row["srb_um"]) / 1000 == pytest.approx(diameter[row["pair"]], rel=0.001)


def test_class_b_never_asks_for_less_snr_than_class_a() -> None:
    keys = ("table", "material", "radiation", "voltage_over_kv", "thickness_over_mm")
    for rows in grouped(table("iso_17636-2/snr_n"), *keys).values():
        value = {row["testing_class"]: float(row["snr_n"]) for row in rows}
        assert value["B"] >= value["A"]


def test_known_snr_pairs() -> None:
    rows = [row for row in table("iso_17636-2/snr_n") if row["table"] == "Table 3" and row["radiation"] == "x-ray"]
    first = {row["testing_class"]: row["snr_n"] for row in rows if row["voltage_up_to_kv"] == "50"}
    assert first == {"A": "100", "B": "150"}
