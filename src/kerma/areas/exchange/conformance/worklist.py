"""Checks of the modality worklist; it is only read (PS3.4, K)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import PLAIN, outcome, query
from kerma.areas.exchange.conformance.objects import MARK
from kerma.areas.exchange.conformance.target import Target

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

WORKLIST = "1.2.840.10008.5.1.4.31"
STEP_KEYS = (
    "ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime", "Modality",
    "ScheduledProcedureStepDescription", "ScheduledProcedureStepID",
)  # fmt: skip
KEYS = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyInstanceUID",
    "RequestedProcedureID", "RequestedProcedureDescription",
)  # fmt: skip


def _offered(target: Target) -> str:
    line = target.network.propose([(WORKLIST, PLAIN)])
    if not line.is_established:
        return f"no Modality Worklist - FIND: {outcome(line)}"
    line.release()
    return ""


SERVICE = Service("worklist", "DIMSE: modality worklist", "network", _offered)


def _ask(**keys: Any) -> Dataset:
    """Return a worklist query; keys of the step begin with ``step_``."""
    from pydicom.dataset import Dataset

    identifier, step = query("", dict.fromkeys(KEYS, "")), Dataset()
    for keyword in STEP_KEYS:
        setattr(step, keyword, "")
    for keyword, value in keys.items():
        place = step if keyword.startswith("step_") else identifier
        setattr(place, keyword.removeprefix("step_"), value)
    identifier.ScheduledProcedureStepSequence = [step]
    return identifier


@check("worklist.answers", "PS3.4, K.4.1", needs="nothing")
def answers(target: Target) -> None:
    """A query ends with success, whether anything is scheduled or not."""
    last, _ = target.network.find(WORKLIST, _ask(PatientID=f"{MARK}-*"))
    expect_equal(last, 0x0000, "final status")


@check("worklist.no-match", "PS3.4, K.4.1.1.4", needs="nothing")
def no_match(target: Target) -> None:
    """A query for a patient who is not there ends with success and no result."""
    last, results = target.network.find(WORKLIST, _ask(PatientID=f"{MARK}-NOBODY"))
    expect_equal((last, len(results)), (0x0000, 0), "final status and number of results")


@check("worklist.date-range", "PS3.4, K.4.1.1.2", needs="nothing")
def date_range(target: Target) -> None:
    """A range of dates in the scheduled step, together with station and modality, is understood."""
    keys = {"step_ScheduledProcedureStepStartDate": "19000101-19000102", "step_Modality": "DX"}
    last, results = target.network.find(WORKLIST, _ask(**keys))
    expect_equal((last, len(results)), (0x0000, 0), "final status and number of results")


@check("worklist.keys", "PS3.4, Table K.6-1", needs="nothing")
def keys_returned(target: Target) -> None:
    """What is scheduled comes with every key that each worklist must return."""
    last, results = target.network.find(WORKLIST, _ask(step_ScheduledStationAETitle=target.network.calling))
    expect_equal(last, 0x0000, "final status")
    if not results:
        raise NotOffered(f"nothing is scheduled for the station {target.network.calling}")
    for one in results:
        step = one.ScheduledProcedureStepSequence[0]
        wanted = {"PatientName", "PatientID", "StudyInstanceUID", "RequestedProcedureID"}
        missing = [keyword for keyword in wanted if keyword not in one]
        missing += [keyword for keyword in STEP_KEYS if keyword not in step]
        expect(not missing, "every required key", f"without {', '.join(sorted(missing))}")


@check("worklist.station", "PS3.4, K.4.1.1.2", needs="nothing")
def station(target: Target) -> None:
    """Only what is scheduled for the station asked for comes."""
    last, results = target.network.find(WORKLIST, _ask(step_ScheduledStationAETitle="KERMA-NOWHERE"))
    expect_equal((last, len(results)), (0x0000, 0), "final status and number of results")


@check("worklist.nothing-sent", "PS3.4, K.4.1", "should", needs="nothing")
def nothing_sent(target: Target) -> None:
    """A query without a Scheduled Procedure Step Sequence is answered, not dropped."""
    last, _ = target.network.find(WORKLIST, query("", {"PatientID": f"{MARK}-NOBODY", "PatientName": ""}))
    expect(last == 0 or last >> 12 in (0xA, 0xC), "success or a failure", f"{last:04X}H")
