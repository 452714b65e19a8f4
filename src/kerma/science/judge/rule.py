"""One rule of an acceptance pack: a row, read; ``docs/standards/packs.md`` describes every column."""

from __future__ import annotations

from dataclasses import dataclass, fields

from kerma.science.judge.facts import Clause


@dataclass(frozen=True)
class Rule:
    """One row of a pack: what it looks at, how much of it is allowed, and the clause that says so."""

    rule: str
    kind: str
    labels: tuple[str, ...] = ()
    measure: tuple[str, ...] = ()
    part: str = ""
    when: tuple[Clause, ...] = ()
    joint_coefficient: float | None = None
    thickness_over_mm: float | None = None
    thickness_up_to_mm: float | None = None
    shape: str = ""
    shape_ratio: float | None = None
    relevant_over_mm: float | None = None
    relevant_over_per_thickness: float | None = None
    relevant_choice: str = ""
    relevant_up_to_mm: float | None = None
    darker: str = ""
    isolation: str = ""
    isolation_mm: float | None = None
    when_measured: str = ""
    limit_per_thickness: float | None = None
    limit_per_weld_length: float | None = None
    limit_per_weld_width: float | None = None
    limit_absolute: float | None = None
    limit_fact: str = ""
    limit_choice: str = ""
    limit_cap: float | None = None
    limit_floor: float | None = None
    unit: str = ""
    window_per_thickness: float | None = None
    window_mm: float | None = None
    window_choice: str = ""
    short_weld: str = ""
    merge_gap_factor: float | None = None
    merge_reference: str = ""
    gap_factor: float | None = None
    gap_reference: str = ""
    minimum_count: int = 1
    alignment: str = ""
    clause: str = ""
    action: str = ""
    corrective: str = ""
    status: str = ""
    source: str = ""

    def covers(self, label: str) -> bool:
        """Whether the rule looks at findings with this label."""
        return label in self.labels or "*" in self.labels

    @property
    def is_ranged(self) -> bool:
        """Whether the rule is for a range of thickness only."""
        return self.thickness_over_mm is not None or self.thickness_up_to_mm is not None


COLUMNS = tuple(each.name for each in fields(Rule))
"""Every column a pack may have."""

LIMIT_PARTS = ("limit_per_thickness", "limit_per_weld_length", "limit_per_weld_width", "limit_absolute", "limit_fact")
LIMIT_COLUMNS = (*LIMIT_PARTS, "limit_choice", "limit_cap", "limit_floor")
WINDOW_COLUMNS = ("window_per_thickness", "window_mm", "window_choice")
RELEVANT_PARTS = ("relevant_over_mm", "relevant_over_per_thickness")
MERGE_COLUMNS = ("merge_gap_factor", "merge_reference")
GROUP_COLUMNS = ("gap_factor", "gap_reference", "minimum_count", "alignment")
