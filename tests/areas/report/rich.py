"""Rich sample reports of every kind, as a day's work would give them."""

from __future__ import annotations

import functools
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from kerma.areas.report import pictures
from kerma.areas.report.kinds import kinds
from kerma.areas.report.language import language
from kerma.areas.report.parts import Amendment, ExamPart, Report, SignatureBlock, Site
from kerma.industries import INDUSTRIES
from kerma.science.imaging.image import GreyScale, Image, Spacing

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SOFTWARE = {"kind": "algorithm", "name": "small_flaws", "version": "2"}
PERSON = {"kind": "person", "name": "Ada Lovelace", "version": ""}


def image(rows: int, columns: int, modality: str, seed: int, industry: str) -> Image:
    """A seam, a bag or a chest of simple shapes in noise."""
    row, column = np.mgrid[0:rows, 0:columns].astype(float)
    level = np.full((rows, columns), 30_000.0)
    if industry == "ndt":
        level -= 9_000 * np.exp(-(((row - rows / 2) / (rows / 7)) ** 2)) + 400 * np.sin(column / 9)
        for place in (0.3, 0.34, 0.71):
            level += 5_000 * np.exp(-(((row - rows * 0.52) / 3) ** 2 + ((column - columns * place) / 4) ** 2))
    else:
        for centre, width in ((0.3, 0.16), (0.7, 0.16), (0.5, 0.07)):
            level -= 12_000 * np.exp(
                -(((row - rows / 2) / (rows / 3)) ** 4 + ((column - columns * centre) / (columns * width)) ** 4)
            )
    noisy = level + np.random.default_rng(seed).normal(0, 250, level.shape)
    return Image(
        pixels=noisy[None].clip(0, 65535).astype(np.uint16), bits=16, meaning="raw", modality=modality,
        spacing=Spacing(0.1, 0.1, "detector") if industry != "security" else Spacing(), rises_with_dose=True,
        format="DICOM", subject_id="X", exam_uid="2.25.11", grey=GreyScale(is_inverse=industry == "medical"),
    )  # fmt: skip


def finding(number: int, label: str, box: list[float], by: dict[str, str] = SOFTWARE, **given: Any) -> dict[str, Any]:
    measured = {"length_mm": round(box[3] * 0.1, 2), "width_mm": round(box[2] * 0.1, 2), "cnr": 4.2 + number}
    return {
        "id": str(number), "code": "2011" if label == "porosity" else "", "label": label, "box": box, "plane": 0,
        "by": by, "score": 0.8 if by is SOFTWARE else None,
        "measurements": [{"name": key, "value": value} for key, value in measured.items()],
    } | given  # fmt: skip


def verdict(rule: str, outcome: str, status: str = "public-law", **given: Any) -> dict[str, Any]:
    return {
        "rule": rule, "outcome": outcome, "standard": "Arrêté du 24 mars 1978", "edition": "1978",
        "clause": "Annexe III, 12", "status": status, "limit": 3.0, "measured": 2.1, "margin": 0.9, "unit": "mm",
        "finding_ids": [], "reason": "", "action": "",
    } | given  # fmt: skip


def _image_entry(path: str, number: int, shown: Image, findings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "path": path, "sha256": f"{number:x}" * 64, "rows": shown.rows, "columns": shown.columns, "planes": 1,
        "plane_kind": "frame", "bits": 16, "format": "DICOM", "modality": shown.modality, "meaning": "raw", "view": "",
        "spacing_mm": shown.spacing.as_json(), "spacing_source": shown.spacing.source, "image_uid": f"2.25.{number}",
        "warnings": [], "findings": findings,
        "measurements": [
            {"name": "snr", "version": "1", "method": "median of lines (snr); all pixels (snr_region)", "inputs": {},
             "values": {"snr": 131.25, "snr_region": 129.0}, "uncertainties": {"snr": 1.37},
             "source": {"standard": "ISO 17636-2", "edition": "2022"}, "warnings": []},
            {"name": "snr_n", "version": "1", "method": "SNR scaled to 88.6 µm", "inputs": {},
             "values": {"snr_n": 116.3, "srb_um": 100.0}, "uncertainties": {"snr_n": 2.2}, "source": None,
             "warnings": []},
            {"name": "saturation", "version": "1", "method": "", "inputs": {}, "values": {}, "uncertainties": {},
             "source": None, "warnings": ["x"], "not_measurable": "the detector's highest value is not known"},
        ],
    }  # fmt: skip


