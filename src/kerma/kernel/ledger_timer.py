"""Sign the ledger's tail once a second while a server runs, so that no record waits long for its checkpoint."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from kerma.kernel.database import Database
from kerma.kernel.ledger import CHECKPOINT_EVERY_S, Ledger

_log = logging.getLogger(__name__)


class SigningTimer:
    """A thread that signs what was appended since the last checkpoint; idle ledgers are only read."""

    def __init__(self, ledger: Ledger, database: Database, every_s: float = CHECKPOINT_EVERY_S) -> None:
        self.ledger = ledger
        self.database = database
        self.every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger-signing", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, with the tail signed."""
        self._stopped.set()
        self._thread.join()
        self.ledger.checkpoint(self.database)

    def _run(self) -> None:
        while not self._stopped.wait(self.every_s):
            try:
                self.ledger.checkpoint(self.database)
            except SQLAlchemyError:  # a database away for a moment: the records wait, the next round signs them
                _log.exception("the ledger's tail could not be signed; trying again in %s s", self.every_s)
