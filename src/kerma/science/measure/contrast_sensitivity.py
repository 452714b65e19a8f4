"""Contrast sensitivity: the thickness change, in percent, whose contrast equals the noise."""

from __future__ import annotations

from dataclasses import replace

from kerma.science.imaging.image import Image
from kerma.science.measure import cnr
from kerma.science.measure.region import Region
from kerma.science.results import Citation, Measurement, NotMeasurable
from kerma.standards import table

VERSION = "1"


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, background: Region | None = None,
    recess_percent: float | None = None,
) -> Measurement | NotMeasurable:  # fmt: skip
    """Return CS = p / CNR in percent of thickness, for a recess or step of p percent (ASTM E1647, E2597).

    ``region`` lies in the recess, ``background`` beside it at full thickness (default a frame around the region).
    """
    if recess_percent is None:
        reason = "say how deep the recess is, in percent of the thickness beside it: recess_percent"
        return NotMeasurable("contrast_sensitivity", VERSION, reason, {"plane": plane})
    found = cnr.measure(image, plane=plane, region=region, background=background)
    inputs = {**found.inputs, "recess_percent": recess_percent}
    if isinstance(found, NotMeasurable):
        return NotMeasurable("contrast_sensitivity", VERSION, found.reason, inputs)
    ratio, error = float(str(found.values["cnr"])), found.uncertainties["cnr"]
    if ratio < 2 * error:
        reason = f"the recess does not stand out: CNR {ratio:.3f} with an uncertainty of {error:.3f}"
        return NotMeasurable("contrast_sensitivity", VERSION, reason, inputs)
    sensitivity = recess_percent / ratio
    return replace(
        found,
        name="contrast_sensitivity",
        version=VERSION,
        values={
            "contrast_sensitivity_percent": sensitivity,
            "cnr_per_percent": ratio / recess_percent,
            "contrast_per_percent_stored": float(str(found.values["contrast_stored"])) / recess_percent,
            **found.values,
        },
        method=f"percent of thickness over CNR; {found.method}",
        inputs=inputs,
        uncertainties={**found.uncertainties, "contrast_sensitivity_percent": sensitivity * error / ratio},
        source=Citation.of(table("astm_e1647/contrast_sensitivity")),
    )
