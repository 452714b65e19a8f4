from hypothesis import given
from hypothesis import strategies as st

from kerma.kernel.sign_in_rules import LONGEST_WAIT_S, wait_after_failures_s, wait_for_address_s

AGES = st.lists(st.floats(0, 7200), max_size=40)
ALLOWED = st.integers(1, 10)


@given(AGES, ALLOWED)
def test_the_wait_never_exceeds_the_longest_so_nobody_is_locked_out(ages: list[float], allowed: int) -> None:
    assert 0 <= wait_after_failures_s(ages, allowed) <= LONGEST_WAIT_S


@given(AGES, ALLOWED, st.floats(0, 7200))
def test_one_more_failure_never_shortens_the_wait(ages: list[float], allowed: int, age: float) -> None:
    assert wait_after_failures_s([*ages, age], allowed) >= wait_after_failures_s(ages, allowed)


@given(AGES, ALLOWED)
def test_waiting_as_told_is_enough(ages: list[float], allowed: int) -> None:
    for rule in (wait_after_failures_s, wait_for_address_s):
        wait_s = rule(ages, allowed)
        assert rule([age + wait_s + 1e-6 for age in ages], allowed) == 0


@given(AGES, ALLOWED)
def test_as_many_as_allowed_are_free(ages: list[float], allowed: int) -> None:
    assert wait_after_failures_s(ages[: allowed - 1], allowed) == 0
    assert wait_for_address_s(ages[: allowed - 1], allowed) == 0
