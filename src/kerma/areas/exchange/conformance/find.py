"""Checks of C-FIND (PS3.4, C.4.1 and C.6; matching C.2.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import PATIENT_FIND, PENDING, PLAIN, STUDY_FIND, outcome, query
from kerma.areas.exchange.conformance.objects import MARK, new_uid
from kerma.areas.exchange.conformance.target import Target

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def _offered(target: Target) -> str:
    line = target.network.propose([(STUDY_FIND, PLAIN)])
    if not line.is_established:
        return f"no Study Root Query/Retrieve - FIND: {outcome(line)}"
    line.release()
    identifier = query("STUDY", {"StudyInstanceUID": new_uid()})
    last, _ = target.network.find(STUDY_FIND, identifier)
    return "" if last == 0 else f"C-FIND is answered with {last:04X}H; the archive may have to be told of this AE title"


SERVICE = Service("find", "DIMSE: C-FIND", "network", _offered)


def studies(target: Target, model: str = STUDY_FIND, **keys: Any) -> list[Dataset]:
    """Find studies among those of this run."""
    identifier = query("STUDY", {"PatientID": target.set.patients, "StudyInstanceUID": ""} | keys)
    last, results = target.network.find(model, identifier)
    expect_equal(last, 0x0000, "final status")
    return results


def expect_studies(target: Target, letters: str, **keys: Any) -> None:
    """Expect exactly some of the studies of the set, told by the letters of their patients."""
    told = {uid: letter for letter, uid in zip("abc", target.set.study_uids, strict=True)}
    got = "".join(sorted(told.get(str(one.get("StudyInstanceUID")), "?") for one in studies(target, **keys)))
    expect(got == letters, f"studies {letters or 'none'}", got or "none")


@check("find.studies", "PS3.4, C.4.1")
def all_studies(target: Target) -> None:
    """All studies of the test set are found, by a wildcard in the patient's id."""
    expect_studies(target, "abc")


@check("find.level-returned", "PS3.4, C.4.1.1.3.2")
def level_returned(target: Target) -> None:
    """Each answer has the Query/Retrieve Level."""
    for one in studies(target):
        expect_equal(one.get("QueryRetrieveLevel"), "STUDY", "Query/Retrieve Level")


@check("find.where-from", "PS3.4, C.4.1.1.3.2", "should")
def where_from(target: Target) -> None:
    """Each answer tells the AE title from which the study can be retrieved."""
    for one in studies(target):
        expect(one.get("RetrieveAETitle"), "Retrieve AE Title (0008,0054)", "none")


@check("find.returned-keys", "PS3.4, C.4.1.3")
def returned_keys(target: Target) -> None:
    """Keys without a value are returned with their values."""
    keys = dict.fromkeys(("StudyDate", "StudyTime", "AccessionNumber", "PatientName", "StudyID"), "")
    one = studies(target, StudyInstanceUID=target.set.study_uids[0], **keys)[0]
    got = (str(one.StudyDate), str(one.AccessionNumber), str(one.PatientName))
    expect_equal(got, ("20200110", f"KC{target.set.tag}A", f"{MARK}^ALPHA"), "values")


@check("find.only-asked-keys", "PS3.4, C.4.1.1.3.2", "should")
def only_asked_keys(target: Target) -> None:
    """Nothing is returned that was not asked for, besides level, character set and where it is."""
    asked = {"PatientID", "StudyInstanceUID", "QueryRetrieveLevel", "SpecificCharacterSet", "RetrieveAETitle"}
    more = {one.keyword for result in studies(target) for one in result} - asked
    more -= {"InstanceAvailability", "StorageMediaFileSetID", "StorageMediaFileSetUID"}
    expect(not more, "no other attributes", ", ".join(sorted(more)))


@check("find.single-value", "PS3.4, C.2.2.2.1")
def single_value(target: Target) -> None:
    """A value is matched whole."""
    expect_studies(target, "b", AccessionNumber=f"KC{target.set.tag}B")
    expect_studies(target, "", AccessionNumber=f"KC{target.set.tag}")


@check("find.universal", "PS3.4, C.2.2.2.3")
def universal(target: Target) -> None:
    """A key without a value matches everything."""
    expect_studies(target, "abc", AccessionNumber="")


@check("find.wildcard-many", "PS3.4, C.2.2.2.4")
def wildcard_many(target: Target) -> None:
    """An asterisk stands for any number of characters."""
    expect_studies(target, "abc", AccessionNumber=f"KC{target.set.tag}*")
    expect_studies(target, "c", AccessionNumber=f"K*{target.set.tag}*C")


