from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import radiographs
from dual_energy_scans import scan
from kerma import formats
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES
from kerma.science.analysis import SiteRules, Source, analyse, exam_document
from kerma.science.detect import DETECTORS
from kerma.science.detect.declared import Declared
from kerma.science.imaging.image import Image, Spacing
from kerma.science.measure import MEASURES
from kerma.science.simulate import simulate
from kerma.science.simulate.weld import weld

UNGATED = SiteRules(picture_gate="off")
NDT, SECURITY, MEDICAL = (INDUSTRIES[name].plan for name in ("ndt", "security", "medical"))
TOP = {"subject", "exam_uid", "images", "verdicts", "quality", "quality_sheet", "decision_proposed", "subject_name",
       "modality", "acquired_at", "description", "machine", "technique", "decision_reason", "warnings"}  # fmt: skip
PER_IMAGE = {"path", "sha256", "rows", "columns", "bits", "spacing_mm", "spacing_source", "measurements", "findings",
             "planes", "format", "modality", "meaning", "view", "warnings"}  # fmt: skip


def _document(images: list[Image], plan: object, **options: object) -> dict:
    done = analyse(images, plan, **options)
    sources = [Source(f"film{number}.tif", f"{number:064x}") for number in range(len(images))]
    return json.loads(json.dumps(exam_document(images, sources, done), allow_nan=False))


@pytest.fixture(scope="module")
def bad_weld() -> Image:
    return weld(3, flaws="many").image


def test_a_weld_with_large_flaws_is_rejected_by_clause(bad_weld: Image) -> None:
    done = analyse([bad_weld], NDT)
    assert done.decision_proposed == "reject"
    failed = [verdict for verdict in done.verdicts if verdict.outcome == "fail"]
    known = {finding.id for finding in done.images[0].findings}
    for verdict in failed:
        assert verdict.source.clause and verdict.source.edition
        assert verdict.finding_ids and set(verdict.finding_ids) <= known
    assert done.inputs["thickness_mm"] == 10.0


def test_thicker_is_judged_milder_and_a_given_thickness_goes_before_the_stored_one(bad_weld: Image) -> None:
    def limit(thickness_mm: float) -> float:
        done = analyse([bad_weld], NDT, thickness_mm=thickness_mm)
        return next(verdict.limit for verdict in done.verdicts if verdict.rule == "single pore")

    assert limit(6.0) == pytest.approx(2.0)
    assert limit(6.0) < limit(12.0) < limit(30.0) == 6.0


def test_without_thickness_a_rule_is_not_judged_and_nothing_is_accepted() -> None:
    image, _ = radiographs.with_pores(4, contrast=9)
    plain = radiographs.image(image.pixels, spacing=Spacing(0.1, 0.1, "geometry"))
    done = analyse([plain], NDT, site=UNGATED)
    assert {verdict.outcome for verdict in done.verdicts} >= {"not-judged"}
    assert done.decision_proposed == "none"


def test_a_picture_that_shows_nothing_is_to_be_taken_again_unless_the_site_has_no_gate() -> None:
    empty = radiographs.flat(3)
    for plan, asked in ((NDT, "reshoot"), (SECURITY, "refer")):
        done = analyse([empty], plan)
        assert (done.decision_proposed, len(done.inputs["gate"])) == (asked, 1)
        assert done.inputs["gate"][0] in done.decision_reason
        assert any(note.startswith("do not read, take it again: ") for note in done.images[0].notes)
        assert analyse([empty], plan, site=UNGATED).inputs["gate"] == []
    assert analyse([empty], MEDICAL).inputs["gate"] == []


def test_windows_of_effective_numbers_alarm_where_the_site_has_set_them_and_else_say_why_not() -> None:
    water = scan(("water", 100.0, (100, 120, 80, 90)))
    site = SiteRules(number_windows="organic-bulk", picture_gate="off")
    done = analyse([water], SECURITY, site=site)
    assert [finding.label for finding in done.images[0].findings] == ["organic-bulk"]
    assert done.decision_proposed == "suspect" and "z_window" in done.inputs["detectors"]
    assert "z_window" not in analyse([water], SECURITY).inputs["detectors"]
    plain = analyse([radiographs.with_pores(1, contrast=0)[0]], SECURITY, site=site)
    assert plain.decision_proposed == "none"
    assert any(why.startswith("z_window was not run: not computed") for why in plain.inputs["unsearched"])


def test_findings_are_numbered_through_the_exam_as_picture_and_report_show_them() -> None:
    images = [radiographs.with_pores(seed, contrast=9)[0] for seed in (1, 2)]
    done = analyse(images, NDT)
    assert all(image.findings for image in done.images)
    ids = [finding.id for image in done.images for finding in image.findings]
    assert ids == [str(number) for number in range(1, len(ids) + 1)]


