"""Erasure of a storage phosphor plate: what is left of an exposure after the plate was erased and read again."""

from __future__ import annotations

from kerma.science.imaging.image import Image
from kerma.science.measure import cnr
from kerma.science.measure.region import Region
from kerma.science.measure.scan_lines import limits
from kerma.science.results import Citation, Measurement, NotMeasurable, Value
from kerma.standards import table

VERSION = "1"


def measure(
    exposed: Image, erased: Image, *, region: Region | None = None, background: Region | None = None
) -> Measurement | NotMeasurable:
    """Return the residual image in percent of the signal of the first exposure (ASTM E2445).

    ``region`` is where the strong exposure fell, ``background`` where little did (default a frame around the region);
    both images are read with the same settings and without automatic scaling. Residual = (region - background) of the
    erased plate over (region - background) of the exposed one.
    """
    inputs: dict[str, Value] = {
        "region": list(region.as_json()) if region else None,
        "background": list(background.as_json()) if background else "a frame around the region",
    }
    if (exposed.rows, exposed.columns) != (erased.rows, erased.columns):
        return NotMeasurable("erasure", VERSION, "the two readings do not have the same size", inputs)
    contrasts, errors = [], []
    for image, when in ((exposed, "exposed"), (erased, "erased")):
        found = cnr.measure(image, region=region, background=background)
        if isinstance(found, NotMeasurable):
            return NotMeasurable("erasure", VERSION, f"{when}: {found.reason}", inputs)
        contrasts.append(float(str(found.values["contrast_stored"])))
        counts = [float(str(found.values[f"pixels_{part}"])) for part in ("region", "background")]
        noise = float(str(found.values["standard_deviation_background_stored"]))
        errors.append(noise * sum(1 / count for count in counts) ** 0.5)
    if abs(contrasts[0]) < 10 * errors[0]:
        return NotMeasurable("erasure", VERSION, "the exposed plate shows no exposure in the region", inputs)
    limit = limits("astm_e2445/limits")["residual_percent"]
    residual = 100 * contrasts[1] / contrasts[0]
    values: dict[str, Value] = {
        "residual_percent": residual, "exposed_stored": contrasts[0], "residual_stored": contrasts[1],
        "limit_percent": limit, "passes": abs(residual) <= limit,
    }  # fmt: skip
    return Measurement(
        "erasure", VERSION, values, method="contrast left after erasure over the contrast of the exposure",
        inputs=inputs, uncertainties={"residual_percent": 100 * errors[1] / abs(contrasts[0])},
        source=Citation.of(table("astm_e2445/limits"), "erasure"),
    )  # fmt: skip