def _weld() -> tuple[dict[str, Any], list[Image]]:
    images = [image(240, 640, "DX", seed, "ndt") for seed in (1, 2)]
    first = [
        finding(1, "porosity", [118, 186, 14, 14]),
        finding(2, "porosity", [118, 210, 14, 16]),
        finding(3, "lack-of-fusion", [108, 440, 8, 60], PERSON, note="Root side, seen in both exposures"),
    ]
    false_call = finding(4, "tungsten", [40, 300, 6, 6]) | {
        "dismissed": {"reason": "Scratch on the plate", "by": "person:1", "by_name": "Ada Lovelace",
                      "at": "2026-03-02T09:12:00Z"}}  # fmt: skip
    entries = [
        _image_entry("seam/W-4711_0-64.dcm", 1, images[0], [*first, false_call]),
        _image_entry("seam/W-4711_64-128.dcm", 2, images[1], [finding(5, "porosity", [118, 450, 14, 14])]),
    ]
    entries[0]["warnings"] = ["the exposure time is not in the file"]
    quality = [
        verdict("normalized SNR", "pass", standard="ISO 17636-2", edition="2013", clause="Table 3", limit=100.0,
                measured=116.3, margin=16.3, unit="", status="unverified"),
        verdict("thinnest wire seen", "fail", standard="ISO 17636-2", edition="2013", clause="Table B.3", limit=14.0,
                measured=13.0, margin=-1.0, unit="", status="unverified", reason="W13 is seen, W14 is asked for.",
                action="Re-shoot with 10 kV less and 1.6 times the exposure"),
        verdict("duplex pair", "not-judged", standard="ISO 17636-2", edition="2013", clause="Table B.14", limit=None,
                measured=None, margin=None, reason="no duplex wire on the image", status="unverified"),
    ]  # fmt: skip
    return {
        "subject": "W-4711", "exam_uid": "2.25.300000000000000000000000000000004711", "modality": "DX",
        "description": "Seam 12, segment 0–128 mm", "acquired_at": "2026-03-01T10:00:00",
        "machine": {"manufacturer": "Example", "model": "DR-1", "serial_number": "0042"},
        "technique": {"tube_voltage_kv": 160.0, "tube_current_ma": 4.5, "exposure_time_ms": 4000.0,
                      "source_detector_mm": 700.0, "focal_spot_mm": 0.4, "thickness_mm": 12.0, "material": "steel"},
        "images": entries,
        "verdicts": [
            verdict("single pore", "pass", finding_ids=["1", "2", "5"], limit=3.0, measured=1.6, margin=1.4),
            verdict("lack of fusion", "fail", finding_ids=["3"], limit=0.0, measured=6.0, margin=-6.0,
                    reason="Lack of fusion is not permitted at any length.", action="Repair and examine again",
                    clause="Annexe III, 11"),
            verdict("sum of lengths in 12 t", "pass", finding_ids=["1", "2"], limit=12.0, measured=3.0, margin=9.0),
        ],
        "quality": quality,
        "judgement": {"id": 1, "version": 1, "by": "person:1", "by_name": "Ada Lovelace", "at": "2026-03-02T09:15:00Z",
                      "reason": "Judged after a second look at both exposures.",
                      "pack": {"name": "french-arrete-1978", "title": "Arrêté du 24 mars 1978", "edition": "1978",
                               "status": "public-law"},
                      "conditions": {"thickness_mm": 12.0, "weld_length_mm": 128.0}, "quality_entries": {"wire": 13}},
        "decision_proposed": "reject", "decision_reason": "Not acceptable: lack of fusion.", "warnings": [],
    }, images  # fmt: skip


def _casting() -> tuple[dict[str, Any], list[Image]]:
    document, images = _weld()
    return document | {"subject": "C-77", "description": "Housing, zone A", "judgement": None}, images