@check("find.wildcard-one", "PS3.4, C.2.2.2.4")
def wildcard_one(target: Target) -> None:
    """A question mark stands for exactly one character."""
    expect_studies(target, "abc", AccessionNumber=f"KC{target.set.tag}?")
    expect_studies(target, "", AccessionNumber=f"KC{target.set.tag}??")


@check("find.uid-list", "PS3.4, C.2.2.2.2")
def uid_list(target: Target) -> None:
    """A list of UIDs finds each of them."""
    first, _, third = target.set.study_uids
    expect_studies(target, "ac", StudyInstanceUID=[first, third])


@check("find.date", "PS3.4, C.2.2.2.1")
def date(target: Target) -> None:
    """A study is found by its date."""
    expect_studies(target, "b", StudyDate="20200220")


@check("find.date-range", "PS3.4, C.2.2.2.5.1")
def date_range(target: Target) -> None:
    """Ranges of dates include both ends, and may be open at either."""
    expect_studies(target, "ab", StudyDate="20200110-20200220")
    expect_studies(target, "a", StudyDate="-20200131")
    expect_studies(target, "bc", StudyDate="20200201-")


@check("find.time-range", "PS3.4, C.2.2.2.5.2", "should")
def time_range(target: Target) -> None:
    """A range of times finds times with seconds."""
    expect_studies(target, "a", StudyTime="100000-110000")


@check("find.name-wildcard", "PS3.4, C.2.2.2.4")
def name_wildcard(target: Target) -> None:
    """A patient's name is matched with wildcards."""
    expect_studies(target, "a", PatientName=f"{MARK}^AL*")


@check("find.name-case", "PS3.4, C.2.2.2.1.1", "may")
def name_case(target: Target) -> None:
    """A patient's name is matched whatever its case."""
    if not studies(target, PatientName=f"{MARK.lower()}^alpha"):
        raise NotOffered("names are matched with their case")
    expect_studies(target, "a", PatientName=f"{MARK.lower()}^alpha")


@check("find.charset-returned", "PS3.4, C.4.1.1.3.2; PS3.5, 6.1.2")
def charset_returned(target: Target) -> None:
    """A name with an umlaut and one in Kanji come back readable, in a character set that the answer names."""
    name = studies(target, StudyInstanceUID=target.set.study_uids[2], PatientName="")[0].PatientName
    expect_equal(str(name), f"{MARK}^MÜLLER", "Patient's Name")
    name = studies(target, StudyInstanceUID=target.set.study_uids[1], PatientName="")[0].PatientName
    expect_equal(name.ideographic, "山田^太郎", "ideographic name")


@check("find.charset-asked", "PS3.5, 6.1.2")
def charset_asked(target: Target) -> None:
    """A name with an umlaut is found whichever character set the query is written in."""
    for charset in ("ISO_IR 100", "ISO_IR 192"):
        expect_studies(target, "c", SpecificCharacterSet=charset, PatientName=f"{MARK}^MÜLLER")


@check("find.charset-kanji", "PS3.5, 6.1.2; H.3", "should")
def charset_kanji(target: Target) -> None:
    """A name in Kanji is found by a query in ISO 2022 IR 87."""
    name = f"{MARK}^B=山田^太郎=*"
    expect_studies(target, "b", SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=name)


@check("find.modalities-in-study", "PS3.4, C.6.2.1.2", "should")
def modalities_in_study(target: Target) -> None:
    """A study is found by one of its modalities and tells all of them."""
    one = studies(target, StudyInstanceUID=target.set.study_uids[0], ModalitiesInStudy="")[0]
    told = one.get("ModalitiesInStudy")
    expect_equal(sorted([told] if isinstance(told, str) else told or []), ["DX", "OT"], "Modalities in Study")
    expect_studies(target, "a", ModalitiesInStudy="OT")


@check("find.counts", "PS3.4, C.6.2.1.2", "should")
def counts(target: Target) -> None:
    """The numbers of related series and instances are right."""
    keys = {"NumberOfStudyRelatedSeries": "", "NumberOfStudyRelatedInstances": ""}
    one = studies(target, StudyInstanceUID=target.set.study_uids[0], **keys)[0]
    got = (one.get("NumberOfStudyRelatedSeries"), one.get("NumberOfStudyRelatedInstances"))
    expect_equal(got, (2, 3), "series and instances")


@check("find.series", "PS3.4, C.4.1.2.2.1")
def series(target: Target) -> None:
    """The series of a study are found at the level SERIES."""
    results = _below(target, "SERIES", SeriesInstanceUID="", Modality="", SeriesNumber="")
    expected = sorted({(one.series_uid, str(one.dataset.Modality)) for one in target.set.alpha})
    expect_equal(sorted((str(one.SeriesInstanceUID), str(one.Modality)) for one in results), expected, "series")


