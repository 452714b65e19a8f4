"""Non-destructive testing of welds, castings and composites."""

from kerma.kernel.industry import Industry
from kerma.science.analysis import Plan

NDT = Industry(
    name="ndt",
    label="Non-destructive testing",
    subject_word="Component",
    exam_word="Inspection",
    decisions={"accept": "Accept", "reject": "Reject", "reshoot": "Re-shoot"},
    plan=Plan(
        measures=("statistics", "saturation", "snr", "snr_n"),
        detectors=("small_flaws",),
        pack="fr_arrete_1978/acceptance",
        decision_table="kerma_decisions/ndt",
        quality="ndt",
        has_gate=True,
    ),
    report_title="Radiographic inspection report",
    models=("weld", "casting"),
)
