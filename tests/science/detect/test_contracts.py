"""Cards of brought networks: whatever makes no sense is refused with the place in the card and what may stand there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.onnx_files import card_for, mean_classifier

from kerma.errors import KermaError, Unreadable
from kerma.science.detect import learned
from kerma.science.detect.contracts import contract_of
from kerma.science.detect.onnx_file import demand_self_contained

CARD = card_for(b"", "classifier")


def card(*, given_input: dict[str, Any] | None = None, output: dict[str, Any] | None = None, **more: Any) -> Any:
    return CARD | {"input": CARD["input"] | (given_input or {}), "output": output or {}} | more


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({key: value for key, value in CARD.items() if key != "output"}, "says no output"),
        (card(kind="oracle"), "kind in the card of the model is 'oracle'; it must be detector, boxes, classifier"),
        (card(labels=[]), "lists no labels"),
        (card(thresholds={"score": 2}), "no score from 0 to 1"),
        (card(calibration={"temperature": 0}), "calibration.temperature in the card of the model is '0'"),
        (card(given_input={"layout": "CHW"}), "input.layout in the card of the model is 'CHW'; it must be NCHW or"),
        (card(given_input={"channels": 2}), "input.channels in the card of the model is '2'; it must be 1 or 3"),
        (card(given_input={"rows": 7.5}), "input.rows in the card of the model is '7.5'; it must be a whole number"),
        (card(given_input={"rows": None}), "input.rows in the card of the model is missing"),
        (card(given_input={"sd": 0}), "input.sd in the card of the model must be above 0"),
        (card(given_input={"mean": [1, 2]}), "one number, or a list of 1"),
        (card(given_input={"colour": "RGB"}), "says input.colour, which is not known here; known are channels"),
        (card(given_input={"values": "raw", "dense_is": "dark"}), "goes with values unit or byte, not with raw"),
        (card(given_input={"channels": "bands", "values": "unit"}), "the own channels"),
        (card(given_input={"rows": None, "columns": None, "resize": "tiles"}), "needs input.rows and input.columns"),
        (card(given_input={"overlap_px": 8, "resize": "tiles"}), "a number from 0 to 7"),
        (card(output={"scores": "logits"}), "output.activation in the card of the model is missing; it must be"),
        (card(output={"classes": ["a", "b"]}), "does not list 'thing'"),
        (card(output={"score_class": "other"}), "does not list 'other'"),
        (card(output={"score_class": "thing", "normal_class": "thing"}), "say one of them"),
        (card(kind="boxes"), "output.form in the card of the model is missing; it must be rows or yolo-v5"),
        (card(kind="boxes", output={"form": "rows", "names": ["a"]}), "must name boxes, scores and labels"),
        (card(kind="boxes", output={"form": "rows", "nms_iou": True}), "a number from 0 to 1"),
        (card(input=3), "says no 'input'; it must be an object"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(told: Any, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        contract_of(told)
    assert words in str(refused.value)


def test_what_a_card_leaves_out_has_its_usual_value() -> None:
    taken = contract_of(card(given_input={"rows": None, "columns": None})).input
    assert (taken.layout, taken.channels, taken.values, taken.dense_is, taken.resize) == (
        "NCHW", 1, "unit", "as-shown", "fit",
    )  # fmt: skip
    assert (taken.rows, taken.multiple_of, taken.longest_px, taken.mean, taken.sd) == (None, 32, 1024, (0.0,), (1.0,))
    assert contract_of(card(given_input={"channels": "bands"})).input.channels == 4


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_damaged_networks_and_any_bytes_are_refused_or_run_and_never_break_the_reader(data: st.DataObject) -> None:
    content, told = mean_classifier()
    if data.draw(st.booleans()):
        damaged = data.draw(st.binary(max_size=200))
    else:
        at = data.draw(st.integers(0, len(content) - 1))
        damaged = content[:at] + bytes([data.draw(st.integers(0, 255))]) + content[at + 1 :]
    for look in (demand_self_contained, lambda some: learned.load(some, told | {"sha256": _sha256(some)})):
        try:
            look(damaged)
        except KermaError as error:
            assert str(error)


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()
