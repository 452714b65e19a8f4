"""Normalized signal-to-noise ratio SNR_N: the SNR scaled to a basic spatial resolution of 88.6 micrometres."""

from __future__ import annotations

from dataclasses import replace

from kerma.science.imaging.image import Image
from kerma.science.measure import snr
from kerma.science.measure.region import Region
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"
SCALED = ("snr", "snr_line_median", "snr_region")
RESOLUTION_KEYS = ("srb_image_um", "srb_detector_um", "srb_um")
"""Where an image's technique may carry a measured basic spatial resolution, the image's own first."""


def measure(
    image: Image, *, plane: int = 0, region: Region | None = None, srb_um: float | None = None
) -> Measurement | NotMeasurable:
    """Return SNR_N = SNR * 88.6 um / SRb (ISO 17636-2).

    ``srb_um`` is the basic spatial resolution read from a duplex wire, of the image where there is magnification;
    without it the technique stored with the image is asked. The pixel size is no substitute: the basic spatial
    resolution is never better than the pixel and usually worse, so that SNR_N would come out too high.
    """
    origin = "given"
    if srb_um is None:
        srb_um, origin = _stored_resolution(image)
    if srb_um is None:
        pixel = ""
        if image.spacing.row_mm is not None:
            pixel = f" (it is not below the pixel of {image.spacing.row_mm * 1000:.0f} um)"
        reason = f"the basic spatial resolution is not known{pixel}: read it from a duplex wire and give it as srb_um"
        return NotMeasurable("snr_n", VERSION, reason, {"plane": plane})
    found = snr.measure(image, plane=plane, region=region)
    inputs: dict[str, Value] = {**found.inputs, "srb_um": srb_um, "srb_origin": origin}
    if isinstance(found, NotMeasurable):
        return NotMeasurable("snr_n", VERSION, found.reason, inputs)
    published = table("iso_17636-2/snr_region")
    reference_um = next(float(row["value"]) for row in published if row["quantity"] == "reference_resolution")
    factor = reference_um / srb_um
    values = {key.replace("snr", "snr_n", 1): float(str(found.values[key])) * factor for key in SCALED}
    return replace(
        found,
        name="snr_n",
        version=VERSION,
        values=values | {"snr": found.values["snr"], "srb_um": srb_um},
        method=f"{found.method}; times {reference_um} um / SRb",
        inputs=inputs,
        uncertainties={key.replace("snr", "snr_n", 1): found.uncertainties[key] * factor for key in SCALED},
        source=Citation.of(published),
        warnings=found.warnings + _finer_than_pixel(image, srb_um),
    )


def _stored_resolution(image: Image) -> tuple[float | None, str]:
    for key in RESOLUTION_KEYS:
        value = image.technique.get(key)
        if isinstance(value, int | float) and value > 0:
            return float(value), f"technique {key}"
    return None, ""


def _finer_than_pixel(image: Image, srb_um: float) -> tuple[str, ...]:
    pixel_mm = image.spacing.row_mm
    if pixel_mm is None or srb_um >= pixel_mm * 1000 * 0.999:
        return ()
    return (f"srb_um {srb_um:g} is finer than the pixel of {pixel_mm * 1000:g} um: check it",)
