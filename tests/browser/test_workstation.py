"""The workstation in a real browser, on the demonstration set."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pages import Held, Watched, violations
from servers import Server

INDUSTRIES = {
    "Security screening": ("BAG-0413", "Object of inspection", "Suspect"),
    "Non-destructive testing": ("K1063-W4", "Component", "Reject"),
    "Medical radiography": ("9RG1", "Patient", "No proposal"),
}


def open_exam(page: Page, subject: str) -> None:
    page.locator("tbody tr", has_text=subject).get_by_role("link").click()
    page.locator("canvas[data-ready]").wait_for()


def row(page: Page, text: str):
    return page.locator("tbody tr", has_text=text)


def pixels(page: Page) -> np.ndarray:
    """The grey values of the middle of the image as it stands on the screen."""
    picture = Image.open(io.BytesIO(page.locator(".frame").screenshot())).convert("L")
    rows, columns = picture.height, picture.width
    return np.asarray(picture, dtype=float)[rows // 3 : rows * 2 // 3, columns * 2 // 5 : columns * 3 // 5]


def differ(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures differ where both have pixels: a bar of colours takes some height from the image."""
    rows, columns = np.minimum(one.shape, other.shape)
    return bool(np.abs(one[:rows, :columns] - other[:rows, :columns]).mean() > 1)


def until(holds: Callable[[], bool], page: Page, timeout_s: float = 60) -> None:
    """Wait until something holds; pictures come from the server, so it takes a moment."""
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        page.wait_for_timeout(100)


def test_a_wrong_password_is_said_and_what_was_typed_is_kept(watched: Watched) -> None:
    page = watched.page
    page.get_by_label("Login").fill("demo")
    page.get_by_label("Password").fill("a wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("login or the password is wrong")
    assert page.get_by_label("Login").input_value() == "demo"
    watched.errors.clear()  # the browser itself logs that the server said 401
    assert violations(page) == []


def test_the_worklist_shows_three_industries_most_urgent_first(page: Page) -> None:
    for label, (subject, _, proposed) in INDUSTRIES.items():
        expect(row(page, subject)).to_contain_text(label)
        expect(row(page, subject)).to_contain_text(proposed)
    expect(page.locator("tbody tr").first).to_contain_text("BAG-0413")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


@pytest.mark.parametrize("label", INDUSTRIES)
def test_one_exam_of_each_industry_with_its_image_findings_and_proposal(page: Page, label: str) -> None:
    subject, word, proposed = INDUSTRIES[label]
    open_exam(page, subject)
    expect(page.locator("aside h1")).to_have_text(subject)
    expect(page.locator("aside header")).to_contain_text(word)
    expect(page.locator(".identity")).to_contain_text(f"{word} {subject}")
    expect(page.locator(".proposal")).to_contain_text(proposed)
    expect(page.get_by_role("heading", name=re.compile("^Measurements"))).to_be_visible()
    assert pixels(page).std() > 10, "the image is blank"
    assert violations(page) == []


def test_a_finding_and_its_box_choose_each_other(page: Page) -> None:
    open_exam(page, "K1063-W4")
    mark = page.locator("[data-mark]").first
    mark.click()
    finding = mark.get_attribute("data-mark")
    expect(page.locator(f'tr[data-finding="{finding}"]')).to_have_class(re.compile("chosen"))
    other = page.locator("tr[data-finding]").nth(3)
    other.click()
    expect(page.locator(f'[data-mark="{other.get_attribute("data-finding")}"]')).to_have_class(re.compile("chosen"))
    expect(mark).not_to_have_class(re.compile("chosen"))


def test_the_verdict_names_clause_limit_and_margin(page: Page) -> None:
    open_exam(page, "K1063-W4")
    verdicts = page.get_by_role("region", name="Verdicts")
    failed = verdicts.locator("li").first
    expect(failed).to_contain_text("Fail")
    expect(failed).to_contain_text("Annexe III")
    expect(failed).to_contain_text(re.compile(r"measured [\d.]+.mm\s*limit [\d.]+.mm\s*margin −[\d.]+.mm"))
    expect(verdicts).to_contain_text("24 mars 1978")


def test_window_zoom_invert_and_back(page: Page) -> None:
    open_exam(page, "9RG1")
    first = pixels(page)
    page.keyboard.press("i")
    until(lambda: np.corrcoef(first.ravel(), pixels(page).ravel())[0, 1] < -0.5, page)
    page.keyboard.press("i")
    box = page.locator(".frame").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 300, steps=5)
    page.mouse.up()
    expect(page.locator(".status")).not_to_contain_text("Window 30000")
    page.keyboard.press("+")
    zoomed = page.locator(".status span").first.inner_text()
    page.keyboard.press("Space")
    expect(page.locator(".status")).to_contain_text("Window 30000")
    assert page.locator(".status span").first.inner_text() != zoomed
    until(lambda: np.abs(pixels(page) - first).mean() < 2, page)


