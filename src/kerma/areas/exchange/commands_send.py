"""Sending, fetching and promises on the command line: send, deliveries, query, fetch, commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kerma.areas.exchange.commands import Json, Title, operator, print_json, show_rows

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

Exam = Annotated[str, typer.Argument(help="The exam's UID, or its number in `kerma archive list`.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="How many to show.")]
EXIT_REFUSED = 1

deliveries = typer.Typer(
    no_args_is_help=True, help="What is to be sent, is being sent, was sent, or waits for a person."
)


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command("send")(send)
    cli.add_typer(deliveries, name="deliveries")
    cli.command("query")(query)
    cli.command("fetch")(fetch)
    cli.command("commit")(ask_commitment)
    cli.command("commitments")(list_commitments)


def send(  # noqa: PLR0913 - one parameter for each option
    ctx: typer.Context,
    exam: Exam,
    ae_title: Title,
    series: Annotated[str, typer.Option(help="Only this series, by UID.")] = "",
    image: Annotated[str, typer.Option(help="Only this image, by UID.")] = "",
    now: Annotated[bool, typer.Option("--now", help="Send from here and wait, instead of by the server.")] = False,
    as_json: Json = False,
) -> int:
    """Send an exam to a node; the server does it, and tries again while the node is away."""
    from kerma.areas.exchange import actions_deliver, queries
    from kerma.areas.exchange.actions_deliver import Order

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        node = queries.known_node(connection, ae_title)
    if now:
        return _send_now(kernel, node, _exam_pk(kernel, exam), (series, image), as_json)
    order = Order(node["id"], _exam_pk(kernel, exam), series, image)
    delivery_id = actions_deliver.send(kernel, operator(), order=order)
    if as_json:
        print_json({"version": 1, "delivery_id": delivery_id})
    else:
        typer.echo(
            f"delivery {delivery_id} is asked for: `kerma serve` sends it, `kerma deliveries list` shows how far"
        )
    return 0


def _send_now(kernel: Kernel, node: dict[str, Any], exam_pk: int, part: tuple[str, str], as_json: bool) -> int:
    from kerma.areas.exchange import queries_deliver
    from kerma.areas.exchange.send import Errand, send_images
    from kerma.errors import NotFound, Unreachable

    with kernel.database.read() as connection:
        rows = queries_deliver.images_of(connection, exam_pk, *part)
    if not rows:
        raise NotFound("there is nothing of this exam, series or image to send")
    with _Bar("Sending", len(rows)) as advance:
        outcome = send_images(kernel, node, rows, Errand(operator()), lambda sent: advance(1))
    if outcome.error:
        raise Unreachable(f"{outcome.error} ({outcome.sent_count} of {len(rows)} images were sent)")
    failed = [{"image_uid": sent.image["uid"], "reason": sent.words} for sent in outcome.failed]
    if as_json:
        counts = {
            "sent": outcome.sent_count,
            "decoded": outcome.converted_count,
            "made": outcome.made_count,
            "sent_bytes": outcome.sent_bytes,
        }
        print_json({"version": 1, **counts, "failed": failed})
    else:
        for one in failed:
            typer.echo(f"not taken: {one['image_uid']}: {one['reason']}", err=True)
        decoded = f", {outcome.converted_count} decoded without loss" if outcome.converted_count else ""
        made = f", {outcome.made_count} as DICOM objects made of the files that came" if outcome.made_count else ""
        typer.echo(f"sent {outcome.sent_count} of {len(rows)} images, {outcome.sent_bytes / 1e6:.1f} MB{decoded}{made}")
    return EXIT_REFUSED if failed else 0


@deliveries.command("list")
def list_deliveries(
    ctx: typer.Context,
    state: Annotated[str, typer.Option(help="waiting, sending, sent or parked.")] = "",
    ae_title: Annotated[str, typer.Option("--node", help="Only to this node.")] = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List deliveries, the last asked for first."""
    from kerma.areas.exchange import actions_ask, queries_deliver

    kernel = ctx.obj.kernel()
    actions_ask.view(kernel, operator(), what="deliveries")
    with kernel.database.read() as connection:
        rows = queries_deliver.deliveries(connection, operator(), state=state, ae_title=ae_title, limit=limit)
    for row in rows:
        row["sent"] = f"{row['sent_count']}/{row['image_count']}"
        row["remark"] = row["error"] or row["note"]
    columns = {
        "id": "No", "ae_title": "To", "exam_pk": "Exam", "reason": "By", "state": "State", "sent": "Sent",
        "attempts": "Tries", "requested_at": "Asked at", "remark": "Remark",
    }  # fmt: skip
    if not as_json:
        rows = [{**row, "requested_at": row["requested_at"][:19].replace("T", " ")} for row in rows]
    show_rows(rows, columns, as_json, "deliveries")


@deliveries.command("retry")
def retry(ctx: typer.Context, delivery_id: Annotated[int, typer.Argument(metavar="NO")]) -> None:
    """Try a delivery again that was parked, or that waits for its next attempt."""
    from kerma.areas.exchange import actions_deliver

    actions_deliver.retry(ctx.obj.kernel(), operator(), delivery_id=delivery_id)
    typer.echo(f"delivery {delivery_id} is tried again")


