"""The documentation says everything the code offers, and nothing that is gone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCIENCE = ROOT / "docs" / "science"
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_reference_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_documentation_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_measurement_and_detector_has_its_page_with_law_and_source() -> None:
    from kerma.science.detect import DETECTORS
    from kerma.science.measure import MEASURES

    for name in [*MEASURES, *DETECTORS]:
        text = (ROOT / "docs" / "science" / f"{name}.md").read_text(encoding="utf-8")
        for heading in ("Law", "Source", "Validity"):
            assert re.search(rf"^#+ {heading}", text, re.MULTILINE), f"docs/science/{name}.md has no '{heading}'"


def test_every_calculation_and_scene_has_its_page_with_law_and_source() -> None:
    from kerma.science.calculations import calculations
    from kerma.science.simulate import SCENES

    for folder, names in (("calculations", set(calculations())), ("scenes", set(SCENES))):
        pages = {path.stem: path.read_text(encoding="utf-8") for path in (SCIENCE / folder).glob("*.md")}
        assert pages.keys() == names, f"docs/science/{folder} and the registry differ"
        for name, text in pages.items():
            for heading in ("Law", "Formula", "Source", "Validity"):
                found = re.search(rf"^#+ {heading}", text, re.MULTILINE)
                assert found, f"docs/science/{folder}/{name}.md has no '{heading}'"


def test_every_area_says_which_duty_it_serves() -> None:
    for package in (ROOT / "src" / "kerma" / "areas").glob("*/__init__.py"):
        assert package.read_text(encoding="utf-8").startswith('"""'), package


def test_the_readme_begins_with_the_two_commands_and_its_picture() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.index("make run") < text.index("make test") < text.index("screenshot.png") < 600


def test_decisions_have_the_five_headings() -> None:
    pages = list((ROOT / "docs" / "decisions").glob("0*.md"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for heading in ("Context", "Decision", "Consequences", "Alternatives considered", "References"):
            assert f"## {heading}" in text, f"{page.name} has no '## {heading}'"