def test_a_bag_with_an_opaque_object_is_suspect_and_one_without_is_clear() -> None:
    opaque, _ = radiographs.bag()
    assert analyse([opaque], SECURITY).decision_proposed == "suspect"
    light = radiographs.image(np.maximum(opaque.pixels, 8_000))
    assert analyse([light], SECURITY).decision_proposed == "clear"


def test_a_medical_image_is_measured_and_never_called_normal() -> None:
    done = analyse([radiographs.flat(1, technique={"exposure_index": 400.0})], MEDICAL)
    assert done.decision_proposed not in ("normal", "clear", "accept")
    assert {measurement.name for measurement in done.images[0].measurements} == set(MEDICAL.measures)


def test_cross_sections_are_not_searched_and_the_document_says_so() -> None:
    document = _document([radiographs.flat(1, modality="CT", meaning="ct-number")], NDT, thickness_mm=10)
    image = document["images"][0]
    assert image["findings"] == [] and document["verdicts"] == []
    assert any("small_flaws was not run" in warning for warning in image["warnings"])
    assert any("were not applied" in warning for warning in document["warnings"])
    assert document["decision_proposed"] == "none"


def test_of_many_frames_the_middle_one_and_of_energies_each_is_measured() -> None:
    frames = radiographs.image(np.random.default_rng(1).poisson(900, (7, 64, 80)))
    energies = replace(frames, pixels=frames.pixels[:2], plane_kind="energy", plane_labels=("low", "high"))
    document = _document([frames, energies], SECURITY)
    planes = [
        [measured["inputs"]["plane"] for measured in image["measurements"] if measured["name"] == "statistics"]
        for image in document["images"]
    ]
    assert planes == [[3], [0, 1]]
    assert any("of 7 frames only the middle one" in warning for warning in document["images"][0]["warnings"])


def test_a_colour_image_is_passed_over_with_a_note() -> None:
    document = _document([radiographs.image(np.zeros((1, 9, 9, 3), np.uint8), bits=8)], MEDICAL)
    assert document["images"][0]["measurements"] == []
    assert any("colour" in warning for warning in document["images"][0]["warnings"])


def test_sizes_say_where_their_millimetres_are() -> None:
    image, _ = radiographs.with_pores(4, contrast=9)
    at_detector = radiographs.image(image.pixels, spacing=Spacing(0.1, 0.1, "detector"))
    assert any("at the detector" in warning for warning in _document([at_detector], NDT)["images"][0]["warnings"])
    assert any("in pixels" in warning for warning in _document([image], NDT)["images"][0]["warnings"])
    unknown = radiographs.image(image.pixels, rises_with_dose=None)
    assert any("by shape only" in warning for warning in _document([unknown], NDT)["images"][0]["warnings"])


def test_the_document_has_every_promised_key_and_says_what_made_it(bad_weld: Image) -> None:
    document = _document([bad_weld, radiographs.flat(2, subject_id="other")], NDT)
    assert document.keys() >= TOP
    for number, image in enumerate(document["images"]):
        assert image.keys() >= PER_IMAGE
        assert (image["path"], image["sha256"]) == (f"film{number}.tif", f"{number:064x}")
    assert document["analysis"]["detectors"] == {"small_flaws": DETECTORS["small_flaws"].load().VERSION}
    assert document["technique"]["thickness_mm"] == 10.0
    found = [finding["id"] for image in document["images"] for finding in image["findings"]]
    assert sorted(number for one in document["dispositions"] for number in one["finding_ids"]) == sorted(found)
    assert all(one["decides"] and one["deadline_minutes"] > 0 for one in document["dispositions"])
    assert all(verdict["action"] for verdict in document["verdicts"] if verdict["outcome"] == "fail")


def test_an_exam_without_images_has_a_document() -> None:
    document = _document([], MEDICAL)
    assert document["images"] == [] and document["decision_proposed"] == "none"


def test_the_same_images_give_the_same_document(bad_weld: Image) -> None:
    assert _document([bad_weld], NDT) == _document([bad_weld], NDT)


def test_images_and_sources_must_agree_in_number() -> None:
    with pytest.raises(ValueError, match="zip"):
        exam_document([radiographs.flat(1)], [], analyse([radiographs.flat(1)], MEDICAL))


@pytest.mark.parametrize("thickness_mm", [0.0, -3.0, float("nan")])
def test_a_thickness_that_is_none_is_refused(thickness_mm: float) -> None:
    with pytest.raises(WrongUsage, match="thickness"):
        analyse([radiographs.flat(1)], NDT, thickness_mm=thickness_mm)


@pytest.mark.parametrize("plan", [NDT, SECURITY, MEDICAL], ids=["ndt", "security", "medical"])
def test_every_name_of_a_plan_is_registered(plan: object) -> None:
    assert set(plan.measures) <= set(MEASURES) and set(plan.detectors) <= set(DETECTORS)


