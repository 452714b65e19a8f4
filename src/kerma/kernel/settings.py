"""Everything that can be set from outside, as one table; the code, ``--help`` and the documentation all read it."""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kerma.errors import WrongUsage
from kerma.kernel.blobs_tiers import parse as parse_tiers

Reader = Callable[[str], Any]
"""Turns the text of a setting into its value; raises ``ValueError`` with what is expected."""


def _folder(written: str) -> Path:
    if not written.strip():
        raise ValueError("a folder is expected, for instance /srv/kerma")
    return Path(written).expanduser().absolute()


def _text(written: str) -> str:
    return written.strip()


def _database(written: str) -> str:
    if not re.match(r"(sqlite:///|postgresql(\+psycopg)?://).", written):
        raise ValueError("sqlite:////folder/kerma.db or postgresql://user:password@host/name is expected")
    return written


def _blobs(written: str) -> str:
    if not re.match(r"(file:///|memory:///|(s3|gs|az)://.)", written):
        raise ValueError("file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix is expected")
    return written


def _tiers(written: str) -> str:
    parse_tiers(written)
    return written.strip()


def _port(written: str) -> int:
    if not written.isdecimal() or int(written) > 65_535:
        raise ValueError("a port number from 0 (any free port) to 65535 is expected")
    return int(written)


def _port_or_off(written: str) -> int | None:
    try:
        return None if written == "off" else _port(written)
    except ValueError as error:
        raise ValueError("a port number from 0 (any free port) to 65535 is expected, or `off`") from error


def _duration_s(written: str) -> float:
    try:
        seconds = float(written)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError("a number of seconds above 0 is expected")
    return seconds


def _count(written: str) -> int:
    if not written.isdecimal() or int(written) < 1:
        raise ValueError("a whole number of at least 1 is expected")
    return int(written)


def _ae_title(written: str) -> str:
    # DICOM PS3.5, 6.2: AE is at most 16 characters of the default repertoire, without backslash, not all spaces
    if not re.fullmatch(r"[ -\[\]-~]{1,16}", written) or not written.strip():
        raise ValueError("1 to 16 plain characters without a backslash are expected")
    return written.strip()


def _origin(written: str) -> str:
    parts = urlsplit(written)
    if written and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/")):
        raise ValueError("scheme and host only are expected, for instance https://kerma.example.org")
    return written.rstrip("/")


def _time_stamps(written: str) -> str:
    parts = urlsplit(written.strip())
    if written.strip() and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("http(s)://host/path is expected, with user:password@ before the host where one is needed")
    return written.strip()


def _one_of(*choices: str) -> Reader:
    def read(written: str) -> str:
        if written not in choices:
            raise ValueError(f"one of {', '.join(choices)} is expected")
        return written

    return read


@dataclass(frozen=True)
class Setting:
    """One line of the table: the field, its environment variable, default, meaning and reader."""

    name: str
    environment: str
    """The environment variable."""
    default: str
    """As it would be written; ``{home}`` stands for the home folder."""
    help: str
    read: Reader

    @property
    def shown_default(self) -> str:
        """The default as the documentation shows it."""
        return self.default.replace("{home}", "$KERMA_HOME") or "(none)"


