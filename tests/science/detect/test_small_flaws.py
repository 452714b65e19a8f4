from __future__ import annotations

import numpy as np
import pytest

import radiographs
from kerma.science.detect import detect
from kerma.science.imaging.image import Image, Spacing
from kerma.standards import table


def _boxes(image: Image, **options: object) -> list[list[float]]:
    return sorted(finding.box.as_json() for finding in detect("small_flaws", image, **options))


def test_pure_noise_gives_at_most_half_a_false_alarm_per_image_of_512_by_512() -> None:
    images = [
        radiographs.flat(seed, rows=512, columns=512, counts=counts)
        for seed in range(12)
        for counts in (200, 2_000, 30_000)
    ]
    assert sum(len(detect("small_flaws", image)) for image in images) / len(images) <= 0.5


def test_a_curved_background_with_correlated_noise_gives_no_more_false_alarms() -> None:
    import cv2

    row = np.arange(512)[:, None]
    alarms = 0
    for seed in range(16):
        counts = 20_000 * np.exp(-0.8 * np.exp(-(((row - 256) / 70) ** 2))) * np.linspace(0.8, 1, 512)
        noisy = np.random.default_rng(seed).poisson(counts).astype(np.float32)
        blurred = cv2.GaussianBlur(noisy, (0, 0), 0.8)
        alarms += len(detect("small_flaws", radiographs.image(np.rint(blurred).astype(np.uint16))))
    assert alarms / 16 <= 0.5


def test_the_probability_of_detection_rises_with_detectability_to_one() -> None:
    rates = []
    for contrast in (0.8, 1.5, 2.5, 4.0, 8.0):
        found = [radiographs.with_pores(seed, contrast=contrast) for seed in range(4)]
        hit = [one for image, pores in found for one in radiographs.hits(detect("small_flaws", image), pores)]
        rates.append((found[0][1][0].detectability, float(np.mean(hit))))
    shares = [share for _, share in rates]
    assert shares == sorted(shares)
    # Matched-filter detectability 2.8, 5.3, 8.9, 14, 28: the scales cost the ideal observer little.
    assert shares[0] <= 0.1 and shares[1] < 0.7
    assert shares[2] >= 0.85 and shares[3] >= 0.99 and shares[4] == 1.0


@pytest.mark.parametrize("sigma_px", [1.0, 2.0, 4.0, 8.0])
def test_every_size_is_found_where_it_is(sigma_px: float) -> None:
    image, pores = radiographs.with_pores(5, contrast=20 / sigma_px, sigma_px=sigma_px, count=16)
    findings = detect("small_flaws", image)
    assert np.mean(radiographs.hits(findings, pores, within_px=1 + sigma_px)) == 1
    assert len(findings) <= len(pores) + 2


@pytest.mark.parametrize("gain", [0.5, 2.0])
@pytest.mark.parametrize("offset", [0.0, 5_000.0])
def test_gain_and_offset_change_nothing(gain: float, offset: float) -> None:
    image, _ = radiographs.with_pores(7, contrast=6)
    changed = radiographs.image(image.pixels[0] * gain + offset)
    plain = radiographs.image(image.pixels[0].astype(float))
    assert _boxes(changed) == _boxes(plain) != []


@pytest.mark.parametrize("move", ["down", "across", "transposed"])
def test_a_turned_image_gives_the_turned_findings(move: str) -> None:
    image, _ = radiographs.with_pores(7, contrast=6, side=481)
    pixels = image.pixels[0]
    turned = {"down": pixels[::-1], "across": pixels[:, ::-1], "transposed": pixels.T}[move].copy()
    back = {
        "down": lambda row, column, height, width: [481 - row - height, column, height, width],
        "across": lambda row, column, height, width: [row, 481 - column - width, height, width],
        "transposed": lambda row, column, height, width: [column, row, width, height],
    }[move]
    plain, found = _boxes(image), sorted(back(*box) for box in _boxes(radiographs.image(turned)))
    assert len(found) >= 20
    # Blocks of the noise estimate begin elsewhere after a flip, so a box may change by a pixel.
    assert len(found) == pytest.approx(len(plain), abs=1)
    near = [any(np.abs(np.subtract(one, other)).max() <= 2 for other in plain) for one in found]
    assert np.mean(near) >= 0.95


@pytest.mark.parametrize(
    ("rises", "sign", "label"),
    [(True, 1, "porosity"), (True, -1, "inclusion"), (False, 1, "inclusion"), (False, -1, "porosity")],
)
def test_less_and_more_material_follow_from_which_way_the_values_run(rises: bool, sign: int, label: str) -> None:
    image, _ = radiographs.with_pores(7, contrast=sign * 10.0)
    findings = detect("small_flaws", radiographs.image(image.pixels, rises_with_dose=rises))
    assert {finding.label for finding in findings} == {label}


def test_a_dense_spot_of_strong_contrast_is_called_tungsten() -> None:
    image, _ = radiographs.with_pores(7, contrast=-60.0)
    assert {finding.label for finding in detect("small_flaws", image)} == {"tungsten"}


