"""The page Calculate in a real browser: find, fill, calculate, read; by keyboard, in a wide and a narrow window."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from pages import Watched, violations

SIZES = [(1440, 900), (900, 700)]


@pytest.fixture
def calculate(watched: Watched, cookies: list[dict[str, str]]) -> Page:
    page = watched.page
    page.get_by_role("link", name="Calculate", exact=True).click()
    page.get_by_role("navigation", name="Calculations").get_by_role("link").first.wait_for()
    return page


def is_wider_than_its_window(page: Page) -> bool:
    return page.evaluate(
        "[document.documentElement, document.querySelector('.work')].some(one => one.scrollWidth > one.clientWidth)"
    )


@pytest.mark.parametrize("watched", SIZES, indirect=True)
def test_a_technique_sheet_is_filled_in_and_read_with_its_clauses(calculate: Page) -> None:
    page = calculate
    page.get_by_role("searchbox").focus()
    page.keyboard.type("technique sheet")
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="Technique")
    for label, value in (("Thickness", "18"), ("Source needed", "xray"), ("Focal spot", "2")):
        form.get_by_label(re.compile(f"^{label}")).fill(value)
    form.get_by_label(re.compile("^Object detector")).fill("20")
    assert violations(page) == []
    page.keyboard.press("Enter")
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Max voltage")
    lines = page.get_by_role("table", name="Lines").locator("tbody tr")
    assert lines.count() > 5
    expect(lines.filter(has_text="ISO 17636").first).to_be_visible()
    expect(result).to_contain_text("Source: ISO 17636")
    assert violations(page) == []
    assert not is_wider_than_its_window(page)


def test_layers_add_up_and_a_value_carries_its_unit(calculate: Page) -> None:
    page = calculate
    page.get_by_role("link", name="Spectrum", exact=True).click()
    page.get_by_label(re.compile("^KVp")).fill("100")
    page.get_by_label("Material of layer 1").fill("Al")
    page.get_by_label("Thickness of layer 1 in mm").fill("3")
    page.get_by_role("button", name="Calculate").click()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text(re.compile(r"Mean energy\s*[\d.]+.keV"))
    before = result.inner_text()
    page.get_by_role("button", name="Add a layer").click()
    page.get_by_label("Material of layer 2").fill("Cu")
    page.get_by_label("Thickness of layer 2 in mm").fill("1")
    page.get_by_role("button", name="Calculate").click()
    expect(result).not_to_have_text(before, use_inner_text=True)


def test_what_makes_no_sense_is_said_and_what_was_typed_is_kept(watched: Watched, calculate: Page) -> None:
    page = calculate
    page.get_by_role("link", name="Attenuation", exact=True).click()
    page.get_by_label(re.compile("^Material")).fill("Fe")
    page.get_by_label(re.compile("^Energy")).fill("none")
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("alert")).to_contain_text("must be a number above 0")
    assert page.get_by_label(re.compile("^Material")).input_value() == "Fe"
    watched.errors.clear()  # the browser itself logs that the server said 400
    page.get_by_label(re.compile("^Energy")).fill("100")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Result")).to_contain_text("cm²/g")
    expect(page.get_by_role("alert")).to_have_text("")
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_role("status").filter(has_text="Nothing fits")).to_be_visible()
