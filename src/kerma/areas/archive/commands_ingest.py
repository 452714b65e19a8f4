"""``kerma ingest``: a film or a folder of a hundred thousand, with a bar, and going on where it was cut off."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kerma.areas.archive.import_folder import Taken
    from kerma.areas.archive.import_walk import Count

EXIT_REFUSED = 1
SHOWN_REFUSALS = 20
"""Files named one by one; of more, only how many for which reason."""
LINE_EVERY_S = 10.0
"""How often progress is told where there is no terminal."""
RATE_OVER_S = 10.0


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("ingest")(ingest)


def ingest(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files, and folders with everything below them.", exists=True)],
    industry: Annotated[str, typer.Option(help="security, ndt or medical; needed where files do not tell.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Read files again that were brought in before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> int:
    """Take X-ray files into the archive, unaltered; run it again to go on after an interruption."""
    from kerma.areas.archive import import_folder
    from kerma.areas.archive.import_walk import Count
    from kerma.kernel.identity import service

    kernel = ctx.obj.kernel()
    asked = import_folder.Import(tuple(paths), industry or None, verify)
    count = Count(paths)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool, _shown(count) as tally:
        tally.spool = spool if as_json else None
        try:
            import_folder.run(kernel, service("cli", "archive.*"), asked, tally.tell)
        finally:
            count.stop()
        tally.end(as_json)
    return EXIT_REFUSED if tally.refused else 0


class Tally:
    """What an import has done so far, and how it is told."""

    def __init__(self, count: Count, bar: Any) -> None:
        self.spool: IO[str] | None = None
        self._count = count
        self._bar = bar
        self._task = bar.add_task("Ingesting", total=None, rate="", refused="", size="")
        self._outcomes: Counter[str] = Counter()
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._size_bytes = 0
        self._begun_s = self._line_s = time.monotonic()
        self._recent: list[tuple[float, int]] = [(self._begun_s, 0)]

    @property
    def files(self) -> int:
        """How many files are done."""
        return self._outcomes.total()

    @property
    def refused(self) -> int:
        """How many files do not stand among the exams."""
        return self._outcomes["quarantined"] + self._outcomes["refused"]

    def tell(self, taken: Taken) -> None:
        """Count one file, show it where it was refused, and move the bar."""
        self._outcomes[taken.outcome] += 1
        self._size_bytes += taken.found.size_bytes
        if taken.reason:
            self._reasons[taken.outcome, _kind(taken.reason)] += 1
        if self.spool is not None:
            self.spool.write(json.dumps(_entry(taken), ensure_ascii=False) + "\n")
        elif taken.outcome in ("quarantined", "refused") and self.refused <= SHOWN_REFUSALS:
            self._say(f"{taken.outcome}: {taken.found.path}: {taken.reason}")
        now_s = time.monotonic()
        if now_s - self._recent[-1][0] >= 0.25:
            self._move(now_s)

    def end(self, as_json: bool) -> None:
        """Tell what became of everything: one JSON document, or a few lines."""
        self._move(time.monotonic())
        self._bar.stop()
        if as_json:
            self._print_document()
            return
        if self.refused > SHOWN_REFUSALS:
            for (outcome, reason), number in self._reasons.most_common():
                typer.echo(f"{number} {outcome}: {reason}", err=True)
            typer.echo("`kerma archive quarantine` lists them one by one", err=True)
        counts = ", ".join(f"{number} {outcome}" for outcome, number in self._counts().items() if number)
        typer.echo(counts or "no files found")

    def _counts(self) -> dict[str, int]:
        from kerma.areas.archive.import_folder import OUTCOMES

        return {outcome: self._outcomes[outcome] for outcome in OUTCOMES}

    def _print_document(self) -> None:
        """Print the files as they were spooled: of a hundred thousand not one is held."""
        reasons = [
            {"outcome": outcome, "reason": reason, "files": number}
            for (outcome, reason), number in self._reasons.most_common()
        ]
        head = {
            "version": 1,
            "counts": self._counts(),
            "reasons": reasons,
            "size_bytes": self._size_bytes,
            "seconds": round(time.monotonic() - self._begun_s, 3),
        }
        typer.echo(json.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}") + ',\n  "files": [', nl=False)
        assert self.spool is not None
        self.spool.seek(0)
        for number, line in enumerate(self.spool):
            typer.echo(("," if number else "") + "\n    " + line.rstrip("\n"), nl=False)
        typer.echo("\n  ]\n}" if self.files else "]\n}")

    def _move(self, now_s: float) -> None:
        self._recent.append((now_s, self.files))
        while len(self._recent) > 2 and now_s - self._recent[1][0] > RATE_OVER_S:
            self._recent.pop(0)
        since_s, before = self._recent[0]
        rate_per_s = (self.files - before) / max(now_s - since_s, 1e-3)
        total = self._count.files if self._count.is_done else None
        size = f"{self._size_bytes / 1e6:,.0f} MB"
        refused = f"{self.refused} refused" if self.refused else ""
        shown = {"rate": f"{rate_per_s:,.0f} files/s", "refused": refused, "size": size}
        self._bar.update(self._task, completed=self.files, total=total, **shown)
        if self._bar.disable and now_s - self._line_s >= LINE_EVERY_S:
            self._line_s = now_s
            left = f", about {_duration((total - self.files) / max(rate_per_s, 1e-3))} left" if total else ""
            of = f" of {total:,}" if total else ""
            parts = [f"{self.files:,}{of} files", size, shown["rate"], *filter(None, [refused])]
            typer.echo(", ".join(parts) + left, err=True)

    def _say(self, line: str) -> None:
        """Show a line above the bar."""
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _shown(count: Count) -> Iterator[Tally]:
    """Show a bar where there is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[size]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("[red]{task.fields[refused]}"),
    )
    console = Console(stderr=True)
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal, refresh_per_second=4)
    with bar:
        yield Tally(count, bar)


def _entry(taken: Taken) -> dict[str, Any]:
    from dataclasses import asdict

    facts: dict[str, Any] = asdict(taken.stored) if taken.stored else {}
    facts |= {"file_name": taken.found.path.name, "path": str(taken.found.path), "outcome": taken.outcome}
    facts |= {"size_bytes": taken.found.size_bytes, "reason": taken.reason}
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _kind(reason: str) -> str:
    """Return the part of a reason that many files share: what stands before the first colon."""
    return reason.split(":")[0][:160]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
