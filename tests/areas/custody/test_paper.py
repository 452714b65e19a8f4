"""Custody on paper: codes that a scanner reads, PDF/A, texts that are printed as texts."""

from __future__ import annotations

import io
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from custodies import NOON, POLICE, Custody
from kerma.areas.custody import actions, paper, photo, rules_number
from kerma.areas.custody.actions import ItemTold, Told
from kerma.areas.custody.actions_log import DisclosureTold, disclose
from kerma.errors import WrongUsage

LABEL = {
    "number": "C-2026-0001-F", "check": "91B81595", "kind": "bag", "description": "Blue suitcase",
    "subject": "", "collected_at": "2026-03-02 12:00Z", "seal": "S-100482",
}  # fmt: skip


def pages(pdf: bytes, folder: Path, dpi: int = 100) -> list[Path]:
    (folder / "page.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", folder / "page.pdf", folder / "page"], check=True)
    return sorted(folder.glob("page*.png"))


def text(pdf: bytes, folder: Path) -> str:
    (folder / "page.pdf").write_bytes(pdf)
    read = subprocess.run(
        ["pdftotext", "-layout", folder / "page.pdf", "-"], check=True, capture_output=True, text=True
    )
    return read.stdout


def decoded(path: Path) -> list[str]:
    import cv2

    found, words, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(cv2.imread(str(path)))
    return list(words) if found else []


def assert_archivable(pdf: bytes) -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_metadata() as told:
        assert told.pdfa_status == "2B"
        assert opened.Root.OutputIntents
        assert not opened.Root.get("/AcroForm")


def test_a_label_is_read_by_a_scanner_and_leads_to_its_item(tmp_path: Path) -> None:
    pdf = paper.label([LABEL], NOON)
    assert_archivable(pdf)
    (only,) = pages(pdf, tmp_path, dpi=300)
    size = Image.open(only).size
    assert size == pytest.approx((62 / 25.4 * 300, 29 / 25.4 * 300), abs=1)
    (read,) = decoded(only)
    assert read == "KERMA:C-2026-0001-F:91B81595"
    words = text(pdf, tmp_path)
    assert all(word in words for word in ("C-2026-0001-F", "91B81595", "Blue suitcase", "S-100482"))
    assert paper.label([LABEL], NOON) == pdf


def test_a_sheet_has_as_many_labels_as_fit(tmp_path: Path) -> None:
    items = [LABEL | {"number": rules_number.number_of(2026, serial)} for serial in range(1, 26)]
    made = pages(paper.label(items, NOON, size="A4"), tmp_path, dpi=150)
    assert len(made) == 2
    words = text(paper.label(items, NOON, size="A4"), tmp_path)
    assert all(one["number"] in words for one in items)
    with pytest.raises(WrongUsage, match="62x29 or A4"):
        paper.label(items, NOON, size="A5")


HOSTILE = '#panic("x") $x^2$ *bold* \\ <label> @ref [x] "quote" \u202egnp.exe\u200b ' + "W" * 300


def test_texts_are_printed_as_texts(tmp_path: Path) -> None:
    label = dict.fromkeys(LABEL, HOSTILE) | {"number": "C-2026-0001-F", "check": "91B81595"}
    pdf = paper.label([label], NOON)
    assert len(pages(pdf, tmp_path)) == 1
    assert "#PANIC" in text(pdf, tmp_path)


def test_the_form_tells_the_whole_chain(custody: Custody, tmp_path: Path) -> None:
    item = custody.collect(item=ItemTold("object", HOSTILE, subject="BAG 7"), place="Lane 4").item
    custody.step("seal", item, seal_number="S-1")
    custody.step("unseal", item, seal_number="S-2", text="to look")
    custody.step("examine", item, text="written on the wrong item")
    actions.correct(custody.kernel, custody.anna, item=item, number=4, told=Told(reason="other item"), is_struck=True)
    custody.step("store", item, place="Room 2", happened_at=NOON - timedelta(minutes=-1), reason="x")
    custody.step("take_out", item, text="for the police", happened_at=NOON + timedelta(minutes=1))
    custody.step("hand_over", item, party=POLICE, signature="J. Novák", happened_at=NOON + timedelta(minutes=1))
    told = DisclosureTold("Report", "Jana Novák", "Order 44", item=item, files=[("r.pdf", "ab" * 32)])
    disclose(custody.kernel, custody.lead, told=told)
    chain = custody.chain(item)
    pdf = paper.form(chain, custody.kernel.clock.now(), "Lena Fischer", {})
    assert_archivable(pdf)
    words = " ".join(text(pdf, tmp_path).split())
    for word in (item, chain.check, "Anna Okafor", "Jana Novák", "Police, airport unit", "service card 4711", "STRUCK",
                 "seal S-2 was read on an item that was sealed with S-1", "Order 44", "r.pdf", "Lane 4", "#panic(",
                 "Continued by hand", "J. Novák"):  # fmt: skip
        assert word in words, word
    first = pages(pdf, tmp_path)[0]
    assert decoded(first) == [paper.qr_text(item, chain.check)]


def test_a_chain_without_fault_says_so_and_an_ended_one_is_not_continued(custody: Custody, tmp_path: Path) -> None:
    item = custody.collect(custody.lead).item
    clean = " ".join(text(paper.form(custody.chain(item), NOON, "Lena Fischer", {}), tmp_path).split())
    assert "No gap and no overlap found" in clean
    custody.step("release", item, custody.lead, text="owner", party=POLICE, signature="x")
    ended = text(paper.form(custody.chain(item), NOON, "Lena Fischer", {}), tmp_path)
    assert "Continued by hand" not in ended


def test_photos_become_small_upright_jpegs_without_place_or_device() -> None:
    picture = Image.new("RGB", (400, 100), "red")
    exif = picture.getexif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Camera maker"
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    made = photo.small(buffer.getvalue(), 200)
    with Image.open(io.BytesIO(made)) as small:
        assert small.size == (50, 200)
        assert not dict(small.getexif())
