"""The report of a pilot: one HTML page with what was agreed, what it came to, and where model and readers differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from kerma.areas.flagging.evaluation_page import PAGE

Row = Mapping[str, Any]
KINDS = {"missed": "missed by the model", "false": "marked, no reader found anything"}


def report(one: Row, result: Row, names: Mapping[str, str]) -> str:
    """Return the page.

    Parameters
    ----------
    one : the pilot
    result : what it has come to
    names : of the people in it, by actor key
    """
    title = f"Pilot {one['id']} of {one['name']} {one['version']}"
    parts = [_head(one, result, title), _verdict(one, result, names), _terms(one, names)]
    parts += [_machines(result["by_machine"]), _differ(result), HOW]
    return PAGE.replace("{title}", escape(title)).replace("{body}", "\n".join(parts))


def _head(one: Row, result: Row, title: str) -> str:
    tiles = [
        ("decided exams", f"{result['exams']} of {result['planned_exams']}", "planned"),
        (
            "of what readers found, marked", _number(result["sensitivity"], 3),
            f"{_ends(result['sensitivity_interval'], 3)}at least {result['least_sensitivity']:g}",
        ),
        (
            "false marks per exam", _number(result["false_per_exam"], 2),
            f"{_ends(result['false_per_exam_interval'], 2)}at most {result['most_false_per_exam']:g}",
        ),
    ]  # fmt: skip
    shown = "".join(
        f"<div><b>{escape(figure)}</b><span>{escape(name)}</span><i>{escape(note)}</i></div>"
        for name, figure, note in tiles
    )
    said = (
        f"{result['found']} marked and {result['missed']} missed of what readers found; {result['false_marks']} marks"
    )
    head = f"<h1>{escape(title)}</h1><p>{escape(said)} where they found nothing.</p>"
    return f'<header>{head}</header><div class="tiles">{shown}</div>'


def _verdict(one: Row, result: Row, names: Mapping[str, str]) -> str:
    told = []
    if result["reached"]:
        sure = "and so are both 95 % intervals" if result["is_sure"] else "but not with 95 % confidence for both"
        told.append(f"The limits that were agreed are reached: the figures are within them, {sure}")
    else:
        told.append("The limits that were agreed are not reached: " + "; ".join(result["why"]))
    if one["ended_at"]:
        how = "Signed off" if one["is_signed_off"] else "Given up"
        told.append(f"{how} by {names.get(one['ended_by'], '')} at {one['ended_at'][:16]}: {one['end_reason']}")
    items = "".join(f"<li>{escape(sentence)}.</li>" for sentence in told)
    return f'<section class="note"><h2>Outcome</h2><ul>{items}</ul></section>'


def _terms(one: Row, names: Mapping[str, str]) -> str:
    rows = [
        ("Model", f"{one['name']} {one['version']}, weights {one['sha256']}"),
        ("Begun", f"{one['begun_at'][:16]} by {names.get(one['begun_by'], '')}"),
        ("Why", one["reason"]),
        ("Machines", ", ".join(one["machines"]) or "every one"),
        ("Planned exams", str(one["planned_exams"])),
        ("Least sensitivity", f"{one['least_sensitivity']:g}"),
        ("Most false marks per exam", f"{one['most_false_per_exam']:g}"),
    ]
    return _section("Agreed before it began", _table(("", ""), rows, "made"))


def _machines(rows: Sequence[Row]) -> str:
    keys = ("machine", "exams", "found", "missed", "false_marks")
    heads = ("Machine", "Exams", "Marked", "Missed", "False marks")
    return _section("By machine", _table(heads, [[str(row[key]) for key in keys] for row in rows]))


def _differ(result: Row) -> str:
    rows = [
        (
            str(one["exam_pk"]), KINDS[one["kind"]], one["label"], _number(one["score"], 2),
            ", ".join(f"{side:.0f}" for side in one["box"]), one["image_sha256"][:16],
        )
        for one in result["disagreements"]
    ]  # fmt: skip
    heads = ("Exam", "What", "Label", "Score", "Row, column, height, width", "Image")
    listed, whole = len(rows), result["disagreements_in_all"]
    title = "Where model and readers differ" + (f": {listed} of {whole}" if listed < whole else f" ({whole})")
    return _section(title, _table(heads, rows))


HOW = """<section><h2>How this was counted</h2>
<p>The model ran in shadow: nobody who read was shown its marks. An exam counts once it is decided; one that was decided
before the model had looked at it does not count. What readers found is what they drew, and what of other software
they accepted. A mark counts for a finding where boxes share 0.3 of their union or one holds the middle of the other,
whatever the label; every mark elsewhere is false. Readers miss things too: what is counted false may be a flaw nobody
saw, and what readers overlooked is no miss of the model here.</p>
<p>Intervals are 95 %, by drawing whole exams again and again; of nothing but zeros they are exact.</p></section>"""


def _section(heading: str, inside: str) -> str:
    return f'<section><h2>{escape(heading)}</h2><div class="wide">{inside}</div></section>' if inside else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    if not rows:
        return "<p>None.</p>"
    head = "" if kind else "<thead><tr>" + "".join(f"<th>{escape(one)}</th>" for one in heads) + "</tr></thead>"
    first = "th" if kind else "td"
    body = "".join(
        f"<tr><{first}>{escape(row[0])}</{first}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return f'<table class="{kind}">{head}<tbody>{body}</tbody></table>'


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _ends(between: Sequence[float] | None, digits: int) -> str:
    return f"95 %: {between[0]:.{digits}f} to {between[1]:.{digits}f}; " if between else ""
