"""What chest and hand draw alike: what is found, how it is exposed, how it is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kerma.errors import WrongUsage
from kerma.science.simulate.scenes.dice import Dice

EXPOSURES: Mapping[str, tuple[float, float]] = {"normal": (0.8, 1.25), "under": (0.15, 0.4), "over": (2.5, 5.0)}
"""Times the target exposure index."""
NORMAL_SHARE = 0.76
HEALTHY_SHARE = 0.3
MOST_FINDINGS = 3


def exposed(dice: Dice, given: str) -> tuple[str, float]:
    """Return the word of an exposure and its factor of the target index."""
    drawn = "normal" if dice.happens(NORMAL_SHARE) else dice.one_of(("under", "over"))
    word = drawn if given == "random" else given
    return word, dice.by_ratio(*EXPOSURES[word])


def is_inverse(dice: Dice, given: str) -> bool:
    """Return whether the lowest value is to be shown white."""
    return {"monochrome1": True, "monochrome2": False}.get(given, dice.happens(0.75))


def chosen(dice: Dice, given: str, known: Collection[str], single: Collection[str] = ()) -> list[str]:
    """Return the findings asked for, or drawn: none in some, up to three in others.

    Raises
    ------
    WrongUsage
        A word that is no finding of this scene, or one twice that can be there once only.
    """
    words = list(known)
    if given == "none":
        return []
    if given == "random":
        if dice.happens(HEALTHY_SHARE):
            return []
        drawn = [dice.one_of(words) for _ in range(dice.whole(1, MOST_FINDINGS))]
        return [word for number, word in enumerate(drawn) if word not in single or word not in drawn[:number]]
    asked = [word.strip().replace("_", "-").lower() for word in given.split(",") if word.strip()]
    for number, word in enumerate(asked):
        if word not in words:
            raise WrongUsage(f"'{word}' is no finding of this scene; there are none, random, {', '.join(words)}")
        if word in single and word in asked[:number]:
            raise WrongUsage(f"'{word}' can be there once only")
    return asked
