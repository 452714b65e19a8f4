"""What exchange decides: who may associate, what a node's services permit, how long a failed delivery waits."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from kerma.errors import WrongUsage

SERVICE_PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "echo": (),
    "store": ("archive.ingest",),
    "find": ("archive.view",),
    "get": ("archive.export", "archive.view"),
    "move": ("archive.export", "archive.view"),
    "commit": ("archive.commit",),
    "worklist": ("worklist.orders",),
    "perform": ("worklist.perform",),
    "ups": ("worklist.ups",),
}
"""What a node that holds a service may do; the words are those of ``kerma node add --services``."""

USUAL_SERVICES = tuple(SERVICE_PERMISSIONS)
"""What a node may ask for when nothing is said."""
DIALECTS = ("dicom", "dicos-v03", "dicos-v02a")

_BUSY = (2, 3, 2)
_NO_REASON = (1, 1, 1)
REFUSALS: Mapping[str, tuple[str, tuple[int, int, int]]] = {
    "not-listed": ("no node of this AE title is listed: `kerma node add` makes it known", (1, 1, 3)),
    "switched-off": ("the node is switched off", (1, 1, 3)),
    "called-ae": ("it asked for an AE title that is not ours: correct the called AE title there", (1, 1, 7)),
    "address": ("the node may not call from this address: see `kerma node show`", _NO_REASON),
    "needs-tls": ("the node is listed with TLS and called without it", _NO_REASON),
    "certificate-missing": ("the node is listed with a certificate and showed none", _NO_REASON),
    "certificate-differs": ("the node showed another certificate than the one it is listed with", _NO_REASON),
    "certificate-of-another": ("the certificate shown belongs to another node", _NO_REASON),
    "too-many": ("the node has as many associations open as it may have", _BUSY),
}
"""Why an association is refused: code to words, and the result, source and reason of the A-ASSOCIATE-RJ
(DICOM PS3.8, 9.3.4)."""

FIRST_WAIT_S = 15
LONGEST_WAIT_S = 3600
MOST_ATTEMPTS = 24
ANSWER_H = 24
"""A node that was asked to keep images has so long to answer; it re-reads them, some only at night."""
"""With doubling waits up to an hour, a node may be away for about sixteen hours before a person is asked."""


@dataclass(frozen=True)
class Call:
    """An association that is asked for: what the caller says, and what the connection shows."""

    calling_ae: str
    called_ae: str
    address: str
    certificate_sha256: str | None
    is_tls: bool
    open_associations: int = 0


def ae_title(written: str) -> str:
    """Return an AE title without its padding.

    Raises
    ------
    WrongUsage
        It is empty, longer than 16 characters, or holds a control character or backslash (DICOM PS3.5, 6.2).
    """
    title = written.strip(" ")
    if not re.fullmatch(r"[ -\[\]-~]{1,16}", title):
        raise WrongUsage(
            f"'{shown(written)}' is no AE title: 1 to 16 plain characters without a backslash are expected"
        )
    return title


def shown(written: str) -> str:
    """Return text from the wire fit for a log line: printable ASCII, at most 16 characters."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in written.strip(" \0"))[:16]


def host(written: str) -> str:
    """Return a host name or address.

    Raises
    ------
    WrongUsage
        It is neither.
    """
    name = written.strip()
    if not re.fullmatch(r"[0-9A-Za-z]([0-9A-Za-z.:_-]{0,251}[0-9A-Za-z:])?|::1?", name):
        raise WrongUsage(f"'{name[:80]}' is neither a host name nor an address")
    return name


def port(number: int) -> int:
    """Return a port number.

    Raises
    ------
    WrongUsage
        It is none.
    """
    if not 1 <= number <= 65_535:
        raise WrongUsage(f"port {number} does not exist: 1 to 65535 are expected, often 104 or 11112")
    return number


def services(words: Collection[str]) -> list[str]:
    """Return the services in the order of the table; each holds "echo".

    Raises
    ------
    WrongUsage
        A word is no service.
    """
    unknown = sorted(set(words) - SERVICE_PERMISSIONS.keys())
    if unknown:
        raise WrongUsage(f"there is no service '{unknown[0][:40]}': choose of {', '.join(SERVICE_PERMISSIONS)}")
    return [word for word in SERVICE_PERMISSIONS if word in words or word == "echo"]


