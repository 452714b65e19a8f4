"""The enhancement chain by keyboard alone: added, tuned, moved, switched off, removed, saved, back to standard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from kerma.areas.archive.routes_enhance import enhancements
from kerma.science.imaging import enhance
from pages import violations
from step_runs import StepRuns


@pytest.fixture(scope="module")
def page(steps: StepRuns) -> Page:
    listed = enhancements(None).model_dump_json()  # type: ignore[arg-type]
    steps.page.route(
        "**/api/v1/enhancements", lambda route: route.fulfill(content_type="application/json", body=listed)
    )
    steps.page.set_viewport_size({"width": 420, "height": 900})
    steps.call("edit")
    return steps.page


def chain(page: Page) -> enhance.Chain:
    """Return the chain as the page has it; the server must take it."""
    return enhance.parse(page.evaluate("window.__chain"))


def names(page: Page) -> list[str]:
    return [one.step.name for one in chain(page).steps]


def add(page: Page, label: str) -> None:
    page.get_by_label("Enhancement to add").select_option(label=label)
    page.get_by_label("Enhancement to add").press("Tab")
    page.keyboard.press("Enter")


def test_a_chain_is_edited_by_keyboard_alone(page: Page) -> None:
    standard = page.get_by_role("button", name="Standard image")
    expect(standard).to_be_disabled()
    offered = page.get_by_label("Enhancement to add").locator("option").all_inner_texts()
    assert "Density highlight" in offered
    assert "Material colour" not in offered  # the image has one energy

    add(page, "Attenuation (log)")
    add(page, "Density highlight")
    add(page, "Local contrast (CLAHE)")
    assert names(page) == ["log", "clahe", "density_highlight"]  # colours stay last
    assert chain(page).steps[0].parameters["blank"] == 59_710
    expect(page.get_by_label("Colours")).to_be_disabled()

    contrast = page.locator("summary", has_text="Local contrast")
    contrast.focus()
    page.keyboard.press("Alt+ArrowUp")
    assert names(page) == ["clahe", "log", "density_highlight"]
    expect(contrast).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")  # below the colours it cannot go
    assert names(page) == ["log", "clahe", "density_highlight"]
    expect(page.get_by_role("button", name="Move Local contrast (CLAHE) down")).to_be_disabled()

    page.keyboard.press("Enter")
    limit = page.get_by_role("textbox", name="clip limit")
    limit.fill("3,2")
    limit.press("Enter")
    assert chain(page).steps[1].parameters["clip_limit"] == 3.2
    limit.fill("0.5")
    limit.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="from 1 up to 10")).to_be_visible()
    assert chain(page).steps[1].parameters["clip_limit"] == 3.2
    slider = page.get_by_role("slider", name="tiles, slider")
    slider.focus()
    slider.press("ArrowRight")
    assert chain(page).steps[1].parameters["tiles"] == 9
    page.get_by_role("button", name="Find again from this image").press("Enter")
    assert chain(page).steps[1].parameters["clip_limit"] == 2.5

    page.get_by_role("checkbox", name="Density highlight is on").press("Space")
    assert names(page) == ["log", "clahe"]
    expect(page.get_by_label("Colours")).to_be_enabled()
    page.get_by_label("Colours").select_option("heat")
    assert chain(page).colours == "heat"
    page.get_by_role("checkbox", name="Density highlight is on").press("Space")
    assert names(page) == ["log", "clahe", "density_highlight"]
    assert chain(page).colours == "grey"
    page.get_by_role("checkbox", name="Negative").press("Space")
    assert chain(page).negative
    assert violations(page) == []


def test_a_chain_is_saved_and_the_standard_image_comes_back(page: Page) -> None:
    name = page.get_by_label("Name of the chain")
    name.fill("taken")
    name.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="already")).to_be_visible()
    name.fill("Pores in castings")
    name.press("Enter")
    expect(name).to_have_value("")
    saved = page.evaluate("window.__saved")
    assert saved["name"] == "Pores in castings"
    assert enhance.parse(saved["chain"]) == chain(page)

    page.locator("summary", has_text="Attenuation").focus()
    page.keyboard.press("Delete")
    assert names(page) == ["clahe", "density_highlight"]
    expect(page.locator("summary", has_text="Local contrast")).to_be_focused()
    page.get_by_role("button", name="Standard image").press("Enter")
    assert chain(page) == enhance.STANDARD
    assert page.locator("summary").count() == 0

    # Set elsewhere, by a key or with another image.
    page.evaluate("chain => window.__setChain(chain)", enhance.parse({"steps": [{"name": "median"}]}).as_json())
    expect(page.locator("summary")).to_have_text(["Noise reduction (median)"])
