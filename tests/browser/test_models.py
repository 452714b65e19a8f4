"""The page of models: by keys, an evaluation is read before anything rests on it, axe finds nothing in any theme."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

import registry_models as made
from pages import Watched, violations

SHA = made.card()["sha256"]


def test_a_lead_reads_what_a_model_cannot_do_and_what_an_evaluation_of_it_says(
    page: Page, watched: Watched, tmp_path: Path
) -> None:
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.get_by_role("table", name="Detectors without weights")).to_contain_text("matched-filter")
    models = page.get_by_role("navigation", name="Models")
    models.get_by_role("link").first.focus()
    page.keyboard.press("ArrowDown")
    expect(models.get_by_role("link").nth(1)).to_be_focused()
    models.get_by_role("link", name="weld 1.0.0").click()
    expect(page.get_by_role("region", name="What it cannot do")).to_contain_text("nothing about real radiographs")
    expect(page.get_by_text("Simulated images only.")).to_be_visible()
    row = page.get_by_role("table", name="Figures on held-out test images").get_by_role("row", name="mAP50")
    expect(row).to_contain_text("0.784")
    expect(row).to_contain_text("0.757 to 0.809")

    page.get_by_role("button", name="Approve…").click()
    dialog = page.get_by_role("dialog")
    approve = dialog.get_by_role("button", name="Approve", exact=True)
    dialog.get_by_label("Why").fill("tried on our blind set")
    for of, says in (("weld@2.0.0", "evaluate this version"), ("weld@1.0.0", "60 images in 40 groups, 75 truths")):
        expect(approve).to_be_disabled()
        file = tmp_path / f"{of}.json"
        file.write_bytes(made.evaluation(SHA, of=of))
        with page.expect_response("**/evaluation"):
            dialog.get_by_label("Evaluation").set_input_files(file)
        expect(dialog).to_contain_text(says)
    expect(approve).to_be_enabled()
    refused = [watched.errors.pop() for _ in watched.errors[:1]]
    assert len(refused) == 1 and "400" in refused[0]
    for theme in ("dark", "light", "contrast"):
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        assert violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    for theme in ("dark", "light", "contrast"):
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        assert violations(page) == []
