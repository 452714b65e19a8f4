import pytest
from tests.areas.report.decided import analysed
from tests.areas.report.samples import part

from kerma.areas.archive.model import ExamArrived
from kerma.areas.report import jobs, signature_key
from kerma.areas.review.model import ExamAnalysed, ExamDecided, ExamJudged, ExamMarked
from kerma.areas.worklist.actions import on_exam_arrived
from kerma.kernel.action import Actor, Kernel

__all__ = ["part"]


@pytest.fixture(autouse=True)
def quick_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shorter key than a real one: making it is most of the time these tests take."""
    monkeypatch.setattr(signature_key, "KEY_BITS", 2048)


@pytest.fixture
def listening(kernel: Kernel) -> Kernel:
    heard = {
        ExamArrived: (on_exam_arrived,),
        ExamAnalysed: (jobs.on_exam_analysed,),
        ExamJudged: (jobs.on_exam_judged,),
        ExamMarked: (jobs.on_exam_marked,),
        ExamDecided: (jobs.on_exam_decided,),
    }
    return Kernel(**{**kernel.__dict__, "subscriptions": heard})


@pytest.fixture
def exam_pk(listening: Kernel, actor: Actor) -> int:
    """An exam with one image in the blobs, analysed."""
    return analysed(listening, actor)
