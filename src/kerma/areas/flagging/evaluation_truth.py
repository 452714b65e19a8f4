"""The truth of a set of images, from what data sets come with: COCO, YOLO, Pascal VOC, GDXray, or classes alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from kerma.areas.flagging.evaluation_classes import BY, FORMS, read_classes, whole
from kerma.errors import Unreadable, WrongUsage
from kerma.formats.findings_files import kind_of, read
from kerma.formats.findings_found import Found, Hints, ImagePlace, text_of
from kerma.science.results import Box, Finding

FORMATS = ("coco", "yolo", "voc", "gdxray", *FORMS)
WHOLE = "the truth names images and no places: every figure counts whole images, one mark for each label"
NAME_FILES = ("classes.txt", "obj.names", "data.yaml", "dataset.yaml", "data.yml")
"""Where the words of YOLO's classes stand, beside the labels or up to two folders above them."""


@dataclass(frozen=True)
class Truth:
    """What is on each image, by its number: findings, ignored regions; and the images the truth speaks of."""

    findings: Mapping[int, tuple[Finding, ...]]
    ignored: Mapping[int, tuple[Finding, ...]]
    numbers: frozenset[int]
    warnings: tuple[str, ...] = ()
    is_of_images: bool = False
    """Whether it names what is on an image, and no place: then boxes are the whole image."""


def read_truth(
    path: Path,
    form: str,
    places: Sequence[ImagePlace],
    words: Sequence[str] = (),
    same: Mapping[str, str] | None = None,
) -> Truth:
    """Read the truth of images.

    Parameters
    ----------
    path : a file, or the folder of YOLO's or VOC's files
    places : the images; boxes that reach over an edge are cut there
    words : the words of YOLO's classes in order; else from ``classes.txt``, ``obj.names`` or ``data.yaml``
    same : words of the truth, and ours for them

    Raises
    ------
    WrongUsage
        An unknown format, no such file, or no image it speaks of.
    Unreadable
        A file makes no sense; the message names it and the place in it.
    """
    if form not in FORMATS:
        raise WrongUsage(f"truth is not read from '{form}'; there are {', '.join(FORMATS)}")
    _no_name_twice(places)
    if form in FORMS:
        return _of_images(path, form, places, same or {})
    looks = kind_of(_bytes(path), path.name) if path.is_file() else form
    if looks in ("coco", "voc") and looks != form:
        raise WrongUsage(f"{path.name} is not {form}, it is {looks}: say so with --format")
    wide = [replace(place, overhang_px=float("inf")) for place in places]
    found, numbers, warnings = _READERS[form](path, wide, words)
    if not numbers:
        raise WrongUsage(f"{path} speaks of none of the {len(places)} images: does --images name their folder?")
    findings: dict[int, list[Finding]] = {}
    ignored: dict[int, list[Finding]] = {}
    for one, extra in found:
        into = ignored if extra.get("iscrowd") or extra.get("ignore") else findings
        into.setdefault(one.image.number, []).append(_finding(one, extra, same or {}))
    return Truth(
        {number: tuple(rows) for number, rows in findings.items()},
        {number: tuple(rows) for number, rows in ignored.items()},
        frozenset(numbers),
        tuple(warnings),
    )


def _of_images(path: Path, form: str, places: Sequence[ImagePlace], same: Mapping[str, str]) -> Truth:
    """Return the truth of whole images."""
    known, warnings = read_classes(path, form, places)
    if not known:
        raise WrongUsage(f"{path} speaks of none of the {len(places)} images: does --images name their folder?")
    findings = {
        place.number: whole(place, {same.get(label, label): None for label in known[place.number]})
        for place in places
        if known.get(place.number)
    }
    return Truth(findings, {}, frozenset(known), (*warnings, WHOLE), is_of_images=True)


def plain_label(label: str) -> str:
    """Return a label as all are compared: lower case, words joined by hyphens."""
    return "-".join(label.strip().lower().replace("_", " ").split())


_Rows = list[tuple[Found, Mapping[str, Any]]]
_Read = tuple[_Rows, set[int], list[str]]


