"""A progress bar on standard error for long work of a command; none where nobody looks at a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def through(items: Iterable[T], words: str, total: int | None = None) -> Iterable[T]:
    """Pass items on with a bar.

    Parameters
    ----------
    words : what is going on, before the bar
    total : how many there will be; default all are counted before the first
    """
    from rich.console import Console
    from rich.progress import track

    counted = list(items) if total is None else items
    length = len(counted) if isinstance(counted, list) else total
    console = Console(stderr=True)
    return track(counted, words, total=length, console=console, transient=True, disable=not console.is_terminal)
