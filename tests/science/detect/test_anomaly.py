"""Anomaly models: what good pictures do not show is found where it is, at the promised rate; bad files are refused."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest

import good_parts
from kerma.errors import Altered, Unreadable, WrongUsage
from kerma.science.detect import anomaly, anomaly_bank, anomaly_places
from kerma.science.detect.anomaly_features import CHANNELS, FOLDER, backbone, backbone_card, features
from kerma.science.detect.anomaly_scores import Shares, threshold_of
from kerma.science.detect.learned import load
from kerma.science.imaging.image import Image, Spacing

ALL = np.arange(sum(CHANNELS))
GOOD = 12


def _digests(count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


@functools.cache
def _plates() -> tuple[Image, ...]:
    return tuple(good_parts.good(GOOD))


@functools.cache
def _aligned() -> bytes:
    return anomaly.teach(_plates(), _digests(GOOD), anomaly.Asked("plate"))


def _lane(seed: int, *, blob: tuple[float, float] | None = None) -> Image:
    """Return goods of round lumps at random places; ``blob`` is a bar that no lump looks like."""
    import cv2

    random = np.random.default_rng(seed)
    row, column = np.mgrid[:192, :224].astype(float)
    thick = np.zeros(row.shape)
    for _ in range(25):
        at, radius = random.uniform(0, 224, 2), random.uniform(10, 16)
        thick += 4 * good_parts.soft(radius - np.hypot(row - at[0], column - at[1]), 6.0)
    if blob is not None:
        inside = np.minimum(3 - np.abs(row - blob[0]), 30 - np.abs(column - blob[1]))
        thick += 25 * good_parts.soft(inside)
    passed = cv2.GaussianBlur(np.exp(-0.05 * thick), (0, 0), 0.8)
    stored = np.rint(random.poisson(30_000 * passed)).astype(np.uint16)
    return Image(stored[None], bits=16, meaning="raw", rises_with_dose=True, spacing=Spacing())


@functools.cache
def _anywhere() -> bytes:
    return anomaly.teach([_lane(seed) for seed in range(GOOD)], _digests(GOOD), anomaly.Asked("lane", "anywhere"))


def test_layers_are_those_that_ship_and_move_with_the_picture() -> None:
    assert hashlib.sha256((FOLDER / "backbone.onnx").read_bytes()).hexdigest() == backbone_card()["sha256"]
    assert "Apache" in (FOLDER / "LICENSE.txt").read_text()
    # A network of convolutions answers the same 16 pixels further on: exactly, away from the edge.
    grey = np.random.default_rng(1).normal(size=(448, 448)).astype(np.float32)
    here = features(backbone(), grey, (-3.0, 3.0), ALL)
    there = features(backbone(), np.roll(grey, (16, 32), (0, 1)), (-3.0, 3.0), ALL)
    assert here.shape == (56, 56, 176)
    np.testing.assert_allclose(here[24:30, 24:28], there[26:32, 28:32], atol=2e-3)
    chosen = np.array([3, 30, 170])
    np.testing.assert_allclose(features(backbone(), grey, (-3.0, 3.0), chosen), here[..., chosen], atol=1e-4)


def test_distances_of_places_are_mahalanobis_distances() -> None:
    random = np.random.default_rng(2)
    one = random.normal(size=(40, 1, 1, 5)).astype(np.float32) @ random.normal(size=(5, 5)).astype(np.float32)
    taught = anomaly_places.learn(np.tile(one, (1, 3, 3, 1)))  # alike at all places: pooling changes nothing
    probe = (random.normal(size=(3, 3, 5)) * 3).astype(np.float32)
    away = probe - one.mean(axis=0)
    expected = np.sqrt((away @ np.linalg.inv(np.cov(one[:, 0, 0].T)) * away).sum(axis=2) / 5)
    np.testing.assert_allclose(taught.distances(probe), expected, rtol=5e-3)
    # Over the parts that taught it, the mean square is 1 by the meaning of a covariance.
    squares = [float((taught.distances(np.tile(each, (3, 3, 1))) ** 2).mean()) for each in one[:, 0, 0]]
    assert sum(squares) / 39 == pytest.approx(1.0, rel=1e-2)


def test_the_bank_covers_what_it_was_chosen_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anomaly_bank, "BANK", 150)
    random = np.random.default_rng(3)
    answers = [random.normal(size=(12, 10, 30)).astype(np.float32) for _ in range(15)]
    bank = anomaly_bank.learn(answers, seed=1)
    flat = anomaly_bank.projected(
        np.concatenate([one.reshape(-1, 30) for one in answers]), bank.directions, bank.offset
    )
    own = bank.entries.astype(np.float32)
    each = np.sqrt(((flat[:, None] - own[None]) ** 2).sum(axis=2)).min(axis=1)
    found = np.concatenate([bank.distances(one).ravel() for one in answers])
    np.testing.assert_allclose(found, each, atol=2e-2)
    # Taken one by one, each the furthest: nothing is left further away than any two entries are apart.
    between = np.sqrt(((own[:, None] - own[None]) ** 2).sum(axis=2)) + 1e9 * np.eye(len(own))
    assert each.max() <= between.min() + 1e-2


def test_shares_rise_and_come_back_and_keep_the_promised_rate() -> None:
    shares = Shares(tuple(np.sort(np.random.default_rng(4).gamma(3.0, size=19)).tolist()))
    grid = np.linspace(0.0, 3 * shares.highest[-1], 400)
    told = [shares.of(float(one)) for one in grid]
    assert told[0] == 0 and told[-1] < 1 and all(np.diff(told) >= 0)
    assert [shares.distance(shares.of(float(one))) for one in grid[1::20]] == pytest.approx(grid[1::20].tolist())
    # Conformal: over many models and further pictures the alarms come at the promised rate.
    alarms = []
    for seed in range(4000):
        drawn = np.random.default_rng(seed).gamma(3.0, size=20)
        share = threshold_of(19, 0.1)
        alarms.append(Shares(tuple(sorted(drawn[:19].tolist()))).of(float(drawn[19])) >= share)
    assert np.mean(alarms) == pytest.approx(0.1, abs=0.015)
    with pytest.raises(WrongUsage, match=r"19 or more for 0\.05"):
        threshold_of(10, 0.05)


def test_what_good_plates_do_not_show_is_found_where_it_lies() -> None:
    model = anomaly.load(_aligned())
    assert model.card["trained"]["images"] == GOOD
    rate = [model.look(one).score for one in good_parts.good(8, first_seed=3000)]
    assert sum(score >= model.operating_point for score in rate) <= 3
    seen = model.look(good_parts.part(9, shift_px=(4.0, -5.0), extra=(150.0, 100.0, 6.0, 3.0)))
    first = seen.findings[0]
    assert seen.score == first.score > max(rate)
    assert first.box.row + first.box.height / 2 == pytest.approx(154, abs=8)
    assert first.box.column + first.box.width / 2 == pytest.approx(95, abs=8)
    assert first.label == "anomaly" and len(first.polygon) > 3 and first.by.model_sha256 == model.card["sha256"]
    every = model.look(good_parts.part(9), threshold=0.0).findings
    assert 5 < len(every) <= 100 and min(one.measurements["distance"] for one in every) > 0
    assert [one.score for one in every] == sorted((one.score for one in every), reverse=True)
    shown = model.look(good_parts.part(9, shift_px=(4.0, -5.0), extra=(150.0, 100.0, 6.0, 3.0)), threshold=0.0).findings
    assert shown[: len(seen.findings)] == seen.findings  # the same outlines, whatever is asked for
    heat, scale = model.heat(good_parts.part(9, shift_px=(4.0, -5.0), extra=(150.0, 100.0, 6.0, 3.0)))
    assert scale == 1.0
    assert heat.shape == (good_parts.ROWS, good_parts.COLUMNS)
    assert np.hypot(*(np.array(np.unravel_index(heat.argmax(), heat.shape)) - (154, 95))) < 12
    missing = model.look(good_parts.part(10, without=(3,))).findings[0]
    assert missing.box.row < 180 < missing.box.row + missing.box.height


def test_what_usual_goods_do_not_show_is_found_anywhere() -> None:
    model = anomaly.load(_anywhere())
    usual = [model.look(_lane(seed)).score or 0.0 for seed in range(100, 108)]
    seen = model.look(_lane(200, blob=(90.0, 120.0)))
    assert (seen.score or 0.0) > max(usual)
    box = seen.findings[0].box
    assert box.row < 90 < box.row + box.height and box.column < 120 < box.column + box.width


def test_teaching_is_repeatable_and_goes_through_its_file() -> None:
    assert anomaly.teach(_plates(), _digests(GOOD), anomaly.Asked("plate")) == _aligned()
    picture = good_parts.part(9, extra=(150.0, 100.0, 6.0, 3.0))
    one, other = anomaly.load(_aligned()), load(_aligned(), anomaly.load(_aligned()).card)
    assert one.look(picture) == other.look(picture) == one.look(picture)
    with pytest.raises(Altered, match="SHA-256"):
        anomaly.load(_aligned(), {**one.card, "sha256": "0" * 64})


@pytest.mark.parametrize(
    ("images", "digests", "asked", "words"),
    [
        (slice(0, 9), 9, anomaly.Asked("plate"), "10 to 100"),
        (slice(0, 12), 11, anomaly.Asked("plate"), "given twice"),
        (slice(0, 12), 12, anomaly.Asked("plate", false_alarm_rate=0.01), "99 or more"),
        (slice(0, 12), 12, anomaly.Asked("plate", false_alarm_rate=1.0), "below 1"),
        (slice(0, 12), 12, anomaly.Asked("plate", "sideways"), "aligned and anywhere"),
        (slice(0, 12), 12, anomaly.Asked("plate", plane=1), "plane 1 does not exist"),
    ],
)
def test_what_cannot_be_taught_is_refused(images: slice, digests: int, asked: anomaly.Asked, words: str) -> None:
    given = _plates()[images]
    told = (_digests(digests) * 2)[: len(given)]
    with pytest.raises(WrongUsage, match=words):
        anomaly.teach(given, told, asked)


def test_another_set_up_is_refused_and_not_passed() -> None:
    model = anomaly.load(_aligned())
    whole = good_parts.part(1)
    with pytest.raises(WrongUsage, match="one set-up"):
        model.look(Image(whole.pixels[:, :200], 16, meaning="raw", rises_with_dose=True, spacing=whole.spacing))
    with pytest.raises(WrongUsage, match="pixels of the picture"):
        model.look(Image(whole.pixels, 16, meaning="raw", rises_with_dose=True, spacing=Spacing(0.3, 0.3, "geometry")))
    with pytest.raises(WrongUsage, match="against the reference"):
        model.look(Image(np.roll(whole.pixels, 130, 2), 16, meaning="raw", rises_with_dose=True, spacing=whole.spacing))


def _changed(**changes: object) -> bytes:
    """Return the file of the aligned model with some arrays replaced, or left out where None."""
    with np.load(io.BytesIO(_aligned())) as arrays:
        kept = {name: arrays[name] for name in arrays.files} | changes
    out = io.BytesIO()
    np.savez(out, **{name: value for name, value in kept.items() if value is not None})
    return out.getvalue()


def _document(**changes: object) -> np.ndarray:
    with np.load(io.BytesIO(_aligned())) as arrays:
        document = json.loads(arrays["document"].tobytes()) | changes
    return np.frombuffer(json.dumps(document).encode(), np.uint8)


def _lying_header() -> bytes:
    """Return a file in which a small array claims to be of 64 GiB."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_aligned())) as archive, zipfile.ZipFile(out, "w") as made:
        for entry in archive.infolist():
            data = archive.read(entry)
            if entry.filename == "means.npy":
                stream = io.BytesIO()
                np.lib.format.write_array_header_1_0(
                    stream, {"descr": "<f2", "fortran_order": False, "shape": (1 << 15, 1 << 15, 40)}
                )
                data = stream.getvalue() + b"\0\0"
            made.writestr(entry.filename, data)
    return out.getvalue()


