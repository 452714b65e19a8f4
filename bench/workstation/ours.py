"""What only our own workstation is measured for: a worklist of 10,000 rows, keys, and the next exam."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

ROWS = 10_000
WHEELS, WHEEL_PX, PAGES = 150, 3000, 120
SCRIPT_MS = 50
"""The longest that scripts may keep a frame."""
CLAIMS = 12
KEYS = 12
WITHIN_S = 90.0
WATCH = """() => {
  window.__frames = [];
  const scripts = one => one.scripts.reduce((sum, script) => sum + script.duration, 0);
  new PerformanceObserver(list => window.__frames.push(...list.getEntries().map(one => [one.duration, scripts(one)])))
    .observe({type: 'long-animation-frame'});
}"""
READY = "canvas[data-ready]"


def listed(context: BrowserContext, address: str) -> dict[str, Any]:
    """Scroll the whole worklist by wheel, go on by Page Down, and let others claim rows meanwhile."""
    page = context.new_page()
    page.goto(address)
    page.locator("tbody tr[data-exam]").first.wait_for()
    page.evaluate(WATCH)
    box = page.locator("main .frame").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    figures = {"wheel": _frames(page, lambda: _wheel(page)), "rows": _rows(page), "rows_in_page": _drawn(page)}
    page.keyboard.press("Home")
    figures["page_down"] = _frames(page, lambda: _keys(page, "PageDown", PAGES))
    figures["with_news"] = _frames(page, lambda: _with_news(context, page, address))
    page.close()
    return figures


def reacted(page: Page) -> dict[str, float | None]:
    """Return the times from a key to its picture in full: negative, wider window, and the first console function."""
    figures = {
        "negative_key_ms": _median(page.evaluate(f"window.__probe.press({KEYS}, 'i')")["times"]),
        "window_key_ms": _median(page.evaluate(f"window.__probe.press({KEYS}, 'ArrowRight', true)")["times"]),
    }
    if page.locator(".functions .row button").count():
        found = page.evaluate(f"window.__probe.click({KEYS}, '.functions .row button')")
        figures["console_function_ms"] = _median(found["times"])
    return figures


def next_exam(page: Page) -> float:
    """Return the time in ms from the key for the next exam that waits to its picture in full."""
    before = page.locator(READY).first.get_attribute("data-ready")
    begun = time.monotonic()
    page.keyboard.press(".")
    page.locator(f"{READY}:not([data-ready='{before}'])").first.wait_for(timeout=WITHIN_S * 1000)
    return round(1000 * (time.monotonic() - begun), 1)


def _wheel(page: Page) -> None:
    for _ in range(WHEELS):
        page.mouse.wheel(0, WHEEL_PX)
        page.wait_for_timeout(30)


def _keys(page: Page, key: str, count: int) -> None:
    for _ in range(count):
        page.keyboard.press(key)


def _with_news(context: BrowserContext, page: Page, address: str) -> None:
    rows = page.evaluate("fetch('/api/v1/worklist?limit=50').then(answer => answer.json())")["items"][-CLAIMS:]
    for row in rows:
        context.request.post(f"{address}/api/v1/worklist/{row['item_id']}/claim", headers={"Origin": address})
        page.mouse.wheel(0, -WHEEL_PX)
    page.wait_for_timeout(1000)


def _rows(page: Page) -> int:
    return int(page.locator("table").get_attribute("aria-rowcount") or 0) - 1


def _drawn(page: Page) -> int:
    return page.locator("tbody tr").count()


def _frames(page: Page, act: Any) -> dict[str, Any]:
    page.evaluate("window.__frames.length = 0")
    act()
    page.wait_for_timeout(300)
    found = page.evaluate("window.__frames")
    scripts = [script for _, script in found]
    return {
        "long_frames": len(found),
        "frames_with_more_script": sum(script > SCRIPT_MS for script in scripts),
        "most_script_ms": round(max(scripts, default=0.0), 1),
    }


def _median(times: list[float]) -> float | None:
    """Return the middle one; none where no picture followed."""
    return round(sorted(times)[len(times) // 2], 1) if times else None
