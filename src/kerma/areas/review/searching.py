"""What is shown of a search, and what is made ready for it outside a transaction: photos and the printed sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel

from kerma.areas.archive import queries_render
from kerma.areas.archive.actions import open_exam
from kerma.areas.archive.queries import images_of_exam
from kerma.areas.custody import photo as pictures
from kerma.areas.review import actions_search, queries_search, rules_search, search_sheet
from kerma.areas.worklist.queries import names_of
from kerma.errors import NotFound, TooLarge
from kerma.kernel import apart
from kerma.kernel.action import Actor, Kernel, refuse
from kerma.kernel.permissions import is_granted
from kerma.kernel.sight import Sight, sight_of

SHEET_PX = 1400
"""Longest side of an image on the printed sheet."""
MOST_ON_SHEET = 6


class PlaceShown(BaseModel):
    """A place to be searched, on an image of the exam."""

    number: int
    label: str
    finding_id: str
    image_sha256: str
    plane: int
    box: tuple[float, float, float, float] | None
    """Row, column, height and width in image pixels; null: the whole image."""


class ImageShown(BaseModel):
    """An image with places on it."""

    image_pk: int
    sha256: str
    rows: int
    columns: int
    plane: int


class CardShown(BaseModel):
    """How to handle an object by what is suspected in it."""

    suspicion: str
    words: str
    steps: list[str]
    call: str
    cordon: str
    source: str
    version: int
    """Of the site's rule; 0 where the site has written none."""
    missing: list[str]


class StepShown(BaseModel):
    """One thing that happened to a search."""

    kind: str
    by: str
    by_name: str
    at: str


class SearchRow(BaseModel):
    """A search in a list."""

    id: int
    exam_pk: int
    industry: str
    subject_id: str
    description: str
    state: str
    suspicion: str
    suspicion_words: str
    reason: str
    reason_words: str
    methods: list[str]
    method_words: list[str]
    instruction: str
    reader: str
    reader_name: str
    ordered_by: str
    ordered_by_name: str
    ordered_at: str
    searcher: str
    searcher_name: str
    is_mine: bool
    """Whether the one who asks does the search."""
    started_at: str
    ended_at: str
    outcome: str
    outcome_words: str
    category: str
    words: str
    custody_number: str
    places: list[PlaceShown]
    images: list[ImageShown]
    """Those with places; the first image of the exam where no place is marked."""


class SearchShown(SearchRow):
    """A search with all that is needed to do it."""

    card: CardShown
    photos: list[str]
    steps: list[StepShown]
    may_cancel: bool


class ShareShown(BaseModel):
    """In how many of a reader's referrals something was found, with the exact 95 % interval of that share."""

    found: int
    searched: int
    low: float | None
    high: float | None


def order_rows(kernel: Kernel, actor: Actor, rows: list[dict[str, Any]]) -> list[SearchRow]:
    """Return searches as lists show them."""
    with kernel.database.read() as connection:
        names = names_of(connection, {key for row in rows for key in _people(row)})
        return [SearchRow(**_fields(connection, row, actor, names)) for row in rows]


def detail(kernel: Kernel, actor: Actor, order_id: int) -> SearchShown:
    """Return one search as its page shows it; the ledger knows who looked.

    Raises
    ------
    NotFound
        There is no such search, or the actor may not know of it.
    """
    row = _opened(kernel, actor, order_id)
    is_open = row["state"] in (rules_search.ORDERED, rules_search.STARTED)
    with kernel.database.read() as connection:
        steps = queries_search.steps(connection, order_id)
        names = names_of(connection, {*_people(row), *(one["by"] for one in steps)})
        return SearchShown(
            **_fields(connection, row, actor, names),
            card=card_shown(connection, row["suspicion"]),
            photos=queries_search.photos(connection, order_id),
            steps=[StepShown(**_told(one), by_name=names.get(one["by"], one["by"])) for one in steps],
            may_cancel=is_open and actor.key in (row["ordered_by"], row["searcher"], row["reader"]),
        )


def card_shown(connection: sa.Connection, suspicion: str) -> CardShown:
    """Return the step card for a suspicion."""
    card = rules_search.card(suspicion, queries_search.own_rule(connection, suspicion))
    return CardShown.model_validate(asdict(card))


def share_shown(told: rules_search.Share) -> ShareShown:
    """Return a share as it is shown."""
    return ShareShown.model_validate(asdict(told))


def keep_photo(kernel: Kernel, actor: Actor, path: Path) -> str:
    """Keep a picture that was uploaded, if it is one; returns its SHA-256."""
    needed = actions_search.end_search.name
    if not is_granted(needed, actor.permissions):
        refuse(kernel, actor, needed)
    if path.stat().st_size > pictures.MOST_BYTES:
        raise TooLarge(f"the photo is larger than {pictures.MOST_BYTES / 1e6:.0f} MB: take a smaller one")
    data = path.read_bytes()
    apart.run(pictures.check, data)
    return kernel.blobs.put(data)


