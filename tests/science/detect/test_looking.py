"""Learned models on top of a plan: what they mark is numbered with the rest, and what fails is told, never silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import looking_models
import radiographs
from kerma.industries import INDUSTRIES
from kerma.science.analysis import Plan, Source, analyse, exam_document
from kerma.science.detect import learned, looking
from kerma.science.detect.looking import LearnedModel, look
from kerma.science.imaging.image import Image
from kerma.science.simulate import simulate

NDT, SECURITY = (INDUSTRIES[name].plan for name in ("ndt", "security"))


@pytest.fixture(scope="module")
def film() -> Image:
    return simulate("film-weld", 9001, size_px=512, flaws="porosity,crack", thickness_mm=10.0).image


def even() -> Image:
    return radiographs.image(np.full((1, 96, 128), 30_000, dtype=np.uint16))


def test_marks_of_a_model_are_numbered_with_the_others_and_say_by_what(film: Image) -> None:
    model = looking_models.shipped_model()
    alone = analyse([film], NDT)
    done = analyse([film], NDT, looks=[look([film], model)])
    findings = done.images[0].findings
    assert [one.id for one in findings] == [str(number) for number in range(1, len(findings) + 1)]
    every = [one for finding in findings for one in (finding, *finding.also)]
    marked = [one for one in every if one.by.name == "weld"]
    own = learned.find(film, learned.of("weld"))
    alike = [replace(one, id="", also=(), note="") for one in marked]
    assert sorted(alike, key=lambda one: one.box.as_json()) == sorted(
        (replace(one, id="") for one in own), key=lambda one: one.box.as_json()
    )
    assert len(every) == len(own) + len(alone.images[0].findings), "nothing is lost"
    assert len(findings) < len(every), "what both marked is one finding"
    assert {(one.by.version, one.by.model_sha256) for one in marked} == {("1.0.0", model.card["sha256"])}
    inputs = exam_document([film], [Source("f.tif", "0" * 64)], done)["analysis"]["models"]
    told = inputs["weld 1.0.0"]
    assert (told["sha256"], told["threshold"]) == (model.card["sha256"], model.card["thresholds"]["score"])
    assert not any("counts twice" in note for note in done.images[0].notes)


def test_a_higher_threshold_marks_less_and_is_told(film: Image) -> None:
    usual, strict = (look([film], looking_models.shipped_model(threshold=value)) for value in (None, 0.9))
    assert strict.inputs["threshold"] == 0.9
    kept = [one for one in usual.images[0].findings if (one.score or 0) >= 0.9]
    assert [one.box for one in strict.images[0].findings] == [one.box for one in kept]
    assert len(kept) < len(usual.images[0].findings)


def test_colour_and_cross_sections_are_passed_over_and_nothing_is_cleared(film: Image) -> None:
    colour = radiographs.image(np.zeros((1, 32, 32, 3), dtype=np.uint8))
    section = replace(even(), modality="CT")
    found = look([colour, section, film], looking_models.shipped_model())
    assert [bool(one.passed_over) for one in found.images] == [True, True, False]
    assert "colour" in found.images[0].passed_over
    assert "cross-sections" in found.images[1].passed_over
    done = analyse([section], SECURITY, looks=[look([section], looking_models.shipped_model())])
    assert any("weld 1.0.0 was not run" in one for one in done.inputs["unsearched"])


def broken(reason: str) -> LearnedModel:
    good = looking_models.shipped_model()
    return {
        "weights": replace(good, content=b"no network"),
        "no weights": replace(good, content=b""),
        "card": replace(good, card={"name": "weld", "version": "1.0.0"}),
    }[reason]


@pytest.mark.parametrize("reason", ["weights", "no weights", "card"])
def test_a_broken_model_is_told_and_takes_the_proposal_not_the_exam(reason: str) -> None:
    bag = radiographs.image(np.maximum(radiographs.bag()[0].pixels, 8_000))
    assert analyse([bag], SECURITY).decision_proposed == "clear"
    found = look([bag], broken(reason))
    assert not found.looked
    done = analyse([bag], SECURITY, looks=[found])
    assert done.decision_proposed == "none"
    assert "was not run" in done.decision_reason
    assert any("was not run" in note for note in done.images[0].notes)


def test_a_model_that_takes_too_long_or_runs_out_of_memory_is_told(
    film: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = look([film], looking_models.shipped_model(), limit_s=-1.0)
    assert "more than -1 s" in slow.images[0].passed_over

    def refuse(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(looking.learned.Network, "look", refuse)
    assert "not enough memory" in look([film], looking_models.shipped_model()).images[0].passed_over


def test_that_a_model_marked_nothing_clears_nothing_where_the_plan_did_not_look() -> None:
    plan = Plan((), (), None, "kerma_decisions/security")
    nothing = look([even()], looking_models.shipped_model())
    assert nothing.looked and not nothing.images[0].findings
    assert analyse([even()], plan, looks=[nothing]).decision_proposed == "none"
    weld = Plan((), (), "fr_arrete_1978/acceptance", "kerma_decisions/ndt")
    assert analyse([even()], weld, looks=[nothing], thickness_mm=10.0).decision_proposed == "none"


def test_a_suspended_guarantee_stands_in_the_warnings(film: Image) -> None:
    model = looking_models.shipped_model(suspended="since 2026-03-01: scores drifted")
    done = analyse([film], NDT, looks=[look([film], model)])
    assert "weld 1.0.0: its stated miss rate is not held here since 2026-03-01: scores drifted" in done.notes


def test_a_network_is_loaded_once_and_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(looking, "_READY", looking.OrderedDict())
    monkeypatch.setattr(looking.learned, "load", lambda content, card: loaded.append(card["name"]) or card["name"])
    cards = [looking_models.card_of() | {"name": f"m{number}"} for number in range(6)]
    for card in [*cards, cards[5], cards[0]]:
        looking.ready(LearnedModel(card, b""))
    assert loaded == ["m0", "m1", "m2", "m3", "m4", "m5", "m0"]
    assert len(looking._READY) == looking.MOST_READY
