from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.areas.report.samples import exam_document, text_of

from kerma.areas.report.content import ExamPart, Report, SignatureBlock, finding_numbers
from kerma.areas.report.document import build, build_for_signing
from kerma.industries import INDUSTRIES

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def report(part: ExamPart, industry: str = "ndt", **given: object) -> Report:
    return replace(Report(INDUSTRIES[industry], [part], AT), **given)


def test_the_same_report_is_the_same_bytes(part: ExamPart) -> None:
    assert build(report(part)) == build(report(part))


@pytest.mark.parametrize("industry", sorted(INDUSTRIES))
def test_each_industry_prints_in_its_own_words(part: ExamPart, industry: str, tmp_path) -> None:
    known = INDUSTRIES[industry]
    text = text_of(build(report(part, industry)), tmp_path)
    for words in (known.report_title, known.subject_word, "Proposed by software, not signed", part.document["subject"]):
        assert words in text


def test_everything_a_reader_must_know_is_printed(part: ExamPart, tmp_path) -> None:
    text = text_of(build(report(part)), tmp_path)
    for words in (
        "Reject", "Not acceptable: single pore.", "Window", "0.1 mm a pixel, at detector", "101.2 ± 1.4",
        "not measurable: the basic spatial resolution is not known", "porosity", "Arrêté du 24 mars 1978",
        "Annexe III, 12", "public law", "0.50", "0.60", "−0.10", "Repair and examine again", "a" * 64, "160 kV",
        "Image 1: the frame was taken as data", "Found by small_flaws 1", "Page 1 of",
    ):  # fmt: skip
        assert words in text, words


def test_the_exam_stands_on_every_page(part: ExamPart, tmp_path) -> None:
    pages = text_of(build(report(part)), tmp_path).rstrip("\f").split("\f")
    assert len(pages) >= 2
    for number, page in enumerate(pages, start=1):
        assert "2.25.11" in page and f"Page {number} of {len(pages)}" in page and "W-1" in page


@pytest.mark.parametrize(
    "name", ['#panic("x")', "*bold* _it_ $x$ `raw`", '"); #read("/etc/passwd")', '\\ #eval("1") //', "<exam> @ref [a]"]
)
def test_names_are_data_and_never_markup(part: ExamPart, name: str, tmp_path) -> None:
    hostile = exam_document(
        subject=name, subject_name=name, description=name, decision_reason=name, warnings=[name],
        machine={"model": name}, technique={"material": name},
    )  # fmt: skip
    hostile["images"][0]["path"] = name.replace("/", "_")
    hostile["images"][0]["findings"][0]["label"] = name
    hostile["verdicts"][0] |= {"rule": name, "reason": name, "standard": name, "clause": name, "action": name}
    text = text_of(build(report(ExamPart(hostile, part.pictures))), tmp_path)
    assert text.count(" ".join(name.split())) >= 4


@pytest.mark.parametrize("name", ["山田^太郎", "Дмитрий", "Ελένη", "שרה", "ﷺ", "\U000e0041", "a\x00b\u202ec"])
def test_a_name_in_any_script_gives_a_report(part: ExamPart, name: str) -> None:
    given = ExamPart(exam_document(subject=name, subject_name=name), part.pictures)
    assert build(report(given)).startswith(b"%PDF-")


def test_it_is_archival_pdf_with_embedded_fonts(part: ExamPart, tmp_path) -> None:
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(build(report(part)))) as pdf:
        metadata = str(pdf.Root.Metadata.read_bytes(), "utf-8")
        assert "<pdfaid:part>2</pdfaid:part>" in metadata and "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
        assert "Encrypt" not in pdf.trailer and "/Names" not in pdf.Root and "/OpenAction" not in pdf.Root
        fonts = [
            one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
        ]
        assert fonts and all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)


def test_a_run_of_several_exams_begins_with_their_list(part: ExamPart, tmp_path) -> None:
    other = ExamPart(exam_document(subject="W-2", exam_uid="2.25.99", verdicts=[]), part.pictures)
    refused = [{"path": "in/broken.dcm", "reason": "cut short"}]
    both = replace(report(part), exams=[part, other], refused=refused)
    pages = text_of(build(both), tmp_path).split("\f")
    assert "2 exams examined, 1 file refused." in pages[0] and "W-1" in pages[0] and "W-2" in pages[0]
    assert "broken.dcm" in pages[0] and "cut short" in pages[0]
    assert "2.25.99" in pages[-2]


def test_a_run_without_any_exam_still_says_what_was_refused(tmp_path) -> None:
    refused = [{"path": "broken.dcm", "reason": "cut short"}]
    text = text_of(build(Report(INDUSTRIES["ndt"], [], AT, refused=refused)), tmp_path)
    assert "0 exams examined, 1 file refused." in text and "cut short" in text


def test_findings_are_numbered_through_the_exam() -> None:
    document = exam_document()
    second = dict(document["images"][0]) | {"findings": [{**document["images"][0]["findings"][0], "id": "2.1"}]}
    document["images"].append(second)
    assert finding_numbers(document) == {(1, "1.1"): 1, (2, "2.1"): 2}


def test_the_place_for_the_signature_lies_on_its_page(part: ExamPart) -> None:
    block = SignatureBlock("Ada", "I made this report", "2026-03-02T12:00:00.000000Z", "key")
    pdf, places = build_for_signing(report(part, signatures=[block]))
    page, (left, bottom, right, top) = places["author"]
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        box = [float(one) for one in opened.pages[page].mediabox]
    assert 0 < left < right < box[2] and 0 < bottom < top < box[3] and right - left > 400 and top - bottom > 40


def test_a_unverified_table_is_called_so(part: ExamPart, tmp_path) -> None:
    document = exam_document()
    document["verdicts"][0] |= {"status": "unverified", "outcome": "advisory"}
    text = " ".join(text_of(build(report(ExamPart(document, part.pictures))), tmp_path).split())
    assert "table not verified, so its verdicts are advisory" in text and "advisory" in text