def test_the_planes_of_a_dual_energy_scan(page: Page) -> None:
    open_exam(page, "BAG-0413")
    expect(page.locator("nav[aria-label=Images] button")).to_have_count(3)
    low = pixels(page)
    page.keyboard.press("PageDown")
    expect(page.locator(".identity")).to_contain_text("high 2 / 3")
    until(lambda: differ(pixels(page), low), page)
    expect(page.locator("[data-mark]")).to_have_count(1)


def test_the_whole_list_by_keyboard(page: Page) -> None:
    page.keyboard.press("j")
    second = page.locator("tbody tr").nth(1)
    expect(second).to_have_class(re.compile("chosen"))
    page.keyboard.press("c")
    expect(second).to_contain_text("Yours")
    page.keyboard.press("c")
    expect(second).to_contain_text("Waiting")
    page.keyboard.press("/")
    page.keyboard.type("k1049")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("aside h1")).to_have_text("K1049-W8")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()


def test_who_is_faster_than_the_search_opens_what_was_searched(page: Page) -> None:
    expect(page.locator("tbody tr").first).not_to_contain_text("K1049")
    held = Held(page, "**/api/v1/worklist?*")
    page.keyboard.press("/")
    page.keyboard.type("k1049")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    held.release()
    expect(page.locator("aside h1")).to_have_text("K1049-W8")
    page.wait_for_timeout(300)
    expect(page).to_have_url(re.compile(r"/exams/\d+$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?text=k1049$"))
    expect(page.get_by_role("searchbox")).to_have_value("k1049")


