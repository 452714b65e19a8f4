"""The command line: it collects the areas' commands and turns errors into one line that teaches.

Each command module has ``register(cli)`` and imports nothing heavy at module level, so that ``kerma --help`` is
quick. ``ctx.obj`` of every command is the :class:`Wiring`.
"""

from __future__ import annotations

import functools
import importlib
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import typer

from kerma import __version__
from kerma.errors import KermaError, WrongUsage

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel
    from kerma.kernel.industry import Industry

COMMAND_MODULES = (
    "kerma.doors.commands",
    "kerma.areas.report.commands",
    "kerma.areas.report.commands_report",
    "kerma.areas.report.commands_sign",
    "kerma.areas.report.commands_objects",
    "kerma.areas.review.commands",
    "kerma.areas.flagging.commands_detect",
    "kerma.areas.flagging.commands_models",
    "kerma.areas.flagging.commands_models_change",
    "kerma.areas.flagging.commands_feedback",
    "kerma.areas.flagging.commands_pilot",
    "kerma.areas.flagging.commands_clear",
    "kerma.areas.flagging.commands_evaluate",
    "kerma.areas.flagging.commands_gate",
    "kerma.areas.flagging.commands_teach",
    "kerma.areas.review.commands_calc",
    "kerma.areas.review.commands_rules",
    "kerma.areas.review.commands_packs",
    "kerma.areas.archive.commands_ingest",
    "kerma.areas.archive.commands",
    "kerma.areas.archive.commands_keeping",
    "kerma.areas.archive.commands_upkeep",
    "kerma.areas.archive.commands_enhance",
    "kerma.areas.exchange.commands",
    "kerma.areas.exchange.commands_send",
    "kerma.areas.exchange.commands_route",
    "kerma.areas.exchange.conformance.commands",
    "kerma.areas.worklist.commands",
    "kerma.areas.worklist.commands_rules",
    "kerma.areas.custody.commands",
    "kerma.areas.custody.commands_evidence",
    "kerma.areas.custody.commands_forensic",
    "kerma.areas.training.commands",
    "kerma.areas.flagging.commands_train",
    "kerma.areas.people.commands",
    "kerma.kernel.commands",
    "kerma.kernel.service_commands",
    "kerma.kernel.backup_commands",
    "kerma.standards.commands",
)
"""Where commands come from, in the order ``kerma --help`` shows them."""

EXIT_WRONG_USAGE = 2
EXIT_FAILED = 3


class Wiring:
    """What a command may ask for: the opened kernel and the industries, each made when first asked for."""

    def __init__(self, open_kernel: Callable[[], Kernel]) -> None:
        self._open_kernel = open_kernel
        self._kernel: Kernel | None = None

    def kernel(self) -> Kernel:
        """Open the kernel (database, blobs, ledger) of the settings in the environment, once."""
        if self._kernel is None:
            self._kernel = self._open_kernel()
        return self._kernel

    @cached_property
    def industries(self) -> Mapping[str, Industry]:
        """The industries by name."""
        from kerma.industries import INDUSTRIES

        return INDUSTRIES

    def close(self) -> None:
        """Sign what the ledger has not yet covered by a checkpoint and give back every connection."""
        if self._kernel is not None:
            self._kernel.ledger.checkpoint(self._kernel.database)
            self._kernel.database.close()
            self._kernel = None


def build() -> typer.Typer:
    """Return the whole command line."""
    cli = typer.Typer(
        name="kerma",
        help="Kerma: the X-ray analyst's workbench, from the first photon count to the signed, provable decision.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @cli.callback(invoke_without_command=True)
    def _version(
        version: bool = typer.Option(False, "--version", is_eager=True, help="Print the version and stop."),
        show_traceback: bool = typer.Option(False, "--traceback", help="Show where an unexpected error arose."),
    ) -> None:
        if version:
            typer.echo(f"kerma {__version__}")
            raise typer.Exit

    for name in COMMAND_MODULES:
        importlib.import_module(name).register(cli)
    return cli


@functools.cache
def _command() -> Any:
    """Return the command line ready to be called; putting it together costs more than many a command."""
    return typer.main.get_command(build())


def run(open_kernel: Callable[[], Kernel], arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 done with refusals, 2 wrong usage, 3 failed."""
    wiring = Wiring(open_kernel)
    words = sys.argv[1:] if arguments is None else arguments
    try:
        result = _command()(args=words, obj=wiring, standalone_mode=False)
    except KermaError as error:
        print(f"kerma: {error}", file=sys.stderr)
        return EXIT_WRONG_USAGE if isinstance(error, WrongUsage) else EXIT_FAILED
    except typer.Abort:
        print("kerma: stopped", file=sys.stderr)
        return EXIT_FAILED
    except Exception as error:
        shown = _usage_error(error)
        return _unexpected(error, with_traceback="--traceback" in words) if shown is None else shown
    finally:
        wiring.close()
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception, *, with_traceback: bool) -> int:
    """Say in one line that something went wrong which nobody foresaw."""
    if with_traceback:
        traceback.print_exception(error)
    else:
        again = "`kerma --traceback …` shows where; please report it"
        print(f"kerma: unexpected {type(error).__name__}: {error} ({again})", file=sys.stderr)
    return EXIT_FAILED


def _usage_error(error: Exception) -> int | None:
    """Show an error of the command-line parser as the parser would; None when it is not one."""
    show = getattr(error, "show", None)
    if show is None or not hasattr(error, "exit_code"):
        return None
    show()
    return int(error.exit_code)
