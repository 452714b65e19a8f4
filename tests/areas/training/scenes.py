"""Small scenes for tests: quick to draw, with findings that touch the border and each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerma.science.imaging.image import Image, Spacing
from kerma.science.options import Option
from kerma.science.results import Box, By, Finding
from kerma.science.simulate import SIZE, ReadyScene
from kerma.science.simulate.scene import SimulatedImage

BY = By("algorithm", "simulator", "1")


class LittleScene(ReadyScene):
    """A scene of two energies and as many views as asked for."""

    def _made(self, seed: int, options: dict[str, Any]) -> tuple[SimulatedImage, ...]:
        values = self.parsed(options)
        return tuple(_view(seed, number, values.get("size_px", 24)) for number in range(values.get("views", 1)))


def _view(seed: int, number: int, size_px: int) -> SimulatedImage:
    rows, columns = size_px, size_px + 8
    generator = np.random.default_rng([seed, number])
    labels = np.zeros((rows, columns), np.uint16)
    labels[0:5, 0:7] = 1
    labels[3:9, columns - 4 :] = 2
    findings = (
        Finding("T1", "2011", "porosity", Box(0.0, 0.0, 5.0, 7.0), BY, measurements={"cnr": 3.5, "length_mm": 0.7}),
        Finding("T2", "100", "crack", Box(3.0, columns - 4.0, 6.0, 4.0), BY, measurements={"cnr": float("inf")}),
    )
    image = Image(
        generator.integers(0, 65536, (2, rows, columns)).astype(np.uint16), bits=16, meaning="raw",
        spacing=Spacing(0.1, 0.1, "geometry"), rises_with_dose=True, plane_kind="energy", plane_labels=("low", "high"),
        modality="DX", description="Little scene",
        technique={
            "tube_voltage_kv": 160.0, "source_detector_mm": 1000.0, "source_object_mm": 800.0, "focal_spot_mm": 0.4,
            "thickness_mm": 10.0, "material": "steel", "iqi_type": "WIRE", "iqi_material": "FE", "iqi_size": "W10",
        },
    )  # fmt: skip
    thickness = {"steel": np.full((rows, columns), 10.0)}
    return SimulatedImage(image, findings, labels, {"scene": "little", "seed": seed, "snr": 100.0}, thickness)


LITTLE = LittleScene(
    "little-scene", "ndt", "two energies of nothing in particular", "nowhere:nothing",
    (SIZE, Option("views", "whole", "how many views", default=1)),
)  # fmt: skip

PLATE = {
    "version": 1,
    "name": "Pore plate",
    "things": [
        {"name": "plate", "shape": {"type": "box", "size_mm": [40, 30, 10]}, "material": "iron"},
        {"name": "pore", "shape": {"type": "ellipsoid", "radii_mm": [1, 1, 1]}, "material": None, "inside": "plate",
         "label": "porosity", "measurements": {"diameter_mm": 2}},
    ],
    "source": {"kind": "tube", "tube_voltage_kv": 200},
    "detector": {"rows": 48, "columns": 64, "pitch_mm": 0.4, "reference_mm": {"iron": 10}},
}  # fmt: skip
