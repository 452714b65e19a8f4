"""A projected threat says so in the file: what the simulator writes is found, in every form, and nothing else is."""

import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest
from tests.formats.dciodvfy import errors_of

from kerma.areas.training.simulating import Order, SimulatedFile, files_of
from kerma.errors import WrongUsage
from kerma.formats.threat_mark import ThreatMark, projected, put

SMALL = {"size_px": 160}


@pytest.fixture(scope="module")
def bag() -> tuple[SimulatedFile, ...]:
    return files_of(Order("tip-bag", 3, "dicos", SMALL))


def test_every_dicos_file_says_what_it_is_and_names_library_date_and_image(bag: tuple[SimulatedFile, ...]) -> None:
    assert len(bag) > 1 and {projected(one.data) for one in bag} == {"FTI"}
    stored = pydicom.dcmread(io.BytesIO(bag[0].data))
    assert "simulated threats" in stored[0x40102041].value
    assert stored[0x40102043].value == "20000101120000+0000"
    assert stored[0x40102045].value == "tip-bag-000003-view1"
    assert stored[0x40102041].keyword == "TIPLibraryName"


def test_a_combined_image_in_dicom_says_its_type_and_has_no_error(tmp_path: Path) -> None:
    made = files_of(Order("tip-bag", 3, "dicom", SMALL | {"kind": "combined"}))
    assert {projected(one.data) for one in made} == {"CTI"}
    path = tmp_path / made[0].name
    path.write_bytes(made[0].data)
    assert errors_of(path) == []


def test_an_ordinary_bag_says_nothing() -> None:
    assert projected(files_of(Order("cabin-bag", 3, "dicos", SMALL))[0].data) == ""


def test_pydicos_still_reads_the_picture(bag: tuple[SimulatedFile, ...], tmp_path: Path) -> None:
    pytest.importorskip("pyDICOS", reason="Stratovan's toolkit (pydicos) is not installed")
    path = tmp_path / bag[0].name
    path.write_bytes(bag[0].data)
    program = f"import pydicos; print(pydicos.DXLoader({str(path)!r}).get_data().shape)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip().startswith("("), done.stderr


def test_another_word_than_the_standard_has_is_refused() -> None:
    mark = ThreatMark("REAL", "library", datetime(2026, 1, 1, tzinfo=UTC), "1")
    with pytest.raises(WrongUsage, match="FTI or CTI"):
        put(pydicom.Dataset(), mark, is_dicos=True)
