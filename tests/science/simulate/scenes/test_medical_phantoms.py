"""Test objects: what measurements say of them is what beam, tube load and blur say."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.measure import run
from kerma.science.physics.spectrum import tube_spectrum
from kerma.science.results import Measurement
from kerma.science.simulate import ready_scene
from kerma.science.simulate.scene import SimulatedImage
from kerma.science.simulate.scenes import exact, medical_phantoms, radiography
from kerma.science.simulate.scenes.medical_truth import threshold_depth_mm
from kerma.standards import table


def measured(name: str, image: SimulatedImage, **options: Any) -> Measurement:
    found = run(name, image.image, **options)
    assert isinstance(found, Measurement), found
    return found


@functools.cache
def made(name: str, seed: int = 1, **options: Any) -> SimulatedImage:
    (image,) = ready_scene(name).build(seed, **options)
    return image


@pytest.mark.parametrize("row", table("iec_61267/beam_qualities").rows, ids=lambda row: row["beam_quality"])
def test_half_value_layers_of_the_beam_qualities(row: dict[str, str]) -> None:
    """Within 4 %: the tube's own filtration is not given, and voltages are set to reach the layer."""
    filters = {"aluminium": float(row["added_aluminium_mm"]) + 2.5}
    found = tube_spectrum(float(row["tube_voltage_kv"]), filters_mm=filters).value_layer_mm("Al")
    assert found == pytest.approx(float(row["hvl_mm_al"]), rel=0.04)


def test_the_index_of_an_even_field_is_a_hundred_per_microgray_of_the_calibration_beam() -> None:
    """Against the spectrum's own air kerma; the simulator's wider energy bins cost less than 0.5 %."""
    image = made("phantom-uniform", size_px=128, exposure_mas=5.0, noise="no")
    source = radiography.calibration_source()
    kerma = 5.0 * tube_spectrum(70.0, filters_mm=source.filters_mm).air_kerma_ugy(1.5)
    assert image.truth["exposure_index"] == pytest.approx(100.0 * kerma, rel=5e-3)
    assert image.image.pixels.mean() == pytest.approx(5.0 * image.truth["exposure_index"], rel=1e-3)
    found = measured("exposure_index", image)
    assert found.values["exposure_index"] == pytest.approx(image.truth["exposure_index"])


@pytest.mark.parametrize("plate", ["RQA5", "pmma", "aluminium"])
def test_snr_of_an_even_field(plate: str) -> None:
    """Within 2 %: 240 by 240 pixels, of which blur leaves some thousand independent ones."""
    image = made("phantom-uniform", size_px=256, plate=plate)
    found = measured("snr", image, region=(8, 8, 240, 240))
    assert found.values["snr"] == pytest.approx(image.truth["expected_snr"], rel=0.02)


def test_four_times_the_tube_load_doubles_the_snr() -> None:
    low, high = (made("phantom-uniform", size_px=128, exposure_mas=mas).truth["expected_snr"] for mas in (2.0, 8.0))
    assert high / low == pytest.approx(2.0, rel=0.02)  # fixed pattern takes a little


@pytest.mark.parametrize(("blur_mm", "material"), [(0.06, "tungsten"), (0.1, "lead"), (0.16, "tungsten")])
def test_mtf_of_the_edge(blur_mm: float, material: str) -> None:
    image = made("phantom-edge", size_px=384, blur_mm=blur_mm, material=material)
    found = measured("mtf", image, region=(32, 32, 320, 320))
    for level in ("mtf50_lp_mm", "mtf20_lp_mm"):
        assert found.values[level] == pytest.approx(image.truth[level], rel=0.03)
    true = {row["frequency_lp_mm"]: row["mtf"] for row in image.truth["mtf"]}
    curve = np.interp(list(true), found.values["frequency_lp_mm"], found.values["mtf"])
    assert np.abs(curve - list(true.values())).max() < 0.02


@pytest.mark.parametrize("material", ["pmma", "aluminium", "copper"])
def test_steps_follow_the_attenuation(material: str) -> None:
    image = made("phantom-step", size_px=256, material=material, steps=5, noise="no")
    scene = ready_scene("phantom-step").document(1, size_px=256, material=material, steps=5, noise="no")
    means = []
    for step in image.truth["steps"]:
        row, column, height, width = step["region"]
        grey = image.image.pixels[0, row : row + height, column : column + width]
        # A beam a few degrees aslant runs through a little more: less than 1 % of the thickest step's signal.
        want = exact.stored_behind(scene, {material: step["thickness_mm"]})
        assert grey.mean() == pytest.approx(want, rel=0.012, abs=1.0)
        means.append(grey.mean())
        assert step["exposure_index"] == pytest.approx(grey.mean() / 5.0, rel=0.015, abs=0.2)
    assert np.all(np.diff(means) < 0)