HOSTILE = {
    "no zip": lambda: b"nothing",
    "empty": lambda: b"",
    "cut off": lambda: _aligned()[: len(_aligned()) // 2],
    "an array is missing": lambda: _changed(factors=None),
    "an array too many": lambda: _changed(entries=np.zeros(3)),
    "objects": lambda: _changed(means=np.array([{}], dtype=object)),
    "not a number": lambda: _changed(means=np.full((30, 35, 40), np.nan, np.float16)),
    "another shape": lambda: _changed(means=np.zeros((30, 34, 40), np.float16)),
    "another kind of number": lambda: _changed(means=np.zeros((30, 35, 40), np.float32)),
    "channels beyond": lambda: _changed(chosen=np.arange(400, 440, dtype=np.int32)),
    "another kind of model": lambda: _changed(document=_document(how="anywhere")),
    "another format": lambda: _changed(document=_document(format="kerma-anomaly-9")),
    "other layers": lambda: _changed(document=_document(backbone_sha256="0" * 64)),
    "no card": lambda: _changed(document=_document(card=[])),
    "a card without a score": lambda: _changed(
        document=_document(card={"name": "a", "version": "1", "labels": ["anomaly"]})
    ),
    "no distances": lambda: _changed(document=_document(highest=[])),
    "distances out of order": lambda: _changed(document=_document(highest=[2.0, 1.0])),
    "no range": lambda: _changed(document=_document(limits=[1, 1])),
    "no JSON": lambda: _changed(document=np.frombuffer(b"{", np.uint8)),
    "a lying header": _lying_header,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_in_words(what: str) -> None:
    with pytest.raises(Unreadable, match="no anomaly model"):
        anomaly.load(HOSTILE[what]())
