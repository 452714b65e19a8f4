"""Bad pixels planted one by one, with exact counts; the fast comparison held against plain running medians."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve, median_filter

import detectors
from kerma.errors import WrongUsage
from kerma.science.imaging.frame_statistics import Surroundings, frame_mean, frame_spread
from kerma.science.measure import run
from kerma.science.measure.bad_pixels import classify, clusters
from kerma.science.results import Measurement, NotMeasurable

SHAPE = (160, 200)
OFFSET, SIGNAL = 1000.0, 20_000.0


class Detector:
    """Flat and dark frames into which bad pixels are planted."""

    def __init__(self, seed: int = 1, *, flats: int = 10, darks: int = 32) -> None:
        generator = np.random.default_rng(seed)
        shading = 1 - 0.1 * np.linspace(-1, 1, SHAPE[1]) ** 2
        self.flats = OFFSET + SIGNAL * shading + generator.normal(0, 40, (flats, *SHAPE))
        self.darks = OFFSET + generator.normal(0, 5, (darks, *SHAPE))
        self.generator = generator

    def gain(self, at: tuple, factor: float) -> None:
        self.flats[(slice(None), *at)] = OFFSET + factor * (self.flats[(slice(None), *at)] - OFFSET)

    def noise(self, at: tuple, factor: float) -> None:
        self.darks[(slice(None), *at)] = OFFSET + factor * (self.darks[(slice(None), *at)] - OFFSET)

    def measure(self, **options: object) -> dict:
        result = run("bad_pixels", self.image(self.flats), self.image(self.darks), **options)
        assert isinstance(result, Measurement), result
        return dict(result.values)

    @staticmethod
    def image(frames: np.ndarray, **fields: object) -> object:
        return detectors.image(frames if np.isnan(frames).any() else detectors.counts(frames), **fields)


def _counts(values: dict, *names: str) -> tuple:
    return tuple(values[name] for name in names)


def test_a_good_detector_has_no_bad_pixel() -> None:
    values = Detector().measure()
    names = ("dead", "over", "under", "noisy", "nonuniform", "bad_neighbourhood", "clusters", "lines", "total")
    assert _counts(values, *names) == (0,) * 9
    assert values["persistent"] is None


def test_every_class_is_counted_exactly_at_borders_and_corners_too() -> None:
    detector = Detector()
    for at in ((0, 0), (0, 50), (80, 0), (159, 199)):
        detector.gain(at, 0.0)
    for at in ((20, 20), (0, 100), (159, 30)):
        detector.gain(at, 1.5)
    for at in ((40, 40), (40, 199)):
        detector.gain(at, 0.5)
    for at in ((60, 60), (60, 70), (159, 90), (70, 0), (70, 20)):
        detector.noise(at, 10.0)
    for at, factor in (((100, 100), 1.03), ((110, 110), 0.97), ((0, 199), 1.04)):
        detector.gain(at, factor)
    values = detector.measure()
    assert _counts(values, "dead", "over", "under", "noisy", "nonuniform") == (4, 3, 2, 5, 3)
    assert values["total"] == 17
    assert values["total_percent"] == pytest.approx(100 * 17 / (160 * 200))
    assert _counts(values, "clusters", "relevant_clusters", "lines") == (0, 0, 0)


@pytest.mark.parametrize(("factor", "over", "under"), [(1.25, 0, 0), (1.35, 1, 0), (0.65, 0, 0), (0.55, 0, 1)])
def test_limits_of_response_hold_on_either_side(factor: float, over: int, under: int) -> None:
    detector = Detector()
    detector.gain((80, 80), factor)
    assert _counts(detector.measure(), "over", "under") == (over, under)


def test_a_pixel_stuck_at_one_value_is_dead_and_one_saturated_by_light_is_over() -> None:
    detector = Detector()
    detector.flats[:, 30, 30] = detector.darks[:, 30, 30] = 65_535
    detector.flats[:, 50, 50] = 65_535
    assert _counts(detector.measure(), "dead", "over") == (1, 1)


def test_pixels_without_a_value_are_dead() -> None:
    detector = Detector()
    detector.flats[3, 30, 30] = np.nan
    detector.flats[:, 90, 90] = np.nan
    assert _counts(detector.measure(), "dead", "total") == (2, 2)


def test_padding_is_no_part_of_the_detector() -> None:
    detector = Detector()
    detector.flats[:, :, 180:] = 0
    flats = Detector.image(detector.flats, padding_value=0.0)
    values = run("bad_pixels", flats, Detector.image(detector.darks)).values
    assert _counts(values, "dead", "total", "pixels") == (0, 0, 160 * 180)


def test_a_dead_column_is_a_line_and_no_relevant_cluster_but_two_side_by_side_are() -> None:
    detector = Detector()
    detector.gain((slice(None), 50), 0.0)
    values = detector.measure()
    assert _counts(values, "dead", "lines", "clusters") == (160, 1, 1)
    # Within the detector a pixel of a single line keeps six good neighbours; the two at the border keep four.
    assert values["cluster_kernel_pixels"] == 2
    detector.gain((slice(None), 51), 0.0)
    values = detector.measure()
    assert _counts(values, "dead", "lines", "clusters", "relevant_clusters") == (320, 2, 1, 1)


@pytest.mark.parametrize(("length", "lines"), [(10, 0), (11, 1), (40, 1)])
def test_a_line_is_longer_than_ten_pixels(length: int, lines: int) -> None:
    detector = Detector()
    detector.gain((30, slice(20, 20 + length)), 0.0)
    values = detector.measure()
    assert _counts(values, "lines", "clusters", "relevant_clusters") == (lines, 1, 0)
    assert values["largest_cluster_px"] == length


def test_a_line_broken_by_good_pixels_is_no_line_and_a_crossing_is_two() -> None:
    detector = Detector()
    detector.gain((30, slice(20, 40)), 0.0)
    detector.gain((30, 30), 1e9)
    detector.flats[:, 30, 30] = detector.flats[:, 29, 30]
    detector.gain((slice(60, 120), 100), 0.0)
    detector.gain((90, slice(70, 130)), 0.0)
    assert detector.measure()["lines"] == 2


def test_clusters_touch_by_side_or_corner_and_are_relevant_below_five_good_neighbours() -> None:
    detector = Detector()
    detector.gain((20, slice(20, 22)), 0.0)  # a pair: seven good neighbours each
    detector.gain((40, 40), 0.0)  # two that touch by a corner
    detector.gain((41, 41), 0.0)
    detector.gain((slice(60, 62), slice(60, 62)), 0.0)  # 2 x 2: five good neighbours each
    detector.gain((slice(80, 83), slice(80, 83)), 0.0)  # 3 x 3: corners five, sides three, middle none
    detector.gain((100, 100), 0.0)  # one alone
    detector.gain((120, 120), 0.0)  # a plus: its middle has four good neighbours, its arms five
    for at in ((119, 120), (121, 120), (120, 119), (120, 121)):
        detector.gain(at, 0.0)
    values = detector.measure()
    assert _counts(values, "clusters", "relevant_clusters") == (5, 2)
    assert values["cluster_kernel_pixels"] == 5 + 1


def test_touching_clusters_are_one_and_classes_mix() -> None:
    detector = Detector()
    detector.gain((20, slice(20, 23)), 0.0)
    detector.gain((21, slice(23, 26)), 1.5)
    detector.noise((22, 26), 10.0)
    values = detector.measure()
    assert _counts(values, "dead", "over", "noisy", "clusters", "largest_cluster_px") == (3, 3, 1, 1, 7)


def test_a_good_pixel_among_eight_bad_ones_is_bad_by_its_neighbourhood() -> None:
    detector = Detector()
    ring = np.ones((3, 3), dtype=bool)
    ring[1, 1] = False
    detector.flats[:, 49:52, 59:62] = np.where(ring, OFFSET, detector.flats[:, 49:52, 59:62])
    values = detector.measure()
    assert _counts(values, "dead", "bad_neighbourhood", "total", "largest_cluster_px") == (8, 1, 9, 9)


def test_persistence_is_judged_on_the_frame_after_the_beam_went_off() -> None:
    detector = Detector()
    detector.darks[0] += 200
    detector.darks[0, 40, 40] += 300
    detector.darks[0, 60, 60] += 150
    values = detector.measure(shutdown_plane=0)
    assert _counts(values, "persistent", "noisy") == (1, 0)


def test_falling_values_are_turned_round() -> None:
    detector = Detector()
    detector.gain((30, 30), 0.0)
    detector.gain((40, 40), 1.5)
    flats = Detector.image(60_000 - detector.flats, rises_with_dose=False)
    values = run("bad_pixels", flats, Detector.image(60_000 - detector.darks)).values
    assert _counts(values, "dead", "over", "total") == (1, 1, 2)


def test_gain_and_offset_change_no_class() -> None:
    detector = Detector()
    generator = np.random.default_rng(4)
    for row, column in generator.integers(0, 160, (60, 2)):
        detector.gain((row, column), float(generator.choice([0.0, 0.3, 0.95, 1.05, 2.0])))
    first = classify(detectors.image(detector.flats), detectors.image(detector.darks))
    second = classify(detectors.image(3 * detector.flats + 70), detectors.image(3 * detector.darks + 70))
    for name in ("dead", "over", "under", "noisy", "nonuniform"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert first.bad.sum() > 40


@pytest.mark.parametrize("window_px", [9, 21])
def test_comparison_with_the_surroundings_is_exact(window_px: int) -> None:
    generator = np.random.default_rng(2)
    values = generator.normal(1000, 30, (60, 75)).astype(np.float32)
    values[generator.random(values.shape) < 0.1] = 0
    values[:, 0], values[3] = 0, 5000
    median = median_filter(values, window_px, mode="mirror").astype(np.float64)
    around = Surroundings(values, window_px)
    for factor in (0.6, 0.97, 0.99, 1.0, 1.01, 1.03, 1.3):
        assert np.array_equal(around.above(factor), values > factor * median)
        assert np.array_equal(around.below(factor), values < factor * median)


def test_clusters_agree_with_plain_counting_on_random_maps() -> None:
    from scipy.ndimage import label

    detector = Detector(flats=2, darks=2)
    bad = np.random.default_rng(9).random(SHAPE) < 0.08
    detector.flats[:, bad] = OFFSET
    found = classify(Detector.image(detector.flats), Detector.image(detector.darks))
    mask = found.bad
    ring = np.ones((3, 3), int)
    ring[1, 1] = 0
    good = convolve((~mask).astype(int), ring, mode="constant")
    labels, count = label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    big = np.isin(labels, np.flatnonzero(sizes > 1) + 1)
    groups = clusters(found)
    assert groups.clusters == (sizes > 1).sum() and count > groups.clusters > 50
    assert groups.kernel_pixels == (big & (good < 5)).sum()
    assert groups.relevant == np.unique(labels[big & (good < 5)]).size


def test_mean_and_spread_over_frames_are_the_plain_ones() -> None:
    frames = np.random.default_rng(1).integers(0, 65_535, (5, 7, 9))
    for kind in (np.uint8, np.uint16, np.int32, np.float32):
        of_kind = (frames % 256 if kind is np.uint8 else frames).astype(kind)
        assert frame_mean(of_kind) == pytest.approx(of_kind.mean(axis=0))
        assert frame_spread(of_kind) == pytest.approx(of_kind.std(axis=0, ddof=1))


@pytest.mark.parametrize(
    ("change", "words"),
    [("swapped", "no brighter"), ("saturated", "saturated"), ("other size", "do not match"), ("nothing", "no pixel")],
)
def test_frames_that_cannot_tell_are_refused_with_the_reason(change: str, words: str) -> None:
    detector = Detector(flats=2, darks=2)
    flats, darks = detector.flats, detector.darks
    if change == "swapped":
        flats, darks = darks, flats
    elif change == "saturated":
        flats = np.full_like(flats, 65_535)
    elif change == "other size":
        darks = darks[:, :50]
    else:
        flats = np.full_like(flats, np.nan)
    result = run("bad_pixels", Detector.image(flats), Detector.image(darks))
    assert isinstance(result, NotMeasurable) and words in result.reason


def test_few_frames_are_said_and_a_shutdown_frame_that_does_not_exist_is_refused() -> None:
    detector = Detector(flats=1, darks=1)
    result = run("bad_pixels", Detector.image(detector.flats), Detector.image(detector.darks))
    assert result.values["noisy"] is None
    assert any("one flat frame" in text for text in result.warnings)
    assert any("asks for 30" in text for text in result.warnings)
    with pytest.raises(WrongUsage, match="shutdown_plane 7"):
        run("bad_pixels", Detector.image(detector.flats), Detector.image(detector.darks), shutdown_plane=7)


def test_noise_that_makes_pixels_nonuniform_by_chance_is_said() -> None:
    generator = np.random.default_rng(1)
    flats = generator.normal(OFFSET + SIGNAL, 300, (3, *SHAPE))
    result = run("bad_pixels", Detector.image(flats), Detector.image(Detector().darks))
    said = next(text for text in result.warnings if "noise alone" in text)
    expected = int(said.split("about ")[1].split(" ")[0])
    assert expected == pytest.approx(result.values["nonuniform"], rel=0.15)
