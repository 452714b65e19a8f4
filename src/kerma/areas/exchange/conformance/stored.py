"""Puts the test set into the archive before the checks begin: over STOW-RS, else over C-STORE."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kerma.areas.exchange.conformance.model import Broken
from kerma.areas.exchange.conformance.multipart import compose
from kerma.areas.exchange.conformance.qido import found

if TYPE_CHECKING:
    from kerma.areas.exchange.conformance.target import Target

SETTLE_S = 10.0
"""How long an archive may take until what it acknowledged is found."""


def put(target: Target) -> tuple[str, str]:
    """Store the test set; returns by which service, and why it could not be stored."""
    tried = []
    for name, way in (("STOW-RS", _by_stow), ("C-STORE", _by_c_store)):
        trouble = way(target)
        if not trouble:
            target.set.is_stored = True
            _settle(target)
            return name, ""
        tried.append(trouble)
    return "", f"the test set could not be stored: {'; '.join(tried)}"


def _by_stow(target: Target) -> str:
    if target.doors[0] is None:
        return "no DICOMweb address was given"
    body, content_type = compose([("application/dicom", one.data) for one in target.set.instances], "application/dicom")
    try:
        answer = target.web.post("/studies", body, content_type)
    except Broken as broken:
        return f"STOW-RS: {broken.got}"
    return "" if answer.status == 200 else f"STOW-RS answers {answer.status}"


def _by_c_store(target: Target) -> str:
    if target.doors[1] is None:
        return "no DICOM network address was given"
    try:
        statuses = target.network.store(target.set.instances)
    except Broken as broken:
        return f"C-STORE: {broken.got}"
    bad = [f"{status:04X}H" for status in statuses if status != 0]
    return f"C-STORE answers {', '.join(bad)}" if bad else ""


def _settle(target: Target) -> None:
    """Wait until the studies are found, where searching is offered; go on in any case: the checks will tell."""
    until = time.monotonic() + SETTLE_S
    while target.doors[0] is not None and time.monotonic() < until:
        try:
            if len(found(target)) >= len(target.set.study_uids):
                return
        except Broken:
            return
        time.sleep(0.2)
