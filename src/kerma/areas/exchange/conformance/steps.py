"""The suite's own unified procedure steps, for the web and for the network (PS3.4, CC.2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerma.areas.exchange.conformance.objects import MARK, new_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PUSH = "1.2.840.10008.5.1.4.34.6.1"
WATCH = "1.2.840.10008.5.1.4.34.6.2"
PULL = "1.2.840.10008.5.1.4.34.6.3"
EVENTS = "1.2.840.10008.5.1.4.34.6.4"
EVERYTHING = "1.2.840.10008.5.1.4.34.5"
"""The well-known instance whose subscribers hear of all work items."""
EMPTY = (
    "TransactionUID", "ScheduledProcessingParametersSequence", "ScheduledStationNameCodeSequence",
    "ScheduledStationClassCodeSequence", "ScheduledStationGeographicLocationCodeSequence",
    "CommentsOnTheScheduledProcedureStep", "InputInformationSequence", "PatientBirthDate", "PatientSex",
    "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "OtherPatientIDsSequence", "AdmissionID",
    "IssuerOfAdmissionIDSequence", "AdmittingDiagnosesDescription", "AdmittingDiagnosesCodeSequence",
    "ReferencedRequestSequence", "ProcedureStepProgressInformationSequence",
    "UnifiedProcedureStepPerformedProcedureSequence",
)  # fmt: skip


def step(tag: str, **more: Any) -> Dataset:
    """Return a work item to be created: everything that N-CREATE demands, most of it empty."""
    from pydicom.dataset import Dataset

    made = Dataset()
    for keyword in EMPTY:
        setattr(made, keyword, [] if keyword.endswith("Sequence") else "")
    made.ScheduledWorkitemCodeSequence = [code("110005", "DCM", "Interpretation")]
    given = {
        "SpecificCharacterSet": "ISO_IR 192", "ProcedureStepState": "SCHEDULED",
        "ScheduledProcedureStepPriority": "MEDIUM", "ScheduledProcedureStepModificationDateTime": "20200110101500",
        "ProcedureStepLabel": f"{MARK} {tag}", "WorklistLabel": MARK,
        "ScheduledProcedureStepStartDateTime": "20200110101500", "InputReadinessState": "READY",
        "PatientName": f"{MARK}^STEP", "PatientID": f"{MARK}-{tag}-U", "StudyInstanceUID": new_uid(),
    } | more  # fmt: skip
    for keyword, value in given.items():
        setattr(made, keyword, value)
    return made


def performed() -> Dataset:
    """Return the changes that make a work item ready to be completed."""
    from pydicom.dataset import Dataset

    done = Dataset()
    done.PerformedStationNameCodeSequence = [code("KERMA", "99KERMA", "Conformance suite")]
    done.PerformedProcedureStepStartDateTime = "20200110101600"
    done.PerformedProcedureStepEndDateTime = "20200110101700"
    done.PerformedWorkitemCodeSequence = [code("110005", "DCM", "Interpretation")]
    done.OutputInformationSequence = []
    changes = Dataset()
    changes.SpecificCharacterSet = "ISO_IR 192"
    changes.UnifiedProcedureStepPerformedProcedureSequence = [done]
    return changes


def state(word: str, transaction_uid: str) -> Dataset:
    """Return the change of state of a work item."""
    from pydicom.dataset import Dataset

    change = Dataset()
    change.ProcedureStepState = word
    if transaction_uid:
        change.TransactionUID = transaction_uid
    return change


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
