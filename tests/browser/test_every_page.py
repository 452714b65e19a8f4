"""Every page of the workstation as a picture: axe finds nothing, nothing is cut or moves; no key has two meanings."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from effort import SOAKING
from pages import Watched, violations
from servers import Server

PAGES = (
    "/", "/?text=no+such+subject", "/archive", "/calculate/decay", "/rules", "/quality",
    "/models", "/models/1", "/models/new", "/lanes", "/inbox", "/inbox/consults", "/searches", "/searches/referrals",
    "/searches/handling", "/specs", "/specs/nonconformances", "/specs/recalls",
    "/peer/cases", "/peer/feedback", "/peer/discrepancies", "/peer/pace", "/peer/figures", "/peer/learning",
    "/peer/plans",
    "/reports", "/custody", "/network", "/settings", "/settings/keys", "/settings/worklist",
    "/settings/display-check", "/exams/1", "/exams/4", "/exams/8", "/exams/999",
)  # fmt: skip
# theme, width and height in CSS pixels; the last as a small screen has it at 200 %
LOOKS = (("dark", 1280, 800), ("light", 1920, 1080), ("contrast", 1440, 900), ("dark", 640, 400))
KEYMAPS = ("Kerma", "PACS", "Screening", "NDT")
WITH_KEYS = ("/", "/exams/1", "/exams/4")
READY = """() => new Promise((done) => {
  const look = () => {
    const all = window.__kerma?.viewports ?? [];
    all.length && all.every((one) => one.isReady) ? done() : setTimeout(look, 50);
  };
  look();
})"""
# nothing has been built or taken away for a while
SETTLED = """() => new Promise((done) => {
  let timer;
  const again = () => { clearTimeout(timer); timer = setTimeout(() => { observer.disconnect(); done(); }, 300); };
  const observer = new MutationObserver(again);
  observer.observe(document.body, {subtree: true, childList: true});
  again();
})"""
#: Cumulative layout shift that nobody sees: a scale bar of 40 pixels that finds its length.
UNSEEN = 0.002
IMAGE_SHARE = 0.6
SHIFTS = """(() => {
  window.__shifts = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => one.hadRecentInput || window.__shifts.push(one)))
    .observe({type: 'layout-shift', buffered: true});
})()"""
# what is wider than the window, what is cut without a title that tells the rest, and letters below 12 pixels
CUT = """() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than the window');
  for (const one of document.querySelectorAll('body *')) {
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    if (style.visibility === 'hidden' || !box.width || !box.height) continue;
    const words = one.tagName + ' ' + (one.textContent || '').trim().slice(0, 40);
    const isCut = ['hidden', 'clip'].includes(style.overflowX) && one.scrollWidth > one.clientWidth + 1;
    const isTold = one.closest('[title]') || one.querySelector('[title]');
    if (isCut && one.clientWidth > 1 && !isTold) found.push('cut: ' + words);
    const hasWords = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (hasWords && parseFloat(style.fontSize) < 12) found.push('small: ' + words);
  }
  return found;
}"""


@pytest.fixture
def looked(chromium: Browser, cookies: list[dict]) -> Iterator[Watched]:
    """A page whose layout shifts are remembered, on a small screen."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.add_cookies(cookies)
    context.set_default_timeout(60_000)
    context.add_init_script(SHIFTS)
    yield Watched(context.new_page())
    context.close()


def _prefer(server: Server, cookies: list[dict], name: str, value: object) -> None:
    jar = {one["name"]: one["value"] for one in cookies}
    with httpx.Client(base_url=server.address, headers={"Origin": server.address}, cookies=jar, timeout=60) as client:
        client.put(f"/api/v1/preferences/{name}", json={"value": value}).raise_for_status()


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("main").first.wait_for()
    if "/exams/" in address and not address.endswith("999"):
        page.evaluate(READY)
        expect(page.get_by_role("region", name="Report")).not_to_contain_text("being made")
    page.evaluate(SETTLED)


def _look(page: Page, theme: str, width: int, height: int) -> list[str]:
    """Return what is wrong with the page in a theme and a size."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
    page.evaluate(SETTLED)
    return [f"{theme} {width}: {one}" for one in violations(page) + page.evaluate(CUT)]


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_every_page_is_whole_and_calm_in_every_look(looked: Watched, server: Server) -> None:
    page = looked.page
    wrong: dict[str, list[str]] = {}
    for address in PAGES:
        page.set_viewport_size({"width": 1280, "height": 800})
        _open(page, server.address + address)
        found = []
        moved = page.evaluate("window.__shifts.reduce((sum, one) => sum + one.value, 0)")
        if moved > UNSEEN:
            found.append(f"moved by {moved:.4f}")
        large = page.evaluate("document.querySelector('.cells')?.getBoundingClientRect().height / innerHeight")
        if large is not None and large < IMAGE_SHARE:
            found.append(f"the images have {large:.0%} of the window's height")
        for look in LOOKS:
            found += _look(page, *look)
        found += [one for one in looked.errors if not (address.endswith("999") and "404" in one)]
        looked.errors.clear()
        if found:
            wrong[address] = found
    assert wrong == {}, json.dumps(wrong, indent=1)


def test_no_two_commands_of_a_page_share_a_key_in_any_keymap(
    looked: Watched, server: Server, cookies: list[dict]
) -> None:
    page = looked.page
    for keymap in KEYMAPS:
        _prefer(server, cookies, "keys", {"keymap": keymap, "own": {}})
        _open(page, f"{server.address}/settings/keys")
        expect(page.get_by_role("heading", name="Functions, Security screening")).to_be_visible()
        assert page.get_by_text("Used twice on one page").all_inner_texts() == [], keymap
        # The page of keys has looked at all of them; every keymap is opened on every page in the soak.
        for address in WITH_KEYS if SOAKING or keymap == KEYMAPS[0] else WITH_KEYS[-1:]:
            _open(page, server.address + address)
            if "/exams/" in address and page.locator("[data-finding]").count():
                page.locator("[data-finding]").first.click()
            page.keyboard.press("?")
            shown = page.locator("dialog [data-command]")
            shown.first.wait_for()
            held = shown.evaluate_all("all => all.map((one) => [one.dataset.command, JSON.parse(one.dataset.keys)])")
            taken: dict[str, str] = {}
            for command, keys in held:
                for key in keys:
                    assert key not in taken, f"{keymap} {address}: {key} is {taken.get(key)} and {command}"
                    taken[key] = command
            begun = [(one, other) for one in taken for other in taken if other.startswith(f"{one} ")]
            assert begun == [], f"{keymap} {address}"
    _prefer(server, cookies, "keys", {"keymap": "Kerma", "own": {}})
