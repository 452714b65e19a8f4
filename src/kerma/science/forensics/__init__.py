"""Traces that an image was used twice, changed or compressed before: what speaks for it, and how sure that can be.

Every check names its method, its statistic and threshold, and how often it is wrong on images that were not touched
(``kerma_forensics/rates``). A trace is a reason to look, never a proof: nothing here says that an image is genuine.
"""

from __future__ import annotations

from kerma.science.forensics.trace import Trace

__all__ = ["Trace"]
