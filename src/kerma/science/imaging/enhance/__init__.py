"""The enhancement chain: ordered, named, versioned steps that change how an image is shown and never its values.

This is the reference: the workstation's graphics-card passes (``ui/src/viewer/steps``) are held to it by a test, and
the server repeats with it what was on the screen when a decision was made.
"""

from kerma.science.imaging.enhance.chain import STANDARD, Chain, ChainStep, parse
from kerma.science.imaging.enhance.pipeline import run, statistics, stepped
from kerma.science.imaging.enhance.registry import STEPS, latest, step_of, switched_on
from kerma.science.imaging.enhance.step import Level, Parameters, Setting, Statistics, Step

__all__ = [
    "STANDARD",
    "STEPS",
    "Chain",
    "ChainStep",
    "Level",
    "Parameters",
    "Setting",
    "Statistics",
    "Step",
    "latest",
    "parse",
    "run",
    "statistics",
    "step_of",
    "stepped",
    "switched_on",
]
