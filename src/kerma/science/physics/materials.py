"""Materials: what a name, a symbol, a formula or a mixture is made of, and how dense it is.

A material is written in one of four ways: a name of the table (``steel``, ``soft tissue``), an element (``Fe``,
``iron``), a formula (``Ca(OH)2``, ``CuSO4·5H2O``, ``N1.56O0.42Ar0.01``), or a mixture by mass (``0.7*Fe+0.3*Cr``).
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from kerma.errors import NotFound, WrongUsage
from kerma.standards import table

MATERIALS = "kerma_materials/materials"
ELEMENTS = "nist_xaamdi/densities"
SHARES_TOLERANCE = 0.005
"""How far the mass shares of a mixture may be from 1: published compositions are rounded to three digits."""
_PIECE = re.compile(r"([A-Z][a-z]?)|([(\[])|([)\]])|(\d+\.?\d*|\.\d+)|(.)", re.DOTALL)
_SHARE = re.compile(r"\s*(\d+\.?\d*(?:[eE]-?\d+)?|\.\d+)\s*\*\s*(.+?)\s*")


class Material(NamedTuple):
    """One row of the table of materials, or an element."""

    name: str
    formula: str
    density_g_cm3: float


@functools.lru_cache(maxsize=4096)
def mass_fractions(material: str) -> Mapping[str, float]:
    """Return the share of mass of each element; the shares add up to 1.

    Raises
    ------
    NotFound
        Neither a name nor an element, a formula or a mixture; the message names what comes near.
    WrongUsage
        Mass shares that are not written as shares, or do not add up.
    """
    known = find(material)
    formula = known.formula if known else material.strip()
    if "*" in formula:
        return _mixed(formula)
    masses = {symbol: atomic_mass(symbol) * count for symbol, count in atoms(formula).items()}
    total = sum(masses.values())
    return {symbol: mass / total for symbol, mass in masses.items()}


def density_of(material: str) -> float:
    """Return the density in g/cm³ of a named material or an element in its usual form.

    Raises
    ------
    NotFound
        A formula or a mixture without a row in the table: it has no density of its own.
    """
    known = find(material)
    if known is not None:
        return known.density_g_cm3
    mass_fractions(material)
    raise NotFound(f"the density of '{material}' is not known: give density_g_cm3 (--density)")


def find(material: str) -> Material | None:
    """Return the named material or element, None where the word is a formula or nothing known.

    A word that stands in the table exactly so comes first, then a formula, then a name in any case: ``PVC`` is the
    plastic, ``TiN`` titanium nitride, ``Tin`` the metal.
    """
    word = material.strip()
    if word in _by_name():
        return _by_name()[word]
    if _is_formula(word):
        return None
    return _by_name().get(_folded(word))


def atoms(formula: str) -> Mapping[str, float]:
    """Return how many atoms of each element a formula holds; brackets, decimals and hydrates are understood."""
    counts: dict[str, float] = {}
    for part in re.split("[·•]", formula):
        leading = re.match(r"\d+\.?\d*(?=[A-Z(\[])", part) if part is not formula else None
        factor = float(leading.group()) if leading else 1.0
        for symbol, count in _group(part[leading.end() :] if leading else part, formula).items():
            counts[symbol] = counts.get(symbol, 0.0) + factor * count
    return counts


@functools.cache
def atomic_mass(symbol: str) -> float:
    """Return the atomic mass in g/mol."""
    import xraydb

    return float(xraydb.atomic_mass(symbol))


@functools.cache
def atomic_number(symbol: str) -> int:
    """Return the atomic number of an element."""
    import xraydb

    return int(xraydb.atomic_number(symbol))


def electrons_per_gram(material: str) -> float:
    """Return the moles of electrons in a gram: the mass-weighted Z/A."""
    fractions = mass_fractions(material)
    return sum(share * atomic_number(symbol) / atomic_mass(symbol) for symbol, share in fractions.items())


def names() -> tuple[str, ...]:
    """Return the names of the table of materials and of the elements."""
    return tuple(dict.fromkeys(row["name"] for source in (MATERIALS, ELEMENTS) for row in table(source)))


def _group(text: str, formula: str) -> Mapping[str, float]:
    """Count the atoms of one part of a formula with a stack of open brackets."""
    open_groups: list[dict[str, float]] = [{}]
    pending: Mapping[str, float] = {}
    for symbol, opened, closed, count, other in [*_PIECE.findall(text), ("", "", "", "", "end")]:
        if count and not pending:
            raise _unknown(formula)
        for each, number in pending.items():
            open_groups[-1][each] = open_groups[-1].get(each, 0.0) + number * float(count or 1)
        pending = {}
        if symbol:
            if symbol not in symbols():
                raise _unknown(formula, symbol)
            pending = {symbol: 1.0}
        elif opened:
            open_groups.append({})
        elif closed and len(open_groups) > 1:
            pending = open_groups.pop()
        elif not count and (closed or other != "end"):
            raise _unknown(formula)
    if len(open_groups) != 1 or sum(open_groups[0].values()) <= 0:
        raise _unknown(formula)
    return open_groups[0]


def _mixed(mixture: str) -> Mapping[str, float]:
    parts = [_SHARE.fullmatch(part) for part in mixture.split("+")]
    if not all(parts):
        raise WrongUsage(f"'{mixture}' is no mixture: write mass shares as 0.7*Fe+0.3*Cr or 70*Fe+30*Cr")
    shares = [(float(part.group(1)), part.group(2)) for part in parts if part]
    total = sum(share for share, _ in shares)
    whole = 100.0 if abs(total - 100.0) <= 100.0 * SHARES_TOLERANCE else 1.0
    if abs(total / whole - 1.0) > SHARES_TOLERANCE:
        raise WrongUsage(f"the mass shares of '{mixture}' add up to {total:g}; they must add up to 1 or to 100")
    fractions: dict[str, float] = {}
    for share, material in shares:
        for symbol, fraction in mass_fractions(material).items():
            fractions[symbol] = fractions.get(symbol, 0.0) + share / total * fraction
    return fractions


def _is_formula(word: str) -> bool:
    try:
        return bool(atoms(word))
    except NotFound:
        return False


def _unknown(word: str, symbol: str = "") -> NotFound:
    near = difflib.get_close_matches(_folded(word), [_folded(each) for each in _by_name()], n=3, cutoff=0.6)
    known = [_by_name()[each].name for each in dict.fromkeys(near) if each in _by_name()]
    hint = f"; near it are {', '.join(dict.fromkeys(known))}" if known else ""
    what = f"'{symbol}' in '{word}' is no element" if symbol else f"'{word}' is no material and no formula"
    return NotFound(f"{what}{hint}; write a name of {MATERIALS}, a formula such as Al2O3, or shares as 0.7*Fe+0.3*Cr")


def _folded(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word).strip().casefold()


@functools.cache
def symbols() -> tuple[str, ...]:
    """Return the symbols of the elements in order of their number, hydrogen to californium."""
    import xraydb

    return tuple(xraydb.atomic_symbol(number) for number in range(1, 99))


@functools.cache
def _by_name() -> Mapping[str, Material]:
    """Return every material under its name, its other names, their folded forms, and elements under their symbol."""
    found: dict[str, Material] = {}
    for row in table(MATERIALS):
        material = Material(row["name"], row["formula"], float(row["density_g_cm3"]))
        written = [row["name"], *(word for word in row["also"].split(";") if word)]
        symbol = [material.formula] if material.formula in symbols() else []
        for word in (*written, *map(_folded, written), *symbol):
            found.setdefault(word, material)
    for row in table(ELEMENTS):
        element = Material(row["name"], row["symbol"], float(row["density_g_cm3"]))
        found.setdefault(row["symbol"], element)
        found.setdefault(row["name"], element)
    return found
