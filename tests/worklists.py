"""Orders, performed steps and workitems for tests, and a small DICOM network door that serves the worklist area."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from kerma.areas.worklist import dimse
from kerma.areas.worklist.model_orders import Order
from kerma.kernel.action import Actor, Kernel
from kerma.kernel.dimse import Asked, Peer

ROOT = "1.2.826.0.1.3680043.9.7433.7"
SOP = "1.2.840.10008.5.1.4.34.6.1"
PERFORMED = "1.2.840.10008.3.1.2.3.3"
WORDS = ("worklist", "perform", "ups")
FINDSCU = "/usr/bin/findscu"


def order(**fields: Any) -> Order:
    """Return an order of a chest film for Zoé Dupont."""
    shown = {
        "industry": "medical", "subject_id": "P-17", "name": "Dupont^Zoé", "birth_date": "19700102", "sex": "F",
        "accession": "A-9", "requested_id": "RP-1", "requested_description": "Thorax", "study_uid": f"{ROOT}.1",
        "station_ae": "DX1", "modality": "DX", "start_date": "20260302", "start_time": "101500", "step_id": "SPS-1",
        "step_description": "Thorax p.a.", "performing_name": "Curie^Marie",
    }  # fmt: skip
    return Order(**(shown | fields))


def performed(order: Order, **attributes: Any) -> Dataset:
    """Return the report that a machine begins to work on an order."""
    step = Dataset()
    step.StudyInstanceUID, step.AccessionNumber = order.study_uid, order.accession
    step.RequestedProcedureID, step.ScheduledProcedureStepID = order.requested_id, order.step_id
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.ScheduledStepAttributesSequence = [step]
    data.PatientName, data.PatientID = order.name, order.subject_id
    data.PerformedProcedureStepID, data.PerformedStationAETitle = "PPS-1", order.station_ae
    data.PerformedProcedureStepStartDate, data.PerformedProcedureStepStartTime = "20260302", "101700"
    data.PerformedProcedureStepStatus, data.Modality = "IN PROGRESS", order.modality
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


def ended(status: str = "COMPLETED", images: tuple[str, ...] = (), series: str = f"{ROOT}.2") -> Dataset:
    """Return the report that a step has ended, with the images made."""
    data = Dataset()
    data.PerformedProcedureStepStatus = status
    data.PerformedProcedureStepEndDate, data.PerformedProcedureStepEndTime = "20260302", "101900"
    item = Dataset()
    item.SeriesInstanceUID, item.ProtocolName = series, "THORAX"
    item.ReferencedImageSequence = []
    for uid in images:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", uid
        item.ReferencedImageSequence.append(reference)
    data.PerformedSeriesSequence = [item]
    return data


def workitem(**attributes: Any) -> Dataset:
    """Return a workitem as its creator sends it."""
    data = Dataset()
    data.PatientName, data.PatientID = "Dupont^Zoé", "P-17"
    data.SpecificCharacterSet = "ISO_IR 192"
    data.ScheduledProcedureStepPriority, data.ProcedureStepLabel = "MEDIUM", "Read thorax"
    data.ScheduledProcedureStepStartDateTime = "20260302101500"
    data.InputReadinessState, data.ProcedureStepState = "READY", "SCHEDULED"
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


def code(value: str = "113014", meaning: str = "Study") -> Dataset:
    """Return a code as a sequence item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def done() -> Dataset:
    """Return what a performer must say before a workitem may be completed."""
    item = Dataset()
    item.PerformedStationNameCodeSequence = [code()]
    item.PerformedProcedureStepStartDateTime = "20260302101500"
    item.PerformedProcedureStepEndDateTime = "20260302101800"
    item.PerformedWorkitemCodeSequence = [code()]
    item.OutputInformationSequence = []
    data = Dataset()
    data.UnifiedProcedureStepPerformedProcedureSequence = [item]
    return data


@contextmanager
def network(kernel: Kernel, actor: Actor, ae_title: str = "TESTSCU") -> Iterator[int]:
    """Serve the worklist area's services, dispatched as the DICOM door does; yields the port."""
    from pynetdicom import AE, evt

    peer = Peer(ae_title, "127.0.0.1", actor, frozenset(WORDS))
    by_class = {uid: service for service in dimse.SERVICES for uid in service.sop_classes}

    def handler(message: str) -> Callable[[Any], Any]:
        return lambda event: by_class[str(event.context.abstract_syntax)].handlers[message](Asked(kernel, peer, event))

    entity = AE("KERMA")
    for uid in by_class:
        entity.add_supported_context(uid)
    messages = {message for service in dimse.SERVICES for message in service.handlers}
    handlers = [(getattr(evt, f"EVT_{message.replace('-', '_')}"), handler(message)) for message in sorted(messages)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()


@contextmanager
def association(port: int, *classes: str) -> Iterator[Any]:
    """Open an association as a machine does."""
    from pynetdicom import AE

    entity = AE("TESTSCU")
    for uid in classes:
        entity.add_requested_context(uid)
    opened = entity.associate("127.0.0.1", port, ae_title="KERMA")
    assert opened.is_established
    try:
        yield opened
    finally:
        opened.release()


def findscu(port: int, folder: Path, keys: Mapping[str, str], called: str = "KERMA") -> list[Dataset]:
    """Query a worklist with DCMTK's findscu; returns the answers."""
    from pydicom import dcmread

    folder.mkdir(parents=True, exist_ok=True)
    options = [piece for path, value in keys.items() for piece in ("-k", f"{path}={value}")]
    command = [FINDSCU, "-W", "-X", "-od", str(folder), "-aec", called, *options, "127.0.0.1", str(port)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]