@check("find.images", "PS3.4, C.4.1.2.2.1")
def images(target: Target) -> None:
    """The images of a series are found at the level IMAGE."""
    series_uid = target.set.alpha[0].series_uid
    results = _below(target, "IMAGE", SeriesInstanceUID=series_uid, SOPInstanceUID="", InstanceNumber="")
    expected = sorted(one.uid for one in target.set.alpha[:2])
    expect_equal(sorted(str(one.SOPInstanceUID) for one in results), expected, "images")


@check("find.images-by-list", "PS3.4, C.2.2.2.2", "should")
def images_by_list(target: Target) -> None:
    """Images are found by a list of their UIDs."""
    uids = [one.uid for one in target.set.alpha[:2]]
    results = _below(target, "IMAGE", SeriesInstanceUID=target.set.alpha[0].series_uid, SOPInstanceUID=uids)
    expect_equal(len(results), 2, "number of images")


@check("find.patients", "PS3.4, C.6.1")
def patients(target: Target) -> None:
    """With the patient root, patients are found."""
    line = target.network.propose([(PATIENT_FIND, PLAIN)])
    if not line.is_established:
        raise NotOffered(f"no Patient Root Query/Retrieve - FIND: {outcome(line)}")
    line.release()
    identifier = query("PATIENT", {"PatientID": target.set.patients, "PatientName": ""})
    last, results = target.network.find(PATIENT_FIND, identifier)
    expect_equal(last, 0x0000, "final status")
    got = {str(one.PatientID)[-1] for one in results}
    expect({"A", "B", "C"} <= got, "patients A, B and C", "".join(sorted(got)))


@check("find.no-match", "PS3.4, C.4.1.1.4")
def no_match(target: Target) -> None:
    """A query that matches nothing ends with success and no result."""
    expect_studies(target, "", AccessionNumber=f"KC{target.set.tag}NOBODY")


@check("find.missing-level", "PS3.4, C.4.1.1.4", "should")
def missing_level(target: Target) -> None:
    """A query without a level, or with one that does not exist, ends with a failure (A900H or Cxxx)."""
    for level in ("", "GALAXY"):
        last, results = target.network.find(STUDY_FIND, query(level, {"StudyInstanceUID": new_uid()}))
        expect(last >> 12 in (0xA, 0xC) and not results, "A900H or Cxxx", f"{last:04X}H")


@check("find.missing-study", "PS3.4, C.4.1.2.1", "should")
def missing_study(target: Target) -> None:
    """A query for series without the UID of their study is not answered with every series there is."""
    identifier = query("SERIES", {"SeriesInstanceUID": "", "SeriesDescription": new_uid()})
    last, results = target.network.find(STUDY_FIND, identifier)
    expect(last != 0 or not results, "a failure, or nothing", f"{last:04X}H with {len(results)} results")


@check("find.unknown-key", "PS3.4, C.4.1.1.3.1")
def unknown_key(target: Target) -> None:
    """A key that the archive does not know does not hinder the answer."""
    identifier = query("STUDY", {"PatientID": target.set.patients, "StudyInstanceUID": ""})
    identifier.add_new(0x00091001, "LO", "")
    last, results = target.network.find(STUDY_FIND, identifier)
    expect_equal((last, len(results)), (0x0000, 3), "final status and number of studies")


@check("find.cancel", "PS3.7, 9.3.2.3", "should")
def cancel(target: Target) -> None:
    """A query that is cancelled ends, with FE00H or with what was found already."""
    identifier = query("STUDY", {"PatientID": target.set.patients, "StudyInstanceUID": ""})
    last = None
    with target.network.association([(STUDY_FIND, PLAIN)]) as line:
        for status, _ in line.send_c_find(identifier, STUDY_FIND, msg_id=7):
            last = status.get("Status")
            if last in PENDING:
                line.send_c_cancel(7, query_model=STUDY_FIND)
    target.network.note("C-FIND, then C-CANCEL", "no answer" if last is None else f"{last:04X}H")
    expect(last in (0xFE00, 0x0000), "FE00H or 0000H", "no answer" if last is None else f"{last:04X}H")


def _below(target: Target, level: str, **keys: Any) -> list[Dataset]:
    """Find something below the first study."""
    identifier = query(level, {"StudyInstanceUID": target.set.study_uids[0]} | keys)
    last, results = target.network.find(STUDY_FIND, identifier)
    expect_equal(last, 0x0000, "final status")
    return results
