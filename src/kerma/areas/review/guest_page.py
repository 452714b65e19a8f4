"""The page a guest reads: plain HTML without a script, made on the server. Pure: what is shown is an argument."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from kerma.areas.review.rules_consult import OPEN, kinds
from kerma.areas.review.rules_talk import MAX_LETTERS

if TYPE_CHECKING:
    from kerma.areas.review.guests import Visit

LOOKS = {"usual": "As usual", "more": "More contrast", "less": "Less contrast", "negative": "Negative"}
"""Ways to show an image, with their words."""
LETTER_SHARE = 0.022
"""Height of the numbers drawn over an image, as a share of its longer side."""


@dataclass(frozen=True)
class View:
    """What of the exam is on the page: the number of the image, from 1, its plane and how it is shown."""

    number: int = 1
    plane: int = 0
    look: str = "usual"

    def address(self, base: str, **changed: object) -> str:
        """Return the page's address with something else on it."""
        told = {"number": self.number, "plane": self.plane, "look": self.look} | changed
        return f"{base}/view/{told['number']}/{told['plane']}/{told['look']}"


def page(visit: Visit, view: View, base: str, problem: str = "", answer: str = "") -> str:
    """Return the guest's page.

    Parameters
    ----------
    base : the address of the link, ``/guest/TOKEN``
    problem : why an answer was not taken; its words are in ``answer``, so that they are not lost
    """
    consult = visit.consult
    parts = [
        f"<h1>{escape(kinds()[consult['kind']]['words'])}: a question about one exam</h1>",
        f'<p class="second">{escape(visit.asker)} asks {escape(_guest(consult))}. '
        f"Purpose: {escape(visit.link['purpose'])}</p>",
        f'<p class="second">This page shows one exam and can be opened until {_moment(visit.link["expires_at"])}. '
        "Every opening and every image shown is on record.</p>",
        _subject(visit),
        f'<section class="question" aria-labelledby="question"><h2 id="question">The question</h2>'
        f'<p class="words">{escape(consult["question"])}</p>'
        f'<p class="second">An answer is asked for until {_moment(consult["due_at"])}.</p></section>',
        _pictures(visit, view, base),
        _listed(visit, view),
        _answer(consult, base, problem, answer),
    ]
    return document("A question about one exam", "".join(parts))


def refusal(words: str) -> str:
    """Return the page for somebody who is not let in."""
    return document("Not open", f"<h1>Not open</h1><p>{escape(words)}</p>")


