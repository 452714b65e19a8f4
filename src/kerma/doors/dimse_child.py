"""The DICOM network door as a child of ``kerma serve``, on ports that the parent opened."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace

from kerma.doors.child import Child
from kerma.doors.dimse_process import lines, open_ports
from kerma.kernel.action import Kernel
from kerma.kernel.settings import Settings

log = logging.getLogger(__name__)


class NetworkChild:
    """One child process on ports that this process opened, so that a restart loses no connection that waits."""

    counts: Mapping[str, int] = {}
    """What the child has told of itself last."""

    def __init__(self, kernel: Kernel, port: int | None, *, trusts_loopback: bool = False) -> None:
        settings: Settings = kernel.settings
        if trusts_loopback:
            settings = replace(settings, dicom_trust="loopback")
        self._settings = settings
        self._has_plain = port is not None
        self._ports = open_ports(settings, port)
        descriptors = [listening.fileno() for listening in self._ports]
        words = ["dicom", *(f"--inherited={number}" for number in descriptors)]
        words += ["--with-plain"] if self._has_plain else []
        self._child = Child(
            "the DICOM network door", words, settings.as_environment(), descriptors=descriptors, take=self._take
        )

    @property
    def lines(self) -> list[str]:
        """A line for each port, for whoever started the server."""
        return lines(self._settings, self._ports, has_plain=self._has_plain)

    @property
    def process_id(self) -> int | None:
        """The process of the child now."""
        return self._child.process_id

    def start(self) -> None:
        """Start the child, unless nothing is to be listened on."""
        if self._ports:
            self._child.start()

    def tell_end(self) -> None:
        """Tell the child to end in good order: objects under way are kept and answered."""
        self._child.tell_end()

    def stop(self) -> None:
        """End the child and close the ports."""
        self._child.stop()
        for listening in self._ports:
            listening.close()

    def _take(self, line: str) -> None:
        try:
            type(self).counts = json.loads(line)
        except ValueError:
            log.warning("the DICOM network door said something that is no count")
