"""The report as it would be printed now, while somebody writes it; nothing of it is kept.

The pictures are drawn once and held for a while: a word more is then laid out in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kerma.areas.people.queries import name_of_actor
from kerma.areas.report import prepare, queries, rules_changes, rules_versions
from kerma.areas.report.kinds import kind_for, missing
from kerma.areas.report.language import ENGLISH

if TYPE_CHECKING:
    from kerma.areas.report.parts import Report
    from kerma.areas.report.prepare import Basis, Form
    from kerma.kernel.action import Kernel

DOTS_PER_INCH = 110.0
MOST_HELD = 6
"""Composed reports held at once, each with its pictures."""


@dataclass(frozen=True)
class Preview:
    """Every page as PNG, what the form still lacks in words, why it cannot be signed now, and what it amends."""

    pages: list[bytes]
    missing: list[str]
    unready: str
    """Why it cannot be signed now, empty when it can."""
    changes: list[str]
    """What it states otherwise than the signed version in force."""


def preview(kernel: Kernel, exam_pk: int, form: Form) -> Preview:
    """Lay the exam's report out in this form as a draft, and say what keeps it from being signed.

    Raises
    ------
    NotFound, Conflict, WrongUsage
        As for ``prepare.basis``.
    """
    from kerma.areas.report.document import build_pages

    now = prepare.basis(kernel, exam_pk)
    given, held = (
        {"template": one.template, "language": one.language, "record": one.record} for one in (form, now.form)
    )
    # words that stand there already stay those of the person who wrote them
    on = now if given == held else prepare.basis(kernel, exam_pk, form)
    form = on.form
    kind = kind_for(form.template, on.exam["industry"])
    absent = [ENGLISH(kind.labels[name]) for name in missing(kind, form.record)]
    unready = rules_versions.why_not_signable(on.versions, on.rests_on, on.decision, on.writing) or ""
    return Preview(build_pages(composed(kernel, on), DOTS_PER_INCH), absent, unready, changes_of(kernel, on))


def changes_of(kernel: Kernel, on: Basis) -> list[str]:
    """Return in words what a version made now states otherwise than the signed one in force; nothing without one."""
    holds = rules_versions.in_force(on.versions)
    if holds is None:
        return []
    with kernel.database.read() as connection:
        before = (queries.report_by_id(connection, int(holds["id"])) or {}).get("stated")
    words = rules_changes.Words(ENGLISH, kernel.industries[on.exam["industry"]].decisions)
    return rules_changes.changes(before, on.stated, words) if before else []


OF_THE_FORM = ("template", "record_sha256", "written_by", "written_at", "writing")
"""What a report rests on that changes its words but none of its pictures."""

_held: OrderedDict[str, Report] = OrderedDict()
_turn = threading.Lock()


def composed(kernel: Kernel, on: Basis) -> Report:
    """Return the report with its pictures, which are drawn anew only where what they show has changed."""
    key = _key(kernel, on)
    with _turn:
        found = _held.get(key)
    if found is None:
        found = prepare.compose(kernel, on, made_at=kernel.clock.now())
    with _turn:
        _held[key] = found
        _held.move_to_end(key)
        while len(_held) > MOST_HELD:
            _held.popitem(last=False)
    with kernel.database.read() as connection:
        writer = name_of_actor(connection, on.form.written_by) if on.form.written_by else ""
    form = {"template": on.form.template, "record": on.form.record, "version": len(on.versions) + 1}
    return replace(found, **form, written_by=writer, written_at=on.form.written_at)


def _key(kernel: Kernel, on: Basis) -> str:
    """Return the digest of everything that ``prepare.compose`` draws and states besides the words of the form."""
    from kerma.areas.report.queries_site import newest_site

    with kernel.database.read() as connection:
        site = newest_site(connection)
    drawn: dict[str, Any] = {key: on.form.record.get(key) for key in ("pictures", "compared_with")}
    rests_on = {key: value for key, value in on.rests_on.items() if key not in OF_THE_FORM}
    parts = [str(kernel.settings.home), on.exam, on.stated["document"], on.decision, on.decided_by, rests_on]
    parts += [site, drawn, [row["sha256"] for row in on.image_rows]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
