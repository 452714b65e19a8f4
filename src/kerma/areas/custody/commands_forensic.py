"""``kerma forensics`` on files, ``kerma custody forensics`` on an exam of the archive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.areas.custody.commands import custody

if TYPE_CHECKING:
    from kerma.areas.custody.forensic_look import Looked, Tick

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
SHAPES = {"found": "▲", "not-found": "○", "not-checkable": "–"}
SEVERITY_SHAPES = {"contradiction": "▲", "doubtful": "△", "note": "·"}
FILES_MAX = 1_000


def register(cli: typer.Typer) -> None:
    """Add the command on files; the one on an exam belongs to the group of custody."""
    cli.command("forensics")(files)


def files(
    names: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Images: DICOM, TIFF, PNG, JPEG.")],
    as_json: Json = False,
) -> None:
    """Look for traces of changes in image files, and for the same picture among them; the archive is not asked."""
    from kerma.areas.custody import forensic_look as looking
    from kerma.areas.custody.commands_evidence import progress
    from kerma.errors import Unusable, WrongUsage
    from kerma.formats.guard import GuardedReader

    if len(names) > FILES_MAX:
        raise WrongUsage(f"at most {FILES_MAX} files at once")
    with GuardedReader() as reader, progress("Forensic checks") as tick:
        looked = [_look(reader, path, tick) for path in names]
        if all(one.problem for one in looked):
            raise Unusable(looked[0].problem if len(looked) == 1 else "none of the files can be read")
        duplicates = _duplicates(reader, names, looked, tick)
    document = looking.document_of(looked, duplicates, looking.told(looked), [])
    _print(json.loads(document), as_json)


@custody.command("forensics")
def exam(
    ctx: typer.Context,
    exam: Annotated[str, typer.Argument(help="The exam's UID, or its number in `kerma archive list`.")],
    as_json: Json = False,
) -> None:
    """Run the forensic checks on an exam: traces in its images, contradictions, the same picture in the archive."""
    from kerma.areas.archive import queries
    from kerma.areas.custody.commands_evidence import progress
    from kerma.areas.custody.forensic_exam import examine
    from kerma.errors import NotFound
    from kerma.kernel.identity import service

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        by_number = queries.exam_by_pk(connection, int(exam)) if exam.isdecimal() and len(exam) < 19 else None
        found = by_number or queries.exam_by_uid(connection, exam)
    if found is None:
        raise NotFound(f"there is no exam '{exam}'; `kerma archive list` shows them")
    with progress("Forensic checks") as tick:
        result = examine(kernel, service("cli", "custody.run_forensics"), exam_pk=found["id"], tick=tick)
    about = {"made_at": result["made_at"], "result_sha256": result["document_sha256"]}
    _print(result["document"] | about, as_json)


def _look(reader: Any, path: Path, tick: Tick) -> Looked:
    import hashlib

    from kerma.areas.custody import forensic_look as looking
    from kerma.formats import sidecar_path

    tick(path.name)
    if not path.is_file():
        return looking.Looked(path.name, {"name": path.name}, problem=f"{path} is no file")
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    beside = sidecar_path(path)
    return looking.look(reader, path, path.name, beside.read_bytes() if beside else None, {"sha256": sha256})


def _duplicates(reader: Any, paths: list[Path], looked: list[Looked], tick: Tick) -> list[dict[str, Any]]:
    """Return the pairs of files that show the same, the pixels compared."""
    from kerma.areas.custody import forensic_look as looking
    from kerma.science.forensics.fingerprint import NEAR_BITS, distance_bits

    found = []
    for first, one in enumerate(looked):
        for second in range(first + 1, len(looked)):
            bits = min((distance_bits(a, b) for a in one.sought for b in looked[second].kept), default=64)
            if bits > NEAR_BITS:
                continue
            tick(f"comparing {one.name} and {looked[second].name}")
            planes = [looking.middle_plane(reader.read(paths[number])) for number in (first, second)]
            traces = looking.same_pictures(planes[0], planes[1], looked[second].name)
            if any(trace.is_found for trace in traces):
                told = [trace.as_json() for trace in traces]
                found.append({"image": one.name, "other": looked[second].name, "distance_bits": bits, "traces": told})
    return found


def _print(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for image in document["images"]:
        typer.echo(image["name"] + (f": not looked at: {image['problem']}" if image["problem"] else ""))
        _print_traces(image["traces"])
    for pair in document["duplicates"]:
        where = f" (exam {pair['other_exam_pk']})" if "other_exam_pk" in pair else ""
        typer.echo(f"{pair['image']} and {pair['other']}{where}")
        _print_traces(pair["traces"])
    if document["contradictions"]:
        typer.echo("Contradictions")
    for one in document["contradictions"]:
        typer.echo(f"  {SEVERITY_SHAPES[one['severity']]} {one['severity']}: {one['image']}: {one['words']}")
        typer.echo(f"    {one['fact']}, against {one['against']}")
    for words in document["not_looked_at"]:
        typer.echo(f"Not looked at: {words}")
    _print_methods([trace for each in (*document["images"], *document["duplicates"]) for trace in each["traces"]])
    typer.echo(document["caveat"])


def _print_traces(traces: list[dict[str, Any]]) -> None:
    """Print what was found line by line, and in one line what was not."""
    nothing = [trace["check"] for trace in traces if trace["outcome"] == "not-found"]
    for trace in traces:
        if trace["outcome"] != "not-found":
            words = trace["outcome"].replace("-", " ")
            typer.echo(f"  {SHAPES[trace['outcome']]} {words}, {trace['check']}: {trace['words']}")
    if nothing:
        typer.echo(f"  {SHAPES['not-found']} not found: {', '.join(nothing)}")


def _print_methods(traces: list[dict[str, Any]]) -> None:
    """Print how each check that was made works, and how often it is wrong."""
    from kerma.areas.custody.commands import show_rows

    made = {trace["check"]: trace for trace in traces if trace["outcome"] != "not-checkable"}
    shown = [
        {
            "Check": trace["check"],
            "Method": trace["method"],
            "False alarms": f"<= {trace['false_alarm_percent']:.1f} %",
            "Missed": f"<= {trace['missed_percent']:.0f} %",
        }
        for trace in made.values()
    ]
    show_rows(shown, "no check was made")
