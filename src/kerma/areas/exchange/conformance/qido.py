"""Checks of searching over DICOMweb: levels, attributes, pages (QIDO-RS, PS3.18, 10.6)."""

from __future__ import annotations

from typing import Any

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import JSON, Answer, value, values

STUDY_UID, SERIES_UID, IMAGE_UID = "0020000D", "0020000E", "00080018"
PATIENT_ID, RETRIEVE_URL = "00100020", "00081190"
STUDY_ATTRIBUTES = {
    "00080020": "Study Date", "00080030": "Study Time", "00080050": "Accession Number",
    "00080061": "Modalities in Study", "00080090": "Referring Physician's Name", "00100010": "Patient's Name",
    "00100020": "Patient ID", "00100030": "Patient's Birth Date", "00100040": "Patient's Sex",
    "0020000D": "Study Instance UID", "00200010": "Study ID", "00201206": "Number of Study Related Series",
    "00201208": "Number of Study Related Instances",
}  # fmt: skip
SERIES_ATTRIBUTES = {
    "00080060": "Modality", "0020000E": "Series Instance UID", "00200011": "Series Number",
    "00201209": "Number of Series Related Instances",
}  # fmt: skip
IMAGE_ATTRIBUTES = {
    "00080016": "SOP Class UID", "00080018": "SOP Instance UID", "00200013": "Instance Number", "00280010": "Rows",
    "00280011": "Columns", "00280100": "Bits Allocated",
}  # fmt: skip


def _offered(target: Target) -> str:
    answer = target.web.get("/studies", {"PatientID": target.set.patients, "limit": "1"})
    return "" if answer.status in (200, 204) else f"GET /studies answers {answer.status}"


SERVICE = Service("qido", "QIDO-RS: search", "web", _offered)


def search(target: Target, path: str = "/studies", *more: tuple[str, str], accept: str = JSON) -> Answer:
    """Search among this run's objects only, so that nobody else's come."""
    return target.web.get(path, [("PatientID", target.set.patients), *more], accept=accept)


def found(target: Target, *more: tuple[str, str], path: str = "/studies", tag: str = STUDY_UID) -> list[Any]:
    """Return the UIDs that a search finds, in the order of the answer."""
    answer = search(target, path, *more).expect(200, 204)
    return [value(dataset, tag) for dataset in answer.datasets]


def expect_studies(target: Target, letters: str, *more: tuple[str, str]) -> None:
    """Expect exactly some of the studies of the set, told by the letters of their patients."""
    uids = target.set.study_uids
    expected = sorted(uids["abc".index(letter)] for letter in letters)
    got = sorted(str(uid) for uid in found(target, *more))
    told = {uid: letter for letter, uid in zip("abc", uids, strict=True)}
    expect(got == expected, f"studies {letters or 'none'}", "".join(told.get(uid, "?") for uid in got) or "none")


@check("qido.all-studies", "PS3.18, 10.6.1.1")
def all_studies(target: Target) -> None:
    """A search for studies finds the three that were stored."""
    expect_studies(target, "abc")


@check("qido.media-type", "PS3.18, 10.6.4")
def media_type(target: Target) -> None:
    """The answer to Accept: application/dicom+json is of that type."""
    search(target).expect(200).expect_type(JSON)


@check("qido.default-media-type", "PS3.18, 10.6.4")
def default_media_type(target: Target) -> None:
    """Without an Accept header field, and with */*, the answer is application/dicom+json."""
    for accept in (None, "*/*"):
        answer = target.web.get("/studies", {"PatientID": target.set.patients}, accept=accept)
        answer.expect(200).expect_type(JSON)


@check("qido.media-type-quality", "PS3.18, 8.7.5")
def media_type_quality(target: Target) -> None:
    """Of several acceptable media types one that is supported is chosen."""
    search(target, accept="application/x-none, application/dicom+json;q=0.5").expect(200).expect_type(JSON)


@check("qido.not-acceptable", "PS3.18, 8.7.8")
def not_acceptable(target: Target) -> None:
    """A media type that is not supported is answered with 406."""
    search(target, accept="image/x-none").expect(406)


@check("qido.accept-parameter", "PS3.18, 8.3.3.1", "should")
def accept_parameter(target: Target) -> None:
    """The query parameter accept takes the place of the header field."""
    answer = target.web.get("/studies", {"PatientID": target.set.patients, "accept": JSON}, accept="*/*")
    answer.expect(200).expect_type(JSON)


