"""Security screening of baggage, cargo and mail."""

from kerma.kernel.industry import Industry
from kerma.science.analysis import Plan

SECURITY = Industry(
    name="security",
    label="Security screening",
    subject_word="Object of inspection",
    exam_word="Scan",
    decisions={"clear": "Clear", "suspect": "Suspect", "refer": "Refer"},
    plan=Plan(
        measures=("statistics", "saturation", "snr"),
        detectors=("opacity",),
        pack=None,
        decision_table="kerma_decisions/security",
        quality="security",
        has_gate=True,
    ),
    report_title="Security screening report",
    models=("bag",),
)
