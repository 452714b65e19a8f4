"""Medical radiography."""

from kerma.kernel.industry import Industry
from kerma.science.analysis import Plan

MEDICAL = Industry(
    name="medical",
    label="Medical radiography",
    subject_word="Patient",
    exam_word="Study",
    decisions={"normal": "Normal", "abnormal": "Abnormal", "critical": "Critical", "repeat": "Repeat"},
    plan=Plan(
        measures=("statistics", "saturation", "snr", "exposure_index"),
        detectors=(),
        pack=None,
        decision_table="kerma_decisions/medical",
        quality="medical",
    ),
    report_title="Radiography report",
    models=("chest",),
)
