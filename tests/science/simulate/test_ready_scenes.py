"""A ready scene: its options, and a builder that answers with one picture, several, or a document."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.options import Option
from kerma.science.simulate import SCENES, SIZE, ReadyScene, ready_scene
from kerma.science.simulate.document import Box, Detector, Geometry, Scene, Thing


def plate(seed: int, *, size_px: int = 32, thickness_mm: float = 10.0) -> Scene:
    """A plate seen from two sides."""
    return Scene(
        "plate",
        (Thing("plate", Box((60.0, 60.0, thickness_mm)), "iron"),),
        Detector(size_px, size_px, 0.4, reference_mm={"iron": 10.0}),
        geometry=Geometry(angles_deg=(0.0, 20.0)),
        seed=seed,
    )


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> ReadyScene:
    from kerma.science.simulate import weld

    monkeypatch.setattr(weld, "plate_for_test", plate, raising=False)
    options = (SIZE, Option("thickness_mm", "number", "of the plate", default=10.0))
    return ReadyScene("test-plate", "ndt", "a plate", "weld:plate_for_test", options)


def test_a_document_is_rendered_view_by_view(scene: ReadyScene) -> None:
    views = scene.build(3, size_px="24")
    assert [view.image.pixels.shape for view in views] == [(1, 24, 24), (1, 24, 24)]
    again = scene.build(3, size_px=24)
    assert all(np.array_equal(one.image.pixels, other.image.pixels) for one, other in zip(views, again, strict=True))


def test_options_reach_the_builder_as_values(scene: ReadyScene) -> None:
    thing = scene.document(3, thickness_mm="4").things[0]
    assert thing.shape == Box((60.0, 60.0, 4.0))
    assert scene.document(5).seed == 5


@pytest.mark.parametrize("given", [{"colour": "red"}, {"thickness_mm": "-1"}, {"size_px": "many"}])
def test_what_it_does_not_take_is_refused(scene: ReadyScene, given: dict[str, Any]) -> None:
    with pytest.raises(WrongUsage):
        scene.build(1, **given)


def test_a_scene_without_a_document_says_so() -> None:
    with pytest.raises(WrongUsage, match="without a document"):
        SCENES["step-wedge"].document(1)


def test_hyphens_and_underscores_are_the_same() -> None:
    assert ready_scene("step_wedge") is ready_scene("step-wedge")


def test_names_are_spelled_for_the_command_line_and_options_are_not_twice() -> None:
    for name, entry in SCENES.items():
        assert name == entry.name and "_" not in name
        names = [option.name for option in entry.options]
        assert len(names) == len(set(names)) and entry.summary and entry.industry in ("ndt", "security", "medical")
