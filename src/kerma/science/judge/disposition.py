"""What may be done about findings, who decides it, and by when: from tables by industry, category and regime.

Nothing here clears anything: it says who may. A label that no table knows is *unknown*, and nobody clears it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerma.errors import WrongUsage
from kerma.science.physics.table_rows import row_at
from kerma.science.results import Citation, Finding, Verdict
from kerma.standards import Table, table

CATEGORIES = "kerma_dispositions/categories"
LABELS = "kerma_dispositions/labels"
ESCALATION = "kerma_dispositions/escalation"
IMPERFECTIONS = "iso_6520-1/imperfections"
REGIMES: Mapping[str, str] = {
    "icao": "icao_doc_8973/prohibited", "ecac": "ecac_doc_30/prohibited", "eu": "eu_2015_1998/prohibited",
    "tsa": "tsa_prohibited/prohibited",
}  # fmt: skip
"""Whose list of prohibited articles holds, and its table."""
PLACES: Mapping[str, str] = {"cabin": "cabin", "hold": "hold", "cargo": "hold"}
"""Where the object travels, and the column that speaks of it."""
UNKNOWN = "unknown"
ACCEPTABLE = "acceptable"
GOODNESS = ("poor-image", "unjudged-image")
"""Categories of an industrial finding on images that are not good enough, or of which nobody knows: nothing is accepted
by them, whatever else is said of the finding."""


@dataclass(frozen=True)
class Travel:
    """Whose list of prohibited articles holds, and where the object travels."""

    regime: str = "eu"
    place: str = "cabin"


@dataclass(frozen=True)
class Step:
    """One step of an escalation: who is told within how many minutes, and what is done."""

    step: int
    who: str
    within_minutes: float
    what: str

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return dict(vars(self))


@dataclass(frozen=True)
class Disposition:
    """What may be done about the findings of one category; the regime's rule where a list of articles holds."""

    category: str
    labels: tuple[str, ...]
    finding_ids: tuple[str, ...]
    dispositions: tuple[str, ...]
    decides: str
    may_operator_clear: bool
    extra_search: str
    deadline_minutes: float
    next_step: str
    escalation: tuple[Step, ...]
    source: Citation
    allowed: str = ""
    """What the regime says of the place it travels in: allowed, limited, forbidden; empty outside security."""
    limit_words: str = ""
    rule: Citation | None = None
    """The regime's own clause."""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in vars(self).items()}
        return plain | {
            "escalation": [step.as_json() for step in self.escalation],
            "source": self.source.as_json(),
            "rule": self.rule.as_json() if self.rule else None,
        }


def dispositions(
    industry: str,
    findings: Sequence[Finding],
    *,
    travel: Travel | None = None,
    verdicts: Sequence[Verdict] = (),
    quality: Sequence[Verdict] = (),
    policy: Table | None = None,
) -> tuple[Disposition, ...]:
    """Return what may be done about findings, one entry a category, the gravest first; nothing where none was found.

    Parameters
    ----------
    industry : security, ndt or medical
    findings : what was seen; only labels and ids count
    travel : whose list of prohibited articles holds, and where the object travels (security); the usual one if None
    verdicts : what the rules say of the findings (ndt)
    quality : the verdicts on image quality (ndt); without any nothing is acceptable
    policy : a site's own table in the columns of ``kerma_dispositions/categories``

    Raises
    ------
    WrongUsage
        No such industry, regime or place.
    """
    of = travel or Travel()
    own = policy or table(CATEGORIES)
    rows = [row for row in own if row["industry"] == industry]
    if not rows:
        raise WrongUsage(f"there are no dispositions for '{industry}'")
    listed = _list_of(of.regime, of.place) if _has_articles(industry) else {}
    by_category: dict[str, list[Finding]] = {}
    for finding in findings:
        by_category.setdefault(category_of(industry, finding, verdicts, quality), []).append(finding)
    known = {row["category"] for row in rows}
    is_unfit = not by_label(industry) and image_state(quality) in GOODNESS
    strange = sorted(set(by_category) - known)
    if strange:
        raise WrongUsage(f"the policy '{own.name}' has no row for '{strange[0]}' in '{industry}': add one")
    made = (
        _disposition(row, by_category[row["category"]], own, listed.get(row["category"]), PLACES.get(of.place, ""))
        for row in rows
        if row["category"] in by_category
    )
    return tuple(_never_accepted(one) if is_unfit else one for one in made)


def by_label(industry: str) -> dict[str, str]:
    """Return the category of each label of an industry; nothing where its findings go by what the rules say."""
    return {row["label"]: row["category"] for row in table(LABELS) if row["industry"] == industry}