def photo(kernel: Kernel, actor: Actor, order_id: int, sha256: str) -> tuple[bytes, str]:
    """Return a photo of a search and its media type."""
    _opened(kernel, actor, order_id)
    with kernel.database.read() as connection:
        kept = queries_search.photos(connection, order_id)
    if sha256 not in kept:
        raise NotFound(f"search {order_id} has no such photo")
    data = kernel.blobs.get(sha256)
    return data, apart.run(pictures.check, data)


def sheet(kernel: Kernel, actor: Actor, order_id: int) -> bytes:
    """Return the printed sheet of a search as PDF/A."""
    shown = detail(kernel, actor, order_id)
    with kernel.database.read() as connection:
        sight = sight_of(connection, actor, shown.exam_pk)
        rows = {one["id"]: one for one in images_of_exam(connection, shown.exam_pk, sight)}
    files = {}
    for number, one in enumerate(shown.images[:MOST_ON_SHEET]):
        asked = queries_render.Rendering(plane=one.plane, longest=SHEET_PX)
        files[f"image{number}.png"] = queries_render.picture(kernel, rows[one.image_pk], asked).png
    told = shown.model_dump()
    told["images"] = told["images"][:MOST_ON_SHEET]
    told["more_images"] = len(shown.images) - len(told["images"])
    return apart.run(search_sheet.pdf, told, kernel.clock.now(), actor.name, files)


def _opened(kernel: Kernel, actor: Actor, order_id: int) -> dict[str, Any]:
    """Return a search that the actor may know of, once the ledger knows that they look at it."""
    with kernel.database.read() as connection:
        row = queries_search.order_by_id(connection, order_id)
        is_told = row is not None and sight_of(connection, actor, row["exam_pk"]).people
    if not is_granted(actions_search.view_searches.name, actor.permissions):
        refuse(kernel, actor, actions_search.view_searches.name)
    if row is None or not is_told:
        raise NotFound(f"there is no search {order_id}")
    open_exam(kernel, actor, exam_pk=row["exam_pk"], purpose="search")
    return row


def _people(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["reader"], row["ordered_by"], row["searcher"]


def _fields(
    connection: sa.Connection, row: Mapping[str, Any], actor: Actor, names: Mapping[str, str]
) -> dict[str, Any]:
    sight = sight_of(connection, actor, row["exam_pk"])
    places = _places(row, sight)
    images = [one for one in images_of_exam(connection, row["exam_pk"], sight) if one["kind"] == "image"]
    same = {name: row[name] for name in SearchRow.model_fields if name in row and name != "places"}
    methods = rules_search.rows(rules_search.METHODS, "method")
    return same | {
        "places": places,
        "images": _images(places, images),
        "suspicion_words": rules_search.card(row["suspicion"], None).words,
        "reason_words": _words(rules_search.REASONS, "reason", row["reason"]),
        "method_words": [methods[one]["words"] if one in methods else one for one in row["methods"]],
        "outcome_words": _words(rules_search.OUTCOMES, "outcome", row["outcome"]),
        "reader_name": names.get(row["reader"], row["reader"]),
        "ordered_by_name": names.get(row["ordered_by"], row["ordered_by"]),
        "searcher_name": names.get(row["searcher"], row["searcher"]),
        "is_mine": row["searcher"] == actor.key,
    }


def _words(name: str, key: str, code: str) -> str:
    return rules_search.rows(name, key).get(code, {}).get("words", code)


def _told(step: Mapping[str, Any]) -> dict[str, Any]:
    return {name: step[name] for name in ("kind", "by", "at")}


def _places(row: Mapping[str, Any], sight: Sight) -> list[PlaceShown]:
    """Return the places of an order; what software found is left out where that is hidden."""
    seen = [one for one in row["places"] if sight.algorithm or not one.get("is_software")]
    return [
        PlaceShown(
            number=number,
            label=one.get("label", ""),
            finding_id=one.get("finding_id", ""),
            image_sha256=one.get("image_sha256", ""),
            plane=one.get("plane", 0),
            box=one.get("box"),
        )
        for number, one in enumerate(seen, 1)
    ]


def _images(places: list[PlaceShown], rows: list[dict[str, Any]]) -> list[ImageShown]:
    wanted = list(dict.fromkeys((one.image_sha256, one.plane) for one in places if one.image_sha256))
    known = {row["sha256"]: row for row in rows}
    found = [(known[sha256], plane) for sha256, plane in wanted if sha256 in known]
    return [
        ImageShown(
            image_pk=row["id"], sha256=row["sha256"], rows=row["rows"] or 0, columns=row["columns"] or 0, plane=plane
        )
        for row, plane in found or [(row, 0) for row in rows[:1]]
    ]
