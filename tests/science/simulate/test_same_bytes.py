"""Same seed, same bytes: whatever processor, vector width, BLAS and number of cores. Held by other processes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np

from kerma.science.simulate.document import (
    Box,
    Channel,
    Cylinder,
    Detector,
    Ellipsoid,
    Geometry,
    Mesh,
    Prism,
    Relief,
    Scatter,
    Scene,
    Sheet,
    Source,
    Stroke,
    Thing,
    Tube,
)
from kerma.science.simulate.render import render
from kerma.science.simulate.scene_json import write_scene

RENDER = """
import hashlib, os, sys
if sys.argv[1] == "one":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from kerma.science.simulate.render import render
from kerma.science.simulate.scene_json import read_scene
image = render(read_scene(sys.stdin.read()), view=1)
findings = repr([finding.as_json() for finding in image.findings])
print(hashlib.sha256(image.image.pixels.tobytes() + findings.encode()).hexdigest())
"""
TETRAHEDRON = Mesh(
    vertices_mm=((-4.0, -3.0, -2.0), (5.0, -2.0, -1.0), (0.0, 6.0, 0.5), (0.3, 0.2, 7.0)),
    faces=((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)),
)


def everything() -> Scene:
    """Every shape, several materials over each other, two channels, scatter and every fault of a detector."""
    things = (
        Thing("plate", Box((60.0, 50.0, 8.0)), "iron", turn_deg=(3.0, 4.0, 5.0)),
        Thing("bead", Relief("bead", (60.0, 12.0), 0.2), "iron", at_mm=(0.0, 0.0, 4.0)),
        Thing("rough", Relief("rough", (60.0, 50.0), 0.3, seed=2), "iron", at_mm=(0.0, 0.0, -4.0)),
        Thing("pore", Ellipsoid((1.0, 0.7, 0.5)), None, (3.0, 4.0, 0.0), inside="plate", label="porosity"),
        Thing("crack", Sheet(((-5.0, -8.0), (1.0, -7.0), (6.0, -9.0)), 0.06, 3.0), None, inside="plate", label="crack"),
        Thing("wire", Stroke(((-12.0, -20.0, 6.0), (12.0, 20.0, 6.0)), 0.08), "tungsten", label="wire"),
        Thing("pipe", Tube(5.0, 1.0, 20.0), "copper", (15.0, 10.0, 20.0), (70.0, 20.0, 0.0)),
        Thing("cone", Cylinder(4.0, 9.0, 1.0), "pmma", (-15.0, 10.0, 20.0), (50.0, 0.0, 20.0)),
        Thing(
            "wedge",
            Prism(((0.0, 0.0), (9.0, 1.0), (2.0, 7.0)), 5.0),
            "aluminium",
            (-15.0, -15.0, 20.0),
            (10.0, 20.0, 30.0),
        ),
        Thing("stone", TETRAHEDRON, "lead", (15.0, -12.0, 20.0), (33.0, 12.0, 7.0), density_g_cm3=3.0),
        Thing("cloth", Relief("cloth", (40.0, 40.0), 0.4), "cotton", (0.0, 0.0, 40.0)),
    )
    detector = Detector(
        300,
        320,
        0.2,
        (Channel("low", {}, "gadox", 0.3, 150.0), Channel("high", {"copper": 0.6}, "csi", 4.0, 150.0)),
        {"iron": 8.0},
        0.15,
        20.0,
        0.3,
        30,
        3.0,
    )
    return Scene(
        "everything",
        things,
        detector,
        Source(filters_mm={"aluminium": 3.0}, focal_spot_mm=0.6),
        Geometry(source_detector_mm=700.0, source_object_mm=600.0, angles_deg=(-7.0, 12.5)),
        Scatter(0.4, 14.0, 0.7, 0.2),
        seed=20260101,
    )


def plainest_machine() -> dict[str, str]:
    """The environment in which numpy, numba and OpenBLAS use no more than the first 64-bit processors had."""
    umath = np._core._multiarray_umath
    found = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)]
    return {
        "NPY_DISABLE_CPU_FEATURES": " ".join(found),
        "NUMBA_CPU_NAME": "x86-64",
        "NUMBA_CPU_FEATURES": "",
        "OPENBLAS_CORETYPE": "Prescott",
        "OPENBLAS_NUM_THREADS": "1",
    }


def test_the_plainest_processor_with_one_core_makes_the_same_bytes() -> None:
    scene = everything()
    here = render(scene, view=1)
    findings = repr([finding.as_json() for finding in here.findings])
    mine = hashlib.sha256(here.image.pixels.tobytes() + findings.encode()).hexdigest()
    environment = {**os.environ, **plainest_machine()}
    answer = subprocess.run(
        [sys.executable, "-c", RENDER, "one"],
        input=write_scene(scene),
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert answer.stdout.strip() == mine


def test_rendering_twice_is_the_same_and_another_seed_is_not() -> None:
    scene = everything()
    first, second = render(scene), render(scene)
    assert first.image.pixels.tobytes() == second.image.pixels.tobytes()
    assert first.as_json() == second.as_json()
