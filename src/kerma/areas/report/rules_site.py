"""What a letterhead may be: pure decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerma.errors import WrongUsage

MOST_LETTERS = 120
"""Most letters of one line of a letterhead: more do not fit beside the logo."""
MOST_LINES = 6
MOST_LOGO_BYTES = 1_000_000
PAPERS = ("a4", "us-letter")


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts of a letterhead without blanks at their ends.

    Raises
    ------
    WrongUsage
        A text is too long or holds signs that cannot be printed, or the paper is unknown; the message names it.
    """
    address: Sequence[str] = values["address"]
    if len(address) > MOST_LINES:
        raise WrongUsage(f"the address has {len(address)} lines; {MOST_LINES} fit beside the logo")
    lines = {f"line {number} of the address": line for number, line in enumerate(address, start=1)}
    for name, text in {**{key: values[key] for key in ("name", "accreditation", "footer")}, **lines}.items():
        if len(text) > MOST_LETTERS:
            raise WrongUsage(f"{name} has {len(text)} letters; keep it within {MOST_LETTERS}")
        if not text.isprintable():
            raise WrongUsage(f"{name} holds signs that cannot be printed; write it on one line")
    if values["paper"] not in PAPERS:
        raise WrongUsage(f"'{str(values['paper'])[:32]}' is no paper of reports; there are {' and '.join(PAPERS)}")
    return {**{key: values[key].strip() for key in ("name", "accreditation", "footer")},
            "address": [line.strip() for line in address], "paper": values["paper"]}  # fmt: skip


def why_no_logo(data: bytes) -> str | None:
    """Return why a file cannot be a logo by its size and first bytes, in words; None when it may be one."""
    if len(data) > MOST_LOGO_BYTES:
        return f"the logo has {len(data)} bytes; keep it within {MOST_LOGO_BYTES}"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    begins = data[:4096].lstrip()
    if begins.startswith((b"<svg", b"<?xml")) and b"<svg" in begins:
        return None
    return "the logo is neither PNG nor SVG"
