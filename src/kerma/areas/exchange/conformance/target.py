"""The archive under test, as the checks see it: its doors, and what the suite has put there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kerma.areas.exchange.conformance.model import NotRun
from kerma.areas.exchange.conformance.objects import TestSet

if TYPE_CHECKING:
    from kerma.areas.exchange.conformance.model import Exchange
    from kerma.areas.exchange.conformance.network import Network
    from kerma.areas.exchange.conformance.web import Web


@dataclass
class Target:
    """What a check is given."""

    doors: tuple[Web | None, Network | None]
    trace: list[Exchange]
    """Filled by the doors; emptied before each check."""
    set: TestSet = field(default_factory=TestSet)
    kept: dict[str, object] = field(default_factory=dict)
    """What a service's checks hand on to its later checks, such as a work item under way."""

    @property
    def web(self) -> Web:
        """The DICOMweb door."""
        if self.doors[0] is None:
            raise NotRun("no DICOMweb address was given")
        return self.doors[0]

    @property
    def network(self) -> Network:
        """The DICOM network door."""
        if self.doors[1] is None:
            raise NotRun("no DICOM network address was given (--dimse AET@host:port)")
        return self.doors[1]
