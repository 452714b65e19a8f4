"""A rendered scene: Beer-Lambert, the noise and SNR asked for, its faults, and a truth that stays honest."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from kerma.errors import NotFound, OutsideTable, WrongUsage
from kerma.science.physics.attenuation import linear_attenuation
from kerma.science.simulate.arithmetic import sin_cos_deg
from kerma.science.simulate.attenuator import Attenuator
from kerma.science.simulate.beam import beam_of
from kerma.science.simulate.document import (
    Box,
    Channel,
    Cylinder,
    Detector,
    Ellipsoid,
    Film,
    Geometry,
    Scatter,
    Scene,
    Source,
    Stroke,
    Thing,
)
from kerma.science.simulate.render import projections, render, render_views
from kerma.science.simulate.response import blurred, gaussian, normal_field, white_share

IRON = {"iron": 10.0}
NEAR = Geometry(source_detector_mm=10_000.0, source_object_mm=9_990.0)


def plate(*things: Thing, size: int = 256, source: Source | None = None, **detector) -> Scene:
    """A wide iron plate of 10 mm seen by nearly parallel rays, and what is in it."""
    return Scene(
        "plate",
        (Thing("plate", Box((400.0, 400.0, 10.0)), "iron"), *things),
        Detector(size, size, 0.1, **({"reference_mm": IRON} | detector)),
        source or Source(filters_mm={"copper": 0.5}),
        NEAR,
        seed=3,
    )


def pore(name: str = "pore", *, at=(0.0, 0.0, 0.0), radius: float = 1.0, **more) -> Thing:
    return Thing(
        name,
        Ellipsoid((radius,) * 3),
        more.pop("material", None),
        at_mm=at,
        **({"inside": "plate", "label": "porosity"} | more),
    )


@pytest.mark.parametrize("angle", [-725.0, -90.0, 0.0, 1e-3, 30.0, 45.0, 60.0, 89.9, 180.0, 271.0, 3600.0])
def test_sine_and_cosine_are_those_of_the_library(angle: float) -> None:
    sine, cosine = sin_cos_deg(angle)
    assert sine == pytest.approx(math.sin(math.radians(math.fmod(angle, 360.0))), abs=1e-15)
    assert cosine == pytest.approx(math.cos(math.radians(math.fmod(angle, 360.0))), abs=1e-15)


@pytest.mark.parametrize(
    "source",
    [
        Source(filters_mm={"copper": 0.5}),
        Source("monochromatic", energy_kev=150.0),
        Source(tube_voltage_kv=420.0),
        Source("isotope", nuclide="Ir-192"),
        Source(tube_voltage_kv=28.0, target="Mo", filters_mm={"Mo": 0.03}),
    ],
    ids=["160 kV", "150 keV", "420 kV", "Ir-192", "mammography"],
)
def test_slabs_pass_what_the_table_says(source: Source) -> None:
    """Against the sum over the same energies; 1e-7 is far inside the 0.1 % promised (rounding to nine digits)."""
    beam = beam_of(source, Channel())
    attenuator = Attenuator(beam)
    weights = beam.signal_weights / beam.signal_weights.sum()
    for material, thickest in (("aluminium", 60.0), ("iron", 30.0), ("water", 200.0)):
        thickness = np.linspace(0.0, thickest if source.tube_voltage_kv > 50 else thickest / 20, 50_000)
        mu = linear_attenuation(material, beam.energies_kev)
        signal, _ = attenuator.behind({(material, None): thickness})
        expected = np.exp(-np.outer(thickness[::500], mu)) @ weights
        np.testing.assert_allclose(signal[::500], expected, rtol=1e-7)


def test_layers_multiply_and_order_does_not_matter() -> None:
    attenuator = Attenuator(beam_of(Source("monochromatic", energy_kev=80.0), Channel()))
    maps = {
        ("iron", None): np.array([2.0, 0.0, 3.0]),
        ("water", None): np.array([10.0, 5.0, 0.0]),
        ("lead", 5.0): np.array([0.1, 0.0, 0.0]),
    }
    together = attenuator.behind(maps)[0]
    backwards = attenuator.behind(dict(reversed(maps.items())))[0]
    alone = [attenuator.behind({matter: values})[0] for matter, values in maps.items()]
    np.testing.assert_allclose(together, alone[0] * alone[1] * alone[2], rtol=1e-12)
    np.testing.assert_allclose(backwards, together, rtol=1e-14)
    thin = linear_attenuation("lead", 80.0, density_g_cm3=5.0)
    assert alone[2][0] == pytest.approx(math.exp(-float(thin) * 0.1), rel=1e-8), "a density of one's own counts"


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"blur_mm": 0.07},
        {"blur_mm": 0.15, "electronic_noise_stored": 120.0},
        {"fixed_pattern_percent": 0.3},
    ],
    ids=["white", "blurred", "electronic", "pattern"],
)
@pytest.mark.parametrize("snr", [30.0, 180.0])
def test_the_snr_asked_for_is_met(faults: dict, snr: float) -> None:
    """Within 1 % and the spread of the estimate itself (640² pixels, correlated by the blur)."""
    scene = plate(size=640, channels=(Channel(snr=snr, reference_stored=30000.0),), **faults)
    stored = render(scene).image.pixels[0].astype(float)
    assert stored.mean() == pytest.approx(30000.0, rel=1e-3)
    inner = stored[20:-20, 20:-20]
    assert inner.mean() / inner.std() == pytest.approx(snr, rel=0.01)


def test_variance_follows_the_compound_poisson_law() -> None:
    """Behind any thickness the variance is that of the energies that pass: not of a Poisson number of the mean."""
    scene = plate(channels=(Channel(snr=100.0, reference_stored=8000.0),), size=512)
    attenuator = Attenuator(beam_of(scene.source, Channel()))
    reference = attenuator.at(IRON)
    for thickness in (4.0, 20.0):
        things = (dataclasses.replace(scene.things[0], shape=Box((400.0, 400.0, thickness))),)
        stored = render(dataclasses.replace(scene, things=things)).image.pixels[0].astype(float)
        signal, variance = attenuator.at({"iron": thickness})
        expected = 8000.0**2 / 100.0**2 * (variance / reference[1])
        assert stored.mean() == pytest.approx(8000.0 * signal / reference[0], rel=1e-3)
        # 512² pixels: 0.3 % spread of a variance; rounding to whole numbers adds 1/12.
        assert stored.var() - 1 / 12 == pytest.approx(expected, rel=0.012)


def test_no_snr_is_no_noise() -> None:
    image = render(plate(channels=(Channel(snr=0.0, reference_stored=20000.0),)))
    assert image.expected is not None
    np.testing.assert_allclose(image.image.pixels[0], np.rint(image.expected[0]), atol=0)


def test_noise_no_exposure_can_make_good_is_refused() -> None:
    with pytest.raises(WrongUsage, match="hold the SNR at 100"):
        render(plate(fixed_pattern_percent=1.0, channels=(Channel(snr=150.0),)))


def test_focal_spot_blurs_the_object_and_not_the_noise() -> None:
    geometry = Geometry(source_detector_mm=1000.0, source_object_mm=500.0)
    wall = Thing("wall", Box((40.0, 80.0, 0.05)), "lead", at_mm=(20.0, 0.0, 0.0))
    quiet = Scene(
        "edge", (wall,), Detector(200, 200, 0.1, channels=(Channel(snr=0.0),)), Source(focal_spot_mm=1.0), geometry
    )
    sharp = render(dataclasses.replace(quiet, source=Source())).expected
    soft = render(quiet).expected
    assert sharp is not None and soft is not None
    profile = -np.diff(soft[0, 100])
    places = np.arange(profile.size)
    middle = (places * profile).sum() / profile.sum()
    spread = math.sqrt(((places - middle) ** 2 * profile).sum() / profile.sum())
    # f (M - 1) = 1 mm wide at half height = 10 px / 2.355, and the box of one pixel.
    assert spread == pytest.approx(math.hypot(10.0 / 2.3548, math.sqrt(1 / 12)), rel=0.02)
    noisy = dataclasses.replace(quiet, things=(), detector=Detector(300, 300, 0.1, channels=(Channel(snr=50.0),)))
    noise = render(noisy).image.pixels[0].astype(float)
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.02


def test_blur_keeps_the_sum_and_has_its_width() -> None:
    for sigma in (0.4, 3.0, 20.0, 60.0):
        point = np.zeros((401, 401))
        point[200, 200] = 1.0
        spread = blurred(point, sigma)
        places = np.arange(401) - 200.0
        assert spread.sum() == pytest.approx(1.0, rel=0.01)
        width = math.sqrt((spread.sum(axis=0) * places**2).sum() / spread.sum())
        # Four standard deviations are kept, and a wide blur is computed on bins: 2 %.
        assert width == pytest.approx(sigma, rel=0.02)
    kernel = gaussian(1.3)
    assert kernel[0] + 2 * kernel[1:].sum() == pytest.approx(1.0, abs=1e-15)


def test_scatter_lowers_contrast_and_keeps_the_reference() -> None:
    block = Thing("block", Cylinder(0.8, 8.0), "lead")
    scene = plate(block, channels=(Channel(snr=0.0, reference_stored=20000.0),), size=400)
    scattered = dataclasses.replace(scene, scatter=Scatter(ratio=1.0, reach_mm=10.0))
    gridded = dataclasses.replace(
        scene, scatter=Scatter(ratio=1.0, reach_mm=10.0, grid_primary_share=0.7, grid_scatter_share=0.1)
    )
    contrast = {}
    for name, each in (("none", scene), ("scatter", scattered), ("grid", gridded)):
        stored = render(each).image.pixels[0].astype(float)
        assert stored[40, 40] == pytest.approx(20000.0, rel=0.02)
        contrast[name] = 1.0 - stored[200, 200] / stored[40, 40]
    assert contrast["scatter"] == pytest.approx(contrast["none"] / 2.0, rel=0.03)
    assert contrast["scatter"] < contrast["grid"] < contrast["none"]
    assert contrast["grid"] == pytest.approx(contrast["none"] * 7 / 8, rel=0.03)


def test_faults_are_in_the_picture_and_in_the_truth() -> None:
    image = render(plate(bad_pixels=40, bits=12, channels=(Channel(snr=300.0, reference_stored=3000.0),)))
    bad = image.bad_pixels
    assert bad is not None and (bad > 0).sum() == 40 and set(np.unique(bad)) == {0, 1, 2, 3, 4}
    stored = image.image.pixels[0]
    assert (stored[bad == 1] == 0).all() and (stored[bad == 2] == 4095).all()
    assert stored[bad == 3].mean() == pytest.approx(1500.0, rel=0.05)
    assert stored[bad == 0].min() > 2500
    bright = render(plate(bits=12, channels=(Channel(snr=300.0, reference_stored=6000.0),)))
    assert (bright.image.pixels == 4095).all(), "full scale, never wrapped"


def test_the_fixed_pattern_stays_from_view_to_view_and_the_noise_does_not() -> None:
    scene = plate(fixed_pattern_percent=1.0, channels=(Channel(snr=90.0),))
    scene = dataclasses.replace(scene, geometry=dataclasses.replace(NEAR, angles_deg=(0.0, 0.0)))
    one, two = (each.image.pixels[0].astype(float) for each in render_views(scene))
    share = np.corrcoef(one.ravel(), two.ravel())[0, 1]
    assert share == pytest.approx((0.01 / (1 / 90.0)) ** 2, abs=0.03), "the pattern's part of the variance"


def test_lag_leaves_a_share_of_the_view_before() -> None:
    geometry = dataclasses.replace(NEAR, angles_deg=(0.0, 90.0))
    rod = Thing("rod", Box((4.0, 400.0, 40.0)), "aluminium")
    scene = Scene(
        "lag", (rod,), Detector(64, 256, 0.1, channels=(Channel(snr=0.0),), lag_percent=5.0), geometry=geometry
    )
    second = render(scene, view=1).image.pixels[0].astype(float)
    clean = [
        each.image.pixels[0].astype(float)
        for each in render_views(
            dataclasses.replace(scene, detector=dataclasses.replace(scene.detector, lag_percent=0.0))
        )
    ]
    np.testing.assert_allclose(second, 0.95 * clean[1] + 0.05 * clean[0], atol=1.1)
    np.testing.assert_array_equal(projections(scene).image.pixels[1], second)


def test_a_flaw_takes_from_its_host_never_more_than_is_there() -> None:
    wide = Thing("void", Box((4.0, 4.0, 50.0)), None, inside="plate", label="gas")
    image = render(plate(wide))
    assert image.thickness_mm["iron"].min() == 0.0
    assert image.thickness_mm["iron"][128, 128] == 0.0 and image.thickness_mm["iron"][10, 10] == pytest.approx(
        10.0, rel=1e-3
    )
    filled = render(plate(pore(material="tungsten", label="tungsten"))).thickness_mm
    total = filled["iron"][128, 128] + filled["tungsten"][128, 128]
    assert total == pytest.approx(10.0, rel=1e-3), "what a thing fills is what its host loses"


def test_volumes_of_flaws_are_kept() -> None:
    """Mass conservation: a pore of 40 µm under pixels of 100 µm takes away its own volume."""
    for radius in (0.02, 0.05, 0.3, 2.0):
        image = render(plate(pore(radius=radius), source=Source("monochromatic", energy_kev=100.0)))
        lost = render(plate()).thickness_mm["iron"] - image.thickness_mm["iron"]
        # 16 rays along a pixel meet the smallest, 40 µm across, with some twenty rays.
        tolerance = 0.1 if radius < 0.05 else 0.05
        assert lost.sum() * (0.1 / 1.001) ** 2 == pytest.approx(4 / 3 * math.pi * radius**3, rel=tolerance)
        assert lost.min() >= 0.0 and lost.max() <= 2.0 * radius * 1.001


def test_the_truth_of_a_finding() -> None:
    image = render(plate(pore(at=(3.0, -5.0, 0.0), measurements={"diameter_mm": 2.0})))
    (finding,), (mask,) = image.findings, image.masks
    assert (finding.id, finding.label, finding.code) == ("T1", "porosity", "2011")
    assert finding.measurements["diameter_mm"] == 2.0
    box = finding.box
    assert (box.row + box.height / 2, box.column + box.width / 2) == pytest.approx((78.0, 158.0), abs=0.6)
    assert (box.height, box.width) == pytest.approx((20.0, 20.0), abs=2.1)
    whole = mask.over((256, 256))
    np.testing.assert_array_equal(whole, image.labels == 1)
    assert whole.sum() == pytest.approx(math.pi * 100, rel=0.1)


def test_cnr_and_detectability_are_those_of_the_picture() -> None:
    """Measured on noise-free and noisy pictures of the same scene, with and without the flaw."""
    scene = plate(pore(radius=0.6), channels=(Channel(snr=60.0),), blur_mm=0.08)
    sound = dataclasses.replace(scene, things=scene.things[:1])
    image, expected = render(scene), render(sound)
    assert image.expected is not None and expected.expected is not None
    mask = image.labels == 1
    change = (image.expected[0] - expected.expected[0])[mask]
    noise = (expected.image.pixels[0] - expected.expected[0]).std()
    values = image.findings[0].measurements
    assert values["cnr"] == pytest.approx(change.mean() / noise, rel=0.03)
    white = (
        render(dataclasses.replace(sound, detector=dataclasses.replace(scene.detector, blur_mm=0.0)))
        .image.pixels[0]
        .std()
    )
    share = white_share(0.8)
    assert values["detectability"] == pytest.approx(math.sqrt((change**2).sum()) / (noise / share), rel=0.03)
    assert white == pytest.approx(noise, rel=0.02), "the SNR asked for holds with and without blur"


def test_overlapping_findings_keep_their_own_masks_and_contrast() -> None:
    alone = render(plate(pore("a")))
    both = render(plate(pore("a"), pore("b", at=(1.0, 0.0, 2.0))))
    np.testing.assert_array_equal(both.masks[0].pixels, alone.masks[0].pixels)
    assert (both.labels == 1).sum() < both.masks[0].pixels.sum(), "the label picture shows the later one"
    assert both.findings[0].measurements["cnr"] == pytest.approx(alone.findings[0].measurements["cnr"], rel=0.2)


def test_what_leaves_the_picture_is_told() -> None:
    image = render(plate(pore("half", at=(12.8, 0.0, 0.0)), pore("gone", at=(60.0, 0.0, 0.0))))
    assert [finding.label for finding in image.findings] == ["porosity"]
    assert image.truth["outside_picture"] == ["gone"]
    assert "half" in image.truth["at_edge_of_picture"]
    box = image.findings[0].box
    assert box.column + box.width == 256


def test_a_flaw_that_cannot_be_seen_stays_in_the_truth_with_no_contrast() -> None:
    twin = render(plate(pore(material="iron", label="inclusion")))
    values = twin.findings[0].measurements
    assert values["detectability"] == pytest.approx(0.0, abs=1e-6) and values["cnr"] == pytest.approx(0.0, abs=1e-6)


def test_things_of_one_group_are_one_finding() -> None:
    scene = plate(pore("a", group="nest"), pore("b", at=(4.0, 0.0, 0.0), group="nest"), pore("c", at=(0.0, 6.0, 0.0)))
    image = render(scene)
    assert len(image.findings) == 2
    assert image.findings[0].box.width == pytest.approx(60.0, abs=3.0)


@pytest.mark.parametrize(
    ("things", "words"),
    [
        ((pore(inside="wall"),), "'pore' is inside 'wall', which is not in the scene"),
        (
            (
                pore(at=(0.0, 0.0, 0.0), inside="chip"),
                Thing("chip", Box((1.0, 1.0, 1.0)), "iron", at_mm=(9.0, 9.0, 0.0)),
            ),
            "beside",
        ),
        ((pore("a", inside="b"), pore("b", inside="a")), "inside itself"),
        ((pore(), pore()), "two things are named 'pore'"),
        ((pore(radius=-1.0),), "'pore'.*no size"),
    ],
)
def test_a_scene_that_cannot_be_is_refused(things, words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        render(plate(*things))


def test_an_unknown_material_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match="unobtainium"):
        render(plate(pore(material="unobtainium")))


@pytest.mark.parametrize(
    "change",
    [
        {"geometry": Geometry(source_detector_mm=500.0)},
        {"geometry": Geometry("fan", belt_step_mm=0.0)},
        {"detector": Detector(0, 10, 0.1)},
        {"detector": Detector(10, 10, 0.1, bits=17)},
        {"version": 9},
        {"detector": Detector(10, 10, 0.1, channels=())},
        {"detector": Detector(10, 10, 0.1, bad_pixels=101)},
        {"source": Source(tube_voltage_kv=2000.0)},
        {"source": Source("isotope", nuclide="Xx-1")},
    ],
    ids=str,
)
def test_a_set_up_that_cannot_be_is_refused(change: dict) -> None:
    with pytest.raises((WrongUsage, NotFound, OutsideTable)):
        render(dataclasses.replace(plate(), **change))


def test_no_such_view() -> None:
    with pytest.raises(WrongUsage, match="no view 1"):
        render(plate(), view=1)


def test_two_channels_are_two_planes_and_one_truth() -> None:
    channels = (Channel("low", scintillator="gadox", scintillator_mm=0.3), Channel("high", {"copper": 0.6}, "csi", 4.0))
    image = render(plate(pore(), channels=channels))
    assert image.image.pixels.shape == (2, 256, 256)
    assert (image.image.plane_kind, image.image.plane_labels) == ("energy", ("low", "high"))
    assert image.expected is not None and image.expected.shape == (2, 256, 256)
    with pytest.raises(WrongUsage, match="one energy channel"):
        projections(plate(channels=channels))


def test_projections_turn_the_object() -> None:
    rod = Thing("rod", Cylinder(2.0, 30.0), "aluminium", at_mm=(6.0, 0.0, 0.0), turn_deg=(90.0, 0.0, 0.0))
    geometry = Geometry(source_detector_mm=10_000.0, source_object_mm=9_950.0, angles_deg=(0.0, 90.0, 180.0, 270.0))
    image = projections(Scene("ct", (rod,), Detector(32, 256, 0.1, channels=(Channel(snr=0.0),)), geometry=geometry))
    assert image.image.plane_kind == "view" and image.image.pixels.shape == (4, 32, 256)
    places = [
        float((row := 40000.0 - plane[16]).astype(float) @ np.arange(256) / row.sum()) for plane in image.image.pixels
    ]
    assert places == pytest.approx([127.5 + 60, 127.5, 127.5 - 60, 127.5], abs=0.7)


def test_a_fan_scan_draws_rows_to_belt_scale_and_columns_to_the_fan() -> None:
    ball = Thing("ball", Ellipsoid((5.0, 5.0, 5.0)), "aluminium", label="ball")
    geometry = Geometry("fan", 1000.0, 500.0, belt_step_mm=0.5)
    box = render(Scene("scan", (ball,), Detector(100, 200, 0.4), geometry=geometry)).findings[0].box
    assert (box.height, box.width) == pytest.approx((20.0, 50.0), abs=2.1)


def test_subpixels_are_exact_at_an_opaque_edge() -> None:
    """A pixel half behind lead gets half of the beam; with mean thickness it would get far less."""
    lead = Thing("lead", Box((40.0, 40.0, 30.0)), "lead", at_mm=(20.02, 0.0, 0.0))
    geometry = Geometry(source_detector_mm=100_000.0, source_object_mm=99_990.0, subpixels=4)
    scene = Scene(
        "edge",
        (lead,),
        Detector(32, 33, 0.1, channels=(Channel(snr=0.0, reference_stored=10000.0),)),
        geometry=geometry,
    )
    row = render(scene).image.pixels[0, 16]
    assert row[15] == 10000 and row[18] == 0
    assert row[16] == pytest.approx(7500, abs=2501) and 0 < row[16] < 10000


def test_a_film_darkens_with_dose_and_has_grain() -> None:
    film = dataclasses.replace(plate(pore()), film=Film(grain_density=0.05, grain_um=40.0))
    image = render(film).image
    assert (image.bits, image.pixels.dtype, image.rises_with_dose) == (8, np.uint8, False)
    density = (1.0 - image.pixels[0] / 255.0) * film.film.highest_density
    inner = density[:60, :60]
    assert inner.mean() == pytest.approx(2.5, abs=0.02)
    assert inner.std() == pytest.approx(0.05, rel=0.15)
    assert image.pixels[0, 128, 128] < image.pixels[0, 10, 10], "more radiation behind the pore, more density, darker"


def test_white_noise_is_normal() -> None:
    values = normal_field(np.uint64(9), (500, 500))
    assert values.mean() == pytest.approx(0.0, abs=0.01) and values.std() == pytest.approx(1.0, abs=0.01)
    assert ((values**4).mean(), (values**3).mean()) == pytest.approx((3.0, 0.0), abs=0.06)
    assert abs(np.corrcoef(values[1:].ravel(), values[:-1].ravel())[0, 1]) < 0.01


def test_a_wire_indicator_fades_with_its_diameter() -> None:
    wires = [
        Thing(f"W{n}", Stroke(((-8.0, 0, 0), (8.0, 0, 0)), d / 2), "iron", at_mm=(0.0, 3.0 * n - 6, 8.0), label="wire")
        for n, d in enumerate((0.4, 0.25, 0.16, 0.1, 0.05))
    ]
    seen = [finding.measurements["detectability"] for finding in render(plate(*wires)).findings]
    assert seen == sorted(seen, reverse=True) and len(seen) == 5