def _bag() -> tuple[dict[str, Any], list[Image]]:
    shown = image(300, 420, "DX", 5, "security")
    found = [finding(1, "opacity", [100, 90, 90, 70]), finding(2, "fracture", [90, 260, 60, 90], PERSON)]
    found[1] |= {"label": "sharp", "code": "c"}
    for one in found:
        one["measurements"] = [{"name": "length_px", "value": one["box"][3]}]
    return {
        "subject": "BAG-0815", "exam_uid": "2.25.815", "modality": "DX", "description": "Cabin baggage",
        "acquired_at": "2026-03-01T06:41:12Z", "machine": {"model": "LINE-6040"},
        "technique": {"tube_voltage_kv": 160.0}, "images": [_image_entry("bag-0815.dcs", 7, shown, found)],
        "verdicts": [], "decision_proposed": "suspect", "decision_reason": "An opaque area hides what lies behind it.",
        "warnings": ["no scale: the belt speed is not in the file"],
    }, [shown]  # fmt: skip


def _chest() -> tuple[dict[str, Any], list[Image]]:
    shown = image(420, 420, "DX", 6, "medical")
    return {
        "subject": "P-1", "subject_name": "Doe^Jane", "exam_uid": "2.25.77", "modality": "DX",
        "description": "Chest, PA", "acquired_at": "2026-03-01T06:41:12Z", "machine": {"model": "DR-9"},
        "technique": {"tube_voltage_kv": 120.0, "exposure_mas": 2.1, "exposure_index": 320.0},
        "images": [_image_entry("chest.dcm", 8, shown, [finding(1, "nodule", [160, 250, 34, 34])])], "verdicts": [],
        "quality": [verdict("deviation index", "pass", standard="IEC 62494-1", edition="2008", clause="",
                            status="verified", limit=1.0, measured=0.4, margin=0.6, unit="")],
        "decision_proposed": "abnormal", "decision_reason": "A rounded opacity in the left lung.", "warnings": [],
    }, [shown]  # fmt: skip


EXAMS = {"weld-rt": _weld, "reader-sheet": _weld, "exam": _weld, "casting": _casting, "baggage-incident": _bag,
         "secondary-search": _bag, "radiology-preliminary": _chest, "image-quality": _weld,
         "calibration-certificate": _weld}  # fmt: skip
INDUSTRY = {"baggage-incident": "security", "secondary-search": "security", "radiology-preliminary": "medical"}
RECORDS: dict[str, dict[str, Any]] = {
    "weld-rt": {
        "test_body": "Example Inspection Ltd", "heat_treatment": "none", "welding_process": "135 (MAG)",
        "weld_geometry": "Butt joint, V, single-sided", "specification": "ISO 17636-2:2013",
        "technique_class": "Class B, single wall", "iqi": "10 FE EN, source side", "detector": "DDA DR-1, 100 µm",
        "tester": "Ada Lovelace, RT 2, no. 4711",
    },
    "casting": {"customer": "Foundry Example", "alloy": "AlSi7Mg", "casting_process": "Gravity die",
                "severity_permitted": "2", "severity_found": "3"},
    "reader-sheet": {"customer": "Yard 12", "reader": "Ada Lovelace, RT 2", "viewing": "20 000 cd/m², dimmed room",
                     "lines": [{"image": 1, "segment": "A–B", "position": "0–64", "iqi": "W13", "density": 2.61},
                               {"image": 2, "segment": "B–C", "position": "64–128", "iqi": "W14"}]},
    "baggage-incident": {
        "place": "Checkpoint 3", "occurred_at": "2026-03-01T06:42:00Z", "lane": "Lane 2, LINE-6040",
        "threat_category": "c · Blades and sharp objects", "alarm_by": "Operator 17",
        "disposition": "Bag held, police informed",
        "notified": [{"who": "Supervisor Meyer", "role": "Supervisor", "at": "2026-03-01T06:43:10Z"},
                     {"who": "Airport police", "role": "Police", "at": "2026-03-01T06:44:00Z"}],
        "taken": [{"action": "Belt stopped, bag isolated", "by": "Operator 17", "at": "2026-03-01T06:42:20Z"}],
    },
    "secondary-search": {
        "searched_at": "2026-03-01T06:50:00Z", "place": "Checkpoint 3, search room", "searched_by": "Officer 4",
        "witness": "Officer 9", "owner_present": True, "reason": "Machine alarm", "methods": "Hand search, trace swab",
        "trace_result": "negative", "alarm_resolved": True, "outcome": "Knife taken, bag released",
        "items_found": [{"item": "Kitchen knife, 18 cm", "category": "c", "amount": 1, "disposition": "confiscated"}],
    },
    "radiology-preliminary": {
        "referrer": "Dr Smith", "clinical_question": "Cough for three weeks. Pneumonia?",
        "comparison": "Chest PA of 2025-01-12.",
        "reading": "Rounded opacity of about 3 mm in the left middle field. Heart of normal size. No effusion.",
        "impression": "Solitary nodule on the left, new since 2025.", "recommendation": "CT within four weeks.",
        "communicated_to": "Dr Smith", "communicated_at": "2026-03-01T07:10:00Z", "read_back": True,
    },
    "image-quality": {
        "test_object": "Duplex wire gauge, step wedge", "procedure": "QA-07", "detector": "DR-1, 0042",
        "temperature": 22.5, "humidity": 41,
        "results": [
            {"quantity": "SRb", "planned": 100, "measured": 96.4, "uncertainty": 3.1, "unit": "µm", "outcome": "pass"},
            {"quantity": "Bad pixels", "planned": 12, "measured": 17, "unit": "1", "outcome": "fail"},
        ],
    },
    "calibration-certificate": {
        "certificate_number": "K-2026-031", "instrument": "Densitometer", "serial_number": "D-12", "procedure": "CAL-3",
        "calibrated_at": "2026-02-27", "temperature": 21.2, "humidity": 40, "pressure": 1012.5, "coverage_factor": 2,
        "uncertainty": "Expanded uncertainty, coverage probability about 95 %.",
        "traceability": "Step tablet traceable to the national standard.",
        "standards": [{"name": "Step tablet", "identification": "ST-5", "certificate": "PTB 1234",
                       "valid_until": "2027-05-01"}],
        "results": [{"quantity": "Density", "nominal": 1.0, "measured": 1.013, "deviation": 0.013, "uncertainty": 0.02},
                    {"quantity": "Density", "nominal": 3.0, "measured": 2.981, "deviation": -0.019,
                     "uncertainty": 0.03}],
    },
}  # fmt: skip


