"""The demonstration set: what fills an empty home at the first start, the same on every machine.

Welds, castings, suitcases and a step wedge are simulated and say so; the chest and the leg are real computed
radiographs that come with the package ``pydicom-data``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class DemonstrationFile(NamedTuple):
    """One file to ingest: its name, its bytes, the sidecar's bytes when it has one, and the industry."""

    name: str
    data: bytes
    sidecar: bytes | None
    industry: str


@dataclass(frozen=True)
class Simulation:
    """One simulated exam of the set: which scene, which seed and options, and what the exam is called."""

    name: str
    scene: str
    seed: int
    words: Mapping[str, str]
    options: Mapping[str, str] = field(default_factory=dict)


SIMULATIONS = (
    Simulation(
        "weld-acceptable.tif", "weld", 7,
        {"subject": "K1049-W8", "subject_name": "Vessel K1049, seam W8", "exam": "K1049-W8",
         "acquired_at": "2026-03-02T08:14:00"},
        {"flaws": "few"},
    ),
    Simulation(
        "weld-rejectable.tif", "weld", 21,
        {"subject": "K1063-W4", "subject_name": "Vessel K1063, seam W4", "exam": "K1063-W4",
         "acquired_at": "2026-03-02T08:31:00"},
        {"flaws": "many"},
    ),
    Simulation(
        "casting.tif", "casting", 3,
        {"subject": "C210", "subject_name": "Pump cover C210", "exam": "C210", "acquired_at": "2026-03-02T10:05:00"},
    ),
    Simulation(
        "suitcase-clear.tif", "bag", 5,
        {"subject": "BAG-0412", "subject_name": "Suitcase 0412", "exam": "BAG-0412",
         "acquired_at": "2026-03-02T11:20:07"},
        {"threat": "none"},
    ),
    Simulation(
        "suitcase-suspect.tif", "bag", 8,
        {"subject": "BAG-0413", "subject_name": "Suitcase 0413", "exam": "BAG-0413",
         "acquired_at": "2026-03-02T11:20:31"},
        {"threat": "knife and block"},
    ),
    Simulation(
        "step-wedge.tif", "step_wedge", 1,
        {"subject": "WEDGE-FE-20", "subject_name": "Step wedge, steel, 2 to 20 mm", "exam": "WEDGE-FE-20",
         "acquired_at": "2026-03-02T07:45:00"},
    ),
)
REAL = ("RG1_UNCR.dcm", "RG3_UNCR.dcm")
"""Computed radiographs of a chest (15 bit) and a leg (10 bit) in the package pydicom-data, MIT licence."""


def demonstration_files() -> Iterator[DemonstrationFile]:
    """Yield the demonstration set, each file as soon as it is made; the same bytes every time."""
    from kerma.areas.training.labelled import labelled_file
    from kerma.science.simulate import ready_scene

    for each in SIMULATIONS:
        ready = ready_scene(each.scene)
        made = labelled_file(ready.build(each.seed, **each.options)[0], each.name, ready.industry, each.words)
        yield DemonstrationFile(made.name, made.data, made.sidecar, ready.industry)
    yield from _real()


def _real() -> Iterator[DemonstrationFile]:
    from importlib.resources import files

    folder = files("data_store") / "data"
    for name in REAL:
        yield DemonstrationFile(name, (folder / name).read_bytes(), None, "medical")
