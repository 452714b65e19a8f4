"""Pages in a real browser: what went wrong on them, and what axe says of them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, Route

READ_BACK = "GPU stall due to ReadPixels"
"""What the browser says of itself where it puts a page together without a graphics card: no word of the page."""

AXE = Path(__file__).parents[1] / "ui" / "node_modules" / "axe-core" / "axe.min.js"


class Watched:
    """A page whose console errors and policy violations are remembered."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', event =>"
            " console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )

    def _heard(self, message: ConsoleMessage) -> None:
        asked_who = message.location.get("url", "").endswith(("/session", "/industries")) and "401" in message.text
        is_of_page = not asked_who and READ_BACK not in message.text
        if message.type in ("error", "warning") and is_of_page:
            self.errors.append(f"{message.text} ({message.location.get('url')})")


class Held:
    """Requests to an address, held back until they are released: so it is on a busy server."""

    def __init__(self, page: Page, address: str) -> None:
        self._routes: list[Route] = []
        self._is_held = True
        page.route(address, self._came)

    def _came(self, route: Route) -> None:
        if self._is_held:
            self._routes.append(route)
        else:
            route.continue_()

    def release(self) -> None:
        """Let go what is held, and hold nothing any more."""
        self._is_held = False
        for route in self._routes:
            route.continue_()


STILL = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => undefined)))"""
"""Waits for colours that are on their way to others."""


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it stands, once it stands still (WCAG 2.2 A and AA)."""
    page.evaluate(STILL)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}"
    found = page.evaluate(f"axe.run(document, {options})")
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]
    ]
