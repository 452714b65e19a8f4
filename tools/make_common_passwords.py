"""Write the list of passwords that are refused because everybody guesses them first.

    pip install zxcvbn==4.5.0 && python tools/make_common_passwords.py

The list is the head of the "passwords" list of zxcvbn (MIT), most frequent first, without those that are too short
for Kerma anyway.
"""

from __future__ import annotations

from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

COUNT = 3000
"""ASVS 5.0.0, 6.2.4: at least the 3000 most common ones that meet the length."""
SHORTEST = 8
TARGET = Path(__file__).parents[1] / "src" / "kerma" / "kernel" / "common_passwords.txt"


def main() -> None:
    """Write the list, one password a line."""
    passwords = FREQUENCY_LISTS["passwords"]
    ranked = passwords.split(",") if isinstance(passwords, str) else list(passwords)
    chosen = [password for password in ranked if len(password) >= SHORTEST][:COUNT]
    header = "# The 3000 most frequent passwords of 8 and more characters, from zxcvbn 4.5.0 (MIT)\n"
    TARGET.write_text(header + "\n".join(chosen) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
