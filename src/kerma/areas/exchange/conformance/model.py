"""What a check is, what it found, and the exceptions by which a check says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerma.areas.exchange.conformance.target import Target

LEVELS = ("must", "should", "may")
"""As the standard words it; only a broken *must* makes the suite fail."""
NEEDS = ("set", "own", "nothing")
OUTCOMES = ("pass", "fail", "warn", "not-offered", "not-run")

Run = Callable[["Target"], None]
CHECKS: dict[str, Check] = {}
"""Every check by name, in the order of the files that hold them."""


@dataclass(frozen=True)
class Check:
    """One question about the archive, with the clause that asks it."""

    name: str
    """``service.what``; the service is the word of a :class:`Service`."""
    clause: str
    level: str
    run: Run
    is_rough: bool
    """Whether it has brought archives down; left out without ``--rough``."""
    needs: str
    """"set": the test set stored before; "own": it stores by itself; "nothing": it stores nothing and needs nothing."""

    @property
    def service(self) -> str:
        """The word of the service it belongs to."""
        return self.name.split(".")[0]

    @property
    def says(self) -> str:
        """What holds when it passes, in one sentence."""
        return (self.run.__doc__ or "").strip().split("\n")[0]


@dataclass(frozen=True)
class Service:
    """One service of the standard, and how to learn whether the archive offers it."""

    word: str
    title: str
    door: str
    """"web" or "network"."""
    offered: Callable[[Target], str]
    """Returns why the service is not offered; empty when it is."""


@dataclass
class Exchange:
    """One request and what came back, told without credentials and without anybody's data."""

    request: str
    answer: str = "no answer"
    headers: dict[str, str] = field(default_factory=dict)
    excerpt: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as part of the report."""
        return {"request": self.request, "answer": self.answer, "headers": self.headers, "excerpt": self.excerpt}


@dataclass(frozen=True)
class Result:
    """What one check found."""

    check: Check
    outcome: str
    reason: str = ""
    expected: str = ""
    got: str = ""
    exchanges: tuple[Exchange, ...] = ()
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it as part of the report."""
        return {
            "name": self.check.name,
            "service": self.check.service,
            "says": self.check.says,
            "clause": self.check.clause,
            "level": self.check.level,
            "outcome": self.outcome,
            "reason": self.reason,
            "expected": self.expected,
            "got": self.got,
            "evidence": [exchange.as_json() for exchange in self.exchanges],
            "duration_s": round(self.seconds, 3),
        }


class Broken(Exception):
    """The archive did not do what the clause says."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = expected
        self.got = got


class Silent(Broken):
    """Nothing came back at all: the archive may be gone."""


class NotOffered(Exception):
    """The archive does not have this, and need not."""


class NotRun(Exception):
    """The check could not be made, for a reason that is not the archive's fault."""


def check(
    name: str, clause: str, level: str = "must", *, needs: str = "set", rough: bool = False
) -> Callable[[Run], Run]:
    """Register a function as a check; its docstring says what holds when it passes."""

    def register(run: Run) -> Run:
        if name in CHECKS or level not in LEVELS or needs not in NEEDS or not run.__doc__:
            raise ValueError(f"check {name!r} is there already, has no docstring, or {level!r} or {needs!r} is unknown")
        CHECKS[name] = Check(name, clause, level, run, rough, needs)
        return run

    return register


def expect(holds: object, expected: str, got: object) -> None:
    """Raise :class:`Broken` unless something holds."""
    if not holds:
        raise Broken(expected, str(got))


def expect_equal(got: object, expected: object, what: str) -> None:
    """Raise :class:`Broken` unless two values are equal."""
    expect(got == expected, f"{what} {_short(expected)}", _short(got))


def _short(value: object) -> str:
    text = f"{len(value)} bytes" if isinstance(value, bytes) else str(value)
    return text if len(text) <= 300 else text[:300] + " …"