def networks(written: Collection[str]) -> list[str]:
    """Return addresses and networks in their usual spelling.

    Raises
    ------
    WrongUsage
        One is neither an address nor a network.
    """
    try:
        return [str(ip_network(text.strip(), strict=False)) for text in written]
    except ValueError as error:
        raise WrongUsage(f"{error}: an address or a network such as 10.1.0.0/16 is expected") from error


def dialect(written: str) -> str:
    """Return a dialect's name.

    Raises
    ------
    WrongUsage
        There is none of this name.
    """
    if written not in DIALECTS:
        raise WrongUsage(f"there is no dialect '{written[:40]}': choose of {', '.join(DIALECTS)}")
    return written


def fingerprint(written: str) -> str:
    """Return a SHA-256 in lower-case hexadecimal without colons; empty stays empty.

    Raises
    ------
    WrongUsage
        It is no SHA-256.
    """
    plain = written.strip().lower().replace(":", "")
    if plain and not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise WrongUsage("the certificate's key is named by its SHA-256: 64 hexadecimal digits are expected")
    return plain


def permissions(words: Collection[str]) -> frozenset[str]:
    """Return what a node with these services may do."""
    return frozenset(name for word in words for name in SERVICE_PERMISSIONS.get(word, ()))


def is_within(address: str, allowed: Collection[str]) -> bool:
    """Return whether an address is one of the addresses or lies in one of the networks."""
    try:
        place = _plain(ip_address(address.split("%", 1)[0]))
    except ValueError:
        return False
    return any(place in network for network in _networks(allowed) if network.version == place.version)


def is_loopback(address: str) -> bool:
    """Return whether an address is this machine's own loopback."""
    try:
        return _plain(ip_address(address.split("%", 1)[0])).is_loopback
    except ValueError:
        return False


def refusal(
    call: Call,
    *,
    own_ae: str,
    listed: Mapping[str, Any] | None,
    certificate_owner: str,
    host_addresses: Collection[str],
) -> str:
    """Return the code of :data:`REFUSALS` by which a call is refused; empty when the node may associate.

    Parameters
    ----------
    listed : the row of the calling AE title, if there is one
    certificate_owner : the AE title of the node that the certificate shown is listed for; empty for none
    host_addresses : the addresses that the node's host name stands for
    """
    if listed is None:
        return "not-listed"
    if listed["state"] != "on":
        return "switched-off"
    if certificate_owner and certificate_owner != listed["ae_title"]:
        return "certificate-of-another"
    found = _certificate_refusal(call, listed) or _address_refusal(call, listed, host_addresses)
    if found:
        return found
    if not is_ours(call.called_ae, own_ae):
        return "called-ae"
    return "too-many" if call.open_associations >= listed["max_associations"] else ""


def is_ours(called_ae: str, own_ae: str) -> bool:
    """Return whether the AE title that was called is our own (DICOM PS3.8, table 9-21)."""
    return called_ae.strip(" \0") == own_ae


def _certificate_refusal(call: Call, listed: Mapping[str, Any]) -> str:
    wanted = listed["certificate_sha256"]
    if (wanted or listed["is_tls"]) and not call.is_tls:
        return "needs-tls"
    if wanted and call.certificate_sha256 is None:
        return "certificate-missing"
    return "certificate-differs" if wanted and call.certificate_sha256 != wanted else ""


def _address_refusal(call: Call, listed: Mapping[str, Any], host_addresses: Collection[str]) -> str:
    """A certificate says who calls better than an address: then only networks that were stated count."""
    if listed["certificate_sha256"] and not listed["addresses"]:
        return ""
    return "" if is_within(call.address, listed["addresses"] or host_addresses) else "address"


def rejection(code: str) -> tuple[int, int, int]:
    """Return result, source and reason of the A-ASSOCIATE-RJ for a refusal."""
    return REFUSALS[code][1] if code in REFUSALS else _NO_REASON


def wait_s(failures: int) -> int:
    """Return the seconds until a failed delivery is tried again: 15, 30, 60 ... up to an hour."""
    return min(FIRST_WAIT_S << min(max(0, failures - 1), 16), LONGEST_WAIT_S)


def _networks(allowed: Collection[str]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in allowed]


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return an IPv4 address that came in IPv6's clothes as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
