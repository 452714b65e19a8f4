"""Pages in a real browser: what went wrong on them, and what axe says of them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page

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
        asked_who = message.location.get("url", "").endswith("/api/v1/session") and "401" in message.text
        if message.type in ("error", "warning") and not asked_who:
            self.errors.append(f"{message.text} ({message.location.get('url')})")


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it stands (WCAG 2.2 A and AA)."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}"
    found = page.evaluate(f"axe.run(document, {options})")
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]
    ]