def query(
    ctx: typer.Context,
    ae_title: Title,
    level: Annotated[str, typer.Option(help="study, series or image.")] = "study",
    match: Annotated[
        list[str] | None, typer.Option(help="KEYWORD=VALUE, such as PatientID=P-17 or StudyDate=20260101-; repeat.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask another archive what it has (C-FIND)."""
    from kerma.areas.exchange import actions_ask
    from kerma.errors import WrongUsage

    pairs = [written.partition("=") for written in match or []]
    if any(not sign for _, sign, _ in pairs):
        raise WrongUsage("--match wants KEYWORD=VALUE, such as PatientID=P-17")
    asked = {keyword: value for keyword, _, value in pairs}
    rows = actions_ask.query(ctx.obj.kernel(), operator(), ae_title=ae_title, level=level, asked=asked)
    show_rows(rows, _HEADINGS.get(level, {}), as_json, "matches", empty="no match")


_HEADINGS = {
    "study": {
        "StudyDate": "Date", "PatientID": "Subject", "PatientName": "Name", "ModalitiesInStudy": "Kind",
        "StudyDescription": "Description", "NumberOfStudyRelatedInstances": "Images", "StudyInstanceUID": "Exam UID",
    },
    "series": {
        "SeriesNumber": "No", "Modality": "Kind", "SeriesDescription": "Description", "BodyPartExamined": "Part",
        "NumberOfSeriesRelatedInstances": "Images", "SeriesInstanceUID": "Series UID",
    },
    "image": {"InstanceNumber": "No", "SOPClassUID": "Class", "SOPInstanceUID": "Image UID"},
}  # fmt: skip


def fetch(
    ctx: typer.Context,
    ae_title: Title,
    exam_uid: Annotated[str, typer.Argument(help="The exam's UID, from `kerma query`.")],
    as_json: Json = False,
) -> int:
    """Have an exam of another archive here (C-GET, or C-MOVE to ourselves)."""
    from kerma.areas.exchange import actions_ask

    kernel = ctx.obj.kernel()
    with _Bar("Fetching", None) as advance:
        state = actions_ask.fetch_exam(
            kernel,
            operator(),
            ae_title=ae_title,
            exam_uid=exam_uid,
            on_progress=lambda now: advance(None, now.completed, now.expected),
        )
    if as_json:
        counts = {"completed": state.completed, "failed": state.failed, "method": state.method}
        print_json({"version": 1, **counts, "refused": state.refused})
    else:
        for reason in state.refused:
            typer.echo(f"not kept: {reason}", err=True)
        typer.echo(f"fetched {state.completed} images from {ae_title} by {state.method}, {state.failed} failed")
    return EXIT_REFUSED if state.failed else 0


def ask_commitment(ctx: typer.Context, exam: Exam, ae_title: Title, as_json: Json = False) -> None:
    """Ask a node to promise that it keeps the images of an exam (storage commitment)."""
    from kerma.areas.exchange import actions_commit, commit, queries

    kernel = ctx.obj.kernel()
    with kernel.database.read() as connection:
        node = queries.known_node(connection, ae_title)
    commitment_id = actions_commit.ask(
        kernel, operator(), node_id=node["id"], exam_pk=_exam_pk(kernel, exam), transaction_uid=commit.new_transaction()
    )
    if as_json:
        print_json({"version": 1, "commitment_id": commitment_id})
    else:
        typer.echo(f"commitment {commitment_id}: `kerma serve` asks {ae_title}; `kerma commitments` shows the answer")


def list_commitments(ctx: typer.Context, limit: Limit = 50, as_json: Json = False) -> None:
    """List what others promised to keep for us, and what we promised them."""
    from kerma.areas.exchange import actions_ask, queries_commit

    kernel = ctx.obj.kernel()
    actions_ask.view(kernel, operator(), what="commitments")
    with kernel.database.read() as connection:
        rows = queries_commit.commitments(connection, operator(), limit)
    for row in rows:
        row["asked"], row["kept"], row["not_kept"] = (len(row[name]) for name in ("references", "committed", "failed"))
        row["who"] = _WHO[row["direction"]]
    columns = {
        "id": "No", "who": "Who promises", "ae_title": "Node", "exam_pk": "Exam", "state": "State", "asked": "Asked",
        "kept": "Kept", "not_kept": "Not kept", "error": "Remark",
    }  # fmt: skip
    show_rows(rows, columns, as_json, "commitments")


_WHO = {"asked": "the node, to us", "given": "we, to the node"}


def _exam_pk(kernel: Kernel, exam: str) -> int:
    """Return the number of an exam given by UID or number."""
    from kerma.areas.archive import queries
    from kerma.errors import NotFound

    with kernel.database.read() as connection:
        is_number = exam.isdecimal() and len(exam) < 18
        found = queries.exam_by_pk(connection, int(exam)) if is_number else queries.exam_by_uid(connection, exam)
    if found is None:
        raise NotFound(f"there is no exam {exam[:64]}; `kerma archive list` shows them")
    return int(found["id"])


class _Bar:
    """A progress bar on standard error; inside the block it is a function that moves it."""

    def __init__(self, words: str, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task(words, total=total)

    def __enter__(self) -> Any:
        self._progress.start()
        return self._advance

    def _advance(self, steps: int | None, completed: int | None = None, total: int | None = None) -> None:
        self._progress.update(self._task, advance=steps, completed=completed, total=total)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
