"""Scene documents as JSON: strict, so that a misspelt key is an error with its path and never a default.

The types of ``document`` are the schema. A shape carries its name under ``type`` (``box``, ``ellipsoid`` …); everything
else is spelt as the fields are. What equals its default may be left out, and is left out when writing.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union, cast, get_args, get_origin

from kerma.errors import WrongUsage
from kerma.science.simulate import document
from kerma.science.simulate.document import VERSION, Scene, Shape

SHAPES: dict[str, type] = {shape.__name__.lower(): shape for shape in get_args(Shape)}
MOST_BYTES = 32 * 1024 * 1024
MOST_LETTERS = 4096
MOST_ITEMS = {
    "things": 5000, "outline_mm": 4000, "points_mm": 4000, "angles_deg": 4096, "channels": 16, "radius_mm": 4000,
    "opening_mm": 4000,
}  # fmt: skip
"""Longest lists by their key; others, a mesh's corners and faces, hold MOST_CORNERS."""
MOST_CORNERS = 500_000
MOST_KEYS = 256
DEEPEST_PARAMETER = 3


def read_scene(content: str | bytes) -> Scene:
    """Return the scene of a JSON document.

    Raises
    ------
    WrongUsage
        No JSON, an unknown, missing or repeated key, a value of another type or without bounds, a version that is not
        known, too large. The message starts with the path: ``things[3].shape.radii_mm``.
    """
    if len(content) > MOST_BYTES:
        raise WrongUsage(f"a scene document of {len(content):,} bytes is larger than {MOST_BYTES:,}")
    try:
        raw = json.loads(content, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError as error:
        raise WrongUsage("this scene document is nested too deeply") from error
    except ValueError as error:
        raise WrongUsage(f"this scene document is no JSON: {error}") from error
    return scene_from(raw)


def scene_from(raw: Any) -> Scene:
    """Return the scene of a parsed JSON document; as :func:`read_scene`."""
    if isinstance(raw, Mapping) and raw.get("version", VERSION) != VERSION:
        raise WrongUsage(f"version: a scene of version {raw['version']!r} is not known; write version {VERSION}")
    return cast(Scene, _read(Scene, raw, "scene"))


def write_scene(scene: Scene, *, indent: int | None = 2) -> str:
    """Return the JSON document of a scene; reading it gives the same scene."""
    return json.dumps({"version": scene.version, **_plain(scene)}, indent=indent, ensure_ascii=False, allow_nan=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise WrongUsage(f"the key '{twice}' stands twice in one object")
    return found


def _no_constant(word: str) -> float:
    raise WrongUsage(f"{word} is no number")


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; a dataclass without what equals its default."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown: dict[str, Any] = {"type": type(value).__name__.lower()} if type(value) in SHAPES.values() else {}
        for field in dataclasses.fields(value):
            own = getattr(value, field.name)
            if not _is_default(field, own):
                shown[field.name] = _plain(own)
        return shown
    if isinstance(value, Mapping):
        return {key: _plain(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(own) for own in value]
    return value


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    return field.default_factory is not dataclasses.MISSING and bool(value == field.default_factory())


@functools.cache
def _fields(kind: type) -> dict[str, tuple[Any, bool]]:
    """Return the fields of a dataclass: name to type, and whether it must be given."""
    hints = typing.get_type_hints(kind, vars(document))
    return {
        field.name: (
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
    }


def _read(kind: Any, raw: Any, path: str) -> Any:
    """Return a raw JSON value as a type of the document."""
    origin = get_origin(kind)
    if kind == Shape:
        return _shape(raw, path)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), raw, path)
    if origin is Literal:
        if raw not in get_args(kind):
            raise WrongUsage(f"{path}: {raw!r} is none of {', '.join(map(repr, get_args(kind)))}")
        return raw
    if origin is tuple:
        return _tuple(get_args(kind), raw, path)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(get_args(kind)[1], raw, path)
    if dataclasses.is_dataclass(kind):
        return _dataclass(cast(type, kind), raw, path)
    return READERS[kind](raw, path)


def _dataclass(kind: type, raw: Any, path: str) -> Any:
    if not isinstance(raw, Mapping):
        raise WrongUsage(f"{path}: an object is expected, not {_word(raw)}")
    fields = _fields(kind)
    for key in raw:
        if key not in fields:
            raise WrongUsage(f"{_at(path, key)}: there is no such key; there are {', '.join(fields)}")
    missing = [name for name, (_, is_needed) in fields.items() if is_needed and name not in raw]
    if missing:
        raise WrongUsage(f"{_at(path, missing[0])}: this must be given")
    return kind(**{key: _read(fields[key][0], value, _at(path, key)) for key, value in raw.items()})


def _shape(raw: Any, path: str) -> Any:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("type"), str) or raw["type"] not in SHAPES:
        given = raw.get("type") if isinstance(raw, Mapping) else raw
        raise WrongUsage(f"{path}.type: {_word(given)} is no shape; there are {', '.join(SHAPES)}")
    return _dataclass(SHAPES[raw["type"]], {key: value for key, value in raw.items() if key != "type"}, path)


def _one_of(kinds: tuple[Any, ...], raw: Any, path: str) -> Any:
    """Return a value of one of several types: nothing, a list where a tuple is among them, or the plain one."""
    if raw is None and type(None) in kinds:
        return None
    if isinstance(raw, str) and str in kinds:
        return _text(raw, path)
    listed = [kind for kind in kinds if get_origin(kind) is tuple]
    plain = [kind for kind in kinds if kind is not type(None) and get_origin(kind) is not tuple]
    return _read(listed[0] if isinstance(raw, list) and listed else plain[0], raw, path)


def _tuple(kinds: tuple[Any, ...], raw: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise WrongUsage(f"{path}: a list is expected, not {_word(raw)}")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        most = MOST_ITEMS.get(path.rsplit(".", 1)[-1], MOST_CORNERS)
        if len(raw) > most:
            raise WrongUsage(f"{path}: {len(raw):,} entries are more than {most:,}")
        return tuple(_read(kinds[0], value, f"{path}[{number}]") for number, value in enumerate(raw))
    if len(raw) != len(kinds):
        raise WrongUsage(f"{path}: {len(kinds)} values are expected, not {len(raw)}")
    return tuple(
        _read(kind, value, f"{path}[{number}]") for number, (kind, value) in enumerate(zip(kinds, raw, strict=True))
    )


def _mapping(kind: Any, raw: Any, path: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise WrongUsage(f"{path}: an object is expected, not {_word(raw)}")
    if len(raw) > MOST_KEYS:
        raise WrongUsage(f"{path}: {len(raw):,} keys are more than {MOST_KEYS}")
    return {_text(key, path): _read(kind, value, _at(path, key)) for key, value in raw.items()}


def _number(raw: Any, path: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise WrongUsage(f"{path}: a number is expected, not {_word(raw)}")
    if not abs(raw) < 1e300 or not math.isfinite(raw):
        raise WrongUsage(f"{path}: a number of this size has no meaning here")
    return float(raw)


def _whole(raw: Any, path: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise WrongUsage(f"{path}: a whole number is expected, not {_word(raw)}")
    if abs(raw) >= 2**63:
        raise WrongUsage(f"{path}: a whole number of this size has no meaning here")
    return raw


def _truth(raw: Any, path: str) -> bool:
    if not isinstance(raw, bool):
        raise WrongUsage(f"{path}: true or false is expected, not {_word(raw)}")
    return raw


def _text(raw: Any, path: str) -> str:
    if not isinstance(raw, str):
        raise WrongUsage(f"{path}: text is expected, not {_word(raw)}")
    if len(raw) > MOST_LETTERS:
        raise WrongUsage(f"{path}: a text of {len(raw):,} letters is longer than {MOST_LETTERS:,}")
    return raw


def _parameter(raw: Any, path: str, depth: int = 0) -> Any:
    """Return a parameter of a relief or a word of the technique: a number, text, truth or a list of those."""
    if isinstance(raw, list):
        if depth >= DEEPEST_PARAMETER or len(raw) > MOST_KEYS:
            raise WrongUsage(f"{path}: a parameter is at most {DEEPEST_PARAMETER} lists deep, {MOST_KEYS} entries each")
        return tuple(_parameter(value, f"{path}[{number}]", depth + 1) for number, value in enumerate(raw))
    if isinstance(raw, bool) or raw is None:
        return raw
    if isinstance(raw, int):
        return _whole(raw, path)
    return _number(raw, path) if isinstance(raw, float) else _text(raw, path)


READERS: dict[Any, Callable[[Any, str], Any]] = {
    float: _number, int: _whole, bool: _truth, str: _text, Any: _parameter,
}  # fmt: skip


def _at(path: str, key: str) -> str:
    shown = key if len(key) <= 60 else key[:60] + "…"
    return shown if path == "scene" else f"{path}.{shown}"


def _word(raw: Any) -> str:
    """Return a value as it is shown in an error, short."""
    shown = json.dumps(raw, ensure_ascii=False, default=str)
    return shown if len(shown) <= 40 else shown[:40] + "…"
