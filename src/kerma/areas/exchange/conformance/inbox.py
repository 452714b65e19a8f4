"""Where the archive under test sends to: a storage server on this machine that keeps what came in memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerma.areas.exchange.conformance.model import NotRun
from kerma.areas.exchange.conformance.objects import DX, GREY_WORDS, HTJ2K, JPEG_2000, JPEG_LOSSLESS, JPEG_LS, RLE

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

COMMITMENT = "1.2.840.10008.1.20.1"
COMPRESSED = (JPEG_LOSSLESS, JPEG_LS, JPEG_2000, HTJ2K, RLE)


@dataclass
class Inbox:
    """Takes C-STORE and N-EVENT-REPORT while it is open."""

    aet: str
    port: int
    """0: listens nowhere, and hears only what is handed to it."""
    objects: list[Dataset] = field(default_factory=list)
    originators: list[str] = field(default_factory=list)
    """Of each object, the AE title that asked for its sending; empty when the message does not tell."""
    events: list[tuple[int, Dataset]] = field(default_factory=list)

    def __post_init__(self) -> None:
        from pynetdicom import AE, evt

        self._lock = threading.Condition()
        self._server: Any = None
        if not self.port:
            return
        entity = AE(self.aet)
        for uid in (DX, GREY_WORDS, "1.2.840.10008.1.1"):
            entity.add_supported_context(uid)
            if uid != "1.2.840.10008.1.1":
                entity.add_supported_context(uid, list(COMPRESSED))
        entity.add_supported_context(COMMITMENT, scu_role=True, scp_role=True)
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_N_EVENT_REPORT, self._event)]
        try:
            self._server = entity.start_server(("", self.port), block=False, evt_handlers=handlers)
        except OSError as error:
            raise NotRun(f"port {self.port} cannot be listened on: {error}") from None

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()

    def clear(self) -> None:
        """Forget what came."""
        with self._lock:
            self.objects.clear()
            self.originators.clear()
            self.events.clear()

    def wait_for_event(self, transaction_uid: str, wait_s: float) -> tuple[int, Dataset] | None:
        """Return the event of a transaction as soon as it comes."""
        until = time.monotonic() + wait_s
        with self._lock:
            while True:
                for event in self.events:
                    if event[1].get("TransactionUID") == transaction_uid:
                        return event
                if not self._lock.wait(max(0.0, until - time.monotonic())):
                    return None

    def take_event(self, event: Any) -> tuple[int, None]:
        """Handle an N-EVENT-REPORT, whichever association it came on."""
        with self._lock:
            self.events.append((int(event.request.EventTypeID), event.event_information))
            self._lock.notify_all()
        return 0x0000, None

    def _event(self, event: Any) -> tuple[int, None]:
        return self.take_event(event)

    def _store(self, event: Any) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        with self._lock:
            self.objects.append(dataset)
            self.originators.append(event.request.MoveOriginatorApplicationEntityTitle or "")
        return 0x0000