def _coco(path: Path, places: Sequence[ImagePlace], _: Sequence[str]) -> _Read:
    file = _only(path, "*.json") if path.is_dir() else path
    data = _bytes(file)
    try:
        document = json.loads(data)
        listed = [row for row in document["images"] if isinstance(row, dict)]
        annotations = document["annotations"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{file.name} is no COCO document: it needs the lists 'images' and 'annotations'") from error
    known = {name: place.number for place in places for name in (place.name, place.sha256, place.image_uid) if name}
    numbers, missing, here = set(), [], set()
    for row in listed:
        name = Path(str(row.get("file_name") or "").replace("\\", "/")).name
        named = (str(row.get("sha256") or ""), str(row.get("image_uid") or ""), name)
        number = next((known[one] for one in named if one in known), None)
        if number is None:
            missing.append(name or str(row.get("id")))
        else:
            numbers.add(number)
            here.add(row.get("id"))
    if missing:
        kept = [row for row in annotations if isinstance(row, dict) and row.get("image_id") in here]
        document = {**document, "images": [row for row in listed if row.get("id") in here], "annotations": kept}
        annotations, data = kept, json.dumps(document).encode()
    found = _told_file(file, data, "coco", places, Hints(file_name=file.name))
    rows = [(one, annotations[int(re.findall(r"\d+", one.where)[0])]) for one in found]
    others = [place.name for place in places if place.number not in numbers]
    lost = _gone(missing, "images of the truth are not in the folder")
    return rows, numbers, lost + _gone(others, "images are not in the truth and are left out")


def _yolo(path: Path, places: Sequence[ImagePlace], words: Sequence[str]) -> _Read:
    folder = _label_folder(path) if path.is_dir() or path.suffix in (".yaml", ".yml") else path.parent
    words = list(words) or _words_near(path, folder)
    alone = path if path.suffix == ".txt" and path.is_file() else None
    files = {file.stem: file for file in ([alone] if alone else sorted(folder.rglob("*.txt")))}
    rows: _Rows = []
    numbers, without = set(), []
    for place in places:
        file = files.get(Path(place.name).stem) or (alone if len(places) == 1 else None)
        if file is None:
            without.append(place.name)
            continue
        numbers.add(place.number)
        hints = Hints(file_name=file.name, image=place.name, labels=tuple(words))
        rows += [(one, {}) for one in _told_file(file, _bytes(file), "yolo", places, hints)]
    if alone is None and numbers:
        numbers |= {place.number for place in places}
    lost = _gone(
        without, "images have no file of labels and " + ("are left out" if alone else "count as free of findings")
    )
    return rows, numbers, lost


def _voc(path: Path, places: Sequence[ImagePlace], _: Sequence[str]) -> _Read:
    files = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
    by_name = {key: place for place in places for key in (place.name, Path(place.name).stem)}
    rows: _Rows = []
    numbers, unknown = set(), []
    for file in files:
        data = _bytes(file)
        named = re.search(rb"<filename>\s*([^<]+?)\s*</filename>", data)
        name = Path(named[1].decode("utf-8", "replace").replace("\\", "/")).name if named else file.stem
        place = by_name.get(name) or by_name.get(file.stem) or by_name.get(Path(name).stem)
        if place is None:
            unknown.append(file.name)
            continue
        numbers.add(place.number)
        told = _told_file(file, data, "voc", places, Hints(file.name, image=place.name))
        rows += zip(told, _difficult(data), strict=True)
    without = [place.name for place in places if place.number not in numbers]
    lost = _gone(unknown, "files are of no image in the folder") + _gone(
        without, "images have no file and are left out"
    )
    return rows, numbers, lost


def _difficult(data: bytes) -> list[Mapping[str, Any]]:
    """Return of each object of a file that has been read whether it is marked difficult: VOC does not count those."""
    objects = ElementTree.fromstring(text_of(data)).iter("object")
    return [{"ignore": (one.findtext("difficult") or "").strip() == "1"} for one in objects]


def _gdxray(path: Path, places: Sequence[ImagePlace], words: Sequence[str]) -> _Read:
    file = path / "ground_truth.txt" if path.is_dir() else path
    found = _told_file(file, _bytes(file), "gdxray", places, Hints(file_name=file.name, labels=tuple(words[:1])))
    # an image without a line is one without a flaw
    return [(one, {}) for one in found], {place.number for place in places}, []


_READERS = {"coco": _coco, "yolo": _yolo, "voc": _voc, "gdxray": _gdxray}


def _told_file(file: Path, data: bytes, form: str, places: Sequence[ImagePlace], hints: Hints) -> Sequence[Found]:
    try:
        return read(data, places, hints, form).found
    except Unreadable as error:
        raise Unreadable(f"{file.name}: {error}") from error


def _finding(one: Found, extra: Mapping[str, Any], same: Mapping[str, str]) -> Finding:
    given = one.finding
    label = plain_label(given["label"])
    told = {row["name"]: row["value"] for row in given["measurements"] if row["value"] is not None}
    numbers = {key: value for key, value in extra.items() if isinstance(value, int | float) and key not in _NO_QUANTITY}
    return Finding(
        id=given["id"],
        code=given["code"],
        label=same.get(label, label),
        box=Box(*map(float, given["box"])),
        by=BY,
        plane=given["plane"],
        polygon=tuple((row, column) for row, column in given.get("polygon", ())),
        measurements=told | numbers,
    )


_NO_QUANTITY = ("id", "image_id", "category_id", "iscrowd", "ignore", "area", "score")


def _no_name_twice(places: Sequence[ImagePlace]) -> None:
    seen: set[str] = set()
    for place in places:
        if place.name in seen:
            raise WrongUsage(f"two images are called {place.name}: truth names images by their file, give one folder")
        seen.add(place.name)


def _label_folder(path: Path) -> Path:
    """Return where YOLO's labels are: the folder itself, or ``labels`` in it or beside its description."""
    folder = path if path.is_dir() else path.parent
    inside = folder / "labels"
    return inside if inside.is_dir() else folder


def _words_near(path: Path, folder: Path) -> list[str]:
    files = [path] if path.suffix in (".yaml", ".yml") else []
    files += [place / name for place in (folder, folder.parent, folder.parent.parent) for name in NAME_FILES]
    for file in files:
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            return _yaml_names(text) if file.suffix in (".yaml", ".yml") else text.split("\n")[: _last_word(text)]
    return []


def _last_word(text: str) -> int:
    return len(text.rstrip().split("\n"))


def _yaml_names(text: str) -> list[str]:
    """Return the list ``names`` of a YOLO description: in brackets, as dashes, or numbered."""
    lines = iter(text.splitlines())
    for line in lines:
        begin = re.match(r"names\s*:\s*(.*)$", line)
        if not begin:
            continue
        flow = begin[1].split("#")[0].strip()
        if flow.startswith(("[", "{")):
            while not flow.endswith(("]", "}")):
                flow += " " + next(lines, "]").strip()
            return [_unquoted(word.split(":", 1)[-1]) for word in flow.strip("[]{}").split(",") if word.strip()]
        return list(_block(lines))
    return []


def _block(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        item = re.match(r"\s*(?:-|\d+\s*:)\s+(.+?)\s*(?:#.*)?$", line)
        if not item and line.strip() and not line.startswith((" ", "#")):
            return
        if item:
            yield _unquoted(item[1])


def _unquoted(word: str) -> str:
    return word.strip().strip("'\"")


def _only(folder: Path, pattern: str) -> Path:
    files = [file for file in sorted(folder.glob(pattern)) if not file.with_suffix("").is_file()]
    if len(files) != 1:
        raise WrongUsage(
            f"the folder {folder} holds {len(files)} files {pattern} that could be the truth; name the file"
        )
    return files[0]


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise WrongUsage(f"cannot read the truth '{file}': {error.strerror}") from error


def _gone(names: Sequence[str], what: str) -> list[str]:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [f"{len(names)} {what}: {', '.join(names[:3])}{more}"] if names else []
