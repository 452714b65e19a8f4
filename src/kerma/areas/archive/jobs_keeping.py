"""The standing jobs of keeping: once a day exams move to their tiers, and a share of everything is hashed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.archive import actions_upkeep, retrieve_cache
from kerma.kernel import blobs_removal
from kerma.kernel.identity import service
from kerma.kernel.jobs import job

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

DAY_S = 86_400.0
KEEPER = service("archive", "archive.move", "archive.scrub")

blobs_removal.FOLLOWERS.append(retrieve_cache.forget)


@job("archive.scrub", every_s=DAY_S)
def scrub(kernel: Kernel) -> None:
    """Hash a day's share of everything kept."""
    actions_upkeep.scrub(kernel, KEEPER)


@job("archive.move", every_s=DAY_S)
def move(kernel: Kernel) -> None:
    """Move exams to the storage tiers that the rules name."""
    actions_upkeep.move_due(kernel, KEEPER)
