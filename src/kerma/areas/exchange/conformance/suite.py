"""Runs the checks: learns what is offered, stores the test set, asks every question, cleans up, and counts."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kerma.areas.exchange.conformance import cleaning, stored
from kerma.areas.exchange.conformance.doors import unreachable
from kerma.areas.exchange.conformance.model import (
    CHECKS,
    OUTCOMES,
    Broken,
    Check,
    NotOffered,
    NotRun,
    Result,
    Service,
    Silent,
)
from kerma.areas.exchange.conformance.target import Target

FILES = (
    "qido", "qido_matching", "wado", "wado_metadata", "frames", "rendered", "stow", "stow_faults", "uri", "ups",
    "ups_events", "echo", "store", "find", "get", "move", "commit", "worklist", "perform", "ups_network", "robust",
)  # fmt: skip
"""The files of checks, in the order they run and are shown."""
SHOWN_EXCHANGES = 4

Show = Callable[[Result], None]


@dataclass
class Report:
    """What the whole suite found."""

    target: Target
    services: Sequence[Service]
    not_offered: dict[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Study UIDs that the suite stored and could not delete."""
    stored_by: str = ""
    gone_since: str = ""
    """The check after which the archive answered no more."""

    @property
    def failed(self) -> list[Result]:
        """The checks that the archive fails."""
        return [result for result in self.results if result.outcome == "fail"]

    def counts(self, word: str = "") -> dict[str, int]:
        """Return how many checks had each outcome, of one service or of all."""
        of_service = [result.outcome for result in self.results if word in ("", result.check.service)]
        return {outcome: of_service.count(outcome) for outcome in OUTCOMES}

    def as_json(self) -> dict[str, Any]:
        """Return the report as one JSON document."""
        web, network = self.target.doors
        return {
            "version": 1,
            "target": {"url": web.base if web else None, "dimse": str(network) if network else None},
            "stored_by": self.stored_by or None,
            "studies_left": self.left,
            "studies_left_under": self.target.set.left_under if self.left else [],
            "gone_since": self.gone_since or None,
            "counts": self.counts(),
            "services": [
                {
                    "name": service.word,
                    "title": service.title,
                    "not_offered": self.not_offered.get(service.word, ""),
                    "counts": self.counts(service.word),
                }
                for service in self.services
            ],
            "checks": [result.as_json() for result in self.results],
        }


def services() -> list[Service]:
    """Return every service, having registered every check."""
    modules = [importlib.import_module(f"{__package__}.{name}") for name in FILES]
    return [module.SERVICE for module in modules if hasattr(module, "SERVICE")]


def chosen(names: Sequence[str], levels: Sequence[str], *, rough: bool = False) -> list[Check]:
    """Return the checks of these names, beginnings of names or services (all when none) and levels."""
    services()
    return [
        one
        for one in CHECKS.values()
        if one.level in levels
        and (rough or not one.is_rough)
        and (not names or any(one.name == name or _is_under(one, name) for name in names))
    ]


def run(target: Target, checks: Sequence[Check], *, read_only: bool, keep: bool, show: Show) -> Report:
    """Run checks and return the report.

    Parameters
    ----------
    read_only : leave out every check that stores something or looks for what was stored
    keep : leave the stored test objects where they are
    show : told each result as it comes
    """
    wanted = {one.service for one in checks}
    report = Report(target, [service for service in services() if service.word in wanted])
    stores = not read_only and any(one.needs == "set" for one in checks)
    troubles = dict.fromkeys(("set", "own"), "the suite stores nothing with --read-only") if read_only else {}
    if stores:
        report.stored_by, trouble = stored.put(target)
        troubles |= {"set": trouble} if trouble else {}
    try:
        for result in _results(report, checks, troubles):
            report.results.append(result)
            show(result)
    finally:
        if not read_only:
            report.left = target.set.stored_uids if keep else cleaning.clean(target)
        if target.doors[1] is not None:
            target.doors[1].close()
    return report


def _results(report: Report, checks: Sequence[Check], troubles: dict[str, str]) -> Iterator[Result]:
    """Run the checks service by service; whether one is offered is asked when its turn has come."""
    for service in report.services:
        reason = "" if report.gone_since else _offered(report.target, service)
        if reason:
            report.not_offered[service.word] = reason
        for one in checks:
            if one.service != service.word:
                continue
            if report.gone_since:
                yield Result(one, "not-run", f"the archive has not answered since {report.gone_since}")
            elif reason:
                yield Result(one, "not-offered", reason)
            elif one.needs in troubles:
                yield Result(one, "not-run", troubles[one.needs])
            else:
                yield _watched(report, one)


def _watched(report: Report, one: Check) -> Result:
    """Run one check; when nothing came back, see whether the archive is still there at all."""
    result, is_silent = _run(report.target, one)
    if is_silent and unreachable(report.target):
        report.gone_since = one.name
        return replace(result, outcome="fail", got=f"{result.got}; and the archive answers no more")
    return result


def run_check(target: Target, one: Check) -> Result:
    """Run one check by itself."""
    return _run(target, one)[0]


def _run(target: Target, one: Check) -> tuple[Result, bool]:
    target.trace.clear()
    begun = time.monotonic()
    outcome, reason, expected, got, is_silent = "pass", "", "", "", False
    try:
        one.run(target)
    except Broken as broken:
        outcome, expected, got = "fail" if one.level == "must" else "warn", broken.expected, broken.got
        is_silent = isinstance(broken, Silent)
    except NotOffered as missing:
        outcome, reason = "not-offered", str(missing)
    except NotRun as missing:
        outcome, reason = "not-run", str(missing)
    except Exception as error:
        # whatever an answer made the check stumble over is a finding about the answer, not the end of the suite
        outcome = "fail" if one.level == "must" else "warn"
        expected, got = "an answer that can be understood", f"{type(error).__name__}: {error}"
    shown = target.trace[-SHOWN_EXCHANGES:] if outcome in ("fail", "warn") else target.trace[-1:]
    result = Result(one, outcome, reason, expected, got, tuple(shown), time.monotonic() - begun)
    return result, is_silent


def _offered(target: Target, service: Service) -> str:
    try:
        return service.offered(target)
    except Broken as broken:
        return f"no usable answer: {broken.got}"
    except NotRun as missing:
        return str(missing)


def _is_under(one: Check, name: str) -> bool:
    return one.name.startswith(f"{name}.") or (name.endswith("*") and one.name.startswith(name[:-1]))
