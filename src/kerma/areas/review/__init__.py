"""Reading an exam: analysis, findings, decisions."""