@check("qido.xml", "PS3.18, 10.6.4", "may")
def xml(target: Target) -> None:
    """A search asked for in XML is answered with one part per result."""
    answer = search(target, accept='multipart/related; type="application/dicom+xml"')
    if answer.status == 406:
        raise NotOffered("application/dicom+xml is answered with 406")
    expect_equal(len(answer.expect(200).parts), 3, "number of parts")
    expect(all(b"NativeDicomModel" in part.content for part in answer.parts), "NativeDicomModel", "none")


@check("qido.study-attributes", "PS3.18, Table 10.6.3-3")
def study_attributes(target: Target) -> None:
    """A study has all attributes that every answer about studies has."""
    _expect_attributes(_alpha(target), STUDY_ATTRIBUTES)


@check("qido.series-attributes", "PS3.18, Table 10.6.3-4")
def series_attributes(target: Target) -> None:
    """A series has all attributes that every answer about series has."""
    path = f"/studies/{target.set.study_uids[0]}/series"
    for dataset in target.web.get(path).expect(200).datasets:
        _expect_attributes(dataset, SERIES_ATTRIBUTES)


@check("qido.instance-attributes", "PS3.18, Table 10.6.3-5")
def instance_attributes(target: Target) -> None:
    """An instance has all attributes that every answer about instances has."""
    for dataset in _instances_of_alpha(target).datasets:
        _expect_attributes(dataset, IMAGE_ATTRIBUTES)


@check("qido.number-of-frames", "PS3.18, Table 10.6.3-5")
def number_of_frames(target: Target) -> None:
    """A multi-frame instance tells its Number of Frames."""
    many = {value(one, IMAGE_UID): value(one, "00280008") for one in _instances_of_alpha(target).datasets}
    expect_equal(str(many.get(target.set.alpha[2].uid)), "3", "Number of Frames")


@check("qido.retrieve-url", "PS3.18, Table 10.6.3-3", "should")
def retrieve_url(target: Target) -> None:
    """A study tells its Retrieve URL, and there it is."""
    address = value(_alpha(target), RETRIEVE_URL)
    expect(address, "Retrieve URL (0008,1190)", "none")
    target.web.get(target.web.resolve(address, "/studies") + "/metadata").expect(200)


@check("qido.counts", "PS3.4, C.6.2.1.2")
def counts(target: Target) -> None:
    """The numbers of related series and instances of a study are right."""
    dataset = _alpha(target)
    expect_equal((value(dataset, "00201206"), value(dataset, "00201208")), (2, 3), "series and instances")


@check("qido.json-model", "PS3.18, F.2.2")
def json_model(target: Target) -> None:
    """Every attribute has an eight-digit hexadecimal name and a VR; tags stand in ascending order."""
    for dataset in search(target).expect(200).datasets:
        expect(all(len(tag) == 8 and tag == tag.upper() for tag in dataset), "names like 0020000D", list(dataset))
        missing = [tag for tag, element in dataset.items() if "vr" not in element]
        expect(not missing, "a vr in every attribute", f"none in {missing}")
        expect_equal(list(dataset), sorted(dataset), "order of attributes")


@check("qido.study-series", "PS3.18, 10.6.1.1")
def study_series(target: Target) -> None:
    """The series of a study are found below it."""
    answer = target.web.get(f"/studies/{target.set.study_uids[0]}/series").expect(200)
    expected = sorted({one.series_uid for one in target.set.alpha})
    expect_equal(sorted(value(one, SERIES_UID) for one in answer.datasets), expected, "series")


@check("qido.study-instances", "PS3.18, 10.6.1.1")
def study_instances(target: Target) -> None:
    """The instances of a study are found below it."""
    expected = sorted(one.uid for one in target.set.alpha)
    expect_equal(sorted(value(one, IMAGE_UID) for one in _instances_of_alpha(target).datasets), expected, "instances")


@check("qido.series-instances", "PS3.18, 10.6.1.1")
def series_instances(target: Target) -> None:
    """The instances of one series are found below it, and no others."""
    one = target.set.alpha[0]
    answer = target.web.get(f"/studies/{one.study_uid}/series/{one.series_uid}/instances").expect(200)
    expected = sorted(each.uid for each in target.set.alpha[:2])
    expect_equal(sorted(value(each, IMAGE_UID) for each in answer.datasets), expected, "instances")


@check("qido.all-series", "PS3.18, 10.6.1.1", "should")
def all_series(target: Target) -> None:
    """Series are found across studies."""
    expect_equal(len(set(found(target, path="/series", tag=SERIES_UID))), 4, "number of series")


@check("qido.all-instances", "PS3.18, 10.6.1.1", "should")
def all_instances(target: Target) -> None:
    """Instances are found across studies."""
    expected = sorted(one.uid for one in target.set.instances)
    expect_equal(sorted(found(target, path="/instances", tag=IMAGE_UID)), expected, "instances")