@functools.cache
def logo() -> bytes:
    """A logo as a site would upload it."""
    from PIL import Image as Picture

    out = io.BytesIO()
    Picture.new("RGB", (240, 80), (17, 99, 59)).save(out, "PNG")
    return out.getvalue()


@functools.cache
def sample(kind: str, code: str = "en") -> Report:
    """A rich report of one kind in one language: letterhead, amendment, priors, three places for signatures."""
    say = language(code)
    document, images = EXAMS[kind]()
    drawn = [pictures.for_paper(one, images[one.image_number - 1], say) for one in pictures.drawings(document, say)]
    decided = {"decision": document["decision_proposed"], "reason": document["decision_reason"], "by": "Ada Lovelace",
               "at": "2026-03-02T09:20:00Z"}  # fmt: skip
    signatures = [
        SignatureBlock(
            "Ada Lovelace",
            "Decided: Reject",
            "2026-03-02T12:00:00Z",
            "Ada Lovelace · SHA-256 0123456789abcdef",
            qualification="RT 2, ISO 9712, no. 4711, valid until 2028-04-30",
        ),
        SignatureBlock(slot="level-iii", name="Grace Hopper", qualification="RT 3, ISO 9712"),
        SignatureBlock(slot="witness"),
    ]
    site = Site("Example Inspection Ltd", ("1 Dock Road", "Liverpool L3 4AD"), logo(), "UKAS 0042", "Company 0123456")
    first = pictures.drawings(document, say)[0]
    compared = [pictures.beside(first, images[0], say)]
    compared += [pictures.beside(replace(first, marks=()), images[0], say, "2025-03-04")]
    return Report(
        INDUSTRIES[INDUSTRY.get(kind, "ndt")], [ExamPart(document, drawn, decided)], AT, signatures=signatures,
        template=kind, language=code, site=site, record=RECORDS.get(kind, {}), compared=compared, version=2,
        amendment=Amendment(1, "2026-03-01T16:00:00Z", "The weld number", "It was mistyped", "Ada Lovelace"),
    )  # fmt: skip


KINDS = tuple(kinds())
