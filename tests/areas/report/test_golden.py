"""Every kind of report in every language: pages, margins, letters, texts, archival marks, equal bytes."""

import functools
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.areas.report.rich import AT, KINDS, RECORDS, sample

from kerma.areas.report.content import ExamPart, Report, printed
from kerma.areas.report.document import build, build_for_signing, content_id
from kerma.areas.report.language import ENGLISH, FIXED, LANGUAGES, language, rows
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES

PAGES = {
    "exam": 4, "weld-rt": 5, "casting": 4, "reader-sheet": 3, "baggage-incident": 3, "secondary-search": 3,
    "radiology-preliminary": 3, "image-quality": 3, "calibration-certificate": 3,
}  # fmt: skip
SMALLEST_PT = 7.5
MARGIN_PT = 19.5 * 72 / 25.4
EVERY = [(kind, code) for kind in KINDS for code in LANGUAGES]


@functools.cache
def pdf_of(kind: str, code: str) -> bytes:
    return build(sample(kind, code))


@functools.cache
def words_of_pages(kind: str, code: str) -> list[tuple[int, float, float, float, float, str]]:
    """Every word with its page from 1 and its left, top, right, bottom in points."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    said = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf_of(kind, code), capture_output=True, check=True)
    found, page = [], 0
    for line in said.stdout.decode().splitlines():
        page += "<page " in line
        word = re.search(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*)</word>', line)
        if word:
            left, top, right, bottom = (float(one) for one in word.groups()[:4])
            found.append((page, left, top, right, bottom, word[5]))
    return found


def text_of(kind: str, code: str) -> str:
    import html

    plain = html.unescape(" ".join(word[5] for word in words_of_pages(kind, code)))
    return plain.replace("\u2009", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(("kind", "code"), EVERY)
def test_it_has_its_pages_and_nothing_lies_outside_the_margins(kind: str, code: str) -> None:
    words = words_of_pages(kind, code)
    assert abs(max(word[0] for word in words) - PAGES[kind]) <= (1 if code != "en" else 0)
    for page, left, top, right, bottom, text in words:
        assert left > MARGIN_PT and right < 595.3 - MARGIN_PT and top > 20 and bottom < 841.9 - 20, (page, text)


@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_is_smaller_than_a_reader_can_bear(kind: str) -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf_of(kind, "de"))) as pdf:
        sizes = [
            float(one.operands[1]) for page in pdf.pages for one in pikepdf.parse_content_stream(page)
            if str(one.operator) == "Tf"
        ]  # fmt: skip
    assert sizes and min(sizes) >= SMALLEST_PT


@pytest.mark.parametrize(("kind", "code"), EVERY)
def test_its_words_are_those_of_the_language(kind: str, code: str) -> None:
    say, text, report = language(code), text_of(kind, code), sample(kind, code)
    title = say(f"kind_{kind}") if kind != "exam" else say.phrase(report.industry.report_title)
    for words in (title, say("signatures"), say("amendment"), say("image_list"), report.site.name, "Grace Hopper"):
        assert " ".join(words.replace("\u00a0", " ").split()) in text, words
    if "decision" in text and code == "en":
        assert report.exams[0].decision["by"] in text
    if code == "en":
        return
    written = json.dumps([report.exams[0].document, RECORDS.get(kind, {})], ensure_ascii=False) + text_of_person(report)
    every = [row for name in FIXED for row in rows(name)]
    for row in every:
        english = row["en"]
        if any(english in one[code] for one in every):
            continue  # the same word has a meaning in this language too
        if len(english) > 9 and "{" not in english and english not in written and row[code] != english:
            assert not re.search(rf"(?<![\w-]){re.escape(english)}(?![\w-])", text), row["key"]


def text_of_person(report: Report) -> str:
    blocks = " ".join(f"{one.name} {one.meaning} {one.qualification} {one.certificate}" for one in report.signatures)
    assert report.amendment is not None
    return f"{blocks} {report.amendment.changed} {report.amendment.reason} {report.site}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_report_is_the_same_bytes(kind: str) -> None:
    assert build(sample(kind)) == pdf_of(kind, "en")


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_of_its_form_is_printed(kind: str) -> None:
    text = text_of(kind, "en")

    def check(value: object) -> None:
        if isinstance(value, list):
            for line in value:
                for cell in line.values():
                    check(cell)
        elif isinstance(value, str) and value not in ("pass", "fail"):
            assert " ".join(ENGLISH.moment(value).split()) in text, value

    for value in RECORDS.get(kind, {}).values():
        check(value)


@pytest.mark.parametrize(("kind", "code"), [(kind, "fr") for kind in KINDS])
def test_it_is_archival_tagged_and_knows_its_language(kind: str, code: str) -> None:
    import pikepdf

    unsigned = build(replace(sample(kind, code), signatures=()))
    for data, is_accessible in ((pdf_of(kind, code), False), (unsigned, True)):
        with pikepdf.open(io.BytesIO(data)) as pdf:
            about = str(pdf.Root.Metadata.read_bytes(), "utf-8")
            assert "<pdfaid:part>2</pdfaid:part>" in about and "<pdfaid:conformance>A</pdfaid:conformance>" in about
            assert ("<pdfuaid:part>1</pdfuaid:part>" in about) == is_accessible
            assert str(pdf.Root.Lang) == code and bool(pdf.Root.MarkInfo.Marked) and "/S" in pdf.Root.OutputIntents[0]
            assert not is_accessible or bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
            tags = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one and "/P" in one]
            kinds_of_tags = {str(one.S) for one in tags}
            assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure"} <= kinds_of_tags
            figures = [one for one in tags if str(one.S) == "/Figure"]
            assert figures and all(len(str(one.get("/Alt", ""))) > 10 for one in figures)
            fonts = [
                one for one in pdf.objects
                if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
            ]  # fmt: skip
            assert fonts and all({"/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)


def test_the_weld_report_states_every_item_of_the_standards_or_says_not_recorded() -> None:
    text = text_of("weld-rt", "en")
    items = [value for key, value in ENGLISH.words.items() if key.startswith("item_")]
    for item in items:
        assert item in text, item
    assert text.count("not recorded") == 11 + 1 and "29 of 40 items are recorded" in text


def test_what_is_advisory_is_never_shown_as_passed() -> None:
    text = text_of("image-quality", "en")
    assert "Advisory only" in text and "pass, advisory" in text and "fail, advisory" in text
    assert "Advisory only" not in text_of("secondary-search", "en")


def test_a_reader_sees_who_found_and_who_dismissed() -> None:
    text = text_of("exam", "en")
    for words in ("Found by", "Root side, seen in both exposures", "Dismissed by a person", "Scratch on the plate"):
        assert words in text
    assert "5 porosity" not in text and "4" in text  # the dismissed finding takes no number


def test_each_place_for_a_signature_lies_free_on_its_page() -> None:
    import pikepdf

    pdf, places = build_for_signing(sample("weld-rt"))
    assert list(places) == ["author", "level-iii", "witness"]
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for page, (left, bottom, right, top) in places.values():
            box = [float(one) for one in opened.pages[page].mediabox]
            assert 0 < left < right < box[2] and 0 < bottom < top < box[3]
            assert right - left > 150 and top - bottom > 40
    rectangles = [place[1] for place in places.values()]
    for number, one in enumerate(rectangles):
        for other in rectangles[number + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart


def test_the_code_on_the_page_names_exam_version_and_content(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm (poppler-utils) is not installed")
    report = sample("exam")
    (tmp_path / "a.pdf").write_bytes(pdf_of("exam", "en"))
    subprocess.run(
        ["pdftoppm", "-r", "300", "-png", "-f", "1", "-l", "1", "-singlefile", "a.pdf", "a"], cwd=tmp_path, check=True
    )
    page = cv2.imread(str(tmp_path / "a.png"))
    corner = cv2.resize(page[int(page.shape[0] * 0.9) :, int(page.shape[1] * 0.75) :], None, fx=2, fy=2)
    read, *_ = cv2.QRCodeDetector().detectAndDecode(corner)
    assert read.splitlines()[0] == "kerma report" and f"content {content_id(report)}" in read
    assert "version 2" in read and report.exams[0].document["exam_uid"] in read


def test_letter_paper_keeps_its_margins() -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(build(replace(sample("weld-rt"), paper="us-letter")))) as pdf:
        assert [round(float(one)) for one in pdf.pages[0].mediabox] == [0, 0, 612, 792]


def test_a_certificate_needs_no_image() -> None:
    record = RECORDS["calibration-certificate"]
    report = Report(INDUSTRIES["ndt"], [], AT, template="calibration-certificate", record=record)
    assert build(report).startswith(b"%PDF-1.7")


def test_a_kind_of_another_industry_makes_no_report() -> None:
    weld = sample("weld-rt")
    with pytest.raises(WrongUsage, match="is for security"):
        build(replace(weld, template="baggage-incident"))


def test_without_its_form_a_report_says_so_and_cannot_be_signed() -> None:
    bare = replace(sample("baggage-incident"), record={})
    with pytest.raises(WrongUsage, match="cannot be signed without place, occurred_at"):
        build(bare)
    draft = printed(replace(bare, signatures=()))
    assert (
        draft["incomplete"].startswith("Not complete: Place, Time") and draft["form"]["incident"]["facts"][0][1] == ""
    )
    assert build(replace(sample("calibration-certificate"), record={}, signatures=())).startswith(b"%PDF")


@pytest.mark.parametrize(
    "hostile", ['#panic("x")', "*b* _i_ $x$ `r`", '"); #read("/etc/passwd")', "\\ #eval(1) // <a> @b"]
)
def test_a_form_is_data_and_never_markup(hostile: str) -> None:
    report = sample("secondary-search")
    record = RECORDS["secondary-search"] | {"outcome": hostile, "items_found": [{"item": hostile}]}
    changed = replace(report, record=record, site=replace(report.site, name=hostile, footer=hostile))
    part = report.exams[0]
    assert build(replace(changed, exams=[ExamPart(part.document, part.pictures)])).startswith(b"%PDF-")


def test_the_digest_covers_every_text_and_every_picture() -> None:
    report = sample("exam")
    part = report.exams[0]
    other = replace(part.pictures[0], jpeg=part.pictures[1].jpeg)
    changed = [
        replace(report, version=3),
        replace(report, language="fr"),
        replace(report, exams=[ExamPart(part.document, [other, *part.pictures[1:]], part.decision)]),
        replace(report, compared=report.compared[:1]),
        replace(report, amendment=None),
    ]
    assert len({content_id(one) for one in [report, *changed]}) == 6


def test_words_longer_than_their_column_lose_nothing_beyond_the_edge(tmp_path: Path) -> None:
    report = sample("secondary-search")
    part = report.exams[0]
    long = {"subject": "S" * 150, "subject_name": "N" * 200, "description": "D" * 300, "decision_reason": "R" * 900}
    record = {**RECORDS["secondary-search"], "outcome": "O" * 200}
    hard = replace(report, exams=[ExamPart({**part.document, **long}, part.pictures)], record=record)
    said = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=build(hard), capture_output=True, check=True).stdout
    places = re.findall(rb'xMin="([\d.-]+)" yMin="[\d.-]+" xMax="([\d.]+)"', said)
    assert places and all(float(left) > MARGIN_PT and float(right) < 595.3 - MARGIN_PT for left, right in places)
    assert said.count(b"S" * 12) >= 12 and said.count(b"O" * 4) >= 50


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
def test_the_longest_names_lose_nothing_and_push_nothing_off_the_page(paper: str) -> None:
    report = sample("weld-rt", "de")
    [part] = report.exams
    subject = "DN600-" + "X" * 70
    signer = "Prof. Dr.-Ing. habil. Maximiliane Freifrau von und zu Hohenlohe-Schillingsfürst"
    long = replace(
        report, paper=paper, exams=[replace(part, document={**part.document, "subject": subject})],
        signatures=[replace(report.signatures[0], name=signer), *report.signatures[1:]],
    )  # fmt: skip
    said = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=build(long), capture_output=True, check=True)
    tops = [float(one) for one in re.findall(r'<word xMin="[\d.]+" yMin="([-\d.]+)"', said.stdout.decode())]
    assert min(tops) > 14
    plain = subprocess.run(["pdftotext", "-raw", "-", "-"], input=build(long), capture_output=True, check=True)
    text = re.sub(r"[\s\u200b\u00ad-]+", "", plain.stdout.decode())
    assert subject.replace("-", "") in text and re.sub(r"[\s-]", "", signer) in text
