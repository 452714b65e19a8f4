"""``kerma serve --demo``: an account and a set of exams in a home that is empty, and in no other."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from kerma.areas.archive import actions as archive
from kerma.areas.archive.model import Arrival
from kerma.areas.archive.queries import Search, exams
from kerma.areas.people import actions as people
from kerma.areas.people.queries import members
from kerma.errors import Conflict
from kerma.kernel.identity import service

if TYPE_CHECKING:
    from kerma.kernel.action import Kernel

log = logging.getLogger(__name__)

LOGIN = "demo"
NAME = "Demonstration Analyst"
ROLES = ("lead",)
LOGIN_FILE = "demo-login.txt"
COMPLETE_FILE = "demo-complete.txt"
OPERATOR = service("demonstration", "archive.ingest", "people.create_person")


class Login(NamedTuple):
    """What the person types."""

    login: str
    password: str


class Demonstration:
    """The demonstration account and set of one home."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._login_file = kernel.settings.home / LOGIN_FILE
        self._complete_file = kernel.settings.home / COMPLETE_FILE
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def prepare(self) -> Login:
        """Return the login of this demonstration home, made at its first start.

        The password is random and stands, for the owner of the home only, in a file: so that the next start can tell
        it again. The database holds nothing but its hash.

        Raises
        ------
        Conflict
            The home holds people or exams that are no demonstration.
        """
        if self._login_file.is_file():
            found = Login(*self._login_file.read_text(encoding="utf-8").split())
        else:
            self._demand_empty()
            found = Login(LOGIN, secrets.token_urlsafe(12))
            with os.fdopen(os.open(self._login_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(f"{found.login} {found.password}\n")
        with self.kernel.database.read() as connection:
            is_known = any(member.login == found.login for member in members(connection))
        if not is_known:
            people.create_person(
                self.kernel, OPERATOR, login=found.login, name=NAME, password=found.password, roles=list(ROLES)
            )
        return found

    def _demand_empty(self) -> None:
        with self.kernel.database.read() as connection:
            is_used = bool(members(connection)) or bool(exams(connection, Search(limit=1)).rows)
        if is_used:
            raise Conflict(
                f"{self.kernel.settings.home} holds people or exams already; start it without --demo, "
                "or set KERMA_HOME to an empty folder for a demonstration"
            )

    def fill_beside(self, say: Callable[[str], None]) -> None:
        """Make and take in the demonstration set in a thread, unless it is complete; exams appear as they come."""
        if self._complete_file.is_file():
            return
        self._thread = threading.Thread(target=self._fill, args=(say,), name="kerma-demonstration", daemon=True)
        self._thread.start()

    def tell_end(self) -> None:
        """Leave the rest of the set to the next start, without waiting for the picture in the making."""
        self._ends.set()

    def stop(self) -> None:
        """Leave the rest of the set to the next start."""
        self.tell_end()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def _fill(self, say: Callable[[str], None]) -> None:
        begun_s, count = time.monotonic(), 0
        try:
            for result in archive.ingest_many(self.kernel, OPERATOR, self._arrivals()):
                count += result.outcome in ("stored", "duplicate")
        except Exception:
            log.exception("the demonstration set could not be made; the next start tries again")
            return
        if self._ends.is_set():
            return
        self._complete_file.write_text(f"{count} files\n", encoding="utf-8")
        say(f"Demonstration set: {count} files in {time.monotonic() - begun_s:.0f} s")

    def _arrivals(self) -> Iterator[Arrival]:
        from kerma.areas.training.demonstration import demonstration_files

        for made in demonstration_files():
            if self._ends.is_set():
                return
            yield Arrival(made.data, made.name, made.industry, made.sidecar, from_="demonstration")
