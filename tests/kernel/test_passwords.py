import pytest

from kerma.errors import WrongUsage
from kerma.kernel import passwords

GOOD = ["blue giraffe 41 crossing", "x" * 30 + "yz" + "w" * 32, "påsk-ägg och räv", "        a b c", "correct1horse"]


@pytest.mark.parametrize("password", GOOD)
def test_long_unusual_and_any_characters_are_accepted(password: str) -> None:
    passwords.check_acceptable(password, ("ann", "Ann Example"))


@pytest.mark.parametrize(
    "password",
    ["short", "1234567", "password", "PASSWORD", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "abababababab",
     "Kerma2026!!", "example-2024", "annexample77", "x" * 1025],
)  # fmt: skip
def test_short_common_and_obvious_ones_are_refused_without_repeating_them(password: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        passwords.check_acceptable(password, ("ann", "Ann Example"))
    assert repr(password) not in str(refused.value)


def test_the_whole_password_counts() -> None:
    stored = passwords.hash_password("a" * 100 + "b" * 100 + "1")
    assert stored.startswith("$argon2id$")
    assert passwords.is_right(stored, "a" * 100 + "b" * 100 + "1")
    assert not passwords.is_right(stored, "a" * 100 + "b" * 100 + "2")


def test_the_same_characters_from_another_keyboard_are_the_same_password() -> None:
    stored = passwords.hash_password("cafe\u0301 au lait 9")
    assert passwords.is_right(stored, "caf\u00e9 au lait 9")


def test_the_same_password_is_stored_differently_each_time() -> None:
    assert passwords.hash_password("blue giraffe 41") != passwords.hash_password("blue giraffe 41")


def test_a_damaged_hash_fits_nothing() -> None:
    assert not passwords.is_right("not a hash", "anything at all")
