"""Checks of the modality performed procedure step: what may follow what (PS3.4, F.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerma.areas.exchange.conformance.model import Service, check, expect_equal
from kerma.areas.exchange.conformance.network import PLAIN, outcome
from kerma.areas.exchange.conformance.objects import MARK, new_uid
from kerma.areas.exchange.conformance.steps import code
from kerma.areas.exchange.conformance.target import Target

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

STEP = "1.2.840.10008.3.1.2.3.3"
SUCCESS, DUPLICATE, NO_SUCH, FAILURE = 0x0000, 0x0111, 0x0112, 0x0110
REFUSALS = (0x0106, 0x0110, 0x0115, 0x0117, 0x0120, 0x0121)


def _offered(target: Target) -> str:
    line = target.network.propose([(STEP, PLAIN)])
    if not line.is_established:
        return f"no Modality Performed Procedure Step: {outcome(line)}"
    line.release()
    return ""


SERVICE = Service("perform", "DIMSE: performed procedure step", "network", _offered)


def _begun(target: Target, **more: Any) -> Dataset:
    """Return everything that N-CREATE demands."""
    from pydicom.dataset import Dataset

    scheduled, made = Dataset(), Dataset()
    scheduled.StudyInstanceUID = new_uid()
    scheduled.ReferencedStudySequence = scheduled.ScheduledProtocolCodeSequence = []
    for keyword in ("AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription",
                    "ScheduledProcedureStepID", "ScheduledProcedureStepDescription"):  # fmt: skip
        setattr(scheduled, keyword, "")
    given = {
        "SpecificCharacterSet": "ISO_IR 192", "ScheduledStepAttributesSequence": [scheduled],
        "PatientName": f"{MARK}^PERFORMED", "PatientID": f"{MARK}-{target.set.tag}-P", "PatientBirthDate": "",
        "PatientSex": "O", "ReferencedPatientSequence": [], "PerformedProcedureStepID": target.set.tag,
        "PerformedStationAETitle": target.network.calling, "PerformedStationName": "", "PerformedLocation": "",
        "PerformedProcedureStepStartDate": "20200110", "PerformedProcedureStepStartTime": "101500",
        "PerformedProcedureStepStatus": "IN PROGRESS", "PerformedProcedureStepDescription": "",
        "PerformedProcedureTypeDescription": "", "ProcedureCodeSequence": [], "PerformedProcedureStepEndDate": "",
        "PerformedProcedureStepEndTime": "", "Modality": "DX", "StudyID": "", "PerformedProtocolCodeSequence": [],
        "PerformedSeriesSequence": [],
    } | more  # fmt: skip
    for keyword, value in given.items():
        setattr(made, keyword, value)
    return made


def _ended(word: str) -> Dataset:
    """Return the changes that end a step."""
    from pydicom.dataset import Dataset

    series, made = Dataset(), Dataset()
    series.SeriesInstanceUID, series.ProtocolName, series.SeriesDescription = new_uid(), "CHEST", ""
    series.PerformingPhysicianName = series.OperatorsName = series.RetrieveAETitle = ""
    series.ReferencedImageSequence = series.ReferencedNonImageCompositeSOPInstanceSequence = []
    made.PerformedProcedureStepStatus = word
    made.PerformedProcedureStepEndDate, made.PerformedProcedureStepEndTime = "20200110", "101600"
    made.PerformedSeriesSequence = [series]
    if word == "DISCONTINUED":
        reason = code("110513", "DCM", "Discontinued for unspecified reason")
        made.PerformedProcedureStepDiscontinuationReasonCodeSequence = [reason]
    return made


def _say(target: Target, *messages: tuple[str, str, Dataset]) -> list[int]:
    """Send N-CREATE and N-SET messages over one association and return their statuses."""
    statuses = []
    with target.network.association([(STEP, PLAIN)]) as line:
        for verb, uid, dataset in messages:
            send = line.send_n_create if verb == "N-CREATE" else line.send_n_set
            answer, _ = send(dataset, STEP, uid)
            statuses.append(
                target.network.status_of(answer, f"{verb} {dataset.get('PerformedProcedureStepStatus', '')}")
            )
    return statuses


def _expect(statuses: list[int], *expected: int | tuple[int, ...]) -> None:
    told = [f"{status:04X}H" for status in statuses]
    wanted = [one if isinstance(one, tuple) else (one,) for one in expected]
    fits = all(status in each for status, each in zip(statuses, wanted, strict=True))
    words = [" or ".join(f"{status:04X}H" for status in each) for each in wanted]
    expect_equal(told if not fits else words, words, "statuses")


@check("perform.create", "PS3.4, F.7.2.1.4", needs="own")
def create(target: Target) -> None:
    """A step that begins is acknowledged."""
    _expect(_say(target, ("N-CREATE", new_uid(), _begun(target))), SUCCESS)


@check("perform.complete", "PS3.4, F.7.2.2.4", needs="own")
def complete(target: Target) -> None:
    """A step that has begun is completed."""
    uid = new_uid()
    _expect(_say(target, ("N-CREATE", uid, _begun(target)), ("N-SET", uid, _ended("COMPLETED"))), SUCCESS, SUCCESS)


@check("perform.discontinue", "PS3.4, F.7.2.2.4", needs="own")
def discontinue(target: Target) -> None:
    """A step that has begun is discontinued, with a reason."""
    uid = new_uid()
    _expect(_say(target, ("N-CREATE", uid, _begun(target)), ("N-SET", uid, _ended("DISCONTINUED"))), SUCCESS, SUCCESS)


@check("perform.update", "PS3.4, F.7.2.2.2", needs="own")
def update(target: Target) -> None:
    """A step in progress is changed and stays in progress."""
    from pydicom.dataset import Dataset

    uid, changes = new_uid(), Dataset()
    changes.PerformedProcedureStepDescription = "second exposure"
    _expect(_say(target, ("N-CREATE", uid, _begun(target)), ("N-SET", uid, changes)), SUCCESS, SUCCESS)


@check("perform.create-completed", "PS3.4, F.7.2.1.2", needs="own")
def create_completed(target: Target) -> None:
    """A step cannot begin as COMPLETED."""
    made = _begun(target, PerformedProcedureStepStatus="COMPLETED")
    _expect(_say(target, ("N-CREATE", new_uid(), made)), REFUSALS)


@check("perform.create-twice", "PS3.7, 10.1.5.1.6", needs="own")
def create_twice(target: Target) -> None:
    """A step under a UID that is there already is answered with 0111H."""
    uid = new_uid()
    _expect(_say(target, ("N-CREATE", uid, _begun(target)), ("N-CREATE", uid, _begun(target))), SUCCESS, DUPLICATE)


@check("perform.set-unknown", "PS3.7, 10.1.3.1.8", needs="own")
def set_unknown(target: Target) -> None:
    """A step that is not there is answered with 0112H."""
    _expect(_say(target, ("N-SET", new_uid(), _ended("COMPLETED"))), NO_SUCH)


@check("perform.final-is-final", "PS3.4, F.7.2.2.2", needs="own")
def final_is_final(target: Target) -> None:
    """A completed step changes no more: 0110H."""
    uid = new_uid()
    done = ("N-SET", uid, _ended("COMPLETED"))
    statuses = _say(target, ("N-CREATE", uid, _begun(target)), done, ("N-SET", uid, _ended("DISCONTINUED")))
    _expect(statuses, SUCCESS, SUCCESS, (FAILURE, 0xC001, 0xA710))


@check("perform.bad-status", "PS3.4, Table F.7.2-1", needs="own")
def bad_status(target: Target) -> None:
    """A status that does not exist is refused."""
    uid = new_uid()
    _expect(_say(target, ("N-CREATE", uid, _begun(target)), ("N-SET", uid, _ended("ASLEEP"))), SUCCESS, REFUSALS)


@check("perform.unmatched", "PS3.4, F.7.2.1.2", needs="own")
def unmatched(target: Target) -> None:
    """A step that nobody scheduled, without a study in its request, is taken nevertheless."""
    made = _begun(target)
    made.ScheduledStepAttributesSequence[0].AccessionNumber = "NOSUCHORDER"
    _expect(_say(target, ("N-CREATE", new_uid(), made)), SUCCESS)
