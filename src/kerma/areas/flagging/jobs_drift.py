"""The standing job that looks whether machines still send what models' figures rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.areas.flagging import queries_drift, rules_drift
from kerma.areas.flagging.actions_drift import record_drift
from kerma.kernel import apart
from kerma.kernel.identity import service
from kerma.kernel.jobs import job

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

HOUR_S = 3600.0
WATCHER = service("flagging", "flagging.record_drift")


@job("flagging.drift", every_s=HOUR_S)
def look_for_drift(kernel: Kernel) -> None:
    """Compare the newest images of every model and machine with the first, where enough new ones have come."""
    with kernel.database.read() as connection:
        found = queries_drift.streams(connection)
    for stream in found:
        if not rules_drift.is_due(stream.runs, stream.last_checked):
            continue
        with kernel.database.read() as connection:
            runs = rules_drift.fitting(queries_drift.runs_of(connection, stream))
        if not rules_drift.is_due(len(runs), stream.last_checked):
            continue
        verdict = apart.run(rules_drift.verdict, runs, stream.last_checked)
        record_drift(kernel, WATCHER, model_id=stream.model_id, machine=stream.machine, verdict=verdict)