def image_state(quality: Sequence[Verdict]) -> str:
    """Return what the verdicts on image quality make of a finding that is otherwise acceptable: the gravest counts."""
    said = {verdict.outcome for verdict in quality}
    if "fail" in said:
        return "poor-image"
    if "advisory" in said:
        return "advisory"
    if not said or "not-judged" in said:
        return "unjudged-image"
    return "advisory" if _is_unverified(quality) else ACCEPTABLE


def category_of(
    industry: str, finding: Finding, verdicts: Sequence[Verdict] = (), quality: Sequence[Verdict] = ()
) -> str:
    """Return the category of a finding: by its label, or in industry as the proposal goes.

    That is: what is crack-like or beyond a limit; then images that are not good enough; then what only advises, what
    was not judged, and images of which nobody knows whether they are good enough.
    """
    labels = by_label(industry)
    if labels:
        return labels.get(finding.label, UNKNOWN)
    planar = {row["label"] for row in table(IMPERFECTIONS) if row["planar"] == "yes"}
    if finding.label in planar:
        return "crack-like"
    own = [verdict for verdict in verdicts if finding.id in verdict.finding_ids]
    said = {verdict.outcome for verdict in own}
    said |= {verdict.outcome for verdict in verdicts if verdict.outcome == "not-judged"} if not own else set()
    state = image_state(quality)
    holds = (
        ("fail" in said, "rejected"),
        (state == "poor-image", state),
        ("advisory" in said or state == "advisory", "advisory"),
        ("not-judged" in said or not verdicts, "not-judged"),
        (state == "unjudged-image", state),
        (_is_unverified(own or verdicts), "advisory"),
    )
    return next((category for is_so, category in holds if is_so), ACCEPTABLE)


def _is_unverified(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.outcome == "pass" and verdict.source.status == "unverified" for verdict in verdicts)


def _never_accepted(one: Disposition) -> Disposition:
    return replace(one, dispositions=tuple(word for word in one.dispositions if word != "accept"))


def escalation(path: str) -> tuple[Step, ...]:
    """Return the steps of an escalation path in order; none for a path that is empty."""
    rows = [row for row in table(ESCALATION) if row["path"] == path]
    return tuple(Step(int(row["step"]), row["who"], float(row["within_minutes"]), row["what"]) for row in rows)


def _has_articles(industry: str) -> bool:
    """Whether a list of prohibited articles speaks of an industry's categories."""
    named = {row["category"] for row in table(LABELS) if row["industry"] == industry}
    return bool(named & {row["category"] for row in table(REGIMES["eu"])} - {"everyday"})


def _list_of(regime: str, place: str) -> dict[str, tuple[Mapping[str, str], Table]]:
    if regime not in REGIMES:
        raise WrongUsage(f"regime must be {' or '.join(REGIMES)}; '{regime}' is not")
    if place not in PLACES:
        raise WrongUsage(f"the object travels in {' or '.join(PLACES)}; '{place}' is none of them")
    articles = table(REGIMES[regime])
    return {row["category"]: (row, articles) for row in articles}


def _disposition(
    row: Mapping[str, str],
    findings: Sequence[Finding],
    own: Table,
    article: tuple[Mapping[str, str], Table] | None,
    column: str,
) -> Disposition:
    allowed = article[0][column] if article else ""
    # What a regime forbids is nobody's to clear at the screen, whatever a site's policy says.
    may_clear = row["may_operator_clear"] == "yes" and allowed != "forbidden"
    offered = tuple(word for word in row["dispositions"].split() if may_clear or word != "clear")
    return Disposition(
        category=row["category"],
        labels=tuple(dict.fromkeys(finding.label for finding in findings)),
        finding_ids=tuple(finding.id for finding in findings),
        dispositions=offered,
        decides=row["decides"],
        may_operator_clear=may_clear,
        extra_search=row["extra_search"],
        deadline_minutes=float(row["deadline_minutes"]),
        next_step=row["next_step"],
        escalation=escalation(row["path"]),
        source=Citation.of(own, f"{row['industry']}, {row['category']}"),
        allowed=allowed,
        limit_words=_limit_words(article[0]) if article else "",
        rule=Citation.of(article[1], article[0]["clause"]) if article else None,
    )


def _limit_words(article: Mapping[str, str]) -> str:
    limit = f" ({article['limit']} {article['unit']})" if article["limit"] else ""
    return f"{article['limit_words']}{limit}"


def policy_row(industry: str, category: str) -> dict[str, str]:
    """Return one row of the packaged policy.

    Raises
    ------
    OutsideTable
        No such row.
    """
    return row_at(CATEGORIES, industry=industry, category=category)
