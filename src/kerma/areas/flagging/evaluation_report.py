"""The report of an evaluation: one HTML file that needs nothing beside it, for the screen and for paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from kerma.areas.flagging import evaluation_print as words
from kerma.areas.flagging.evaluation_curves import figures
from kerma.areas.flagging.evaluation_page import PAGE
from kerma.areas.flagging.evaluation_pictures import Picture, pictures
from kerma.areas.flagging.evaluation_run import Done
from kerma.errors import WrongUsage
from kerma.formats.guard import GuardedReader
from kerma.science.observer.confusion import Place

MOST_PICTURES = 24
MOST_LABELS = 24
"""A table of confusion wider than this is read by nobody."""


def write(path: Path, done: Done) -> None:
    """Write the report.

    Raises
    ------
    WrongUsage
        The file cannot be written.
    """
    page = report(done, datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise WrongUsage(f"cannot write the report '{path}': {error.strerror}") from error


def report(done: Done, made_at: str) -> str:
    """Return the page."""
    values = done.as_json()["values"]
    parts = [
        _head(done, values, made_at),
        *_warnings(done),
        _curves(done),
        _section("By label", _table(words.table_of_labels(values))),
        _section("By size of the box", _table(words.table_of_sizes(values))),
        _confusion(values),
        *_seen(done),
        _section("What the scores can be trusted for", _sentences([*words.trust(values), *words.compared(values)])),
        _card(done),
        _made(done),
    ]
    title = f"Evaluation of {done.model.name} {done.model.version}"
    return PAGE.replace("{title}", escape(title)).replace("{body}", "\n".join(part for part in parts if part))


def _head(done: Done, values: dict[str, Any], made_at: str) -> str:
    counts = (
        f"{values['images']} images in {values['groups']} groups; {values['images_with_truth']} with something on "
        f"them; {values['truths']} truths, {values['marks']} marks"
    )
    tiles = "".join(_tile(*one) for one in _tiles(values))
    name = f"{escape(done.model.name)} <small>{escape(done.model.version)}</small>"
    return f'<header><h1>{name}</h1><p>{escape(counts)}. {made_at}</p></header><div class="tiles">{tiles}</div>'


def _tiles(values: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    intervals = values["intervals"]
    point = next(row for row in values["froc"] if row["false_per_image"] == 0.5)
    if point["sensitivity"] is not None:
        yield (
            "found at 0.5 false marks per image",
            words.percent(point["sensitivity"]),
            _ends(point["low"], point["high"]),
        )
    for key, name in (("map50", "mAP50"), ("map30", "mAP30"), ("map", "mAP 50-95"), ("auc", "AUC of images")):
        if values[key] is not None:
            yield name, words.number(values[key]), _ends(*(intervals[key] or (None, None)))
    pixels = values["pixels"]
    if pixels is not None and pixels["aupro"] is not None:
        up_to = f"AUPRO up to {100 * pixels['false_share_limit']:g} % false"
        for key, name in (("aupro", up_to), ("auc", "AUC of pixels")):
            yield name, words.number(pixels[key]), _ends(*(pixels["intervals"][key] or (None, None)))
    at = values["operating_point"]
    if at is not None:
        name = f"false marks per image at score {at['threshold']:.3g}"
        yield name, f"{at['false_per_image']:.2f}", f"score: {at['how']}"
        if values["truths"]:
            missed = f"{values['missed']} of {values['truths']}"
            yield f"missed at score {at['threshold']:.3g}", missed, "whatever the label"


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"95 %: {low:.3f} to {high:.3f}"


def _tile(name: str, figure: str, note: str) -> str:
    return f"<div><b>{escape(figure)}</b><span>{escape(name)}</span><i>{escape(note)}</i></div>"


def _warnings(done: Done) -> Iterator[str]:
    told = [*done.warnings, *(f"{Path(row['path']).name}: {row['reason']}" for row in done.refused[:10])]
    if told:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in told)
        yield f'<section class="note"><h2>To know before relying on it</h2><ul>{items}</ul></section>'


def _curves(done: Done) -> str:
    shown = "".join(
        f"<figure><h3>{escape(heading)}</h3>{svg}<figcaption>{escape(note)}</figcaption></figure>"
        for heading, svg, note in figures(done.told)
    )
    return f'<section><h2>Curves</h2><div class="curves">{shown}</div></section>' if shown else ""


def _table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _section(heading: str, inside: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{inside}</section>" if inside else ""


def _sentences(told: Sequence[str]) -> str:
    return "".join(f"<p>{escape(sentence[:1].upper() + sentence[1:])}.</p>" for sentence in told)


def _confusion(values: dict[str, Any]) -> str:
    counts = {(row["truth"], row["mark"]): row["count"] for row in values["confusion"]}
    truths, marks = (sorted({pair[side] for pair in counts})[:MOST_LABELS] for side in (0, 1))
    if not counts:
        return ""
    rows = [("truth, below; marked as, across", *marks)]
    rows += [(truth, *(str(counts.get((truth, mark), "")) for mark in marks)) for truth in truths]
    note = "<p>Found ones by place, whatever the label; missed and false ones are below.</p>"
    return _section("What was taken for what", note + _table(rows))


def _seen(done: Done) -> Iterator[str]:
    confusion, cases = done.told.confusion, {case.name: case for case in done.told.cases}
    threshold = done.told.operating.threshold if done.told.operating else float("inf")
    missed = sorted(confusion.missed, key=lambda place: -place[1].box.height * place[1].box.width)
    with GuardedReader() as reader:
        for heading, places in (("Missed, the largest first", missed), ("False, the surest first", confusion.false)):
            chosen: Sequence[Place] = places[:MOST_PICTURES]
            if chosen:
                drawn = pictures(chosen, cases, done.paths, reader, threshold)
                yield _gallery(f"{heading}: {len(chosen)} of {len(places)}", drawn)


def _gallery(heading: str, drawn: Sequence[Picture]) -> str:
    shown = "".join(
        f'<figure><img src="{one.address}" alt="{escape(one.words)}"><figcaption>{escape(one.words)}</figcaption>'
        "</figure>"
        for one in drawn
    )
    key = '<p class="key"><em class="truth">truth</em> <em class="mark">mark of the detector</em> '
    key += '<em class="weak">mark below the score</em></p>'
    return f'<section><h2>{escape(heading)}</h2>{key}<div class="gallery">{shown}</div></section>'


def _card(done: Done) -> str:
    """Return what the model's makers say of it."""
    card = done.model.card
    if card is None:
        return ""
    limits = card.get("limits")
    items = "".join(f"<li>{escape(str(one))}</li>" for one in limits) if isinstance(limits, list) else ""
    trained = card.get("trained")
    on = f"Trained on {trained.get('on', '')}, {trained.get('images', '')} images." if isinstance(trained, dict) else ""
    use = f"Intended use: {done.model.summary}."
    return _section("What its card says", f"<p>{escape(use)} {escape(on)}</p><ul>{items}</ul>")


def _made(done: Done) -> str:
    inputs = done.asked.as_json()
    rows = [(key.replace("_", " "), _told(value)) for key, value in inputs.items() if value not in (None, {}, [])]
    if done.model.sha256:
        rows.append(("SHA-256 of the model", done.model.sha256))
    body = "".join(f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in rows)
    how = (
        "Average precision as COCO defines it (101 recalls). FROC takes the operating points the marks really have. "
        "Intervals: whole groups drawn with replacement, 95 % percentiles; shares: Clopper and Pearson; areas under "
        "ROC curves: DeLong. Images of one group are never taken for independent."
    )
    return _section("How it was made", f'<p>{how}</p><table class="made"><tbody>{body}</tbody></table>')


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} is {name}" for key, name in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
