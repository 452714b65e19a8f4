"""Checks of what a search over DICOMweb matches (PS3.18, 8.3.4; PS3.4, C.2.2.2)."""

from __future__ import annotations

from typing import Any

from kerma.areas.exchange.conformance.model import NotOffered, check, expect, expect_equal
from kerma.areas.exchange.conformance.objects import MARK
from kerma.areas.exchange.conformance.qido import STUDY_UID, expect_studies, found, search
from kerma.areas.exchange.conformance.target import Target
from kerma.areas.exchange.conformance.web import value


@check("qido.match-keyword", "PS3.18, 8.3.4.1")
def match_keyword(target: Target) -> None:
    """An attribute is matched by its keyword."""
    expect_studies(target, "b", ("AccessionNumber", f"KC{target.set.tag}B"))


@check("qido.match-tag", "PS3.18, 8.3.4.1")
def match_tag(target: Target) -> None:
    """An attribute is matched by its tag."""
    expect_studies(target, "b", ("00080050", f"KC{target.set.tag}B"))


@check("qido.wildcard-many", "PS3.4, C.2.2.2.4")
def wildcard_many(target: Target) -> None:
    """An asterisk stands for any number of characters, none included."""
    expect_studies(target, "b", ("AccessionNumber", f"K*{target.set.tag[4:]}*B"))


@check("qido.wildcard-one", "PS3.4, C.2.2.2.4")
def wildcard_one(target: Target) -> None:
    """A question mark stands for exactly one character."""
    expect_studies(target, "abc", ("AccessionNumber", f"KC{target.set.tag}?"))
    expect_studies(target, "", ("AccessionNumber", f"KC{target.set.tag}??"))


@check("qido.not-a-prefix", "PS3.4, C.2.2.2.1")
def not_a_prefix(target: Target) -> None:
    """Without a wildcard a value is matched whole, not by its beginning."""
    expect_studies(target, "", ("AccessionNumber", f"KC{target.set.tag}"))


@check("qido.percent-encoding", "PS3.18, 8.3.1; RFC 3986, 2.1")
def percent_encoding(target: Target) -> None:
    """A value means the same with its characters percent-encoded, as many HTTP clients send it."""
    answer = target.web.get(f"/studies?PatientID={target.set.patients[:-1]}A&PatientName={MARK}%5EALPHA").expect(200)
    expect_equal([value(one, STUDY_UID) for one in answer.datasets], target.set.study_uids[:1], "studies")


@check("qido.percent-is-plain", "PS3.4, C.2.2.2.1")
def percent_is_plain(target: Target) -> None:
    """Characters that mean something to databases mean themselves: % and _ are no wildcards."""
    expect_studies(target, "", ("AccessionNumber", f"KC{target.set.tag}%"))
    expect_studies(target, "", ("AccessionNumber", f"KC{target.set.tag}_"))


@check("qido.study-uid", "PS3.4, C.2.2.2.1")
def study_uid(target: Target) -> None:
    """A study is found by its UID."""
    expect_studies(target, "c", ("StudyInstanceUID", target.set.study_uids[2]))


@check("qido.uid-list-comma", "PS3.18, 8.3.4.1")
def uid_list_comma(target: Target) -> None:
    """A list of UIDs with commas finds each of them."""
    first, _, third = target.set.study_uids
    expect_studies(target, "ac", ("StudyInstanceUID", f"{first},{third}"))


@check("qido.uid-list-backslash", "PS3.18, 8.3.4.1")
def uid_list_backslash(target: Target) -> None:
    """A list of UIDs with backslashes finds each of them."""
    first, _, third = target.set.study_uids
    expect_studies(target, "ac", ("StudyInstanceUID", f"{first}\\{third}"))


@check("qido.date", "PS3.4, C.2.2.2.1")
def date(target: Target) -> None:
    """A study is found by its date."""
    expect_studies(target, "b", ("StudyDate", "20200220"))


@check("qido.date-range", "PS3.4, C.2.2.2.5.1")
def date_range(target: Target) -> None:
    """A range of dates includes both ends."""
    expect_studies(target, "ab", ("StudyDate", "20200110-20200220"))


@check("qido.date-range-open-start", "PS3.4, C.2.2.2.5.1")
def date_range_open_start(target: Target) -> None:
    """A range without a first date reaches back as far as there is something."""
    expect_studies(target, "a", ("StudyDate", "-20200131"))


@check("qido.date-range-open-end", "PS3.4, C.2.2.2.5.1")
def date_range_open_end(target: Target) -> None:
    """A range without a last date reaches on."""
    expect_studies(target, "bc", ("StudyDate", "20200201-"))


@check("qido.time-range", "PS3.4, C.2.2.2.5.2", "should")
def time_range(target: Target) -> None:
    """A range of times includes times with seconds."""
    expect_studies(target, "a", ("StudyTime", "1000-1100"))


@check("qido.date-malformed", "PS3.18, 8.5", "should")
def date_malformed(target: Target) -> None:
    """A date that is none is answered with 400."""
    search(target, "/studies", ("StudyDate", "yesterday")).expect(400)


