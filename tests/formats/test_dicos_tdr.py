"""Threat detection reports: what is written is read field by field by Stratovan's toolkit, and by us, alike.

The toolkit holds the interpreter's lock, so it always runs in a process of its own.
"""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats import samples
from tests.formats.exam_documents import AT, DISMISSAL, PERSON, POLYGON, finding, image, material

from kerma.errors import Hostile, Unreadable, WrongUsage
from kerma.formats import dicos, dicos_tdr, dicos_tdr_read
from kerma.formats.dicos_tdr import ABORT_REASONS, KINDS, Alarm
from kerma.formats.report_objects import Material

DECIDED = Alarm("suspect", "person:7", "Yamada^Taro", AT, AT - timedelta(seconds=11.5))
SIZES = [{"name": "mass_g", "value": 120.5}, {"name": "density_g_cm3", "value": 7.8}, {"name": "zeff", "value": 26.1}]
READER = Path(__file__).with_name("pydicos_reader.py")


def bag() -> Material:
    findings = [
        finding(1, label="laptop", code=""),
        finding(2, label="sharp", code="", polygon=POLYGON, score=0.875, measurements=SIZES),
        finding(3, label="firearm", code="", by=PERSON, box=[4.1, 6.7, 5.3, 8.9]),
        finding(4, label="blunt", code="", dismissed=DISMISSAL),
    ]
    one = image(sop_class_uid=dicos.DX_FOR_PROCESSING, format="DICOS")
    made = material([one], [findings])
    return replace(made, document={**made.document, "decision_proposed": "suspect"})


def written(kind: str, of: Material | None = None, **given: Any) -> bytes:
    of = of or bag()
    given = {"alarm": DECIDED if kind == "operator" else None} | given
    (data,) = dicos_tdr.write(*of.common, made_at=AT, kind=kind, **given)
    return data


