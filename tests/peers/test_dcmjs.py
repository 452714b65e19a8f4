"""dcmjs-dimse, a DICOM network stack in JavaScript, as a peer: performed steps, commitment, store and find."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

from archives import Peer
from films import film
from peers.conftest import NODE_MODULES, node_module

SCRIPT = Path(__file__).parent / "dimse.js"
STEP, COMMITMENT, PUSH = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
SUCCESS, FAILURE, DUPLICATE, NO_SUCH = 0x0000, 0x0110, 0x0111, 0x0112


def said(peer: Peer, *requests: dict[str, Any], linger_ms: int = 0) -> dict[str, Any]:
    """Send requests over one association; gives the statuses of each, and the events that came."""
    node_module("dcmjs-dimse")
    asked = {"port": peer.dicom_port, "requests": requests, "linger_ms": linger_ms}
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index('{"said"') :])


def statuses(peer: Peer, *requests: dict[str, Any]) -> list[int]:
    return [one["statuses"][-1] for one in said(peer, *requests)["said"]]


def new_uid() -> str:
    return f"2.25.{uuid.uuid4().int}"


def step(status: str = "IN PROGRESS") -> dict[str, Any]:
    """Return what a machine says when it begins."""
    scheduled = {
        "StudyInstanceUID": new_uid(), "ReferencedStudySequence": [], "AccessionNumber": "", "RequestedProcedureID": "",
        "RequestedProcedureDescription": "", "ScheduledProcedureStepID": "", "ScheduledProcedureStepDescription": "",
        "ScheduledProtocolCodeSequence": [],
    }  # fmt: skip
    return {
        "ScheduledStepAttributesSequence": [scheduled], "PatientName": "Peer^Dcmjs", "PatientID": "DCMJS-1",
        "PatientBirthDate": "", "PatientSex": "O", "ReferencedPatientSequence": [], "PerformedProcedureStepID": "P1",
        "PerformedStationAETitle": "DCMJS", "PerformedStationName": "", "PerformedLocation": "",
        "PerformedProcedureStepStartDate": "20260302", "PerformedProcedureStepStartTime": "101500",
        "PerformedProcedureStepStatus": status, "PerformedProcedureStepDescription": "", "StudyID": "",
        "PerformedProcedureTypeDescription": "", "ProcedureCodeSequence": [], "PerformedProcedureStepEndDate": "",
        "PerformedProcedureStepEndTime": "", "Modality": "DX", "PerformedProtocolCodeSequence": [],
        "PerformedSeriesSequence": [],
    }  # fmt: skip


def ended(status: str = "COMPLETED") -> dict[str, Any]:
    """Return what a machine says when it is done."""
    series = {
        "SeriesInstanceUID": new_uid(), "ProtocolName": "CHEST", "SeriesDescription": "", "PerformingPhysicianName": "",
        "OperatorsName": "", "RetrieveAETitle": "", "ReferencedImageSequence": [],
        "ReferencedNonImageCompositeSOPInstanceSequence": [],
    }  # fmt: skip
    return {
        "PerformedProcedureStepStatus": status, "PerformedProcedureStepEndDate": "20260302",
        "PerformedProcedureStepEndTime": "101700", "PerformedSeriesSequence": [series],
    }  # fmt: skip


def create(uid: str, dataset: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "create", "sopClass": STEP, "uid": uid, "dataset": dataset}


def change(uid: str, dataset: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "set", "sopClass": STEP, "uid": uid, "dataset": dataset}


def test_it_verifies_us(kerma: Peer) -> None:
    assert statuses(kerma, {"kind": "echo"}) == [SUCCESS]


def test_a_machine_begins_and_completes_a_step(kerma: Peer) -> None:
    uid = new_uid()
    assert statuses(kerma, create(uid, step()), change(uid, ended())) == [SUCCESS, SUCCESS]


def test_a_step_is_begun_once_and_ended_once(kerma: Peer) -> None:
    uid = new_uid()
    asked = [create(uid, step()), create(uid, step()), change(uid, ended()), change(uid, ended("DISCONTINUED"))]
    assert statuses(kerma, *asked) == [SUCCESS, DUPLICATE, SUCCESS, FAILURE]


def test_a_step_that_nobody_began_cannot_be_ended(kerma: Peer) -> None:
    assert statuses(kerma, change(new_uid(), ended())) == [NO_SUCH]


def test_what_it_stores_is_found_and_committed(kerma: Peer, tmp_path: Path) -> None:
    import pydicom

    path = tmp_path / "film.dcm"
    path.write_bytes(film(exam=601, PatientID="DCMJS-2"))
    stored = pydicom.dcmread(path)
    find = {"kind": "find", "keys": {"PatientID": "DCMJS-2", "StudyInstanceUID": "", "PatientName": ""}}
    first = said(kerma, {"kind": "store", "path": str(path)}, find)["said"]
    assert first[0]["statuses"] == [SUCCESS]
    assert [one["StudyInstanceUID"] for one in first[1]["datasets"]] == [stored.StudyInstanceUID]
    missing = new_uid()
    references = [
        {"ReferencedSOPClassUID": stored.SOPClassUID, "ReferencedSOPInstanceUID": one}
        for one in (stored.SOPInstanceUID, missing)
    ]
    dataset = {"TransactionUID": new_uid(), "ReferencedSOPSequence": references}
    ask = {"kind": "action", "sopClass": COMMITMENT, "uid": PUSH, "type": 1, "dataset": dataset}
    told = said(kerma, ask, linger_ms=3000)
    assert told["said"][0]["statuses"] == [SUCCESS]
    assert len(told["events"]) == 1, "the report comes on the association that asked, while it is open"
    event = told["events"][0]
    assert event["type"] == 2
    assert event["dataset"]["TransactionUID"] == dataset["TransactionUID"]
    assert items(event["dataset"]["FailedSOPSequence"])[0]["ReferencedSOPInstanceUID"] == missing
    kept = items(event["dataset"]["ReferencedSOPSequence"])
    assert [one["ReferencedSOPInstanceUID"] for one in kept] == [stored.SOPInstanceUID]


def items(sequence: Any) -> list[dict[str, Any]]:
    """dcmjs gives a sequence of one item as the item."""
    return sequence if isinstance(sequence, list) else [sequence]
