"""The truth of whole images, without places: a folder for each class, or a table of images and classes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerma.errors import Unreadable, WrongUsage
from kerma.formats.findings_found import ImagePlace
from kerma.science.results import Box, By, Finding

FORMS = ("folders", "csv")
NOTHING = frozenset(
    {"", "0", "normal", "none", "nothing", "negative", "clear", "good", "ok", "no-finding", "no-findings", "healthy"}
)
"""Classes of images on which there is nothing."""
YES = frozenset({"1", "yes", "true", "positive"})
"""Values that stand for the word at the head of their column."""
IMAGE_WORDS = ("image", "file", "filename", "file_name", "path", "name", "image_id", "id")
BY = By("person", "truth")


def read_classes(path: Path, form: str, places: Sequence[ImagePlace]) -> tuple[dict[int, tuple[str, ...]], list[str]]:
    """Return the classes of each image by its number, those of nothing left out, and what is to be told.

    ``folders``: the name of the folder an image lies in is its class. ``csv``: a table with a head; its first column,
    or the one called image, file, name or id, names the image, with or without its ending; every other column is a
    class (1 or 0), or holds the name of one.

    Raises
    ------
    WrongUsage, Unreadable
        No such file or folder, or a table that makes no sense.
    """
    told = _folders(path) if form == "folders" else _table(path)
    found: dict[int, tuple[str, ...]] = {}
    for place in places:
        names = (place.name, Path(place.name).stem)
        known = next((told[name] for name in names if name in told), None)
        if known is not None:
            found[place.number] = known
    missing = [place.name for place in places if place.number not in found]
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return found, [f"{len(missing)} images are of no class and are left out: {', '.join(missing[:3])}{more}"] * bool(
        missing
    )


def whole(place: ImagePlace, labels: Mapping[str, float | None], by: By = BY) -> tuple[Finding, ...]:
    """Return findings over the whole of an image, one for each label with its score."""
    box = Box(0.0, 0.0, float(place.rows), float(place.columns))
    return tuple(
        Finding(f"{place.number}-{label}", "", label, box, by, score=score) for label, score in labels.items()
    )


def _folders(path: Path) -> dict[str, tuple[str, ...]]:
    if not path.is_dir():
        raise WrongUsage(f"the truth by folders is a folder with one for each class; '{path}' is none")
    files = [file for file in sorted(path.rglob("*")) if file.is_file() and file.parent != path]
    return {file.name: _classes([file.parent.name]) for file in files}


def _table(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"cannot read the truth '{path}': {error}") from error
    rows = list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text.split("\n", 1)[0] else ","))
    if len(rows) < 2 or len(rows[0]) < 2:
        raise Unreadable(f"{path.name} is no table of images: a head, then a row with image and class for each")
    head = [_plain(word) for word in rows[0]]
    first = next((head.index(word.replace("_", "-")) for word in IMAGE_WORDS if word.replace("_", "-") in head), 0)
    told: dict[str, tuple[str, ...]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) != len(head):
            raise Unreadable(f"{path.name}, line {number}: {len(row)} columns, the head has {len(head)}")
        pairs = [(head[at], _plain(value)) for at, value in enumerate(row) if at != first]
        classes = _classes([word if value in YES else value for word, value in pairs])
        told[Path(row[first].strip().replace("\\", "/")).name] = classes
    return told


def _classes(words: Sequence[str]) -> tuple[str, ...]:
    plain = [_plain(word) for word in words]
    return tuple(dict.fromkeys(word for word in plain if word not in NOTHING and word not in ("no", "false")))


def _plain(word: str) -> str:
    return "-".join(word.strip().lower().replace("_", " ").split())