def test_contrast_of_holes_is_the_analytic_one() -> None:
    image = made("phantom-contrast-detail", size_px=1024, noise="no")
    scene = ready_scene("phantom-contrast-detail").document(1, size_px=1024, noise="no")
    assert image.expected is not None
    for cell in image.truth["cells"]:
        if cell["diameter_mm"] < 5.0 or cell["depth_mm"] < 1.0:
            continue
        row, column, height, width = (int(value) for value in cell["middle"])
        inside = image.expected[0, row + height // 2, column + width // 2]
        ground = image.expected[0, row + height // 2, column - 6]
        sound = exact.share_behind(scene.source, {"pmma": 60.0})
        want = exact.share_behind(scene.source, {"pmma": 60.0 - cell["depth_mm"]}) / sound - 1.0
        assert inside / ground - 1.0 == pytest.approx(want, rel=0.03)


def test_scatter_dilutes_contrast_by_one_plus_its_ratio() -> None:
    """A plate far wider than the kernel: scattered radiation is the same everywhere, so C = C0 / (1 + SPR)."""
    contrasts = []
    for ratio in (0.0, 1.0, 3.0):
        image = made("phantom-contrast-detail", size_px=512, noise="no", scatter_ratio=ratio)
        cell = next(c for c in image.truth["cells"] if (c["diameter_mm"], c["depth_mm"]) == (8.0, 2.0))
        row, column, height, width = (int(value) for value in cell["middle"])
        assert image.expected is not None
        line = image.expected[0, row + height // 2]
        contrasts.append(line[column + width // 2] / line[column - 4] - 1.0)
    assert contrasts[1] == pytest.approx(contrasts[0] / 2.0, rel=0.02)
    assert contrasts[2] == pytest.approx(contrasts[0] / 4.0, rel=0.02)


def test_the_curve_is_where_detectability_crosses_its_limit() -> None:
    image = made("phantom-contrast-detail", size_px=1024)
    curve = {row["diameter_mm"]: row["depth_mm"] for row in image.truth["curve"]}
    assert list(curve.values()) == sorted(curve.values(), reverse=True)
    for cell in image.truth["cells"]:
        # Away from the curve by a step of the plate, where a hole of few pixels is not cut by their grid.
        if cell["diameter_mm"] >= 1.0 and not 0.8 < cell["depth_mm"] / curve[cell["diameter_mm"]] < 1.25:
            assert cell["is_visible"] == (cell["depth_mm"] > curve[cell["diameter_mm"]])


def test_more_dose_shows_finer_details() -> None:
    merits = [
        made("phantom-contrast-detail", size_px=256, exposure_mas=mas).truth["inverse_figure_of_merit_per_mm2"]
        for mas in (1.0, 4.0, 16.0)
    ]
    assert merits[1] / merits[0] == pytest.approx(2.0, rel=0.06)
    assert merits[1] < merits[2] < 2.0 * merits[1]  # there the fixed pattern limits


def test_scatter_raises_the_threshold() -> None:
    plain, scattered = (medical_phantoms.contrast_detail(1, size_px=256, scatter_ratio=ratio) for ratio in (0.0, 3.0))
    ratio = threshold_depth_mm(scattered, 2.0, 5.0) / threshold_depth_mm(plain, 2.0, 5.0)
    assert ratio == pytest.approx(math.sqrt(1.0 + 3.0), rel=0.1)  # noise grows with the root, contrast stays


@pytest.mark.parametrize("target", ["Mo", "Rh", "W"])
def test_a_breast_of_plastic(target: str) -> None:
    image = made("phantom-breast", size_px=512, target=target)
    assert image.image.body_part == "BREAST" and len(image.findings) == 15
    for kind in ("fibre", "specks", "mass"):
        seen = [f.measurements["detectability"] for f in image.findings if f.label.startswith(kind)]
        assert seen == sorted(seen, reverse=True)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(WrongUsage):
        medical_phantoms.step(1, steps=1)
    with pytest.raises(WrongUsage):
        radiography.at_mas(medical_phantoms.step(1, size_px=96), 0.0)