SETTINGS: tuple[Setting, ...] = (
    Setting("home", "KERMA_HOME", "~/.kerma", "The one folder that holds everything embedded.", _folder),
    Setting(
        "database_url",
        "KERMA_DATABASE_URL",
        "sqlite:///{home}/kerma.db",
        "The database: SQLite for one machine, PostgreSQL beyond it.",
        _database,
    ),
    Setting(
        "blobs_url",
        "KERMA_BLOBS_URL",
        "file://{home}/blobs",
        "Where the bytes of images and reports are kept: a folder, or a bucket.",
        _blobs,
    ),
    Setting(
        "blobs_tiers",
        "KERMA_BLOBS_TIERS",
        "",
        "Storage tiers behind it, as name=url pairs: cold=s3://bucket/prefix,deep=file:///mnt/deep.",
        _tiers,
    ),
    Setting("scrub_days", "KERMA_SCRUB_DAYS", "30", "Days in which all that is kept is hashed anew.", _count),
    Setting("host", "KERMA_HOST", "127.0.0.1", "The address the web server listens on.", _text),
    Setting("port", "KERMA_PORT", "8080", "The port the web server listens on.", _port),
    Setting(
        "dicom_host",
        "KERMA_DICOM_HOST",
        "",
        "The address the DICOM network door listens on; as KERMA_HOST when empty.",
        _text,
    ),
    Setting("dicom_port", "KERMA_DICOM_PORT", "11112", "The port of the DICOM network, or `off`.", _port_or_off),
    Setting(
        "dicom_tls_port",
        "KERMA_DICOM_TLS_PORT",
        "off",
        "The port of the DICOM network over TLS (2762 is registered for it), or `off`.",
        _port_or_off,
    ),
    Setting(
        "dicom_tls_certificate",
        "KERMA_DICOM_TLS_CERTIFICATE",
        "",
        "The file (PEM) of our certificate on the DICOM network, with those of the authorities between.",
        _text,
    ),
    Setting("dicom_tls_key", "KERMA_DICOM_TLS_KEY", "", "The file (PEM) of the key of that certificate.", _text),
    Setting(
        "dicom_tls_authorities",
        "KERMA_DICOM_TLS_AUTHORITIES",
        "",
        "The file (PEM) of the authorities whose certificates callers must show; none is asked for when empty.",
        _text,
    ),
    Setting("ae_title", "KERMA_AE_TITLE", "KERMA", "Our name (AE title) on the DICOM network.", _ae_title),
    Setting(
        "dicom_trust",
        "KERMA_DICOM_TRUST",
        "listed",
        "Who may talk DICOM: `listed` nodes only, or `loopback` for any program on this machine as well.",
        _one_of("listed", "loopback"),
    ),
    Setting(
        "dicom_unknown_classes",
        "KERMA_DICOM_UNKNOWN_CLASSES",
        "refuse",
        "Whether private storage classes and transfer syntaxes are taken: `refuse` or `accept`; their bytes are kept.",
        _one_of("refuse", "accept"),
    ),
    Setting(
        "dicom_idle_s",
        "KERMA_DICOM_IDLE_S",
        "30",
        "Seconds of silence after which an association is ended.",
        _duration_s,
    ),
    Setting(
        "dicom_associations",
        "KERMA_DICOM_ASSOCIATIONS",
        "250",
        "How many associations may be open at the same time.",
        _count,
    ),
    Setting(
        "origin",
        "KERMA_ORIGIN",
        "",
        "The address people type when Kerma stands behind a proxy, such as https://kerma.example.org.",
        _origin,
    ),
    Setting(
        "plain_http",
        "KERMA_PLAIN_HTTP",
        "loopback",
        "Where signing in without TLS is accepted: on this machine's `loopback` only, or `anywhere` (closed networks).",
        _one_of("loopback", "anywhere"),
    ),
    Setting(
        "session_idle_s",
        "KERMA_SESSION_IDLE_S",
        "1800",
        "Seconds without a request after which a person is signed out.",
        _duration_s,
    ),
    Setting(
        "session_absolute_s",
        "KERMA_SESSION_ABSOLUTE_S",
        "43200",
        "Seconds after which a person must sign in again, however busy.",
        _duration_s,
    ),
    Setting(
        "sign_in_per_account",
        "KERMA_SIGN_IN_PER_ACCOUNT",
        "5",
        "Failed sign-ins per minute and account before the waiting time grows.",
        _count,
    ),
    Setting(
        "sign_in_per_address",
        "KERMA_SIGN_IN_PER_ADDRESS",
        "20",
        "Sign-ins per minute from one network address.",
        _count,
    ),
    Setting("guest_link_hours", "KERMA_GUEST_LINK_HOURS", "168", "The most hours for which a guest is let in.", _count),
    Setting(
        "upload_limit_bytes",
        "KERMA_UPLOAD_LIMIT_BYTES",
        "2147483648",
        "The largest file accepted, in bytes.",
        _count,
    ),
    Setting(
        "cache_limit_bytes",
        "KERMA_CACHE_LIMIT_BYTES",
        "10737418240",
        "How large the folder of pictures and re-encoded copies may grow, in bytes; it can be deleted at any time.",
        _count,
    ),
    Setting(
        "tsa_url",
        "KERMA_TSA_URL",
        "",
        "The time-stamping authority (RFC 3161) asked at each signature of a report, as https://user:password@host/path.",
        _time_stamps,
    ),
    Setting(
        "tsa_trust",
        "KERMA_TSA_TRUST",
        "",
        "File or folder of the certificates (PEM) that may stand above it; it is taken at its word when empty.",
        _text,
    ),
    Setting(
        "tsa_demand",
        "KERMA_TSA_DEMAND",
        "required",
        "What happens when it gives no time stamp: `required` signs nothing, `optional` signs without and says so.",
        _one_of("required", "optional"),
    ),
    Setting(
        "job_threads",
        "KERMA_JOB_THREADS",
        "2",
        "How many jobs (analyses, reports) run at the same time in one process.",
        _count,
    ),
    Setting(
        "worker_name",
        "KERMA_WORKER_NAME",
        "main",
        "The name of this process among several on one PostgreSQL database; keep it the same over restarts.",
        _text,
    ),
)