class Toolkit:
    """Stratovan's toolkit in a process of its own: a path in, what it reads as JSON out."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "report.dcs"
        self._process = subprocess.Popen(
            [sys.executable, str(READER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self, data: bytes) -> dict[str, Any]:
        self._path.write_bytes(data)
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{self._path}\n")
        self._process.stdin.flush()
        while not (line := self._process.stdout.readline()).startswith("{"):
            assert line, "the toolkit's process has ended"
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def toolkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    pytest.importorskip("pyDICOS", reason="Stratovan's toolkit (pydicos) is not installed")
    one = Toolkit(tmp_path_factory.mktemp("pydicos"))
    yield one
    one.close()


def of(kind: str, document: Any) -> list[dict]:
    """The findings that a kind of report is about, as it sees them."""
    return [dict(KINDS[kind].seen(one)) for one in document["images"][0]["findings"] if KINDS[kind].takes(one)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_reads_back_to_equal_findings(kind: str) -> None:
    made = bag()
    report = dicos_tdr_read.read(written(kind, made))
    assert report.findings == {made.references[0].image_uid: of(kind, made.document)}
    assert (report.kind, report.exam_uid, report.subject_id) == (kind, "2.25.4711", "W-17")
    assert (report.version, report.scale, report.abort_flag) == ("V03", 1.0, "SUCCESS")
    assert report.objects == len(of(kind, made.document))


@pytest.mark.parametrize("kind", KINDS)
def test_the_toolkit_reads_every_field(kind: str, toolkit: Toolkit) -> None:
    made = bag()
    told = toolkit.read(written(kind, made))
    assert told["error"] == ""
    words = {"machine": "Machine", "operator": "Operator", "ground-truth": "GroundTruth", "aggregate": "Aggregate"}
    assert told["TDRType"] == f"enum{words[kind]}"
    assert (told["OOIID"], told["OOIType"], told["ScanType"]) == ("W-17", "enumTypeBaggage", "enumOperational")
    assert told["InstanceUID"] == "2.25.4711"
    assert told["AlarmDecision"] == "enumAlarm"
    assert told["AlarmDecisionDateTime"] == {"date": [2026, 3, 2], "time": [12, 0, 0, 0]}
    assert told["ImageScaleRepresentation"] == 1.0
    findings = of(kind, made.document)
    assert told["alarms"] == sum(dicos_tdr.flag_of(one) == "THREAT" for one in findings)
    assert [one["ID"] for one in told["PTOs"]] == list(range(1, len(findings) + 1))
    for read, one in zip(told["PTOs"], findings, strict=True):
        region = dicos_tdr.region_of(one)
        assert [read["Base"][axis] for axis in "xyz"] == pytest.approx(region.base, rel=1e-6)
        assert [read["Extent"][axis] for axis in "xyz"] == pytest.approx(region.extents, rel=1e-6)
        assert read["Assessment"]["description"] == one["label"]
        assert read["Assessment"]["ability"] == "enumNoInterference"
        flag = "NoThreat" if dicos_tdr.flag_of(one) == "NO_THREAT" else "Threat"
        assert read["Assessment"]["flag"] == f"enum{flag}"
        category = {"PI": "ProhibitedItem", "LAPTOP": "Laptop"}[dicos_tdr.category_of(one)]
        assert read["Assessment"]["category"] == f"enum{category}"
        assert read["Assessment"]["probability"] == pytest.approx(one.get("score", -1.0))
        points = [[point["y"], point["x"]] for point in read["Polygon"]]
        assert points == [pytest.approx(point, rel=1e-6) for point in one.get("polygon", [])]
    if kind == "machine":
        assert told["ATR"]["manufacturer"] == "Kerma" and told["ATR"]["parameters"] == {"small_flaws": "1.2"}
    if kind == "operator":
        assert told["ProcessingTime"] == 11500.0


def test_the_toolkit_sees_the_pixels_of_an_outline(toolkit: Toolkit) -> None:
    made = bag()
    (read,) = [one for one in toolkit.read(written("machine", made))["PTOs"] if one["Polygon"]]
    from kerma.science.imaging.finding_mask import mask_of

    outlined = made.document["images"][0]["findings"][1]
    mask = mask_of(outlined["box"], outlined["polygon"], 40, 60)
    assert np.array_equal(np.array(read["Bitmap"], bool), mask.pixels[np.newaxis])


def test_the_toolkit_reads_mass_and_density(toolkit: Toolkit) -> None:
    told = toolkit.read(written("machine"))
    assert told["details"][1] == pytest.approx([120.5, 7.8])


@pytest.mark.parametrize("reason", ABORT_REASONS)
def test_why_a_scan_was_broken_off(reason: str, toolkit: Toolkit) -> None:
    data = written("machine", alarm=Alarm("none", at=AT, abort_reason=reason))
    report = dicos_tdr_read.read(data)
    assert (report.abort_flag, report.abort_reason, report.alarm_decision) == ("ABORT", reason, "UNKNOWN")
    told = toolkit.read(data)
    assert told["error"] == "" and told["AlarmDecision"] == "enumUnknownAlarmDecision"
    # The toolkit writes these very words, but forgets them when it reads, its own reports too. It minds their absence.
    dataset = pydicom.dcmread(io.BytesIO(data))
    del dataset.AbortReason
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=False)
    assert "Abort Reason" in toolkit.read(out.getvalue())["error"]


def test_the_attributes_the_toolkit_demands(toolkit: Toolkit) -> None:
    """The list of the toolkit's mandatory attributes, rebuilt: each is left out in turn."""
    whole = pydicom.dcmread(io.BytesIO(written("machine")))
    needed = set()
    for element in list(whole):
        without = pydicom.dcmread(io.BytesIO(written("machine")))
        del without[element.tag]
        out = io.BytesIO()
        without.save_as(out, enforce_file_format=False, implicit_vr=False, little_endian=True)
        if toolkit.read(out.getvalue())["error"]:
            needed.add(element.keyword)
    optional = {one.keyword for one in whole} - needed
    assert {"PatientSex", "InstitutionalDepartmentName", "AlgorithmRoutingCodeSequence"} <= optional
    assert len(needed) >= 40, sorted(needed)
    assert {"PatientID", "NumberOfAlarmObjects", "TotalProcessingTime", "ImageScaleRepresentation"} <= needed


def test_the_scale_must_be_a_double(toolkit: Toolkit) -> None:
    """PS3.6 says DS; the toolkit refuses that."""
    dataset = pydicom.dcmread(io.BytesIO(written("machine")))
    del dataset[0x40101075]
    dataset.add_new(0x40101075, "DS", "1.0")
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=False)
    assert "image scale" in toolkit.read(out.getvalue())["error"]