@check("qido.modalities-in-study", "PS3.4, C.6.2.1.2", "should")
def modalities_in_study(target: Target) -> None:
    """A study is found by any one of its modalities, and tells all of them."""
    expect_studies(target, "a", ("ModalitiesInStudy", "OT"))


@check("qido.name", "PS3.4, C.2.2.2.1")
def name(target: Target) -> None:
    """A patient's name is matched whole."""
    expect_studies(target, "a", ("PatientName", f"{MARK}^ALPHA"))


@check("qido.name-wildcard", "PS3.4, C.2.2.2.4")
def name_wildcard(target: Target) -> None:
    """A patient's name is matched with wildcards."""
    expect_studies(target, "a", ("PatientName", f"{MARK}^AL*"))


@check("qido.name-case", "PS3.4, C.2.2.2.1.1", "may")
def name_case(target: Target) -> None:
    """A patient's name is matched whatever its case."""
    if not found(target, ("PatientName", f"{MARK.lower()}^alpha")):
        raise NotOffered("names are matched with their case")
    expect_studies(target, "a", ("PatientName", f"{MARK.lower()}^alpha"))


@check("qido.name-umlaut", "PS3.18, 8.8")
def name_umlaut(target: Target) -> None:
    """A name stored in ISO_IR 100 comes in UTF-8 and is found by its UTF-8 spelling."""
    expect_studies(target, "c", ("PatientName", f"{MARK}^MÜLLER"))
    expect_equal(_name(target, 2).get("Alphabetic"), f"{MARK}^MÜLLER", "Patient's Name")


@check("qido.name-groups", "PS3.18, F.2.2")
def name_groups(target: Target) -> None:
    """A name stored in ISO 2022 IR 87 comes in UTF-8 with its three component groups."""
    groups = _name(target, 1)
    got = (groups.get("Alphabetic"), groups.get("Ideographic"), groups.get("Phonetic"))
    expect_equal(got, (f"{MARK}^B", "山田^太郎", "やまだ^たろう"), "Patient's Name")


@check("qido.charset-told", "PS3.18, 8.8", "should")
def charset_told(target: Target) -> None:
    """A Specific Character Set in the answer, where there is one, is that of JSON: ISO_IR 192."""
    for dataset in search(target).expect(200).datasets:
        expect(value(dataset, "00080005") in (None, "ISO_IR 192"), "none or ISO_IR 192", value(dataset, "00080005"))


@check("qido.empty-value", "PS3.4, C.2.2.2.3")
def empty_value(target: Target) -> None:
    """An attribute without a value matches everything."""
    expect_studies(target, "abc", ("AccessionNumber", ""))


@check("qido.two-keys", "PS3.4, C.2.2.2")
def two_keys(target: Target) -> None:
    """Several attributes match together: all must hold."""
    expect_studies(target, "", ("AccessionNumber", f"KC{target.set.tag}A"), ("StudyDate", "20200220"))


@check("qido.fuzzy-off", "PS3.18, 8.3.4.2")
def fuzzy_off(target: Target) -> None:
    """With fuzzymatching=false, part of a name does not match."""
    expect_studies(target, "", ("PatientName", "ALPHA"), ("fuzzymatching", "false"))


@check("qido.fuzzy-on", "PS3.18, 8.3.4.2")
def fuzzy_on(target: Target) -> None:
    """With fuzzymatching=true, a word of a name matches, or a Warning tells that fuzzy matching is not supported."""
    answer = search(target, "/studies", ("PatientName", "ALPHA"), ("fuzzymatching", "true")).expect(200, 204)
    if not answer.header("Warning").startswith("299"):
        expect_equal([value(one, STUDY_UID) for one in answer.datasets], target.set.study_uids[:1], "studies")


@check("qido.series-match", "PS3.18, 8.3.4.1")
def series_match(target: Target) -> None:
    """Below a study, series are matched by their own attributes."""
    path = f"/studies/{target.set.study_uids[0]}/series"
    got = target.web.get(path, {"Modality": "OT"}).expect(200).datasets
    expect_equal([value(one, "0020000E") for one in got], [target.set.alpha[2].series_uid], "series")


@check("qido.instance-match", "PS3.18, 8.3.4.1")
def instance_match(target: Target) -> None:
    """Below a study, instances are matched by their own attributes."""
    path = f"/studies/{target.set.study_uids[0]}/instances"
    one = target.set.alpha[1]
    got = target.web.get(path, {"SOPInstanceUID": one.uid}).expect(200).datasets
    expect_equal([value(each, "00080018") for each in got], [one.uid], "instances")


@check("qido.hostile-value", "PS3.18, 8.5")
def hostile_value(target: Target) -> None:
    """Odd values are answered without a server error: quotes, NUL, ten thousand characters."""
    for text in ("' OR '1'='1", "\x00", "A" * 10_000, "*" * 200, "\\" * 100):
        answer = search(target, "/studies", ("AccessionNumber", text))
        expect(answer.status < 500, "no status of 500 and above", answer.status)


def _name(target: Target, number: int) -> dict[str, Any]:
    one = search(target, "/studies", ("StudyInstanceUID", target.set.study_uids[number])).expect(200).dataset
    written = value(one, "00100010")
    return written if isinstance(written, dict) else {}
