"""The earlier image beside the present one."""

import pytest
import sqlalchemy as sa
from tests.areas.report.decided import analysed
from tests.areas.report.samples import tiff_bytes, weld

import exams
from kerma.areas.archive.model import exam, image, subject
from kerma.areas.archive.queries import exam_by_pk
from kerma.areas.report import prepare, priors
from kerma.areas.report.document import build
from kerma.kernel.action import Act, Action, Actor, Kernel


def _describe(act: Act, *, exam_pk: int, values: dict) -> None:
    act.connection.execute(sa.update(exam).where(exam.c.id == exam_pk).values(values))
    act.connection.execute(sa.update(image).where(image.c.exam_pk == exam_pk).values(file_name="weld.tif"))


def _spoil(act: Act, *, exam_pk: int, sha256: str) -> None:
    act.connection.execute(sa.update(image).where(image.c.exam_pk == exam_pk).values(sha256=sha256))


spoil = Action("test.spoil", _spoil)
describe = Action("test.describe", _describe)


@pytest.fixture
def two(listening: Kernel, actor: Actor) -> tuple[int, int]:
    """An earlier and a later exam of one subject with the same description."""
    sha256 = listening.blobs.put(tiff_bytes(weld(seed=5)))
    first = exams.arrive(listening, actor, industry="ndt", subject_id="W-0", sha256s=(sha256,))
    second = analysed(listening, actor)
    with listening.database.read() as connection:
        same = connection.scalar(sa.select(subject.c.id).join(exam).where(exam.c.id == second))
    for exam_pk, date in ((first, "2025-03-04"), (second, "2026-03-01")):
        values = {"subject_pk": same, "description": "Seam 12", "exam_date": date}
        describe(listening, actor, exam_pk=exam_pk, values=values)
    with listening.database.read() as connection:
        known = connection.scalar(sa.select(subject.c.subject_id).where(subject.c.id == same))
    assert known
    return first, second


def found(kernel: Kernel, exam_pk: int) -> int | None:
    with kernel.database.read() as connection:
        row = priors.earlier(connection, exam_by_pk(connection, exam_pk) or {})
    return row["id"] if row else None


def test_the_last_one_before_is_compared(listening: Kernel, two: tuple[int, int]) -> None:
    first, second = two
    assert found(listening, second) == first and found(listening, first) is None
    on = prepare.basis(listening, second)
    report = prepare.compose(listening, on, made_at=listening.clock.now())
    assert len(report.compared) == 2 and report.compared[1].title.startswith("2025-03-04")
    assert report.compared[0].jpeg != report.compared[1].jpeg and build(report).startswith(b"%PDF")


@pytest.mark.parametrize("change", [{"description": ""}, {"description": "Seam 13"}, {"exam_date": ""}])
def test_what_may_show_another_place_is_not_compared(
    listening: Kernel, actor: Actor, two: tuple[int, int], change: dict
) -> None:
    describe(listening, actor, exam_pk=two[0], values=change)
    assert found(listening, two[1]) is None


def test_an_earlier_image_that_cannot_be_read_is_told(listening: Kernel, actor: Actor, two: tuple[int, int]) -> None:
    broken = listening.blobs.put(b"II*\0 this was a TIFF once")
    spoil(listening, actor, exam_pk=two[0], sha256=broken)
    report = prepare.compose(listening, prepare.basis(listening, two[1]), made_at=listening.clock.now())
    assert not report.compared and len(report.exams[0].pictures) == 1
    assert any("2025-03-04" in one and "cannot be shown" in one for one in report.exams[0].document["warnings"])
