"""What one transaction knows of the exams and series it adds to, so that many images of one exam change its row once.

Arrivals take turns, so within a transaction nobody else changes these rows; with it the memory is gone.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kerma.areas.archive import queries
from kerma.areas.archive.model import ExamArrived, exam, series
from kerma.kernel.action import Act
from kerma.kernel.prepared import Prepared

_KEY = "archive.memory"
_SAME_SERIES = Prepared(
    sa.select(series.c.id, series.c.exam_pk, series.c.image_count, series.c.document).where(
        series.c.uid == sa.bindparam("uid")
    )
)
_SET_SERIES = Prepared(sa.update(series).where(series.c.id == sa.bindparam("series_pk")))
_SET_EXAM = Prepared(sa.update(exam).where(exam.c.id == sa.bindparam("exam_pk")))


class Memory:
    """The exams and series of one transaction as they are by now, and what is still to be written of them."""

    def __init__(self) -> None:
        self._exams: dict[str, dict[str, Any]] = {}
        self._series: dict[str, dict[str, Any]] = {}
        self._changed_exams: dict[int, dict[str, Any]] = {}
        self._changed_series: dict[int, dict[str, Any]] = {}
        self._arrived: dict[int, tuple[Act, ExamArrived]] = {}

    @staticmethod
    def of(act: Act) -> Memory:
        """Return the memory of an act's transaction; what it holds back is written at the transaction's end."""
        memory = act.shared.get(_KEY)
        if memory is None:
            memory = act.shared[_KEY] = Memory()
            act.at_end(_KEY, lambda: memory.write(act))
        return memory  # type: ignore[no-any-return]

    def exam(self, act: Act, uid: str) -> dict[str, Any] | None:
        """Return an exam with its subject as it is by now, or None."""
        known = self._exams.get(uid)
        if known is None:
            known = queries.exam_by_uid(act.connection, uid)
            if known is not None:
                self._exams[uid] = known
        return known

    def series(self, act: Act, uid: str) -> dict[str, Any] | None:
        """Return a series as it is by now, or None."""
        known = self._series.get(uid)
        if known is None:
            known = _SAME_SERIES.first(act.connection, {"uid": uid})
            if known is not None:
                self._series[uid] = known
        return known

    def change_exam(self, kept: dict[str, Any], changed: dict[str, Any]) -> None:
        """Change an exam; ``kept`` is its row of this memory."""
        self._changed_exams.setdefault(kept["id"], {}).update(changed)
        kept.update(changed)

    def change_series(self, kept: dict[str, Any], changed: dict[str, Any]) -> None:
        """Change a series; ``kept`` is its row of this memory."""
        self._changed_series.setdefault(kept["id"], {}).update(changed)
        kept.update(changed)

    def arrived(self, act: Act, event: ExamArrived) -> None:
        """Have it published once that an exam has got images."""
        self._arrived.setdefault(event.exam_pk, (act, event))

    def write(self, act: Act) -> None:
        """Write what was held back, then tell whoever listens."""
        for exam_pk, changed in self._changed_exams.items():
            _SET_EXAM.run(act.connection, {"exam_pk": exam_pk, **changed})
        for series_pk, changed in self._changed_series.items():
            _SET_SERIES.run(act.connection, {"series_pk": series_pk, **changed})
        for first, event in self._arrived.values():
            first.publish(event)
        act.shared.pop(_KEY, None)
