"""What a person may set for themselves at the workstation, and how large it may be."""

from __future__ import annotations

import json
from typing import Any

from kerma.errors import NotFound, TooLarge

PREFERENCES = {
    "display": "theme, brightness of the pages, reduced motion, break reminder",
    "keys": "the keymap and the person's own keys",
    "views": "saved views of lists",
    "hanging": "the person's own hanging protocols",
    "tools": "how the viewing tools were left",
    "enhancements": "the person's own named enhancement chains",
}
MAX_BYTES = 65_536


def check(name: str, value: Any) -> None:
    """Refuse a preference that nobody knows, or one too large.

    Raises
    ------
    NotFound
        There is no preference of this name.
    TooLarge
        The value has more than 64 KiB as JSON.
    """
    if name not in PREFERENCES:
        raise NotFound(f"there is no preference '{name[:64]}'; there are {', '.join(PREFERENCES)}")
    size = len(json.dumps(value))
    if size > MAX_BYTES:
        raise TooLarge(f"the preference '{name}' has {size} bytes; at most {MAX_BYTES} are kept")
