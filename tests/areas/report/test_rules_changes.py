import pytest
from tests.areas.report.samples import exam_document, finding
from tests.areas.report.test_rules_versions import stated

from kerma.areas.report.language import LANGUAGES, language
from kerma.areas.report.rules_changes import TEXTS, Words, changes
from kerma.industries import INDUSTRIES


def with_findings(*findings: dict) -> dict:
    image = exam_document()["images"][0] | {"findings": list(findings)}
    return {"images": [image]}


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (stated("accept"), ["decision: reject → accept"]),
        (stated(reason="seen twice"), ["the reason of the decision"]),
        (stated(verdicts=[]), ["verdict 'single pore' (Arrêté du 24 mars 1978 Annexe III, 12): fail → not judged"]),
        (stated(**with_findings()), ["finding taken out: porosity on image 1"]),
        (stated(**with_findings(finding(1), finding(2, label="crack"))), ["finding added: crack on image 1"]),
        (stated(**with_findings(finding(1, label="crack"))), ["finding on image 1: porosity → crack"]),
        (stated(**with_findings(finding(1, box=[0, 0, 1, 1]))), ["place or size of the finding porosity on image 1"]),
        (stated(subject="W-2"), ["subject of the exam"]),
        (stated(record={"welder": "B"}), ["form: welder"]),
        (stated(language="de"), ["language: English → Deutsch"]),
    ],
)
def test_what_changed_is_named_and_nothing_else(after: dict, words: list[str]) -> None:
    assert changes(stated(), after) == words


def test_a_version_changes_nothing_against_itself() -> None:
    assert changes(stated(), stated()) == []


def test_a_changed_verdict_names_outcomes_and_what_was_measured() -> None:
    one = exam_document()["verdicts"][0]
    [words] = changes(stated(), stated(verdicts=[one | {"outcome": "pass", "measured": 0.4}]))
    assert words.endswith("fail → pass, measured 0.6 → 0.4")


GERMAN = Words(language("de"), INDUSTRIES["ndt"].decisions)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (stated("accept"), "Entscheidung: Nicht zulässig → Zulässig"),
        (stated("reshoot"), "Entscheidung: Nicht zulässig → Neuaufnahme"),
        (stated(**with_findings(finding(1, label="crack"))), "Anzeige auf Bild 1: Pore → Riss"),
        (stated(verdicts=[]), "nicht erfüllt → nicht beurteilt"),
        (stated(template="weld-rt"), "Prüfbericht: Durchstrahlungsprüfung einer Schweißnaht"),
    ],
)
def test_what_changed_is_told_in_the_language_of_the_report(after: dict, words: str) -> None:
    [told] = changes(stated(), after, GERMAN)
    assert words in told


def test_a_measured_change_has_the_language_s_decimal_sign() -> None:
    one = exam_document()["verdicts"][0]
    [told] = changes(stated(), stated(verdicts=[one | {"outcome": "pass", "measured": 0.45}]), GERMAN)
    assert told.endswith("nicht erfüllt → erfüllt, gemessen 0,6 → 0,45")


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_an_exam_may_be_corrected_in_has_its_words(code: str) -> None:
    assert {f"change_{key}" for key in TEXTS} <= set(language(code).words)


def test_a_field_of_a_form_has_its_printed_name() -> None:
    before = stated(template="calibration-certificate", record={"certificate_number": "1"})
    after = stated(template="calibration-certificate", record={"certificate_number": "2"})
    [told] = changes(before, after, GERMAN)
    assert told == f"Formular: {language('de')('field_calibration-certificate_certificate_number')}"
