"""A threat put into stored pictures: only there, as both spectra say, at one place in every view."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from kerma.errors import Unreadable, WrongUsage
from kerma.science.imaging.image import Image, Spacing
from kerma.science.simulate import ready_scene
from kerma.science.simulate.line_scanner import OPEN_STORED
from kerma.science.simulate.scenes.tip_bag import scanner_of
from kerma.science.simulate.threat_exam import projection
from kerma.science.simulate.threat_insertion import Bag, Spot, bag_of, found_spots, inserted
from kerma.science.simulate.threat_library import Threat, drawn_threat, packed, picture, unpacked
from kerma.science.simulate.threat_projection import ThreatMap


@functools.cache
def views() -> tuple[Image, ...]:
    return tuple(view.image for view in ready_scene("cabin-bag").build(3, threat="none", size_px=320))


@functools.cache
def knife() -> Threat:
    return drawn_threat("kitchen-knife", 1)


@functools.cache
def bags() -> tuple[Bag, ...]:
    return tuple(bag_of(image) for image in views())


def test_nothing_changes_outside_of_the_threat_and_its_blur() -> None:
    spots, fits = found_spots(bags(), knife().views, random=np.random.default_rng(0))
    for bag, view, spot, fit in zip(bags(), knife().views, spots, fits, strict=True):
        patch = inserted(bag, view, spot, fit=fit, seed=4)
        rows, columns = patch.mask.shape
        for plane, values in patch.planes.items():
            before = bag.image.pixels[plane][patch.row : patch.row + rows, patch.column : patch.column + columns]
            assert values.dtype == before.dtype
            np.testing.assert_array_equal(values[~patch.mask], before[~patch.mask])
            assert (values != before).any()
        assert patch.row <= patch.box.row
        assert patch.box.row + patch.box.height <= patch.row + rows
        assert patch.realism is not None
        assert patch.realism.score > 0.8


def test_a_threat_of_no_thickness_changes_nothing() -> None:
    """A film of a hundred-thousandth of a millimetre, without noise: every stored value of both energies stays."""
    bag = bags()[0]
    film = ThreatMap({"iron": np.full((21, 21), 1e-5)}, bag.scanner.pixel_mm)
    patch = inserted(bag, film, Spot(160, 160), seed=None)
    part = (slice(patch.row, patch.row + patch.mask.shape[0]), slice(patch.column, patch.column + patch.mask.shape[1]))
    for plane in (bag.energies.low_plane, bag.energies.high_plane):
        np.testing.assert_allclose(patch.planes[plane], bag.image.pixels[plane][part], atol=1)


@pytest.mark.parametrize(("material", "mm"), [("iron", 2.0), ("iron", 5.0), ("aluminium", 15.0), ("rdx", 30.0)])
def test_a_stored_picture_comes_out_as_the_simulator_makes_it(material: str, mm: float) -> None:
    """A plate over a step of plastic and one of steel, against the exact picture of both: within 1 % of either signal,
    where the product of the two pictures is up to four times as far off."""
    from kerma.science.physics.spectral_channel import Channel

    beams = scanner_of_bag().beams
    shape = (200, 200)
    layers = {"polyethylene": np.zeros(shape), "iron": np.zeros(shape)}
    layers["polyethylene"][40:160, 40:160] = 60.0
    layers["iron"][40:160, 100:160] = 4.0
    names = [*layers, "plate"]
    plate = np.zeros(shape)
    plate[80:121, 70:131] = mm

    def exact(added: np.ndarray) -> list[np.ndarray]:
        rays = np.stack([*layers.values(), added], axis=-1).reshape(-1, len(names))
        kinds = [*layers, material] if material not in layers else [*layers]
        if material in layers:
            rays[:, list(layers).index(material)] += rays[:, -1]
            rays = rays[:, :-1]
        return [np.exp(-Channel.of(beam, kinds).attenuation(rays)).reshape(shape) for beam in beams]

    bag, true = exact(np.zeros(shape)), exact(plate)
    stored = np.stack([np.rint(plane * OPEN_STORED) for plane in bag]).astype(np.uint16)
    pixels = np.concatenate([stored, np.zeros((1, *shape), np.uint16)])
    known = bags()[0]
    image = dataclasses.replace(known.image, pixels=pixels, spacing=Spacing(1.0, 1.0, "geometry"))
    sharp = dataclasses.replace(known.scanner, pixel_mm=1.0, blur_px=0.0, beams=beams)
    scan = dataclasses.replace(known.scan, low=bag[0], high=bag[1])
    energies = dataclasses.replace(known.energies, blank_low=OPEN_STORED, blank_high=OPEN_STORED)
    patch = inserted(
        Bag(image, energies, sharp, scan), ThreatMap({material: np.full((41, 61), mm)}, 1.0), Spot(100, 100), seed=None
    )
    alone = exact_alone(material, mm)
    worst, product = 0.0, 0.0
    for number, plane in enumerate((energies.low_plane, energies.high_plane)):
        inner = (slice(85, 116), slice(75, 126))
        made = np.array(patch.planes[plane], dtype=float)[
            85 - patch.row : 116 - patch.row, 75 - patch.column : 126 - patch.column
        ]
        must = true[number][inner] * OPEN_STORED
        worst = max(worst, float(np.abs(made / must - 1.0).max()))
        product = max(product, float(np.abs(bag[number][inner] * alone[number] * OPEN_STORED / must - 1.0).max()))
    assert worst < 0.01
    assert product > 4 * worst or product < 0.02


def scanner_of_bag():  # type: ignore[no-untyped-def]
    from kerma.science.simulate.line_scanner import Tunnel

    return scanner_of(Tunnel((100.0, 100.0, 100.0)))


def exact_alone(material: str, mm: float) -> list[float]:
    from kerma.science.physics.spectral_channel import Channel

    return [
        float(np.exp(-Channel.of(beam, [material]).attenuation(np.array([[mm]]))[0])) for beam in scanner_of_bag().beams
    ]


def test_every_view_shows_the_threat_in_the_same_rows() -> None:
    for seed in range(3):
        spots, _ = found_spots(bags(), knife().views, random=np.random.default_rng(seed))
        assert abs(spots[0].row - spots[1].row) <= 3
    many = {found_spots(bags(), knife().views, random=np.random.default_rng(seed))[0][0] for seed in range(4)}
    assert len(many) == 4


def test_an_exam_is_changed_alike_by_the_same_numbers() -> None:
    data = packed(knife().views)
    one, again = (projection(views(), data, seed=7) for _ in range(2))
    assert one.places == again.places
    put = projection(views(), data, seed=7, spots=[place.spot for place in one.places])
    for first, second, third in zip(one.changes, again.changes, put.changes, strict=True):
        np.testing.assert_array_equal(first.values, second.values)
        np.testing.assert_array_equal(first.values, third.values)
    assert {change.image for change in one.changes} == {0, 1}
    assert {change.plane for change in one.changes} == {0, 1, 2}


def test_energies_in_images_of_their_own_are_changed_together() -> None:
    low, high = (
        dataclasses.replace(
            views()[0], pixels=views()[0].pixels[plane][None], plane_labels=(views()[0].plane_labels[plane],)
        )
        for plane in (0, 1)
    )
    found = projection([low, high], packed(knife().views), seed=7)
    assert found.places[0].images == (0, 1)
    assert [(change.image, change.plane) for change in found.changes] == [(0, 0), (1, 0)]


def test_what_is_not_known_enough_is_left_alone() -> None:
    image = views()[0]
    for less in (
        dataclasses.replace(image, spacing=Spacing()),
        dataclasses.replace(image, meaning="log"),
        dataclasses.replace(image, pixels=image.pixels[:1], plane_labels=("low",)),
        dataclasses.replace(image, technique={**image.technique, "tube_voltage_kv": 9000.0}),
    ):
        with pytest.raises(WrongUsage):
            bag_of(less)
    huge = ThreatMap({"iron": np.full((900, 900), 2.0)}, 1.0)
    with pytest.raises(WrongUsage):
        found_spots(bags(), (huge, huge), random=np.random.default_rng(1))


def test_a_library_keeps_what_was_drawn() -> None:
    first, second = knife(), drawn_threat("kitchen-knife", 2)
    assert (first.category, first.words) == ("sharp", "kitchen knife")
    assert first.turn_deg != second.turn_deg
    kept = unpacked(packed(first.views))
    for view, again in zip(first.views, kept, strict=True):
        assert again.pixel_mm == pytest.approx(view.pixel_mm)
        for material, values in view.thickness_mm.items():
            np.testing.assert_allclose(again.thickness_mm[material], values, rtol=1e-3, atol=1e-3)
    assert picture(first.views[0]).min() < 250 < picture(first.views[0]).max()
    with pytest.raises(Unreadable):
        unpacked(b"no threat")
    with pytest.raises(WrongUsage):
        drawn_threat("laptop", 1)
