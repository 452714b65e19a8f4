"""Progress: everything passes, in order and once, and a pipe sees no bar."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kerma.kernel.progress import through


@pytest.mark.parametrize("total", [None, 5])
def test_items_pass_in_order_and_nothing_is_printed_to_a_pipe(total: int | None, capfd: pytest.CaptureFixture) -> None:
    assert list(through((number for number in range(5)), "Counting", total)) == [0, 1, 2, 3, 4]
    assert capfd.readouterr() == ("", "")


def test_with_a_total_an_item_is_made_only_when_it_is_asked_for() -> None:
    made: list[int] = []

    def making() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    assert next(iter(through(making(), "Making", 5))) == 0
    assert made == [0]
