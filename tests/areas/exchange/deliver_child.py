"""A process that works deliveries until it is killed, writing down how far it is after every few images.

python deliver_child.py HOME DATABASE_URL
"""

from __future__ import annotations

import sys
import time

from kerma.areas.exchange import jobs
from kerma.kernel.action import Kernel
from kerma.kernel.blobs import Blobs
from kerma.kernel.clock import SystemClock
from kerma.kernel.database import Database
from kerma.kernel.jobs import Runner
from kerma.kernel.ledger import Ledger, Signer
from kerma.kernel.settings import Settings

if __name__ == "__main__":
    home, url = sys.argv[1:]
    settings = Settings.load({"KERMA_HOME": home, "KERMA_DATABASE_URL": url})
    jobs.KEPT_EVERY = 5
    runner = Runner(
        Kernel(
            settings=settings,
            database=Database(url),
            ledger=Ledger(Signer.load(settings.home / "keys")),
            blobs=Blobs(settings.blobs_url),
            clock=SystemClock(),
        )
    )
    runner.start()
    time.sleep(60)
