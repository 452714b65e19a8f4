"""Ghosting or burn-in: how much a strong exposure has changed the response of the detector where it fell."""

from __future__ import annotations

from kerma.science.imaging.image import Image
from kerma.science.measure import cnr
from kerma.science.measure.region import Region
from kerma.science.results import Measurement, NotMeasurable, Value

VERSION = "1"


def measure(
    before: Image, after: Image, *, region: Region | None = None, background: Region | None = None
) -> Measurement | NotMeasurable:
    """Return the change of a region against its background between two flat exposures, in percent.

    burn-in = ((region / background) after / (region / background) before - 1) * 100. ``region`` is where the strong
    exposure fell. Both images are flat fields of the same beam, corrected for offset; a change of dose or of gain of
    the whole detector cancels.
    """
    inputs: dict[str, Value] = {
        "region": list(region.as_json()) if region else None,
        "background": list(background.as_json()) if background else "a frame around the region",
    }
    results = [cnr.measure(image, region=region, background=background) for image in (before, after)]
    ratios, variance = [], 0.0
    for result, when in zip(results, ("before", "after"), strict=True):
        if isinstance(result, NotMeasurable):
            return NotMeasurable("ghosting", VERSION, f"{when}: {result.reason}", inputs)
        means = [float(str(result.values[f"mean_{part}_stored"])) for part in ("region", "background")]
        if min(means) <= 0:
            return NotMeasurable("ghosting", VERSION, f"{when}: the means are not above 0", inputs)
        ratios.append(means[0] / means[1])
        noise = float(str(result.values["standard_deviation_background_stored"]))
        counts = [int(str(result.values[f"pixels_{part}"])) for part in ("region", "background")]
        variance += sum((noise / mean) ** 2 / count for mean, count in zip(means, counts, strict=True))
    change = ratios[1] / ratios[0] - 1
    values: dict[str, Value] = {
        "burn_in_percent": 100 * change,
        "ratio_before": ratios[0],
        "ratio_after": ratios[1],
    }
    warnings = dict.fromkeys(warning for result in results for warning in result.as_json()["warnings"])
    return Measurement(
        "ghosting",
        VERSION,
        values,
        method="ratio of region to background after the strong exposure over that before, less 1",
        inputs=inputs,
        uncertainties={"burn_in_percent": 100 * (1 + change) * variance**0.5},
        warnings=tuple(warnings),
    )