def test_a_search_that_ends_after_the_exam_was_opened_does_not_close_it(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("k104")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.type("9")
    page.get_by_role("link", name="K1049-W8").click()
    expect(page.locator("aside h1")).to_have_text("K1049-W8")
    page.wait_for_timeout(300)
    expect(page.locator("aside h1")).to_have_text("K1049-W8")


def test_the_filters_are_in_the_address(page: Page) -> None:
    page.get_by_role("button", name="Non-destructive testing").click()
    page.wait_for_url("**/?industry=ndt")
    expect(row(page, "BAG-0413")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Non-destructive testing")).to_have_attribute("aria-pressed", "true")
    expect(row(page, "K1063-W4")).to_be_visible()
    expect(row(page, "BAG-0413")).to_have_count(0)


def noise_picture() -> bytes:
    values = np.random.default_rng(11).normal(30_000, 400, (300, 400)).astype(np.uint16)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def test_an_uploaded_picture_appears_analysed_by_itself(page: Page) -> None:
    page.get_by_role("button", name="Add images").click()
    page.get_by_role("combobox", name="Industry").select_option("ndt")
    files = [
        {"name": "plate-17.png", "mimeType": "image/png", "buffer": noise_picture()},
        {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n and no more"},
    ]
    page.get_by_label("Image files").set_input_files(files)
    expect(page.locator("li", has_text="plate-17.png")).to_contain_text("stored")
    expect(page.locator("li", has_text="broken.png")).to_contain_text("quarantine")
    analysed = row(page, "plate-17")
    expect(analysed).to_be_visible()
    expect(analysed).not_to_contain_text("analysing", timeout=60_000)
    assert violations(page) == []
    page.get_by_role("link", name="open exam").first.click()
    page.locator("canvas[data-ready]").wait_for()


def test_decide_with_a_reason_then_read_and_sign_the_report(page: Page, server: Server) -> None:
    open_exam(page, "BAG-0412")
    is_clear = page.locator(".proposal").get_by_text("Clear", exact=True).count() == 1
    departing = "Refer" if is_clear else "Clear"
    page.get_by_role("group", name="Decision").get_by_role("button", name=departing).click()
    confirm = page.get_by_role("button", name=f"Decide: {departing}")
    expect(confirm).to_be_disabled()
    page.get_by_role("textbox", name="Reason").fill("Seen from both sides, by eye")
    confirm.click()
    expect(page.locator(".made")).to_contain_text("Seen from both sides")
    report = page.get_by_role("region", name="Report")
    expect(report.get_by_role("link", name="Open PDF")).to_be_visible(timeout=60_000)
    before = page.request.get(server.address + report.get_by_role("link", name="Open PDF").get_attribute("href"))
    assert before.body().startswith(b"%PDF")
    with page.context.expect_page() as opened:
        report.get_by_role("link", name="Open PDF").click()
    assert opened.value.url.endswith("/report.pdf")
    opened.value.close()
    report.get_by_role("button", name="Sign…").click()
    report.get_by_role("button", name="Sign as Demonstration Analyst").click()
    expect(report).to_contain_text("signed by Demonstration Analyst", timeout=60_000)
    signed = page.request.get(server.address + report.get_by_role("link", name="Open PDF").get_attribute("href"))
    assert b"/ByteRange" in signed.body()
    page.get_by_role("button", name="Next exam").click()
    expect(page.locator("aside h1")).to_have_text("BAG-0413")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Decided").click()
    expect(row(page, "BAG-0412")).to_contain_text(departing)


def test_evidence_shows_the_hash_of_the_bytes_as_they_came(page: Page) -> None:
    open_exam(page, "WEDGE-FE-20")
    page.get_by_role("button", name="Evidence").click()
    proof = page.get_by_role("region", name="Evidence")
    expect(proof.locator("code").first).to_have_text(re.compile("^[0-9a-f]{12}$"))
    expect(proof).to_contain_text("records")


def test_what_one_person_does_the_other_sees_without_a_reload(page: Page, server: Server) -> None:
    with server.client() as other:
        item = next(
            one for one in other.get("/api/v1/worklist").json()["items"] if one["subject_id"] == "C210"
        )
        other.post(f"/api/v1/worklist/{item['item_id']}/claim").raise_for_status()
        expect(row(page, "C210")).to_contain_text("Yours")
        other.post(f"/api/v1/worklist/{item['item_id']}/release").raise_for_status()
        expect(row(page, "C210")).to_contain_text("Waiting")


def test_a_hostile_name_stays_a_name(page: Page) -> None:
    page.get_by_role("button", name="Add images").click()
    page.get_by_role("combobox", name="Industry").select_option("ndt")
    name = "<img src=x onerror=document.title='owned'>.png"
    page.get_by_label("Image files").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": noise_picture()[:-12] + noise_picture()[-12:]}]
    )
    expect(page.locator("li", has_text="<img src=x")).to_be_visible()
    page.wait_for_timeout(500)
    assert "owned" not in page.title()


def test_sign_in_and_out_leave_nothing_in_the_browser(watched: Watched, server: Server) -> None:
    page = watched.page
    page.get_by_label("Login").fill(server.login)
    page.get_by_label("Password").fill(server.password)
    page.get_by_role("button", name="Sign in").click()
    open_exam(page, "WEDGE-FE-20")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Login").wait_for()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.context.cookies() == []


@pytest.mark.parametrize("watched", [(1280, 800), (1920, 1080)], indirect=True, ids=["1280x800", "1920x1080"])
def test_nothing_is_cut_off_at_the_usual_sizes(page: Page) -> None:
    assert violations(page) == []
    for subject in ("K1063-W4", "BAG-0413"):
        open_exam(page, subject)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{overflow} px wider than the window"
        hidden = page.locator("aside").evaluate("node => node.scrollWidth - node.clientWidth")
        assert hidden <= 0
        for name in ("Window", "Fit", "Invert", "Findings"):
            expect(page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)).to_be_in_viewport()
        page.keyboard.press("Escape")
