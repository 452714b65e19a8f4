"""PixelMed's DicomSRValidator judges the templates of structured reports and key object selections."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from formats.exam_documents import DOCUMENTS
from kerma.formats import report_objects

JARS = Path("/usr/share/java")
UNLIMITED = [f"-Djdk.xml.xpath{limit}=0" for limit in ("ExprOpLimit", "ExprGrpLimit", "TotalOpLimit")]
"""Without these, Java 17 refuses the size of the validator's own templates."""
UNMEETABLE = "KeyObjectSelection/[Row 1] CONTAINER CID 7010_WithTCE/[Row "
"""Its rule about the reason of a rejection looks for the title among the coded items, where a title never is."""

EXAMS = {
    "structured-report": ("nothing found", "several planes", "dicos", "medical, person, dismissed, signed"),
    "key-objects": ("several planes", "rejected"),
}
"""Those that differ for a template; each takes seconds."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the validator says of each file, by "kind, exam"."""
    if shutil.which("java") is None or not (JARS / "pixelmed.jar").exists():
        pytest.skip("PixelMed (Debian's libpixelmed-java) is not installed")
    folder = tmp_path_factory.mktemp("reports")
    names = {}
    for kind, exams in EXAMS.items():
        for exam in exams:
            [data] = report_objects.write(kind, DOCUMENTS[exam]())
            path = folder / f"{len(names)}.dcm"
            path.write_bytes(data)
            names[str(path)] = f"{kind}, {exam}"
    jars = ":".join(str(path) for path in sorted(JARS.glob("*.jar")))
    words = ["java", *UNLIMITED, "-cp", jars, str(Path(__file__).with_name("ValidateReports.java")), *names]
    told = subprocess.run(words, capture_output=True, text=True, check=False, timeout=280)
    assert told.returncode == 0, told.stderr
    parts = [part.split("\n", 1) for part in told.stdout.split("== ")[1:]]
    return {names[path]: text.splitlines() for path, text in parts}


def test_every_report_follows_its_template(said: dict[str, list[str]]) -> None:
    reports = {name: lines for name, lines in said.items() if name.startswith("structured-report")}
    assert len(reports) == len(EXAMS["structured-report"])
    for lines in reports.values():
        assert "Found Root Template TID_1500 (MeasurementReport)" in lines
    assert {name: [line for line in lines if "Error" in line] for name, lines in reports.items()} == {
        name: [] for name in reports
    }


def test_every_selection_follows_its_template(said: dict[str, list[str]]) -> None:
    selections = {name: lines for name, lines in said.items() if name.startswith("key-objects")}
    assert len(selections) == len(EXAMS["key-objects"])
    for name, lines in selections.items():
        assert "Found Root Template TID_2010 (KeyObjectSelection)" in lines
        errors = [line for line in lines if "Error" in line]
        if name == "key-objects, rejected":
            assert len(errors) == 2 and all(UNMEETABLE in line for line in errors)
        else:
            assert errors == []