def test_a_real_head_scan_is_analysed_without_a_finding() -> None:
    files = sorted(radiographs.real("ct_ge").glob("*.dcm"))[:6]
    images = [formats.read(file.read_bytes(), file.name) for file in files]
    document = _document(images, NDT)
    assert len(document["images"]) == 6
    assert all(not image["findings"] and image["measurements"] for image in document["images"])


def _good_weld(**technique: object) -> Image:
    """Return a weld without large flaws, whose wire indicator can be read."""
    image = weld(7, flaws="few").image
    kept = {key: value for key, value in (image.technique | technique).items() if value is not None}
    return replace(image, technique=kept)


def test_a_weld_is_accepted_only_where_its_wire_is_seen() -> None:
    done = analyse([_good_weld()], NDT)
    wire = next(verdict for verdict in done.quality.verdicts if verdict.rule == "wire seen")
    assert (wire.outcome, wire.source.status, wire.source.table) == (
        "pass", "public-law", "fr_arrete_1978/image_quality",
    )  # fmt: skip
    assert wire.limit == 0.16 and wire.measured is not None and wire.measured <= 0.16
    assert done.decision_proposed == "accept"
    unread = analyse([_good_weld(wire_region=None)], NDT)
    assert unread.decision_proposed == "none"
    assert "wire seen" in unread.decision_reason and "Image quality" in unread.decision_reason
    unplanned = analyse([_good_weld(thickness_mm=None)], NDT)
    assert unplanned.decision_proposed == "none"


def test_a_persons_reading_stands_in_the_technique_and_goes_before_the_measurement() -> None:
    too_thick = analyse([_good_weld(read_wire=13)], NDT)
    assert too_thick.decision_proposed == "reshoot"
    failed = next(verdict for verdict in too_thick.quality.verdicts if verdict.outcome == "fail")
    assert failed.measured == 0.2
    assert "entered by a person" in failed.reason
    assert "0.16 mm must be seen" in failed.action
    seen = analyse([_good_weld(read_wire=14, wire_region=None)], NDT)
    assert seen.decision_proposed == "accept"


def test_a_gauge_region_that_makes_no_sense_is_told_and_accepts_nothing() -> None:
    for region in ("0,0,99999,99999", "somewhere", "5,5,1,1"):
        done = analyse([_good_weld(wire_region=region)], NDT)
        assert done.decision_proposed == "none"
        assert any(one.name == "wire_iqi" for one in done.images[0].measurements)


def test_by_iso_17636_the_sheet_stands_in_the_document_and_nothing_is_accepted_unconfirmed() -> None:
    told = {"testing_class": "B", "read_wire": 15, "read_duplex": 11, "read_snr_n": 150, "object_detector_mm": 12.0}
    document = _document([_good_weld(**told)], NDT)
    sheet = document["quality_sheet"]
    assert sheet["standard"] == "iso"
    assert {"normalized SNR", "source-to-object distance f"} <= {line["line"] for line in sheet["lines"]}
    assert {verdict["outcome"] for verdict in document["quality"]} == {"pass"}
    assert document["decision_proposed"] == "none"
    assert "not yet verified" in document["decision_reason"]


def test_of_several_images_the_poorest_quality_counts_and_names_its_image() -> None:
    done = analyse([_good_weld(), _good_weld(read_wire=12)], NDT)
    wire = next(verdict for verdict in done.quality.verdicts if verdict.rule == "wire seen")
    assert wire.outcome == "fail"
    assert wire.reason.startswith("Image 2:")
    assert done.decision_proposed == "reshoot"


def _harmless_bag(frames: int = 1) -> Image:
    opaque, _ = radiographs.bag()
    light = np.maximum(opaque.pixels, 8_000)
    return radiographs.image(np.repeat(light, frames, axis=0))


def _colour() -> Image:
    return radiographs.image(np.zeros((1, 64, 64, 3), np.uint8), bits=8)


@pytest.mark.parametrize(
    ("images", "unread", "word"),
    [
        ([_harmless_bag()], ("view 2 could not be read: it is cut short",), "cut short"),
        ([_harmless_bag(), _colour()], (), "colour"),
        ([_harmless_bag(frames=5)], (), "of 5 frames only the middle one"),
        ([_harmless_bag(), replace(_harmless_bag(), modality="CT")], (), "opacity"),
    ],
    ids=["unread", "colour", "frames", "cross-section"],
)
def test_an_exam_searched_only_in_part_is_never_proposed_clear(
    images: list[Image], unread: tuple[str, ...], word: str
) -> None:
    assert analyse([_harmless_bag()], SECURITY).decision_proposed == "clear"
    done = analyse(images, SECURITY, unread=unread)
    assert done.decision_proposed == "none"
    assert word in done.decision_reason