def document(title: str, body: str) -> str:
    """Return a whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{escape(title)} · Kerma</title><link rel="icon" href="/mark.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/guest/guest.css"></head>'
        f"<body><main>{body}</main></body></html>"
    )


def _guest(consult: dict[str, Any]) -> str:
    return ", ".join(one for one in (consult["guest_name"], consult["guest_organisation"]) if one)


def _subject(visit: Visit) -> str:
    if not visit.link["shows_subject"]:
        return ""
    told = [visit.exam["subject_id"], visit.exam["name"].replace("^", " ").strip(), visit.exam["description"]]
    return f"<p><strong>{escape(' · '.join(dict.fromkeys(one for one in told if one)))}</strong></p>"


def _pictures(visit: Visit, view: View, base: str) -> str:
    if not visit.images:
        return '<p class="second">This exam has no image that can be shown.</p>'
    row, count = visit.images[view.number - 1], len(visit.images)
    planes = row["planes"] or 1
    ways = [
        _step("Previous image", view.number > 1, view.address(base, number=view.number - 1, plane=0)),
        _step("Next image", view.number < count, view.address(base, number=view.number + 1, plane=0)),
        _step("Previous plane", view.plane > 0, view.address(base, plane=view.plane - 1)),
        _step("Next plane", view.plane < planes - 1, view.address(base, plane=view.plane + 1)),
    ]
    looks = "".join(
        f'<a href="{view.address(base, look=look)}"{_here(look == view.look)}>{words}</a>'
        for look, words in LOOKS.items()
    )
    picture = f"{base}/image/{view.number}/{view.plane}/{view.look}"
    caption = f"Image {view.number} of {count}" + (f", plane {view.plane + 1} of {planes}" if planes > 1 else "")
    return (
        f'<section aria-labelledby="images"><h2 id="images">The images</h2>'
        f'<nav aria-label="Images">{"".join(ways)}</nav><nav aria-label="How it is shown">{looks}'
        f'<a href="{picture}/full.png">Full size</a></nav>'
        f'<figure><div class="frame"><img src="{picture}/screen.png" alt="{caption}" width="{row["columns"]}" '
        f'height="{row["rows"]}">{_drawn(visit, view, row)}</div><figcaption>{caption}</figcaption></figure></section>'
    )


def _step(words: str, is_there: bool, address: str) -> str:
    return f'<a href="{address}">{words}</a>' if is_there else ""


def _here(is_here: bool) -> str:
    return ' aria-current="true"' if is_here else ""


def _drawn(visit: Visit, view: View, row: dict[str, Any]) -> str:
    rows, columns = row["rows"] or 0, row["columns"] or 0
    size = LETTER_SHARE * max(rows, columns)
    shapes = [*_boxes(_here_found(visit, view), size), *_lines(visit.marks, row["sha256"], view.plane, size)]
    if not shapes:
        return ""
    return f'<svg viewBox="0 0 {columns} {rows}" aria-hidden="true" focusable="false">{"".join(shapes)}</svg>'


def _here_found(visit: Visit, view: View) -> list[tuple[int, dict[str, Any]]]:
    """Return the findings on the plane in view, each with its number in the exam; energies show the same place."""
    if not visit.images:
        return []
    sha256 = visit.images[view.number - 1]["sha256"]
    return [
        (number, one)
        for number, one in enumerate(visit.findings, 1)
        if one["image_sha256"] == sha256 and (one["plane_kind"] == "energy" or one.get("plane") in (None, view.plane))
    ]


def _boxes(found: Sequence[tuple[int, dict[str, Any]]], size: float) -> Iterator[str]:
    for number, one in found:
        row, column, height, width = one["box"]
        yield f'<rect x="{column:g}" y="{row:g}" width="{width:g}" height="{height:g}"/>'
        yield f'<text x="{column:g}" y="{max(size, row - size / 4):g}" font-size="{size:g}">{number}</text>'


def _lines(marks: Sequence[dict[str, Any]], sha256: str, plane: int, size: float) -> Iterator[str]:
    for one in marks:
        if one["image_sha256"] != sha256 or one.get("plane", 0) != plane or not one["points"]:
            continue
        points = " ".join(f"{column:g},{row:g}" for row, column in one["points"])
        row, column = one["points"][0]
        yield f'<polyline points="{points}"/>'
        if one["text"]:
            yield f'<text x="{column:g}" y="{row:g}" font-size="{size:g}">{escape(one["text"])}</text>'


def _listed(visit: Visit, view: View) -> str:
    if not visit.link["shows_findings"]:
        return ""
    here = {number for number, _ in _here_found(visit, view)}
    rows = "".join(
        f"<tr><td>{number}</td><td>{escape(one['label'].replace('_', ' '))}</td>"
        f"<td>{'this picture' if number in here else _elsewhere(visit, one)}</td></tr>"
        for number, one in enumerate(visit.findings, 1)
    )
    if not rows:
        return '<p class="second">No finding is recorded.</p>'
    head = "<thead><tr><th>Number</th><th>Finding</th><th>On</th></tr></thead>"
    whole = f"<table>{head}<tbody>{rows}</tbody></table>"
    return f'<section aria-labelledby="found"><h2 id="found">Findings</h2>{whole}</section>'


def _elsewhere(visit: Visit, finding: dict[str, Any]) -> str:
    """Return in words on which image and plane a finding lies."""
    number = next((at for at, row in enumerate(visit.images, 1) if row["sha256"] == finding["image_sha256"]), 0)
    plane = finding.get("plane")
    return f"image {number}" + (f", plane {plane + 1}" if plane else "")


def _answer(consult: dict[str, Any], base: str, problem: str, answer: str) -> str:
    if consult["state"] != OPEN:
        given = f'<p class="second">Given {_moment(consult["answered_at"])}.</p>'
        said = f'<p class="words">{escape(consult["answer"])}</p>{given}'
        return f'<section class="answer" aria-labelledby="answer"><h2 id="answer">Your answer</h2>{said}</section>'
    told = f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem else ""
    return (
        f'<section class="answer" aria-labelledby="answer"><h2 id="answer">Your answer</h2>{told}'
        f'<form method="post" action="{base}/answer"><label for="text">Your answer, once: it cannot be changed</label>'
        f'<textarea id="text" name="answer" rows="6" maxlength="{MAX_LETTERS}" required>{escape(answer)}</textarea>'
        '<button type="submit">Send the answer</button></form></section>'
    )


def _moment(written: str) -> str:
    return f"{written[:10]} {written[11:16]} UTC"
