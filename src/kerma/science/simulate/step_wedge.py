"""A steel step wedge: ten known thicknesses in one picture, for contrast, noise and penetration."""

from __future__ import annotations

import numpy as np

from kerma.science.imaging.image import GreyScale, Image, Spacing
from kerma.science.simulate.beam import Beam, tube
from kerma.science.simulate.exposure import Detector, Field, attenuated, noise_share, quanta
from kerma.science.simulate.lettering import lead_letters
from kerma.science.simulate.scene import Part, SimulatedImage, picture

ROWS, COLUMNS = 600, 1000
PIXEL_MM = 0.1
STEPS_MM = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0)
REFERENCE_MM = 10.0
FIRST_ROW, LAST_ROW = 130, 520
FIRST_COLUMN, STEP_COLUMNS = 50, 90
MARGIN_PX = 14


def step_wedge(seed: int, *, snr: float = 200.0) -> SimulatedImage:
    """Return a simulated radiograph of a step wedge, 100 × 60 mm; ``snr`` holds behind 10 mm of steel.

    The truth lists for each step its thickness, its region, and the stored value and signal-to-noise ratio expected.
    """
    generator = np.random.default_rng(seed)
    steel, lead = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS))
    for number, thickness_mm in enumerate(STEPS_MM):
        steel[FIRST_ROW:LAST_ROW, _columns(number)] = thickness_mm
        left = FIRST_COLUMN + number * STEP_COLUMNS + 18
        lead_letters(lead, f"{thickness_mm:.0f}", row_px=92, column_px=left, height_px=30, thickness_mm=0.6)
    lead_letters(lead, "FE STEP WEDGE MM", row_px=572, column_px=60, height_px=24, thickness_mm=0.6)
    beam = tube(280.0, filters_mm={"aluminium": 3.0, "copper": 3.0})
    open_beam_share = float(attenuated(beam, {"iron": np.array([[REFERENCE_MM]])})[0][0, 0])
    detector = Detector(snr=snr, blur_px=0.6, focal_blur_px=0.8, reference_stored=60000.0 * open_beam_share)
    stored, findings, labels = picture(
        Part({"iron": steel, "lead": lead}), beam, detector, reference_mm={"iron": REFERENCE_MM}, generator=generator
    )
    truth = {
        "scene": "step_wedge", "seed": seed, "beam": beam.label, "tube_voltage_kv": beam.tube_voltage_kv,
        "thickness_mm": REFERENCE_MM, "snr": snr, "blur_sigma_px": detector.blur_px, "pixel_mm": PIXEL_MM,
        "focal_blur_sigma_px": detector.focal_blur_px, "steps": _steps(beam, detector),
    }
    image = Image(
        pixels=stored[None], bits=16, meaning="raw", spacing=Spacing(PIXEL_MM, PIXEL_MM, "geometry"),
        grey=GreyScale(is_inverse=True), rises_with_dose=True, format="TIFF", modality="DX",
        description="Step wedge in steel, simulated",
        technique={
            "tube_voltage_kv": beam.tube_voltage_kv, "thickness_mm": REFERENCE_MM, "material": "steel",
            "part": "step wedge",
        },
    )
    return SimulatedImage(image, findings, labels, truth)


def _columns(number: int) -> slice:
    first = FIRST_COLUMN + number * STEP_COLUMNS
    return slice(first, first + STEP_COLUMNS)


def _steps(beam: Beam, detector: Detector) -> list[dict[str, object]]:
    """Return thickness, region and what is expected there, step by step."""
    signal, variance = (values[0] for values in attenuated(beam, {"iron": np.array([STEPS_MM])}))
    reference = STEPS_MM.index(REFERENCE_MM)
    exposure = quanta(detector, (float(signal[reference]), float(variance[reference])))
    ratios: Field = signal / np.sqrt(variance / exposure) / noise_share(detector.blur_px)
    return [
        {
            "thickness_mm": thickness_mm,
            "region": [FIRST_ROW + MARGIN_PX, _columns(number).start + MARGIN_PX,
                       LAST_ROW - FIRST_ROW - 2 * MARGIN_PX, STEP_COLUMNS - 2 * MARGIN_PX],
            "mean_stored": float(signal[number] / signal[reference] * detector.reference_stored),
            "snr": float(ratios[number]),
        }
        for number, thickness_mm in enumerate(STEPS_MM)
    ]
