"""The reference of good parts: its spread is the noise that was put in, it survives bytes, and refuses what is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from good_parts import MU_1_MM, QUANTA, REGIONS, good, part, reference
from kerma.errors import WrongUsage
from kerma.science.detect.part_reference import Reference, learn, with_regions
from kerma.science.imaging.image import Spacing
from kerma.science.measure.region import Region


def test_the_spread_of_parts_that_lie_still_is_the_noise_of_the_beam() -> None:
    still = learn([part(seed) for seed in range(12)])
    # relative noise of N photons is the root of 1 / N; the median of 12 adds pi / 24 of the variance
    true = (1 / (QUANTA * np.exp(-MU_1_MM * 10))) ** 0.5 * (1 + np.pi / 24) ** 0.5
    plate = still.spreads[0][30:50, 100:180]
    assert float(np.median(plate)) == pytest.approx(true, rel=0.12)
    air = still.spreads[0][3:15, 20:260]
    assert float(np.median(air)) == pytest.approx(true * np.exp(-MU_1_MM * 5), rel=0.12)


def test_the_middle_is_the_part_with_less_noise_than_any_single_one() -> None:
    own = reference().middle[30:50, 100:180]
    single = np.log(part(1).pixels[0][30:50, 100:180].astype(float))
    assert float(own.std()) < 0.6 * float(single.std())
    assert float(own.mean()) == pytest.approx(float(single.mean()), abs=0.003)


def test_where_good_parts_differ_the_spread_is_wide() -> None:
    differing = [part(seed, extra=(90.0, 70.0, 8.0, 2.0 * (seed % 2))) for seed in range(8)]
    spread = learn(differing).spreads[0]
    assert float(np.median(spread[86:94, 66:74])) > 5 * float(np.median(spread[30:50, 100:180]))


def test_bytes_bring_the_same_reference_back() -> None:
    own = reference()
    content = own.as_bytes()
    again = Reference.of(content)
    assert content == own.as_bytes() == again.as_bytes()
    assert np.array_equal(own.middle, again.middle, equal_nan=True)
    assert all(np.array_equal(one, other) for one, other in zip(own.spreads, again.spreads, strict=True))
    assert (again.parts, again.regions, again.spacing) == (8, REGIONS, own.spacing)
    assert again.edge_width_px == own.edge_width_px


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"\x93NUMPY", bytes(4000)])
def test_what_is_no_reference_is_refused(content: bytes) -> None:
    with pytest.raises(WrongUsage, match="no reference of good parts"):
        Reference.of(content)


def test_a_damaged_reference_is_refused() -> None:
    content = bytearray(reference().as_bytes())
    for cut in (100, len(content) // 2, len(content) - 30):
        with pytest.raises(WrongUsage, match="no reference of good parts"):
            Reference.of(bytes(content[:cut]))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(WrongUsage, match="no reference of good parts"):
        Reference.of(bytes(content))


def test_too_few_or_unlike_parts_are_refused_with_the_reason() -> None:
    made = good(5)
    with pytest.raises(WrongUsage, match="4 good parts are too few: at least 5"):
        learn(made[:4])
    small = dataclasses.replace(made[4], pixels=made[4].pixels[:, :200])
    with pytest.raises(WrongUsage, match="good part 5 has 200 x 280 pixels, the first 240 x 280"):
        learn([*made[:4], small])
    coarse = dataclasses.replace(made[4], spacing=Spacing(0.3, 0.3, "geometry"))
    with pytest.raises(WrongUsage, match="good part 5 has another pixel size"):
        learn([*made[:4], coarse])
    flat = dataclasses.replace(made[4], pixels=np.full_like(made[4].pixels, 900))
    with pytest.raises(WrongUsage, match="good part 5 of 5: .*shows nothing"):
        learn([*made[:4], flat])
    with pytest.raises(WrongUsage, match="good part 1: plane 1 does not exist"):
        learn(made, plane=1)


def test_copies_of_one_picture_and_far_too_many_are_refused() -> None:
    with pytest.raises(WrongUsage, match="do not differ at all"):
        learn([part(1)] * 6)
    with pytest.raises(WrongUsage, match="61 good parts are more than 60"):
        learn([part(1)] * 61)


def test_a_named_place_outside_the_view_is_refused() -> None:
    with pytest.raises(WrongUsage, match="'clip' .* does not lie in the view"):
        with_regions(reference(), {"clip": Region(230, 10, 20, 20)})
