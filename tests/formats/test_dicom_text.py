"""Names of people in the character sets of DICOM: pydicom and we read the same letters (PS3.5, annexes H to K)."""

from __future__ import annotations

import pytest
from tests.formats import samples

from kerma import formats
from kerma.formats.dicom_text import decode

# PS3.5 H.3, I.2, J.3, K.2 and tables of single-byte sets: charset, name as text.
NAMES = [
    ("ISO_IR 100", "Äneas^Rüdiger"),
    ("ISO_IR 101", "Wałęsa"),
    ("ISO_IR 144", "Люкceмбypг"),
    ("ISO_IR 126", "Διονυσιος"),
    ("ISO_IR 127", "قباني^لنزار"),
    ("ISO_IR 138", "שרון^דבורה"),
    ("ISO_IR 166", "นามสกุล"),
    ("ISO_IR 192", "Wang^XiaoDong=王^小東"),
    ("GB18030", "Wang^XiaoDong=王^小东"),
    (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
    (["ISO 2022 IR 6", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
]


@pytest.mark.parametrize(("charset", "name"), NAMES, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("syntax", [samples.EXPLICIT, samples.IMPLICIT])
def test_names_are_read_as_they_were_written(charset, name, syntax):
    data = samples.dicom(samples.ramp(), syntax, BitsStored=12, SpecificCharacterSet=charset, PatientName=name)
    header = formats.scan(data)
    assert header.subject_name == name
    assert header.warnings == ()


def test_simplified_chinese_by_escape_sequences():
    """PS3.5 K.3; by hand, because pydicom writes this set without its escape sequences."""
    value = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"
    assert decode(value, ("", "ISO 2022 IR 58"), is_name=True) == ("Zhang^XiaoDong=张^小东", "")


def test_letters_outside_the_set_are_marked_not_guessed():
    text, warning = decode(b"A\xff\xfeB", ("ISO_IR 192",))
    assert text == "A\ufffd\ufffdB"
    assert "do not fit" in warning


def test_a_sequence_inherits_the_set_of_its_file():
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    view = Dataset()
    view.CodeMeaning = "Seitenansicht ä"
    data = samples.dicom(
        samples.ramp(), BitsStored=12, SpecificCharacterSet="ISO_IR 192", ViewCodeSequence=Sequence([view])
    )
    assert formats.read(data).view == "Seitenansicht ä"
