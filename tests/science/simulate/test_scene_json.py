"""The scene document as JSON: what is written reads back, and what is wrong is named with its path."""

from __future__ import annotations

import dataclasses
import json
import typing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import WrongUsage
from kerma.science.simulate import document
from kerma.science.simulate.document import Box, Detector, Ellipsoid, Geometry, Relief, Scene, Shape, Source, Thing
from kerma.science.simulate.render import render
from kerma.science.simulate.scene_json import read_scene, scene_from, write_scene

NUMBERS = st.floats(-1e6, 1e6)
WORDS = st.text(max_size=8)


def values(kind):
    """A strategy for any type of the document."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind in SIMPLE:
        return SIMPLE[kind]
    if origin is typing.Literal:
        return st.sampled_from(inner)
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(values(inner[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, inner))
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind, vars(document))
        return st.builds(kind, **{name: values(hint) for name, hint in hints.items() if name != "version"})
    if inner and kind != Shape and origin is not None and "Mapping" in str(origin):
        return st.dictionaries(WORDS, values(inner[1]), max_size=2)
    return st.one_of(*map(values, inner))


SIMPLE = {
    float: NUMBERS,
    int: st.integers(-(2**40), 2**40),
    bool: st.booleans(),
    str: WORDS,
    type(None): st.none(),
    typing.Any: st.one_of(st.integers(-9, 9), NUMBERS, WORDS, st.booleans()),
}


@given(values(Scene))
@settings(max_examples=60, deadline=None)
def test_every_scene_that_can_be_written_reads_back_as_it_was(scene: Scene) -> None:
    assert read_scene(write_scene(scene)) == scene


def small() -> Scene:
    return Scene(
        "plate",
        (
            Thing("plate", Box((20.0, 20.0, 6.0)), "iron"),
            Thing("cap", Relief("bead", (20.0, 8.0), 0.2), "iron", at_mm=(0.0, 0.0, 3.0)),
            Thing("pore", Ellipsoid((1.0, 1.0, 1.0)), None, inside="plate", label="porosity"),
        ),
        Detector(48, 64, 0.4, reference_mm={"iron": 6.0}),
        Source(tube_voltage_kv=120.0, filters_mm={"aluminium": 2.0}),
        Geometry(source_detector_mm=700.0, source_object_mm=650.0),
        seed=5,
    )


def test_a_document_renders_to_the_bytes_of_its_dataclasses() -> None:
    scene = small()
    again = read_scene(write_scene(scene).encode())
    assert render(again).image.pixels.tobytes() == render(scene).image.pixels.tobytes()
    other = dataclasses.replace(scene, seed=6)
    assert not np.array_equal(render(other).image.pixels, render(scene).image.pixels)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(colour="red"), r"^colour: there is no such key"),
        (
            lambda d: d["things"][2]["shape"].update(radius_mm=2),
            r"^things\[2\]\.shape\.radius_mm: there is no such key",
        ),
        (
            lambda d: d["things"][2]["shape"].update(radii_mm=[1, "2", 3]),
            r"^things\[2\]\.shape\.radii_mm\[1\]: a number",
        ),
        (lambda d: d["things"][2]["shape"].update(radii_mm=[1, 2]), r"^things\[2\]\.shape\.radii_mm: 3 values"),
        (
            lambda d: d["things"][0]["shape"].update(type="blob"),
            r"^things\[0\]\.shape\.type: \"blob\" is no shape; there are box",
        ),
        (lambda d: d["things"][0].pop("name"), r"^things\[0\]\.name: this must be given"),
        (lambda d: d["detector"].update(rows=True), r"^detector\.rows: a whole number"),
        (lambda d: d["detector"].update(rows=1.5), r"^detector\.rows: a whole number"),
        (lambda d: d["detector"].update(pitch_mm=1e999), "no number|no meaning"),
        (lambda d: d["geometry"].update(kind="spiral"), r"^geometry\.kind: 'spiral' is none of 'cone', 'fan'"),
        (lambda d: d.update(version=2), "version 2 is not known"),
        (lambda d: d.update(things={}), r"^things: a list"),
        (lambda d: d.update(things=[d["things"][0]] * 5001), r"^things: 5,001 entries"),
        (lambda d: d.update(name="x" * 5000), "^name: a text of 5,000 letters"),
        (lambda d: d["things"][1]["shape"].update(parameters={"a": [[[[1]]]]}), "lists deep"),
        (lambda d: d["source"].update(filters_mm=[1]), r"^source\.filters_mm: an object"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(change, words: str) -> None:
    plain = json.loads(write_scene(small()))
    change(plain)
    with pytest.raises(WrongUsage, match=words):
        read_scene(json.dumps(plain))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 100_000,
        '{"name": "a", "name": "b"}',
        '{"name": NaN}',
        b"\xff\xfe",
        "1" * 10_000,
        " " * 40_000_000,
    ],
    ids=["empty", "list", "null", "cut", "deep", "twice", "nan", "no utf-8", "long number", "huge"],
)
def test_what_is_no_document_is_refused(content: str | bytes) -> None:
    with pytest.raises(WrongUsage):
        read_scene(content)


def test_the_example_of_the_page_renders() -> None:
    page = (Path(__file__).parents[3] / "docs/science/simulate.md").read_text()
    image = render(read_scene(page.split("```json")[1].split("```")[0]))
    assert image.image.pixels.shape == (1, 512, 640)
    assert [finding.label for finding in image.findings] == ["porosity"]
    assert image.findings[0].measurements["detectability"] > 8.0


def test_a_detector_that_would_fill_the_memory_is_refused() -> None:
    plain = json.loads(write_scene(small()))
    plain["detector"].update(rows=2_000_000, columns=2_000_000)
    with pytest.raises(WrongUsage, match="pixels"):
        render(scene_from(plain))
