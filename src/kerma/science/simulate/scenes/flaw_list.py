"""Which flaws a scene has, how hard they are to see, and where along the part they go without touching."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from kerma.errors import WrongUsage
from kerma.science.simulate.scenes.dice import Dice

DIFFICULTIES: Mapping[str, tuple[float, float]] = {
    "random": (0.35, 1.7), "easy": (1.2, 1.9), "medium": (0.7, 1.2), "hard": (0.25, 0.6),
}  # fmt: skip
"""How large flaws are against ordinary ones, by the class of difficulty."""
LEAST_GAP_MM = 1.5


def chosen(dice: Dice, given: str, known: Iterable[str], most: int) -> list[str]:
    """Return the words of the flaws to make: those asked for, or a draw of 0 to ``most``.

    Raises
    ------
    WrongUsage
        A flaw that this scene does not know.
    """
    words = list(known)
    if given == "none":
        return []
    if given == "random":
        count = 0 if dice.happens(0.08) else dice.whole(1, most)
        return [dice.one_of(words) for _ in range(count)]
    asked = [word.strip().replace("_", "-") for word in given.split(",") if word.strip()]
    for word in asked:
        if word not in words:
            raise WrongUsage(f"this scene has no flaw '{word}'; it has {', '.join(words)}; or random, or none")
    return asked


def size_of(dice: Dice, difficulty: str) -> float:
    """Return how large one flaw is against an ordinary one."""
    return dice.by_ratio(*DIFFICULTIES[difficulty])


def places_along(dice: Dice, lengths_mm: Sequence[float], room_mm: float) -> list[float | None]:
    """Return the middle of each flaw along a line of ``room_mm`` round 0, without overlap; None where there is no room.

    Those that come first are served first.
    """
    kept: list[int] = []
    used = 0.0
    for number, length in enumerate(lengths_mm):
        if used + length + LEAST_GAP_MM <= room_mm:
            kept.append(number)
            used += length + LEAST_GAP_MM
    shares = [dice.between(0.0, 1.0) for _ in range(len(kept) + 1)]
    spare, total = room_mm - used, sum(shares) or 1.0
    places: list[float | None] = [None] * len(lengths_mm)
    at = -room_mm / 2.0
    order = dice.generator.permutation(len(kept)).tolist()
    for share, which in zip(shares, order, strict=False):
        number = kept[which]
        at += spare * share / total
        places[number] = round(at + (lengths_mm[number] + LEAST_GAP_MM) / 2.0, 4)
        at += lengths_mm[number] + LEAST_GAP_MM
    return places


def scattered(
    dice: Dice, radii_mm: Sequence[float], is_free: Callable[[float, float, float], bool], half_mm: tuple[float, float]
) -> list[tuple[float, float] | None]:
    """Return places x, y for round flaws within ``half_mm`` where ``is_free(x, y, radius)``, none touching another."""
    placed: list[tuple[float, float, float]] = []
    places: list[tuple[float, float] | None] = []
    for radius in radii_mm:
        found = None
        for _ in range(200):
            x, y = dice.between(-half_mm[0], half_mm[0]), dice.between(-half_mm[1], half_mm[1])
            apart = all(((x - a) ** 2 + (y - b) ** 2) ** 0.5 > radius + r + 1.0 for a, b, r in placed)
            if apart and is_free(x, y, radius):
                found = (x, y)
                placed.append((x, y, radius))
                break
        places.append(found)
    return places
