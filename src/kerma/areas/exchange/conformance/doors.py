"""Makes the two doors of an archive from what the command line says, and tries whether anybody is behind them."""

from __future__ import annotations

import base64
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kerma.areas.exchange.conformance.model import Broken
from kerma.areas.exchange.conformance.web import Web
from kerma.errors import WrongUsage

if TYPE_CHECKING:
    from kerma.areas.exchange.conformance.model import Exchange
    from kerma.areas.exchange.conformance.network import Network
    from kerma.areas.exchange.conformance.target import Target

DIMSE = re.compile(r"(?P<aet>[^@]{1,16})@(?P<host>\[[0-9A-Fa-f:]+\]|[^:@]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Access:
    """How the suite shows who it is, and how long it waits."""

    token: str = ""
    user: str = ""
    password: str = ""
    headers: tuple[str, ...] = ()
    certificates: str = ""
    timeout_s: float = 30.0

    def fields(self) -> dict[str, str]:
        """Return the header fields that go with every request.

        Raises
        ------
        WrongUsage
            A header is not written "Name: value".
        """
        found = {}
        for line in self.headers:
            name, colon, text = line.partition(":")
            if not colon or not name.strip() or "\n" in line or "\r" in line:
                raise WrongUsage("a header is given as --header 'Name: value'")
            found[name.strip()] = text.strip()
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        elif self.user:
            found["Authorization"] = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return found


def web(url: str, access: Access, trace: list[Exchange], wado_uri: str = "") -> Web:
    """Return the DICOMweb door; an address without a path gets ``/dicom-web``.

    Raises
    ------
    WrongUsage
        The address is none of http or https.
    """
    place = urlsplit(url)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise WrongUsage(f"'{url}' is no http or https address, such as http://127.0.0.1:8042/dicom-web")
    base = url.rstrip("/") if place.path.strip("/") else f"{place.scheme}://{place.netloc}/dicom-web"
    try:
        tls = ssl.create_default_context(cafile=access.certificates) if access.certificates else None
    except (OSError, ssl.SSLError) as error:
        raise WrongUsage(f"--ca {access.certificates}: {error}") from None
    return Web(base, access.fields(), access.timeout_s, tls, wado_uri, trace)


def network(dimse: str, calling: str, listen: int, timeout_s: float, trace: list[Exchange]) -> Network:
    """Return the DICOM network door.

    Raises
    ------
    WrongUsage
        The address is not written AET@host:port.
    """
    from kerma.areas.exchange.conformance.network import Network

    match = DIMSE.fullmatch(dimse)
    if match is None or not 0 < int(match["port"]) < 65536 or not 0 < len(calling) <= 16:
        raise WrongUsage(f"'{dimse}' is not AET@host:port, or the calling AE title is beyond 16 characters")
    return Network(match["aet"], match["host"].strip("[]"), int(match["port"]), calling, listen, timeout_s, trace)


def unreachable(target: Target) -> str:
    """Return which of the doors given nobody answers at, or nothing."""
    door, other = target.doors
    if door is not None:
        try:
            answer = door.get("/studies", {"limit": "1", "PatientID": target.set.patients})
        except Broken as broken:
            return f"nothing answers at {door.base}: {broken.got}"
        if answer.status in (401, 403):
            return f"{door.base} answers {answer.status}: give --token, or --user and --password, or --header"
    if other is not None:
        try:
            other.knock()
        except Broken as broken:
            return f"nothing answers at {other}: {broken.got}"
    return ""
