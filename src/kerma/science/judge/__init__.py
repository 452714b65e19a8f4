"""Findings and a table of rules in, verdicts with their clauses and a proposed decision out.

The rules are rows of CSV packs in ``kerma.standards`` or a site's own; each kind of limit is one function in
``limits``; the engine dispatches, and ``decide`` turns verdicts into a proposal that a person confirms.
"""

from __future__ import annotations

from kerma.science.judge.conditions import Conditions
from kerma.science.judge.decide import Evidence, propose
from kerma.science.judge.engine import judge
from kerma.science.judge.exam import judge_images
from kerma.science.judge.pack import Pack, load_pack, pack_names
from kerma.science.judge.pack_text import check_pack
from kerma.science.judge.rule import Rule

__all__ = [
    "Conditions",
    "Evidence",
    "Pack",
    "Rule",
    "check_pack",
    "judge",
    "judge_images",
    "load_pack",
    "pack_names",
    "propose",
]
