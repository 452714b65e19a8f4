"""Networks of strangers are tried and run apart: those that hang, eat memory, crash or waver are refused."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.onnx_files import BOOL, FLOAT, INT64, Node, card_for, field, graph, mean_classifier, model, tensor

from kerma.areas.flagging.trial import USUAL, IsolatedNetwork, Trial, is_brought, try_network
from kerma.errors import NotFound, TooLarge, Unreadable, WrongUsage
from kerma.science.detect import explaining, learned
from kerma.science.imaging.image import Image
from kerma.science.results import Box
from kerma.science.simulate import simulate

OUTPUT = {"scores": "logits", "activation": "sigmoid"}
FOUND = {"id": "a", "code": "", "label": "thing", "box": [0, 0, 5, 5], "score": 0.9, "measurements": []}
SMALL = replace(USUAL, memory_bytes=256 << 20)


def tried(nodes: list[Node], tensors: dict[str, Any], **more: Any) -> Trial:
    content = model(nodes, [1, 1, 8, 8], {"logit": [1]}, tensors, **more)
    return try_network(content, card_for(content, "classifier", output=OUTPUT), SMALL)


def hanging() -> tuple[bytes, dict[str, Any]]:
    """A network that counts to 10^15 before it answers."""
    body = graph(
        [Node("Identity", ["go"], ["still"]), Node("Add", ["total", "total"], ["next"])],
        {"turn": INT64, "go": BOOL, "total": FLOAT}, {"still": BOOL, "next": FLOAT},
    )  # fmt: skip
    nodes = [
        Node("ReduceMean", ["x"], ["mean"], {"axes": [0, 1, 2, 3], "keepdims": 0}),
        Node("Loop", ["turns", "", "mean"], ["end"], {"body": body}),
        Node("Reshape", ["end", "one"], ["logit"]),
    ]
    numbers = {"turns": np.array(10**15), "one": np.array([1])}
    content = model(nodes, [1, 1, 8, 8], {"logit": [1]}, numbers)
    return content, card_for(content, "classifier", output=OUTPUT)


def test_an_honest_network_is_measured_and_answers_apart_as_it_does_here() -> None:
    content, card = mean_classifier()
    trial = try_network(content, card)
    assert (trial.is_accepted, trial.reason, trial.kind) == (True, "", "classifier")
    assert trial.is_deterministic
    assert trial.takes == ("x: tensor(float) [1, 1, 8, 8]",)
    assert trial.cpu_ms_per_tile is not None and 0 < trial.cpu_ms_per_tile < 1000
    assert trial.peak_memory_mib is not None and trial.peak_memory_mib > 20
    image = Image(np.random.default_rng(1).integers(0, 65536, (1, 90, 70)).astype(np.uint16), 16)
    with IsolatedNetwork(content, card) as apart:
        assert apart.look(image) == learned.load(content, card).look(image)
        assert apart.find(image, threshold=0.0)[0].by.model_sha256 == card["sha256"]
        assert apart.find(image, threshold=1.0) == ()


def test_a_network_that_hangs_is_stopped() -> None:
    content, card = hanging()
    trial = try_network(content, card, replace(SMALL, try_s=2.0))
    assert not trial.is_accepted
    assert "took longer than 2 s" in trial.reason
    assert trial.takes and trial.cpu_ms_per_tile is None


def test_a_network_that_eats_memory_is_refused() -> None:
    trial = tried(
        [
            Node("Expand", ["x", "far"], ["huge"]),
            Node("ReduceMean", ["huge"], ["mean"], {"axes": [1, 2, 3], "keepdims": 0}),
            Node("Identity", ["mean"], ["logit"]),
        ],
        {"far": np.array([1, 4_000_000, 8, 8])},
    )
    assert not trial.is_accepted
    assert "memory" in trial.reason


def test_a_network_that_draws_lots_is_refused() -> None:
    trial = tried(
        [
            Node("ReduceMean", ["x"], ["mean"], {"axes": [1, 2, 3], "keepdims": 0}),
            Node("RandomNormalLike", ["mean"], ["logit"]),
        ],
        {},
    )
    assert not trial.is_accepted
    assert trial.is_deterministic is False
    assert "different answers" in trial.reason


def test_other_files_operators_of_its_own_and_what_is_no_network_are_refused_before_anything_runs() -> None:
    elsewhere = tensor("bias", np.array([1.0]), more=field(13, field(1, "location") + field(2, "/etc/passwd")))
    nodes = [
        Node("ReduceMean", ["x"], ["mean"], {"axes": [1, 2, 3], "keepdims": 0}),
        Node("Add", ["mean", "bias"], ["logit"]),
    ]
    assert "in another file" in tried(nodes, {}, raw_tensors=[elsewhere]).reason
    own = [Node("Anything", ["x"], ["logit"], domain="com.example")]
    assert "operators of 'com.example'" in tried(own, {}, domains=["com.example"]).reason
    content, card = mean_classifier()
    for damaged in (b"", b"PK\x03\x04 no network", content[: len(content) // 2]):
        trial = try_network(damaged, card_for(damaged, "classifier", output=OUTPUT), SMALL)
        assert not trial.is_accepted
        assert "no network that can be run" in trial.reason
    assert "SHA-256" in try_network(content + b"\0", card, SMALL).reason


def test_a_card_that_promises_something_else_is_refused_in_words() -> None:
    content, card = mean_classifier()
    wider = card | {"input": {"channels": 1, "rows": 16, "columns": 16}}
    assert "takes [1, 1, 8, 8]; the card says NCHW [1, 1, 16, 16]" in try_network(content, wider, SMALL).reason
    two = card | {"output": OUTPUT | {"classes": ["thing", "other"]}}
    assert "2 output.classes" in try_network(content, two, SMALL).reason


def test_a_process_that_is_killed_is_told_and_replaced() -> None:
    content, card = mean_classifier()
    image = Image(np.zeros((1, 20, 20), np.uint8), 8)
    with IsolatedNetwork(content, card, SMALL) as apart:
        before = apart.look(image)
        child = apart._child
        assert child is not None
        for how, words, kind in ((signal.SIGSEGV, "crashed", Unreadable), (signal.SIGKILL, "memory", TooLarge)):
            child = apart._child
            assert child is not None
            os.kill(child._process.pid, how)
            child._process.wait(5)
            with pytest.raises(kind, match=words):
                apart.look(image)
            assert apart.look(image) == before


@pytest.mark.parametrize(
    "answer",
    [
        {"findings": [], "score": 7},
        {"findings": []},
        {"findings": 3, "score": None},
        {"findings": [FOUND | {"label": "not in the card"}], "score": None},
        {"findings": [FOUND | {"box": [0, 0, float("inf"), 1]}], "score": None},
        {"findings": [FOUND | {"score": "high"}], "score": None},
        {"findings": [FOUND | {"polygon": [[1]]}], "score": None},
    ],
)
def test_a_process_that_was_taken_over_is_believed_no_nonsense(
    answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    content, card = mean_classifier()
    network = IsolatedNetwork(content, card)
    told = {"findings": [FOUND], "score": 0.5}
    monkeypatch.setattr(network, "_ask", lambda *_: told)
    assert network.look(Image(np.zeros((1, 20, 20), np.uint8), 8)).findings[0].label == "thing"
    told = answer
    with pytest.raises(Unreadable, match="answered nonsense"):
        network.look(Image(np.zeros((1, 20, 20), np.uint8), 8))


def test_whatever_kind_a_card_names_only_the_weights_that_ship_run_unguarded() -> None:
    shipped = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in learned.shipped().items()}
    assert not any(is_brought(card) for card in shipped.values())
    assert is_brought(shipped["weld"] | {"sha256": "0" * 64})
    assert is_brought({"kind": "detector"})


def test_the_heat_of_a_network_that_runs_apart_is_the_same_picture() -> None:
    path = learned.shipped()["weld"]
    content, card = path.with_suffix(".onnx").read_bytes(), json.loads(path.read_text(encoding="utf-8"))
    image = simulate("film-weld", 9001, size_px=512, flaws="porosity,crack", thickness_mm=10.0).image
    with IsolatedNetwork(content, card) as apart:
        finding = apart.find(image)[0]
        assert apart.explain(image, finding) == explaining.picture(image, learned.of("weld"), finding)
        with pytest.raises(NotFound, match="does not mark"):
            apart.explain(image, replace(finding, box=Box(0, 0, 1, 1)))
    plain, told = mean_classifier()
    with IsolatedNetwork(plain, told) as apart, pytest.raises(WrongUsage, match="no heat"):
        apart.explain(image, finding)
