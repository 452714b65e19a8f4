"""The one source of the present time, so that tests can hold it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time in UTC."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC, to the microsecond."""
        return datetime.now(UTC)


def text(moment: datetime) -> str:
    """Return a moment as RFC 3339 text in UTC with microseconds: the only form stored and signed."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(written: str) -> datetime:
    """Read the form that :func:`text` writes."""
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


class HeldClock:
    """A clock that stands still until it is moved: for tests, and for demonstration data that is always the same."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment the clock is held at."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on (or, with a negative number, back)."""
        self._now += timedelta(seconds=seconds)