@check("qido.parent-attributes", "PS3.18, Table 10.6.3-4", "should")
def parent_attributes(target: Target) -> None:
    """An answer about all series also tells each one's study."""
    studies = set(found(target, path="/series", tag=STUDY_UID))
    expect_equal(studies, set(target.set.study_uids), "studies of the series")


@check("qido.includefield-keyword", "PS3.18, 8.3.4.3")
def includefield_keyword(target: Target) -> None:
    """An attribute asked for by its keyword is in the answer."""
    _expect_included(target, ("includefield", "StudyDescription"))


@check("qido.includefield-tag", "PS3.18, 8.3.4.3")
def includefield_tag(target: Target) -> None:
    """An attribute asked for by its tag is in the answer."""
    _expect_included(target, ("includefield", "00081030"))


@check("qido.includefield-list", "PS3.18, 8.3.4.3")
def includefield_list(target: Target) -> None:
    """Several attributes asked for with commas are in the answer."""
    _expect_included(target, ("includefield", "StudyDescription,StudyID"))


@check("qido.includefield-repeated", "PS3.18, 8.3.4.3")
def includefield_repeated(target: Target) -> None:
    """Several attributes asked for with a parameter each are in the answer."""
    _expect_included(target, ("includefield", "StudyID"), ("includefield", "00081030"))


@check("qido.includefield-all", "PS3.18, 8.3.4.3")
def includefield_all(target: Target) -> None:
    """With includefield=all a study also has what is asked for by name otherwise."""
    _expect_included(target, ("includefield", "all"))


@check("qido.limit", "PS3.18, 8.3.4.4")
def limit(target: Target) -> None:
    """No more results come than the limit says."""
    expect_equal(len(found(target, ("limit", "2"))), 2, "number of studies")


@check("qido.pages", "PS3.18, 8.3.4.4")
def pages(target: Target) -> None:
    """Pages of one, put together, are the whole answer, each result once."""
    together = [uid for offset in range(3) for uid in found(target, ("limit", "1"), ("offset", str(offset)))]
    expect_equal(sorted(together), sorted(target.set.study_uids), "studies")


@check("qido.order-stable", "PS3.18, 8.3.4.4")
def order_stable(target: Target) -> None:
    """The same search gives the same order, whole or in pages."""
    whole = found(target)
    expect_equal(found(target), whole, "order")
    expect_equal([*found(target, ("limit", "2")), *found(target, ("limit", "2"), ("offset", "2"))], whole, "order")


@check("qido.offset-beyond", "PS3.18, 8.3.4.4")
def offset_beyond(target: Target) -> None:
    """An offset beyond the last result gives an empty answer."""
    expect_equal(found(target, ("offset", "1000")), [], "studies")


@check("qido.limit-malformed", "PS3.18, 8.5", "should")
def limit_malformed(target: Target) -> None:
    """A limit that is no number is answered with 400."""
    search(target, "/studies", ("limit", "many")).expect(400)


@check("qido.no-match", "PS3.18, 10.6.3.1")
def no_match(target: Target) -> None:
    """A search that matches nothing is answered with an empty list or 204, and is no error."""
    answer = target.web.get("/studies", {"PatientID": f"{target.set.patients[:-1]}NOBODY"}).expect(200, 204)
    expect_equal(answer.datasets, [], "datasets")


@check("qido.unknown-attribute", "PS3.18, 8.3.4.1", "should")
def unknown_attribute(target: Target) -> None:
    """A match on a word that is no attribute is answered with 400, or with a Warning that it was not used."""
    answer = search(target, "/studies", ("NoSuchAttribute", "1"))
    expect(
        answer.status == 400 or answer.header("Warning").startswith("299"), "status 400 or Warning: 299", answer.status
    )


def _alpha(target: Target) -> dict[str, Any]:
    return search(target, "/studies", ("StudyInstanceUID", target.set.study_uids[0])).expect(200).dataset


def _instances_of_alpha(target: Target) -> Answer:
    return target.web.get(f"/studies/{target.set.study_uids[0]}/instances").expect(200)


def _expect_attributes(dataset: dict[str, Any], wanted: dict[str, str]) -> None:
    missing = [f"{name} ({tag[:4]},{tag[4:]})" for tag, name in wanted.items() if tag not in dataset]
    expect(not missing, "all attributes of the table", f"without {', '.join(missing)}")


def _expect_included(target: Target, *fields: tuple[str, str]) -> None:
    one = search(target, "/studies", ("StudyInstanceUID", target.set.study_uids[0]), *fields).expect(200).dataset
    description = target.set.alpha[0].dataset.StudyDescription
    expect_equal(values(one, "00081030"), [description], "Study Description")
