"""What exchange offers on the DICOM network: C-MOVE and storage commitment."""

from __future__ import annotations

from kerma.areas.exchange.commit import PUSH_MODEL, asked_to_keep, told_that_kept
from kerma.areas.exchange.move import move
from kerma.kernel.dimse import Service

PATIENT_ROOT_MOVE, STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.2.2"

RELATIONAL = b"\1"
"""The unique key of the level alone names what is moved (DICOM PS3.4, C.5.2.1)."""
SERVICES = (
    Service("move", (PATIENT_ROOT_MOVE, STUDY_ROOT_MOVE), {"C-MOVE": move}, RELATIONAL),
    Service("commit", (PUSH_MODEL,), {"N-ACTION": asked_to_keep, "N-EVENT-REPORT": told_that_kept}),
)
