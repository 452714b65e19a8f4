"""A rejection extends the inspection step by step, never further than the scheme asks, and never forgets a debt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import NotFound, WrongUsage
from kerma.science.judge.extension import Examined, next_examination, scheme_names

LAW, PIPING = "french-arrete-1978", "asme-b31.3"


def items(stage: int, *outcomes: str, length_mm: float | None = None) -> list[Examined]:
    return [Examined(f"{stage}.{n}", outcome, stage, length_mm) for n, outcome in enumerate(outcomes)]


@pytest.mark.parametrize("scheme", scheme_names())
def test_nothing_rejected_needs_nothing_more(scheme: str) -> None:
    found = next_examination(items(0, "pass", "advisory-pass"), scheme)
    assert (found.is_done, found.stage, found.repair) == (True, 0, ())


@pytest.mark.parametrize("scheme", scheme_names())
def test_nothing_examined_is_not_done(scheme: str) -> None:
    assert not next_examination([], scheme).is_done


def test_the_law_asks_for_the_same_length_and_then_for_everything() -> None:
    first = next_examination(items(0, "fail", length_mm=400), LAW)
    assert (first.stage, first.length_mm, first.examine) == (1, 400, "same-length")
    assert first.source.status == "public-law"
    assert "at least as long" in first.action
    half = [*items(0, "fail", length_mm=400), *items(1, "pass", length_mm=150)]
    assert next_examination(half, LAW).length_mm == pytest.approx(250)
    good = [*items(0, "fail", length_mm=400), *items(1, "pass", "pass", length_mm=200)]
    assert next_examination(good, LAW).is_done
    bad = [*items(0, "fail", length_mm=400), *items(1, "pass", "fail", length_mm=200)]
    second = next_examination(bad, LAW)
    assert (second.is_done, second.stage, second.examine) == (False, 2, "all")
    assert "same welder" in second.scope
    assert second.repair == ("0.0", "1.1")


def test_piping_asks_for_two_more_for_each_rejected_and_then_for_all() -> None:
    first = next_examination(items(0, "pass", "fail", "pass"), PIPING)
    assert (first.stage, first.count, first.repair) == (1, 2, ("0.1",))
    assert first.source.status == "unverified"
    assert next_examination([*items(0, "fail"), *items(1, "pass")], PIPING).count == 1
    assert next_examination([*items(0, "fail"), *items(1, "pass", "pass")], PIPING).is_done
    second = next_examination([*items(0, "fail"), *items(1, "fail", "fail")], PIPING)
    assert (second.stage, second.count) == (2, 4)
    third = [*items(0, "fail"), *items(1, "fail", "pass"), *items(2, "pass", "advisory-fail")]
    everything = next_examination(third, PIPING)
    assert (everything.stage, everything.examine, everything.count) == (3, "all", None)
    assert next_examination(third, PIPING, lot_size=9).count == 4
    assert next_examination(third, PIPING, lot_size=5).is_done


def test_what_is_not_judged_counts_as_not_examined() -> None:
    assert next_examination([*items(0, "fail"), *items(1, "pass", "not-judged")], PIPING).count == 1
    open_first = next_examination(items(0, "pass", "not-judged"), PIPING)
    assert (open_first.is_done, open_first.count) == (False, 1)


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([Examined("a", "good")], "'good'"),
        ([Examined("a", "pass"), Examined("a", "fail")], "twice"),
        ([Examined("a", "fail", 7)], "stages 0 to 3"),
        ([Examined("a", "pass"), Examined("b", "pass", 1)], "nothing was rejected at stage 0"),
        ([Examined("a", "fail", 0, -4.0)], "above 0 mm"),
    ],
)
def test_a_history_that_contradicts_itself_is_refused(history: list[Examined], words: str) -> None:
    with pytest.raises(WrongUsage, match=words):
        next_examination(history, PIPING)


def test_an_unknown_scheme_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="french-arrete-1978"):
        next_examination([], "none")


OUTCOMES = st.lists(st.sampled_from(["pass", "fail", "advisory-fail"]), min_size=1, max_size=4)


@settings(max_examples=80, deadline=None)
@given(OUTCOMES, OUTCOMES)
def test_one_more_rejection_never_makes_an_unfinished_inspection_done(first: list[str], second: list[str]) -> None:
    if "pass" not in second or not any(outcome != "pass" for outcome in first):
        return
    history = [*items(0, *first), *items(1, *second)]
    worse = [*items(0, *first), *items(1, *("fail" if outcome == "pass" else outcome for outcome in second))]
    if not next_examination(history, PIPING).is_done:
        assert not next_examination(worse, PIPING).is_done
