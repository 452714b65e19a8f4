"""Takes the test objects out again, where the archive allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.exchange.conformance.model import Broken

if TYPE_CHECKING:
    from kerma.areas.exchange.conformance.target import Target


def clean(target: Target) -> list[str]:
    """Ask for the deletion of every study that the suite stored; returns the UIDs of those that stay."""
    uids = target.set.stored_uids
    if target.doors[0] is None:
        return uids
    return [uid for uid in uids if not _is_deleted(target, uid)]


def _is_deleted(target: Target, uid: str) -> bool:
    """Ask for it and look: what the standard does not define is offered by many archives."""
    try:
        answer = target.web.ask("DELETE", f"/studies/{uid}")
        return answer.status in (200, 202, 204, 404) and not _is_there(target, uid)
    except Broken:
        return False


def _is_there(target: Target, uid: str) -> bool:
    return bool(target.web.get("/studies", {"StudyInstanceUID": uid}).datasets)