def test_an_exam_searched_only_in_part_is_never_proposed_accept_but_still_rejected(bad_weld: Image) -> None:
    good = _good_weld()
    assert analyse([good], NDT).decision_proposed == "accept"
    missing = ("film 2 could not be read",)
    assert analyse([good], NDT, unread=missing).decision_proposed == "none"
    assert analyse([bad_weld], NDT, unread=missing).decision_proposed == "reject"


def test_a_scan_that_says_it_is_the_test_object_is_scored_and_the_machine_judged() -> None:
    image = simulate("test-object-ctp", 1).image
    good = analyse([image], SECURITY)
    machine = good.quality.verdicts[-1]
    assert (machine.rule, machine.outcome) == ("machine fit for service", "pass")
    assert len(good.quality.verdicts) == 7
    # A dark offset that hides what lies behind the thick steps.
    failed = analyse([replace(image, pixels=np.maximum(image.pixels, 5_000))], SECURITY)
    assert failed.quality.verdicts[-1].outcome == "fail"
    assert failed.decision_proposed == "refer"
    assert "out of service" in failed.quality.verdicts[-1].action.lower()
    assert analyse([_harmless_bag()], SECURITY).quality.verdicts == ()


def _load(declared: Declared, *images: Image) -> dict:
    return _document(list(images), replace(SECURITY, declared=declared), site=UNGATED)


def test_a_load_that_is_what_was_declared_is_told_with_every_figure() -> None:
    plate = scan(("aluminium", 30.0, (80, 80, 120, 160)))
    agreeing = _load(Declared(("aluminium",), 60.0), plate)
    assert agreeing["decision_proposed"] == "clear"
    assert "manifest" in agreeing["analysis"]["detectors"] and agreeing["analysis"]["unchecked"] == []
    (image,) = agreeing["images"]
    assert {one["quantity"]: one["answer"] for one in image["declared"]} == dict.fromkeys(
        ("density_g_cm3", "z_effective", "variation"), "agrees"
    )
    assert agreeing["analysis"]["declared"] == {"goods": ["aluminium"], "depth_mm": 60.0, "end_point_mev": None}


def test_a_load_that_contradicts_is_suspect_with_the_words_of_each_figure() -> None:
    document = _load(Declared(("textiles",), 60.0), scan(("aluminium", 30.0, (80, 80, 120, 160))))
    assert document["decision_proposed"] == "suspect"
    found = {one["code"]: one for one in document["images"][0]["findings"]}
    assert found["z_effective"]["label"] == "heavier-matter-than-declared"
    assert "declared goods have 5 to 9" in found["z_effective"]["note"]
    assert "cannot-be-told" not in {one["label"] for one in found.values()}


@pytest.mark.parametrize(
    ("declared", "image", "why"),
    [
        (Declared(("aluminium",)), scan(("aluminium", 30.0, (80, 80, 120, 160))), "the depth of the load is not given"),
        (Declared(("aluminium",), 60.0), scan(), "nothing is loaded"),
        (Declared(("paper",), 60.0), radiographs.flat(1, meaning="raw", rises_with_dose=True), "manifest was not run"),
    ],
)
def test_a_declaration_that_cannot_be_checked_is_a_note_and_nothing_is_proposed_clear(
    declared: Declared, image: Image, why: str
) -> None:
    assert _document([image], SECURITY, site=UNGATED)["decision_proposed"] == "clear"
    document = _load(declared, image)
    assert document["decision_proposed"] == "none"
    assert "declaration could not be checked" in document["decision_reason"] and why in document["decision_reason"]
    assert any(why in note for note in document["images"][0]["warnings"])
    assert document["images"][0]["findings"] == []


def test_one_view_that_tells_all_does_not_speak_for_another_that_tells_nothing() -> None:
    plate = scan(("aluminium", 30.0, (80, 80, 120, 160)))
    shown = replace(plate, meaning="for-presentation")
    document = _load(Declared(("aluminium",), 60.0), plate, shown)
    assert document["decision_proposed"] == "none" and "not a picture for showing" in document["decision_reason"]
    colour = replace(plate, pixels=np.zeros((1, 64, 64, 3), np.uint8), bits=8, plane_kind="frame", plane_labels=())
    assert _load(Declared(("aluminium",), 60.0), plate, colour)["analysis"]["unchecked"]


def test_a_declaration_of_an_exam_without_images_or_with_unreadable_ones_is_unchecked() -> None:
    declared = replace(SECURITY, declared=Declared(("aluminium",), 60.0))
    assert _document([], declared)["analysis"]["unchecked"] == ["there is no image to hold it against"]
    unread = _document([], declared, unread=["image 1 was not analysed"])
    assert unread["analysis"]["unchecked"] == ["image 1 was not analysed"]
    assert unread["decision_proposed"] == "none"