def test_labels_and_codes_are_those_of_the_standard() -> None:
    numbers = {row["label"]: row["number"] for row in table("iso_6520-1/imperfections")}
    assert {row["label"] for row in table("kerma_findings/small_flaws")} <= numbers.keys()
    finding = detect("small_flaws", radiographs.with_pores(7, contrast=10)[0])[0]
    assert finding.code == numbers[finding.label] == "2011"


def _disc(diameter_px: float, contrast: float, noise: float = 50.0) -> np.ndarray:
    import cv2

    row, column = np.mgrid[:256, :256]
    inside = np.hypot(row - 128, column - 128) <= diameter_px / 2
    sharp = (10_000 + contrast * inside).astype(np.float64)
    return cv2.GaussianBlur(sharp, (0, 0), 0.8) + np.random.default_rng(1).normal(0, noise, (256, 256))


@pytest.mark.parametrize("diameter_px", [6, 10, 16, 24])
def test_the_size_of_a_disc_is_measured_in_mm_within_a_pixel_and_a_half(diameter_px: float) -> None:
    image = radiographs.image(_disc(diameter_px, 2_000), spacing=Spacing(0.2, 0.2, "detector"))
    (finding,) = detect("small_flaws", image)
    assert finding.measurements["diameter_mm"] == pytest.approx(0.2 * diameter_px, abs=0.3)
    assert finding.measurements["length_mm"] == pytest.approx(0.2 * diameter_px, abs=0.4)
    assert finding.measurements["area_mm2"] == pytest.approx(finding.measurements["area_px"] * 0.04)


def test_unequal_spacing_is_taken_per_direction() -> None:
    image = radiographs.image(_disc(12, 2_000), spacing=Spacing(0.4, 0.1, "detector"))
    (finding,) = detect("small_flaws", image)
    assert finding.measurements["length_mm"] == pytest.approx(12 * 0.4, abs=0.8)
    assert finding.measurements["width_mm"] == pytest.approx(12 * 0.1, abs=0.3)


def test_contrast_to_noise_and_detectability_are_measured() -> None:
    (finding,) = detect("small_flaws", radiographs.image(_disc(12, 1_000)))
    assert finding.measurements["cnr"] == pytest.approx(1_000 / 50, rel=0.25)
    expected = finding.measurements["cnr"] * finding.measurements["area_px"] ** 0.5
    assert finding.measurements["detectability"] == pytest.approx(expected)


def test_a_bent_line_is_one_finding_as_long_as_it_is() -> None:
    column = np.arange(90, 170)
    pixels = np.random.default_rng(3).normal(10_000, 50, (256, 256))
    for step, at in enumerate(column):
        pixels[int(128 + 5 * np.sin(step / 14)) + np.array([-1, 0, 1]), at] += 600
    findings = detect("small_flaws", radiographs.image(pixels, spacing=Spacing(0.1, 0.1, "detector")))
    assert [finding.label for finding in findings] == ["elongated-cavity"]
    assert findings[0].measurements["length_mm"] == pytest.approx(8.0, abs=0.6)
    assert "diameter_mm" not in findings[0].measurements


@pytest.mark.parametrize("shape", ["step", "line across", "ramp", "slanted step", "two levels of noise"])
def test_the_shape_of_a_part_is_no_flaw(shape: str) -> None:
    row, column = np.mgrid[:400, :400]
    noise = np.random.default_rng(2).normal(0, 50, (400, 400))
    pixels = {
        "step": 10_000 + 4_000 * (row > 180) + noise,
        "line across": 10_000 + 900 * (np.abs(column - 200) < 2) + noise,
        "ramp": 5_000 + 30 * column + noise,
        "slanted step": 10_000 + 4_000 * (row + 0.3 * column > 250) + noise,
        "two levels of noise": 10_000 + noise * np.where(column > 190, 6, 1),
    }[shape]
    assert len(detect("small_flaws", radiographs.image(pixels))) <= 1


def test_padding_and_large_clipped_areas_hide_what_is_there_and_their_edges_are_no_flaws() -> None:
    image, pores = radiographs.with_pores(9, contrast=12)
    pixels = image.pixels[0].copy()
    pixels[:, :200] = 0
    padded = detect("small_flaws", radiographs.image(pixels, padding_value=0))
    clipped = detect("small_flaws", radiographs.image(pixels))
    visible = tuple(pore for pore in pores if pore.column > 215)
    for findings in (padded, clipped):
        assert all(finding.box.column >= 195 for finding in findings)
        assert all(radiographs.hits(findings, visible))
        assert len(findings) <= len(visible) + 3


def test_at_most_a_hundred_findings_are_given() -> None:
    image, _ = radiographs.with_pores(9, contrast=25, count=400, sigma_px=1.5, side=1024)
    findings = detect("small_flaws", image)
    assert 90 <= len(findings) <= 100
    assert [finding.score for finding in findings] == sorted((finding.score for finding in findings), reverse=True)


def test_a_higher_threshold_finds_less() -> None:
    image, _ = radiographs.with_pores(9, contrast=2.5)
    counts = [len(detect("small_flaws", image, threshold=threshold)) for threshold in (3.5, 5, 7, 30)]
    assert counts == sorted(counts, reverse=True) and counts[-1] == 0 < counts[1]
