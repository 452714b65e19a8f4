"""Every thing of the table can be drawn, is seen, weighs what such a thing weighs, and belongs to a known category."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import NotFound
from kerma.science.simulate.line_scanner import OPEN_STORED, Tunnel, scanned
from kerma.science.simulate.render import render
from kerma.science.simulate.things import EVERYDAY, category, kind_of, kinds, threat_kinds
from kerma.standards import table

NAMES = [kind.name for kind in kinds()]


def test_there_are_enough_of_every_sort() -> None:
    everyday = [kind for kind in kinds() if kind.category == EVERYDAY]
    assert len(everyday) >= 40
    assert len(NAMES) == len(set(NAMES))
    known = {row["category"] for row in table("kerma_security/categories")}
    assert {kind.category for kind in kinds()} == known
    assert {category(kind.category)["ecac"] for kind in threat_kinds()} == {"guns", "IEDs", "knives", "other"}


@pytest.mark.parametrize("name", NAMES)
def test_a_thing_is_drawn_centred_and_seen(name: str) -> None:
    article = kind_of(name).draw(np.random.default_rng(5))
    assert min(article.half_mm) > 0
    assert max(article.half_mm) < 260
    tunnel = Tunnel((article.half_mm[0] + 8, article.half_mm[1] + 8, article.half_mm[2] + 8), (0.0,), 56, 56)
    things = article.placed("it", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), is_labelled=True)
    view = render(scanned("one", things, tunnel, seed=1, words=""))
    assert not view.truth["outside_picture"]
    assert not view.truth["at_edge_of_picture"]
    assert [finding.label for finding in view.findings] == [name]
    assert (view.image.pixels[1][view.labels > 0] < 0.97 * OPEN_STORED).mean() > 0.2
    sizes = view.findings[0].measurements
    assert 5.0 < sizes["mass_g"] < 3500.0
    assert sizes["length_mm"] >= sizes["width_mm"] >= sizes["height_mm"] > 0
    assert 5.0 < sizes["zeff"] < 35.0


@pytest.mark.parametrize("kind", threat_kinds(), ids=lambda kind: kind.name)
def test_explosive_simulants_are_organic_and_metal_is_metal(kind) -> None:
    facts = kind.draw(np.random.default_rng(3)).facts()
    if kind.category == "explosive" and kind.name.endswith("charge"):
        assert 6.5 < facts["zeff"] < 14.5
        assert 1.0 < facts["density_g_cm3"] < 2.0
    if kind.category in ("firearm", "sharp"):
        assert facts["zeff"] > 20


def test_an_unknown_thing_lists_the_known() -> None:
    with pytest.raises(NotFound, match="pistol"):
        kind_of("cannon")
