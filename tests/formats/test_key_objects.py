"""Key object selections: images and reasons read back; wrong ones are refused in words."""

import io

import highdicom
import pydicom
import pytest
from tests.formats.exam_documents import AT, DOCUMENTS, PERSON, finding, image, material

from kerma.errors import KermaError, Unreadable, WrongUsage
from kerma.formats import key_objects
from kerma.formats.key_objects import REASONS, TITLES, Selection


def written(selection: Selection | None = None, exam: str = "several planes") -> list[bytes]:
    made = DOCUMENTS[exam]()
    return list(key_objects.write(*made.common, made_at=AT, selection=selection))


def test_images_with_findings_are_of_interest_with_their_planes() -> None:
    [data] = written()
    assert key_objects.read(data) == Selection("of-interest", "", "", ("2.25.481", "2.25.482"), ((0, 3), ()))


def test_an_image_whose_findings_were_dismissed_is_not_of_interest() -> None:
    made = material([image()], [[finding(dismissed={"by": "x", "reason": "y"}, by=PERSON)]])
    assert key_objects.write(*made.common, made_at=AT) == ()


@pytest.mark.parametrize("title", TITLES)
def test_every_title_reads_back(title: str) -> None:
    reason = "motion" if title in ("rejected", "quality-issue") else ""
    [data] = written(Selection(title, reason, "Näheres", ("2.25.482",)))
    found = key_objects.read(data)
    assert (found.title, found.reason, found.remark, found.image_uids) == (title, reason, "Näheres", ("2.25.482",))


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_reads_back(reason: str) -> None:
    [data] = written(Selection("rejected", reason))
    assert key_objects.read(data) == Selection("rejected", reason, "", ("2.25.481", "2.25.482"), ((), ()))


def test_highdicom_reads_the_same_images() -> None:
    stored = highdicom.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(io.BytesIO(written()[0])))
    references = stored.content.get_references()
    assert [item.referenced_sop_instance_uid for item in references] == ["2.25.481", "2.25.482"]


@pytest.mark.parametrize(
    ("selection", "says"),
    [
        (Selection("because"), "title"),
        (Selection("rejected"), "reason"),
        (Selection("rejected", "tired"), "reason"),
        (Selection("of-interest", image_uids=("2.25.7",)), "2.25.7"),
    ],
)
def test_a_wrong_selection_is_told_what_is_right(selection: Selection, says: str) -> None:
    with pytest.raises(WrongUsage, match=says):
        written(selection)


def test_a_damaged_or_another_object_is_refused_in_words() -> None:
    [data] = written()
    for end in range(0, len(data) - 1, 53):
        with pytest.raises(KermaError):
            key_objects.read(data[:end])
    with pytest.raises(Unreadable, match="no key object"):
        key_objects.read(data.replace(b"1.1.88.59\0", b"1.1.88.33\0"))
