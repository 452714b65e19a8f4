"""The simulator against gVirtualXray on the same scenes: another engine, triangles instead of exact bodies."""

from __future__ import annotations

import numpy as np
import pytest
from bench.gvxr_peer import peer_picture
from bench.simulator import plate_with_pores, zncc

from kerma.science.simulate.document import (
    Box,
    Channel,
    Cylinder,
    Detector,
    Ellipsoid,
    Geometry,
    Prism,
    Scene,
    Source,
    Thing,
    Tube,
)
from kerma.science.simulate.render import noise_free

pytest.importorskip("gvxrPython3", reason="gvxr is not installed")

PANEL = Detector(240, 256, 0.4, channels=(Channel(snr=0.0),))
CONE = Geometry(source_detector_mm=800.0, source_object_mm=600.0, rays_per_pixel=1)
HEXAGON = ((10.0, 0.0), (5.0, 8.0), (-4.0, 9.0), (-10.0, 1.0), (-6.0, -7.0), (4.0, -9.0))


def scene(name: str, *things: Thing, source: Source | None = None, geometry: Geometry = CONE) -> Scene:
    return Scene(name, things, PANEL, source or Source(tube_voltage_kv=160.0, filters_mm={"copper": 0.5}), geometry)


SCENES = {
    "plate with pores": plate_with_pores(60, 256),
    "pipes": scene(
        "pipes",
        Thing("pipe", Tube(14.0, 3.0, 50.0), "iron", (-10.0, 0.0, 5.0), (80.0, 25.0, 0.0)),
        Thing("rod", Cylinder(5.0, 40.0), "aluminium", (18.0, 4.0, -8.0), (60.0, 0.0, 20.0)),
        source=Source("monochromatic", energy_kev=120.0),
    ),
    "step wedge": scene(
        "wedge",
        *(
            Thing(f"step {n}", Box((8.0, 40.0, 2.0 * n)), "aluminium", (8.0 * n - 30.0, 0.0, 1.0 * n))
            for n in range(1, 7)
        ),
        source=Source(tube_voltage_kv=90.0, filters_mm={"aluminium": 2.5}),
    ),
    "layers of many materials": scene(
        "layers",
        Thing("water", Box((60.0, 50.0, 30.0)), "water", (0.0, 0.0, -20.0), (5.0, 10.0, 15.0)),
        Thing("plate", Box((30.0, 30.0, 3.0)), "copper", (6.0, -4.0, 20.0), (0.0, 0.0, 30.0)),
        Thing("stone", Prism(HEXAGON, 12.0), "SiO2", (-10.0, 6.0, 40.0), (30.0, 20.0, 10.0), density_g_cm3=2.6),
    ),
    "cone and ball under an angle": scene(
        "cone",
        Thing("cone", Cylinder(12.0, 30.0, 4.0), "titanium", (-8.0, 3.0, 0.0), (35.0, 15.0, 0.0)),
        Thing("ball", Ellipsoid((9.0, 6.0, 12.0)), "aluminium", (14.0, -8.0, 10.0), (0.0, 30.0, 40.0)),
        geometry=Geometry(source_detector_mm=800.0, source_object_mm=600.0, rays_per_pixel=1, angles_deg=(35.0,)),
    ),
    "blocks at the side of the beam": scene(
        "blocks",
        *(
            Thing(f"b{n}", Box((20.0, 6.0, 5.0)), "iron", (4.0 * n, 9.0 * n, 0.0), (9.0 * n, 20.0, 5.0))
            for n in range(3)
        ),
        source=Source(tube_voltage_kv=300.0, filters_mm={"copper": 2.0}),
        geometry=Geometry(source_detector_mm=700.0, source_object_mm=500.0, rays_per_pixel=1, offset_mm=(30.0, -20.0)),
    ),
    "gas in a casting": scene(
        "casting",
        Thing("body", Cylinder(18.0, 24.0), "aluminium", turn_deg=(15.0, 5.0, 0.0)),
        *(
            Thing(
                f"gas {n}",
                Ellipsoid((1.5, 1.2, 1.8)),
                None,
                (4.0 * n - 8.0, 3.0 * (n % 3) - 3.0, 1.0 * n - 2.0),
                inside="body",
            )
            for n in range(5)
        ),
        source=Source("isotope", nuclide="Ir-192"),
    ),
}


SOAKED = ("pipes", "step wedge", "cone and ball under an angle", "blocks at the side of the beam")
"""Scenes whose kinds of body others hold too."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.soak] * (name in SOAKED)) for name in SCENES])
def test_pictures_agree(name: str) -> None:
    """At least 0.9999: what is left are pixels on edges, which one of the two engines counts and the other does not."""
    try:
        theirs, _ = peer_picture(SCENES[name])
    except RuntimeError as error:
        pytest.skip(str(error)[:300])
    ours = noise_free(SCENES[name])[0]
    assert zncc(ours, theirs) >= 0.9999
    # The median pixel, which no edge disturbs.
    assert float(np.median(np.abs(ours / theirs - 1.0))) < 1e-4
