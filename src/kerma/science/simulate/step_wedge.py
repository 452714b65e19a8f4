"""A steel step wedge: ten known thicknesses in one picture, for contrast, noise and penetration."""

from __future__ import annotations

import numpy as np

from kerma.errors import WrongUsage
from kerma.science.simulate.document import Channel, Detector, Geometry, Scene, Source
from kerma.science.simulate.lettering import lead_letters
from kerma.science.simulate.part import Part
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes.exact import share_behind, snr_behind, stored_behind

ROWS, COLUMNS = 600, 1000
PIXEL_MM = 0.1
STEPS_MM = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0)
REFERENCE_MM = 10.0
OPEN_STORED = 60000.0
GEOMETRY = Geometry(source_detector_mm=850.0, source_object_mm=800.0)
PITCH_MM = 0.10625
"""Of the detector: :data:`PIXEL_MM` in the plane of the wedge."""
SOURCE = Source(tube_voltage_kv=280.0, filters_mm={"aluminium": 3.0, "copper": 3.0}, focal_spot_mm=3.0)
BLUR_MM = 0.064
FIRST_ROW, LAST_ROW = 130, 520
FIRST_COLUMN, STEP_COLUMNS = 50, 90
MARGIN_PX = 14


def step_wedge(seed: int, *, snr: float = 200.0) -> SimulatedImage:
    """Return a simulated radiograph of a step wedge, 100 × 60 mm; ``snr`` holds behind 10 mm of steel.

    The truth lists for each step its thickness, its region, and the stored value and signal-to-noise ratio expected.
    """
    if not snr > 0:
        raise WrongUsage(f"a signal-to-noise ratio of {snr:g} is no ratio: give a value above 0")
    steel, lead = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS))
    for number, thickness_mm in enumerate(STEPS_MM):
        steel[FIRST_ROW:LAST_ROW, _columns(number)] = thickness_mm
        left = FIRST_COLUMN + number * STEP_COLUMNS + 18
        lead_letters(lead, f"{thickness_mm:.0f}", row_px=92, column_px=left, height_px=30, thickness_mm=0.6)
    lead_letters(lead, "FE STEP WEDGE MM", row_px=572, column_px=60, height_px=24, thickness_mm=0.6)
    exposure = _exposure(snr, seed)
    truth = {"thickness_mm": REFERENCE_MM, "snr": snr, "steps": _steps(exposure)}
    return Part({"iron": steel, "lead": lead}).picture(exposure, truth)


def _exposure(snr: float, seed: int) -> Scene:
    """Return how the wedge is exposed: the SNR holds behind 10 mm, and the open beam stays below full scale."""
    stored = OPEN_STORED * share_behind(SOURCE, {"iron": REFERENCE_MM})
    channel = Channel(snr=snr, reference_stored=round(stored, 2))
    return Scene(
        "step_wedge", (), Detector(ROWS, COLUMNS, PITCH_MM, (channel,), {"iron": REFERENCE_MM}, BLUR_MM), SOURCE,
        GEOMETRY, seed=seed, description="Step wedge in steel, simulated", is_inverse=True,
        technique={"thickness_mm": REFERENCE_MM, "material": "steel", "part": "step wedge"},
    )  # fmt: skip


def _columns(number: int) -> slice:
    first = FIRST_COLUMN + number * STEP_COLUMNS
    return slice(first, first + STEP_COLUMNS)


def _steps(exposure: Scene) -> list[dict[str, object]]:
    """Return thickness, region and what is expected there, step by step."""
    return [
        {
            "thickness_mm": thickness_mm,
            "region": [FIRST_ROW + MARGIN_PX, _columns(number).start + MARGIN_PX,
                       LAST_ROW - FIRST_ROW - 2 * MARGIN_PX, STEP_COLUMNS - 2 * MARGIN_PX],
            "mean_stored": stored_behind(exposure, {"iron": thickness_mm}),
            "snr": snr_behind(exposure, {"iron": thickness_mm}),
        }
        for number, thickness_mm in enumerate(STEPS_MM)
    ]  # fmt: skip