def test_the_toolkits_own_reports_are_read(toolkit: Toolkit) -> None:
    names = ("MultiplePTOsTDR", "SimpleBaggageNoThreatTDR", "SimpleBaggageTDR")
    paths = [samples.real("dicos_pydicos", "TDRFiles", f"{name}.dcs") for name in names]
    for path in [*paths, samples.real("dicos_pydicos", "CTwithTDR", "TDR.dcs")]:
        told, report = toolkit.read(path.read_bytes()), dicos_tdr_read.read(path.read_bytes())
        assert (report.kind, report.subject_id) == ("machine", told["OOIID"])
        assert report.algorithm[:2] == (told["ATR"]["manufacturer"], told["ATR"]["version"])
        assert f"enum{report.alarm_decision.capitalize()}" == told["AlarmDecision"]
        findings = [one for each in report.findings.values() for one in each]
        assert len(findings) == len(told["PTOs"]) == report.objects
        for one, read in zip(findings, told["PTOs"], strict=True):
            base, extent = read["Base"], read["Extent"]
            assert one["box"] == [base["y"], base["x"], extent["y"], extent["x"]] and one["plane"] == base["z"]
            assert one["id"] == str(read["ID"])
        assert report.alarms == told["alarms"]


def test_a_foreign_density_is_kept_without_a_unit_that_nobody_gave() -> None:
    path = samples.real("dicos_pydicos", "TDRFiles", "SimpleBaggageTDR.dcs")
    (findings,) = dicos_tdr_read.read(path.read_bytes()).findings.values()
    assert findings[0]["measurements"] == [
        {"name": "mass_g", "value": 50.0}, {"name": "density_stored", "value": 7000.0}
    ]  # fmt: skip


def test_nothing_decided_by_a_person_is_no_report_of_an_operator() -> None:
    assert dicos_tdr.write(*bag().common, made_at=AT, kind="operator") == ()


def test_a_machine_says_what_it_found_whatever_people_made_of_it() -> None:
    report = dicos_tdr_read.read(written("machine"))
    assert report.assessments["4"] == ("PI", "NO_INTERFERENCE", "THREAT")
    assert dicos_tdr_read.read(written("operator")).assessments["4"][2] == "NO_THREAT"


def test_what_another_program_moved_counts() -> None:
    dataset = pydicom.dcmread(io.BytesIO(written("machine")))
    voxels = dataset.ThreatSequence[0].PTORepresentationSequence[0].ThreatROIVoxelSequence[0]
    voxels.ThreatROIBase = [11.0, 12.0, 0.0]
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=False)
    (findings,) = dicos_tdr_read.read(out.getvalue()).findings.values()
    assert findings[0]["box"] == [12.0, 11.0, 5.0, 8.0]
    assert findings[0]["by"]["name"] == "Kerma"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 500, width=32), min_size=4, max_size=4), st.floats(0, 1, width=32))
def test_without_what_is_inside_the_public_attributes_say_the_same(box: list[float], score: float) -> None:
    made = material([image(1200, 1200)], [[finding(1, label="sharp", box=box, score=score, measurements=[])]])
    dataset = pydicom.dcmread(io.BytesIO(written("machine", made)))
    for threat in dataset.ThreatSequence:
        threat.remove_private_tags()
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=False)
    (findings,) = dicos_tdr_read.read(out.getvalue()).findings.values()
    assert np.float32(findings[0]["box"]).tolist() == box and np.float32(findings[0]["score"]) == score


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "rumour"}, "machine, operator"),
        ({"kind": "machine", "alarm": Alarm("none", abort_reason="LUNCH")}, "TIMEOUT"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        dicos_tdr.write(*bag().common, made_at=AT, **change)


def test_hostile_reports_are_refused_or_read_never_worse() -> None:
    whole = written("aggregate")
    random = np.random.default_rng(5)
    for _ in range(150):
        data = bytearray(whole)
        for at in random.integers(200, len(data), 12):
            data[at] = int(random.integers(0, 256))
        for cut in (bytes(data), bytes(data[: int(random.integers(0, len(data)))])):
            try:
                dicos_tdr_read.read(cut)
            except (Unreadable, Hostile) as error:
                assert str(error)


def test_another_object_is_refused() -> None:
    with pytest.raises(Unreadable, match="no threat detection report"):
        dicos_tdr_read.read(samples.real("dicos_pydicos", "DXFiles", "SimpleProcessingDX.dcs").read_bytes())
