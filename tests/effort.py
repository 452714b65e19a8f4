"""How much a test does: enough in every run, more in ``make soak``."""

from __future__ import annotations

import os

SOAKING = os.environ.get("KERMA_EXPLORE") == "1"


def times(usual: int, soaking: int) -> int:
    """Return how often to do something."""
    return soaking if SOAKING else usual
