"""The functions of the consoles: every row can be switched on, and the keys of an industry are unlike."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import Unusable
from kerma.science.imaging.enhance import parse, run, statistics
from kerma.science.imaging.enhance.functions import INDUSTRIES, MODES, _function, functions
from kerma.science.imaging.image import Image
from kerma.standards import table
from material_wedge import wedge

ROWS = [(industry, one) for industry in INDUSTRIES for one in functions(industry)]


def plain() -> Image:
    random = np.random.default_rng(1)
    values = 20000 + 15000 * np.linspace(0, 1, 96)[None] + random.normal(0, 300, (64, 96))
    return Image(values.astype(np.uint16)[None], bits=16, meaning="raw", rises_with_dose=True)


@pytest.mark.parametrize(("industry", "one"), ROWS, ids=[f"{industry}-{one.name}" for industry, one in ROWS])
def test_every_function_shows_a_picture_that_its_document_repeats(industry: str, one) -> None:  # type: ignore[no-untyped-def]
    image, plane = (wedge(), 1) if one.needs_energies else (plain(), 0)
    chain = one.chain(statistics(image, plane))
    again = parse(chain.canonical())
    assert again == chain
    shown = run(image, plane, again)
    assert shown.shape[:2] == (image.rows, image.columns)
    assert one.mode in MODES
    assert all(industry in each.step.industries for each in one.steps)
    if one.name != "standard" and (one.steps or one.negative or one.colours != "grey"):
        standard = (
            run(image, plane, functions(industry)[0].chain(statistics(image, plane)))
            if one.needs_energies or (industry != "security")
            else run(image, plane, parse({}))
        )
        assert shown.shape != standard.shape or not np.array_equal(shown, standard)


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_names_and_keys_are_unlike_and_standard_comes_first(industry: str) -> None:
    rows = functions(industry)
    assert len({one.name for one in rows}) == len({one.key for one in rows}) == len(rows)
    assert (rows[0].name, rows[0].key) == ("standard", "Space")
    assert all(one.purpose and one.label for one in rows)


def test_the_keys_every_screener_expects_are_there() -> None:
    vendors = {name for one in functions("security") for name in one.vendor_names}
    assert {"B/W", "NEG", "HIGH", "LOW", "SEN", "VARI", "O2", "OS", "METAL ONLY", "METAL STRIPPING", "PSEUDO COLOUR",
            "EDGE", "Z-WINDOW"} <= vendors  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "words"), [("blur", "no enhancement 'blur'"), ("gamma bright=1", "no setting 'bright'"),
                        ("gamma gamma=99", "up to 10")],
)  # fmt: skip
def test_a_wrong_row_is_named(cell: str, words: str) -> None:
    row = {**table("kerma_console/ndt_functions").rows[0], "steps": cell}
    with pytest.raises(Unusable, match=words):
        _function(row, "kerma_console/x")
    with pytest.raises(Unusable, match="unknown mode"):
        _function({**row, "steps": "", "mode": "sometimes"}, "kerma_console/x")
