"""The report for people: one line per check while it runs, a table of services, and what failed, explained."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kerma.areas.exchange.conformance.objects import MARK

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from kerma.areas.exchange.conformance.model import Result
    from kerma.areas.exchange.conformance.suite import Report

STYLES = {"pass": "green", "fail": "bold red", "warn": "yellow", "not-offered": "dim", "not-run": "cyan"}
WORDS = {"pass": "pass", "fail": "FAIL", "warn": "warn", "not-offered": "not offered", "not-run": "not run"}
HEADINGS = {"pass": "Pass", "fail": "Fail", "warn": "Warn", "not-offered": "Not offered", "not-run": "Not run"}
LONG_UID = re.compile(r"2\.25\.\d{20,}")
EXCERPT = 160
LEVEL_WORDS = {"must": "must", "should": "should", "may": "if offered"}


def show(console: Console, report: Report, *, everything: bool) -> None:
    """Print the whole report."""
    console.print(_table(report))
    for service in report.services:
        if service.word in report.not_offered:
            reason = _short(report.not_offered[service.word], "")
            console.print(_text(f"{service.title} is not offered: {reason}", "dim"), soft_wrap=True)
    console.print()
    web = report.target.doors[0]
    base = web.base.rstrip("/") if web else ""
    shown = ("fail", "warn", "not-run") if not everything else ("fail", "warn", "not-run", "not-offered", "pass")
    for outcome in shown:
        for result in report.results:
            if result.outcome == outcome and (everything or not _is_of_service(report, result)):
                _explain(console, result, base)
    _ending(console, report)


def _table(report: Report) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_footer=True)
    total = report.counts()
    table.add_column("Service", footer=f"{len(report.results)} checks")
    for outcome, heading in HEADINGS.items():
        table.add_column(heading, justify="right", footer=_count(total[outcome], outcome))
    for service in report.services:
        counts = report.counts(service.word)
        cells = [_count(counts[outcome], outcome) for outcome in HEADINGS]
        table.add_row(service.title, *cells)
    return table


def _explain(console: Console, result: Result, base: str) -> None:
    check = result.check
    style = STYLES[result.outcome]
    where = f"{check.clause} · {LEVEL_WORDS[check.level]}"
    head = f"[{style}]{WORDS[result.outcome]:<11}[/] [bold]{check.name}[/]  [dim]{where}[/]"
    console.print(head, soft_wrap=True, highlight=False)
    if result.outcome == "pass":
        return
    console.print(_text(f"            {check.says}"), soft_wrap=True)
    if result.reason:
        console.print(_text(f"            {result.reason}", "dim"), soft_wrap=True)
    if result.expected:
        told = f"expected {result.expected}; got {result.got}"
        console.print(_text(f"            {_short(told, base)}", style), soft_wrap=True)
    for exchange in result.exchanges if result.expected else ():
        console.print(_text(f"            {_short(exchange.request, base)}", "dim"), soft_wrap=True)
        # a success is told by how much came; what an error says stands there whole
        excerpt = exchange.excerpt if exchange.answer[:1] in "45" else exchange.excerpt.partition(": ")[0]
        told = f" · {excerpt[:EXCERPT]}" if excerpt else ""
        console.print(_text(f"              → {_short(exchange.answer + told, base)}", "dim"), soft_wrap=True)
    console.print()


def _ending(console: Console, report: Report) -> None:
    counts = report.counts()
    if report.gone_since:
        console.print(f"[bold red]The archive has not answered since {report.gone_since}[/]")
    if counts["fail"]:
        console.print(f"[bold red]{counts['fail']} of {len(report.results)} checks fail what the standard demands[/]")
    elif counts["not-run"] < len(report.results):
        console.print("[bold green]Everything that was asked of an offered service and is demanded holds[/]")
    if report.stored_by:
        for line in _leftovers(report):
            console.print(_text(line), soft_wrap=True)


def _leftovers(report: Report) -> list[str]:
    """Say which test studies stayed, and how to find them."""
    if not report.left:
        return [f"Test objects were stored by {report.stored_by}, and deleted again: no test study is left"]
    many = f"{len(report.left)} test studies are" if len(report.left) > 1 else "1 test study is"
    return [
        f"{many} still there, stored by {report.stored_by}; delete them by hand where the archive can:",
        *(f"  {uid}" for uid in report.left),
        f"To find them, search for {' and '.join(f'PatientID={one}' for one in report.target.set.left_under)}; "
        f"those of all runs, for PatientID={MARK}-*",
    ]


def _short(words: str, base: str) -> str:
    """Leave out what repeats itself: the archive's address, line ends, and the middles of long UIDs."""
    told = (words.replace(base, "") if base else words).replace("\n", " · ")
    return LONG_UID.sub(lambda match: f"{match[0][:9]}…{match[0][-4:]}", told)


def _is_of_service(report: Report, result: Result) -> bool:
    """Whether a whole service is missing, or the archive gone: a line for each check would say it over and over."""
    return result.check.service in report.not_offered or bool(report.gone_since and result.outcome == "not-run")


def _count(number: int, outcome: str) -> str:
    return f"[{STYLES[outcome]}]{number}[/]" if number else "[dim]·[/]"


def _text(words: str, style: str = "") -> object:
    """Text as it is: what an archive answered is never read as markup."""
    from rich.text import Text

    return Text(words, style=style)