@dataclass(frozen=True)
class Settings:
    """What this process was told, checked; made by :meth:`load`."""

    home: Path
    database_url: str = field(repr=False)
    """May hold a password: never shown; see :meth:`shown`."""
    blobs_url: str = field(repr=False)
    blobs_tiers: str = field(repr=False)
    scrub_days: int
    host: str
    port: int
    dicom_host: str
    dicom_port: int | None
    dicom_tls_port: int | None
    dicom_tls_certificate: str
    dicom_tls_key: str
    dicom_tls_authorities: str
    ae_title: str
    dicom_trust: str
    dicom_unknown_classes: str
    dicom_idle_s: float
    dicom_associations: int
    origin: str
    plain_http: str
    session_idle_s: float
    session_absolute_s: float
    sign_in_per_account: int
    sign_in_per_address: int
    guest_link_hours: int
    upload_limit_bytes: int
    cache_limit_bytes: int
    tsa_url: str = field(repr=False)
    tsa_trust: str
    tsa_demand: str
    job_threads: int
    worker_name: str

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read every setting from the environment, or from the mapping given.

        Raises
        ------
        WrongUsage
            One message that names each setting that makes no sense and what it expects.
        """
        given = os.environ if environment is None else environment
        wrong = _misspelt(given)
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            written = given.get(setting.environment, "") or setting.default.format(home=values.get("home", ""))
            try:
                values[setting.name] = setting.read(written)
            except ValueError as error:
                wrong.append(f"{setting.environment} is {_without_secret(written)!r}, but {error}")
                values[setting.name] = None
        if wrong:
            raise WrongUsage("; ".join(wrong) + ". 'kerma doctor' shows every setting")
        return cls(**values)

    def as_environment(self) -> dict[str, str]:
        """Return the variables by which another process is told the same; they may hold a password."""
        values = {setting.environment: getattr(self, setting.name) for setting in SETTINGS}
        return {variable: "off" if value is None else str(value) for variable, value in values.items()}

    def shown(self) -> dict[str, str]:
        """Return every setting as text fit for a screen or a log: passwords and keys are masked."""
        return {item.name: _without_secret(str(getattr(self, item.name))) for item in fields(self)}


def _misspelt(given: Mapping[str, str]) -> list[str]:
    """Name variables that look like a setting but are none: a misspelt setting must not be passed over in silence."""
    known = [setting.environment for setting in SETTINGS]
    strangers = [name for name in given if name.startswith("KERMA_") and name not in known]
    meant = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.85) for name in strangers}
    return [f"{name} is no setting; {close[0]} was probably meant" for name, close in meant.items() if close]


def _without_secret(written: str) -> str:
    """Mask the password of an address, and whatever follows its ``?`` (access keys of buckets)."""
    masked = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", written)
    return re.sub(r"(://[^?]*)\?.*", r"\1?***", masked)
